package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Clock is how a target stands for one record. Its truth is the list of its
// periods, the goals it went by, and the due times agreed on by hand; everything
// else follows from them and is kept only to be looked up. A clock is plain data
// with a JSON form, and is advanced by its [Engine].
type Clock struct {
	Target  string `json:"target"`
	Version int    `json:"version,omitempty"` // of the target; 0 is 1
	Cycle   int    `json:"cycle"`             // 1, and one more with each restart
	State   State  `json:"state"`

	Goal      Pinned     `json:"goal"`
	Was       []WasGoal  `json:"was,omitempty"` // the goals before, the earliest first
	Periods   []Period   `json:"periods"`
	Overrides []Override `json:"overrides,omitempty"`

	Due         time.Time `json:"due,omitzero"` // zero while paused, unless it was reached before
	OriginalDue time.Time `json:"original_due"` // as it was when the clock started
	Breached    bool      `json:"breached,omitempty"`
	BreachedAt  time.Time `json:"breached_at,omitzero"` // where the time beyond the goal begins
	Passed      []string  `json:"passed,omitempty"`     // the thresholds that were told of, sorted

	Watched   string `json:"watched,omitempty"`    // the facts by whose change it is reset
	ResetHeld bool   `json:"reset_held,omitempty"` // its reset condition holds
}

// Pinned is the goal a clock goes by. A later edit of the target changes clocks
// through its [ChangePolicy] alone.
type Pinned struct {
	Within   time.Duration `json:"within,omitempty"` // business time, in nanoseconds
	Days     calendar.Days `json:"days,omitempty"`
	EndOfDay bool          `json:"end_of_day,omitempty"`
	By       time.Duration `json:"by,omitempty"` // on the wall clock, in nanoseconds
	Calendar string        `json:"calendar"`     // by its name; "name@zone" where it floats
}

// WasGoal is a goal that a clock went by until an instant, and the version of its
// target.
type WasGoal struct {
	Goal    Pinned    `json:"goal"`
	Version int       `json:"version,omitempty"`
	Until   time.Time `json:"until"`
}

// Period is a stretch of a clock's life in one state and one pair of hands; it
// ends where the next begins.
type Period struct {
	From     time.Time `json:"from"`
	State    State     `json:"state"`
	Cause    string    `json:"cause,omitempty"`    // what brought the state about, in words
	Calendar string    `json:"calendar,omitempty"` // by which a running period counts
	Group    string    `json:"group,omitempty"`    // who held the record
	Assignee string    `json:"assignee,omitempty"`
}

// sound reports whether the goal is one that a target can have.
func (p Pinned) sound() bool {
	return (p.Within > 0) != (p.Days > 0) && p.Within >= 0 && p.Days >= 0 && p.Days <= MaxDays && p.By >= 0 && p.By <= 24*time.Hour
}

// day is when a goal of business days that began at an instant is due.
func (p Pinned) day(cal *calendar.Calendar, from time.Time) (time.Time, bool) {
	if p.By > 0 {
		return cal.AddDaysBy(from, p.Days, p.By)
	}
	return cal.AddDays(from, p.Days, p.EndOfDay)
}

// Started is when the clock began; zero if it never did.
func (c Clock) Started() time.Time {
	if len(c.Periods) == 0 {
		return time.Time{}
	}
	return c.Periods[0].From
}

