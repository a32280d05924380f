package rca

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Text writes the whole analysis for a terminal or a mail. An analysis that is not valid
// gives an error, and nothing is written.
func (a Analysis) Text(w io.Writer) error {
	if err := a.Validate(); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", oneLine(a.Title))
	if list := a.RootCauses(); len(list) > 0 {
		b.WriteString("\nRoot causes\n")
		for _, c := range list {
			fmt.Fprintf(&b, "  %s\n    evidence: %s\n", oneLine(c.Text), oneLine(c.Evidence))
			for _, open := range c.Open {
				fmt.Fprintf(&b, "    not verified on the way: %s\n", oneLine(open))
			}
		}
	}
	if a.Whys != nil {
		b.WriteString("\nFive whys\n")
		a.Whys.text(&b)
	}
	if a.Fishbone != nil {
		b.WriteString("\nCause and effect\n")
		a.Fishbone.text(&b)
	}
	if a.FaultTree != nil {
		b.WriteString("\nFault tree\n")
		a.FaultTree.text(&b)
	}
	if a.Timeline != nil {
		b.WriteString("\nTimeline\n")
		a.Timeline.text(&b)
	}
	if len(a.Factors) > 0 {
		b.WriteString("\nContributing factors\n")
		for _, f := range a.Factors {
			(&Cause{Text: f.Text, Evidence: f.Evidence, Verdict: f.Verdict}).text(&b, 1)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Text writes the whys as a list with indents. Whys that are not valid give an error.
func (y *Whys) Text(w io.Writer) error { return written(w, y.Validate(), y.text) }

// Text writes the causes by category, with indents. A diagram that is not valid gives an
// error.
func (f *Fishbone) Text(w io.Writer) error { return written(w, f.Validate(), f.text) }

// Text writes the tree with indents, what is repeated once, and its smallest minimal cut
// sets, if it can be solved. A tree that is not valid gives an error.
func (t *FaultTree) Text(w io.Writer) error { return written(w, t.Validate(), t.text) }

// Text writes the facts in the order of time, and how long the phases took. A timeline
// that is not valid gives an error.
func (t *Timeline) Text(w io.Writer) error { return written(w, t.Validate(), t.text) }

func written(w io.Writer, invalid error, text func(*bytes.Buffer)) error {
	if invalid != nil {
		return invalid
	}
	var b bytes.Buffer
	text(&b)
	_, err := w.Write(b.Bytes())
	return err
}

func indent(b *bytes.Buffer, depth int) { b.WriteString(strings.Repeat("  ", depth)) }

func (y *Whys) text(b *bytes.Buffer) {
	fmt.Fprintf(b, "  %s\n", oneLine(y.Problem))
	for i := range y.Answers {
		y.Answers[i].text(b, 2)
	}
}

func (f *Fishbone) text(b *bytes.Buffer) {
	fmt.Fprintf(b, "  %s\n", oneLine(f.Effect))
	for _, c := range f.Categories {
		fmt.Fprintf(b, "  %s\n", oneLine(c.Name))
		for i := range c.Causes {
			c.Causes[i].text(b, 2)
		}
	}
}

func (c *Cause) text(b *bytes.Buffer, depth int) {
	signs := [...]string{"?", "+", "-"}
	indent(b, depth)
	fmt.Fprintf(b, "%s %s", signs[c.Verdict], oneLine(c.Text))
	if c.Evidence != "" {
		fmt.Fprintf(b, " [%s]", oneLine(c.Evidence))
	}
	b.WriteString("\n")
	for i := range c.Because {
		c.Because[i].text(b, depth+1)
	}
}

// listed is how many cut sets a text lists.
const listed = 10

func (t *FaultTree) text(b *bytes.Buffer) {
	all, seen := t.nodes(), map[string]bool{}
	var add func(id string, depth int)
	add = func(id string, depth int) {
		n := all[id]
		indent(b, depth)
		fmt.Fprintf(b, "%s: %s", oneLine(id), n.label())
		switch {
		case n.event != nil && n.event.Probability != nil:
			fmt.Fprintf(b, ", %s", chance(*n.event.Probability))
		case n.gate != nil && seen[id]:
			b.WriteString(", see above")
		case n.gate != nil:
			fmt.Fprintf(b, ", %s:", n.gate.words())
		}
		b.WriteString("\n")
		if seen[id] {
			return
		}
		seen[id] = true
		for _, in := range n.inputs() {
			add(in, depth+1)
		}
	}
	add(t.Top, 1)
	s, err := t.Solve()
	if err != nil {
		fmt.Fprintf(b, "  not solved: %v\n", err)
		return
	}
	if p, err := s.Probability(); err == nil {
		fmt.Fprintf(b, "  probability of the top event: %s\n", chance(p))
	}
	sets, complete := s.CutSets(listed)
	fmt.Fprintf(b, "  minimal cut sets: %v\n", s.CountCutSets())
	for _, c := range sets {
		ids := make([]string, len(c.Events))
		for i, id := range c.Events {
			ids[i] = oneLine(id)
		}
		fmt.Fprintf(b, "    %s", strings.Join(ids, ", "))
		if c.Probability != nil {
			fmt.Fprintf(b, ": %s", chance(*c.Probability))
		}
		b.WriteString("\n")
	}
	if !complete {
		b.WriteString("    …\n")
	}
}

func (t *Timeline) text(b *bytes.Buffer) {
	facts := t.Sorted()
	for i, f := range facts {
		at := f.At.In(facts[0].At.Location())
		fmt.Fprintf(b, "  %s  ", at.Format("2006-01-02 15:04:05 MST"))
		if f.Kind != "" && f.Kind != Happened {
			fmt.Fprintf(b, "%s: ", f.Kind)
		}
		b.WriteString(oneLine(f.Text))
		if f.Source != "" {
			fmt.Fprintf(b, " (%s)", oneLine(f.Source))
		}
		b.WriteString("\n")
		if i+1 < len(facts) {
			if d := facts[i+1].At.Sub(f.At); d > 0 {
				fmt.Fprintf(b, "    +%s\n", lasted(d))
			}
		}
	}
	for _, p := range t.Phases() {
		fmt.Fprintf(b, "  %s: %s\n", p.Name, lasted(p.Took))
	}
	if d, known := t.Outage(); known {
		fmt.Fprintf(b, "  damage: %s\n", lasted(d))
	}
}
