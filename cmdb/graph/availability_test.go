package graph_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/stretchr/testify/require"
)

// Two servers of which one is needed, on one switch: 0.999 for the switch, and
// 1 - 0.1² for the pair.
func TestAvailabilityOfARedundantPair(t *testing.T) {
	g, err := graph.New(4, []graph.Edge{{From: 0, To: 1}, {From: 0, To: 2}, {From: 1, To: 3}, {From: 2, To: 3}},
		map[graph.Node]graph.Gate{0: graph.Need(1)})
	require.NoError(t, err)
	a, err := g.View().Availability(0, func(n graph.Node) float64 { return []float64{1, 0.9, 0.9, 0.999}[n] })
	require.NoError(t, err)
	require.InDelta(t, 0.999*(1-0.01), a, 1e-12)
}

func TestAvailabilityRefusesWhatIsNoProbability(t *testing.T) {
	g, err := graph.New(1, nil, nil)
	require.NoError(t, err)
	for _, p := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		_, err := g.View().Availability(0, func(graph.Node) float64 { return p })
		require.ErrorIs(t, err, graph.ErrInvalid)
	}
	_, err = g.View().Availability(7, func(graph.Node) float64 { return 1 })
	require.ErrorIs(t, err, graph.ErrInvalid)
}

// The sum over every combination of failures, each judged by an impact.
func TestAvailabilityEqualsTheSumOverAllCombinations(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	for range 400 {
		nodes := 1 + r.IntN(9)
		var edges []graph.Edge
		gates := map[graph.Node]graph.Gate{}
		for range r.IntN(3 * nodes) {
			edges = append(edges, graph.Edge{From: graph.Node(r.IntN(nodes)), To: graph.Node(r.IntN(nodes)), Soft: r.IntN(6) == 0})
		}
		plain, err := graph.New(nodes, edges, nil)
		require.NoError(t, err)
		for n := range graph.Node(nodes) {
			switch m := plain.View().Requires(n); r.IntN(3) {
			case 0:
				gates[n] = graph.Need(r.IntN(m + 1))
			case 1:
				gates[n] = graph.NeedPercent(1 + r.IntN(100))
			}
		}
		g, err := graph.New(nodes, edges, gates)
		require.NoError(t, err)
		up := make([]float64, nodes)
		for i := range up {
			up[i] = []float64{0, 0.5, 0.9, 0.99, 1}[r.IntN(5)]
		}
		target := graph.Node(r.IntN(nodes))
		got, err := g.View().Availability(target, func(n graph.Node) float64 { return up[n] })
		require.NoError(t, err)
		want := 0.0
		var im graph.Impact
		for set := range 1 << nodes {
			p := 1.0
			var down []graph.Node
			for n := range nodes {
				if set&(1<<n) != 0 {
					p *= 1 - up[n]
					down = append(down, graph.Node(n))
				} else {
					p *= up[n]
				}
			}
			require.NoError(t, im.Of(g.View(), graph.Query{Down: down}))
			if im.State(target) != graph.Down {
				want += p
			}
		}
		require.InDelta(t, want, got, 1e-9)
	}
}

// A service on a thousand redundant pairs: what is shared by none multiplies.
func TestAvailabilityOfALargeService(t *testing.T) {
	var edges []graph.Edge
	gates := map[graph.Node]graph.Gate{}
	for i := range graph.Node(1000) {
		pair, a, b := 1+3*i, 2+3*i, 3+3*i
		edges = append(edges, graph.Edge{From: 0, To: pair}, graph.Edge{From: pair, To: a}, graph.Edge{From: pair, To: b})
		gates[pair] = graph.Need(1)
	}
	g, err := graph.New(3001, edges, gates)
	require.NoError(t, err)
	got, err := g.View().Availability(0, func(n graph.Node) float64 {
		if n%3 == 1 || n == 0 {
			return 1
		}
		return 0.99
	})
	require.NoError(t, err)
	require.InDelta(t, math.Pow(1-1e-4, 1000), got, 1e-9)
}
