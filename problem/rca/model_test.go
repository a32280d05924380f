package rca_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/rca"
)

// randomTree makes a tree in which events and gates are repeated.
func randomTree(r *rand.Rand, events, gates int) *rca.FaultTree {
	t := &rca.FaultTree{Top: "g0"}
	var feeds []string
	for i := range events {
		p := r.Float64()
		switch r.IntN(12) {
		case 0:
			p = 0
		case 1:
			p = 1
		}
		t.Events = append(t.Events, rca.Event{ID: fmt.Sprint("e", i), Probability: &p})
		feeds = append(feeds, fmt.Sprint("e", i))
	}
	used := map[string]bool{}
	for i := gates - 1; i >= 0; i-- {
		g := rca.Gate{ID: fmt.Sprint("g", i), Kind: []rca.GateKind{rca.And, rca.Or, rca.Vote}[r.IntN(3)]}
		for range 1 + r.IntN(4) {
			if in := feeds[r.IntN(len(feeds))]; !slices.Contains(g.Inputs, in) {
				g.Inputs = append(g.Inputs, in)
				used[in] = true
			}
		}
		if i == 0 { // what nothing has used so far feeds the top
			for _, in := range feeds {
				if !used[in] {
					g.Inputs = append(g.Inputs, in)
				}
			}
		}
		if g.Kind == rca.Vote {
			g.K = 1 + r.IntN(len(g.Inputs))
		}
		t.Gates = append(t.Gates, g)
		feeds = append(feeds, g.ID)
	}
	r.Shuffle(len(t.Events), func(i, j int) { t.Events[i], t.Events[j] = t.Events[j], t.Events[i] })
	r.Shuffle(len(t.Gates), func(i, j int) { t.Gates[i], t.Gates[j] = t.Gates[j], t.Gates[i] })
	return t
}

// model is a fault tree worked out by trying every combination of its events.
type model struct {
	tree *rca.FaultTree
	gate map[string]rca.Gate
	bit  map[string]int
}

func newModel(t *rca.FaultTree) model {
	m := model{tree: t, gate: map[string]rca.Gate{}, bit: map[string]int{}}
	for _, g := range t.Gates {
		m.gate[g.ID] = g
	}
	for i, e := range t.Events {
		m.bit[e.ID] = i
	}
	return m
}

func (m model) happens(id string, state uint) bool {
	g, is := m.gate[id]
	if !is {
		return state>>m.bit[id]&1 == 1
	}
	n := 0
	for _, in := range g.Inputs {
		if m.happens(in, state) {
			n++
		}
	}
	switch g.Kind {
	case rca.And:
		return n == len(g.Inputs)
	case rca.Or:
		return n > 0
	}
	return n >= g.K
}

// sum adds up how probable the states are in which something holds. One event, or none
// if it is -1, has another probability.
func (m model) sum(event int, q float64, holds func(state uint) bool) float64 {
	total := 0.0
	for state := range uint(1) << len(m.tree.Events) {
		if !holds(state) {
			continue
		}
		p := 1.0
		for i, e := range m.tree.Events {
			x := *e.Probability
			if i == event {
				x = q
			}
			if state>>i&1 == 0 {
				x = 1 - x
			}
			p *= x
		}
		total += p
	}
	return total
}

// cutSets are the states that bring the top about and none of whose parts does.
func (m model) cutSets() []uint {
	var sets []uint
	for state := range uint(1) << len(m.tree.Events) {
		if !m.happens(m.tree.Top, state) {
			continue
		}
		minimal := true
		for i := range m.tree.Events {
			minimal = minimal && (state>>i&1 == 0 || !m.happens(m.tree.Top, state&^(1<<i)))
		}
		if minimal {
			sets = append(sets, state)
		}
	}
	return sets
}

func TestAFaultTreeIsWorkedOutExactly(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 9))
		tree := randomTree(r, 1+r.IntN(9), 1+r.IntN(7))
		m := newModel(tree)
		s, err := tree.Solve()
		require.NoError(t, err, "%+v", tree)
		top := func(state uint) bool { return m.happens(tree.Top, state) }
		want := m.sum(-1, 0, top)
		p, err := s.Probability()
		require.NoError(t, err)
		require.InDelta(t, want, p, 1e-12)
		for _, g := range tree.Gates {
			p, err := s.ProbabilityOf(g.ID)
			require.NoError(t, err)
			require.InDelta(t, m.sum(-1, 0, func(state uint) bool { return m.happens(g.ID, state) }), p, 1e-12)
		}

		wanted := m.cutSets()
		sets, complete := s.CutSets(rca.MaxCutSets)
		require.True(t, complete)
		require.Equal(t, fmt.Sprint(len(wanted)), s.CountCutSets().String())
		var got []uint
		for i, c := range sets {
			require.True(t, i == 0 || len(sets[i-1].Events) <= len(c.Events), "the smallest first")
			state, product := uint(0), 1.0
			for _, e := range c.Events {
				state |= 1 << m.bit[e]
				product *= *tree.Events[m.bit[e]].Probability
			}
			require.InDelta(t, product, *c.Probability, 1e-12)
			got = append(got, state)
		}
		require.ElementsMatch(t, wanted, got)
		checkImportance(t, m, s, wanted, want)
	}
}

func checkImportance(t *testing.T, m model, s *rca.Solution, cuts []uint, p float64) {
	t.Helper()
	list, err := s.Importance()
	require.NoError(t, err)
	require.Len(t, list, len(m.tree.Events))
	top := func(state uint) bool { return m.happens(m.tree.Top, state) }
	for i, x := range list {
		require.True(t, i == 0 || list[i-1].Criticality >= x.Criticality)
		e := m.bit[x.Event]
		certain, without := m.sum(e, 1, top), m.sum(e, 0, top)
		require.InDelta(t, certain-without, x.Birnbaum, 1e-12)
		if p == 0 {
			require.Zero(t, x.Criticality+x.FussellVesely)
			require.Equal(t, certain > 0, x.RiskAchievement.Infinite())
			require.Equal(t, rca.Worth(1), x.RiskReduction)
			continue
		}
		through := m.sum(-1, 0, func(state uint) bool {
			return slices.ContainsFunc(cuts, func(c uint) bool { return c>>e&1 == 1 && c&state == c })
		})
		require.InDelta(t, through/p, x.FussellVesely, 1e-9)
		require.InDelta(t, (p-without)/p, x.Criticality, 1e-9)
		require.LessOrEqual(t, x.Criticality, x.FussellVesely+1e-12)
		require.InEpsilon(t, certain/p, float64(x.RiskAchievement), 1e-9)
		if without == 0 {
			require.True(t, x.RiskReduction.Infinite())
		} else {
			require.InEpsilon(t, p/without, float64(x.RiskReduction), 1e-9)
		}
	}
	again, err := s.Importance()
	require.NoError(t, err)
	require.Equal(t, list, again)
}

// Adding up products of probabilities loses nothing, however small they are.
func TestSmallProbabilitiesKeepTheirPrecision(t *testing.T) {
	tree := &rca.FaultTree{Top: "both", Gates: []rca.Gate{{ID: "both", Kind: rca.And, Inputs: []string{"a", "b"}}},
		Events: []rca.Event{{ID: "a", Probability: rca.Chance(1e-12)}, {ID: "b", Probability: rca.Chance(3e-11)}}}
	s, err := tree.Solve()
	require.NoError(t, err)
	p, err := s.Probability()
	require.NoError(t, err)
	require.InEpsilon(t, 3e-23, p, 1e-12)
}
