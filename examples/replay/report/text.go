package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteText writes the figures for a terminal. Its only errors are those of w.
func (f Figures) WriteText(w io.Writer) error {
	t := &text{w: tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)}
	t.line("%s", f.title())
	for _, note := range f.terms() {
		t.line("%s", note)
	}
	t.logged(f)
	if f.Replayed != nil {
		t.volumes(f.Replayed)
		t.paces(f.Replayed)
		t.targets(f.Replayed)
		t.holds(f.Replayed)
		for _, target := range slices.Sorted(maps.Keys(f.Replayed.Targets)) {
			t.table("Held by, "+target, heldHead(), heldRows(f.Replayed, target))
		}
		t.busy("Busiest groups", f.Replayed.Groups)
		t.busy("Busiest categories", f.Replayed.Categories)
		t.table("Notices sent", []string{"messages"}, mostFirst(f.Replayed.Messages))
	}
	t.table("Refused by the lifecycle", []string{"events"}, mostFirst(f.Refused))
	if f.Problems != nil {
		t.problems(f.Problems)
	}
	if f.Breach != "" {
		t.line("\nA breach, explained\n%s", strings.TrimRight(f.Breach, "\n"))
	}
	if t.err != nil {
		return t.err
	}
	return t.w.Flush()
}

func (f Figures) title() string {
	if f.Source.From.IsZero() {
		return "Incidents of " + f.Source.Name
	}
	return fmt.Sprintf("Incidents of %s, %s to %s", f.Source.Name, day(f.Source.From), day(f.Source.To))
}

// terms are the calendar and the goals that the figures go by.
func (f Figures) terms() []string {
	var terms []string
	if f.Source.Calendar != "" {
		terms = append(terms, "Business time: "+f.Source.Calendar+".")
	}
	if f.Source.Goals != "" {
		terms = append(terms, "Goals: "+f.Source.Goals+".")
	}
	return terms
}

func day(t time.Time) string { return t.Format("2 January 2006") }

// A text writes tables and keeps the first error. Cells are aligned right but
// for the first, which is padded to the widest of its table.
type text struct {
	w   *tabwriter.Writer
	err error
}

func (t *text) line(format string, args ...any) {
	if t.err == nil {
		_, t.err = fmt.Fprintf(t.w, format+"\n", args...)
	}
}

func (t *text) table(title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	width := len(title)
	for _, row := range rows {
		width = max(width, len([]rune(row[0])))
	}
	t.line("")
	t.line("%-*s\t%s", width, title, strings.Join(head, "\t")+"\t")
	for _, row := range rows {
		t.line("%s%s\t%s", row[0], strings.Repeat(" ", width-len([]rune(row[0]))), strings.Join(row[1:], "\t")+"\t")
	}
	if t.err == nil {
		t.err = t.w.Flush()
	}
}

func (t *text) logged(f Figures) {
	head := []string{"logged"}
	if f.Replayed != nil {
		head = append(head, "replayed")
	}
	t.table("Figures", head, comparison(f))
}

// comparison puts what the log says beside what the records say.
func comparison(f Figures) [][]string {
	var rows [][]string
	add := func(name string, logged, replayed int) {
		row := []string{name, count(logged)}
		if f.Replayed != nil {
			row = append(row, count(replayed))
		}
		rows = append(rows, row)
	}
	l, r := f.Logged, cmp.Or(f.Replayed, &Replayed{})
	add("incidents", l.Incidents, r.Incidents)
	add("events", l.Events, r.Events)
	states := maps.Clone(l.EventsByState)
	maps.Copy(states, r.EventsByState)
	for _, state := range slices.SortedFunc(maps.Keys(states), func(a, b string) int {
		return cmp.Or(cmp.Compare(l.EventsByState[b], l.EventsByState[a]), cmp.Compare(a, b))
	}) {
		add("  "+state, l.EventsByState[state], r.EventsByState[state])
	}
	add("reopened incidents", l.Reopened, r.Reopened)
	add("reassigned incidents", l.Reassigned, r.Reassigned)
	for _, p := range priorities() {
		if l.ByPriority[p.key]+r.ByPriority[p.key] > 0 {
			add("priority "+p.name, l.ByPriority[p.key], r.ByPriority[p.key])
		}
	}
	add("made SLA", l.MadeSLA.True, r.MadeSLA.True)
	add("missed SLA", l.MadeSLA.False, r.MadeSLA.False)
	if l.MalformedRows > 0 {
		rows = append(rows, slices.Concat([]string{"rows that cannot be read", count(l.MalformedRows)}, blank(f)))
	}
	return rows
}

// blank fills the column of the replayed figures, where there is one.
func blank(f Figures) []string {
	if f.Replayed == nil {
		return nil
	}
	return []string{""}
}

