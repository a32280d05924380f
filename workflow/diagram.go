package workflow

import (
	"fmt"
	"strings"
)

// Mermaid draws the definition as a Mermaid state diagram, which many wikis and
// code hosts show as a picture. The same definition always gives the same text.
func Mermaid(d Definition) string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	ids := make(map[string]string, len(d.States))
	for i, s := range d.States {
		ids[s.Name] = fmt.Sprintf("s%d", i+1)
		fmt.Fprintf(&b, "    state \"%s\" as %s\n", mermaidText(labelOf(s.Label, s.Name)), ids[s.Name])
	}
	if id := ids[d.Initial]; id != "" {
		fmt.Fprintf(&b, "    [*] --> %s\n", id)
	}
	labels := d.actionLabels()
	for _, t := range d.Transitions {
		for _, from := range t.From {
			if ids[from] != "" && ids[t.To] != "" {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", ids[from], ids[t.To], mermaidText(t.caption(labels)))
			}
		}
	}
	for _, s := range d.States {
		if s.Category.Final() {
			fmt.Fprintf(&b, "    %s --> [*]\n", ids[s.Name])
		}
	}
	return b.String()
}

// DOT draws the definition in the language of Graphviz. The same definition
// always gives the same text.
func DOT(d Definition) string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n\trankdir=LR\n\tnode [shape=box, style=rounded]\n", dotText(d.Name))
	known := make(map[string]bool, len(d.States))
	for _, s := range d.States {
		known[s.Name] = true
		shape := ""
		if s.Category.Final() {
			shape = ", peripheries=2"
		}
		fmt.Fprintf(&b, "\t%s [label=%s%s]\n", dotText(s.Name), dotText(labelOf(s.Label, s.Name)), shape)
	}
	if known[d.Initial] {
		fmt.Fprintf(&b, "\t\"\" [shape=point]\n\t\"\" -> %s\n", dotText(d.Initial))
	}
	labels := d.actionLabels()
	for _, t := range d.Transitions {
		style := ""
		if t.Automatic {
			style = ", style=dashed"
		}
		for _, from := range t.From {
			if known[from] && known[t.To] {
				fmt.Fprintf(&b, "\t%s -> %s [label=%s%s]\n", dotText(from), dotText(t.To), dotText(t.caption(labels)), style)
			}
		}
	}
	b.WriteString("}\n")
	return b.String()
}

func labelOf(label, name string) string {
	if label == "" {
		return name
	}
	return label
}

func (d *Definition) actionLabels() map[string]string {
	labels := make(map[string]string, len(d.Actions))
	for _, a := range d.Actions {
		labels[a.Name] = labelOf(a.Label, a.Name)
	}
	return labels
}

// caption gives "Resolve [tasks_done, !frozen]".
func (t *Transition) caption(labels map[string]string) string {
	text := labelOf(labels[t.Action], t.Action)
	if t.Automatic {
		text = "automatic"
	}
	if len(t.Guards) > 0 {
		text += " [" + strings.Join(t.Guards, ", ") + "]"
	}
	return text
}

// mermaidText writes what means something to Mermaid as entities.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < ' ':
			b.WriteByte(' ')
		case strings.ContainsRune("\"#;:<>&`{}%\\", r):
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// dotText quotes a text for Graphviz.
func dotText(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
