package sla

import (
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// MaxBackToBack is the longest period that a back-to-back check looks at.
const MaxBackToBack = 400 * 24 * time.Hour

// WeakLink is a promise that those beneath it do not make possible: even if each
// of them keeps its own, just in time, it is too late.
type WeakLink struct {
	Link            // the promise
	Version  int    // of its agreement
	Kind     Facts  // the kind of record
	Broken   Link   // the step at which the time is over
	Why      string // for people
	Start    time.Time
	Limit    time.Time // until when the promise is to be kept, if the record comes at Start
	Steps    []Step    // as far as the first that is too late
	Failures int       // of how many starts looked at it fails
	Starts   int
}

// Step is a promise beneath, from when the record comes to it until when it is to
// be kept at the latest.
type Step struct {
	Link
	From  time.Time
	Until time.Time
}

// BackToBack checks every supported target of the agreements: do the operational
// level agreements and underpinning contracts beneath, one after the other, leave
// enough time? It tries a record at every minute of a period, and just after it,
// as hours of different calendars may fit by day and not in the evening or around
// a holiday, and lets each step take all the time it has. What is late for a step
// by itself is decided as for clocks. For each target and kind of record that
// fails somewhere it returns the start at which most time is missing, and how
// often it fails.
//
// The kinds are the records to try. Without any, these are the priorities that the
// target's goals name, or one without a priority. The period is at most
// [MaxBackToBack] long; a longer one matches [workflow.ErrInvalid].
func (b *Book) BackToBack(period Span, kinds ...Facts) ([]WeakLink, error) {
	if d := period.To.Sub(period.From); d <= 0 || d > MaxBackToBack {
		return nil, fmt.Errorf("sla: back to back: a period of %v, want up to %v: %w", d, MaxBackToBack, workflow.ErrInvalid)
	}
	var weak []WeakLink
	for i := range b.agreements {
		a := &b.agreements[i]
		for _, s := range a.Supports {
			top := a.target(s.Target)
			for _, kind := range a.kinds(top, kinds) {
				c := chain{book: b, agreement: a, target: top, steps: s.Steps, kind: kind}
				w, err := c.worst(period)
				if err != nil {
					return nil, fmt.Errorf("sla: back to back: agreement %q: %w", a.ID, err)
				}
				if w != nil {
					weak = append(weak, *w)
				}
			}
		}
	}
	return weak, nil
}

func (a *Agreement) target(name string) *Target {
	for i := range a.Targets {
		if a.Targets[i].Name == name {
			return &a.Targets[i]
		}
	}
	return nil
}

// kinds are the kinds of record to try on a target.
func (a *Agreement) kinds(t *Target, given []Facts) []Facts {
	var kinds []Facts
	for _, f := range given {
		if ok, _ := a.matches(f); ok {
			kinds = append(kinds, f)
		}
	}
	if len(given) > 0 {
		return kinds
	}
	priorities := []int{}
	for _, g := range t.Goals {
		priorities = append(priorities, g.Priorities...)
	}
	slices.Sort(priorities)
	if priorities = slices.Compact(priorities); len(priorities) == 0 {
		priorities = []int{0}
	}
	for _, p := range priorities {
		f := Facts{Category: workflow.CategoryNew, Priority: p, Customer: a.Customer}
		if len(a.Services) > 0 {
			f.Service = a.Services[0]
		}
		kinds = append(kinds, f)
	}
	return kinds
}

// chain is a promise with the steps beneath it, for a kind of record.
type chain struct {
	book      *Book
	agreement *Agreement
	target    *Target
	steps     []Link
	kind      Facts
}

// worst returns the start at which most time is missing, or nil.
func (c *chain) worst(period Span) (*WeakLink, error) {
	own, err := limitOf(c.target, c.kind)
	if own == nil || err != nil {
		return nil, err // nothing is promised for such records
	}
	at := period.From.UTC().Truncate(time.Minute)
	if c.agreement.From.After(at) {
		at = c.agreement.From.UTC()
	}
	w := &WeakLink{Link: Link{c.agreement.ID, c.target.Name}, Version: c.agreement.Version, Kind: c.kind}
	var over time.Duration
	sure := false // a step that is not there, or promises nothing, beats any delay
	for ; at.Before(period.To) && c.agreement.validAt(at); at = at.Add(time.Minute) {
		for _, start := range []time.Time{at, at.Add(1)} {
			w.Starts++
			limit, ok := own(start)
			if !ok {
				continue // the promise never comes to an end
			}
			steps, why, err := c.follow(start, limit)
			if err != nil {
				return nil, err
			}
			if why == "" {
				continue
			}
			w.Failures++
			last := steps[len(steps)-1]
			missing := last.Until.Sub(limit)
			if last.Until.IsZero() && !sure || !sure && missing > over {
				sure, over = last.Until.IsZero(), missing
				w.Start, w.Limit, w.Steps, w.Broken, w.Why = start, limit, steps, last.Link, why
			}
		}
	}
	if w.Failures == 0 {
		return nil, nil
	}
	return w, nil
}

// follow lets a record go through the steps, each taking all the time it has, and
// tells why the promise cannot be kept, if so.
func (c *chain) follow(start, limit time.Time) (steps []Step, why string, err error) {
	at := start
	for _, link := range c.steps {
		step := Step{Link: link, From: at}
		a, err := c.book.At(link.Agreement, start)
		if err != nil || a.target(link.Target) == nil {
			return append(steps, step), fmt.Sprintf("%s is not valid on %s", link, start.Format(time.DateOnly)), nil
		}
		until, err := limitOf(a.target(link.Target), c.kind)
		if err != nil {
			return nil, "", err
		}
		if until == nil {
			return append(steps, step), fmt.Sprintf("%s promises nothing for such records", link), nil
		}
		end, ok := until(at)
		if !ok {
			return append(steps, step), fmt.Sprintf("%s never comes to an end", link), nil
		}
		step.Until = end.UTC()
		steps = append(steps, step)
		if end.After(limit) {
			return steps, fmt.Sprintf("%s may take until %s, the promise is to be kept by %s", link,
				end.UTC().Format("Mon 2006-01-02 15:04 MST"), limit.UTC().Format("Mon 2006-01-02 15:04 MST")), nil
		}
		at = end
	}
	return steps, "", nil
}

// limitOf returns how a target limits the time of such records: until when one
// that comes at an instant is in time. Nil means that it has no goal for them.
func limitOf(t *Target, f Facts) (func(time.Time) (time.Time, bool), error) {
	for i := range t.Goals {
		g := &t.Goals[i]
		if !g.fits(f) {
			continue
		}
		cal := g.Calendar
		if g.Floating && f.Zone != "" {
			var err error
			if cal, err = cal.In(f.Zone); err != nil {
				return nil, fmt.Errorf("%w: %w", err, workflow.ErrInvalid)
			}
		}
		if g.Days > 0 {
			p := Pinned{Days: g.Days, EndOfDay: g.EndOfDay, By: g.By}
			return func(at time.Time) (time.Time, bool) { return p.day(cal, at) }, nil
		}
		return func(at time.Time) (time.Time, bool) { return cal.AddLate(at, g.Within) }, nil
	}
	return nil, nil
}
