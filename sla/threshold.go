package sla

import (
	"fmt"
	"slices"
	"time"
)

// Threshold is a point in the time of a goal at which people hear of it: a
// percentage of the goal, or a business time before or after it is due. One of
// the three is set. 100 percent is the breach itself; what lies beyond it is told
// of clocks that are overdue.
type Threshold struct {
	Percent int           // of the goal, 1 to 1000
	Before  time.Duration // business time before the goal is due
	After   time.Duration // business time after it was due

	// Do names the escalation actions, in words that the host understands, such
	// as "page:duty manager". They come with the alert: nothing is carried out
	// here.
	Do []string

	name string
}

// String reads "75 %", "1h0m0s before due", "30m0s after due".
func (t Threshold) String() string {
	switch {
	case t.Before > 0:
		return t.Before.String() + " before due"
	case t.After > 0:
		return t.After.String() + " after due"
	}
	return fmt.Sprintf("%d %%", t.Percent)
}

// late reports whether the threshold lies beyond the goal.
func (t *Threshold) late() bool { return t.After > 0 || t.Percent > 100 }

// named checks thresholds and gives them their names.
func named(list []Threshold, fault func(string, ...any)) []Threshold {
	if len(list) > MaxThresholds {
		fault("%d thresholds, at most %d", len(list), MaxThresholds)
	}
	out := slices.Clone(list)
	for i := range out {
		t := &out[i]
		t.name, t.Do = t.String(), slices.Clone(t.Do)
		set := 0
		for _, yes := range []bool{t.Percent > 0, t.Before > 0, t.After > 0} {
			if yes {
				set++
			}
		}
		if set != 1 || t.Percent < 0 || t.Percent > 1000 || t.Before < 0 || t.After < 0 || t.Before > MaxWithin || t.After > MaxWithin {
			fault("threshold %d: want 1 to 1000 percent, or a time before due, or one after", i+1)
		}
		if slices.ContainsFunc(out[:i], func(o Threshold) bool { return o.name == t.name }) {
			fault("threshold %s is there twice", t.name)
		}
	}
	return out
}

// reach is when a clock comes to a threshold.
func (e *Engine) reach(c *Clock, t *Threshold) (time.Time, bool, error) {
	if o := c.override(); o != nil {
		return e.reachOverridden(c, o, t)
	}
	goal, err := e.goal(c)
	if err != nil || t.late() && !goal.reached {
		return time.Time{}, false, err
	}
	if c.Goal.Days > 0 && t.Percent == 0 {
		return e.fromDay(c, goal, t)
	}
	total, err := e.total(c)
	if err != nil {
		return time.Time{}, false, err
	}
	used := percentOf(total, t.Percent)
	switch {
	case t.Before > 0:
		used = max(total-t.Before, 0)
	case t.After > 0:
		used = total + t.After
	}
	p, err := e.project(c, used)
	if t.late() && p.due.Before(goal.due) {
		p.due = goal.due // a day may have no business time before it is due
	}
	return p.due, p.reached, err
}

// fromDay is a threshold before or after a business day, counted from when that is
// due.
func (e *Engine) fromDay(c *Clock, goal projection, t *Threshold) (time.Time, bool, error) {
	cal, err := e.calendar(c.Goal.Calendar)
	if err != nil || !goal.reached {
		return time.Time{}, false, err
	}
	at, ok := cal.Add(goal.due, t.After-t.Before)
	if at.Before(c.Started()) {
		at = c.Started()
	}
	return at.UTC(), ok, nil
}

// reachOverridden counts from the instant that was agreed on, which no pause
// moves.
func (e *Engine) reachOverridden(c *Clock, o *Override, t *Threshold) (time.Time, bool, error) {
	cal, err := e.calendar(c.Goal.Calendar)
	if err != nil {
		return time.Time{}, false, err
	}
	var at time.Time
	var ok bool
	switch {
	case t.Before > 0:
		at, ok = cal.Add(o.Due, -t.Before)
	case t.After > 0:
		at, ok = cal.Add(o.Due, t.After)
	default:
		at, ok = cal.Add(c.Started(), percentOf(cal.Between(c.Started(), o.Due), t.Percent))
	}
	if at.Before(o.At) {
		at = o.At // it was agreed on only then
	}
	return at.UTC(), ok, nil
}

// total is the business time of a clock's goal.
func (e *Engine) total(c *Clock) (time.Duration, error) {
	if c.Goal.Days == 0 {
		return c.Goal.Within, nil
	}
	cal, err := e.calendar(c.Goal.Calendar)
	if err != nil {
		return 0, err
	}
	due, ok := c.Goal.day(cal, c.Started())
	if !ok {
		return 0, nil
	}
	return cal.Between(c.Started(), due), nil
}

// percentOf goes in two steps, as a large time multiplied would overflow.
func percentOf(d time.Duration, percent int) time.Duration {
	return d/100*time.Duration(percent) + d%100*time.Duration(percent)/100
}
