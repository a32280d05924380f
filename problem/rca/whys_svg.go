package rca

import (
	"fmt"
	"io"
)

const (
	whyWidth = 224.0
	whyGap   = 46.0 // between a why and the next
	whyPad   = 10.0
	whyText  = whyWidth - 2*whyPad - 20 // beside the sign
)

// whyBox is an answer in the picture.
type whyBox struct {
	place
	class, title string
	verdict      Verdict
	root, first  bool
	said, proof  []string
	kids         []*whyBox
}

// SVG draws the whys as a tree from the left to the right. Whys that are not valid give
// an error, and nothing is written.
func (y *Whys) SVG(w io.Writer) error {
	if err := y.Validate(); err != nil {
		return err
	}
	top := newWhyBox(&Cause{Text: y.Problem, Because: y.Answers}, 0)
	top.first, top.class, top.title = true, "problem", y.Problem
	s := &sheet{}
	from := s.heading("Five whys", summary(y.RootCauses(), y.Open())) + 20
	end := top.settle(from, 14)
	deepest := 0
	s.whys(top, &deepest)
	for d := range deepest + 1 {
		name := "Problem"
		if d > 0 {
			name = fmt.Sprintf("Why? %d", d)
		}
		s.text("muted", whyLeft(d), from-9, name)
	}
	s.legend(end+26, true)
	return s.write(w, "Five whys: "+y.Problem)
}

func summary(roots []RootCause, open []string) string {
	return plural(len(roots), "root cause") + " confirmed, " + plural(len(open), "answer") + " to verify"
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func newWhyBox(c *Cause, depth int) *whyBox {
	b := &whyBox{class: c.class(), title: c.tooltip(), verdict: c.Verdict, root: c.root(),
		said: wrap(c.Text, fontSize, whyText, 8), proof: wrap(c.Evidence, fineSize, whyText, 4)}
	b.depth = depth
	b.extent = 2*whyPad + float64(len(b.said))*lineHigh + float64(len(b.proof))*fineHigh - 2
	if b.root {
		b.extent += fineHigh + 2
	}
	if len(b.proof) > 0 {
		b.extent += 3
	}
	for i := range c.Because {
		k := newWhyBox(&c.Because[i], depth+1)
		b.kids = append(b.kids, k)
		b.place.kids = append(b.place.kids, &k.place)
	}
	return b
}

func whyLeft(depth int) float64 { return margin + float64(depth)*(whyWidth+whyGap) }

func (s *sheet) whys(b *whyBox, deepest *int) {
	*deepest = max(*deepest, b.depth)
	x, y := whyLeft(b.depth), b.across
	s.cover(x+whyWidth, y+b.extent)
	for _, k := range b.kids {
		s.line("link", "M%g %gh%gV%gH%g", x+whyWidth, b.middle(), whyGap/2, k.middle(), whyLeft(k.depth))
	}
	s.open(b.class, b.title)
	s.rect("box", x, y, whyWidth, b.extent, 6)
	at, left := y+whyPad+10, x+whyPad+20
	if b.first {
		left = x + whyPad
	} else {
		s.mark(b.verdict, x+whyPad+5, y+whyPad+6)
	}
	if b.root {
		s.text("tag", left, at, "ROOT CAUSE")
		at += fineHigh + 2
	}
	at = s.lines("said", left, at, lineHigh, b.said)
	s.lines("fine", left, at+1, fineHigh, b.proof)
	s.end()
	for _, k := range b.kids {
		s.whys(k, deepest)
	}
}