func (t *text) volumes(r *Replayed) {
	var rows [][]string
	for _, m := range r.Months {
		rows = append(rows, []string{m.Month, count(m.Opened), count(m.Resolved), count(m.Closed), count(m.Backlog)})
	}
	t.table("Volume", []string{"opened", "resolved", "closed", "backlog"}, rows)
}

func (t *text) paces(r *Replayed) {
	t.table("Time taken", []string{"count", "mean", "median", "p90", "business mean", "median", "p90"}, paceRows(r))
}

func paceRows(r *Replayed) [][]string {
	var rows [][]string
	add := func(name string, p Pace) {
		if e, b := p.Elapsed, p.Business; e.Count > 0 {
			rows = append(rows, []string{name, count(e.Count), span(e.Mean), span(e.Median), span(e.P90), open(b.Mean), open(b.Median), open(b.P90)})
		}
	}
	add("to assign", r.Assign)
	add("to resolve", r.Resolve)
	for _, p := range priorities() {
		add("  priority "+p.name, r.ResolveBy[p.key])
	}
	return rows
}

func (t *text) targets(r *Replayed) {
	for _, name := range slices.Sorted(maps.Keys(r.Targets)) {
		t.table("SLA "+name, []string{"met", "breached", "open", "attained"}, targetRows(r.Targets[name]))
	}
}

func targetRows(target Target) [][]string {
	var rows [][]string
	add := func(name string, v Verdicts) {
		rows = append(rows, []string{name, count(v.Met), count(v.Breached), count(v.Open), attained(v)})
	}
	for _, p := range priorities() {
		if v, ok := target.ByPriority[p.key]; ok {
			add(p.name, v)
		}
	}
	add("all", target.Verdicts)
	return rows
}

func attained(v Verdicts) string {
	share, ok := v.Attainment()
	if !ok {
		return "–"
	}
	return percent(share)
}

func (t *text) holds(r *Replayed) {
	t.table("On hold", []string{"incidents", "spells", "in all", "business"}, holdRows(r))
}

func holdRows(r *Replayed) [][]string {
	var rows [][]string
	for _, h := range r.Holds {
		rows = append(rows, []string{h.Reason, count(h.Incidents), count(h.Spells), hours(h.Elapsed), hours(h.Business)})
	}
	return rows
}

func heldHead() []string { return []string{"business", "share", "missed in their hands"} }

// heldRows tell in whose hands the clocks of a target ran.
func heldRows(r *Replayed, target string) [][]string {
	var all time.Duration
	var list []Held
	for _, h := range r.Held {
		if h.Target == target {
			all += h.Business
			list = append(list, h)
		}
	}
	var rows [][]string
	for _, h := range list[:min(most, len(list))] {
		share := "–"
		if all > 0 {
			share = percent(float64(h.Business) / float64(all))
		}
		rows = append(rows, []string{cmp.Or(h.Group, "nobody"), hours(h.Business), share, count(h.Breaches)})
	}
	return rows
}

const most = 10 // groups and categories that are shown

func (t *text) busy(title string, list []Busy) {
	t.table(title, []string{"incidents", "reopened", "median to resolve"}, busyRows(list))
}

func busyRows(list []Busy) [][]string {
	var rows [][]string
	for _, b := range list[:min(most, len(list))] {
		rows = append(rows, []string{cmp.Or(b.Name, "none"), count(b.Incidents), count(b.Reopened), middle(b.Median, span)})
	}
	return rows
}

// mostFirst lists what was counted.
func mostFirst(counts map[string]int) [][]string {
	var rows [][]string
	for _, name := range slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}) {
		rows = append(rows, []string{name, count(counts[name])})
	}
	return rows
}

// count writes 24918 as 24,918.
func count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// span writes a duration with the two units that matter.
func span(d time.Duration) string {
	d = d.Round(time.Minute)
	days, h, m := d/(24*time.Hour), d/time.Hour%24, d/time.Minute%60
	switch {
	case d < 0:
		return "-" + span(-d)
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, h)
	case h > 0:
		return fmt.Sprintf("%dh %dm", h, m)
	}
	return fmt.Sprintf("%dm", m)
}

// open writes a business time, in hours: a day of it is as long as the calendar
// says.
func open(d time.Duration) string {
	d = d.Round(time.Minute)
	if d < time.Hour {
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%sh %dm", count(int(d/time.Hour)), d/time.Minute%60)
}

// middle writes the median of a spread, if there is one.
func middle(s Spread, write func(time.Duration) string) string { return known(s, s.Median, write) }

// known writes a figure of a spread, unless the spread is of nothing.
func known(s Spread, d time.Duration, write func(time.Duration) string) string {
	if s.Count == 0 {
		return "–"
	}
	return write(d)
}

func hours(d time.Duration) string { return count(int(d.Hours()+0.5)) + " h" }

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
