package graph_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb/graph"
)

func TestWhatAGraphIsNot(t *testing.T) {
	_, err := graph.New(2, []graph.Edge{{From: 0, To: 2}, {From: 5, To: 1}}, nil)
	require.ErrorIs(t, err, graph.ErrInvalid)
	require.ErrorContains(t, err, "edge 0 from 0 to 2")
	require.ErrorContains(t, err, "edge 1 from 5 to 1")
	_, err = graph.New(2, []graph.Edge{{From: 0, To: 1}}, map[graph.Node]graph.Gate{0: graph.Need(2), 1: graph.Need(1), 7: graph.Need(1)})
	for _, want := range []string{"node 0 needs 2 of the 1", "node 1 needs 1 of the 0", "a gate for node 7 of 2"} {
		require.ErrorContains(t, err, want)
	}
	_, err = graph.New(-1, nil, nil)
	require.ErrorIs(t, err, graph.ErrInvalid)

	g := newShop()
	var im graph.Impact
	require.Equal(t, graph.Up, im.State(shop), "of an impact that was never asked for")
	require.ErrorIs(t, im.Of(g.View(), graph.Query{Down: []graph.Node{99}}), graph.ErrInvalid)
	require.ErrorIs(t, im.Of(g.View(), graph.Query{Excluded: []graph.Node{99}}), graph.ErrInvalid)
	_, err = g.View().SinglePoints(99)
	require.ErrorIs(t, err, graph.ErrInvalid)
	_, err = g.View().Causes(99)
	require.ErrorIs(t, err, graph.ErrInvalid)
	for _, n := range []int{0, 9} {
		_, err = g.View().CutSets(shop, n)
		require.ErrorIs(t, err, graph.ErrInvalid)
	}
	for range g.View().Dependencies(99) {
		t.Fatal("nothing depends on what is not there")
	}
	require.Zero(t, g.View().Requires(99))
	require.Equal(t, "all", g.View().Gate(99).String())
	require.Equal(t, "0 1 60% state(9)", graph.Need(-3).String()+" "+graph.Need(1).String()+" "+graph.NeedPercent(60).String()+" "+graph.State(9).String())
}

func TestTooManyCutSets(t *testing.T) {
	// A service over forty pairs: each pair is a cut set of two for two items, and
	// forty items that each need a dozen others have more sets of four than fit.
	var edges []graph.Edge
	gates := map[graph.Node]graph.Gate{0: graph.Need(1)}
	next := graph.Node(5)
	for cluster := graph.Node(1); cluster <= 4; cluster++ {
		edges = append(edges, graph.Edge{From: 0, To: cluster})
		for range 12 {
			edges = append(edges, graph.Edge{From: cluster, To: next})
			next++
		}
	}
	g, err := graph.New(int(next), edges, gates)
	require.NoError(t, err)
	_, err = g.View().CutSets(0, 4)
	require.ErrorIs(t, err, graph.ErrTooMany)
	sets, err := g.View().CutSets(0, 3)
	require.NoError(t, err)
	require.Empty(t, sets, "all four clusters must fail")
}

// A failed update changes nothing, and an edit is of no use afterwards.
func TestUpdatesAreAllOrNothing(t *testing.T) {
	g := newShop()
	before := g.View()
	broken := errors.New("no")
	var kept *graph.Edit
	require.ErrorIs(t, g.Update(func(e *graph.Edit) error {
		kept = e
		require.NoError(t, e.AddEdge(graph.Edge{From: shop, To: storage}))
		return broken
	}), broken)
	require.Same(t, before, g.View())
	require.ErrorIs(t, kept.AddEdge(graph.Edge{From: shop, To: storage}), graph.ErrInvalid)
	_, err := kept.AddNode()
	require.ErrorIs(t, err, graph.ErrInvalid)
	require.ErrorIs(t, g.Update(func(e *graph.Edit) error { return e.SetGate(shop, graph.Need(9)) }), graph.ErrInvalid)
	require.ErrorIs(t, g.Update(func(e *graph.Edit) error { return e.RemoveEdge(first, second) }), graph.ErrInvalid)
	require.Same(t, before, g.View())
}

