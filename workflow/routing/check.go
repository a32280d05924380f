package routing

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

func checkText(p *workflow.Problems, what, text string) {
	if text == "" || len(text) > MaxText || !utf8.ValidString(text) {
		p.Addf("%s %.64q: want 1 to %d bytes of text", what, text, MaxText)
	}
}

// check notes everything that is wrong with the policy, and returns the working times of
// its members.
func (p Policy) check() (map[clock]*calendar.Calendar, error) {
	var f workflow.Problems
	checkText(&f, "the name", p.Name)
	if p.Version < 1 {
		f.Addf("version %d, want 1 or more", p.Version)
	}
	if len(p.Rules) > MaxRules || len(p.Groups) > MaxGroups || len(p.Weights) > MaxRules {
		f.Addf("%d rules, %d groups and %d weights, at most %d, %d and %d", len(p.Rules), len(p.Groups), len(p.Weights), MaxRules, MaxGroups, MaxRules)
		return nil, f.Err("routing: policy")
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
		p.Groups[i].check(&f, groups)
	}
	p.checkRules(&f, groups)
	for i, w := range p.Weights {
		where := fmt.Sprintf("weight %d", i+1)
		w.Condition.check(&f, where)
		if w.Weight < 1 || w.Weight > MaxWeight {
			f.Addf("%s: %d, want 1 to %d", where, w.Weight, MaxWeight)
		}
	}
	clocks := p.clocks(&f)
	return clocks, f.Err("routing: policy")
}

func (p Policy) checkRules(f *workflow.Problems, groups map[string]*Group) {
	names := map[string]bool{}
	for i, r := range p.Rules {
		checkText(f, fmt.Sprintf("the name of rule %d", i+1), r.Name)
		if names[r.Name] {
			f.Addf("rule %.64q is there twice", r.Name)
		}
		names[r.Name] = true
		where := fmt.Sprintf("rule %.64s", r.Name)
		r.Condition.check(f, where)
		r.To.check(f, where, groups)
	}
	if p.Default != nil {
		p.Default.check(f, "the default", groups)
	}
}

// clocks returns the calendars on the clocks that members go by. Members share them.
func (p Policy) clocks(f *workflow.Problems) map[clock]*calendar.Calendar {
	for _, name := range slices.Sorted(maps.Keys(p.Calendars)) {
		checkText(f, "the name of a calendar", name)
		if p.Calendars[name] == nil {
			f.Addf("calendar %.64q is missing", name)
		}
	}
	clocks := map[clock]*calendar.Calendar{}
	for _, g := range p.Groups {
		for _, m := range g.Members {
			at := m.clock()
			if _, done := clocks[at]; done || at == (clock{}) {
				continue
			}
			who := fmt.Sprintf("group %.64s, member %.64s", g.Name, m.Person)
			c := p.Calendars[m.Hours]
			switch {
			case m.Hours == "":
				f.Addf("%s: zone %.64q without hours", who, m.Zone)
			case c == nil:
				f.Addf("%s: there is no calendar %.64q", who, m.Hours)
			case m.Zone != "":
				var err error
				if c, err = c.In(m.Zone); err != nil {
					f.Addf("%s: %w", who, err)
				}
			}
			clocks[at] = c
		}
	}
	return clocks
}

func (t Target) check(p *workflow.Problems, where string, groups map[string]*Group) {
	g := groups[t.Group]
	if g == nil {
		p.Addf("%s leads to group %.64q, which is not there", where, t.Group)
	}
	t.Strategy.check(p, where)
	if g != nil && t.Person != "" && !slices.ContainsFunc(g.Members, func(m Member) bool { return m.Person == t.Person }) {
		p.Addf("%s leads to %.64q, who is not in group %.64s", where, t.Person, t.Group)
	}
	checkSkills(p, where, t.Needs)
	checkSkills(p, where, t.Prefers)
}