// Validate reports everything by which the clock cannot be one that an [Engine]
// made, in one error matching [workflow.ErrInvalid]. The engine asks before it
// looks at a clock.
func (c Clock) Validate() error {
	var p workflow.Problems
	if c.Target == "" {
		p.Addf("no target")
	}
	if !c.Goal.sound() || slices.ContainsFunc(c.Was, func(w WasGoal) bool { return !w.Goal.sound() }) {
		p.Addf("its goal is neither a business time nor business days")
	}
	if len(c.Periods) == 0 {
		p.Addf("it has no periods")
	}
	for i, s := range c.Periods {
		if !slices.Contains(states, s.State) {
			p.Addf("period %d has the unknown state %q", i+1, s.State)
		}
		if i > 0 && s.From.Before(c.Periods[i-1].From) {
			p.Addf("period %d begins before the one in front of it", i+1)
		}
	}
	if n := len(c.Periods); n > 0 && c.Periods[n-1].State != c.State {
		p.Addf("its state is %q, that of its last period %q", c.State, c.Periods[n-1].State)
	}
	if err := p.Err("no engine made this clock"); err != nil {
		return fmt.Errorf("sla: target %q: %w", c.Target, err)
	}
	return nil
}

// Clone returns a copy that shares nothing with c.
func (c Clock) Clone() Clock {
	c.Periods = slices.Clone(c.Periods)
	c.Was = slices.Clone(c.Was)
	c.Overrides = slices.Clone(c.Overrides)
	c.Passed = slices.Clone(c.Passed)
	return c
}

// asOf returns the clock as it was known at an instant: what came later is left
// out. At the earliest it is the clock as it started.
func (c Clock) asOf(at time.Time) Clock {
	c = c.Clone()
	for len(c.Periods) > 1 && c.Periods[len(c.Periods)-1].From.After(at) {
		c.Periods = c.Periods[:len(c.Periods)-1]
	}
	c.State = c.Periods[len(c.Periods)-1].State
	for n := len(c.Overrides) - 1; n >= 0 && c.Overrides[n].At.After(at); n-- {
		c.Overrides = c.Overrides[:n]
	}
	for n := len(c.Was) - 1; n >= 0 && c.Was[n].Until.After(at); n-- {
		c.Goal, c.Version, c.Was = c.Was[n].Goal, c.Was[n].Version, c.Was[:n]
	}
	if !c.BreachedAt.Before(at) {
		c.Breached, c.BreachedAt = false, time.Time{}
	}
	return c
}

// open reports whether the clock is under way.
func (c *Clock) open() bool { return c.State == StateRunning || c.State == StatePaused }

func (c *Clock) enter(s State, m *moment) {
	c.State = s
	p := Period{From: m.at, State: s, Cause: m.cause, Group: m.facts.Group, Assignee: m.facts.Assignee}
	if s == StateRunning {
		p.Calendar = c.Goal.Calendar
	}
	c.Periods = append(c.Periods, p)
}

// span is a period with its calendar and its end; an open span goes on.
type span struct {
	*Period
	to   time.Time
	open bool
	cal  *calendar.Calendar // of a running one
}

// spans returns the clock's periods, those that differ only in who held the
// record as one. The last is open.
func (e *Engine) spans(c *Clock) ([]span, error) {
	out := make([]span, 0, len(c.Periods))
	for i := range c.Periods {
		p := &c.Periods[i]
		if n := len(out) - 1; n >= 0 {
			if last := out[n]; p.State == StateRunning && last.State == StateRunning && last.Calendar == p.Calendar {
				continue
			}
			out[n].to, out[n].open = p.From, false
		}
		s := span{Period: p, open: true}
		if p.State == StateRunning {
			cal, err := e.calendar(p.Calendar)
			if err != nil {
				return nil, err
			}
			s.cal = cal
		}
		out = append(out, s)
	}
	return out, nil
}

// projection is where a clock reaches its goal.
type projection struct {
	due     time.Time // when it is reached
	late    time.Time // beyond it, nothing was open until here: breached after this instant
	reached bool      // false: not while the clock is paused
}

