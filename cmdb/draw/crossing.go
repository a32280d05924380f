package draw

import "slices"

// rowsBeside are, for each node of a column, the rows of its neighbours, ascending.
func (w *web) rowsBeside(column []int) (left, right [][]int) {
	rows := func(nodes []int) []int {
		list := make([]int, len(nodes))
		for i, n := range nodes {
			list[i] = w.nodes[n].row
		}
		slices.Sort(list)
		return list
	}
	for _, n := range column {
		left, right = append(left, rows(w.nodes[n].left)), append(right, rows(w.nodes[n].right))
	}
	return left, right
}

// crossing counts the lines of two nodes that cross if the first is above the second.
func crossing(above, below []int) int {
	count, k := 0, 0
	for _, row := range above {
		for k < len(below) && below[k] < row {
			k++
		}
		count += k
	}
	return count
}

// crossings counts those of the whole web.
func (w *web) crossings() int {
	count := 0
	for k, c := range w.columns[:len(w.columns)-1] {
		_, right := w.rowsBeside(c)
		ends := make(tally, len(w.columns[k+1]))
		all := 0
		for _, rows := range right {
			for _, row := range rows {
				count += all - ends.upTo(row)
			}
			for _, row := range rows {
				ends.add(row)
			}
			all += len(rows)
		}
	}
	return count
}

// tally counts rows, and sums them up from the first one, in logarithmic time: it is
// a Fenwick tree.
type tally []int

func (t tally) add(row int) {
	for i := row + 1; i <= len(t); i += i & -i {
		t[i-1]++
	}
}

func (t tally) upTo(row int) int {
	sum := 0
	for i := row + 1; i > 0; i -= i & -i {
		sum += t[i-1]
	}
	return sum
}
