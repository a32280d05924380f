package routing

import (
	"fmt"
	"slices"
	"strings"
)

// What [Router.Lint] finds.
const (
	FindNoDefault  = "no_default"   // work that no rule takes is refused
	FindNever      = "never_holds"  // a rule contradicts itself
	FindShadowed   = "shadowed"     // every work that a rule takes is taken by one before it
	FindEmptyGroup = "empty_group"  // a group is to choose among nobody
	FindUnskilled  = "unskilled"    // nobody in the group has a skill that is needed
	FindUnused     = "unused_group" // nothing leads to a group
	FindFallback   = "fallback"     // groups fall back on each other in a circle
)

// Finding is something that is allowed and probably not meant.
type Finding struct {
	Kind  string `json:"kind"`
	Where string `json:"where"` // a rule or a group
	Text  string `json:"text"`
}

// Lint returns what is allowed but probably not meant. It costs the square of the
// number of rules.
func (r *Router) Lint() []Finding {
	var found []Finding
	add := func(kind, where, format string, args ...any) {
		found = append(found, Finding{kind, where, fmt.Sprintf(format, args...)})
	}
	p := r.policy
	if p.Default == nil {
		add(FindNoDefault, p.Name, "work that no rule takes is refused")
	}
	for i, rule := range p.Rules {
		if why := contradiction(rule.Condition); why != "" {
			add(FindNever, rule.Name, "it never holds: %s", why)
			continue
		}
		for _, before := range p.Rules[:i] {
			if implies(rule.Condition, before.Condition) {
				add(FindShadowed, rule.Name, "rule %s takes all that it would take", before.Name)
				break
			}
		}
		r.lintTarget(rule.Name, rule.To, add)
	}
	if p.Default != nil {
		r.lintTarget("default", *p.Default, add)
	}
	r.lintGroups(add)
	return found
}

func (r *Router) lintTarget(where string, t Target, add func(kind, where, format string, args ...any)) {
	for _, need := range t.Needs {
		if !slices.ContainsFunc(r.groups[t.Group].Members, func(m Member) bool {
			return slices.ContainsFunc(m.Skills, func(a Ability) bool { return a.Name == need.Name && a.Level >= need.Level })
		}) {
			add(FindUnskilled, where, "nobody in group %s has %s at level %d", t.Group, need.Name, need.Level)
		}
	}
}

func (r *Router) lintGroups(add func(kind, where, format string, args ...any)) {
	led := map[string]bool{}
	for _, rule := range r.policy.Rules {
		led[rule.To.Group] = true
	}
	if d := r.policy.Default; d != nil {
		led[d.Group] = true
	}
	for _, g := range r.policy.Groups {
		led[g.Fallback] = true
	}
	for _, g := range r.policy.Groups {
		if len(g.Members) == 0 && g.Strategy != "" && g.Strategy != GroupOnly {
			add(FindEmptyGroup, g.Name, "it chooses by %s and has no members", g.Strategy)
		}
		if !led[g.Name] {
			add(FindUnused, g.Name, "no rule and no group leads to it")
		}
		way := []string{g.Name}
		for at := g.Fallback; at != ""; at = r.groups[at].Fallback {
			way = append(way, at)
			if at == g.Name {
				add(FindFallback, g.Name, "it falls back on itself: %s", strings.Join(way, ", "))
			}
			if slices.Contains(way[:len(way)-1], at) {
				break
			}
		}
	}
}

// contradiction says why a condition never holds, or "". It knows what can be seen from
// two tests on one fact.
func contradiction(c Condition) string {
	for i, a := range c.When {
		for _, b := range c.When[:i] {
			if a.Fact == b.Fact && (excludes(a, b) || excludes(b, a)) {
				return a.String() + ", and " + b.String()
			}
		}
		for _, b := range c.Unless {
			if impliesTest(a, b) {
				return a.String() + ", unless " + b.String()
			}
		}
	}
	return ""
}

// excludes reports whether a test can never hold together with b.
func excludes(a, b Test) bool {
	switch a.Op {
	case NotSet:
		return b.Op != NotSet && b.Op != NoneOf
	case NoneOf:
		return (b.Op == Equals || b.Op == OneOf) && subset(b.Values, a.Values)
	}
	return false
}

// implies reports whether whatever passes a passes b, as far as it can be seen test by
// test.
func implies(a, b Condition) bool {
	for _, t := range b.When {
		if !slices.ContainsFunc(a.When, func(x Test) bool { return impliesTest(x, t) }) {
			return false
		}
	}
	if len(b.Any) > 0 {
		some := func(tests []Test) bool {
			return slices.ContainsFunc(tests, func(x Test) bool {
				return slices.ContainsFunc(b.Any, func(t Test) bool { return impliesTest(x, t) })
			})
		}
		every := len(a.Any) > 0
		for _, x := range a.Any {
			every = every && some([]Test{x})
		}
		if !some(a.When) && !every {
			return false
		}
	}
	for _, t := range b.Unless {
		covered := slices.ContainsFunc(a.Unless, func(x Test) bool { return impliesTest(t, x) }) ||
			slices.ContainsFunc(a.When, func(x Test) bool { return x.Fact == t.Fact && excludes(x, t) })
		if !covered {
			return false
		}
	}
	return true
}

// impliesTest reports whether every fact that passes a passes b.
func impliesTest(a, b Test) bool {
	if a.Fact != b.Fact {
		return false
	}
	switch b.Op {
	case Set:
		return a.Op != NotSet && a.Op != NoneOf
	case NotSet:
		return a.Op == NotSet
	case Equals, OneOf:
		return (a.Op == Equals || a.Op == OneOf) && subset(a.Values, b.Values)
	case NoneOf:
		return a.Op == NotSet || a.Op == NoneOf && subset(b.Values, a.Values)
	case Prefix:
		return (a.Op == Equals || a.Op == OneOf || a.Op == Prefix) && !slices.ContainsFunc(a.Values, func(v string) bool {
			return !slices.ContainsFunc(b.Values, func(p string) bool { return strings.HasPrefix(v, p) })
		})
	}
	if a.Op == b.Op {
		x, _ := number(a.Values[0])
		y, _ := number(b.Values[0])
		return x.Equal(y) || y.LessThan(x) == (b.Op == AtLeast)
	}
	return false
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
}
