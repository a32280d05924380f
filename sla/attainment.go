package sla

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/shopspring/decimal"
)

// Case is a clock with what reports ask of its record.
type Case struct {
	Record   string // the number people know it by
	Clock    Clock
	Priority int
	Group    string
	Service  string
	Customer string
}

// Dimension is what a report tells apart: the cases of a row have the same value
// of it.
type Dimension struct {
	Name string
	Of   func(Case) string
}

// ByTarget, ByPriority, ByGroup, ByService and ByCustomer tell cases apart by what
// their names say.
func ByTarget() Dimension { return Dimension{"target", func(c Case) string { return c.Clock.Target }} }

// ByPriority: see [ByTarget].
func ByPriority() Dimension {
	return Dimension{"priority", func(c Case) string { return strconv.Itoa(c.Priority) }}
}

// ByGroup is the group responsible in the end: see [ByTarget], and for those that
// had the record before, [Engine.Attribution].
func ByGroup() Dimension { return Dimension{"group", func(c Case) string { return c.Group }} }

// ByService: see [ByTarget].
func ByService() Dimension { return Dimension{"service", func(c Case) string { return c.Service }} }

// ByCustomer: see [ByTarget].
func ByCustomer() Dimension { return Dimension{"customer", func(c Case) string { return c.Customer }} }

// ByMonth is the month in which the clock stopped, in a zone; "open" if it did not.
func ByMonth(zone *time.Location) Dimension {
	return Dimension{"month", func(c Case) string {
		if ended := c.Clock.Ended(); !ended.IsZero() {
			return ended.In(zone).Format("2006-01")
		}
		return "open"
	}}
}

// Month is the calendar month around an instant, in the instant's location.
func Month(t time.Time) Span {
	y, m, _ := t.Date()
	return Span{time.Date(y, m, 1, 0, 0, 0, 0, t.Location()), time.Date(y, m+1, 1, 0, 0, 0, 0, t.Location())}
}

// Ended is when the clock was stopped or cancelled; zero while it is under way.
func (c Clock) Ended() time.Time {
	if c.open() || len(c.Periods) == 0 {
		return time.Time{}
	}
	return c.Periods[len(c.Periods)-1].From
}

// Attainment tells how promises were kept in a period.
type Attainment struct {
	Period     Span
	Dimensions []string
	Rows       []Row // ascending by their values
	Total      Row
	Groups     []GroupShare // in whose hands the time went by, the most first
}

// Row is the cases that have the same values of the dimensions.
type Row struct {
	Values  []string // of the dimensions; none in the total
	Met     int      // stopped in the period, in time
	Missed  int      // stopped in the period, too late
	Overdue int      // beyond the goal and not stopped when the period ended

	used, took Sum // of the clocks that were stopped
}

// Sum adds up times of many clocks: more than the 292 years that a
// [time.Duration] holds.
type Sum struct {
	seconds int64
	rest    time.Duration // less than a second
}

func (s *Sum) add(d time.Duration) {
	s.rest += d % time.Second
	s.seconds += int64(d/time.Second) + int64(s.rest/time.Second)
	s.rest %= time.Second
}

// Hours is the sum in hours.
func (s Sum) Hours() float64 { return (float64(s.seconds) + s.rest.Seconds()) / 3600 }

// String reads "662h0m0s", to the second.
func (s Sum) String() string {
	if s.seconds == 0 {
		return "0s"
	}
	return fmt.Sprintf("%dh%dm%ds", s.seconds/3600, s.seconds/60%60, s.seconds%60)
}

// mean is the n-th part.
func (s Sum) mean(n int) time.Duration {
	if n == 0 {
		return 0
	}
	each, left := s.seconds/int64(n), s.seconds%int64(n)
	return time.Duration(each)*time.Second + (time.Duration(left)*time.Second+s.rest)/time.Duration(n)
}

// GroupShare is the part of a group in the time of the clocks of a report.
type GroupShare struct {
	Group    string
	Running  Sum // business time
	Paused   Sum // business time
	Breaches int // goals that were missed while the group had the record
}

// Percent is how many of a hundred promises were kept, of those of clocks that
// were stopped, rounded half away from zero to two places. It is not ok if there
// were none.
func (r Row) Percent() (decimal.Decimal, bool) {
	n := int64(r.Met + r.Missed)
	if n == 0 {
		return decimal.Decimal{}, false
	}
	return decimal.NewFromInt(int64(r.Met)).Mul(hundred()).DivRound(decimal.NewFromInt(n), 2), true
}

