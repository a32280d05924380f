package routing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// ErrNoRule means that no rule holds and there is no default.
var ErrNoRule = errors.New("no assignment rule holds")

// Router is a policy that was checked. It is immutable and safe for concurrent use.
type Router struct {
	policy     Policy
	conditions []condition // of the rules
	anchors    []anchor
	loose      []int32 // rules that no anchor leads to, in order
	groups     map[string]*group
}

// anchor leads from the values of a fact to the rules that ask for them.
type anchor struct {
	fact  string
	rules map[string][]int32 // in order
}

// group is a group with its members' calendars.
type group struct {
	*Group
	hours []*calendar.Calendar // of each member; nil: always
}

// New checks a policy, all of it, and returns its router.
func New(p Policy) (*Router, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	r := &Router{policy: p.clone(), groups: map[string]*group{}}
	for _, rule := range r.policy.Rules {
		r.conditions = append(r.conditions, compileCondition(rule.Condition))
	}
	r.index()
	for i := range r.policy.Groups {
		g := &group{Group: &r.policy.Groups[i]}
		for _, m := range g.Members {
			g.hours = append(g.hours, r.policy.Calendars[m.Hours])
		}
		r.groups[g.Name] = g
	}
	return r, nil
}

// index files each rule under the values of one of its tests: the one that finds it
// among the fewest others.
func (r *Router) index() {
	type value struct{ fact, value string }
	asked := map[value]int{}
	for i := range r.conditions {
		for _, t := range r.conditions[i].when {
			if t.names() {
				for _, v := range t.Values {
					asked[value{t.Fact, v}]++
				}
			}
		}
	}
	company := func(t *test) (n int) {
		for _, v := range t.Values {
			n += asked[value{t.Fact, v}]
		}
		return n
	}
	anchors := map[string]map[string][]int32{}
	for i := range r.conditions {
		var t *test
		for j := range r.conditions[i].when {
			if x := &r.conditions[i].when[j]; x.names() && (t == nil || company(x) < company(t)) {
				t = x
			}
		}
		if t == nil {
			r.loose = append(r.loose, int32(i))
			continue
		}
		if anchors[t.Fact] == nil {
			anchors[t.Fact] = map[string][]int32{}
		}
		for _, v := range t.Values {
			if list := anchors[t.Fact][v]; len(list) == 0 || list[len(list)-1] != int32(i) {
				anchors[t.Fact][v] = append(list, int32(i))
			}
		}
	}
	for _, fact := range slices.Sorted(maps.Keys(anchors)) {
		r.anchors = append(r.anchors, anchor{fact, anchors[fact]})
	}
}

// names reports whether the test asks for values by which a rule can be found.
func (t *test) names() bool { return t.Op == Equals || t.Op == OneOf }

// Policy returns a copy of the policy.
func (r *Router) Policy() Policy { return r.policy.clone() }

// Match returns the place of the first rule that holds, or -1.
func (r *Router) Match(f Facts) int {
	best := int32(len(r.conditions))
	best = r.first(r.loose, f, best)
	for i := range r.anchors {
		for _, v := range f[r.anchors[i].fact] {
			best = r.first(r.anchors[i].rules[v], f, best)
		}
	}
	if int(best) == len(r.conditions) {
		return -1
	}
	return int(best)
}

// first is the first rule of the list that holds, if it comes before best.
func (r *Router) first(list []int32, f Facts, best int32) int32 {
	for _, i := range list {
		if i >= best {
			break
		}
		if r.conditions[i].holds(f) {
			return i
		}
	}
	return best
}

// Work is what is to be assigned.
type Work struct {
	Facts  Facts
	Weight int // how much of a capacity it takes; 0 is 1
}

// Situation is how things stand when work is assigned.
type Situation struct {
	At    time.Time
	Loads map[string]Load // by person; who is not listed has nothing
	Turns map[string]Turn // by group; who is not listed has not begun
	// OnCall lists who is on call in a group, for groups that take only those. An error
	// is that nobody is, with the reason.
	OnCall func(group string, at time.Time) ([]string, error)
	// Before are persons who have worked on such a thing before, the best first.
	Before []string
}

// Load is what a person has to do.
type Load struct {
	Weight int       // the sum over his open work
	Given  time.Time // when he was last given something; zero: never
}

// Turn is whose turn it was last in a group.
type Turn struct {
	Person string `json:"person"`
}

// Decision is who gets the work.
type Decision struct {
	Group  string `json:"group"`
	Person string `json:"person,omitempty"` // empty: the group decides
	// Rule is the rule that counted; empty: the default.
	Rule string `json:"rule,omitempty"`
	// Turn is what to keep for the group, if turns are taken there.
	Turn *Turn  `json:"turn,omitempty"`
	Why  string `json:"why"` // in words, in short
	// Passed are those who did not get it, and why, in the order in which they were
	// looked at.
	Passed []Passed `json:"passed,omitempty"`
}

// Passed is somebody who was looked at and does not get the work.
type Passed struct {
	Group  string `json:"group"`
	Person string `json:"person,omitempty"` // empty: this is about the group
	Reason string `json:"reason"`
}

// Route decides who gets the work. An error matches [ErrNoRule], or
// [workflow.ErrInvalid] if the work is not something to decide on.
func (r *Router) Route(w Work, s Situation) (Decision, error) {
	if w.Weight < 0 || s.At.IsZero() {
		return Decision{}, fmt.Errorf("routing: a weight of %d at %v: want none that is negative, and an instant: %w", w.Weight, s.At, workflow.ErrInvalid)
	}
	if w.Weight == 0 {
		w.Weight = 1
	}
	d := Decision{}
	target := r.policy.Default
	if i := r.Match(w.Facts); i >= 0 {
		d.Rule, target = r.policy.Rules[i].Name, &r.policy.Rules[i].To
	}
	if target == nil {
		return Decision{}, fmt.Errorf("routing: policy %s version %d has no default: %w", r.policy.Name, r.policy.Version, ErrNoRule)
	}
	d.Group = target.Group
	if target.Person != "" {
		d.Person, d.Why = target.Person, "named by "+d.source()
		return d, nil
	}
	r.choose(&d, *target, w, s)
	return d, nil
}

func (d Decision) source() string {
	if d.Rule == "" {
		return "the default"
	}
	return "rule " + d.Rule
}

// choose takes a person of the target's group, or of those that it falls back on.
func (r *Router) choose(d *Decision, t Target, w Work, s Situation) {
	first, seen := t.Group, map[string]bool{}
	for name := t.Group; name != "" && !seen[name]; name = r.groups[name].Fallback {
		seen[name] = true
		g := r.groups[name]
		strategy := t.Strategy
		if strategy == "" || name != first {
			strategy = g.Strategy
		}
		if strategy == "" || strategy == GroupOnly {
			d.Group, d.Why = name, "the group decides among itself"
			return
		}
		able := g.able(d, t, w, s)
		if len(able) == 0 {
			continue
		}
		m, why := g.take(strategy, t, able, s)
		d.Group, d.Person, d.Why = name, g.Members[m].Person, why
		d.Passed = append(d.Passed, g.others(able, m)...)
		if strategy == RoundRobin {
			d.Turn = &Turn{d.Person}
		}
		return
	}
	d.Group, d.Why = first, "nobody can take it now"
}

func (g *group) others(able []int, taken int) (passed []Passed) {
	for _, i := range able {
		if i != taken {
			passed = append(passed, Passed{g.Name, g.Members[i].Person, "could have taken it"})
		}
	}
	return passed
}

func itoa(n int) string { return strconv.Itoa(n) }
