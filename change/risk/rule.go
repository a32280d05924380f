package risk

import (
	"fmt"
	"slices"
)

// MaxRules is how many rules a configuration may have.
const MaxRules = 100

// Rule sets the risk, the impact, or both, of the changes that pass all its tests;
// one without tests takes every change. The first rule that matches counts, and
// those behind it are ignored (ServiceNow: risk conditions).
type Rule struct {
	Name   string `json:"name"`
	When   []Test `json:"when,omitempty"`
	Risk   Level  `json:"risk,omitzero"`
	Impact Grade  `json:"impact,omitzero"`
}

// byRules finds the first rule that matches.
func byRules(rules []Rule, f Facts) (Contribution, Grade) {
	c := Contribution{Method: ByRules, Text: "no rule matches"}
	i := slices.IndexFunc(rules, func(r Rule) bool { return matches(r.When, f) })
	if i < 0 {
		return c, GradeUnknown
	}
	r := rules[i]
	c.Name, c.Level = r.Name, r.Risk
	c.Text = fmt.Sprintf("rule %s is the first that matches", r.Name)
	if len(r.When) == 0 {
		c.Points = []Point{{Item: r.Name, Text: words(r.When)}}
	}
	for _, t := range r.When {
		c.Points = append(c.Points, Point{Item: t.Fact, Text: t.String()})
	}
	if r.Impact != GradeUnknown {
		c.Points = append(c.Points, Point{Item: r.Name, Text: fmt.Sprintf("the impact is %s", r.Impact)})
	}
	return c, r.Impact
}

func validateRules(p *problems, rules []Rule) {
	if len(rules) > MaxRules {
		p.addf("%d rules, at most %d", len(rules), MaxRules)
		return
	}
	for i, r := range rules {
		where := fmt.Sprintf("rule %.64q", r.Name)
		p.name(fmt.Sprintf("rule %d", i+1), r.Name)
		if slices.ContainsFunc(rules[:i], func(o Rule) bool { return o.Name == r.Name }) {
			p.addf("%s is there twice", where)
		}
		p.condition(where, r.When)
		if r.Risk != Unassessed {
			p.level(where, r.Risk)
		}
		p.grade(where+": impact", r.Impact, GradeUnknown)
		if r.Risk == Unassessed && r.Impact == GradeUnknown {
			p.addf("%s: sets neither risk nor impact", where)
		}
	}
}
