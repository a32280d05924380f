package draw

import (
	"cmp"
	"math"
	"slices"
)

// layer gives every node a column, after those of all that it follows from.
func (w *web) layer(order []int) {
	in, out := w.neighbours()
	for _, n := range order {
		for _, m := range in[n] {
			w.nodes[n].column = max(w.nodes[n].column, w.nodes[m].column+1)
		}
	}
	for _, n := range slices.Backward(order) { // closer to what it leads to, where lines get shorter
		if w.nodes[n].cause || len(out[n]) <= len(in[n]) {
			continue
		}
		most := math.MaxInt
		for _, m := range out[n] {
			most = min(most, w.nodes[m].column-1)
		}
		w.nodes[n].column = most
	}
	w.columns = nil
	for n := range w.nodes {
		for len(w.columns) <= w.nodes[n].column {
			w.columns = append(w.columns, nil)
		}
		c := &w.columns[w.nodes[n].column]
		*c = append(*c, n)
	}
	w.wrap(in, out)
}

// wrap breaks columns that are much taller than the picture should be into several.
// What leads nowhere goes first, so that the lines of the rest have it behind them;
// what follows from the same stays together.
func (w *web) wrap(in, out [][]int) {
	tallest := max(14, int(math.Sqrt(float64(9*len(w.nodes))))) // of a picture about as wide as high
	var columns [][]int
	for _, c := range w.columns {
		if len(c) > tallest {
			slices.SortStableFunc(c, func(a, b int) int {
				return cmp.Or(min(len(out[a]), 1)-min(len(out[b]), 1), slices.Compare(in[a], in[b]))
			})
		}
		parts := max(1, (len(c)+tallest-1)/tallest)
		for k := range parts {
			columns = append(columns, slices.Clone(c[k*len(c)/parts:(k+1)*len(c)/parts]))
		}
	}
	w.columns = columns
	for k, c := range columns {
		for _, n := range c {
			w.nodes[n].column = k
		}
	}
}
