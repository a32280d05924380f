package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// AlertKind tells warnings from breaches.
type AlertKind string

// The kinds of alert.
const (
	AlertWarning AlertKind = "warning"
	AlertBreach  AlertKind = "breach"
)

// Alert is the news that a clock has used up a share of its goal, or all of it.
type Alert struct {
	Target  string    `json:"target"`
	Kind    AlertKind `json:"kind"`
	Percent int       `json:"percent"` // of the goal; 100 for a breach
	At      time.Time `json:"at"`      // when it came due, which may be before it was noticed
}

// Alarm is an instant at which a record's clocks must be advanced, even if
// nothing happens to the record: set a timer of that name.
type Alarm struct {
	Name string // "sla/" and the target
	Due  time.Time
}

// Advance takes a record's clocks to an instant at which the record has the
// given facts: it starts, pauses, resumes, stops and cancels them, and notices
// what has come due. The cause says in words why the facts are what they are.
// The clocks given are not changed.
//
// Advance may be called as often as one likes: what comes due is dated by
// when it came due, not by when it was noticed, so one late call gives the
// clocks that many early ones give. An instant before the last change of a clock
// is an error matching [workflow.ErrOutOfOrder].
func (e *Engine) Advance(clocks []Clock, f Facts, at time.Time, cause string) ([]Clock, []Alert, error) {
	at = at.UTC()
	out := slices.Clone(clocks)
	var alerts []Alert
	for i := range e.targets {
		var err error
		if out, alerts, err = e.advance(i, out, alerts, f, at, cause); err != nil {
			return clocks, nil, err
		}
	}
	return out, alerts, nil
}

func (e *Engine) advance(i int, clocks []Clock, alerts []Alert, f Facts, at time.Time, cause string) ([]Clock, []Alert, error) {
	t := &e.targets[i]
	k := current(clocks, t.Name)
	if k < 0 {
		c, ok, err := e.start(i, f, at, cause, 1)
		if ok && err == nil {
			clocks = append(clocks, c)
		}
		return clocks, alerts, err
	}
	if err := clocks[k].Validate(); err != nil {
		return nil, nil, err
	}
	c := clocks[k].Clone()
	if last := c.Periods[len(c.Periods)-1].From; at.Before(last) {
		return nil, nil, fmt.Errorf("sla: target %q: %s is before the clock's last change at %s: %w",
			t.Name, at.Format(time.RFC3339Nano), last.Format(time.RFC3339Nano), workflow.ErrOutOfOrder)
	}
	alerts, err := e.notice(t, &c, at, alerts)
	if err != nil {
		return nil, nil, err
	}
	again := t.follow(&c, f, at, cause)
	if !again && c.open() {
		if again, err = e.regoal(i, &c, f, at, cause); err == nil {
			alerts, err = e.notice(t, &c, at, alerts)
		}
	}
	if err == nil {
		err = e.settle(&c)
	}
	clocks[k] = c
	if again && err == nil {
		var fresh Clock
		var ok bool
		if fresh, ok, err = e.start(i, f, at, cause, c.Cycle+1); ok && err == nil {
			clocks = append(clocks, fresh)
		}
	}
	return clocks, alerts, err
}

// current returns the place of a target's latest clock, or -1.
func current(clocks []Clock, target string) int {
	for i := len(clocks) - 1; i >= 0; i-- {
		if clocks[i].Target == target {
			return i
		}
	}
	return -1
}

func (e *Engine) start(i int, f Facts, at time.Time, cause string, cycle int) (Clock, bool, error) {
	t := &e.targets[i]
	if !t.Start(f) || t.Stop(f) || t.Cancel(f) {
		return Clock{}, false, nil
	}
	goal, ok := e.pick(i, f)
	if !ok {
		return Clock{}, false, nil
	}
	c := Clock{Target: t.Name, Cycle: cycle, Goal: goal}
	c.enter(StateRunning, at, cause)
	p, err := e.goal(&c)
	if err != nil {
		return Clock{}, false, err
	}
	c.OriginalDue = p.due
	if t.Pause(f) {
		c.Periods = c.Periods[:0]
		c.enter(StatePaused, at, cause)
	}
	return c, true, e.settle(&c)
}

// pick returns the first goal that fits.
func (e *Engine) pick(i int, f Facts) (Pinned, bool) {
	goals := e.targets[i].Goals
	for j := range goals {
		if g := &goals[j]; g.fits(f) {
			return Pinned{g.Within, g.Days, g.EndOfDay, e.names[i][j]}, true
		}
	}
	return Pinned{}, false
}

