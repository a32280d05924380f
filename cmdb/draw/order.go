package draw

import (
	"cmp"
	"slices"
)

// order sorts the columns so that few lines cross: again and again by where the
// neighbours are, once from the left and once from the right, and the best is kept.
func (w *web) order() {
	w.start()
	best, least := w.copyColumns(), w.crossings()
	for round := 0; round < w.rounds() && least > 0; round++ {
		w.sweep(round)
		w.swap()
		if c := w.crossings(); c < least {
			best, least = w.copyColumns(), c
		}
	}
	for _, c := range best {
		w.number(c)
	}
	w.columns = best
}

// rounds are fewer for large webs, which nobody looks at so closely.
func (w *web) rounds() int { return min(40, max(4, 20_000/len(w.nodes))) }

// start follows the lines from the left: what hangs together comes together.
func (w *web) start() {
	columns := make([][]int, len(w.columns))
	seen := make([]bool, len(w.nodes))
	var visit func(n int)
	visit = func(n int) {
		if seen[n] {
			return
		}
		seen[n] = true
		k := w.nodes[n].column
		columns[k] = append(columns[k], n)
		for _, m := range w.bendsAmid(w.nodes[n].right) {
			visit(m)
		}
	}
	for _, c := range w.columns {
		for _, n := range c {
			visit(n)
		}
	}
	w.columns = columns
	for _, c := range columns {
		w.number(c)
	}
}

// bendsAmid puts bends into the middle of nodes: a line that others leave on its way
// is then straight.
func (w *web) bendsAmid(nodes []int) []int {
	var boxes, bends []int
	for _, n := range nodes {
		if w.nodes[n].bend {
			bends = append(bends, n)
		} else {
			boxes = append(boxes, n)
		}
	}
	return slices.Insert(boxes, len(boxes)/2, bends...)
}

func (w *web) number(column []int) {
	for row, n := range column {
		w.nodes[n].row = row
	}
}

func (w *web) copyColumns() [][]int {
	columns := make([][]int, len(w.columns))
	for k, c := range w.columns {
		columns[k] = slices.Clone(c)
	}
	return columns
}

// sweep sorts each column by the middle of the neighbours in the column that was
// sorted before it. Every other pair of rounds those with the same middle change
// places, which gets it out of dead ends.
func (w *web) sweep(round int) {
	leftwards, reverse := round%2 == 1, round%4 > 1
	middle := make([]float64, len(w.nodes))
	for i := range w.columns {
		c := w.columns[i]
		if leftwards {
			c = w.columns[len(w.columns)-1-i]
		}
		for _, n := range c {
			near := w.nodes[n].left
			if leftwards {
				near = w.nodes[n].right
			}
			middle[n] = float64(w.nodes[n].row)
			if len(near) > 0 {
				middle[n] = w.middleRow(near)
			}
		}
		if reverse {
			slices.Reverse(c)
		}
		slices.SortStableFunc(c, func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
		w.number(c)
	}
}

func (w *web) middleRow(nodes []int) float64 {
	sum := 0
	for _, n := range nodes {
		sum += w.nodes[n].row
	}
	return float64(sum) / float64(len(nodes))
}

// swap exchanges neighbours in a column wherever that takes crossings away.
func (w *web) swap() {
	for range 4 {
		better := false
		for _, c := range w.columns {
			left, right := w.rowsBeside(c)
			for i := range len(c) - 1 {
				gain := crossing(left[i], left[i+1]) + crossing(right[i], right[i+1]) -
					crossing(left[i+1], left[i]) - crossing(right[i+1], right[i])
				if gain > 0 {
					for _, rows := range [][][]int{left, right} {
						rows[i], rows[i+1] = rows[i+1], rows[i]
					}
					c[i], c[i+1] = c[i+1], c[i]
					better = true
				}
			}
			w.number(c)
		}
		if !better {
			return
		}
	}
}
