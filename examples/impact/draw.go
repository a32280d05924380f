package main

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"slices"

	"github.com/itsm-go/itsm/cmdb/graph"
)

// The measures of the picture, in pixels.
const (
	boxWidth  = 190
	boxHeight = 34
	gapAcross = 96
	gapDown   = 12
	margin    = 24
	heading   = 58
)

// box is an affected item in the picture.
type box struct {
	node   graph.Node
	column int // how many steps from a cause
	row    int
}

func (b *box) x() int { return margin + b.column*(boxWidth+gapAcross) }
func (b *box) y() int { return margin + heading + b.row*(boxHeight+gapDown) }

// draw writes what is affected as a picture that needs nothing but itself: causes
// on the left, what they take down or degrade to the right of them.
func (c *config) draw(w io.Writer, im *graph.Impact) {
	columns := c.columns(im)
	boxes := map[graph.Node]*box{}
	tallest := 0
	for _, column := range columns {
		for _, b := range column {
			boxes[b.node] = b
		}
		tallest = max(tallest, len(column))
	}
	for range 6 {
		arrange(c.graph.View(), columns, boxes)
	}
	width := 2*margin + len(columns)*(boxWidth+gapAcross) - gapAcross
	height := 2*margin + heading + tallest*(boxHeight+gapDown)
	down, degraded := im.Counts()
	fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%d items down, %d degraded" font-family="Roboto, Helvetica Neue, Arial, sans-serif">
<style>
.paper { fill: #ffffff } .ink { fill: #17202b } .muted { fill: #5a6878 } path { fill: none; stroke: #8a97a6; stroke-width: 1.2 }
.named { fill: #8f1d14 } .down { fill: #c8443a } .degraded { fill: #f4c979 } .light { fill: #ffffff }
</style>
<rect class="paper" width="100%%" height="100%%"/>
<text class="ink" x="%d" y="%d" font-size="19" font-weight="600">What is affected</text>
<text class="muted" x="%d" y="%d" font-size="13">%d down, %d degraded; causes on the left</text>
`, width, height, width, height, down, degraded, margin, margin+18, margin, margin+40, down, degraded)
	c.arrows(w, columns, boxes)
	for _, column := range columns {
		for _, b := range column {
			c.box(w, im, b)
		}
	}
	fmt.Fprintln(w, "</svg>")
}

// columns puts the affected items into columns by how far they are from a cause.
func (c *config) columns(im *graph.Impact) [][]*box {
	var columns [][]*box
	for _, n := range slices.Concat(im.Down(), im.Degraded()) {
		k := len(im.Explain(n)) - 1
		for len(columns) <= k {
			columns = append(columns, nil)
		}
		columns[k] = append(columns[k], &box{node: n, column: k, row: len(columns[k])})
	}
	return columns
}

// arrange sorts each column by where the boxes it is connected with lie, which
// makes the arrows cross less.
func arrange(v *graph.View, columns [][]*box, boxes map[graph.Node]*box) {
	for _, column := range columns {
		middle := map[*box]float64{}
		for _, b := range column {
			sum, n := 0.0, 0
			near := func(other graph.Node) {
				if o := boxes[other]; o != nil && o.column != b.column {
					sum, n = sum+float64(o.row), n+1
				}
			}
			for other := range v.Dependencies(b.node) {
				near(other)
			}
			for other := range v.Dependents(b.node) {
				near(other)
			}
			if middle[b] = float64(b.row); n > 0 {
				middle[b] = sum / float64(n)
			}
		}
		slices.SortStableFunc(column, func(x, y *box) int { return cmp.Or(cmp.Compare(middle[x], middle[y]), cmp.Compare(x.node, y.node)) })
		for row, b := range column {
			b.row = row
		}
	}
}

// arrows draws the dependencies between affected items, from what fails to what
// suffers.
func (c *config) arrows(w io.Writer, columns [][]*box, boxes map[graph.Node]*box) {
	for _, column := range columns {
		for _, b := range column {
			var causes []graph.Node
			for n := range c.graph.View().Dependencies(b.node) {
				if boxes[n] != nil {
					causes = append(causes, n)
				}
			}
			slices.Sort(causes)
			for _, n := range causes {
				from := boxes[n]
				x1, y1, x2, y2 := from.x()+boxWidth, from.y()+boxHeight/2, b.x(), b.y()+boxHeight/2
				if from.column >= b.column { // beside it, or back: around the right
					x2 = b.x() + boxWidth
					fmt.Fprintf(w, `<path d="M%d %d C%d %d %d %d %d %d" stroke-dasharray="4 3"/>`+"\n", x1, y1, x1+gapAcross/2, y1, x2+gapAcross/2, y2, x2, y2)
					continue
				}
				fmt.Fprintf(w, `<path d="M%d %d C%d %d %d %d %d %d"/>`+"\n", x1, y1, x1+gapAcross/2, y1, x2-gapAcross/2, y2, x2, y2)
			}
		}
	}
}

func (c *config) box(w io.Writer, im *graph.Impact, b *box) {
	it, class, ink := c.items[b.node], im.State(b.node).String(), "light"
	switch {
	case b.column == 0:
		class = "named"
	case class == "degraded":
		ink = "ink"
	}
	fmt.Fprintf(w, `<g><title>%s</title><rect class="%s" x="%d" y="%d" width="%d" height="%d" rx="6"/><text class="%s" x="%d" y="%d" font-size="12.5">%s</text><text class="%s" x="%d" y="%d" font-size="10" opacity=".85">%s</text></g>`+"\n",
		html.EscapeString(c.title(b.node)), class, b.x(), b.y(), boxWidth, boxHeight,
		ink, b.x()+10, b.y()+15, html.EscapeString(short(it.name, 28)), ink, b.x()+10, b.y()+28, html.EscapeString(short(it.id+", "+it.class, 36)))
}

func short(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}
