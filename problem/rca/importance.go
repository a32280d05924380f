package rca

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/itsm-go/itsm/workflow"
)

// Importance says how much an event matters for the top event, by the usual measures.
// P is the probability of the top event.
type Importance struct {
	Event string `json:"event"`
	// Birnbaum is by how much P rises when the event goes from impossible to certain:
	// the probability that the event makes the difference.
	Birnbaum float64 `json:"birnbaum"`
	// Criticality is the share of P that goes away when the event is made impossible.
	// Some programs call this Fussell–Vesely.
	Criticality float64 `json:"criticality"`
	// FussellVesely is the probability, given the top event, that a minimal cut set
	// which holds the event has happened.
	FussellVesely float64 `json:"fussell_vesely"`
	// RiskAchievement is how many times P the probability is if the event is certain
	// (risk achievement worth), 1 or more.
	RiskAchievement Worth `json:"risk_achievement"`
	// RiskReduction is how many times the probability P is, if the event is made
	// impossible (risk reduction worth), 1 or more; infinite if nothing is left.
	RiskReduction Worth `json:"risk_reduction"`
}

// Worth is a factor, 1 or more, perhaps infinite; JSON has "infinite" for that.
type Worth float64

// Infinite reports whether the factor has no end.
func (x Worth) Infinite() bool { return math.IsInf(float64(x), 1) }

// String gives the factor with three digits, or "infinite".
func (x Worth) String() string {
	if x.Infinite() {
		return "infinite"
	}
	return strconv.FormatFloat(float64(x), 'g', 3, 64)
}

// MarshalText implements [encoding.TextMarshaler]: the shortest number that is the
// factor, or "infinite".
func (x Worth) MarshalText() ([]byte, error) {
	if x.Infinite() {
		return []byte("infinite"), nil
	}
	return strconv.AppendFloat(nil, float64(x), 'g', -1, 64), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (x *Worth) UnmarshalText(b []byte) error {
	if string(b) == "infinite" {
		*x = Worth(math.Inf(1))
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(f >= 1) || math.IsInf(f, 0) {
		return fmt.Errorf("rca: worth %.32q is neither a number from 1 on nor infinite: %w", b, workflow.ErrInvalid)
	}
	*x = Worth(f)
	return nil
}

// Importance returns the measures of every event, the one with the greatest criticality
// first, then by Birnbaum's measure, then in the order of the tree. If the top event is
// impossible, shares are 0 and the factors 1, or infinite where the event would make it
// possible. The error, matching [workflow.ErrInvalid], lists the events whose
// probability is not known; it matches [ErrTooLarge] if the cut sets are too entangled.
func (s *Solution) Importance() ([]Importance, error) {
	if err := s.known(); err != nil {
		return nil, err
	}
	p := s.probabilities()
	shares, err := s.fussellVesely()
	if err != nil {
		return nil, err
	}
	birnbaum := s.birnbaum(p)
	list := make([]Importance, len(s.events))
	scratch := make([]float64, s.top+1)
	for i, e := range s.events {
		q, certain, without := *e.Probability, s.given(int32(i), p, scratch, 1), s.given(int32(i), p, scratch, 0)
		list[i] = Importance{Event: e.ID, Birnbaum: birnbaum[i], RiskAchievement: factor(certain, p[s.top]), RiskReduction: factor(p[s.top], without)}
		if total := p[s.top]; total > 0 {
			list[i].Criticality = min(1, q*birnbaum[i]/total)
			list[i].FussellVesely = min(1, shares[i]/total)
		}
	}
	slices.SortStableFunc(list, func(a, b Importance) int {
		return cmp.Or(cmp.Compare(b.Criticality, a.Criticality), cmp.Compare(b.Birnbaum, a.Birnbaum))
	})
	return list, nil
}

func factor(much, little float64) Worth {
	switch {
	case much <= little: // equal, up to rounding
		return 1
	case little == 0:
		return Worth(math.Inf(1))
	}
	return Worth(much / little)
}

// birnbaum weighs each decision by how probable it is to come to it.
func (s *Solution) birnbaum(p []float64) []float64 {
	come, list := make([]float64, len(p)), make([]float64, len(s.events))
	come[s.top] = 1
	for i := s.top; i >= 2; i-- {
		n := s.d.nodes[i]
		if come[i] == 0 {
			continue
		}
		q := *s.events[n.level].Probability
		list[n.level] += come[i] * (p[n.yes] - p[n.no])
		come[n.no] += come[i] * (1 - q)
		come[n.yes] += come[i] * q
	}
	return list
}

// given returns the probability of the top event if that of one event is another. P are
// the probabilities as they are, and known is room to work in.
func (s *Solution) given(level int32, p, known []float64, q float64) float64 {
	copy(known, p)
	for i := 2; i < len(known); i++ {
		switch n := s.d.nodes[i]; {
		case n.level < level:
			x := *s.events[n.level].Probability
			known[i] = (1-x)*known[n.no] + x*known[n.yes]
		case n.level == level:
			known[i] = (1-q)*known[n.no] + q*known[n.yes]
		}
	}
	return known[s.top]
}

// fussellVesely returns for each event the probability that a minimal cut set with it
// has happened.
func (s *Solution) fussellVesely() ([]float64, error) {
	functions := make([]int32, len(s.events))
	some := map[int32]int32{never: never, always: always}
	for i := range s.events {
		functions[i] = s.through(s.minimal, int32(i), some, map[int32]int32{})
	}
	if s.d.full { // what was solved before stands
		return nil, fmt.Errorf("rca: importance in a fault tree with %d events: %w", len(s.events), ErrTooLarge)
	}
	p := s.probabilities()
	shares := make([]float64, len(s.events))
	for i, f := range functions {
		shares[i] = p[f]
	}
	return shares, nil
}

// through returns when a set of the family that holds an event happens.
func (s *Solution) through(f, level int32, some, memo map[int32]int32) int32 {
	n := s.sets.nodes[f]
	switch {
	case n.level > level:
		return never
	case n.level == level:
		return s.d.node(level, never, s.some(n.yes, some))
	}
	if i, there := memo[f]; there {
		return i
	}
	no := s.through(n.no, level, some, memo)
	i := s.d.node(n.level, no, s.d.or(no, s.through(n.yes, level, some, memo)))
	memo[f] = i
	return i
}

// some returns when a set of the family happens.
func (s *Solution) some(f int32, memo map[int32]int32) int32 {
	if i, there := memo[f]; there {
		return i
	}
	n := s.sets.nodes[f]
	no := s.some(n.no, memo)
	i := s.d.node(n.level, no, s.d.or(no, s.some(n.yes, memo)))
	memo[f] = i
	return i
}
