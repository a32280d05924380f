package sla

import (
	"maps"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// WhatIf accounts for a clock as if it had had another goal and calendar from
// the start: the same history, its pauses and its end. It serves to try out an
// agreement on what has happened already, and changes nothing. The goal's
// priorities and condition are not looked at. A goal that no target could have is
// an error matching [workflow.ErrInvalid].
func (e *Engine) WhatIf(c Clock, g Goal, at time.Time) (Explanation, error) {
	var p workflow.Problems
	other := &Engine{calendars: maps.Clone(e.calendars)}
	if g.Calendar != nil {
		// A changed edition of a calendar may go by the name of the real one.
		delete(other.calendars, g.Calendar.Name())
	}
	names := other.goals(func(format string, args ...any) { p.Addf(format, args...) }, []Goal{g})
	if err := p.Err("sla: what if"); err != nil {
		return Explanation{}, err
	}
	if _, zone, floats := strings.Cut(c.Goal.Calendar, "@"); floats && g.Floating {
		names[0] += "@" + zone
	}
	c = c.Clone()
	c.Goal, c.Was, c.Overrides = Pinned{g.Within, g.Days, g.EndOfDay, g.By, names[0]}, nil, nil
	c.Breached, c.BreachedAt = false, time.Time{}
	for i := range c.Periods {
		if c.Periods[i].State == StateRunning {
			c.Periods[i].Calendar = names[0]
		}
	}
	return other.Explain(c, at)
}
