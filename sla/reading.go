package sla

import (
	"time"
)

// Reading is how a clock stands at an instant.
type Reading struct {
	State    State
	Due      time.Time // zero while paused, unless it was reached before
	Breached bool
	BreachAt time.Time // where the time beyond the goal begins, if it has begun

	Elapsed   time.Duration // business time used
	Actual    time.Duration // elapsed time of the periods in which the clock ran
	Remaining time.Duration // business time left; negative beyond the goal, zero if nothing is due
	Paused    time.Duration // business time that passed while the clock was paused
	Percent   float64       // of the goal, for showing; nothing is decided by it
}

// Read tells how a clock stands at an instant, from its periods alone. Periods
// behind the instant are not looked at, so a clock can be read in the past. A
// clock that no engine made, or that is pinned to an unknown calendar, is an
// error matching [workflow.ErrInvalid].
func (e *Engine) Read(c Clock, at time.Time) (Reading, error) {
	if err := c.Validate(); err != nil {
		return Reading{}, err
	}
	at = at.UTC()
	c = c.asOf(at)
	r := Reading{State: c.State}
	cal, err := e.calendar(c.Goal.Calendar)
	if err != nil {
		return r, err
	}
	spans, err := e.spans(&c)
	if err != nil {
		return r, err
	}
	var end time.Time // of the time that ran
	for _, s := range spans {
		to := s.to
		if s.open || to.After(at) {
			to = at
		}
		if to.Before(s.From) {
			continue
		}
		switch s.State {
		case StateRunning:
			r.Elapsed += s.cal.Between(s.From, to)
			r.Actual += to.Sub(s.From)
			end = to
		case StatePaused:
			r.Paused += cal.Between(s.From, to)
		case StateStopped:
			if !s.open { // it was taken up again
				r.Paused += cal.Between(s.From, to)
			}
		}
	}
	p, err := e.goal(&c)
	if err != nil {
		return r, err
	}
	if p.reached {
		r.Due = p.due
	}
	if c.override() != nil {
		if end = at; !c.open() {
			end = c.Periods[len(c.Periods)-1].From // a pause does not hold up an instant that was agreed on
		}
	}
	switch {
	case c.Breached: // by the goal it had then
		r.Breached, r.BreachAt = true, c.BreachedAt
	case !p.late.IsZero() && end.After(p.late):
		r.Breached, r.BreachAt = true, c.promisedBy(p.late)
	}
	switch {
	case c.Goal.Within > 0 && c.override() == nil:
		r.Remaining = c.Goal.Within - r.Elapsed
		r.Percent = percent(r.Elapsed, c.Goal.Within)
	case p.reached:
		if end.IsZero() {
			end = at
		}
		r.Remaining = cal.Between(end, p.due)
		r.Percent = percent(r.Elapsed, r.Elapsed+r.Remaining)
	}
	return r, nil
}

func percent(used, of time.Duration) float64 {
	if of <= 0 {
		return 100
	}
	return 100 * float64(used) / float64(of)
}

// Met reports whether the clock was stopped in time.
func (r Reading) Met() bool { return r.State == StateStopped && !r.Breached }
