package sla

import (
	"slices"
	"time"
)

// Held is the part of a clock's time in which one group and person had the
// record.
type Held struct {
	Group    string        `json:"group"`
	Assignee string        `json:"assignee,omitempty"`
	Running  time.Duration `json:"running"`  // business time used
	Paused   time.Duration `json:"paused"`   // business time that passed while the clock was paused
	Actual   time.Duration `json:"actual"`   // elapsed time while the clock ran
	Breached bool          `json:"breached"` // the goal was missed in their hands
}

// Attribution says in whose hands a clock's time went by, up to an instant: a
// line for each group and person, in the order in which they first had the record.
// The lines add up to what [Engine.Read] says of the clock. The breach, if there
// is one, is on the line of those who had the record when it happened, which need
// not be those who used most of the time.
func (e *Engine) Attribution(c Clock, at time.Time) ([]Held, error) {
	r, err := e.Read(c, at)
	if err != nil {
		return nil, err
	}
	at = at.UTC()
	c = c.asOf(at)
	goal, err := e.calendar(c.Goal.Calendar)
	if err != nil {
		return nil, err
	}
	var held []Held
	breach := -1
	for i, p := range c.Periods {
		last := i == len(c.Periods)-1
		to := at
		if !last {
			to = c.Periods[i+1].From
		}
		if to.Before(p.From) || last && (p.State == StateStopped || p.State == StateCancelled) {
			break
		}
		k := hands(&held, p)
		switch p.State {
		case StateRunning:
			cal, err := e.calendar(p.Calendar)
			if err != nil {
				return nil, err
			}
			held[k].Running += cal.Between(p.From, to)
			held[k].Actual += to.Sub(p.From)
		case StatePaused, StateStopped:
			held[k].Paused += goal.Between(p.From, to)
		}
		if r.Breached && !p.From.After(r.BreachAt) {
			breach = k
		}
	}
	if breach >= 0 {
		held[breach].Breached = true
	}
	// Who passed the record on at once did not have it.
	return slices.DeleteFunc(held, func(h Held) bool { return h == Held{Group: h.Group, Assignee: h.Assignee} }), nil
}

// hands returns the place of the line for those who had the record in a period.
func hands(held *[]Held, p Period) int {
	for i, h := range *held {
		if h.Group == p.Group && h.Assignee == p.Assignee {
			return i
		}
	}
	*held = append(*held, Held{Group: p.Group, Assignee: p.Assignee})
	return len(*held) - 1
}
