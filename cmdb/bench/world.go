package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/itsm-go/itsm/cmdb/graph"
)

// world is a graph to measure on.
type world struct {
	nodes                int
	edges                []graph.Edge
	hub, typical         uint32
	hubSize, typicalSize int
}

// generate makes up a graph: the item of age v depends on up to nine that are
// older, the old ones by far the most.
func generate(nodes int) (*world, error) {
	r := rand.New(rand.NewPCG(1, 1))
	number := r.Perm(nodes)
	w := &world{nodes: nodes, hub: uint32(number[0])}
	for v := 1; v < nodes; v++ {
		want := 1 + r.IntN(9)
		var chosen []int
		for tries := 0; len(chosen) < min(want, v) && tries < 50; tries++ {
			if d := int(float64(v) * math.Pow(r.Float64(), 3)); !slices.Contains(chosen, d) {
				chosen = append(chosen, d)
				w.edges = append(w.edges, graph.Edge{From: graph.Node(number[v]), To: graph.Node(number[d])})
			}
		}
	}
	r.Shuffle(len(w.edges), func(i, j int) { w.edges[i], w.edges[j] = w.edges[j], w.edges[i] })
	var err error
	w.typical, err = typical(w, r)
	return w, err
}

// typical returns the item whose impact is in the middle of 501 that have one.
func typical(w *world, r *rand.Rand) (uint32, error) {
	c, err := limit(w)
	if err != nil {
		return 0, err
	}
	type sized struct {
		node uint32
		size int
	}
	var some []sized
	for len(some) < min(501, w.nodes/10) {
		n := uint32(r.IntN(w.nodes))
		if size := c.impact(n); size > 0 {
			some = append(some, sized{n, size})
		}
	}
	slices.SortFunc(some, func(a, b sized) int { return a.size - b.size })
	return some[len(some)/2].node, nil
}

// cluster is a service in layers, as services are built: it needs all of its parts,
// a part most often some of a few servers, and the servers what all of them share.
func cluster() (*graph.View, error) {
	const parts, servers, hosts, shared = 30, 4, 60, 10
	r := rand.New(rand.NewPCG(2, 2))
	gates := map[graph.Node]graph.Gate{}
	var edges []graph.Edge
	firstServer := graph.Node(1 + parts)
	firstHost := firstServer + parts*servers
	firstShared := firstHost + hosts
	for p := range graph.Node(parts) {
		edges = append(edges, graph.Edge{From: 0, To: 1 + p})
		if r.IntN(4) > 0 {
			gates[1+p] = graph.NeedPercent(50)
		}
		for s := range graph.Node(servers) {
			server := firstServer + p*servers + s
			edges = append(edges, graph.Edge{From: 1 + p, To: server}, graph.Edge{From: server, To: firstHost + graph.Node(r.IntN(hosts))})
		}
	}
	for h := range graph.Node(hosts) {
		for range 2 {
			edges = append(edges, graph.Edge{From: firstHost + h, To: firstShared + graph.Node(r.IntN(shared))})
		}
		gates[firstHost+h] = graph.NeedPercent(50)
	}
	g, err := graph.New(int(firstShared)+shared, edges, gates)
	if err != nil {
		return nil, err
	}
	return g.View(), nil
}