// follow takes the clock into the state that the facts ask for. It reports
// whether another clock is to start.
func (t *Target) follow(c *Clock, f Facts, at time.Time, cause string) (again bool) {
	stop, cancel := t.Stop(f), t.Cancel(f)
	switch {
	case c.State == StateCancelled:
		return false
	case c.State == StateStopped:
		if stop || cancel || !t.Start(f) || t.OnReopen == StayStopped {
			return false
		}
		if t.OnReopen == NewCycle {
			return true
		}
	case cancel:
		c.enter(StateCancelled, at, cause)
		return false
	case stop:
		c.enter(StateStopped, at, cause)
		return false
	}
	want := StateRunning
	if t.Pause(f) {
		want = StatePaused
	}
	if c.State != want {
		c.enter(want, at, cause)
	}
	return false
}

// regoal gives the clock the goal that the facts now ask for. A record that
// fits no goal any more keeps the one it has.
func (e *Engine) regoal(i int, c *Clock, f Facts, at time.Time, cause string) (again bool, err error) {
	goal, ok := e.pick(i, f)
	if !ok || goal == c.Goal {
		return false, nil
	}
	state := c.State
	switch e.targets[i].OnChange {
	case Restart:
		c.enter(StateCancelled, at, cause)
		return true, nil
	case Retroactive:
		c.Goal = goal
		for j := range c.Periods {
			if c.Periods[j].State == StateRunning {
				c.Periods[j].Calendar = goal.Calendar
			}
		}
		c.Breached, c.BreachedAt = false, time.Time{}
	default:
		moved := goal.Calendar != c.Goal.Calendar
		c.Goal = goal
		if moved && state == StateRunning {
			c.enter(StateRunning, at, cause)
		}
	}
	return false, nil
}

// notice finds what has come due up to an instant.
func (e *Engine) notice(t *Target, c *Clock, at time.Time, alerts []Alert) ([]Alert, error) {
	if !c.open() {
		return alerts, nil
	}
	for _, w := range t.Warn {
		if w <= c.Warned || c.Breached {
			continue
		}
		used, err := e.share(c, w)
		if err != nil {
			return nil, err
		}
		p, err := e.project(c, used)
		if err != nil {
			return nil, err
		}
		if p.reached && !p.due.After(at) {
			c.Warned = w
			alerts = append(alerts, Alert{t.Name, AlertWarning, w, p.due})
		}
	}
	p, err := e.goal(c)
	if err == nil && !c.Breached && !p.late.IsZero() && at.After(p.late) {
		c.Breached, c.BreachedAt = true, p.late
		alerts = append(alerts, Alert{t.Name, AlertBreach, 100, p.late})
	}
	return alerts, err
}

// settle brings what is kept for looking up in line with the periods.
func (e *Engine) settle(c *Clock) error {
	p, err := e.goal(c)
	c.Due = time.Time{}
	if p.reached {
		c.Due = p.due
	}
	return err
}

// beyond is the shortest time a store keeps: an alarm just behind an instant.
const beyond = time.Microsecond

// Alarms returns when the clocks must be looked at next: for each running one
// its next warning or, after those, its breach.
func (e *Engine) Alarms(clocks []Clock) []Alarm {
	var alarms []Alarm
	for i := range e.targets {
		t := &e.targets[i]
		k := current(clocks, t.Name)
		if k < 0 || clocks[k].State != StateRunning || clocks[k].Breached || clocks[k].Validate() != nil {
			continue
		}
		if due, ok := e.next(t, &clocks[k]); ok {
			alarms = append(alarms, Alarm{"sla/" + t.Name, due})
		}
	}
	return alarms
}

func (e *Engine) next(t *Target, c *Clock) (time.Time, bool) {
	for _, w := range t.Warn {
		if w <= c.Warned {
			continue
		}
		used, err := e.share(c, w)
		if err != nil {
			return time.Time{}, false
		}
		if p, err := e.project(c, used); err == nil && p.reached {
			return roundUp(p.due), true
		}
	}
	p, err := e.goal(c)
	if err != nil || p.late.IsZero() {
		return time.Time{}, false
	}
	return roundUp(p.late.Add(1)), true
}

func roundUp(t time.Time) time.Time {
	if r := t.Truncate(beyond); r.Before(t) {
		return r.Add(beyond)
	}
	return t
}
