package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb/graph"
)

// model is a graph as plainly as it can be written down, and what follows from it
// by trying until nothing changes.
type model struct {
	nodes int
	edges map[[2]graph.Node]bool // soft?
	gates map[graph.Node]graph.Gate
}

func (m *model) requires(n graph.Node) (hard []graph.Node) {
	for e, soft := range m.edges {
		if e[0] == n && !soft {
			hard = append(hard, e[1])
		}
	}
	return hard
}

// needs is how many of so many: the texts are those of Gate.
func needs(g graph.Gate, of int) int {
	var n int
	switch text := g.String(); {
	case text == "all":
		return of
	case text[len(text)-1] == '%':
		_, _ = fmt.Sscanf(text, "%d%%", &n)
		return (n*of + 99) / 100
	default:
		_, _ = fmt.Sscanf(text, "%d", &n)
		return n
	}
}

func (m *model) impact(down, excluded []graph.Node) map[graph.Node]graph.State {
	state := map[graph.Node]graph.State{}
	out := func(n graph.Node) bool { return slices.Contains(excluded, n) }
	for _, n := range down {
		state[n] = graph.Down
	}
	for changed := true; changed; {
		changed = false
		for n := range graph.Node(m.nodes) {
			if state[n] == graph.Down || out(n) {
				continue
			}
			hard := m.requires(n)
			working := 0
			for _, d := range hard {
				if state[d] != graph.Down || out(d) {
					working++
				}
			}
			if working < needs(m.gates[n], len(hard)) {
				state[n], changed = graph.Down, true
			}
		}
	}
	for changed := true; changed; {
		changed = false
		for e := range m.edges {
			if state[e[0]] == graph.Up && state[e[1]] != graph.Up && !out(e[0]) && !out(e[1]) {
				state[e[0]], changed = graph.Degraded, true
			}
		}
	}
	return state
}

// random makes up a model with cycles, gates and soft edges, and its graph.
func random(t *testing.T, r *rand.Rand, most int) (*model, *graph.Graph) {
	m := &model{nodes: 1 + r.IntN(most), edges: map[[2]graph.Node]bool{}, gates: map[graph.Node]graph.Gate{}}
	for range r.IntN(3 * m.nodes) {
		m.edges[[2]graph.Node{m.any(r), m.any(r)}] = r.IntN(5) == 0
	}
	for n := range graph.Node(m.nodes) {
		if g := m.gate(r, n); r.IntN(2) == 0 && g != 0 {
			m.gates[n] = g
		}
	}
	return m, m.graph(t, r)
}

func (m *model) any(r *rand.Rand) graph.Node { return graph.Node(r.IntN(m.nodes)) }

// gate is a gate that the node can have.
func (m *model) gate(r *rand.Rand, n graph.Node) graph.Gate {
	switch r.IntN(3) {
	case 0:
		return graph.NeedPercent(1 + r.IntN(100))
	case 1:
		return graph.Need(r.IntN(len(m.requires(n)) + 1))
	}
	return 0
}

// graph builds the model's graph, with the edges in some order and some of them
// twice.
func (m *model) graph(t *testing.T, r *rand.Rand) *graph.Graph {
	var edges []graph.Edge
	for e, soft := range m.edges {
		edges = append(edges, graph.Edge{From: e[0], To: e[1], Soft: soft})
		if r.IntN(4) == 0 {
			edges = append(edges, graph.Edge{From: e[0], To: e[1], Soft: true}) // hard wins
		}
	}
	r.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
	g, err := graph.New(m.nodes, edges, m.gates)
	require.NoError(t, err)
	return g
}

func (m *model) some(r *rand.Rand, n int) []graph.Node {
	var list []graph.Node
	for range r.IntN(n + 1) {
		list = append(list, m.any(r))
	}
	return list
}

