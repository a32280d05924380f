package sla

import (
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// Explanation accounts for a clock's time, stretch by stretch.
type Explanation struct {
	Target   string        `json:"target"`
	Goal     string        `json:"goal"`               // in words
	Override *Override     `json:"override,omitempty"` // the due time agreed on by hand, if there is one
	At       time.Time     `json:"at"`
	Lines    []Line        `json:"lines"`
	Elapsed  time.Duration `json:"elapsed"` // business time: the sum of the lines that count
	Reading  Reading       `json:"-"`
	zone     *time.Location
}

// Line is a stretch of time that counted, or did not, for one reason.
type Line struct {
	From     time.Time     `json:"from"`
	To       time.Time     `json:"to"`
	Counted  bool          `json:"counted"`
	Business time.Duration `json:"business"` // what it adds: To less From if it counted, else nothing
	Why      string        `json:"why"`
}

// MaxLines is how many lines are told one by one; a longer story ends in few lines
// for all the rest.
const MaxLines = 5_000

// Explain accounts for a clock from its start to an instant, or to its end if
// that is earlier. The lines follow each other without a gap, and those that
// count add up to the business time used.
func (e *Engine) Explain(c Clock, at time.Time) (Explanation, error) {
	r, err := e.Read(c, at)
	if err != nil {
		return Explanation{}, err
	}
	c = c.asOf(at)
	cal, err := e.calendar(c.Goal.Calendar)
	if err != nil {
		return Explanation{}, err
	}
	spans, err := e.spans(&c)
	if err != nil {
		return Explanation{}, err
	}
	x := Explanation{Target: c.Target, Goal: c.Goal.String(), Override: c.override(), At: at.UTC(), Elapsed: r.Elapsed, Reading: r, zone: zoneOf(cal)}
	for i, s := range spans {
		last := i == len(spans)-1
		if last && (s.State == StateStopped || s.State == StateCancelled) || s.From.After(at) {
			break
		}
		to := s.to
		if s.open || to.After(at) {
			to = at.UTC()
		}
		x.account(s, to)
	}
	return x, nil
}

func (x *Explanation) account(s span, to time.Time) {
	if s.State != StateRunning {
		why := "paused: " + s.Cause
		if s.State == StateStopped {
			why = "stopped: " + s.Cause
		}
		x.add(Line{From: s.From, To: to, Why: why})
		return
	}
	from := s.From
	for w := range s.cal.Windows(s.From, to) {
		x.closed(s.cal, from, w.Open.UTC())
		if len(x.Lines) >= MaxLines {
			x.add(Line{w.Open.UTC(), to, true, s.cal.Between(w.Open, to), "open hours between here and there"})
			return
		}
		x.add(Line{w.Open.UTC(), w.Close.UTC(), true, w.Close.Sub(w.Open), "open hours"})
		from = w.Close.UTC()
	}
	x.closed(s.cal, from, to)
}

// closed explains a stretch without opening hours, civil day by civil day, as a
// holiday is one.
func (x *Explanation) closed(cal *calendar.Calendar, from, to time.Time) {
	for from.Before(to) {
		next := from.In(x.zone)
		next = time.Date(next.Year(), next.Month(), next.Day()+1, 0, 0, 0, 0, x.zone)
		if !next.After(from) || next.After(to) || len(x.Lines) >= MaxLines {
			next = to
		}
		x.add(Line{From: from, To: next.UTC(), Why: cal.Reason(from).String()})
		from = next.UTC()
	}
}

// add joins a line to the one before if they tell the same.
func (x *Explanation) add(l Line) {
	if !l.From.Before(l.To) {
		return
	}
	if n := len(x.Lines) - 1; n >= 0 {
		if p := &x.Lines[n]; p.Counted == l.Counted && p.Why == l.Why && p.To.Equal(l.From) {
			p.To = l.To
			p.Business += l.Business
			return
		}
	}
	x.Lines = append(x.Lines, l)
}

// In returns the explanation told in another zone than the calendar's.
func (x Explanation) In(zone *time.Location) Explanation {
	if zone != nil {
		x.zone = zone
	}
	return x
}

// String tells the story to a customer, in the calendar's zone.
func (x Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: goal %s\n", x.Target, x.Goal)
	const layout = "Mon 2 Jan 2006 15:04:05"
	if o := x.Override; o != nil {
		fmt.Fprintf(&b, "%s set by %s: due %s, %s\n", o.At.In(x.zone).Format(layout), o.By, o.Due.In(x.zone).Format(layout), o.Reason)
	}
	for _, l := range x.Lines {
		mark := "        not counted"
		if l.Counted {
			mark = fmt.Sprintf("%19s", "+"+l.Business.String())
		}
		fmt.Fprintf(&b, "%s  %s to %s  %s\n", mark, l.From.In(x.zone).Format(layout), l.To.In(x.zone).Format(layout), l.Why)
	}
	fmt.Fprintf(&b, "%19s  used", x.Elapsed)
	switch r := x.Reading; {
	case r.Breached:
		fmt.Fprintf(&b, ": breached at %s\n", r.BreachAt.In(x.zone).Format(layout))
	case r.State == StateStopped:
		b.WriteString(": met\n")
	case r.State == StateCancelled:
		b.WriteString(": cancelled\n")
	case r.State == StatePaused && r.Due.IsZero():
		b.WriteString(": paused, so nothing is due\n")
	default:
		fmt.Fprintf(&b, ": due at %s\n", r.Due.In(x.zone).Format(layout))
	}
	return b.String()
}

// String words the goal: "4h0m0s by office hours".
func (p Pinned) String() string {
	if p.Days > 0 {
		s := fmt.Sprintf("%d business days by %s", p.Days, p.Calendar)
		switch {
		case p.EndOfDay:
			s += ", end of day"
		case p.By > 0:
			s += fmt.Sprintf(", until %02d:%02d", p.By/time.Hour, p.By%time.Hour/time.Minute)
		}
		return s
	}
	return fmt.Sprintf("%v by %s", p.Within, p.Calendar)
}

func zoneOf(cal *calendar.Calendar) *time.Location {
	if loc, err := time.LoadLocation(cal.Definition().Zone); err == nil {
		return loc
	}
	return time.UTC
}