func (s Strategy) check(p *workflow.Problems, where string) {
	if s != "" && !slices.Contains(strategies, s) {
		p.Addf("%s: strategy %.64q, want one of %q", where, s, strategies)
	}
}

func checkSkills(p *workflow.Problems, where string, skills []Skill) {
	if len(skills) > MaxSkills {
		p.Addf("%s: %d skills, at most %d", where, len(skills), MaxSkills)
		return
	}
	for i, s := range skills {
		checkText(p, where+": skill", s.Name)
		if s.Level < 0 {
			p.Addf("%s: level %d of skill %.64q is negative", where, s.Level, s.Name)
		}
		if slices.ContainsFunc(skills[:i], func(o Skill) bool { return o.Name == s.Name }) {
			p.Addf("%s: skill %.64q is there twice", where, s.Name)
		}
	}
}

func (g Group) check(p *workflow.Problems, groups map[string]*Group) {
	where := fmt.Sprintf("group %.64s", g.Name)
	checkText(p, "the name of a group", g.Name)
	g.Strategy.check(p, where)
	if g.Fallback != "" && groups[g.Fallback] == nil {
		p.Addf("%s falls back on group %.64q, which is not there", where, g.Fallback)
	}
	if len(g.Members) > MaxMembers {
		p.Addf("%s has %d members, at most %d", where, len(g.Members), MaxMembers)
		return
	}
	seen := map[string]bool{}
	for _, m := range g.Members {
		who := fmt.Sprintf("%s, member %.64s", where, m.Person)
		if seen[m.Person] {
			p.Addf("%s is there twice", who)
		}
		seen[m.Person] = true
		m.check(p, who)
	}
}

func (m Member) check(p *workflow.Problems, who string) {
	checkText(p, who+": person", m.Person)
	if m.Capacity < 0 || m.Capacity > MaxCapacity {
		p.Addf("%s: capacity %d, want 0 to %d", who, m.Capacity, MaxCapacity)
	}
	var skills []Skill
	for _, a := range m.Skills {
		skills = append(skills, a.Skill)
	}
	checkSkills(p, who, skills)
	if len(m.Absences) > MaxAbsences {
		p.Addf("%s: %d absences, at most %d", who, len(m.Absences), MaxAbsences)
		return
	}
	for _, a := range m.Absences {
		if a.From.IsZero() || !a.From.Before(a.Until) {
			p.Addf("%s: an absence from %v until %v has no length", who, a.From, a.Until)
		}
		if a.Reason != "" {
			checkText(p, who+": the reason of an absence", a.Reason)
		}
	}
}

// check notes everything that is wrong with a condition.
func (c Condition) check(p *workflow.Problems, where string) {
	for _, list := range [][]Test{c.When, c.Any, c.Unless} {
		if len(list) > MaxTests {
			p.Addf("%s: %d tests in one list, at most %d", where, len(list), MaxTests)
			continue
		}
		for _, t := range list {
			t.check(p, where)
		}
	}
}

func (t Test) check(p *workflow.Problems, where string) {
	checkText(p, where+": fact", t.Fact)
	least, most := 1, 1
	switch t.Op {
	case Equals, AtLeast, Below:
	case OneOf, NoneOf, Prefix:
		most = MaxValues
	case Set, NotSet:
		least, most = 0, 0
	default:
		p.Addf("%s: op %.64q, want equals, one_of, none_of, prefix, at_least, below, set or not_set", where, t.Op)
		return
	}
	if len(t.Values) < least || len(t.Values) > most {
		p.Addf("%s: %s takes %d to %d values, not %d", where, t.Op, least, most, len(t.Values))
		return
	}
	for _, v := range t.Values {
		checkText(p, where+": value of "+t.Fact, v)
		if _, ok := readNumber(v); !ok && (t.Op == AtLeast || t.Op == Below) {
			p.Addf("%s: value %.64q is not a number such as 12 or 0.5", where, v)
		}
	}
}
