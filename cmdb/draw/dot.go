package draw

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// DOT writes the picture for Graphviz. Its nodes are named as the items are.
func (p Picture) DOT(w io.Writer) error {
	if _, err := p.index(); err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("digraph {\n")
	fmt.Fprintf(&b, "\tgraph [rankdir=LR, labelloc=t, labeljust=l, fontname=\"Helvetica\", label=%s]\n", quoted(p.Title, p.Subtitle))
	b.WriteString("\tnode [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11]\n")
	b.WriteString("\tedge [color=\"#6b7a8a\", fontname=\"Helvetica\", fontsize=9]\n")
	for _, it := range p.Items {
		l := it.kind().look()
		fmt.Fprintf(&b, "\t%s [label=%s, fillcolor=%q, color=%q, fontcolor=%q]\n",
			quoted(it.ID), quoted(it.head(), it.sub(), l.word), l.fill, l.border, l.ink)
	}
	for _, l := range p.Links {
		fmt.Fprintf(&b, "\t%s -> %s", quoted(l.To), quoted(l.From))
		var says []string
		if l.Soft {
			says = append(says, "style=dashed")
		}
		if l.Label != "" {
			says = append(says, "label="+quoted(l.Label))
		}
		if len(says) > 0 {
			fmt.Fprintf(&b, " [%s]", strings.Join(says, ", "))
		}
		b.WriteString("\n")
	}
	b.WriteString("}\n")
	_, err := w.Write(b.Bytes())
	return err
}

// quoted writes lines as one string of DOT, without those that are empty. Different
// texts stay different, since they are ids: whatever Graphviz would stumble over is
// written as an entity, and an entity in the text loses its meaning.
func quoted(lines ...string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, line := range lines {
		if line == "" {
			continue
		}
		if b.Len() > 1 {
			b.WriteString(`\n`)
		}
		for i, r := range line {
			switch {
			case r == '"' || r == '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			case r == '\n':
				b.WriteString(`\n`)
			case r == '&':
				b.WriteString("&amp;")
			case r < ' ': // as the symbol for it
				fmt.Fprintf(&b, "&#x%x;", 0x2400+r)
			case r == utf8.RuneError && !strings.HasPrefix(line[i:], "\ufffd"): // no UTF-8
				fmt.Fprintf(&b, "&#xfffd;%x", line[i])
			default:
				b.WriteRune(r)
			}
		}
	}
	return b.String() + `"`
}
