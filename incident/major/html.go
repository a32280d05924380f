package major

import (
	"bytes"
	"fmt"
	"html"
	"io"
	"slices"
	"strings"
)

// HTML writes the report as a page that needs nothing but itself. It is also well-formed
// XML, and nothing in the data becomes markup.
func (r *Report) HTML(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, pageHead, markup(r.heading()), markup(r.heading()), markup(r.subtitle()))
	for _, s := range r.sections() {
		s.html(&b)
	}
	b.WriteString("</main>\n</body>\n</html>\n")
	_, err := w.Write(b.Bytes())
	return err
}

const pageHead = `<!DOCTYPE html>
<html lang="en" xmlns="http://www.w3.org/1999/xhtml">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>%s</title>
<style>
body { margin:0; padding:1.5rem; font-family:Arial,Helvetica,sans-serif; font-size:.95rem; line-height:1.45; background:#ffffff; color:#18222d }
main { max-width:72rem; margin:0 auto }
h1 { font-size:1.6rem; margin:0 0 .3rem }
h2 { font-size:1.15rem; margin:1.8rem 0 .5rem }
p { max-width:50rem; margin:.4rem 0 }
p.none { color:#55616d; font-style:italic }
.wide { overflow-x:auto }
table { border-collapse:collapse; width:100%% }
th, td { text-align:left; vertical-align:top; padding:.35rem .7rem .35rem 0; border-bottom:1px solid #bcc6d1; overflow-wrap:break-word }
th { white-space:nowrap }
th[scope=row] { width:1%% }
td { min-width:4.5rem; max-width:40rem }
td:last-child { min-width:12rem }
td.short { white-space:nowrap; font-variant-numeric:tabular-nums }
@media (prefers-color-scheme: dark) {
body { background:#12171d; color:#e8eef4 }
th, td { border-color:#465361 }
p.none { color:#9aa7b4 }
}
@media print { body { padding:0 } tr { break-inside:avoid } }
</style>
</head>
<body>
<main>
<h1>%s</h1>
<p>%s</p>
`

func (s section) html(b *bytes.Buffer) {
	fmt.Fprintf(b, "<h2>%s</h2>\n", markup(s.title))
	plain := len(s.head) > 0 && strings.Join(s.head, "") == "" // rows with a name, no head
	switch {
	case s.text != "":
		paragraphs(b, s.text)
	case s.none != "" && (len(s.rows) == 0 || plain):
		fmt.Fprintf(b, "<p class=\"none\">%s</p>\n", markup(s.none))
	}
	if len(s.rows) == 0 {
		return
	}
	fmt.Fprintf(b, `<div class="wide" tabindex="0" role="region" aria-label="%s">`+"\n<table>\n", markup(s.title))
	if !plain {
		b.WriteString("<thead><tr>")
		for _, name := range s.head {
			fmt.Fprintf(b, `<th scope="col">%s</th>`, markup(name))
		}
		b.WriteString("</tr></thead>\n")
	}
	b.WriteString("<tbody>\n")
	for _, row := range s.rows {
		b.WriteString("<tr>")
		for i, cell := range row {
			switch {
			case i == 0:
				fmt.Fprintf(b, `<th scope="row">%s</th>`, markup(cell))
			case isShort(s.head[i]):
				fmt.Fprintf(b, `<td class="short">%s</td>`, markup(cell))
			default:
				fmt.Fprintf(b, "<td>%s</td>", markup(cell))
			}
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n</div>\n")
}

func isShort(head string) bool {
	return slices.Contains([]string{"From", "Until", "Due", "Sent", "Took", "Kind", "State", "Status"}, head)
}

// paragraphs writes a text with an empty line between its paragraphs.
func paragraphs(b *bytes.Buffer, text string) {
	for _, p := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if p = strings.TrimSpace(p); p != "" {
			fmt.Fprintf(b, "<p>%s</p>\n", strings.ReplaceAll(markup(p), "\n", "<br/>\n"))
		}
	}
}

func markup(s string) string { return html.EscapeString(printable(s)) }
