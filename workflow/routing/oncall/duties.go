package oncall

import (
	"fmt"
	"iter"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// Span is a time in which one duty lasts, From included and Until not. Without a
// person it is a gap.
type Span struct {
	Duty
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Length is how long the span is.
func (s Span) Length() time.Duration { return s.Until.Sub(s.From) }

// Gap tells whether nobody is on call.
func (s Span) Gap() bool { return s.Person == "" }

// Spans returns the time from..until without holes: duties and gaps, in order. A span
// is as long as person and reason stay the same, clipped to the range. Instants are in
// the rota's zone.
func (r *Roster) Spans(from, until time.Time) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		here := r.zones[0].location
		if !from.Before(until) {
			return
		}
		open := Span{From: from.In(here)}
		open.Duty, _ = r.OnCall(from)
		for at := r.following(from); at.Before(until); at = r.following(at) {
			d, _ := r.OnCall(at)
			if d == open.Duty {
				continue
			}
			open.Until = at
			if !yield(open) {
				return
			}
			open = Span{Duty: d, From: at}
		}
		open.Until = until.In(here)
		yield(open)
	}
}

// following is the first instant after t at which the answer may be another.
func (r *Roster) following(t time.Time) time.Time {
	here := r.zones[0].location
	switch u := t.Unix(); {
	case u < firstSecond:
		return time.Unix(firstSecond, 0).In(here)
	case u >= lastSecond:
		return farFuture()
	default:
		return time.Unix(r.change(u), 0).In(here)
	}
}

// farFuture is behind every instant that anybody asks for.
func farFuture() time.Time { return time.Unix(1<<60, 0) }

// Duties returns who is on call in from..until, without the gaps.
func (r *Roster) Duties(from, until time.Time) iter.Seq[Span] {
	return r.filter(from, until, func(s Span) bool { return !s.Gap() })
}

// Gaps returns the times in from..until at which nobody is on call.
func (r *Roster) Gaps(from, until time.Time) iter.Seq[Span] {
	return r.filter(from, until, Span.Gap)
}

// DutiesOf returns when a person is on call in from..until, to be shown in a calendar.
func (r *Roster) DutiesOf(person string, from, until time.Time) iter.Seq[Span] {
	return r.filter(from, until, func(s Span) bool { return s.Person == person && !s.Gap() })
}

func (r *Roster) filter(from, until time.Time, keep func(Span) bool) iter.Seq[Span] {
	return func(yield func(Span) bool) {
		for s := range r.Spans(from, until) {
			if keep(s) && !yield(s) {
				return
			}
		}
	}
}

// Handover is an instant at which another person goes on call. One of the two may be
// nobody, at the ends of a gap.
type Handover struct {
	At   time.Time `json:"at"`
	From Duty      `json:"from,omitzero"`
	To   Duty      `json:"to,omitzero"`
}

// Handovers returns when the person on call changes, after from and before until.
func (r *Roster) Handovers(from, until time.Time) iter.Seq[Handover] {
	return func(yield func(Handover) bool) {
		var last Span
		for s := range r.Spans(from, until) {
			if !last.Until.IsZero() && s.Person != last.Person && !yield(Handover{s.From, last.Duty, s.Duty}) {
				return
			}
			last = s
		}
	}
}

// NextHorizon is how far [Roster.Next] and [Roster.NextHandover] look.
const NextHorizon = 5 * 366 * 24 * time.Hour

// NextHandover returns the first change of the person on call after an instant. False
// means that there is none within [NextHorizon].
func (r *Roster) NextHandover(at time.Time) (Handover, bool) {
	for h := range r.Handovers(at, at.Add(NextHorizon)) {
		return h, true
	}
	return Handover{}, false
}

// Next returns the duty of a person that lasts at an instant or is the first to come:
// it begins at the instant if it has begun before. False means that there is none
// within [NextHorizon].
func (r *Roster) Next(person string, at time.Time) (Span, bool) {
	if _, known := r.number[person]; !known {
		return Span{}, false
	}
	for s := range r.DutiesOf(person, at, at.Add(NextHorizon)) {
		return s, true
	}
	return Span{}, false
}

// Load is what one person has to bear.
type Load struct {
	Person    string        `json:"person"`
	Total     time.Duration `json:"total"`
	Weekend   time.Duration `json:"weekend"`   // on Saturdays and Sundays of the rota's zone
	Night     time.Duration `json:"night"`     // between 22:00 and 06:00 of the rota's zone
	Holiday   time.Duration `json:"holiday"`   // on the holidays that were given
	For       time.Duration `json:"for"`       // standing in for others
	Stretches int           `json:"stretches"` // how often without a break
	Share     float64       `json:"share"`     // of all time on call, 0 to 1
}

// Loads returns what everybody named in the rota bears in from..until, by name, so that
// the work can be shared fairly. Those who bear nothing are there too. The error is that
// of holidays that a calendar would not accept.
func (r *Roster) Loads(from, until time.Time, holidays ...calendar.Day) ([]Load, error) {
	weekend, err := r.calendar(calendar.Hours{From: time.Saturday, To: time.Sunday, Spans: []string{"00:00-24:00"}})
	if err != nil {
		return nil, err
	}
	night, err := r.calendar(calendar.Hours{From: time.Monday, To: time.Sunday, Spans: []string{"22:00-06:00"}})
	if err != nil {
		return nil, err
	}
	holiday, err := r.holidays(holidays)
	if err != nil {
		return nil, err
	}
	names := r.People()
	loads := make([]Load, len(names))
	index := make(map[string]*Load, len(names))
	for i, n := range names {
		loads[i].Person = n
		index[n] = &loads[i]
	}
	var all time.Duration
	var last Span
	for s := range r.Duties(from, until) {
		l := index[s.Person]
		l.Total += s.Length()
		all += s.Length()
		l.Weekend += weekend.Between(s.From, s.Until)
		l.Night += night.Between(s.From, s.Until)
		l.Holiday += holiday(s.From, s.Until)
		if s.By != ByRotation || s.Of != s.Person {
			l.For += s.Length()
		}
		if last.Person != s.Person || !last.Until.Equal(s.From) {
			l.Stretches++
		}
		last = s
	}
	for i := range loads {
		if all > 0 {
			loads[i].Share = float64(loads[i].Total) / float64(all)
		}
	}
	return loads, nil
}

// calendar is a week of hours in the rota's zone.
func (r *Roster) calendar(hours calendar.Hours) (*calendar.Calendar, error) {
	return calendar.Compile(calendar.Definition{Zone: r.zones[0].name, Weekly: []calendar.Hours{hours}})
}

// holidays measures time on holidays: around the clock without the time around the
// clock that holidays close.
func (r *Roster) holidays(days []calendar.Day) (func(a, b time.Time) time.Duration, error) {
	ordinary, err := calendar.Compile(calendar.Definition{Zone: r.zones[0].name, Holidays: days,
		Weekly: []calendar.Hours{{From: time.Monday, To: time.Sunday, Spans: []string{"00:00-24:00"}}}})
	if err != nil {
		return nil, fmt.Errorf("oncall: holidays: %w", err)
	}
	return func(a, b time.Time) time.Duration { return b.Sub(a) - ordinary.Between(a, b) }, nil
}