// project finds where the business time of a clock reaches a goal of its own.
// Once reached, later pauses do not move it. A clock that was running when it
// stopped is projected as if it had run on.
func (e *Engine) project(c *Clock, within time.Duration) (projection, error) {
	spans, err := e.spans(c)
	if err != nil {
		return projection{}, err
	}
	left := within
	var p projection
	for i, s := range spans {
		if s.State != StateRunning {
			continue
		}
		goesOn := s.open || stoppedRunning(spans, i)
		due, ok := s.cal.Add(s.From, left)
		if ok && !p.reached && (goesOn || !due.After(s.to)) {
			p.due, p.reached = due.UTC(), true
		}
		late, ok := s.cal.AddLate(s.From, left)
		if ok && (s.open || late.Before(s.to)) {
			p.late = late.UTC()
			break
		}
		if !s.open {
			left -= s.cal.Between(s.From, s.to)
		}
	}
	return p, nil
}

// stoppedRunning reports whether the clock ran in a span, for longer than an
// instant, and was then stopped for good.
func stoppedRunning(spans []span, i int) bool {
	return i == len(spans)-2 && spans[i+1].State == StateStopped && spans[i].From.Before(spans[i].to)
}

// projectDays does the same for a goal of business days: that day, moved on by
// the open time spent paused before it came.
func (e *Engine) projectDays(c *Clock) (projection, error) {
	spans, err := e.spans(c)
	if err != nil {
		return projection{}, err
	}
	cal, err := e.calendar(c.Goal.Calendar)
	if err != nil {
		return projection{}, err
	}
	base, ok := c.Goal.day(cal, c.Started())
	if !ok {
		return projection{}, nil
	}
	var paused time.Duration
	var p projection
	for i, s := range spans {
		if s.State != StateRunning {
			if !s.open && !p.reached {
				paused += cal.Between(s.From, s.to)
			}
			continue
		}
		if !p.reached {
			due := base
			if paused > 0 {
				if due, ok = cal.Add(base, paused); !ok {
					return projection{}, nil
				}
			}
			if s.open || stoppedRunning(spans, i) || !due.After(s.to) {
				p.due, p.reached = due.UTC(), true
			}
		}
		if p.reached {
			late := p.due
			if late.Before(s.From) { // the clock stood still then, and nothing need have been open since
				late, ok = cal.AddLate(s.From, 0)
			}
			if ok && (s.open || late.Before(s.to)) {
				p.late = late.UTC()
				break
			}
		}
	}
	return p, nil
}

// openFrom is the first instant from a given one on at which the clock was under
// way, or the given one if it never was again.
func (c *Clock) openFrom(at time.Time) time.Time {
	for i, p := range c.Periods {
		last := i == len(c.Periods)-1
		if p.State != StateStopped && p.State != StateCancelled && (last || c.Periods[i+1].From.After(at)) {
			if p.From.After(at) {
				return p.From
			}
			return at
		}
	}
	return at
}

// changed is the instant of the last thing that happened to the clock.
func (c *Clock) changed() time.Time {
	last := c.Periods[len(c.Periods)-1].From
	if n := len(c.Was); n > 0 && c.Was[n-1].Until.After(last) {
		last = c.Was[n-1].Until
	}
	if n := len(c.Overrides); n > 0 && c.Overrides[n-1].At.After(last) {
		last = c.Overrides[n-1].At
	}
	return last
}

// promisedBy dates a breach: a goal cannot have been missed before it was agreed
// on.
func (c *Clock) promisedBy(late time.Time) time.Time {
	if n := len(c.Was); n > 0 && late.Before(c.Was[n-1].Until) {
		late = c.Was[n-1].Until
	}
	if n := len(c.Overrides); n > 0 && late.Before(c.Overrides[n-1].At) {
		late = c.Overrides[n-1].At
	}
	return late
}

// goal projects the clock onto its own goal, or onto the instant agreed on by
// hand.
func (e *Engine) goal(c *Clock) (projection, error) {
	if o := c.override(); o != nil {
		return projection{o.Due, c.openFrom(o.Due), true}, nil
	}
	if c.Goal.Days > 0 {
		return e.projectDays(c)
	}
	return e.project(c, c.Goal.Within)
}
