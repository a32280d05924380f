package rca

import (
	"fmt"
	"io"
	"strings"
)

const (
	faultWidth = 132.0
	faultText  = faultWidth - 14
	faultGap   = 14.0
	symbolHigh = 36.0
	symbolGap  = 10.0 // between a box and its symbol
	levelGap   = 40.0
)

// faultBox is an occurrence of a gate or event in the picture.
type faultBox struct {
	place
	node node
	said []string
	fine string
	kids []*faultBox
	more bool // a gate that is drawn in full elsewhere
	high float64
}

// SVG draws the tree from its top down, each gate and event as often as it is an input.
// A gate that is repeated is drawn in full once, and with a triangle, the sign of a
// transfer, wherever else it stands; an event that is repeated is filled. If all
// probabilities are known, and the tree can be solved, those of the gates are told too.
// A tree that is not valid gives an error, and nothing is written.
func (t *FaultTree) SVG(w io.Writer) error {
	if err := t.Validate(); err != nil {
		return err
	}
	all := t.nodes()
	uses := t.uses()
	p := picture{all: all, uses: uses, drawn: map[string]bool{}}
	if s, err := t.Solve(); err == nil && s.known() == nil {
		p.solved, p.known = s, s.probabilities()
	}
	top := p.box(t.Top, 0)
	s := &sheet{}
	from := s.heading("Fault tree", p.summary())
	top.settle(margin, faultGap)
	levels := []float64{from}
	for d := 0; d < len(p.highest); d++ {
		levels = append(levels, levels[d]+p.highest[d]+symbolGap+symbolHigh+levelGap)
	}
	s.fault(top, levels, uses)
	s.symbols(s.height - margin + 34)
	return s.write(w, "Fault tree: "+all[t.Top].label())
}

// uses counts where each id is an input.
func (t *FaultTree) uses() map[string]int {
	uses := map[string]int{}
	for _, g := range t.Gates {
		for _, in := range g.Inputs {
			uses[in]++
		}
	}
	return uses
}

type picture struct {
	all     map[string]node
	uses    map[string]int
	drawn   map[string]bool // gates
	solved  *Solution
	known   []float64
	highest []float64 // box of each level
}

func (p *picture) summary() string {
	text := ""
	if p.solved == nil {
		return text
	}
	text = fmt.Sprintf("probability of the top event %s", chance(p.known[p.solved.top]))
	if n := p.solved.CountCutSets(); n.IsInt64() && n.Int64() == 1 {
		return text + ", 1 minimal cut set"
	}
	return text + fmt.Sprintf(", %v minimal cut sets", p.solved.CountCutSets())
}

func (p *picture) box(id string, depth int) *faultBox {
	n := p.all[id]
	b := &faultBox{node: n, said: wrap(n.label(), fontSize-.5, faultText, 5), more: p.drawn[id]}
	b.depth, b.extent = depth, faultWidth
	var fine []string
	if oneLine(id) != n.label() {
		fine = append(fine, strings.Join(wrap(id, fineSize, faultText-40, 1), ""))
	}
	switch {
	case p.solved != nil:
		fine = append(fine, chance(p.known[p.solved.functions[id]]))
	case n.event != nil && n.event.Probability != nil:
		fine = append(fine, chance(*n.event.Probability))
	}
	b.fine = strings.Join(fine, " · ")
	b.high = float64(len(b.said))*lineHigh + 12
	if b.fine != "" {
		b.high += fineHigh
	}
	if len(p.highest) == depth {
		p.highest = append(p.highest, 0)
	}
	p.highest[depth] = max(p.highest[depth], b.high)
	if n.gate == nil || b.more {
		return b
	}
	p.drawn[id] = true
	for _, in := range n.gate.Inputs {
		k := p.box(in, depth+1)
		b.kids = append(b.kids, k)
		b.place.kids = append(b.place.kids, &k.place)
	}
	return b
}

// tooltip is all there is to say of the box.
func (b *faultBox) tooltip(times int) string {
	text := b.node.label() + " · " + b.node.id()
	if g := b.node.gate; g != nil {
		text += " · " + g.words()
	}
	if times > 1 {
		text += fmt.Sprintf(" · stands in %d places", times)
	}
	if b.node.event != nil && b.node.event.Undeveloped {
		text += " · not developed further"
	}
	return text
}

