package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// promise is a target of a ticket: so many business seconds or business days.
type promise struct {
	Name     string   `json:"name"`
	Seconds  *float64 `json:"business_seconds"`
	Days     int      `json:"business_days"`
	EndOfDay bool     `json:"end_of_day"`
	Pausable *bool    `json:"pausable"` // false: pauses are ignored
}

// happening is an event of a ticket's life: start, pause, resume, stop, or
// retarget, which redefines the targets from the beginning.
type happening struct {
	Type     string    `json:"type"`
	At       time.Time `json:"at"`
	Names    []string  `json:"names"` // of the targets it is for; empty = all
	Targets  []promise `json:"targets"`
	Calendar *hours    `json:"calendar"`
}

// standing is how the clock of a target stands. Remaining time and the breach's
// instant are those of a target in business seconds.
type standing struct {
	Due       *time.Time `json:"due"`
	Elapsed   float64    `json:"elapsed"`
	Remaining *float64   `json:"remaining,omitempty"`
	Breached  bool       `json:"breached"`
	BreachAt  *time.Time `json:"breach_at"`
	Paused    float64    `json:"paused_business_seconds"`
	State     string     `json:"state"`
}

func (q question) levels() (any, error) {
	if len(q.Targets) == 0 || len(q.Events) == 0 {
		return nil, fmt.Errorf("targets or events are missing")
	}
	all := map[string]standing{}
	for _, p := range q.Targets {
		s, err := q.level(p.Name)
		if err != nil {
			return nil, fmt.Errorf("target %q: %w", p.Name, err)
		}
		all[p.Name] = s
	}
	return struct {
		Targets map[string]standing `json:"targets"`
	}{all}, nil
}

// level follows the ticket as one target sees it.
func (q question) level(name string) (standing, error) {
	target, err := q.target(name)
	if err != nil {
		return standing{}, err
	}
	engine, err := sla.NewEngine(target)
	if err != nil {
		return standing{}, err
	}
	t := ticket{facts: sla.Facts{Service: "0"}}
	var clocks []sla.Clock
	var at time.Time
	for _, e := range q.Events {
		at = e.At
		if len(e.Names) > 0 && !slices.Contains(e.Names, name) {
			continue
		}
		if err := t.happen(e.Type); err != nil {
			return standing{}, err
		}
		if clocks, _, err = engine.Advance(clocks, t.facts, at, e.Type); err != nil {
			return standing{}, err
		}
	}
	if q.AsOf != nil {
		at = *q.AsOf
	}
	if len(clocks) == 0 {
		return standing{}, fmt.Errorf("no event starts it")
	}
	r, err := engine.Read(clocks[0], at)
	if err != nil {
		return standing{}, err
	}
	return stand(r, clocks[0].Goal.Days == 0), nil
}

func stand(r sla.Reading, inSeconds bool) standing {
	s := standing{Due: orNull(r.Due), Elapsed: r.Elapsed.Seconds(), Breached: r.Breached,
		Paused: r.Paused.Seconds(), State: string(r.State), BreachAt: orNull(r.BreachAt)}
	if inSeconds {
		left := r.Remaining.Seconds()
		s.Remaining = &left
	}
	return s
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// ticket has the facts that the events make: paused is being on hold, stopped is
// being resolved. Its service says which definition of the targets counts.
type ticket struct {
	facts       sla.Facts
	definitions int
}

func (t *ticket) happen(event string) error {
	switch event {
	case "start":
		t.facts.Assigned = true
		if t.facts.Category == workflow.CategoryResolved {
			t.facts.Category = workflow.CategoryActive
		}
	case "pause":
		t.facts.Category = workflow.CategoryOnHold
	case "resume":
		t.facts.Category = workflow.CategoryActive
	case "stop":
		t.facts.Category = workflow.CategoryResolved
	case "retarget":
		t.definitions++
		t.facts.Service = strconv.Itoa(t.definitions)
	default:
		return fmt.Errorf("unknown event %q", event)
	}
	return nil
}

// target has a goal for each definition of it: the first, and one for each
// retargeting.
func (q question) target(name string) (sla.Target, error) {
	t := sla.Target{Name: name, Start: sla.OnAssigned, Stop: sla.OnResolved, OnChange: sla.Retroactive}
	pausable, definition := true, 0
	define := func(promises []promise, h hours) error {
		n := strconv.Itoa(definition)
		definition++
		cal, err := h.build("calendar " + n)
		if err != nil {
			return err
		}
		for _, p := range promises {
			if p.Name != name {
				continue
			}
			pausable = p.Pausable == nil || *p.Pausable
			g := sla.Goal{Calendar: cal, Days: calendar.Days(p.Days), EndOfDay: p.EndOfDay,
				When: func(f sla.Facts) bool { return f.Service == n }}
			if p.Seconds != nil {
				if g.Within, err = seconds(*p.Seconds); err != nil {
					return err
				}
			}
			t.Goals = append(t.Goals, g)
		}
		return nil
	}
	if err := define(q.Targets, q.Calendar); err != nil {
		return t, err
	}
	for _, e := range q.Events {
		if e.Type != "retarget" || len(e.Names) > 0 && !slices.Contains(e.Names, name) {
			continue
		}
		h := q.Calendar
		if e.Calendar != nil {
			h = *e.Calendar
		}
		if err := define(e.Targets, h); err != nil {
			return t, err
		}
	}
	if pausable {
		t.Pause = sla.OnHold()
	}
	return t, nil
}
