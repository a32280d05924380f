package approval

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Delegation lets one person vote for another for some time: a deputy, a substitute
// during an absence, the alternate of a member of a board.
type Delegation struct {
	From     string    `json:"from"` // for whom
	To       string    `json:"to"`   // who may vote
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`                // not from then on
	Policies []string  `json:"policies,omitempty"` // the policies for which it holds; none named = all
	// Asked narrows it to the person's own seat in stages where one of these selectors,
	// such as "board cab", asks for him; none named = wherever he is asked. What others
	// have delegated to him is not passed on by it. Separation of duties does not look
	// at it: who acts for somebody in one thing decides on none that he is part of.
	Asked  []string `json:"asked,omitempty"`
	Reason string   `json:"reason,omitempty"`
}

// covers reports whether the delegation holds for a policy at an instant.
func (d Delegation) covers(policy string, at time.Time) bool {
	return !at.Before(d.Start) && at.Before(d.End) && (len(d.Policies) == 0 || slices.Contains(d.Policies, policy))
}

// CheckDelegations tells, in one error matching [ErrInvalid], everything that is
// wrong with a list of delegations: without people, without an end after its start,
// to oneself, and circles of delegations for one policy that hold at the same time.
func CheckDelegations(all []Delegation) error {
	var faults problems
	for i, d := range all {
		where := fmt.Sprintf("delegation %d, of %.64q to %.64q", i+1, d.From, d.To)
		if !validText(d.From) || !validText(d.To) {
			faults.addf("%s: the people %s", where, textRule)
		}
		if d.From == d.To {
			faults.addf("%s: to oneself", where)
		}
		for _, selector := range d.Asked {
			if !validText(selector) {
				faults.addf("%s: asked: %.64q: a selector %s", where, selector, textRule)
			}
		}
		if !d.Start.Before(d.End) {
			faults.addf("%s: ends at %v, not after its start at %v", where, d.End, d.Start)
		}
	}
	if err := faults.err("delegations"); err != nil {
		return err
	}
	for i, d := range all {
		if chain := circle(all, d, d.Start, d.End, d.Policies, []string{d.From}); chain != nil && chain[0] == slices.Min(chain) {
			faults.addf("delegation %d: a circle: %v", i+1, chain)
		}
	}
	return faults.err("delegations")
}

// circle follows delegations that hold together until one comes back to the first.
func circle(all []Delegation, d Delegation, start, end time.Time, policies, people []string) []string {
	if d.To == people[0] {
		return people
	}
	if slices.Contains(people, d.To) || len(people) > MaxDelegations {
		return nil
	}
	for _, next := range all {
		if next.From != d.To {
			continue
		}
		s, e := later(start, next.Start), earlier(end, next.End)
		both, ok := common(policies, next.Policies)
		if !s.Before(e) || !ok {
			continue
		}
		if found := circle(all, next, s, e, both, append(slices.Clone(people), d.To)); found != nil {
			return found
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// common is what two lists of policies share; an empty list is all policies.
func common(a, b []string) ([]string, bool) {
	switch {
	case len(a) == 0:
		return b, true
	case len(b) == 0:
		return a, true
	}
	var both []string
	for _, p := range a {
		if slices.Contains(b, p) {
			both = append(both, p)
		}
	}
	return both, len(both) > 0
}

// inForce lists the delegations that hold now, whatever the host has handed out.
func (r *Request) inForce(h Host, at time.Time) ([]Delegation, error) {
	all, err := h.Delegations(r.Policy.Name, at)
	if err != nil {
		return nil, fmt.Errorf("approval: policy %s: delegations: %w", r.Policy.Name, err)
	}
	return slices.DeleteFunc(slices.Clone(all), func(d Delegation) bool { return !d.covers(r.Policy.Name, at) }), nil
}

// excluded tells who must not decide, and why: the people whom the case excludes,
// and everybody who may act for one of them, over however many delegations.
func (r *Request) excluded(h Host, at time.Time) (map[string]string, error) {
	ds, err := r.inForce(h, at)
	if err != nil {
		return nil, err
	}
	return exclusions(r.Case.Excluded, ds), nil
}

func exclusions(direct []Exclusion, ds []Delegation) map[string]string {
	out := map[string]string{}
	var queue []string
	for _, e := range direct {
		if out[e.Person] == "" {
			out[e.Person] = e.Why
			queue = append(queue, e.Person)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		for _, d := range ds {
			if d.From == queue[0] && out[d.To] == "" {
				out[d.To] = "acting for " + queue[0] + ", " + out[queue[0]]
				queue = append(queue, d.To)
			}
		}
	}
	return out
}

// principals tells for whom of the panel a person may vote by delegation, and by
// which way: the people from the one who is asked to the voter. Of several ways the
// shortest counts. A way through somebody who must not decide is none, and one
// through a narrowed delegation goes no further.
func (r *Request) principals(p *Panel, voter string, ds []Delegation, out map[string]string) map[string][]string {
	ways := map[string][]string{voter: {voter}}
	open := map[string][]string{voter: {voter}} // those that may go on
	reached := []string{voter}
	for range r.Policy.Delegations {
		var next []string
		for _, to := range reached {
			for _, d := range ds {
				if d.To != to || out[d.From] != "" {
					continue
				}
				way := append([]string{d.From}, open[to]...)
				switch {
				case len(d.Asked) > 0:
					if !r.asks(p, d) {
						continue
					}
				case open[d.From] == nil:
					open[d.From] = way
					next = append(next, d.From)
				}
				if ways[d.From] == nil {
					ways[d.From] = way
				}
			}
		}
		reached = next
	}
	maps.DeleteFunc(ways, func(name string, _ []string) bool {
		seat := p.seat(name)
		return seat == nil || seat.Recused != ""
	})
	return ways
}

// asks reports whether the person has a seat by one of the selectors to which the
// delegation is narrowed.
func (r *Request) asks(p *Panel, d Delegation) bool {
	seat, ask := p.seat(d.From), r.stage(p).Ask
	return seat != nil && slices.ContainsFunc(seat.From, func(i int) bool {
		return slices.Contains(d.Asked, ask[i].String())
	})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
