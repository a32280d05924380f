package rca

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
)

const (
	margin   = 20.0
	fontSize = 12.0
	boldSize = fontSize * 1.1 // as wide as bold letters are
	lineHigh = 15.0
	fineSize = 10.5
	fineHigh = 13.0
)

// sheet gathers a picture in two layers: lines, and what stands before them.
type sheet struct {
	back, front   bytes.Buffer
	width, height float64
}

// cover makes the sheet large enough for a point, with its margin.
func (s *sheet) cover(x, y float64) {
	s.width, s.height = max(s.width, x+margin), max(s.height, y+margin)
}

func (s *sheet) line(class, format string, args ...any) {
	for i, a := range args {
		if f, is := a.(float64); is {
			args[i] = round(f)
		}
	}
	fmt.Fprintf(&s.back, `<path class="%s" d="%s"/>`+"\n", class, fmt.Sprintf(format, args...))
}

func (s *sheet) text(class string, x, y float64, text string) {
	fmt.Fprintf(&s.front, `<text class="%s" x="%g" y="%g">%s</text>`+"\n", class, round(x), round(y), markup(text))
}

// lines writes lines of text below each other, and returns where the next would stand.
func (s *sheet) lines(class string, x, y, high float64, lines []string) float64 {
	for _, l := range lines {
		s.text(class, x, y, l)
		y += high
	}
	return y
}

func (s *sheet) rect(class string, x, y, w, h, r float64) {
	fmt.Fprintf(&s.front, `<rect class="%s" x="%g" y="%g" width="%g" height="%g" rx="%g"/>`+"\n", class, round(x), round(y), round(w), round(h), r)
}

func (s *sheet) shape(class, format string, args ...any) {
	for i, a := range args {
		if f, is := a.(float64); is {
			args[i] = round(f)
		}
	}
	fmt.Fprintf(&s.front, `<path class="%s" d="%s"/>`+"\n", class, fmt.Sprintf(format, args...))
}

// open begins a group, all of which has a tooltip.
func (s *sheet) open(class, title string) {
	fmt.Fprintf(&s.front, `<g class="%s"><title>%s</title>`+"\n", class, markup(title))
}

func (s *sheet) end() { s.front.WriteString("</g>\n") }

// mark draws the sign of a verdict in a circle around a point.
func (s *sheet) mark(v Verdict, x, y float64) {
	fmt.Fprintf(&s.front, `<circle class="mark" cx="%g" cy="%g" r="7"/>`+"\n", round(x), round(y))
	switch v {
	case Confirmed:
		s.shape("sign", "M%g %gl2.4 2.6l4.6 -5.6", x-3.4, y+.4)
	case Refuted:
		s.shape("sign", "M%g %gl6 6m0 -6l-6 6", x-3, y-3)
	default:
		s.text("ask", x, y+3.6, "?")
	}
}

// heading writes the kind of picture above it.
func (s *sheet) heading(title, sub string) float64 {
	s.text("heading", margin, margin+15, title)
	s.cover(margin+measure(title)*17, margin+20)
	if sub == "" {
		return margin + 34
	}
	s.text("muted", margin, margin+34, sub)
	s.cover(margin+measure(sub)*fontSize, margin+34)
	return margin + 52
}

// legend explains signs, from the left to the right.
func (s *sheet) legend(y float64, verdicts bool) {
	if !verdicts {
		return
	}
	x := margin + 7
	for _, v := range []struct {
		verdict     Verdict
		class, word string
	}{{Confirmed, "confirmed", "confirmed"}, {Refuted, "refuted", "refuted"}, {Open, "open", "not verified"}, {Confirmed, "confirmed root", "root cause"}} {
		fmt.Fprintf(&s.front, `<g class="%s">`+"\n", v.class)
		s.mark(v.verdict, x, y)
		s.end()
		s.text("muted", x+13, y+4, v.word)
		x += 34 + measure(v.word)*fontSize
	}
	s.cover(x, y+8)
}