// words say how many inputs are enough.
func (g *Gate) words() string {
	switch g.Kind {
	case And:
		return "all of these"
	case Or:
		return "any of these"
	}
	return fmt.Sprintf("%d of these %d", g.K, len(g.Inputs))
}

func (s *sheet) fault(b *faultBox, levels []float64, uses map[string]int) {
	x, y, c := b.across, levels[b.depth], b.middle()
	s.cover(x+b.extent, y+b.high+symbolGap+symbolHigh)
	class, times := "gate-box", uses[b.node.id()]
	if b.node.event != nil {
		class = "event"
		if times > 1 {
			class += " repeated"
		}
	}
	s.open(class, b.tooltip(times))
	s.rect("box", x, y, b.extent, b.high, 3)
	at := s.lines("centre", c, y+18, lineHigh, b.said)
	if b.fine != "" {
		s.text("fine middle", c, at-1, b.fine)
	}
	under := y + b.high
	s.line("link", "M%g %gv%g", c, under, symbolGap)
	s.symbol(b, c, under+symbolGap)
	s.end()
	if len(b.kids) == 0 {
		return
	}
	foot := under + symbolGap + symbolHigh
	bus := levels[b.depth+1] - levelGap/2
	s.line("link", "M%g %gV%g", c, foot-3, bus)
	for _, k := range b.kids {
		s.line("link", "M%g %gH%gV%g", c, bus, k.middle(), levels[k.depth])
		s.fault(k, levels, uses)
	}
}

// symbol draws the sign of a gate or event below its box (IEC 61025, NUREG-0492).
func (s *sheet) symbol(b *faultBox, x, y float64) {
	switch {
	case b.node.event != nil && b.node.event.Undeveloped:
		s.shape("symbol", "M%g %gl18 15l-18 15l-18 -15z", x, y)
	case b.node.event != nil:
		fmt.Fprintf(&s.front, `<circle class="symbol" cx="%g" cy="%g" r="15"/>`+"\n", round(x), round(y+15))
	case b.more:
		s.shape("symbol", "M%g %gl17 29h-34z", x, y)
	case b.node.gate.Kind == And:
		s.shape("symbol", "M%g %gv-18a20 18 0 0 1 40 0v18z", x-20, y+symbolHigh)
		s.text("gate", x, y+25, "&")
	default:
		text := "≥1"
		if b.node.gate.Kind == Vote {
			text = fmt.Sprintf("%d/%d", b.node.gate.K, len(b.node.gate.Inputs))
		}
		s.shape("symbol", "M%g %gc-13 7 -20 18 -20 36q20 -9 40 0c0 -18 -7 -29 -20 -36z", x, y)
		s.text("gate", x, y+25, text)
	}
}

// symbols explains the signs.
func (s *sheet) symbols(y float64) {
	x := margin
	for _, l := range []struct {
		text string
		b    faultBox
		more string
	}{
		{"all of", faultBox{node: node{gate: &Gate{Kind: And}}}, "gate-box"},
		{"any of", faultBox{node: node{gate: &Gate{Kind: Or}}}, "gate-box"},
		{"k of n", faultBox{node: node{gate: &Gate{Kind: Vote, K: 2, Inputs: []string{"", "", ""}}}}, "gate-box"},
		{"drawn elsewhere", faultBox{node: node{gate: &Gate{}}, more: true}, "gate-box"},
		{"event", faultBox{node: node{event: &Event{}}}, "event"},
		{"not developed", faultBox{node: node{event: &Event{Undeveloped: true}}}, "event"},
		{"in several places", faultBox{node: node{event: &Event{}}}, "event repeated"},
	} {
		fmt.Fprintf(&s.front, `<g class="%s" transform="translate(%g %g) scale(.6)">`+"\n", l.more, round(x), round(y))
		s.symbol(&l.b, 20, 0)
		s.end()
		s.text("muted", x+30, y+14, l.text)
		x += 52 + measure(l.text)*fontSize
	}
	s.cover(x, y+24)
}
