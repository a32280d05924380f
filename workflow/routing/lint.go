package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// FindingKind says what is doubtful about a policy that is valid in itself.
type FindingKind string

// What [Router.Lint] finds.
const (
	FindNoDefault  FindingKind = "no_default"   // work that no rule takes is refused
	FindNever      FindingKind = "never_holds"  // a condition contradicts itself
	FindSeveral    FindingKind = "several"      // a rule holds only for work with several values of a fact
	FindShadowed   FindingKind = "shadowed"     // every work that a rule takes is taken by one before it
	FindEmptyGroup FindingKind = "empty_group"  // somebody is to be chosen among nobody
	FindUnskilled  FindingKind = "unskilled"    // nobody in the group has all that is needed
	FindUnused     FindingKind = "unused_group" // nothing leads to a group
	FindFallback   FindingKind = "fallback"     // groups fall back on each other in a circle
)

// Finding is something that is allowed and probably not meant.
type Finding struct {
	Kind  FindingKind `json:"kind"`
	Where string      `json:"where"` // a rule, a group, or the policy
	Text  string      `json:"text"`
}

// String names kind and place.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Where, f.Kind, f.Text) }

type note func(kind FindingKind, where, format string, args ...any)

// Lint returns what is allowed but probably not meant. What it says of a rule is certain;
// what takes several rules together to shadow a later one it does not see. It costs the
// square of the number of rules.
func (r *Router) Lint() []Finding {
	var found []Finding
	add := func(kind FindingKind, where, format string, args ...any) {
		found = append(found, Finding{kind, where, fmt.Sprintf(format, args...)})
	}
	p := r.policy
	if p.Default == nil && !slices.ContainsFunc(p.Rules, func(x Rule) bool { return len(x.When)+len(x.Any)+len(x.Unless) == 0 }) {
		add(FindNoDefault, p.Name, "work that no rule takes is refused")
	}
	for i, rule := range p.Rules {
		if why := contradiction(rule.Condition); why != "" {
			add(FindNever, rule.Name, "it never holds: %s", why)
			continue
		}
		if why := several(rule.Condition); why != "" {
			add(FindSeveral, rule.Name, "no single value is enough: %s", why)
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

func (r *Router) lintTarget(where string, t Target, add note) {
	g := r.groups[t.Group]
	if len(g.Members) == 0 && t.Strategy != "" && t.Strategy != GroupOnly {
		add(FindEmptyGroup, where, "it chooses by %s in group %s, which has no members", t.Strategy, g.Name)
	}
	if len(t.Needs) == 0 || cmp.Or(t.Strategy, g.Strategy, GroupOnly) == GroupOnly {
		return
	}
	has := func(m Member) bool {
		return !slices.ContainsFunc(t.Needs, func(need Skill) bool {
			return !slices.ContainsFunc(m.Skills, func(a Ability) bool { return a.Name == need.Name && a.Level >= need.Level })
		})
	}
	if !slices.ContainsFunc(g.Members, has) {
		add(FindUnskilled, where, "nobody in group %s has all the skills that are needed", g.Name)
	}
}

func (r *Router) lintGroups(add note) {
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

// several names two tests that no single value of their fact passes. That they never
// hold would be wrong: work may have several values of it, and mostly has not.
func several(c Condition) string {
	for i, a := range c.When {
		for _, b := range c.When[:i] {
			if a.Fact == b.Fact && (apart(a, b) || apart(b, a)) {
				return b.String() + ", and " + a.String()
			}
		}
	}
	return ""
}

// apart reports whether no value passes both tests. It knows lists, which it goes
// through, and numbers.
func apart(a, b Test) bool {
	x, y := compileTest(a), compileTest(b)
	switch {
	case a.Op == Equals || a.Op == OneOf:
		return !slices.ContainsFunc(a.Values, func(v string) bool { return y.holds(Facts{b.Fact: {v}}) })
	case a.Op == AtLeast && b.Op == Below:
		return x.limit.compare(y.limit) >= 0
	}
	return false
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
			slices.ContainsFunc(a.When, func(x Test) bool { return x.Fact == t.Fact && (excludes(x, t) || excludes(t, x)) })
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
	limit := compileTest(b)
	switch a.Op {
	case b.Op:
		x, _ := readNumber(a.Values[0])
		c := x.compare(limit.limit)
		return c == 0 || (c > 0) == (b.Op == AtLeast)
	case Equals, OneOf:
		return !slices.ContainsFunc(a.Values, func(v string) bool { return !limit.passes(v) })
	}
	return false
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(v string) bool { return !slices.Contains(b, v) })
}
