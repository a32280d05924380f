package draw

import (
	"cmp"
	"slices"
)

// turn turns round the arcs that close a cycle, and returns the nodes so that every
// arc runs from an earlier one to a later one. Among nodes that reach each other,
// those closer to a cause come first.
func (w *web) turn() []int {
	in, out := w.neighbours()
	group, distance := groups(out), w.distances(in, out)
	before := func(a, b int) int {
		return cmp.Or(group[b]-group[a], distance[a]-distance[b], a-b)
	}
	for i := range w.arcs {
		if a := &w.arcs[i]; before(a.left, a.right) > 0 {
			a.left, a.right, a.back = a.right, a.left, true
		}
	}
	order := make([]int, len(w.nodes))
	for n := range order {
		order[n] = n
	}
	slices.SortFunc(order, before)
	return order
}

// neighbours are the ends of the arcs that come in and go out.
func (w *web) neighbours() (in, out [][]int) {
	in, out = make([][]int, len(w.nodes)), make([][]int, len(w.nodes))
	for _, a := range w.arcs {
		in[a.right] = append(in[a.right], a.left)
		out[a.left] = append(out[a.left], a.right)
	}
	return in, out
}

// distances are those from the closest cause; of what follows from none, from a node
// that follows from nothing, or from any.
func (w *web) distances(in, out [][]int) []int {
	const unknown = -1
	distance := slices.Repeat([]int{unknown}, len(w.nodes))
	spread := func(found []int) {
		for _, n := range found {
			distance[n] = 0
		}
		for ; len(found) > 0; found = found[1:] {
			for _, m := range out[found[0]] {
				if distance[m] == unknown {
					distance[m] = distance[found[0]] + 1
					found = append(found, m)
				}
			}
		}
	}
	spread(w.causes())
	for _, inside := range []bool{false, true} {
		for n := range distance {
			if distance[n] == unknown && (inside || len(in[n]) == 0) {
				spread([]int{n})
			}
		}
	}
	return distance
}

// groups numbers the nodes so that those which reach each other, and no others, have
// the same number, and what follows from a group has a lower one. It is Tarjan's
// algorithm.
func groups(out [][]int) []int {
	group, low, index := make([]int, len(out)), make([]int, len(out)), make([]int, len(out))
	var open []int // nodes without a group
	visited, count := 0, 0
	var visit func(n int)
	visit = func(n int) {
		visited++
		index[n], low[n] = visited, visited
		open = append(open, n)
		for _, m := range out[n] {
			if index[m] == 0 {
				visit(m)
			}
			if group[m] == 0 {
				low[n] = min(low[n], low[m])
			}
		}
		if low[n] != index[n] {
			return
		}
		count++
		at := slices.Index(open, n)
		for _, m := range open[at:] {
			group[m] = count
		}
		open = open[:at]
	}
	for n := range out {
		if index[n] == 0 {
			visit(n)
		}
	}
	return group
}
