package rca

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// ErrTooLarge says that a fault tree is too entangled to be solved exactly.
var ErrTooLarge = errors.New("too entangled for an exact answer")

// Solution is a fault tree worked out. It is not safe for concurrent use, and does not
// follow later changes of the tree.
type Solution struct {
	events    []Event // by level: the order of decisions
	d         *diagram
	functions map[string]int32 // by id
	top       int32

	sets    *family
	minimal int32 // the minimal cut sets
}

// Solve works the tree out. The error matches [workflow.ErrInvalid] if the tree is not
// valid, and [ErrTooLarge] if it is too entangled: the work is bounded, to seconds at
// most. Trees of some hundred events take milliseconds, unless nearly everything is
// shared by everything.
func (t *FaultTree) Solve() (*Solution, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	s := &Solution{d: newDiagram(), functions: map[string]int32{}, sets: newFamily()}
	all := t.nodes()
	s.number(all, t.Top, map[string]bool{})
	s.top = s.build(all, t.Top)
	if !s.d.full {
		s.minimal = s.sets.minimize(s.d, s.top)
	}
	if s.d.full || s.sets.full {
		return nil, fmt.Errorf("rca: fault tree with %d events and %d gates: %w", len(t.Events), len(t.Gates), ErrTooLarge)
	}
	return s, nil
}

// number gives each event its level, as one meets them from the left to the right.
func (s *Solution) number(all map[string]node, id string, seen map[string]bool) {
	if seen[id] {
		return
	}
	seen[id] = true
	n := all[id]
	if n.event != nil {
		e := *n.event
		if e.Probability != nil {
			e.Probability = Chance(*e.Probability)
		}
		s.functions[id] = s.d.node(int32(len(s.events)), never, always)
		s.events = append(s.events, e)
	}
	for _, in := range n.inputs() {
		s.number(all, in, seen)
	}
}

// build returns when the gate or event happens.
func (s *Solution) build(all map[string]node, id string) int32 {
	if f, there := s.functions[id]; there {
		return f
	}
	g := all[id].gate
	parts := make([]int32, len(g.Inputs))
	for i, in := range g.Inputs {
		parts[i] = s.build(all, in)
	}
	slices.SortFunc(parts, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.d.nodes[b].level, s.d.nodes[a].level), cmp.Compare(a, b))
	})
	f := s.d.atLeast(g.need(), parts)
	s.functions[id] = f
	return f
}

// Probability returns the probability of the top event. It is exact, up to the rounding
// of floating point, events that are repeated included. The error, matching
// [workflow.ErrInvalid], lists the events whose probability is not known.
func (s *Solution) Probability() (float64, error) {
	if err := s.known(); err != nil {
		return 0, err
	}
	return s.probabilities()[s.top], nil
}

// ProbabilityOf returns the probability of a gate or event, as [Solution.Probability]
// does that of the top. It is an error matching [workflow.ErrNotFound] if there is none
// of that id.
func (s *Solution) ProbabilityOf(id string) (float64, error) {
	f, there := s.functions[id]
	if !there {
		return 0, fmt.Errorf("rca: fault tree: %.64q: %w", id, workflow.ErrNotFound)
	}
	if err := s.known(); err != nil {
		return 0, err
	}
	return s.probabilities()[f], nil
}

func (s *Solution) known() error {
	var p workflow.Problems
	for _, e := range s.events {
		if e.Probability == nil {
			p.Addf("the probability of event %q is not known", e.ID)
		}
	}
	return p.Err("rca: fault tree")
}

// probabilities returns how probable each function is. All terms are positive, so that
// small probabilities keep their precision.
func (s *Solution) probabilities() []float64 {
	p := make([]float64, len(s.d.nodes))
	p[always] = 1
	for i := 2; i < len(p); i++ {
		n := s.d.nodes[i]
		q := *s.events[n.level].Probability
		p[i] = (1-q)*p[n.no] + q*p[n.yes]
	}
	return p
}

// CutSet is a minimal cut set: events that together bring the top event about, none of
// which can be left out.
type CutSet struct {
	Events      []string `json:"events"`                // ids, in the order of the tree
	Probability *float64 `json:"probability,omitempty"` // that all of them happen; nil if that of one is not known
}

// MaxCutSets is the most cut sets that are listed. There may be many more.
const MaxCutSets = 100_000

// CountCutSets returns how many minimal cut sets there are, exactly.
func (s *Solution) CountCutSets() *big.Int {
	counts := make([]*big.Int, len(s.sets.nodes))
	counts[never], counts[always] = big.NewInt(0), big.NewInt(1)
	for i := 2; i < len(counts); i++ {
		n := s.sets.nodes[i]
		counts[i] = new(big.Int).Add(counts[n.no], counts[n.yes])
	}
	return counts[s.minimal]
}

// CutSets lists minimal cut sets: those of the fewest events first, the most probable of
// them first, and then in the order of the tree. If there are more than the limit, or
// than [MaxCutSets], it returns so many and false; of the largest size then those that
// come first in the tree.
func (s *Solution) CutSets(limit int) (sets []CutSet, complete bool) {
	limit = max(0, min(limit, MaxCutSets))
	fewest, most := s.sizes()
	for size := fewest[s.minimal]; size <= most[s.minimal]; size++ {
		from := len(sets)
		c := collector{s: s, fewest: fewest, most: most, limit: limit, sets: sets}
		whole := c.collect(s.minimal, size)
		sets = c.sets
		slices.SortStableFunc(sets[from:], func(a, b CutSet) int {
			if a.Probability == nil || b.Probability == nil {
				return 0
			}
			return cmp.Compare(*b.Probability, *a.Probability)
		})
		if !whole {
			return sets, false
		}
	}
	return sets, true
}

// sizes returns, for each family, of how many events its sets are.
func (s *Solution) sizes() (fewest, most []int) {
	const none = 1 << 30
	fewest, most = make([]int, len(s.sets.nodes)), make([]int, len(s.sets.nodes))
	fewest[never], most[never] = none, -none
	for i := 2; i < len(fewest); i++ {
		n := s.sets.nodes[i]
		fewest[i] = min(fewest[n.no], fewest[n.yes]+1)
		most[i] = max(most[n.no], most[n.yes]+1)
	}
	return fewest, most
}

// collector lists the sets of one size.
type collector struct {
	s            *Solution
	fewest, most []int
	limit        int
	chosen       []int32 // levels
	sets         []CutSet
}

// collect reports whether there was room for all.
func (c *collector) collect(f int32, left int) bool {
	if left < c.fewest[f] || left > c.most[f] {
		return true
	}
	if f == always {
		if len(c.sets) == c.limit {
			return false
		}
		c.sets = append(c.sets, c.s.cutSet(c.chosen))
		return true
	}
	n := c.s.sets.nodes[f]
	c.chosen = append(c.chosen, n.level)
	whole := c.collect(n.yes, left-1)
	c.chosen = c.chosen[:len(c.chosen)-1]
	return whole && c.collect(n.no, left)
}

func (s *Solution) cutSet(levels []int32) CutSet {
	c, p, known := CutSet{Events: []string{}}, 1.0, true
	for _, l := range levels {
		e := s.events[l]
		c.Events = append(c.Events, e.ID)
		if known = known && e.Probability != nil; known {
			p *= *e.Probability
		}
	}
	if known {
		c.Probability = &p
	}
	return c
}
