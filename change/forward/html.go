package forward

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// HTML writes a page with the picture, and with tables of all that it shows, that
// needs nothing but itself. It is also well-formed XML.
func (s *Schedule) HTML(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, pageHead, markup(s.heading()), markup(s.heading()), markup(s.subtitle()))
	b.Write(s.image())
	b.WriteString("</div>\n")
	s.changeTable(&b)
	s.windowTable(&b)
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
body { margin:0; padding:1.5rem; font-family:Arial,Helvetica,sans-serif; font-size:.9rem; line-height:1.4; background:#ffffff; color:#18222d }
h1 { font-size:1.5rem; margin:0 0 .3rem }
h2 { font-size:1.15rem; margin:1.8rem 0 .5rem }
.wide { overflow-x:auto; margin-top:1rem }
table { border-collapse:collapse; width:100%% }
caption { text-align:left; padding:.2rem .6rem; color:inherit }
th, td { text-align:left; vertical-align:top; padding:.35rem .6rem; border-bottom:1px solid #bcc6d1; min-width:4rem }
th { white-space:nowrap }
td.conflict { color:#a01024; font-weight:bold }
tr.cancelled td { text-decoration:line-through }
@media (prefers-color-scheme: dark) {
body { background:#12171d; color:#e8eef4 }
th, td { border-color:#465361 }
td.conflict { color:#ff8593 }
}
@media print { body { padding:0 } }
</style>
</head>
<body>
<main>
<h1>%s</h1>
<p>%s</p>
<div class="wide" tabindex="0" role="region" aria-label="Picture of the schedule">
`

func (s *Schedule) changeTable(b *bytes.Buffer) {
	b.WriteString("<h2>Changes</h2>\n")
	if len(s.entries) == 0 {
		b.WriteString("<p>There are no changes in this time.</p>\n")
		return
	}
	b.WriteString(`<div class="wide" tabindex="0" role="region" aria-label="Table of changes">` + "\n")
	b.WriteString(`<table class="changes">` + "\n<caption>By planned start. A change in conflict says why in the last column.</caption>\n")
	head(b, "Change", "Title", "Type", "Status", "State", "Risk", "Start", "End", "Services", "Items", "Team", "Conflicts")
	for _, e := range s.entries {
		fmt.Fprintf(b, `<tr class="%s">`, e.Status)
		fmt.Fprintf(b, `<th scope="row">%s</th>`, markup(e.ID))
		cells(b, e.Title, string(e.Type), string(e.Status), e.State, e.Risk)
		times(b, e.Start.Format(fullTime), e.Start.Format(isoTime))
		times(b, e.End.Format(fullTime), e.End.Format(isoTime))
		cells(b, strings.Join(e.Services, ", "), strings.Join(e.Items, ", "), e.Team)
		if len(e.Conflicts) > 0 {
			fmt.Fprintf(b, `<td class="conflict">⚠ %s</td>`, markup(strings.Join(e.Conflicts, "; ")))
		} else {
			b.WriteString("<td>none</td>")
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n</div>\n")
}

func (s *Schedule) windowTable(b *bytes.Buffer) {
	if len(s.windows) == 0 {
		return
	}
	b.WriteString("<h2>Blackouts and maintenance windows</h2>\n" + `<table class="windows">` + "\n")
	head(b, "Window", "Kind", "Start", "End", "For")
	for _, w := range s.windows {
		fmt.Fprintf(b, `<tr><th scope="row">%s</th>`, markup(w.Name))
		cells(b, kindName(w.Kind))
		times(b, w.Start.Format(fullTime), w.Start.Format(isoTime))
		times(b, w.End.Format(fullTime), w.End.Format(isoTime))
		cells(b, w.Covers())
		b.WriteString("</tr>\n")
	}
	b.WriteString("</tbody>\n</table>\n")
}

const isoTime = "2006-01-02T15:04:05Z07:00"

func head(b *bytes.Buffer, names ...string) {
	b.WriteString("<thead><tr>")
	for _, name := range names {
		fmt.Fprintf(b, `<th scope="col">%s</th>`, name)
	}
	b.WriteString("</tr></thead>\n<tbody>\n")
}

func cells(b *bytes.Buffer, texts ...string) {
	for _, text := range texts {
		fmt.Fprintf(b, "<td>%s</td>", markup(text))
	}
}

func times(b *bytes.Buffer, text, iso string) {
	fmt.Fprintf(b, `<td><time datetime="%s">%s</time></td>`, iso, markup(text))
}
