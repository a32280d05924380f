package forward

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/itsm-go/itsm/change/schedule"
)

// SVG writes the schedule as an image that needs nothing but itself.
func (s *Schedule) SVG(w io.Writer) error {
	_, err := w.Write(s.image())
	return err
}

// image draws from the back to the front: what lies behind is written first, but how
// high it is is known last.
func (s *Schedule) image() []byte {
	c := canvas{scale: scale{s.from, s.to}}
	c.heading(s)
	c.legend(s)
	a, axisTop := newAxis(s.from, s.to), c.y
	c.y += a.height()
	plotTop := c.y
	c.strip(s)
	for i := range s.lanes {
		c.lane(s, i)
	}
	if len(s.lanes) == 0 {
		c.text(plotLeft+8, c.y+22, "muted", "", "No changes in this time.")
		c.y += 36
	}
	c.line("edge", plotLeft, c.y, plotRight, c.y)
	c.front.Write(c.bars.Bytes())
	c.axis(a, axisTop, plotTop, c.y)
	height := c.y + margin
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" class="fsc" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img">`+"\n", sheetWidth, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<desc>%s</desc>\n%s%s", markup(s.heading()), markup(s.subtitle()), style(), patterns)
	fmt.Fprintf(&b, `<rect class="sheet" width="%d" height="%d"/>`+"\n", sheetWidth, height)
	b.Write(c.back.Bytes())
	b.Write(c.lines.Bytes())
	b.Write(c.front.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func (s *Schedule) heading() string {
	if title := oneLine(s.title); title != "" {
		return title
	}
	return "Forward schedule of change"
}

// subtitle says what is shown, and what is not.
func (s *Schedule) subtitle() string {
	text := fmt.Sprintf("%s (%s): %s, %d in conflict", span(s.from, s.to), s.from.Location(), plural(len(s.entries), "change"), s.conflicts())
	if n := len(s.outside); n > 0 {
		text += fmt.Sprintf(", %d more outside of this time", n)
	}
	return text
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// canvas gathers what is drawn in layers: bands, the lines of the axis, and what
// stands before them.
type canvas struct {
	scale
	back, lines, front, bars bytes.Buffer
	y                        int
}

func (c *canvas) text(x float64, y int, class, more, text string) {
	fmt.Fprintf(&c.front, `<text class="%s" x="%g" y="%d"%s>%s</text>`+"\n", class, x, y, more, markup(text))
}

func (c *canvas) line(class string, x1 float64, y1 int, x2 float64, y2 int) {
	fmt.Fprintf(&c.lines, `<path class="%s" d="M%g %dL%g %d"/>`+"\n", class, x1, y1, x2, y2)
}

func (c *canvas) heading(s *Schedule) {
	const room = sheetWidth - 2*margin
	c.text(margin, margin+18, "heading", "", short(s.heading(), 19*1.1, room))
	c.text(margin, margin+40, "muted", "", short(s.subtitle(), fontSize, room))
	c.y = margin + 54
}

// strip draws the windows above the lanes.
func (c *canvas) strip(s *Schedule) {
	if len(s.windows) == 0 {
		return
	}
	bars := make([]bar, len(s.windows))
	for i, w := range s.windows {
		bars[i] = c.place(i, w.Start, w.End, w.Name, false)
	}
	height := pack(bars)*rowHeight + 2*lanePad
	c.line("edge", margin, c.y, plotRight, c.y)
	c.text(margin+6, c.y+lanePad+14, "lane", "", "Windows")
	for _, b := range bars {
		w := s.windows[b.index]
		y := c.y + lanePad + b.row*rowHeight
		fmt.Fprintf(&c.bars, `<g class="window"><title>%s</title><rect class="solid" x="%g" y="%d" width="%g" height="%d"/><rect class="%s" x="%[2]g" y="%[3]d" width="%[4]g" height="%[5]d"/>`,
			markup(kindName(w.Kind)+": "+w.Name+" · "+span(w.Start, w.End)), b.x, y, b.width, barHeight, w.Kind)
		c.points(b, y)
		c.label(b, y)
		c.bars.WriteString("</g>\n")
	}
	c.y += height
}

// lane draws a lane: its windows behind, and its changes in rows.
func (c *canvas) lane(s *Schedule, index int) {
	l := s.lanes[index]
	bars := make([]bar, len(l.Entries))
	for i, e := range l.Entries {
		bars[i] = c.place(i, e.Start, e.End, e.label(), len(e.Conflicts) > 0)
	}
	height := pack(bars)*rowHeight + 2*lanePad
	if index%2 == 0 {
		fmt.Fprintf(&c.back, `<rect class="stripe" x="%d" y="%d" width="%d" height="%d"/>`+"\n", margin, c.y, plotRight-margin, height)
	}
	for _, kind := range []schedule.Kind{schedule.Maintenance, schedule.Blackout} {
		c.bands(l, kind, height)
	}
	c.line("edge", margin, c.y, plotRight, c.y)
	name := s.label(l)
	fmt.Fprintf(&c.front, `<g><title>%s</title>`, markup(name+": "+plural(len(l.Entries), "change")))
	c.text(margin+6, c.y+lanePad+14, "lane", "", short(name, fontSize*1.1, plotLeft-margin-16))
	c.front.WriteString("</g>\n")
	for _, b := range bars {
		c.change(l.Entries[b.index], b, c.y+lanePad+b.row*rowHeight)
	}
	c.y += height
}

// bands draws the windows of a kind behind a lane.
func (c *canvas) bands(l Lane, kind schedule.Kind, height int) {
	var list []Window
	for _, w := range l.Windows {
		if w.Kind == kind {
			list = append(list, w)
		}
	}
	for _, w := range union(list) {
		x := c.x(w.Start)
		fmt.Fprintf(&c.back, `<rect class="%s" x="%g" y="%d" width="%g" height="%d"/>`+"\n", kind, x, c.y, max(1, round(c.x(w.End)-x)), height)
	}
}

func (c *canvas) change(e Entry, b bar, y int) {
	class := string(e.Type) + " " + string(e.Status)
	if len(e.Conflicts) > 0 {
		class += " conflict"
	}
	fmt.Fprintf(&c.bars, `<g class="change %s"><title>%s</title><rect class="bar" x="%g" y="%d" width="%g" height="%d" rx="2.5"/>`,
		class, markup(e.tooltip()), b.x, y, b.width, barHeight)
	c.points(b, y)
	if len(e.Conflicts) > 0 {
		c.bars.WriteString(triangle(b.signX, y+2))
	}
	c.label(b, y)
	c.bars.WriteString("</g>\n")
}

// label is what stands on a bar.
func (e Entry) label() string { return e.Type.letter() + " " + e.ID + " " + e.Title }

// tooltip is all there is to say of a change.
func (e Entry) tooltip() string {
	text := e.ID + " " + e.Title + " · " + span(e.Start, e.End) + " · " + string(e.Type) + ", " + string(e.Status)
	for _, part := range []struct{ name, value string }{
		{"state", e.State}, {"risk", e.Risk}, {"team", e.Team},
		{"services", strings.Join(e.Services, ", ")}, {"items", strings.Join(e.Items, ", ")}, {"conflicts", strings.Join(e.Conflicts, "; ")},
	} {
		if part.value != "" {
			text += " · " + part.name + ": " + part.value
		}
	}
	return text
}

func (c *canvas) label(b bar, y int) {
	if b.text == "" {
		return
	}
	class := "inside"
	if b.outside {
		class = "outside"
	}
	fmt.Fprintf(&c.bars, `<text class="%s" x="%g" y="%d">%s</text>`, class, round(b.textX), y+12, markup(b.text))
}

// points are the marks at the ends of a bar that goes on.
func (c *canvas) points(b bar, y int) {
	if b.width < 2*pointWidth {
		return
	}
	middle := y + barHeight/2
	if b.before {
		fmt.Fprintf(&c.bars, `<path class="point" d="M%g %dl5 -5v10z"/>`, round(b.x+2), middle)
	}
	if b.after {
		fmt.Fprintf(&c.bars, `<path class="point" d="M%g %dl-5 -5v10z"/>`, round(b.x+b.width-2), middle)
	}
}

// triangle is the sign of a conflict.
func triangle(x float64, y int) string {
	return fmt.Sprintf(`<path class="sign" d="M%g %dl6 11h-12z"/><path class="bang" d="M%[1]g %[3]dv4m0 1.2v1.4"/>`, round(x+6), y, y+3)
}
