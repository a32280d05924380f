package approval

import (
	"fmt"
	"slices"
	"time"
)

// People is a [Host] from plain data: for tests, and for programs that know
// everybody beforehand.
type People struct {
	Behind  map[string][]string // by selector, as [Selector.String] writes it: "group dba"
	Deputed []Delegation
	// Hours adds working time to an instant. Without it time is elapsed time, and a
	// day has 24 hours.
	Hours func(from time.Time, d Deadline) (time.Time, error)
}

// Members implements [Host]. A selector that is not known is an error: it is more
// likely a mistake than a group of nobody.
func (p People) Members(s Selector) ([]string, error) {
	if s.Kind == Person {
		return []string{s.Name}, nil
	}
	names, ok := p.Behind[s.String()]
	if !ok {
		return nil, fmt.Errorf("approval: nobody knows who %v is: %w", s, ErrInvalid)
	}
	return slices.Clone(names), nil
}

// Delegations implements [Host].
func (p People) Delegations(policy string, at time.Time) ([]Delegation, error) {
	var in []Delegation
	for _, d := range p.Deputed {
		if d.covers(policy, at) {
			in = append(in, d)
		}
	}
	return in, nil
}

// Due implements [Host].
func (p People) Due(from time.Time, d Deadline) (time.Time, error) {
	if p.Hours != nil {
		return p.Hours(from, d)
	}
	return from.Add(time.Duration(d.Within)).AddDate(0, 0, d.Days), nil
}
