package sla

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// MaxAgreements is the most agreements, versions included, that one book holds.
const MaxAgreements = 10_000

// Book holds agreements of all types and versions. It is immutable and safe for
// concurrent use.
type Book struct {
	agreements []Agreement // by id and version
}

// NewBook checks the agreements, all of them and how they fit together, and
// returns the book of them. Versions of an agreement must be of one type and must
// not be valid at the same time; every support must exist.
func NewBook(agreements ...Agreement) (*Book, error) {
	var p workflow.Problems
	b := &Book{agreements: slices.Clone(agreements)}
	if len(agreements) > MaxAgreements {
		p.Addf("%d agreements, at most %d", len(agreements), MaxAgreements)
	}
	for i := range b.agreements {
		b.agreements[i] = b.agreements[i].clone()
		a := &b.agreements[i]
		a.Version = cmp.Or(a.Version, 1)
		a.check(&p)
	}
	slices.SortStableFunc(b.agreements, func(x, y Agreement) int {
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Version, y.Version))
	})
	for i := range b.agreements {
		b.fits(&p, i)
	}
	if err := p.Err("sla: agreements"); err != nil {
		return nil, err
	}
	return b, nil
}

// fits checks an agreement against the others.
func (b *Book) fits(p *workflow.Problems, i int) {
	a := &b.agreements[i]
	if i > 0 && b.agreements[i-1].ID == a.ID {
		before := &b.agreements[i-1]
		switch {
		case before.Version == a.Version:
			p.Addf("agreement %q is there twice as version %d", a.ID, a.Version)
		case before.Type != a.Type:
			p.Addf("agreement %q is a %s as version %d, and a %s as version %d", a.ID, before.Type, before.Version, a.Type, a.Version)
		case before.Until.IsZero() || a.From.Before(before.Until):
			p.Addf("agreement %q: version %d is still valid when version %d begins", a.ID, before.Version, a.Version)
		}
	}
	for _, s := range a.Supports {
		for _, link := range s.Steps {
			if !slices.ContainsFunc(b.agreements, func(o Agreement) bool { return o.ID == link.Agreement && o.has(link.Target) && o.ID != a.ID }) {
				p.Addf("agreement %q: target %q is supported by %s, which is not in the book", a.ID, s.Target, link)
			}
		}
	}
}

// All returns every agreement, by id and version.
func (b *Book) All() []Agreement {
	all := make([]Agreement, len(b.agreements))
	for i, a := range b.agreements {
		all[i] = a.clone()
	}
	return all
}

// At returns the version of an agreement that is valid at an instant. It is an
// error matching [workflow.ErrNotFound] if there is none.
func (b *Book) At(id string, at time.Time) (Agreement, error) {
	for _, a := range b.agreements {
		if a.ID == id && a.validAt(at) {
			return a.clone(), nil
		}
	}
	return Agreement{}, fmt.Errorf("sla: no version of agreement %q is valid on %s: %w", id, at.Format(time.DateOnly), workflow.ErrNotFound)
}

// Reviews returns the agreements whose review is due at an instant: of those that
// are valid, the ones with a date that has come, the oldest date first.
func (b *Book) Reviews(at time.Time) []Agreement {
	return b.sorted(func(a *Agreement) bool { return a.validAt(at) && !a.ReviewBy.IsZero() && !at.Before(a.ReviewBy) },
		func(a *Agreement) time.Time { return a.ReviewBy })
}

// Expiring returns the agreements that are valid at an instant and will not be any
// more at another one, without a later version that takes over, the first to end
// first.
func (b *Book) Expiring(at, by time.Time) []Agreement {
	return b.sorted(func(a *Agreement) bool {
		return a.validAt(at) && !a.Until.IsZero() && !by.Before(a.Until) &&
			!slices.ContainsFunc(b.agreements, func(o Agreement) bool { return o.ID == a.ID && o.validAt(a.Until) })
	}, func(a *Agreement) time.Time { return a.Until })
}

