package sla

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Scorecard tells how an agreement was kept in a period: of a supplier, a group, or
// towards a customer.
type Scorecard struct {
	Agreement string
	Version   int
	Name      string
	Type      AgreementType
	Provider  string
	Period    Span

	Targets      []Score
	Availability *Availability // nil if none is promised
	Available    bool          // the availability that is promised was reached
	Credits      Statement
	Kept         bool // everything was
}

// Score is how one target of an agreement was kept.
type Score struct {
	Target string
	Row
	Kept bool // enough of its promises were, by the agreement's attainment
}

// Scorecard puts together how the agreement was kept in a period: the attainment
// of each of its targets, from the clocks that [Book.Targets] started; the
// availability in its service hours, as far as the agreement was valid, from the
// outages and the maintenance that was agreed on; and what it costs, from the breaches that happened in the period, so
// that each is paid for once, by the hours until then or until the clock was
// stopped. Excluded says why a breach costs nothing, such as a
// delay that the customer caused; it may be nil.
func (a Agreement) Scorecard(e *Engine, cases []Case, period Span, outages []Outage, maintenance []Span, excluded func(Case) string) (Scorecard, error) {
	s := Scorecard{Agreement: a.ID, Version: max(a.Version, 1), Name: a.Name, Type: a.Type, Provider: a.Provider, Period: period, Available: true, Kept: true}
	var breaches []Breach
	for _, t := range a.Targets {
		own, err := a.scored(e, cases, t.Name, s.Period)
		if err != nil {
			return Scorecard{}, err
		}
		score := Score{Target: t.Name, Row: own.total}
		if score.Kept = own.total.Meets(a.attainment()) && (own.total.Overdue == 0 || a.Attainment.IsPositive()); !score.Kept {
			s.Kept = false
		}
		s.Targets = append(s.Targets, score)
		for _, b := range own.breached {
			breach := Breach{Target: t.Name, Record: b.Record, At: b.Clock.BreachedAt, Over: b.over}
			if excluded != nil {
				breach.Excluded = excluded(b.Case)
			}
			breaches = append(breaches, breach)
		}
	}
	if valid, ok := period.within(a.validity(period)); ok && a.Availability.IsPositive() {
		available, err := Available(a.Hours, valid, outages, maintenance)
		if err != nil {
			return Scorecard{}, err
		}
		s.Availability, s.Available = &available, available.Meets(a.Availability)
	}
	s.Kept = s.Kept && s.Available
	var err error
	s.Credits, err = a.Credits.Statement(breaches, s.Availability)
	return s, err
}

// scored is how one target was kept, and the clocks that breached in the period.
type scored struct {
	total    Row
	breached []missed
}

type missed struct {
	Case
	over time.Duration // business time beyond the goal, until the period was over
}

func (a *Agreement) scored(e *Engine, cases []Case, target string, period Span) (scored, error) {
	var own []Case
	for _, c := range cases {
		if c.Clock.Target != a.ID+": "+target || len(c.Clock.Periods) == 0 {
			continue
		}
		// A version that took the clock over later has nothing to do with it yet.
		if c.Clock = c.Clock.asOf(period.To.Add(-1)); max(c.Clock.Version, 1) == max(a.Version, 1) {
			own = append(own, c)
		}
	}
	report, err := e.Attainment(own, period)
	if err != nil {
		return scored{}, err
	}
	s := scored{total: report.Total}
	for _, c := range own {
		if !c.Clock.Started().Before(period.To) {
			continue
		}
		r, err := e.Read(c.Clock, period.To)
		if err != nil {
			return scored{}, err
		}
		if r.Breached && !r.BreachAt.Before(period.From) && c.Clock.State != StateCancelled {
			c.Clock.BreachedAt = r.BreachAt
			s.breached = append(s.breached, missed{c, max(-r.Remaining, 0)})
		}
	}
	return s, nil
}

// validity is the time in which the agreement is valid, as far as it matters for a
// period.
func (a *Agreement) validity(period Span) Span {
	s := Span{a.From, a.Until}
	if s.To.IsZero() {
		s.To = period.To
	}
	return s
}

// attainment is the percentage of promises to be kept.
func (a *Agreement) attainment() decimal.Decimal {
	if a.Attainment.IsZero() {
		return hundred()
	}
	return a.Attainment
}

// String writes the scorecard for people.
func (s Scorecard) String() string {
	var b strings.Builder
	word := map[bool]string{true: "kept", false: "broken"}
	fmt.Fprintf(&b, "%s %s (%s) version %d, %s to %s: %s\n", s.Agreement, s.Provider, s.Type, s.Version,
		s.Period.From.Format(time.DateOnly), s.Period.To.Format(time.DateOnly), word[s.Kept])
	for _, t := range s.Targets {
		percent := "nothing to count"
		if p, ok := t.Percent(); ok {
			percent = p.StringFixed(2) + " %"
		}
		fmt.Fprintf(&b, "  %s: %s (%d met, %d missed, %d overdue): %s\n", t.Target, percent, t.Met, t.Missed, t.Overdue, word[t.Kept])
	}
	if s.Availability != nil {
		percent, _ := s.Availability.Percent()
		fmt.Fprintf(&b, "  availability: %s %%: %s\n", percent, word[s.Available])
	}
	for line := range strings.Lines(s.Credits.String()) {
		b.WriteString("  " + line)
	}
	return b.String()
}
