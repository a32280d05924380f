package sla

import (
	"slices"
	"time"
)

// AlertKind tells warnings from breaches.
type AlertKind string

// The kinds of alert.
const (
	AlertWarning AlertKind = "warning" // a threshold before the goal
	AlertBreach  AlertKind = "breach"
	AlertOverdue AlertKind = "overdue" // a threshold beyond it
)

// Alert is the news that a clock has come to a threshold or gone beyond its goal.
type Alert struct {
	Target    string    `json:"target"`
	Kind      AlertKind `json:"kind"`
	Threshold string    `json:"threshold"`         // "75 %", "1h0m0s before due"; "100 %" for a breach
	Percent   int       `json:"percent,omitempty"` // of the goal; 100 for a breach
	At        time.Time `json:"at"`                // when it came due, which may be before it was noticed
	Do        []string  `json:"do,omitempty"`      // the escalation actions of the threshold
}

// Alarm is an instant at which a record's clocks must be advanced, even if
// nothing happens to the record: set a timer of that name.
type Alarm struct {
	Name string // "sla/" and the target
	Due  time.Time
}

// notice finds what has come due up to the moment.
func (mv *move) notice() error {
	c := &mv.clock
	if !c.open() {
		return nil
	}
	var found []Alert
	breached := c.Breached
	for i := range mv.t().Thresholds {
		th := &mv.t().Thresholds[i]
		if th.Percent == 100 || breached && !th.late() || slices.Contains(c.Passed, th.name) {
			continue
		}
		at, ok, err := mv.e.reach(c, th)
		if err != nil {
			return err
		}
		if ok && !at.After(mv.at) {
			kind := AlertWarning
			if th.late() {
				kind = AlertOverdue
			}
			found = append(found, Alert{c.Target, kind, th.name, th.Percent, at, slices.Clone(th.Do)})
			c.Passed = append(c.Passed, th.name)
			slices.Sort(c.Passed)
		}
	}
	p, err := mv.e.goal(c)
	if err != nil {
		return err
	}
	if !c.Breached && !p.late.IsZero() && mv.at.After(p.late) {
		c.Breached, c.BreachedAt = true, c.promisedBy(p.late)
		found = append(found, Alert{c.Target, AlertBreach, "100 %", 100, c.BreachedAt, mv.t().onBreach()})
	}
	slices.SortStableFunc(found, func(a, b Alert) int { return a.At.Compare(b.At) })
	mv.alerts = append(mv.alerts, found...)
	return nil
}

// onBreach are the escalation actions of the breach itself.
func (t *Target) onBreach() []string {
	for i := range t.Thresholds {
		if t.Thresholds[i].Percent == 100 {
			return slices.Clone(t.Thresholds[i].Do)
		}
	}
	return nil
}

// beyond is the shortest time a store keeps: an alarm just behind an instant.
const beyond = time.Microsecond

// Alarms returns when the clocks must be looked at next: for each one under way
// its next threshold or its breach, or when another version of its target takes
// it over.
func (e *Engine) Alarms(clocks []Clock) []Alarm {
	var alarms []Alarm
	for i := range e.lines {
		l := &e.lines[i]
		k := current(clocks, l.name)
		if k < 0 || !clocks[k].open() || clocks[k].Validate() != nil {
			continue
		}
		if due, ok := e.next(l, &clocks[k]); ok {
			alarms = append(alarms, Alarm{"sla/" + l.name, due})
		}
	}
	return alarms
}

// next is the earliest instant at which something is to be told of a clock, or
// done to it.
func (e *Engine) next(l *line, c *Clock) (next time.Time, ok bool) {
	v, err := e.version(l, c)
	if err != nil {
		return time.Time{}, false
	}
	earliest := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	thresholds := e.targets[v].Thresholds
	for i := range thresholds {
		th := &thresholds[i]
		if th.Percent == 100 || c.Breached && !th.late() || slices.Contains(c.Passed, th.name) {
			continue
		}
		if at, ok, err := e.reach(c, th); err == nil && ok {
			earliest(at)
		}
	}
	if p, err := e.goal(c); err == nil && !c.Breached && !p.late.IsZero() {
		earliest(p.late.Add(1))
	}
	for _, later := range l.versions {
		t := &e.targets[later]
		if t.Version > max(c.Version, 1) && t.OnVersion != "" {
			earliest(t.From)
		}
	}
	return roundUp(next), !next.IsZero()
}

func roundUp(t time.Time) time.Time {
	if r := t.Truncate(beyond); r.Before(t) {
		return r.Add(beyond)
	}
	return t
}
