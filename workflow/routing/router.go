package routing

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// ErrNoRule means that no rule holds and there is no default.
var ErrNoRule = errors.New("no assignment rule holds")

// Router is a policy that was checked. It is immutable and safe for concurrent use.
type Router struct {
	policy  Policy
	rules   []condition
	weights []condition
	index   index
	groups  map[string]*group
}

// New checks a policy, all of it, and returns its router. The error lists every fault and
// matches [workflow.ErrInvalid]; see [Router.Lint] for what is allowed and doubtful.
func New(p Policy) (*Router, error) {
	clocks, err := p.check()
	if err != nil {
		return nil, err
	}
	r := &Router{policy: p.clone(), groups: map[string]*group{}}
	for _, rule := range r.policy.Rules {
		r.rules = append(r.rules, compileCondition(rule.Condition))
	}
	for _, w := range r.policy.Weights {
		r.weights = append(r.weights, compileCondition(w.Condition))
	}
	r.index = newIndex(r.rules)
	for i := range r.policy.Groups {
		g := newGroup(&r.policy.Groups[i], clocks)
		r.groups[g.Name] = g
	}
	for _, g := range r.groups {
		g.standIns = r.standIns(g)
	}
	return r, nil
}

// standIns are the groups that the work of a group falls to one after the other, each once.
func (r *Router) standIns(g *group) (all []*group) {
	seen := map[string]bool{g.Name: true}
	for name := g.Fallback; name != "" && !seen[name]; name = r.groups[name].Fallback {
		seen[name] = true
		all = append(all, r.groups[name])
	}
	return all
}

// Policy returns a copy of the policy.
func (r *Router) Policy() Policy { return r.policy.clone() }

// Match returns the place of the first rule that holds, or -1. It does not allocate.
func (r *Router) Match(f Facts) int { return r.index.first(r.rules, f) }

// Weigh returns how much of a person's capacity work with such facts takes: that of the
// first weight that holds, otherwise 1. A host that sums up loads weighs the open work
// by it.
func (r *Router) Weigh(f Facts) int {
	for i := range r.weights {
		if r.weights[i].holds(f) {
			return r.policy.Weights[i].Weight
		}
	}
	return 1
}

// Work is what is to be assigned.
type Work struct {
	Facts  Facts
	Weight int // how much of a capacity it takes, such as the effort; 0 is as [Router.Weigh] says
}

// Situation is how things stand when work is assigned. What is not known is empty.
type Situation struct {
	At    time.Time
	Loads map[string]Load // by person; who is not listed has nothing
	Turns map[string]Turn // by group; one that is not listed has not begun
	// OnCall lists who is on call in a group, for groups that take only those. An error
	// is that nobody is, with the reason.
	OnCall func(group string, at time.Time) ([]string, error)
	// Before are persons who have worked on such a thing before, such as for the same
	// customer or on the same configuration item, the best first.
	Before []string
}

// Load is what a person has to do.
type Load struct {
	Weight int       // the sum over his open work
	Given  time.Time // when he was last given something; zero: never
}

// Turn is whose turn it was last in a group: all that taking turns has to remember.
type Turn struct {
	Person string `json:"person"`
	// Place is where he was in the list, counted from 0. Once he has left the group the
	// turns go on there.
	Place int `json:"place,omitempty"`
}

// Take notes in the situation's maps what a decision has changed: what the person has to
// do, and whose turn it was. Decisions one after the other are each made on what the ones
// before have left. The maps are made where there are none, and are otherwise the
// caller's, to guard and to keep.
func (s *Situation) Take(d Decision) {
	if d.Person != "" {
		if s.Loads == nil {
			s.Loads = map[string]Load{}
		}
		s.Loads[d.Person] = Load{Weight: s.Loads[d.Person].Weight + d.Weight, Given: s.At}
	}
	if d.Turn != nil {
		if s.Turns == nil {
			s.Turns = map[string]Turn{}
		}
		s.Turns[d.Group] = *d.Turn
	}
}

// Decision is who gets the work.
type Decision struct {
	Policy  string `json:"policy"` // and its version: what it was decided by
	Version int    `json:"version"`
	Group   string `json:"group"`
	Person  string `json:"person,omitempty"` // empty: the group decides
	// Rule is the rule that counted; empty: the default.
	Rule   string `json:"rule,omitempty"`
	Weight int    `json:"weight"` // of the work
	// Turn is what to keep for the group, if turns are taken there.
	Turn *Turn  `json:"turn,omitempty"`
	Why  string `json:"why"` // in words, in short
	// Passed are those who did not get it, and why, in the order in which they were
	// looked at.
	Passed []Passed `json:"passed,omitempty"`
}

// Route decides who gets the work. An error matches [ErrNoRule], or
// [workflow.ErrInvalid] if the work is not something to decide on.
func (r *Router) Route(w Work, s Situation) (Decision, error) {
	if w.Weight < 0 || w.Weight > MaxWeight || s.At.IsZero() {
		return Decision{}, fmt.Errorf("routing: a weight of %d at %v: want 0 to %d, and an instant: %w", w.Weight, s.At, MaxWeight, workflow.ErrInvalid)
	}
	d := Decision{Policy: r.policy.Name, Version: r.policy.Version, Weight: w.Weight}
	if d.Weight == 0 {
		d.Weight = r.Weigh(w.Facts)
	}
	target := r.policy.Default
	if i := r.Match(w.Facts); i >= 0 {
		d.Rule, target = r.policy.Rules[i].Name, &r.policy.Rules[i].To
	}
	if target == nil {
		return Decision{}, fmt.Errorf("routing: policy %s version %d has no default: %w", r.policy.Name, r.policy.Version, ErrNoRule)
	}
	r.choose(&d, target, s)
	return d, nil
}

// choose takes a person of the target's group, or of those that it falls back on.
func (r *Router) choose(d *Decision, t *Target, s Situation) {
	first := r.groups[t.Group]
	strategy := cmp.Or(t.Strategy, first.Strategy)
	if d.Group = first.Name; first.assign(d, t, t.Person, strategy, s) {
		return
	}
	for _, g := range first.standIns {
		if d.Group = g.Name; g.assign(d, t, "", g.Strategy, s) {
			d.Why += ", standing in for " + first.Name
			return
		}
	}
	d.Group, d.Why = first.Name, "nobody can take it now"
}

func (d *Decision) source() string {
	if d.Rule == "" {
		return "the default"
	}
	return "rule " + d.Rule
}
