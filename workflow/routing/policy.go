package routing

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Limits of a policy.
const (
	MaxRules   = 10_000
	MaxTests   = 100 // in each list of a condition
	MaxValues  = 1_000
	MaxGroups  = 5_000
	MaxMembers = 2_000 // of one group
	MaxSkills  = 100   // of one member or target
	MaxText    = 512   // bytes of a name or a value
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
//	  "calendars": {"office": {"zone": "Europe/Berlin", "weekly": [{"days": "monday-friday", "spans": ["08:00-18:00"]}]}}
//	}
type Policy struct {
	Name    string  `json:"name"`
	Version int     `json:"version"` // counts from 1
	Rules   []Rule  `json:"rules,omitempty"`
	Default *Target `json:"default,omitempty"` // where no rule holds
	Groups  []Group `json:"groups,omitempty"`
	// Calendars are the working times that members name.
	Calendars map[string]*calendar.Calendar `json:"calendars,omitempty"`
}

// Rule leads work to a target. Of the rules that hold, the first counts.
type Rule struct {
	Name string `json:"name"` // unique; explanations tell it
	Condition
	To Target `json:"to"`
}

// Target is where work goes: to a group, to a person of it, or to one that a strategy
// takes.
type Target struct {
	Group    string   `json:"group"`
	Person   string   `json:"person,omitempty"`   // fixed; nobody is looked for
	Strategy Strategy `json:"strategy,omitempty"` // default: that of the group
	Needs    []Skill  `json:"needs,omitempty"`    // without all of them nobody is taken
	Prefers  []Skill  `json:"prefers,omitempty"`  // who has more of them comes first
	// Sticky takes whoever of [Situation].Before can take the work, before anybody else.
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

// Parse reads a policy from JSON and checks it. Unknown fields are refused.
func Parse(data []byte) (Policy, error) {
	var p Policy
	if err := workflow.ParseJSON(data, "routing: policy", &p); err != nil {
		return Policy{}, err
	}
	_, err := New(p)
	return p, err
}

// clone returns a copy that shares nothing with p but the calendars, which never change.
func (p Policy) clone() Policy {
	raw, err := json.Marshal(Policy{Name: p.Name, Version: p.Version, Rules: p.Rules, Default: p.Default, Groups: p.Groups})
	var c Policy
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	if err != nil {
		return p // what cannot be written cannot be; the checks have seen it
	}
	c.Calendars = maps.Clone(p.Calendars)
	return c
}

func checkText(p *workflow.Problems, what, text string) {
	if text == "" || len(text) > MaxText || !utf8.ValidString(text) {
		p.Addf("%s %.64q: want 1 to %d bytes of text", what, text, MaxText)
	}
}

// check notes everything that is wrong with the policy.
func (p Policy) check() error {
	var f workflow.Problems
	checkText(&f, "the name", p.Name)
	if p.Version < 1 {
		f.Addf("version %d, want 1 or more", p.Version)
	}
	if len(p.Rules) > MaxRules || len(p.Groups) > MaxGroups {
		f.Addf("%d rules and %d groups, at most %d and %d", len(p.Rules), len(p.Groups), MaxRules, MaxGroups)
		return f.Err("routing: policy")
	}
	groups := map[string]*Group{}
	for i := range p.Groups {
		g := &p.Groups[i]
		if groups[g.Name] != nil {
			f.Addf("group %.64q is there twice", g.Name)
		}
		groups[g.Name] = g
	}
	for i := range p.Groups {
		p.Groups[i].check(&f, groups, p.Calendars)
	}
	names := map[string]bool{}
	for i, r := range p.Rules {
		checkText(&f, "the name of rule "+itoa(i+1), r.Name)
		if names[r.Name] {
			f.Addf("rule %.64q is there twice", r.Name)
		}
		names[r.Name] = true
		r.Condition.check(&f, "rule "+r.Name)
		r.To.check(&f, "rule "+r.Name, groups)
	}
	if p.Default != nil {
		p.Default.check(&f, "the default", groups)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Calendars)) {
		if p.Calendars[name] == nil {
			f.Addf("calendar %.64q is missing", name)
		}
	}
	return f.Err("routing: policy")
}

func (t Target) check(p *workflow.Problems, where string, groups map[string]*Group) {
	g := groups[t.Group]
	if g == nil {
		p.Addf("%s leads to group %.64q, which is not there", where, t.Group)
	}
	if t.Strategy != "" && !slices.Contains(strategies, t.Strategy) {
		p.Addf("%s: strategy %.64q, want one of %q", where, t.Strategy, strategies)
	}
	if t.Person != "" && (t.Strategy != "" || len(t.Needs)+len(t.Prefers) > 0 || t.Sticky) {
		p.Addf("%s leads to a person and says how to look for one", where)
	}
	if g != nil && t.Person != "" && !slices.ContainsFunc(g.Members, func(m Member) bool { return m.Person == t.Person }) {
		p.Addf("%s leads to %.64q, who is not in group %s", where, t.Person, t.Group)
	}
	checkSkills(p, where, t.Needs)
	checkSkills(p, where, t.Prefers)
}

func checkSkills(p *workflow.Problems, where string, skills []Skill) {
	if len(skills) > MaxSkills {
		p.Addf("%s: %d skills, at most %d", where, len(skills), MaxSkills)
	}
	seen := map[string]bool{}
	for _, s := range skills {
		checkText(p, where+": skill", s.Name)
		if s.Level < 0 || seen[s.Name] {
			p.Addf("%s: skill %.64q is there twice, or its level is negative", where, s.Name)
		}
		seen[s.Name] = true
	}
}

func (g Group) check(p *workflow.Problems, groups map[string]*Group, calendars map[string]*calendar.Calendar) {
	where := "group " + g.Name
	checkText(p, "the name of a group", g.Name)
	if g.Strategy != "" && !slices.Contains(strategies, g.Strategy) {
		p.Addf("%s: strategy %.64q, want one of %q", where, g.Strategy, strategies)
	}
	if g.Fallback != "" && groups[g.Fallback] == nil {
		p.Addf("%s falls back on group %.64q, which is not there", where, g.Fallback)
	}
	if len(g.Members) > MaxMembers {
		p.Addf("%s has %d members, at most %d", where, len(g.Members), MaxMembers)
		return
	}
	seen := map[string]bool{}
	for _, m := range g.Members {
		who := where + ", member " + m.Person
		checkText(p, where+": person", m.Person)
		if seen[m.Person] {
			p.Addf("%s is there twice", who)
		}
		seen[m.Person] = true
		if m.Capacity < 0 {
			p.Addf("%s: capacity %d is negative", who, m.Capacity)
		}
		if m.Hours != "" && calendars[m.Hours] == nil {
			p.Addf("%s: there is no calendar %.64q", who, m.Hours)
		}
		var skills []Skill
		for _, a := range m.Skills {
			skills = append(skills, a.Skill)
		}
		checkSkills(p, who, skills)
		for _, a := range m.Absences {
			if !a.From.Before(a.Until) {
				p.Addf("%s: an absence from %v until %v has no length", who, a.From, a.Until)
			}
		}
	}
}
