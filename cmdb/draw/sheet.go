package draw

import (
	"math"
	"slices"
)

// sheet is a picture whose boxes and lines have their places.
type sheet struct {
	boxes         []point // by item, their upper left corners
	curves        []curve
	width, height int
}

type point struct{ x, y int }

// curve is a line and the points it leads through: curved between the first and the
// second, straight to the third, and so on.
type curve struct {
	line
	back   bool
	row    int // of the item that the line leaves, in its column
	points []point
}

// layOut puts the parts of a picture side by side until a row is full.
func layOut(items []Item, lines []line) sheet {
	s := sheet{boxes: make([]point, len(items))}
	parts := webs(items, lines)
	sizes := make([]frame, len(parts))
	area, widest := 0, 0
	for i, w := range parts {
		w.layOut()
		sizes[i] = w.frame()
		area += (sizes[i].width + gapParts) * (sizes[i].height + gapParts)
		widest = max(widest, sizes[i].width)
	}
	full := max(widest, int(1.5*math.Sqrt(float64(area))))
	var at point
	for i, w := range parts {
		f := sizes[i]
		if at.x > 0 && at.x+f.width > full {
			at = point{0, s.height + gapParts}
		}
		w.put(&s, f, at)
		at.x += f.width + gapParts
		s.width, s.height = max(s.width, at.x-gapParts), max(s.height, at.y+f.height)
	}
	for _, l := range lines {
		if l.fails == l.suffers {
			s.curves = append(s.curves, curve{line: l, back: true})
		}
	}
	return s
}

// frame says how much room a part takes.
type frame struct {
	columns       []int // where they begin
	top           float64
	width, height int
}

func (w *web) frame() frame {
	f := frame{columns: make([]int, len(w.columns)), top: math.Inf(1)}
	bottom := math.Inf(-1)
	for k, c := range w.columns {
		if k > 0 {
			f.columns[k] = f.columns[k-1] + boxWidth + w.gap(w.columns[k-1])
		}
		for _, n := range c {
			f.top, bottom = min(f.top, w.nodes[n].y), max(bottom, w.nodes[n].y)
		}
	}
	f.width = f.columns[len(f.columns)-1] + boxWidth
	f.height = int(math.Ceil(bottom-f.top)) + boxHeight
	return f
}

// gap is how much room there is right of a column: the more, the steeper its lines
// would be without.
func (w *web) gap(column []int) int {
	steepest := 0.0
	for _, n := range column {
		for _, m := range w.nodes[n].right {
			steepest = max(steepest, math.Abs(w.nodes[n].y-w.nodes[m].y))
		}
	}
	return int(min(48+steepest/5, 150))
}

// put puts the boxes and lines of a part where they belong.
func (w *web) put(s *sheet, f frame, at point) {
	place := func(n int) point {
		return point{at.x + f.columns[w.nodes[n].column], at.y + int(math.Round(w.nodes[n].y-f.top))}
	}
	for n := range w.nodes {
		if !w.nodes[n].bend {
			s.boxes[w.nodes[n].item] = place(n)
		}
	}
	for _, a := range w.arcs {
		c := curve{line: a.line, back: a.back, row: w.nodes[a.left].row}
		for k, n := range a.path[1:] {
			from, to := place(a.path[k]), place(n)
			c.points = append(c.points, point{from.x + boxWidth, from.y + boxHeight/2}, point{to.x, to.y + boxHeight/2})
		}
		if a.back { // below the lines that run forth
			c.points[0].y += backPort
			c.points[len(c.points)-1].y += backPort
			slices.Reverse(c.points)
		}
		s.curves = append(s.curves, c)
	}
}
