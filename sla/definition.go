package sla

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Definition is a [Target] written as data, with its calendars by name.
type Definition struct {
	Name  string           `json:"name"`
	Goals []GoalDefinition `json:"goals"`

	Start  *Expression `json:"start,omitempty"`  // default: [Open]
	Pause  *Expression `json:"pause,omitempty"`  // default: never
	Stop   *Expression `json:"stop"`             // needed
	Cancel *Expression `json:"cancel,omitempty"` // default: [OnCancelled]

	OnChange ChangePolicy `json:"on_change,omitzero"`
	OnReopen ReopenPolicy `json:"on_reopen,omitzero"`
	Warn     []int        `json:"warn,omitempty"`
}

// GoalDefinition is a [Goal] written as data.
type GoalDefinition struct {
	Priorities []int         `json:"priorities,omitempty"`
	When       *Expression   `json:"when,omitempty"`
	Within     string        `json:"within,omitempty"` // business time: "4h", "90m"
	Days       calendar.Days `json:"days,omitempty"`
	EndOfDay   bool          `json:"end_of_day,omitempty"`
	Calendar   string        `json:"calendar"` // by its name; "24x7" is there always
}

// ParseTargets decodes a JSON list of [Definition] and returns the targets, for
// [NewEngine]. Unknown fields are refused, and everything else that is wrong is
// told at once.
func ParseTargets(data []byte, calendars ...*calendar.Calendar) ([]Target, error) {
	var defs []Definition
	if err := workflow.ParseJSON(data, "sla: targets", &defs); err != nil {
		return nil, err
	}
	var p workflow.Problems
	known := map[string]*calendar.Calendar{calendar.Always().Name(): calendar.Always()}
	for _, c := range calendars {
		if c == nil || c.Name() == "" {
			p.Addf("a calendar has no name")
			continue
		}
		known[c.Name()] = c
	}
	targets := make([]Target, len(defs))
	for i, d := range defs {
		t, err := d.Target(known)
		p.Add(err)
		targets[i] = t
	}
	if err := p.Err("sla: targets"); err != nil {
		return nil, err
	}
	return targets, nil
}

// Target returns the target that the definition describes, with calendars looked
// up by name. What it says is checked further by [NewEngine].
func (d Definition) Target(calendars map[string]*calendar.Calendar) (Target, error) {
	var p workflow.Problems
	t := Target{Name: d.Name, OnChange: d.OnChange, OnReopen: d.OnReopen, Warn: d.Warn}
	for _, part := range []struct {
		name string
		x    *Expression
		into *Condition
	}{{"start", d.Start, &t.Start}, {"pause", d.Pause, &t.Pause}, {"stop", d.Stop, &t.Stop}, {"cancel", d.Cancel, &t.Cancel}} {
		if part.x == nil {
			continue
		}
		c, err := part.x.Condition()
		if err != nil {
			p.Addf("%s: %w", part.name, err)
		}
		*part.into = c
	}
	if d.Stop == nil {
		p.Addf("no stop condition: the clock would never be met")
	}
	for i, g := range d.Goals {
		goal, err := g.goal(calendars)
		if err != nil {
			p.Addf("goal %d: %w", i+1, err)
		}
		t.Goals = append(t.Goals, goal)
	}
	return t, p.Err(fmt.Sprintf("sla: target %q", d.Name))
}

func (g GoalDefinition) goal(calendars map[string]*calendar.Calendar) (Goal, error) {
	var p workflow.Problems
	out := Goal{Priorities: g.Priorities, Days: g.Days, EndOfDay: g.EndOfDay, Calendar: calendars[g.Calendar]}
	if out.Calendar == nil {
		p.Addf("there is no calendar %q", g.Calendar)
	}
	if g.Within != "" {
		d, err := time.ParseDuration(g.Within)
		if err != nil || d <= 0 {
			p.Addf("within %.32q: want a business time such as 4h or 1h30m", g.Within)
		}
		out.Within = d
	}
	if g.When != nil {
		c, err := g.When.Condition()
		p.Add(err)
		out.When = c
	}
	return out, p.Err("sla: goal")
}
