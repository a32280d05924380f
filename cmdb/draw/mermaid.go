package draw

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Mermaid writes the picture as a flowchart of Mermaid. Its nodes are numbered, n0
// for the first item, since Mermaid cannot name them as the items are.
func (p Picture) Mermaid(w io.Writer) error {
	at, err := p.index()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if title := p.heading(); title != "" {
		fmt.Fprintf(&b, "---\ntitle: %s\n---\n", strconv.Quote(title))
	}
	b.WriteString("flowchart LR\n")
	for i, it := range p.Items {
		lines := []string{escaped(it.head())}
		if sub := it.sub(); sub != "" {
			lines = append(lines, escaped(sub))
		}
		word := it.kind().look().word
		fmt.Fprintf(&b, "  n%d[\"%s\"]:::%s\n", i, strings.Join(append(lines, word), "<br/>"), word)
	}
	for _, l := range p.Links {
		arrow := "-->"
		if l.Soft {
			arrow = "-.->"
		}
		if l.Label != "" {
			arrow += fmt.Sprintf("|\"%s\"|", escaped(l.Label))
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", at[l.To], arrow, at[l.From])
	}
	for k := range kinds {
		l := k.look()
		fmt.Fprintf(&b, "  classDef %s fill:%s,stroke:%s,color:%s\n", l.word, l.fill, l.border, l.ink)
	}
	_, err = w.Write(b.Bytes())
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