func (b *Book) sorted(want func(*Agreement) bool, by func(*Agreement) time.Time) []Agreement {
	var found []Agreement
	for _, a := range b.agreements {
		if want(&a) {
			found = append(found, a.clone())
		}
	}
	slices.SortStableFunc(found, func(x, y Agreement) int { return by(&x).Compare(by(&y)) })
	return found
}

// Match tells whether an agreement applies to a record, and why or why not.
type Match struct {
	Agreement Agreement
	Applies   bool
	Why       string // for people
}

// Apply tells of every agreement whether it applies to a record with the given
// facts at an instant. All that match apply, side by side, as in ServiceNow: an
// SLA by its customer and services, an OLA by the group that has the record, an
// underpinning contract by the services it covers. A default applies where no
// other agreement of its type does.
func (b *Book) Apply(f Facts, at time.Time) []Match {
	all := make([]Match, len(b.agreements))
	first := map[AgreementType]string{} // one that applies and is no default
	for i, a := range b.agreements {
		m := Match{Agreement: a.clone()}
		if m.Applies, m.Why = a.matches(f); m.Applies {
			m.Applies, m.Why = a.inTime(at, m.Why)
		}
		if m.Applies && !a.Default && first[a.Type] == "" {
			first[a.Type] = a.ID
		}
		all[i] = m
	}
	for i := range all {
		m := &all[i]
		other := first[m.Agreement.Type]
		switch {
		case !m.Applies || !m.Agreement.Default:
		case other != "":
			m.Applies, m.Why = false, fmt.Sprintf("it is a default, and %s applies", other)
		default:
			m.Why += ", and no other agreement of its type applies"
		}
	}
	return all
}

// inTime adds the dates to the reasons.
func (a *Agreement) inTime(at time.Time, why string) (bool, string) {
	switch {
	case at.Before(a.From):
		return false, "it is valid only from " + a.From.Format(time.DateOnly) + " on"
	case !a.validAt(at):
		return false, "it was valid until " + a.Until.Format(time.DateOnly)
	}
	return true, why
}

// Targets returns the targets of all agreements, for [NewEngine]. Each is called
// by the agreement and its own name, "SLA-ACME: resolution", starts only for
// records to which the agreement applies, and has the agreement's version and
// dates: clocks stay with the version under which they started.
//
// The clock of a group's agreement stops when the group hands the record on, and
// goes on when it comes back. Any other is cancelled when the record turns out to be
// of another customer or service.
func (b *Book) Targets() []Target {
	var targets []Target
	for i := range b.agreements {
		a := &b.agreements[i]
		for _, t := range a.Targets {
			t.defaults()
			start, stop, cancel := t.Start, t.Stop, t.Cancel
			if a.Type == TypeOLA {
				t.Stop = func(f Facts) bool { return stop(f) || f.Group != a.Provider }
			} else {
				t.Cancel = func(f Facts) bool { return cancel(f) || !b.covers(a, f) }
			}
			t.Name = a.ID + ": " + t.Name
			t.Version, t.From, t.Until = a.Version, a.From, a.Until
			t.Start = func(f Facts) bool { return start(f) && b.covers(a, f) }
			t.data = nil // it says less than the start now asks
			targets = append(targets, t)
		}
	}
	return targets
}

// covers is Apply for one agreement that is known to be valid.
func (b *Book) covers(a *Agreement, f Facts) bool {
	if ok, _ := a.matches(f); !ok || !a.Default {
		return ok
	}
	return !slices.ContainsFunc(b.agreements, func(o Agreement) bool {
		if o.Type != a.Type || o.Default || !o.validAt(f.at) {
			return false
		}
		ok, _ := o.matches(f)
		return ok
	})
}

// Promise returns the agreement by which a clock runs that was started by one of
// [Book.Targets], in the version it is pinned to, and the target's own name. It is
// not ok if the clock belongs to no agreement of the book.
func (b *Book) Promise(c Clock) (a Agreement, target string, ok bool) {
	id, target, _ := strings.Cut(c.Target, ": ")
	for _, a := range b.agreements {
		if a.ID == id && a.Version == max(c.Version, 1) && a.has(target) {
			return a.clone(), target, true
		}
	}
	return Agreement{}, "", false
}
