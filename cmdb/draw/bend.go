package draw

import "slices"

// bend leads each arc through the columns between its ends. Arcs of one kind that
// leave the same node share their way until they part, which is what keeps large
// pictures readable.
func (w *web) bend() {
	type trunk struct {
		from       int
		back, soft bool
	}
	ways := map[trunk][]int{}
	joined := map[[2]int]bool{}
	for i := range w.arcs {
		a := &w.arcs[i]
		t := trunk{a.left, a.back, a.line.soft}
		way := ways[t]
		between := w.nodes[a.right].column - w.nodes[a.left].column - 1
		for len(way) < between {
			way = append(way, w.addBend(w.nodes[a.left].column+1+len(way)))
		}
		ways[t] = way
		a.path = slices.Concat([]int{a.left}, way[:between], []int{a.right})
		for k, n := range a.path[1:] {
			ends := [2]int{a.path[k], n}
			if !joined[ends] {
				joined[ends] = true
				w.nodes[ends[0]].right = append(w.nodes[ends[0]].right, n)
				w.nodes[n].left = append(w.nodes[n].left, ends[0])
			}
		}
	}
}

func (w *web) addBend(column int) int {
	n := len(w.nodes)
	w.nodes = append(w.nodes, node{bend: true, column: column})
	w.columns[column] = append(w.columns[column], n)
	return n
}
