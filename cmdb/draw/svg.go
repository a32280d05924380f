package draw

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

const (
	margin = 24
	font   = "Roboto, Helvetica Neue, Arial, sans-serif"
	purple = "#8031a7" // of lines that run back

	titleSize = 19
	bold      = 1.13 // how much wider bold text is
)

// tints are the colours of lines. Neighbours in a column get different ones, so
// that the eye can follow each.
var tints = [...]string{"#5b6b7d", "#23808a", "#3f6fb0", "#86743a", "#4f8050", "#7a6a94"}

// SVG writes the picture as an SVG image that needs nothing but itself.
func (p Picture) SVG(w io.Writer) error {
	at, err := p.index()
	if err != nil {
		return err
	}
	s := layOut(p.Items, p.lines(at))
	legend := p.legend(s)
	width := max(s.width, legendWidth(legend), 420)
	c := canvas{}
	y := c.heading(p, width)
	if len(p.Items) == 0 {
		c.text(margin, y+30, 14, "#5a6878", "", "Nothing is affected.")
		s.height = 40
	} else {
		y = c.legend(legend, y)
		for _, l := range s.curves {
			c.curve(l, p, s, y)
		}
		for i, it := range p.Items {
			c.box(it, s.boxes[i].x+margin, s.boxes[i].y+y)
		}
	}
	_, err = fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" font-family="%[3]s">
<title>%[4]s</title>
%[5]s<rect width="100%%" height="100%%" fill="#ffffff"/>
%[6]s</svg>
`, width+2*margin, y+s.height+margin, font, markup(p.heading()), arrows(), c.String())
	return err
}

// arrows are the heads of the lines, in each of their colours.
func arrows() string {
	var b strings.Builder
	b.WriteString("<defs>\n")
	for _, colour := range append(tints[:], purple) {
		fmt.Fprintf(&b, `<marker id="arrow-%s" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 .8L8 4L0 7.2Z" fill="%s"/></marker>`+"\n", colour[1:], colour)
	}
	b.WriteString("</defs>\n")
	return b.String()
}

// canvas gathers what is drawn, from the back to the front.
type canvas struct{ bytes.Buffer }

func (c *canvas) text(x, y int, size float64, colour, more, text string) {
	fmt.Fprintf(c, `<text x="%d" y="%d" font-size="%g" fill="%s"%s>%s</text>`, x, y, size, colour, more, markup(text))
}

// heading writes the title, and returns where it ends.
func (c *canvas) heading(p Picture, width int) int {
	y := margin
	if p.Title != "" {
		c.text(margin, y+18, titleSize, "#17202b", ` font-weight="600"`, short(p.Title, titleSize*bold, float64(width)))
		y += 28
	}
	if p.Subtitle != "" {
		c.text(margin, y+13, 13, "#5a6878", "", short(p.Subtitle, 13, float64(width)))
		y += 22
	}
	return y
}

func (c *canvas) box(it Item, x, y int) {
	l := it.kind().look()
	const textAt, room = 30, boxWidth - 30 - 8
	fmt.Fprintf(c, `<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="6" fill="%s" stroke="%s"/>`,
		markup(it.title()), x, y, boxWidth, boxHeight, l.fill, l.border)
	c.mark(l, x+15, y+boxHeight/2)
	sub := it.sub()
	if sub == "" {
		c.text(x+textAt, y+22, 12.5, l.ink, "", short(it.head(), 12.5, room))
	} else {
		c.text(x+textAt, y+16, 12.5, l.ink, "", short(it.head(), 12.5, room))
		c.text(x+textAt, y+29, 10, l.muted, "", short(sub, 10, room))
	}
	c.WriteString("</g>\n")
}

func (c *canvas) mark(l look, x, y int) {
	fill := "none"
	if l.solid {
		fill = l.ink
	}
	fmt.Fprintf(c, `<path transform="translate(%d %d)" d="%s" fill="%s" stroke="%s" stroke-width="1.8" stroke-linejoin="round"/>`,
		x, y, l.mark, fill, l.ink)
}

// title is all there is to say of an item.
func (it Item) title() string {
	text := it.head()
	if sub := it.sub(); sub != "" {
		text += " (" + sub + ")"
	}
	return text + ": " + it.kind().look().word
}

// curve draws a line between boxes.
func (c *canvas) curve(l curve, p Picture, s sheet, top int) {
	title := p.Items[l.fails].head() + " → " + p.Items[l.suffers].head()
	if len(l.labels) > 0 {
		title += ": " + strings.Join(l.labels, ", ")
	}
	colour := tints[l.row%len(tints)]
	if l.back {
		colour = purple
	}
	c.path(l.way(s, margin, top), colour, l.soft, title)
}

// way is the path of a curve, moved by so much.
func (l curve) way(s sheet, dx, dy int) string {
	if len(l.points) == 0 { // of an item with itself
		at := s.boxes[l.fails]
		x, y := at.x+dx+boxWidth, at.y+dy
		return fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, y+6, x+30, y-4, x+30, y+boxHeight/2+6, x+1, y+boxHeight/2-3)
	}
	var b strings.Builder
	for i, to := range l.points {
		x, y := to.x+dx, to.y+dy
		switch {
		case i == 0:
			fmt.Fprintf(&b, "M%d %d", x, y)
		case i%2 == 0:
			fmt.Fprintf(&b, "H%d", x)
		default:
			from := l.points[i-1]
			middle := (from.x+to.x)/2 + dx
			fmt.Fprintf(&b, "C%d %d %d %d %d %d", middle, from.y+dy, middle, y, x, y)
		}
	}
	return b.String()
}

func (c *canvas) path(way, colour string, soft bool, title string) {
	dashes := ""
	if soft {
		dashes = ` stroke-dasharray="6 4"`
	}
	fmt.Fprintf(c, `<path d="%s" fill="none" stroke="%s" stroke-width="1.4"%s marker-end="url(#arrow-%s)"><title>%s</title></path>`+"\n",
		way, colour, dashes, colour[1:], markup(title))
}

// markup is text as it is written in XML.
func markup(text string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(text)) // a Builder never fails
	return b.String()
}