// check compares impacts of a view with those of the model.
func (m *model) check(t *testing.T, r *rand.Rand, v *graph.View, im *graph.Impact, name string) {
	t.Helper()
	require.Equal(t, m.nodes, v.Nodes(), name)
	require.Equal(t, len(m.edges), v.Edges(), name)
	for range 4 {
		down, excluded := m.some(r, 3), m.some(r, 2)
		require.NoError(t, im.Of(v, graph.Query{Down: down, Excluded: excluded}))
		want := m.impact(down, excluded)
		var wantDown, wantDegraded []graph.Node
		for n := range graph.Node(m.nodes) {
			require.Equal(t, want[n], im.State(n), "%s: node %d when %v fail without %v", name, n, down, excluded)
			switch want[n] {
			case graph.Down:
				wantDown = append(wantDown, n)
			case graph.Degraded:
				wantDegraded = append(wantDegraded, n)
			}
			m.explained(t, v, im, n, down, excluded)
		}
		require.ElementsMatch(t, wantDown, im.Down())
		require.ElementsMatch(t, wantDegraded, im.Degraded())
		a, b := im.Counts()
		require.Equal(t, [2]int{len(wantDown), len(wantDegraded)}, [2]int{a, b})
	}
}

// explained checks that an explanation is a way that the model has, and that what
// would prevent it does.
func (m *model) explained(t *testing.T, v *graph.View, im *graph.Impact, n graph.Node, down, excluded []graph.Node) {
	t.Helper()
	way := im.Explain(n)
	if im.State(n) == graph.Up {
		require.Empty(t, way)
		_, ok := im.Prevent(n)
		require.False(t, ok)
		return
	}
	require.True(t, way[0].Named && slices.Contains(down, way[0].Node))
	require.Equal(t, n, way[len(way)-1].Node)
	for i, s := range way[1:] {
		soft, there := m.edges[[2]graph.Node{s.Node, way[i].Node}]
		require.True(t, there && soft == s.Soft && im.State(s.Node) == s.State)
		if s.State == graph.Down && !s.Named {
			require.Less(t, s.Working, s.Needs)
		}
	}
	if rescue, ok := im.Prevent(n); ok && !slices.Contains(down, n) {
		require.LessOrEqual(t, rescue.Missing, len(rescue.Of))
		up := rescue.Of[:rescue.Missing]
		again := m.impact(down, slices.Concat(excluded, up)) // as if these worked
		require.NotEqual(t, graph.Down, again[n], "%d would work if %v did", n, up)
	}
}

// Impact is what the model says, for graphs with cycles and gates, whatever the
// order in which they were put together.
func TestImpactIsTheLeastFixpoint(t *testing.T) {
	var im graph.Impact
	for seed := range uint64(2_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		m, g := random(t, r, 12)
		m.check(t, r, g.View(), &im, fmt.Sprint("seed ", seed))
		m.check(t, r, m.graph(t, r).View(), &im, fmt.Sprint("seed ", seed, ", another order"))
	}
}

// A graph that was edited is the one that the model has become, the views taken
// before are as they were, and what was only tried out has changed nothing.
func TestEditsAndViews(t *testing.T) {
	var im graph.Impact
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		m, g := random(t, r, 10)
		type moment struct {
			m model
			v *graph.View
		}
		var taken []moment
		for range 12 {
			change := m.change(r)
			if r.IntN(4) == 0 {
				tried := m.clone()
				v, err := g.View().WhatIf(func(e *graph.Edit) error { return change(tried, e) })
				if err == nil {
					tried.check(t, r, v, &im, fmt.Sprint("what if, seed ", seed))
				}
				continue
			}
			next := m.clone()
			if err := g.Update(func(e *graph.Edit) error { return change(next, e) }); err == nil {
				m = next
			} else {
				require.ErrorIs(t, err, graph.ErrInvalid)
			}
			taken = append(taken, moment{*m, g.View()})
		}
		for _, k := range taken {
			k.m.check(t, r, k.v, &im, fmt.Sprint("seed ", seed))
		}
	}
}

func (m *model) clone() *model {
	c := &model{nodes: m.nodes, edges: map[[2]graph.Node]bool{}, gates: map[graph.Node]graph.Gate{}}
	for e, soft := range m.edges {
		c.edges[e] = soft
	}
	for n, g := range m.gates {
		c.gates[n] = g
	}
	return c
}

