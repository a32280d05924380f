package approval

import (
	"fmt"
	"slices"
	"time"
)

// Host answers what only the program around knows. An answer that it cannot give is
// an error, and then nothing happens: no approval is granted because a directory was
// not there. It must give the same answers throughout one command.
type Host interface {
	// Members are the people behind a selector, for the record that is to be
	// approved. Only people who can act: whoever has left or is locked is not
	// among them. Nobody is an empty answer, and not an error.
	Members(s Selector) ([]string, error)
	// Delegations are those in force at an instant that concern the policy.
	Delegations(policy string, at time.Time) ([]Delegation, error)
	// Due is the instant at which the deadline is reached that begins at an
	// instant, in the host's working time.
	Due(from time.Time, d Deadline) (time.Time, error)
}

// seatPeople works out who decides a stage now: everybody its selectors name, each
// once, without those who must not. Votes of people who are no longer asked, or may
// no longer vote for whom they did, are gone with them.
func (r *Request) seatPeople(p *Panel, h Host, at time.Time) error {
	out, err := r.excluded(h, at)
	if err != nil {
		return err
	}
	s := r.stage(p)
	before := Panel{Seats: p.Seats}
	from := map[string][]int{}
	for i, sel := range s.Ask {
		people, err := h.Members(sel)
		if err != nil {
			return fmt.Errorf("approval: policy %s, stage %s: who is %v: %w", r.Policy.Name, s.Name, sel, err)
		}
		for _, name := range people {
			if !validText(name) {
				return fmt.Errorf("approval: policy %s, stage %s: a person of %v: %.64q %s: %w", r.Policy.Name, s.Name, sel, name, textRule, ErrInvalid)
			}
			if !slices.Contains(from[name], i) {
				from[name] = append(from[name], i)
			}
		}
	}
	if len(from) > MaxPeople {
		return fmt.Errorf("approval: policy %s, stage %s asks %d people, at most %d: %w", r.Policy.Name, s.Name, len(from), MaxPeople, ErrInvalid)
	}
	p.Seats, p.Left = nil, nil
	for _, name := range sortedKeys(from) {
		if why := out[name]; why != "" {
			p.Left = append(p.Left, Exclusion{Person: name, Why: why})
			continue
		}
		seat := Seat{Person: name, From: from[name]}
		if old := before.seat(name); old != nil {
			seat.Recused = old.Recused
		}
		p.Seats = append(p.Seats, seat)
	}
	p.prune(out)
	return nil
}

// prune drops the votes that stand for nobody any more, and those of people who must
// not decide.
func (p *Panel) prune(out map[string]string) {
	for i := range p.Ballots {
		b := &p.Ballots[i]
		b.For = slices.DeleteFunc(b.For, func(name string) bool {
			seat := p.seat(name)
			return seat == nil || seat.Recused != ""
		})
	}
	p.Ballots = slices.DeleteFunc(p.Ballots, func(b Ballot) bool {
		return len(b.For) == 0 || out[b.By] != "" || slices.ContainsFunc(b.Via, func(person string) bool { return out[person] != "" })
	})
}

// outOfIt says who would have been asked but must not decide.
func (p *Panel) outOfIt() string {
	text := ""
	add := func(name, why string) {
		if text == "" {
			text = "not counted: "
		} else {
			text += ", "
		}
		text += name + " (" + why + ")"
	}
	for _, e := range p.Left {
		add(e.Person, e.Why)
	}
	for _, s := range p.Seats {
		if s.Recused != "" {
			add(s.Person, "recused: "+s.Recused)
		}
	}
	return text
}
