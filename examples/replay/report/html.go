package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

//go:embed report.html.tmpl
var pageText string

// A page is what the template shows.
type page struct {
	Title    string
	Period   string
	Calendar string
	Tiles    []tile
	Sections []section
	Notes    []string
}

// A tile is one figure to remember.
type tile struct{ Figure, Name, More string }

// A section is a chart and the table with the same figures.
type section struct {
	Title string
	Lead  string // what the reader should see in it
	Chart template.HTML
	Head  []string
	Rows  [][]string
	Text  string // as it is, in place of a table
	Half  bool   // as wide as half the page

	Paragraphs []string
}

// WriteHTML writes a page that needs nothing but itself: no script, no font, no
// picture from elsewhere. It is light or dark as its reader prefers and always
// light on paper.
func (f Figures) WriteHTML(w io.Writer) error {
	p := page{
		Title:    "Incident management report",
		Calendar: f.Source.Calendar,
		Tiles:    f.tiles(),
		Notes:    f.notes(),
	}
	p.Period = f.title()
	sections, err := f.sections()
	if err != nil {
		return err
	}
	p.Sections = sections
	t, err := template.New("report").Parse(pageText)
	if err != nil {
		return fmt.Errorf("report template: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = out.WriteTo(w)
	return err
}

func (f Figures) tiles() []tile {
	l, r := f.Logged, f.Replayed
	share := func(n, of int) string {
		if of == 0 {
			return "–"
		}
		return percent(float64(n) / float64(of))
	}
	if r == nil {
		return []tile{
			{count(l.Incidents), "incidents", count(l.Events) + " events"},
			{share(l.MadeSLA.True, l.Incidents), "made their SLA", count(l.MadeSLA.False) + " missed it"},
			{share(l.Reopened, l.Incidents), "reopened", count(l.Reopened) + " incidents"},
			{share(l.Reassigned, l.Incidents), "reassigned", count(l.Reassigned) + " incidents"},
		}
	}
	tiles := []tile{
		{count(r.Incidents), "incidents", count(r.Events) + " events"},
		{middle(r.Resolve.Elapsed, span), "median to resolve", middle(r.Resolve.Business, open) + " of business time"},
	}
	for _, name := range slices.Sorted(maps.Keys(r.Targets)) {
		v := r.Targets[name].Verdicts
		tiles = append(tiles, tile{attained(v), name + " in time", count(v.Breached) + " breached"})
	}
	return append(tiles,
		tile{share(r.Reopened, r.Incidents), "reopened", count(r.Reopened) + " incidents"},
		tile{share(r.Reassigned, r.Incidents), "reassigned", count(r.Reassigned) + " incidents"},
	)
}

func (f Figures) notes() []string {
	notes := f.terms()
	if f.Replayed == nil {
		return append(notes, "These figures are read from the log's own columns; the last event of an incident decides.")
	}
	return append(notes,
		"Elapsed time is by the wall clock, business time counts opening hours only.",
		"A target is met when it is reached at its due time or before, and breached only beyond it.",
		"p90: nine out of ten incidents took no longer.",
		"Backlog: incidents not resolved when the month ended.")
}

func (f Figures) sections() ([]section, error) {
	d := &document{}
	if r := f.Replayed; r != nil {
		d.volume(r)
		for _, name := range slices.Sorted(maps.Keys(r.Targets)) {
			d.target(name, r.Targets[name])
		}
		d.pace(r)
		d.holds(r)
		for _, name := range slices.Sorted(maps.Keys(r.Targets)) {
			d.add(section{
				Title: "Who held the time: " + name, Lead: "In whose hands the clocks ran, and were when a goal was missed; ten groups at most.",
				Head: []string{"Group", "Business time", "Share", "Missed in their hands"}, Rows: heldRows(r, name), Half: true,
			}, nil)
		}
		d.busy("Busiest groups", "Group", r.Groups)
		d.busy("Busiest categories", "Category", r.Categories)
	} else {
		d.states(f)
	}
	if f.Problems != nil {
		d.problems(f.Problems)
	}
	d.add(compared(f), nil)
	if f.Replayed != nil {
		d.add(section{
			Title: "Notices sent", Lead: "What people were told, by occasion.",
			Head: []string{"Topic", "Messages"}, Rows: mostFirst(f.Replayed.Messages), Half: true,
		}, nil)
	}
	d.add(section{
		Title: "Refused events", Lead: "Events of the log that the lifecycle does not allow, by reason. They changed nothing.",
		Head: []string{"Reason", "Events"}, Rows: mostFirst(f.Refused), Half: true,
	}, nil)
	d.add(section{
		Title: "A breach, explained", Lead: "Every minute of one clock, and why it counted or did not.", Text: f.Breach,
	}, nil)
	return d.sections, d.err
}

func compared(f Figures) section {
	if f.Replayed == nil {
		return section{Title: "The log in figures", Head: []string{"Figure", "Logged"}, Rows: comparison(f)}
	}
	return section{
		Title: "Log and records", Lead: "What the log's own columns say, beside what the records say.",
		Head: []string{"Figure", "Logged", "Replayed"}, Rows: comparison(f),
	}
}

// A document collects sections and keeps the first error.
type document struct {
	sections []section
	err      error
}

// add adds a section unless it is empty.
func (d *document) add(s section, chart *drawing) {
	if len(s.Rows) == 0 && s.Text == "" && len(s.Paragraphs) == 0 || d.err != nil {
		return
	}
	if chart != nil {
		s.Chart, d.err = chart.svg()
	}
	d.sections = append(d.sections, s)
}

func (d *document) volume(r *Replayed) {
	var opened, resolved, backlog []float64
	var labels []string
	var rows [][]string
	for _, m := range r.Months {
		labels = append(labels, monthName(m.Month, "Jan ’06"))
		opened, resolved, backlog = append(opened, float64(m.Opened)), append(resolved, float64(m.Resolved)), append(backlog, float64(m.Backlog))
		rows = append(rows, []string{monthName(m.Month, longMonth), count(m.Opened), count(m.Resolved), count(m.Closed), count(m.Backlog)})
	}
	d.add(section{
		Title: "Volume and backlog by month", Lead: volumeLead(r),
		Head: []string{"Month", "Opened", "Resolved", "Closed", "Backlog"}, Rows: rows,
	}, &drawing{
		alt: "Incidents opened and resolved each month, and the backlog at its end", labels: labels, axis: whole,
		bars:  []series{{"Opened", first, opened}, {"Resolved", second, resolved}},
		lines: []series{{"Backlog", third, backlog}},
	})
}

func volumeLead(r *Replayed) string {
	if len(r.Months) == 0 {
		return ""
	}
	peak := slices.MaxFunc(r.Months, func(a, b Month) int { return a.Backlog - b.Backlog })
	last := r.Months[len(r.Months)-1]
	return fmt.Sprintf("The backlog was largest at the end of %s, with %s incidents, and stood at %s when the log ended.", monthName(peak.Month, longMonth), count(peak.Backlog), count(last.Backlog))
}

func (d *document) target(name string, t Target) {
	var labels []string
	var met, breached []float64
	for _, p := range priorities() {
		if share, ok := t.ByPriority[p.key].Attainment(); ok {
			labels = append(labels, p.name)
			met, breached = append(met, 100*share), append(breached, 100-100*share)
		}
	}
	s := section{
		Title: "Service level: " + name,
		Lead:  fmt.Sprintf("%s of the decided clocks met their target; %s breached it.", attained(t.Verdicts), count(t.Breached)),
		Head:  []string{"Priority", "Met", "Breached", "Open", "Attained"}, Rows: targetRows(t), Half: true,
	}
	chart := &drawing{
		alt: "Share of the incidents that met and breached the " + name + " target, by priority", labels: labels,
		across: true, stacked: true, axis: perCent, width: narrow,
		bars: []series{{"Met", good, met}, {"Breached", bad, breached}},
	}
	if len(labels) == 0 {
		chart = nil
	}
	d.add(s, chart)
}

func (d *document) pace(r *Replayed) {
	var labels []string
	var median, business []float64
	for _, p := range priorities() {
		if pace, ok := r.ResolveBy[p.key]; ok && pace.Elapsed.Count > 0 {
			labels = append(labels, p.name)
			median = append(median, pace.Elapsed.Median.Hours())
			business = append(business, pace.Business.Median.Hours())
		}
	}
	chart := &drawing{
		alt: "Median hours to resolve by priority, elapsed and business time", labels: labels, across: true, label: hourMark,
		bars: []series{{"Elapsed (median)", first, median}, {"Business time (median)", second, business}},
	}
	if len(labels) == 0 {
		chart = nil
	}
	d.add(section{
		Title: "Time to assign and to resolve",
		Lead: fmt.Sprintf("Half of the incidents were assigned within %s and resolved within %s; one in ten took longer than %s.",
			middle(r.Assign.Elapsed, span), middle(r.Resolve.Elapsed, span), known(r.Resolve.Elapsed, r.Resolve.Elapsed.P90, span)),
		Head: []string{"", "Count", "Mean", "Median", "p90", "Business mean", "Median", "p90"}, Rows: paceRows(r),
	}, chart)
}

func (d *document) holds(r *Replayed) {
	var labels []string
	var elapsed, business []float64
	for _, h := range r.Holds {
		labels = append(labels, h.Reason)
		elapsed, business = append(elapsed, h.Elapsed.Hours()), append(business, h.Business.Hours())
	}
	d.add(section{
		Title: "Time on hold by reason", Lead: "Clocks that pause on hold do not count this time.",
		Head: []string{"Reason", "Incidents", "Spells", "In all", "Business"}, Rows: holdRows(r),
	}, &drawing{
		alt: "Hours on hold by reason, elapsed and business time", labels: labels, across: true, label: hourMark,
		bars: []series{{"Elapsed", first, elapsed}, {"Business time", second, business}},
	})
}

func (d *document) busy(title, what string, list []Busy) {
	var labels []string
	var incidents []float64
	for _, b := range list[:min(most, len(list))] {
		labels = append(labels, cmp.Or(b.Name, "none"))
		incidents = append(incidents, float64(b.Incidents))
	}
	d.add(section{
		Title: title, Lead: "Those with the most incidents, ten at most.", Head: []string{what, "Incidents", "Reopened", "Resolved in"}, Rows: busyRows(list), Half: true,
	}, &drawing{
		alt: title + " by incidents", labels: labels, across: true, label: whole, width: narrow,
		bars: []series{{"Incidents", first, incidents}},
	})
}

// states shows the log's own events where nothing else is known.
func (d *document) states(f Figures) {
	var labels []string
	var events []float64
	var rows [][]string
	states := f.Logged.EventsByState
	for _, state := range slices.SortedFunc(maps.Keys(states), func(a, b string) int {
		return cmp.Or(cmp.Compare(states[b], states[a]), cmp.Compare(a, b))
	}) {
		labels, events = append(labels, state), append(events, float64(states[state]))
		rows = append(rows, []string{state, count(states[state])})
	}
	d.add(section{Title: "Events by state", Head: []string{"State", "Events"}, Rows: rows}, &drawing{
		alt: "Events of the log by the state they led to", labels: labels, across: true, label: whole,
		bars: []series{{"Events", first, events}},
	})
}

const longMonth = "January 2006"

func monthName(month, layout string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return t.Format(layout)
}

func whole(v float64) string    { return count(int(v + 0.5)) }
func perCent(v float64) string  { return strconv.Itoa(int(v+0.5)) + " %" }
func hourMark(v float64) string { return count(int(v+0.5)) + " h" }
