package sla

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Prediction is what is to be expected of a clock that runs.
type Prediction struct {
	Record string
	Target string
	Group  string
	Place  int // in its queue, from 1

	Due      time.Time
	Expected time.Time // when its turn is over, at the present pace; zero = never
	Breached bool      // it has gone beyond its goal already
	Breaches bool      // it will, if the pace stays as it is
	BreachAt time.Time // where the time beyond the goal begins, or will begin if nothing is done
}

// Forecast tells which of the running clocks will breach, and when, at the present
// pace. Each group and target is a queue that is worked on in the order of due
// times; its pace is the business time that went by for each clock of it that was
// stopped in the period of looking back, by the calendar of the group's working
// hours. The n-th clock of the queue is expected to be stopped when n times that
// has passed. A queue in which nothing was stopped is not expected to go on.
//
// Clocks that are paused are not in the queue: nothing is due of them. The
// predictions come in the order of breaches, those that are past first and those
// that are not to be expected last.
func (e *Engine) Forecast(cases []Case, hours *calendar.Calendar, lookBack Span) ([]Prediction, error) {
	if hours == nil || !lookBack.From.Before(lookBack.To) {
		return nil, fmt.Errorf("sla: forecast: want the working hours, and a period to look back on: %w", workflow.ErrInvalid)
	}
	now := lookBack.To
	type queue struct{ target, group string }
	stopped := map[queue]int{}
	waiting := map[queue][]Prediction{}
	for _, c := range cases {
		if len(c.Clock.Periods) == 0 || c.Clock.Started().After(now) {
			continue
		}
		c.Clock = c.Clock.asOf(now)
		q := queue{c.Clock.Target, c.Group}
		if ended := c.Clock.Ended(); c.Clock.State == StateStopped && !ended.Before(lookBack.From) && ended.Before(now) {
			stopped[q]++
		}
		if c.Clock.State != StateRunning {
			continue
		}
		r, err := e.Read(c.Clock, now)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Record, err)
		}
		p, err := e.goal(&c.Clock)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Record, err)
		}
		if !r.Breached {
			r.BreachAt = p.late
		}
		waiting[q] = append(waiting[q], Prediction{Record: c.Record, Target: c.Clock.Target, Group: c.Group,
			Due: r.Due, Breached: r.Breached, BreachAt: r.BreachAt})
	}
	var all []Prediction
	for q, list := range waiting {
		slices.SortFunc(list, func(a, b Prediction) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Record, b.Record)) })
		var each time.Duration
		if n := stopped[q]; n > 0 {
			each = hours.Between(lookBack.From, now) / time.Duration(n)
		}
		all = append(all, queued(list, hours, now, each)...)
	}
	slices.SortFunc(all, func(a, b Prediction) int {
		return cmp.Or(rank(a)-rank(b), a.BreachAt.Compare(b.BreachAt), cmp.Compare(a.Record, b.Record), cmp.Compare(a.Target, b.Target))
	})
	return all, nil
}

func rank(p Prediction) int {
	switch {
	case p.Breached:
		return 0
	case p.Breaches:
		return 1
	}
	return 2
}

// queued gives each of a queue its turn.
func queued(list []Prediction, hours *calendar.Calendar, now time.Time, each time.Duration) []Prediction {
	at, moving := now, each > 0
	for i := range list {
		p := &list[i]
		p.Place = i + 1
		if moving {
			at, moving = hours.Add(at, each)
		}
		if moving {
			p.Expected = at.UTC()
		}
		p.Breaches = p.Breached || !p.BreachAt.IsZero() && (!moving || at.After(p.BreachAt))
	}
	return list
}