// Readers see whole updates. Each update moves a token from one node to another,
// and adds a node: in every view exactly one node has it, and the counts fit. A
// reader that saw half of one would see two or none.
func TestReadersSeeWholeUpdates(t *testing.T) {
	const nodes = 400
	g, err := graph.New(nodes, []graph.Edge{{From: 1, To: 0}}, nil)
	require.NoError(t, err)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			var im graph.Impact
			for last := 0; ; {
				select {
				case <-done:
					return
				default:
				}
				v := g.View()
				holders, edges := 0, 0
				for n := range graph.Node(v.Nodes()) {
					for to := range v.Dependencies(n) {
						edges++
						if to == 0 {
							holders++
						}
					}
				}
				dependents := 0
				for range v.Dependents(0) {
					dependents++
				}
				if holders != 1 || dependents != 1 || edges != v.Edges() || v.Nodes() < last {
					t.Errorf("%d hold it, %d say so, %d edges of %d, %d nodes after %d", holders, dependents, edges, v.Edges(), v.Nodes(), last)
					return
				}
				last = v.Nodes()
				if err := im.Of(v, graph.Query{Down: []graph.Node{0}}); err != nil || len(im.Down()) != 2 {
					t.Errorf("down: %v, %v", im.Down(), err)
					return
				}
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 1))
	holder := graph.Node(1)
	for range 3_000 { // enough for the arrays to be made anew
		next := 1 + graph.Node(r.IntN(nodes-1))
		require.NoError(t, g.Update(func(e *graph.Edit) error {
			if err := e.RemoveEdge(holder, 0); err != nil {
				return err
			}
			if _, err := e.AddNode(); err != nil {
				return err
			}
			return e.AddEdge(graph.Edge{From: next, To: 0})
		}))
		holder = next
	}
	close(done)
	readers.Wait()
}

// A graph can be built up from nothing.
func TestTheZeroGraph(t *testing.T) {
	var g graph.Graph
	var im graph.Impact
	require.NoError(t, im.Of(g.View(), graph.Query{}))
	require.Empty(t, im.Down())
	require.NoError(t, g.Update(func(e *graph.Edit) error {
		for range 2 {
			if _, err := e.AddNode(); err != nil {
				return err
			}
		}
		return e.AddEdge(graph.Edge{From: 1, To: 0})
	}))
	require.NoError(t, im.Of(g.View(), graph.Query{Down: []graph.Node{0}}))
	require.Equal(t, []graph.Node{0, 1}, im.Down())
}

func TestGatesAsText(t *testing.T) {
	for text, want := range map[string]graph.Gate{"": 0, "all": 0, "0": graph.Need(0), "2": graph.Need(2), "60%": graph.NeedPercent(60), "100%": graph.NeedPercent(100)} {
		g, err := graph.ParseGate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, g, text)
		written, err := g.MarshalText()
		require.NoError(t, err)
		var back graph.Gate
		require.NoError(t, back.UnmarshalText(written))
		require.Equal(t, g, back)
	}
	for _, text := range []string{"-1", "two", "0%", "101%", "1.5", "60 %", "99999999999", "%"} {
		_, err := graph.ParseGate(text)
		require.ErrorIs(t, err, graph.ErrInvalid, text)
	}
}

func TestStatesAsText(t *testing.T) {
	for _, s := range []graph.State{graph.Up, graph.Degraded, graph.Down} {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var back graph.State
		require.NoError(t, back.UnmarshalText(text))
		require.Equal(t, s, back)
	}
	_, err := graph.State(9).MarshalText()
	require.ErrorIs(t, err, graph.ErrInvalid)
	var s graph.State
	require.ErrorIs(t, s.UnmarshalText([]byte("sideways")), graph.ErrInvalid)
}
