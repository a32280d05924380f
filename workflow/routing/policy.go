package routing

import (
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Limits of a policy.
const (
	MaxRules    = 10_000
	MaxTests    = 100 // in each list of a condition
	MaxValues   = 1_000
	MaxGroups   = 5_000
	MaxMembers  = 2_000 // of one group
	MaxSkills   = 100   // of one member or target
	MaxAbsences = 1_000 // of one member
	MaxWeight   = 1_000_000
	MaxCapacity = 1_000_000_000
	MaxText     = 512 // bytes of a name or a value
)

// Policy says who gets which work, as data.
//
//	{
//	  "name": "incidents", "version": 1,
//	  "rules": [
//	    {"name": "vpn", "when": [{"fact": "category", "op": "equals", "values": ["network"]},
//	                             {"fact": "ci", "op": "prefix", "values": ["vpn-"]}],
//	     "to": {"group": "network", "needs": [{"name": "vpn", "level": 2}]}},
//	    {"name": "mail", "when": [{"fact": "service", "op": "equals", "values": ["mail"]}], "to": {"group": "mail"}}
//	  ],
//	  "default": {"group": "service desk"},
//	  "groups": [{"name": "network", "strategy": "least_loaded", "fallback": "service desk",
//	    "members": [{"person": "ann", "capacity": 8, "hours": "office", "skills": [{"name": "vpn", "level": 3}]}]}],
//	  "weights": [{"when": [{"fact": "priority", "op": "below", "values": ["3"]}], "weight": 3}],
//	  "calendars": {"office": {"zone": "Europe/Berlin", "weekly": [{"days": "monday-friday", "spans": ["08:00-18:00"]}]}}
//	}
type Policy struct {
	Name    string  `json:"name"`
	Version int     `json:"version"` // counts from 1
	Rules   []Rule  `json:"rules,omitempty"`
	Default *Target `json:"default,omitempty"` // where no rule holds
	Groups  []Group `json:"groups,omitempty"`
	// Weights say how much of a capacity work takes, unless [Work] says so itself. Of
	// those that hold, the first counts; where none does it is 1.
	Weights []Weight `json:"weights,omitempty"`
	// Calendars are the working times that members name.
	Calendars map[string]*calendar.Calendar `json:"calendars,omitempty"`
}

// Rule leads work to a target. Of the rules that hold, the first counts.
type Rule struct {
	Name string `json:"name"` // unique; explanations tell it
	Condition
	To Target `json:"to"`
}

// Weight is how much work is that a condition is about, such as that of a priority.
type Weight struct {
	Condition
	Weight int `json:"weight"`
}

// Target is where work goes: to a group, to a person of it, or to one that a strategy
// takes.
type Target struct {
	Group string `json:"group"`
	// Person gets it before all others. While he cannot take it, it is the group's like
	// any other work: what goes to somebody who is on leave is not looked at for weeks.
	Person   string   `json:"person,omitempty"`
	Strategy Strategy `json:"strategy,omitempty"` // default: that of the group
	Needs    []Skill  `json:"needs,omitempty"`    // without all of them nobody is taken, nor of a fallback
	Prefers  []Skill  `json:"prefers,omitempty"`  // who has more of them comes first
	// Sticky takes whoever of [Situation].Before can take the work, before anybody else.
	// It is not his turn then, and moves nobody's.
	Sticky bool `json:"sticky,omitempty"`
}

// Skill is something to be able to do, at a level of one's own scale; higher is better.
type Skill struct {
	Name  string `json:"name"`
	Level int    `json:"level,omitempty"`
}

// Strategy says who of those who can take the work gets it.
type Strategy string

// The strategies. Those who are equal are in the order of the group's list.
const (
	GroupOnly   Strategy = "group_only"   // nobody: the group decides among itself
	RoundRobin  Strategy = "round_robin"  // whose turn it is, see [Turn]
	LeastLoaded Strategy = "least_loaded" // who has the least to do, for his capacity
	LongestIdle Strategy = "longest_idle" // who was given something longest ago
	InOrder     Strategy = "in_order"     // the first in the list
)

var strategies = []Strategy{GroupOnly, RoundRobin, LeastLoaded, LongestIdle, InOrder}

// Group is people who do the same work.
type Group struct {
	Name     string   `json:"name"`
	Strategy Strategy `json:"strategy,omitempty"` // default: [GroupOnly]
	Members  []Member `json:"members,omitempty"`
	// Fallback is the group that gets the work when nobody here can take it, and, if
	// nobody there can either, its fallback.
	Fallback string `json:"fallback,omitempty"`
	// OnCall takes only people who are on call, see [Situation].
	OnCall bool `json:"on_call,omitempty"`
}

// Member is somebody in a group.
type Member struct {
	Person string `json:"person"`
	// Capacity is how much work he has at most, in the unit of [Work].Weight; 0 is
	// without a limit.
	Capacity int       `json:"capacity,omitempty"`
	Hours    string    `json:"hours,omitempty"` // the name of a calendar; default: always
	Zone     string    `json:"zone,omitempty"`  // whose clock the hours are read on; default: the calendar's
	Skills   []Ability `json:"skills,omitempty"`
	Absences []Absence `json:"absences,omitempty"`
}

// Ability is a skill that somebody has, perhaps only as long as a certificate holds.
type Ability struct {
	Skill
	Until time.Time `json:"until,omitzero"` // the first instant at which he no longer has it
}

// Absence is a time, from From up to and without Until, in which somebody takes no work.
type Absence struct {
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason,omitempty"`
}

// clock is a calendar, by name, on the clock of a zone.
type clock struct{ hours, zone string }

func (m Member) clock() clock { return clock{m.Hours, m.Zone} }

// Parse reads a policy from JSON and checks it. Unknown fields are refused. An error
// matches [workflow.ErrInvalid].
func Parse(data []byte) (Policy, error) {
	var p Policy
	if err := workflow.ParseJSON(data, "routing: policy", &p); err != nil {
		return Policy{}, err
	}
	if _, err := p.check(); err != nil {
		return Policy{}, err
	}
	return p, nil
}

// clone returns a copy that shares nothing with p but the calendars, which never change.
func (p Policy) clone() Policy {
	p.Calendars = maps.Clone(p.Calendars)
	p.Rules, p.Groups, p.Weights = slices.Clone(p.Rules), slices.Clone(p.Groups), slices.Clone(p.Weights)
	for i := range p.Rules {
		r := &p.Rules[i]
		r.Condition, r.To = r.Condition.clone(), r.To.clone()
	}
	for i := range p.Weights {
		p.Weights[i].Condition = p.Weights[i].Condition.clone()
	}
	if p.Default != nil {
		d := p.Default.clone()
		p.Default = &d
	}
	for i := range p.Groups {
		g := &p.Groups[i]
		g.Members = slices.Clone(g.Members)
		for j := range g.Members {
			m := &g.Members[j]
			m.Skills, m.Absences = slices.Clone(m.Skills), slices.Clone(m.Absences)
		}
	}
	return p
}

func (t Target) clone() Target {
	t.Needs, t.Prefers = slices.Clone(t.Needs), slices.Clone(t.Prefers)
	return t
}