// change makes up some changes, to be carried out on a model and on a graph.
func (m *model) change(r *rand.Rand) func(*model, *graph.Edit) error {
	seed := r.Uint64()
	return func(m *model, e *graph.Edit) error {
		r := rand.New(rand.NewPCG(seed, 3))
		for range 1 + r.IntN(4) {
			if err := m.step(r, e); err != nil {
				return err
			}
		}
		return nil
	}
}

func (m *model) step(r *rand.Rand, e *graph.Edit) error {
	from, to := m.any(r), m.any(r)
	soft, there := m.edges[[2]graph.Node{from, to}]
	switch r.IntN(7) {
	case 0:
		n, err := e.AddNode()
		if err == nil && int(n) != m.nodes {
			return fmt.Errorf("the new node is %d, not %d", n, m.nodes)
		}
		m.nodes++
		return err
	case 1, 2, 3:
		now := r.IntN(3) == 0
		m.edges[[2]graph.Node{from, to}] = now && (soft || !there)
		return e.AddEdge(graph.Edge{From: from, To: to, Soft: now})
	case 4:
		delete(m.edges, [2]graph.Node{from, to})
		return e.RemoveEdge(from, to)
	case 5:
		for k := range m.edges {
			if k[0] == from || k[1] == from {
				delete(m.edges, k)
			}
		}
		return e.Isolate(from)
	}
	m.gates[from] = m.gate(r, from)
	return e.SetGate(from, m.gates[from])
}

// The weak points are those that are found by trying every one, and every set.
func TestWeakPointsByTryingAll(t *testing.T) {
	for seed := range uint64(600) {
		r := rand.New(rand.NewPCG(seed, 4))
		m, g := random(t, r, 8)
		v, n := g.View(), m.any(r)
		var single []graph.Node
		var cuts [][]graph.Node
		for _, set := range subsets(m.nodes, 3) {
			if slices.Contains(set, n) || m.impact(set, nil)[n] != graph.Down {
				continue
			}
			if slices.ContainsFunc(cuts, func(c []graph.Node) bool {
				return !slices.ContainsFunc(c, func(x graph.Node) bool { return !slices.Contains(set, x) })
			}) {
				continue // not minimal
			}
			cuts = append(cuts, set)
			if len(set) == 1 {
				single = append(single, set[0])
			}
		}
		if m.impact(nil, nil)[n] == graph.Down {
			continue // it never works
		}
		got, err := v.SinglePoints(n)
		require.NoError(t, err)
		require.ElementsMatch(t, single, got, "seed %d", seed)
		sets, err := v.CutSets(n, 3)
		require.NoError(t, err)
		require.ElementsMatch(t, cuts, sets, "seed %d", seed)

		symptoms := append(m.some(r, 2), n)
		causes, err := v.Causes(symptoms...)
		require.NoError(t, err)
		for _, c := range causes {
			state := m.impact([]graph.Node{c.Node}, nil)
			hit := 0
			for _, s := range state {
				if s != graph.Up {
					hit++
				}
			}
			for _, s := range symptoms {
				require.Equal(t, state[s] != graph.Up, slices.Contains(c.Explained, s))
			}
			if !slices.Contains(c.Explained, c.Node) {
				hit--
			}
			require.Equal(t, hit-len(c.Explained), c.Others)
		}
		for x := range graph.Node(m.nodes) {
			hits := m.impact([]graph.Node{x}, nil)[n] != graph.Up
			require.Equal(t, hits, slices.ContainsFunc(causes, func(c graph.Candidate) bool { return c.Node == x && slices.Contains(c.Explained, n) }))
		}
	}
}

// subsets returns the sets of up to so many of n nodes, the smallest first.
func subsets(n, most int) [][]graph.Node {
	all := [][]graph.Node{nil}
	for k := 0; k < len(all); k++ {
		if len(all[k]) == most {
			continue
		}
		first := graph.Node(0)
		if l := len(all[k]); l > 0 {
			first = all[k][l-1] + 1
		}
		for x := first; int(x) < n; x++ {
			all = append(all, append(slices.Clone(all[k]), x))
		}
	}
	slices.SortStableFunc(all, func(a, b []graph.Node) int { return len(a) - len(b) })
	return all[1:]
}
