package main

import (
	dominik "github.com/dominikbraun/graph"
	gonum "gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/traverse"

	"github.com/itsm-go/itsm/cmdb/graph"
)

func ours(w *world) (contestant, error) {
	return measured("itsm", len(w.edges), func() (func(uint32) int, error) {
		g, err := graph.New(w.nodes, w.edges, nil)
		if err != nil {
			return nil, err
		}
		var im graph.Impact
		down := make([]graph.Node, 1)
		return func(node uint32) int {
			down[0] = graph.Node(node)
			if im.Of(g.View(), graph.Query{Down: down}) != nil {
				return -1 // which no other finds
			}
			n, _ := im.Counts()
			return n - 1
		}, nil
	})
}

// limit is two flat arrays in both directions and a bitset.
func limit(w *world) (contestant, error) {
	return measured("flat arrays and a bitset", len(w.edges), func() (func(uint32) int, error) {
		flat := func(from, to func(graph.Edge) graph.Node) (start, ends []uint32) {
			start, ends = make([]uint32, w.nodes+1), make([]uint32, len(w.edges))
			for _, e := range w.edges {
				start[from(e)+1]++
			}
			for i := range w.nodes {
				start[i+1] += start[i]
			}
			next := append([]uint32(nil), start...)
			for _, e := range w.edges {
				ends[next[from(e)]] = uint32(to(e))
				next[from(e)]++
			}
			return start, ends
		}
		a, b := func(e graph.Edge) graph.Node { return e.From }, func(e graph.Edge) graph.Node { return e.To }
		outStart, outEnds := flat(a, b)
		start, ends := flat(b, a)
		seen := make([]uint64, (w.nodes+63)/64)
		queue := make([]uint32, 0, w.nodes)
		return func(node uint32) int {
			_, _ = outStart, outEnds // both directions are kept, as in the others
			queue = append(queue[:0], node)
			seen[node>>6] |= 1 << (node & 63)
			for next := 0; next < len(queue); next++ {
				n := queue[next]
				for _, d := range ends[start[n]:start[n+1]] {
					if seen[d>>6]&(1<<(d&63)) == 0 {
						seen[d>>6] |= 1 << (d & 63)
						queue = append(queue, d)
					}
				}
			}
			for _, n := range queue {
				seen[n>>6] &^= 1 << (n & 63)
			}
			return len(queue) - 1
		}, nil
	})
}

func gonumGraph(w *world) (contestant, error) {
	return measured("gonum", len(w.edges), func() (func(uint32) int, error) {
		g := simple.NewDirectedGraph()
		for i := range w.nodes {
			g.AddNode(simple.Node(i))
		}
		for _, e := range w.edges {
			g.SetEdge(simple.Edge{F: simple.Node(e.To), T: simple.Node(e.From)}) // the way impact goes
		}
		return func(node uint32) int {
			n := 0
			b := traverse.BreadthFirst{Visit: func(gonum.Node) { n++ }}
			b.Walk(g, simple.Node(node), nil)
			return n - 1
		}, nil
	})
}

func dominikbraun(w *world) (contestant, error) {
	return measured("dominikbraun/graph", len(w.edges), func() (func(uint32) int, error) {
		g := dominik.New(dominik.IntHash, dominik.Directed())
		for i := range w.nodes {
			if err := g.AddVertex(i); err != nil {
				return nil, err
			}
		}
		for _, e := range w.edges {
			if err := g.AddEdge(int(e.To), int(e.From)); err != nil {
				return nil, err
			}
		}
		return func(node uint32) int {
			n := 0
			if dominik.BFS(g, int(node), func(int) bool { n++; return false }) != nil {
				return -1 // which no other finds
			}
			return n - 1
		}, nil
	})
}
