package major

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Report is the report after a major incident: data, which [Report.HTML] and
// [Report.Text] write down. The same data gives the same bytes.
type Report struct {
	Organisation string
	Number       string
	Title        string
	State        string
	Priority     string
	Service      string      // the affected service, as people have named it
	Items        []string    // the configuration items that failed, as people have named them
	Suffering    []Suffering // the services that suffered from that, the worst first
	More         int         // and so many more
	Children     int
	Resolution   string // the notes with which it was resolved
	Case         *Case
	Figures      []Figure
	Timeline     []Entry
	Zone         *time.Location // in which times are shown; nil means UTC
}

// section is a part of the report: a text, or a table.
type section struct {
	title string
	text  string
	head  []string
	rows  [][]string
	none  string // said when there is nothing
}

func (r *Report) time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	zone := r.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

func (r *Report) review() *Review {
	if r.Case.Review == nil {
		return &Review{}
	}
	return r.Case.Review
}

// facts is the head of the report.
func (r *Report) facts() section {
	s := section{title: "Overview", head: []string{"", ""}, text: r.review().Overview, none: "The overview is not written yet."}
	add := func(name, value string) {
		if value != "" {
			s.rows = append(s.rows, []string{name, value})
		}
	}
	add("Priority", r.Priority)
	add("State", strings.ReplaceAll(r.State, "_", " "))
	add("Service", r.Service)
	add("Configuration items", strings.Join(r.Items, ", "))
	add("Services that suffered", r.services())
	add("Business impact", r.Case.Impact)
	add("Child incidents", fmt.Sprint(r.Children))
	add("Why it was a major incident", r.Case.Reason)
	return s
}

// services lists the services that suffered, in one line.
func (r *Report) services() string {
	var texts []string
	for _, s := range r.Suffering {
		texts = append(texts, s.Name+" ("+s.State+")")
	}
	text := strings.Join(texts, ", ")
	if r.More > 0 {
		text += fmt.Sprintf(" and %d more", r.More)
	}
	return text
}

// suffering tells why they did.
func (r *Report) suffering() section {
	s := section{title: "Services that suffered", head: []string{"Service", "State", "Criticality", "Users", "Why"}}
	for _, x := range r.Suffering {
		name, users := x.Name, ""
		if x.Number != "" {
			name += " (" + x.Number + ")"
		}
		if x.Users > 0 {
			users = fmt.Sprint(x.Users)
		}
		s.rows = append(s.rows, []string{name, x.State, strings.ReplaceAll(x.Criticality, "_", " "), users, x.Path})
	}
	if r.More > 0 {
		s.text = fmt.Sprintf("The worst; there are %d more.", r.More)
	}
	return s
}

// sections are the parts of the report in their order.
func (r *Report) sections() []section {
	v := r.review()
	resolution := v.Resolution
	if resolution == "" {
		resolution = r.Resolution
	}
	list := []section{r.facts()}
	if len(r.Suffering) > 0 {
		list = append(list, r.suffering())
	}
	return append(list,
		r.figures(),
		section{title: "Findings", text: v.Findings, none: "The findings are not written yet."},
		r.factors(),
		section{title: "Resolution", text: resolution, none: "There is no word on the resolution."},
		section{title: "Lessons", text: v.Lessons, none: "No lessons are written down."},
		r.actions(), r.crew(), r.updates(), r.timeline(),
	)
}

func (r *Report) figures() section {
	s := section{title: "Key figures", head: []string{"Figure", "Took", "From", "Until"}}
	for _, f := range r.Figures {
		took := "not known"
		if f.Known() {
			took = span(f.Took)
		}
		s.rows = append(s.rows, []string{f.Name, took, r.time(f.From), r.time(f.To)})
	}
	return s
}

func (r *Report) factors() section {
	s := section{title: "Contributing factors", head: []string{"", "Factor"}, none: "No contributing factors are written down."}
	for i, f := range r.review().Factors {
		s.rows = append(s.rows, []string{fmt.Sprint(i + 1), f})
	}
	return s
}

func (r *Report) actions() section {
	s := section{title: "Actions", head: []string{"", "Action", "Owner", "Due", "State", "Note"}, none: "There are no actions."}
	for _, a := range r.review().Actions {
		s.rows = append(s.rows, []string{fmt.Sprint(a.Number), a.Title, a.Owner, r.time(a.Due), string(a.State), a.Note})
	}
	return s
}

func (r *Report) crew() section {
	s := section{title: "People", head: []string{"Role", "Person", "From", "Until", "Note"}, none: "Nobody had a role."}
	for _, t := range r.Case.Crew {
		s.rows = append(s.rows, []string{strings.ReplaceAll(string(t.Role), "_", " "), t.Person, r.time(t.From), r.time(t.Until), t.Note})
	}
	return s
}

func (r *Report) updates() section {
	s := section{title: "Updates", head: []string{"", "Sent", "By", "Status", "To", "Text"}, none: "No updates were sent."}
	for _, u := range r.Case.Updates {
		s.rows = append(s.rows, []string{fmt.Sprint(u.Number), r.time(u.At), u.By, string(u.Status), strings.Join(u.Communications, ", "), u.Text})
	}
	return s
}

func (r *Report) timeline() section {
	s := section{title: "Timeline", head: []string{"Time", "Kind", "By", "What happened"}, none: "Nothing happened."}
	for _, e := range r.Timeline {
		text := e.Text
		if !e.Written.IsZero() && !e.Written.Equal(e.At) {
			text += " (written down " + r.time(e.Written) + ")"
		}
		s.rows = append(s.rows, []string{r.time(e.At), string(e.Kind), e.By, text})
	}
	return s
}

func (r *Report) heading() string { return r.Number + ": " + r.Title }

func (r *Report) subtitle() string {
	text := "Report after a major incident"
	if r.Organisation != "" {
		text += " of " + r.Organisation
	}
	if v := r.review(); !v.FinishedAt.IsZero() {
		return text + ", reviewed by " + v.FinishedBy + " on " + r.time(v.FinishedAt) + "."
	}
	return text + ". The review is not finished."
}

// Text writes the report as plain text. Control characters become spaces, except the line
// breaks of sections.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", oneLine(r.heading()), oneLine(r.subtitle()))
	for _, s := range r.sections() {
		fmt.Fprintf(&b, "\n%s\n%s\n", s.title, strings.Repeat("-", len(s.title)))
		if s.text != "" {
			for line := range strings.Lines(s.text) {
				b.WriteString(oneLine(line) + "\n")
			}
		} else if s.none != "" && (len(s.rows) == 0 || s.head[0] == "" && s.head[1] == "") {
			b.WriteString(s.none + "\n")
		}
		s.columns(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// columns writes a table with its columns aligned, all but the last.
func (s section) columns(b *strings.Builder) {
	rows := s.rows
	if len(rows) > 0 && strings.Join(s.head, "") != "" {
		rows = append([][]string{s.head}, rows...)
	}
	width := make([]int, len(s.head))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = min(40, max(width[i], len([]rune(oneLine(cell)))))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s  ", width[i], oneLine(cell))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

// printable takes what a terminal or a browser could take for an instruction out of a text.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t':
			return c
		case c < 0x20, c >= 0x7f && c < 0xa0, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069, c == 0xfffe, c == 0xffff:
			return ' '
		}
		return c
	}, strings.ToValidUTF8(s, "\ufffd"))
}
