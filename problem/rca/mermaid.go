package rca

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Mermaid writes the whys as a flowchart of Mermaid.
func (y *Whys) Mermaid(w io.Writer) error {
	if err := y.Validate(); err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "flowchart LR\n  n0[\"%s\"]:::problem\n", escaped(y.Problem))
	n := 0
	var add func(c *Cause, up int)
	add = func(c *Cause, up int) {
		n++
		me, class, word := n, c.Verdict.String(), c.Verdict.String()
		switch {
		case c.root():
			class, word = "root", "root cause"
		case c.Verdict == Open:
			word = "not verified"
		}
		lines := []string{escaped(c.Text)}
		if oneLine(c.Evidence) != "" {
			lines = append(lines, escaped(c.Evidence))
		}
		fmt.Fprintf(&b, "  n%d[\"%s\"]:::%s\n  n%d --> n%d\n", me, strings.Join(append(lines, "("+word+")"), "<br/>"), class, up, me)
		for i := range c.Because {
			add(&c.Because[i], me)
		}
	}
	for i := range y.Answers {
		add(&y.Answers[i], 0)
	}
	b.WriteString(`  classDef problem fill:#e3eefa,stroke:#2b69ad,color:#18222d
  classDef open fill:#f3f6f9,stroke:#8492a0,color:#18222d,stroke-dasharray:4 3
  classDef confirmed fill:#e4f3ea,stroke:#1b7a43,color:#18222d
  classDef refuted fill:#ffffff,stroke:#8492a0,color:#566474
  classDef root fill:#fde8ea,stroke:#b3192c,color:#18222d,stroke-width:2px
`)
	_, err := w.Write(b.Bytes())
	return err
}

// Mermaid writes the tree as a flowchart of Mermaid. What is repeated stands there once,
// with a line from each gate that it feeds.
func (t *FaultTree) Mermaid(w io.Writer) error {
	if err := t.Validate(); err != nil {
		return err
	}
	all, number := t.nodes(), map[string]int{}
	var boxes, lines bytes.Buffer
	var add func(id string) int
	add = func(id string) int {
		if me, there := number[id]; there {
			return me
		}
		me, n := len(number), all[id]
		number[id] = me
		if n.event != nil {
			text := escaped(n.label())
			if p := n.event.Probability; p != nil {
				text += "<br/>" + chance(*p)
			}
			fmt.Fprintf(&boxes, "  n%d([\"%s\"]):::event\n", me, text)
			return me
		}
		fmt.Fprintf(&boxes, "  n%d[\"%s<br/>%s\"]:::gate\n", me, escaped(n.label()), n.gate.words())
		for _, in := range n.gate.Inputs {
			fmt.Fprintf(&lines, "  n%d --- n%d\n", me, add(in))
		}
		return me
	}
	add(t.Top)
	_, err := fmt.Fprintf(w, "flowchart TD\n%s%s  classDef gate fill:#e3eefa,stroke:#2b69ad,color:#18222d\n  classDef event fill:#f3f6f9,stroke:#18222d,color:#18222d\n",
		boxes.String(), lines.String())
	return err
}

// escaped writes as an entity whatever could mean something to Mermaid, which reads
// Markdown, HTML and directives inside of its strings.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range oneLine(text) {
		switch {
		case r == '"':
			b.WriteString("#quot;")
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r > unicode.MaxASCII || strings.ContainsRune(" -_.,/()+", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
