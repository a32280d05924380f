package sla

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Definition is a [Target] written as data, with its calendars by name.
type Definition struct {
	Name    string           `json:"name"`
	Version int              `json:"version,omitempty"`
	From    time.Time        `json:"from,omitzero"`
	Until   time.Time        `json:"until,omitzero"`
	Goals   []GoalDefinition `json:"goals"`

	Start  *Expression `json:"start,omitempty"`  // default: [Open]
	Pause  *Expression `json:"pause,omitempty"`  // default: never
	Resume *Expression `json:"resume,omitempty"` // default: when pause no longer holds
	Stop   *Expression `json:"stop"`             // needed
	Cancel *Expression `json:"cancel,omitempty"` // default: [OnCancelled]

	Reset   *Expression `json:"reset,omitempty"` // default: never
	ResetOn []Fact      `json:"reset_on,omitempty"`

	OnChange  ChangePolicy `json:"on_change,omitzero"`
	OnReopen  ReopenPolicy `json:"on_reopen,omitzero"`
	OnReset   ResetPolicy  `json:"on_reset,omitzero"`
	OnVersion ChangePolicy `json:"on_version,omitzero"`

	Thresholds []ThresholdDefinition `json:"thresholds,omitempty"`
}

// GoalDefinition is a [Goal] written as data.
type GoalDefinition struct {
	Priorities []int         `json:"priorities,omitempty"`
	When       *Expression   `json:"when,omitempty"`
	Within     string        `json:"within,omitempty"` // business time: "4h", "90m"
	Days       calendar.Days `json:"days,omitempty"`
	EndOfDay   bool          `json:"end_of_day,omitempty"`
	By         string        `json:"by,omitempty"` // with days: "16:00"
	Calendar   string        `json:"calendar"`     // by its name; "24x7" is there always
	Floating   bool          `json:"floating,omitempty"`
}

// ThresholdDefinition is a [Threshold] written as data.
type ThresholdDefinition struct {
	Percent int      `json:"percent,omitempty"`
	Before  string   `json:"before,omitempty"` // business time: "1h"
	After   string   `json:"after,omitempty"`
	Do      []string `json:"do,omitempty"`
}

// ParseTargets decodes a JSON list of [Definition] and returns the targets, for
// [NewEngine]. Unknown fields are refused, and everything else that is wrong is
// told at once: also conditions that cancel each other out, such as a start that
// never holds without the stop, a pause that could never take effect, or a goal
// that no record gets to.
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
		if other := known[c.Name()]; other != nil && other != c {
			p.Addf("there are two calendars named %q", c.Name())
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
	t := Target{Name: d.Name, Version: d.Version, From: d.From, Until: d.Until, ResetOn: d.ResetOn,
		OnChange: d.OnChange, OnReopen: d.OnReopen, OnReset: d.OnReset, OnVersion: d.OnVersion, data: &d}
	sound := true
	for _, part := range []struct {
		name string
		x    *Expression
		into *Condition
	}{{"start", d.Start, &t.Start}, {"pause", d.Pause, &t.Pause}, {"resume", d.Resume, &t.Resume},
		{"stop", d.Stop, &t.Stop}, {"cancel", d.Cancel, &t.Cancel}, {"reset", d.Reset, &t.Reset}} {
		if part.x == nil {
			continue
		}
		c, err := part.x.Condition()
		if err != nil {
			p.Addf("%s: %w", part.name, err)
			sound = false
		}
		*part.into = c
	}
	if d.Stop == nil {
		p.Addf("no stop condition: the clock would never be met")
		sound = false
	}
	for i, g := range d.Goals {
		goal, err := g.goal(calendars)
		if err != nil {
			p.Addf("goal %d: %w", i+1, err)
			sound = sound && goal.When != nil == (g.When != nil)
		}
		t.Goals = append(t.Goals, goal)
	}
	for i, th := range d.Thresholds {
		threshold, err := th.threshold()
		if err != nil {
			p.Addf("threshold %d: %w", i+1, err)
		}
		t.Thresholds = append(t.Thresholds, threshold)
	}
	if sound {
		for _, trap := range t.traps() {
			p.Addf("%s", trap)
		}
	}
	return t, p.Err(fmt.Sprintf("sla: target %q", d.Name))
}

func (g GoalDefinition) goal(calendars map[string]*calendar.Calendar) (Goal, error) {
	var p workflow.Problems
	out := Goal{Priorities: g.Priorities, Days: g.Days, EndOfDay: g.EndOfDay, Calendar: calendars[g.Calendar], Floating: g.Floating}
	if out.Calendar == nil {
		p.Addf("there is no calendar %q", g.Calendar)
	}
	out.Within = businessTime(&p, "within", g.Within)
	if g.By != "" {
		at, err := time.Parse("15:04", g.By)
		if out.By = at.Sub(at.Truncate(24 * time.Hour)); err != nil || out.By == 0 {
			p.Addf("by %.32q: want a time of the day such as 16:00", g.By)
		}
	}
	if g.When != nil {
		c, err := g.When.Condition()
		p.Add(err)
		out.When = c
	}
	return out, p.Err("sla: goal")
}

func (d ThresholdDefinition) threshold() (Threshold, error) {
	var p workflow.Problems
	t := Threshold{Percent: d.Percent, Do: d.Do}
	t.Before = businessTime(&p, "before", d.Before)
	t.After = businessTime(&p, "after", d.After)
	return t, p.Err("sla: threshold")
}

func businessTime(p *workflow.Problems, name, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		p.Addf("%s %.32q: want a business time such as 4h or 1h30m", name, text)
	}
	return d
}
