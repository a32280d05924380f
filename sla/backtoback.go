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
// The kinds are the records to try. Without any, these are, for each service of the
// agreement, the priorities that the target's goals name and one that they do not. The period is at most
// [MaxBackToBack] long; a longer one matches [workflow.ErrInvalid].
func (b *Book) BackToBack(period Span, kinds ...Facts) ([]WeakLink, error) {
	if d := period.To.Sub(period.From); d <= 0 || d > MaxBackToBack {
		return nil, fmt.Errorf("sla: back to back: a period of %v, want up to %v: %w", d, MaxBackToBack, workflow.ErrInvalid)
	}
	var weak []WeakLink
	for i := range b.agreements {
		a := &b.agreements[i]
		for _, s := range a.Supports {
			for _, kind := range a.kinds(a.target(s.Target), kinds) {
				var w *WeakLink
				c, err := b.chain(a, s, kind)
				if err == nil {
					w, err = c.worst(period)
				}
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
	services := a.Services
	if len(services) == 0 {
		services = []string{""}
	}
	for _, service := range services {
		for _, p := range t.priorities() {
			kinds = append(kinds, Facts{Category: workflow.CategoryNew, Priority: p, Customer: a.Customer, Service: service})
		}
	}
	return kinds
}

// priorities are those that the goals name, and one that none of them does if there
// is a goal for such.
func (t *Target) priorities() []int {
	var list []int
	others := false
	for _, g := range t.Goals {
		list = append(list, g.Priorities...)
		others = others || len(g.Priorities) == 0
	}
	slices.Sort(list)
	list = slices.Compact(list)
	switch {
	case len(list) == 0:
		list = []int{0}
	case others:
		list = append(list, list[len(list)-1]+1)
	}
	return list
}

// chain is a promise with the steps beneath it, for a kind of record.
type chain struct {
	agreement *Agreement
	target    *Target
	kind      Facts
	steps     []beneath
}

// beneath is a step with the versions of the agreement that promises it.
type beneath struct {
	link     Link
	versions []*Agreement
	limits   []limit // of each version; nil where it promises nothing
}

// limit says until when a record that comes at an instant is in time.
type limit func(time.Time) (time.Time, bool)

// chain gets ready what is the same for every start.
func (b *Book) chain(a *Agreement, s Support, kind Facts) (*chain, error) {
	c := &chain{agreement: a, target: a.target(s.Target), kind: kind}
	for _, link := range s.Steps {
		step := beneath{link: link}
		for i := range b.agreements {
			o := &b.agreements[i]
			if o.ID != link.Agreement || !o.has(link.Target) {
				continue
			}
			var l limit // none, if it does not cover the service
			if len(o.Services) == 0 || slices.Contains(o.Services, kind.Service) {
				var err error
				if l, err = limitOf(o.target(link.Target), kind); err != nil {
					return nil, err
				}
			}
			step.versions, step.limits = append(step.versions, o), append(step.limits, l)
		}
		c.steps = append(c.steps, step)
	}
	return c, nil
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
			end, ok := own(start)
			if !ok {
				continue // the promise never comes to an end
			}
			last, fault := c.follow(start, end, nil)
			if fault == inTime {
				continue
			}
			w.Failures++
			never := fault != tooLate
			if never && !sure || !sure && last.Sub(end) > over || w.Failures == 1 {
				sure, over = never, last.Sub(end)
				w.Start, w.Limit = start, end
			}
		}
	}
	if w.Failures == 0 {
		return nil, nil
	}
	_, fault := c.follow(w.Start, w.Limit, &w.Steps)
	last := w.Steps[len(w.Steps)-1]
	w.Broken, w.Why = last.Link, fault.words(last, w)
	return w, nil
}

// fault is why a promise cannot be kept.
type fault int

const (
	inTime fault = iota
	tooLate
	notValid
	noPromise
	neverEnds
)

func (f fault) words(s Step, w *WeakLink) string {
	const layout = "Mon 2006-01-02 15:04 MST"
	switch f {
	case notValid:
		return fmt.Sprintf("%s is not valid on %s", s.Link, s.From.Format(time.DateOnly))
	case noPromise:
		return fmt.Sprintf("%s promises nothing for such records", s.Link)
	case neverEnds:
		return fmt.Sprintf("%s never comes to an end", s.Link)
	}
	return fmt.Sprintf("%s may take until %s, the promise is to be kept by %s", s.Link,
		s.Until.Format(layout), w.Limit.UTC().Format(layout))
}

// follow lets a record go through the steps, each taking all the time it has, until
// one is too late. It returns when that one ends, and writes the steps down if asked
// to.
func (c *chain) follow(start, end time.Time, steps *[]Step) (time.Time, fault) {
	at := start
	for i := range c.steps {
		s := &c.steps[i]
		until, fault := s.until(at)
		if steps != nil {
			step := Step{Link: s.link, From: at.UTC()}
			if fault == inTime {
				step.Until = until.UTC()
			}
			*steps = append(*steps, step)
		}
		if fault == inTime && until.After(end) {
			fault = tooLate
		}
		if fault != inTime {
			return until, fault
		}
		at = until
	}
	return at, inTime
}

// until is the latest end of the step for a record that comes to it at an instant.
func (s *beneath) until(at time.Time) (time.Time, fault) {
	for k, a := range s.versions {
		if !a.validAt(at) {
			continue
		}
		if s.limits[k] == nil {
			return time.Time{}, noPromise
		}
		end, ok := s.limits[k](at)
		if !ok {
			return time.Time{}, neverEnds
		}
		return end, inTime
	}
	return time.Time{}, notValid
}

// limitOf returns how a target limits the time of such records: until when one
// that comes at an instant is in time. Nil means that it has no goal for them.
func limitOf(t *Target, f Facts) (limit, error) {
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
