package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Span is the time from an instant up to another, which is not part of it.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Outage is a time in which a service was down.
type Outage struct {
	Span
	ID       string `json:"id,omitempty"`       // of the incident, for the reader
	Excluded string `json:"excluded,omitempty"` // why it does not count, such as "force majeure"; empty: it counts
}

// Availability is how well a service was there when it was to be there.
type Availability struct {
	Service       time.Duration // agreed service time: open time of the calendar, less agreed maintenance
	Down          time.Duration // of it
	Interruptions int           // outages that overlap or follow without a gap are one
}

// Available measures the availability of a service in a period: the service hours
// are the calendar's, agreed maintenance is taken out of them, and outages count
// as far as they lie in what is left. One without an end goes on until the period
// is over. An outage excluded by agreement is no downtime, unless another one
// that counts goes on at the same time. Spans that end before they begin are told
// all at once, in an error matching [workflow.ErrInvalid].
func Available(hours *calendar.Calendar, period Span, outages []Outage, maintenance []Span) (Availability, error) {
	var p workflow.Problems
	if hours == nil {
		p.Addf("no calendar of the service hours")
	}
	if !period.From.Before(period.To) {
		p.Addf("the period %s has no length", period)
	}
	var down []Span
	for i, o := range outages {
		if o.To.IsZero() {
			o.To = period.To
			if o.From.After(o.To) {
				o.From = o.To // it begins after the period
			}
		}
		if o.To.Before(o.From) {
			p.Addf("outage %d %s: it ends before it begins", i+1, o.ID)
		}
		if o.Excluded == "" {
			down = append(down, o.Span)
		}
	}
	for i, m := range maintenance {
		if m.To.Before(m.From) {
			p.Addf("maintenance %d: it ends before it begins", i+1)
		}
	}
	if err := p.Err("sla: availability"); err != nil {
		return Availability{}, err
	}
	kept := merged(maintenance, period)
	a := Availability{Service: hours.Between(period.From, period.To)}
	for _, m := range kept {
		a.Service -= hours.Between(m.From, m.To)
	}
	for _, d := range merged(down, period) {
		lost := hours.Between(d.From, d.To)
		for _, m := range kept {
			if both, ok := d.within(m); ok {
				lost -= hours.Between(both.From, both.To)
			}
		}
		if a.Down += lost; lost > 0 {
			a.Interruptions++
		}
	}
	return a, nil
}

// String reads "2026-03-01T00:00:00Z to 2026-04-01T00:00:00Z".
func (s Span) String() string {
	return fmt.Sprintf("%s to %s", s.From.Format(time.RFC3339Nano), s.To.Format(time.RFC3339Nano))
}

// within returns the part of a span that lies in another one.
func (s Span) within(o Span) (Span, bool) {
	if o.From.After(s.From) {
		s.From = o.From
	}
	if o.To.Before(s.To) {
		s.To = o.To
	}
	return s, s.From.Before(s.To)
}

// merged clips spans to a period and joins those that touch.
func merged(spans []Span, period Span) []Span {
	var inside []Span
	for _, s := range spans {
		if s, ok := s.within(period); ok {
			inside = append(inside, s)
		}
	}
	slices.SortFunc(inside, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Span
	for _, s := range inside {
		if n := len(out) - 1; n >= 0 && !s.From.After(out[n].To) {
			if s.To.After(out[n].To) {
				out[n].To = s.To
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// percentPlaces is how many places a percentage is rounded to: a second in a
// year is 0.000003 %.
const percentPlaces = 6

// Percent is the availability in percent, rounded half away from zero to six
// places. It is not ok if there was no service time at all.
func (a Availability) Percent() (percent decimal.Decimal, ok bool) {
	if a.Service <= 0 {
		return decimal.Decimal{}, false
	}
	up := decimal.NewFromInt(int64(a.Service - a.Down))
	return up.Mul(hundred()).DivRound(decimal.NewFromInt(int64(a.Service)), percentPlaces), true
}

// Meets reports whether the availability is at least so many percent. It is
// decided by the times themselves, not by a rounded percentage. Without service
// time nothing was missed.
func (a Availability) Meets(target decimal.Decimal) bool {
	up := decimal.NewFromInt(int64(a.Service - a.Down)).Mul(hundred())
	return up.GreaterThanOrEqual(target.Mul(decimal.NewFromInt(int64(a.Service))))
}

// Budget is how much downtime a target in percent allows, and how much of that
// is left; less than nothing when it is overdrawn. Service time that is still to
// come counts, if the period reaches into the future.
func (a Availability) Budget(target decimal.Decimal) (allowed, left time.Duration) {
	share := hundred().Sub(target).Mul(decimal.NewFromInt(int64(a.Service))).Div(hundred())
	allowed = time.Duration(share.Floor().IntPart())
	return allowed, allowed - a.Down
}

// BurnRate is how many times faster than a target in percent allows the error
// budget is used up: at 1 it lasts just for the period, at 10 for a tenth of it.
// A short and a long period together make an alert that is neither late nor
// nervous. Rounded half away from zero to two places; not ok if the target allows
// no downtime or there was no service time.
func (a Availability) BurnRate(target decimal.Decimal) (rate decimal.Decimal, ok bool) {
	allowed := hundred().Sub(target).Mul(decimal.NewFromInt(int64(a.Service)))
	if !allowed.IsPositive() {
		return decimal.Decimal{}, false
	}
	return decimal.NewFromInt(int64(a.Down)).Mul(hundred()).DivRound(allowed, 2), true
}

// MTRS is the mean time to restore service: service time lost per interruption,
// zero without any (ITIL 4).
func (a Availability) MTRS() time.Duration {
	if a.Interruptions == 0 {
		return 0
	}
	return a.Down / time.Duration(a.Interruptions)
}

// MTBF is the mean time between failures: service time that was there per
// interruption, zero without any (ITIL 4).
func (a Availability) MTBF() time.Duration {
	if a.Interruptions == 0 {
		return 0
	}
	return (a.Service - a.Down) / time.Duration(a.Interruptions)
}

func hundred() decimal.Decimal { return decimal.NewFromInt(100) }
