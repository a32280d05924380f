package draw

// The measures of a picture, in pixels.
const (
	boxWidth  = 216
	boxHeight = 36
	gapDown   = 12 // between boxes
	gapLines  = 9  // between lines, or a line and a box
	gapParts  = 28
	backPort  = 10 // how far below the middle of a box lines that run back begin
)

// place moves the nodes up and down, in the order that they have, until the lines
// are about as straight as they can be.
func (w *web) place() {
	for _, c := range w.columns {
		y := 0.0
		for i, n := range c {
			if i > 0 {
				y += w.apart(c[i-1], n)
			}
			w.nodes[n].y = y
		}
		for _, n := range c {
			w.nodes[n].y -= y / 2
		}
	}
	const rounds = 30
	for round := range rounds {
		for i := range w.columns {
			if round%2 == 0 {
				w.settle(w.columns[i])
			} else {
				w.settle(w.columns[len(w.columns)-1-i])
			}
		}
	}
}

// apart is how far the middles of two nodes must be from each other.
func (w *web) apart(above, below int) float64 {
	switch a, b := w.nodes[above].bend, w.nodes[below].bend; {
	case a && b:
		return gapLines
	case a || b:
		return gapLines + boxHeight/2
	}
	return gapDown + boxHeight
}

// block is a run of nodes that stand as close as they may.
type block struct {
	weight, sum float64 // of where its nodes want the first of the column
	size        int
}

func (b block) at() float64 { return b.sum / b.weight }

// settle moves the nodes of a column as close as possible to where their neighbours
// are. Those that want to pass each other become a block that moves as one, which
// gives the least squares of the distances.
func (w *web) settle(column []int) {
	blocks := make([]block, 0, len(column))
	offset := make([]float64, len(column))
	for i, n := range column {
		if i > 0 {
			offset[i] = offset[i-1] + w.apart(column[i-1], n)
		}
		want, weight := w.wish(n)
		b := block{weight, weight * (want - offset[i]), 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].at() >= b.at() {
			last := blocks[len(blocks)-1]
			b = block{b.weight + last.weight, b.sum + last.sum, b.size + last.size}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.size {
			w.nodes[column[i]].y = b.at() + offset[i]
			i++
		}
	}
}

// wish is where a node would be in the middle of its neighbours, and how much it
// matters. Long lines are to be straight first of all, since the eye follows them.
func (w *web) wish(n int) (y, weight float64) {
	for _, near := range [][]int{w.nodes[n].left, w.nodes[n].right} {
		for _, m := range near {
			pull := 1.0
			switch a, b := w.nodes[n].bend, w.nodes[m].bend; {
			case a && b:
				pull = 8
			case a || b:
				pull = 2
			}
			y, weight = y+pull*w.nodes[m].y, weight+pull
		}
	}
	if weight == 0 {
		return w.nodes[n].y, 1
	}
	return y / weight, weight
}
