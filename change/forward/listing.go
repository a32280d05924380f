package forward

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Text writes the schedule for a terminal, lane by lane. A change in conflict has an
// exclamation mark in front, and its conflicts below.
func (s *Schedule) Text(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n", s.heading(), oneLine(s.subtitle()))
	if len(s.windows) > 0 {
		b.WriteString("\nWindows\n")
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, w := range s.windows {
			fmt.Fprintf(t, "  %s\t%s\t%s\tfor %s\n", span(w.Start, w.End), kindName(w.Kind), oneLine(w.Name), oneLine(w.Covers()))
		}
		_ = t.Flush() // a bytes.Buffer takes everything
	}
	for _, l := range s.lanes {
		fmt.Fprintf(&b, "\n%s\n", oneLine(s.label(l)))
		l.list(&b)
	}
	if len(s.lanes) == 0 {
		b.WriteString("\nNo changes in this time.\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// list writes the changes of a lane. The conflicts stand below their line, so that
// they take no room from the columns.
func (l Lane) list(b *bytes.Buffer) {
	var table bytes.Buffer
	t := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, e := range l.Entries {
		mark := " "
		if len(e.Conflicts) > 0 {
			mark = "!"
		}
		facts := []string{string(e.Type), string(e.Status)}
		if e.Risk != "" {
			facts = append(facts, e.Risk+" risk")
		}
		if e.Team != "" {
			facts = append(facts, e.Team)
		}
		fmt.Fprintf(t, "%s %s\t%s\t%s\t%s\n", mark, span(e.Start, e.End), clip(oneLine(e.ID)), clip(oneLine(e.Title)), oneLine(strings.Join(facts, ", ")))
	}
	_ = t.Flush() // a bytes.Buffer takes everything
	rows := strings.SplitAfter(table.String(), "\n")
	for i, e := range l.Entries {
		b.WriteString(rows[i])
		for _, c := range lines(e.Conflicts) {
			fmt.Fprintf(b, "      %s\n", c)
		}
	}
}

// Covers tells what the window is for, in words: "everything", or "services Shop, Mail".
func (w Window) Covers() string {
	s := w.Scope
	if s.Everything {
		return "everything"
	}
	var parts []string
	for _, list := range []struct {
		what  string
		names []string
	}{{"services ", s.Services}, {"items ", s.Items}, {"classes ", s.Classes}} {
		if len(list.names) > 0 {
			parts = append(parts, list.what+strings.Join(list.names, ", "))
		}
	}
	if len(s.Where) > 0 {
		parts = append(parts, "items by their attributes")
	}
	if len(parts) == 0 {
		return "what is not known"
	}
	return strings.Join(parts, "; ")
}
