package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Clock is how a target stands for one record. Its truth is the list of its
// periods; everything else follows from them and is kept only to be looked up.
// A clock is plain data with a JSON form, and is advanced by its [Engine].
type Clock struct {
	Target string `json:"target"`
	Cycle  int    `json:"cycle"` // 1, and one more with each restart
	State  State  `json:"state"`

	Goal    Pinned   `json:"goal"`
	Periods []Period `json:"periods"`

	Due         time.Time `json:"due,omitzero"` // zero while paused, unless it was reached before
	OriginalDue time.Time `json:"original_due"` // as it was when the clock started
	Breached    bool      `json:"breached,omitempty"`
	BreachedAt  time.Time `json:"breached_at,omitzero"` // where the time beyond the goal begins
	Warned      int       `json:"warned,omitempty"`     // the highest percentage that was warned of
}

// Pinned is the goal a clock goes by. A later edit of the target changes clocks
// through its [ChangePolicy] alone.
type Pinned struct {
	Within   time.Duration `json:"within,omitempty"` // business time, in nanoseconds
	Days     calendar.Days `json:"days,omitempty"`
	EndOfDay bool          `json:"end_of_day,omitempty"`
	Calendar string        `json:"calendar"`
}

// Period is a stretch of a clock's life in one state; it ends where the next
// begins.
type Period struct {
	From     time.Time `json:"from"`
	State    State     `json:"state"`
	Cause    string    `json:"cause,omitempty"`    // what brought the state about, in words
	Calendar string    `json:"calendar,omitempty"` // by which a running period counts
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
	if (c.Goal.Within > 0) == (c.Goal.Days > 0) || c.Goal.Within < 0 || c.Goal.Days < 0 {
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
	return c
}

// open reports whether the clock is under way.
func (c *Clock) open() bool { return c.State == StateRunning || c.State == StatePaused }

func (c *Clock) enter(s State, at time.Time, cause string) {
	c.State = s
	p := Period{From: at, State: s, Cause: cause}
	if s == StateRunning {
		p.Calendar = c.Goal.Calendar
	}
	c.Periods = append(c.Periods, p)
}

// span is a period with its calendar and its end; an open span goes on.
type span struct {
	Period
	to   time.Time
	open bool
	cal  *calendar.Calendar // of a running one
}

// spans returns the clock's periods up to an instant. The last is open.
func (e *Engine) spans(c *Clock) ([]span, error) {
	out := make([]span, len(c.Periods))
	for i, p := range c.Periods {
		out[i] = span{Period: p, open: i == len(c.Periods)-1}
		if !out[i].open {
			out[i].to = c.Periods[i+1].From
		}
		if p.State == StateRunning {
			cal, err := e.calendar(p.Calendar)
			if err != nil {
				return nil, err
			}
			out[i].cal = cal
		}
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
	base, ok := cal.AddDays(c.Started(), c.Goal.Days, c.Goal.EndOfDay)
	if !ok {
		return projection{}, nil
	}
	var paused time.Duration
	for i, s := range spans {
		due := base
		if paused > 0 {
			if due, ok = cal.Add(base, paused); !ok {
				return projection{}, nil
			}
		}
		goesOn := s.open || stoppedRunning(spans, i)
		if s.State == StateRunning && (goesOn || !due.After(s.to)) {
			return projection{due.UTC(), due.UTC(), true}, nil
		}
		if s.State != StateRunning && !s.open {
			paused += cal.Between(s.From, s.to)
		}
	}
	return projection{}, nil
}

// goal projects the clock onto its own goal.
func (e *Engine) goal(c *Clock) (projection, error) {
	if c.Goal.Days > 0 {
		return e.projectDays(c)
	}
	return e.project(c, c.Goal.Within)
}

// share is the business time after which so many percent of the goal are used.
func (e *Engine) share(c *Clock, percent int) (time.Duration, error) {
	total := c.Goal.Within
	if c.Goal.Days > 0 {
		cal, err := e.calendar(c.Goal.Calendar)
		if err != nil {
			return 0, err
		}
		if due, ok := cal.AddDays(c.Started(), c.Goal.Days, c.Goal.EndOfDay); ok {
			total = cal.Between(c.Started(), due)
		}
	}
	// in two steps, as a large goal times a percentage would overflow
	return total/100*time.Duration(percent) + total%100*time.Duration(percent)/100, nil
}