// Meets reports whether at least so many percent were kept; the counts decide,
// not the rounded percentage. Where nothing was promised, nothing was broken.
func (r Row) Meets(percent decimal.Decimal) bool {
	n := decimal.NewFromInt(int64(r.Met + r.Missed))
	return decimal.NewFromInt(int64(r.Met)).Mul(hundred()).GreaterThanOrEqual(percent.Mul(n))
}

// MeanUsed is the mean business time that the stopped clocks used.
func (r Row) MeanUsed() time.Duration { return r.used.mean(r.Met + r.Missed) }

// MTTR is the mean elapsed time from start to stop of the stopped clocks, pauses
// included: for a resolution target the mean time to resolve.
func (r Row) MTTR() time.Duration { return r.took.mean(r.Met + r.Missed) }

// Attainment reports on the clocks that were stopped in a period, and on those
// that had gone beyond their goal and were still under way at its end, a row for
// each combination of the dimensions. Cancelled clocks promise nothing and are not
// counted. What became of a clock behind the end of the period is not looked at,
// so a report on the past stays the same.
func (e *Engine) Attainment(cases []Case, period Span, by ...Dimension) (Attainment, error) {
	a := Attainment{Period: period}
	for _, d := range by {
		a.Dimensions = append(a.Dimensions, d.Name)
	}
	rows := map[string]*Row{}
	groups := map[string]*GroupShare{}
	for _, c := range cases {
		if len(c.Clock.Periods) == 0 || !c.Clock.Started().Before(period.To) {
			continue
		}
		c.Clock = c.Clock.asOf(period.To.Add(-1))
		r, err := e.Read(c.Clock, period.To)
		if err != nil {
			return Attainment{}, fmt.Errorf("%s: %w", c.Record, err)
		}
		ended := c.Clock.Ended()
		stopped := r.State == StateStopped && !ended.Before(period.From)
		overdue := c.Clock.open() && r.Breached
		if !stopped && !overdue {
			continue
		}
		values := make([]string, len(by))
		for i, d := range by {
			values[i] = d.Of(c)
		}
		key := strings.Join(values, "\x00")
		if rows[key] == nil {
			rows[key] = &Row{Values: values}
		}
		for _, row := range []*Row{rows[key], &a.Total} {
			row.count(r, stopped, ended.Sub(c.Clock.Started()))
		}
		if err := e.share(groups, c.Clock, period.To); err != nil {
			return Attainment{}, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		a.Rows = append(a.Rows, *rows[key])
	}
	for _, g := range groups {
		a.Groups = append(a.Groups, *g)
	}
	slices.SortFunc(a.Groups, func(x, y GroupShare) int {
		return cmp.Or(cmp.Compare(y.Running.seconds, x.Running.seconds), cmp.Compare(x.Group, y.Group))
	})
	return a, nil
}

func (r *Row) count(reading Reading, stopped bool, took time.Duration) {
	switch {
	case !stopped:
		r.Overdue++
		return
	case reading.Breached:
		r.Missed++
	default:
		r.Met++
	}
	r.used.add(reading.Elapsed)
	r.took.add(took)
}

// share adds a clock's time to the groups that had it.
func (e *Engine) share(groups map[string]*GroupShare, c Clock, at time.Time) error {
	held, err := e.Attribution(c, at)
	for _, h := range held {
		g := groups[h.Group]
		if g == nil {
			g = &GroupShare{Group: h.Group}
			groups[h.Group] = g
		}
		g.Running.add(h.Running)
		g.Paused.add(h.Paused)
		if h.Breached {
			g.Breaches++
		}
	}
	return err
}

// String writes the report as a table.
func (a Attainment) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, d := range a.Dimensions {
		fmt.Fprintf(w, "%s\t", d)
	}
	fmt.Fprintln(w, "met\tmissed\toverdue\tkept\tmean used\tMTTR")
	for _, r := range append(slices.Clone(a.Rows), a.Total) {
		values := r.Values
		if values == nil {
			values = make([]string, len(a.Dimensions))
			if len(values) > 0 {
				values[0] = "in all"
			}
		}
		for _, v := range values {
			fmt.Fprintf(w, "%s\t", v)
		}
		kept := "-"
		if p, ok := r.Percent(); ok {
			kept = p.StringFixed(2) + " %"
		}
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%v\t%v\n", r.Met, r.Missed, r.Overdue, kept, r.MeanUsed().Round(time.Second), r.MTTR().Round(time.Second))
	}
	if len(a.Groups) > 0 {
		fmt.Fprintln(w, "\nheld by\trunning\tpaused\tmissed in their hands")
	}
	for _, g := range a.Groups {
		fmt.Fprintf(w, "%s\t%v\t%v\t%d\n", cmp.Or(g.Group, "nobody"), g.Running, g.Paused, g.Breaches)
	}
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}