// write puts the picture together.
func (s *sheet) write(w io.Writer, title string) error {
	width, height := math.Ceil(s.width), math.Ceil(s.height)
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" class="rca" viewBox="0 0 %g %g" width="%[1]g" height="%[2]g" role="img">
<title>%[3]s</title>
%[4]s<rect class="sheet" width="%[1]g" height="%[2]g"/>
%[5]s%[6]s</svg>
`, width, height, markup(title), style(), s.back.String(), s.front.String())
	return err
}

// round keeps what can be seen.
func round(x float64) float64 { return math.Round(x*10) / 10 }

func widest(lines []string, size float64) float64 {
	w := 0.0
	for _, l := range lines {
		w = max(w, measure(l)*size)
	}
	return w
}

// class is the class of what shows a cause.
func (c *Cause) class() string {
	if c.root() {
		return "confirmed root"
	}
	return c.Verdict.String()
}

// tooltip is all there is to say of a cause.
func (c *Cause) tooltip() string {
	words := []string{c.Text, c.Verdict.String()}
	if c.root() {
		words[1] = "root cause"
	}
	if c.Verdict == Open {
		words[1] = "not verified"
	}
	if c.Evidence != "" {
		words = append(words, "evidence: "+c.Evidence)
	}
	return strings.Join(words, " · ")
}

// palette names colours and what they are, in pairs.
type palette []string

var (
	light = palette{"$sheet", "#ffffff", "$ink", "#18222d", "$muted", "#566474", "$line", "#8492a0", "$box", "#f3f6f9", "$good", "#1b7a43", "$pale", "#e4f3ea",
		"$bad", "#b3192c", "$rose", "#fde8ea", "$blue", "#2b69ad", "$sky", "#e3eefa", "$p1", "#f6c8a0", "$p2", "#f3dc8f", "$p3", "#b9d7f2", "$p4", "#cdc4ee", "$p5", "#b7e0c6"}
	dark = palette{"$sheet", "#12171d", "$ink", "#e8eef4", "$muted", "#9fadbb", "$line", "#6d7c8b", "$box", "#1d252e", "$good", "#43c77f", "$pale", "#17301f",
		"$bad", "#ff7383", "$rose", "#421a20", "$blue", "#6ca9ea", "$sky", "#182c42", "$p1", "#6d4423", "$p2", "#5e4f18", "$p3", "#224868", "$p4", "#453a70", "$p5", "#225038"}
)

// shapes are the rules that do not depend on the palette.
const shapes = `.rca { font-family:Arial,Helvetica,sans-serif; font-size:12px }
.rca .heading { font-size:17px; font-weight:bold }
.rca .strong, .rca .tag { font-weight:bold }
.rca .fine, .rca .gate, .rca .ask, .rca .tag { font-size:10.5px }
.rca .tag { letter-spacing:.5px }
.rca .middle, .rca .gate, .rca .ask, .rca .centre { text-anchor:middle }
.rca .right { text-anchor:end }
.rca .ask, .rca .gate { font-weight:bold }
.rca .link, .rca .sign, .rca .twig, .rca .rib, .rca .spine { fill:none }
.rca .link, .rca .twig { stroke-width:1.3 }
.rca .rib { stroke-width:2 }
.rca .spine { stroke-width:4 }
.rca .sign { stroke-width:1.7; stroke-linecap:round; stroke-linejoin:round }
.rca .box, .rca .symbol { stroke-width:1.3 }
.rca .root .box { stroke-width:2.6 }
.rca .open .box, .rca .open.twig { stroke-dasharray:4 3 }
.rca .refuted .said { text-decoration:line-through }
`

// paint are the rules that do. They have no custom properties, which some programs that
// show SVG do not know.
const paint = `.rca text { fill:$ink }
.rca .muted, .rca .fine, .rca .refuted .said { fill:$muted }
.rca .sheet { fill:$sheet }
.rca .link, .rca .twig, .rca .rib, .rca .spine { stroke:$line }
.rca .arrow { fill:$line }
.rca .box { fill:$box; stroke:$line }
.rca .problem .box { fill:$sky; stroke:$blue }
.rca .confirmed .box { fill:$pale; stroke:$good }
.rca .root .box { fill:$rose; stroke:$bad }
.rca .refuted .box { fill:$sheet; stroke:$line }
.rca .tag { fill:$bad }
.rca .fact .tag { fill:$muted }
.rca .began .tag { fill:$bad }
.rca .restored .tag { fill:$good }
.rca .mark { fill:$sheet; stroke:$line }
.rca .ask { fill:$muted }
.rca .sign { stroke:$muted }
.rca .confirmed .mark { stroke:$good }
.rca .confirmed .sign { stroke:$good }
.rca .root .mark { fill:$bad; stroke:$bad }
.rca .root .sign { stroke:$sheet }
.rca .root .named { fill:$bad }
.rca .symbol { fill:$sky; stroke:$blue }
.rca .event .symbol { fill:$sheet; stroke:$ink }
.rca .repeated .symbol { fill:$p2; stroke:$ink }
.rca .dot { fill:$sheet; stroke:$line; stroke-width:2 }
.rca .milestone .dot { fill:$blue; stroke:$blue }
.rca .began .dot { fill:$bad; stroke:$bad }
.rca .restored .dot { fill:$good; stroke:$good }
.rca .detection { fill:$p1 }
.rca .response { fill:$p2 }
.rca .diagnosis { fill:$p3 }
.rca .repair { fill:$p4 }
.rca .recovery { fill:$p5 }
`

// style is for light and dark. Whatever a colour says, a sign, a border or a word says
// too. All rules are for what lies in the image, so that it can stand in any page.
func style() string {
	return "<style>\n" + shapes + light.fill(paint) + "@media (prefers-color-scheme: dark) {\n" + dark.fill(paint) + "}\n</style>\n"
}

func (p palette) fill(rules string) string { return strings.NewReplacer(p...).Replace(rules) }
