package cab

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow/approval"
)

// Minutes writes the minutes of a meeting as text: who was there, for whom and when,
// the quorum, every item with its decision, votes and reason, and what was put off.
// Times are in the board's zone. Before the minutes are published it is the draft; the
// text as published is [Meeting.Minutes].
func Minutes(m *Meeting) string {
	w := writer{m: m, loc: m.Board.location()}
	w.head()
	w.attendance()
	w.items()
	w.rest()
	return w.String()
}

type writer struct {
	strings.Builder
	m   *Meeting
	loc *time.Location
}

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

func (w *writer) clock(t time.Time) string { return t.In(w.loc).Format("15:04") }

func (w *writer) head() {
	m := w.m
	w.line("%s %s", m.Name(), m.Board.label())
	w.line("Planned: %s to %s (%s)", m.Start.In(w.loc).Format("Monday 2 January 2006, 15:04"), w.clock(m.End), m.Board.Zone)
	if m.Reason != "" {
		w.line("Reason: %s", oneLine(m.Reason))
	}
	switch {
	case m.State == StateCancelled:
		w.line("Cancelled")
	case m.Began.IsZero():
		w.line("Not held yet")
	case m.Ended.IsZero():
		w.line("Held: from %s, in session", m.Began.In(w.loc).Format("Monday 2 January 2006, 15:04"))
	default:
		w.line("Held: %s to %s", m.Began.In(w.loc).Format("Monday 2 January 2006, 15:04"), w.clock(m.Ended))
	}
	if len(m.Chairs) > 0 {
		w.line("Chair: %s", strings.Join(m.Chairs, ", then "))
	}
}

func (w *writer) attendance() {
	m := w.m
	if m.Began.IsZero() {
		return
	}
	w.line("\nPresent:")
	for _, a := range m.Attendance {
		span := "from " + w.clock(a.Joined)
		if !a.Left.IsZero() {
			span = w.clock(a.Joined) + " to " + w.clock(a.Left)
		}
		w.line("  %v (%s)", a, span)
	}
	var absent, mandatory []string
	for _, member := range m.Board.Members {
		if !slices.ContainsFunc(m.Attendance, func(a Attendance) bool { return a.seat() == member.Person }) {
			absent = append(absent, member.Person)
		}
		if member.Mandatory {
			mandatory = append(mandatory, member.Person)
		}
	}
	if len(absent) > 0 {
		w.line("Seats not taken: %s", strings.Join(absent, ", "))
	}
	text := fmt.Sprintf("Quorum: %d of %d seats", m.Board.Quorum, len(m.Board.Members))
	if len(mandatory) > 0 {
		text += ", among them " + strings.Join(mandatory, " and ")
	}
	w.line("%s", text)
}

func (w *writer) items() {
	n := 0
	for _, it := range w.m.Agenda {
		if it.Outcome != ForInformation {
			n++
			w.item(n, it)
		}
	}
}

func (w *writer) item(n int, it Item) {
	w.line("\n%d. %s %s", n, it.Number, oneLine(it.Title))
	if it.From != "" {
		w.line("   From %s", it.From)
	}
	if facts := factsInWords(it.Facts); facts != "" {
		w.line("   %s", facts)
	}
	w.outcome(it)
	if len(it.Votes) > 0 {
		w.line("   Votes: %s", tally(it.Votes))
		for _, b := range it.Votes {
			w.line("     %s", b.inWords())
		}
	}
	for _, r := range it.Recusals {
		w.line("   Does not decide: %s, %s", r.Person, oneLine(r.Why))
	}
	if it.Doubt != "" {
		w.line("   In doubt: %s", oneLine(it.Doubt))
	}
	for _, note := range it.Notes {
		w.line("   %s, %s: %s", note.At.In(w.loc).Format("2 January 15:04"), note.By, oneLine(note.Text))
	}
}

func (w *writer) outcome(it Item) {
	d := it.Decision
	if d == nil {
		w.line("   %s", sentence(it.Outcome))
		return
	}
	text := sentence(it.Outcome)
	if it.Outcome == DecidedElsewhere {
		text += ": " + strings.ReplaceAll(string(d.Status), "_", " ")
	}
	text += ", " + d.At.In(w.loc).Format("2 January 15:04")
	switch {
	case d.By != "" && it.Outcome == Deferred:
		text += ", by " + d.By
	case d.By != "":
		text += ", vote closed by " + d.By
	}
	w.line("   %s", text)
	if d.Reason != "" {
		w.line("   Reason: %s", oneLine(d.Reason))
	}
	if d.Comment != "" {
		w.line("   Comment: %s", oneLine(d.Comment))
	}
	if len(d.Present) > 0 {
		w.line("   Present: %s", strings.Join(d.Present, ", "))
	}
}

func (w *writer) rest() {
	heading := "\nFor information, approved beforehand:"
	for _, it := range w.m.Agenda {
		if it.Outcome == ForInformation {
			if heading != "" {
				w.line("%s", heading)
				heading = ""
			}
			w.line("  %s %s", it.Number, oneLine(it.Title))
			for _, note := range it.Notes {
				w.line("    %s, %s: %s", note.At.In(w.loc).Format("2 January 15:04"), note.By, oneLine(note.Text))
			}
		}
	}
	if len(w.m.LeftOver) > 0 {
		w.line("\nNo time, for the next meeting:")
		for _, l := range w.m.LeftOver {
			w.line("  %s %s (%d minutes)", l.Number, oneLine(l.Title), l.Minutes)
		}
	}
	if !w.m.PublishedAt.IsZero() {
		w.line("\nPublished %s by %s", clockTime(w.m.PublishedAt, w.loc), w.m.PublishedBy)
	}
}

// tally counts votes.
func tally(votes []Ballot) string {
	n := map[approval.Choice]int{}
	for _, b := range votes {
		n[b.Choice]++
	}
	return fmt.Sprintf("%d approve, %d reject, %d abstain", n[approval.Approve], n[approval.Reject], n[approval.Abstain])
}

func (b Ballot) inWords() string {
	text := b.By
	if len(b.For) > 0 {
		text += " for " + strings.Join(b.For, ", ")
	}
	text += ": " + string(b.Choice)
	if b.Comment != "" {
		text += ", " + oneLine(b.Comment)
	}
	return text
}

func factsInWords(f approval.Facts) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		all = append(all, strings.ReplaceAll(name, "_", " ")+": "+oneLine(f[name]))
	}
	return strings.Join(all, ", ")
}

// oneLine keeps a text on its line: no text can pass for another part of the minutes.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func sentence(o Outcome) string {
	text := words(o)
	return strings.ToUpper(text[:min(1, len(text))]) + text[min(1, len(text)):]
}
