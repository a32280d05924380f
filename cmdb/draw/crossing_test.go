package draw

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCrossingsAreThoseOfEachPairOfLines(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := &web{nodes: make([]node, 16), columns: [][]int{{0, 1, 2, 3, 4, 5, 6, 7}, {8, 9, 10, 11, 12, 13, 14, 15}}}
		for k, c := range w.columns {
			w.number(c)
			for _, n := range c {
				w.nodes[n].column = k
			}
		}
		var lines [][2]int // by row
		for range r.IntN(24) {
			from, to := r.IntN(8), r.IntN(8)
			lines = append(lines, [2]int{from, to})
			w.nodes[from].right = append(w.nodes[from].right, 8+to)
			w.nodes[8+to].left = append(w.nodes[8+to].left, from)
		}
		plain := func() (count int) {
			for _, a := range lines {
				for _, b := range lines {
					if w.nodes[a[0]].row < w.nodes[b[0]].row && w.nodes[8+a[1]].row > w.nodes[8+b[1]].row {
						count++
					}
				}
			}
			return count
		}
		before := w.crossings()
		require.Equal(t, plain(), before, "seed %d", seed)
		w.order()
		require.Equal(t, plain(), w.crossings(), "seed %d", seed)
		require.LessOrEqual(t, w.crossings(), before, "seed %d", seed)
	}
}
