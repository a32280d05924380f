package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Reason is why a change cannot happen at a time.
type Reason string

// The reasons.
const (
	TooSoon            Reason = "too_soon"
	InsideBlackout     Reason = "inside_blackout"
	OutsideMaintenance Reason = "outside_maintenance"
	ItemBusy           Reason = "item_busy"
	RelatedBusy        Reason = "related_busy"
	ServiceBusy        Reason = "service_busy"
	AssigneeBusy       Reason = "assignee_busy"
)

var reasons = []Reason{TooSoon, InsideBlackout, OutsideMaintenance, ItemBusy, RelatedBusy, ServiceBusy, AssigneeBusy}

// Rules say what counts as a conflict. The zero value takes every reason, and lets a
// change begin at the instant at which another one ends.
type Rules struct {
	Off []Reason      `json:"off,omitempty"` // reasons that do not count
	Gap time.Duration `json:"gap,omitempty"` // elapsed time that there is to be between two changes that have something in common
}

// Schedule is the windows there are and the changes that are planned. It is safe for
// concurrent use. Make one with [New].
type Schedule struct {
	rules   Rules
	off     map[Reason]bool
	byKey   map[key][]*Window // windows for an item ('i'), a service ('s') or a class ('c')
	general []*Window         // for everything, or by attributes

	mu      sync.RWMutex
	changes map[string]Change
	booked  map[key]*bookings
}

// New returns a schedule with windows and without changes. All that is wrong is told
// at once, in an error matching [ErrInvalid].
func New(windows []Window, rules Rules) (*Schedule, error) {
	s := &Schedule{rules: rules, off: map[Reason]bool{}, byKey: map[key][]*Window{}, changes: map[string]Change{}, booked: map[key]*bookings{}}
	var bad []error
	names := map[string]bool{}
	for _, w := range windows {
		bad = append(bad, w.validate())
		if names[w.Name] {
			bad = append(bad, fmt.Errorf("there are two windows %q: %w", w.Name, ErrInvalid))
		}
		names[w.Name] = true
		s.file(w.clone())
	}
	for _, r := range rules.Off {
		if !slices.Contains(reasons, r) {
			bad = append(bad, fmt.Errorf("there is no reason %q: %w", r, ErrInvalid))
		}
		s.off[r] = true
	}
	if rules.Gap < 0 {
		bad = append(bad, fmt.Errorf("a gap of %v: %w", rules.Gap, ErrInvalid))
	}
	if err := errors.Join(bad...); err != nil {
		return nil, err
	}
	return s, nil
}

// file notes a window under what it is for.
func (s *Schedule) file(w *Window) {
	if w.Scope.Everything || len(w.Scope.Where) > 0 {
		s.general = append(s.general, w)
	}
	for kind, names := range map[rune][]string{'i': w.Scope.Items, 's': w.Scope.Services, 'c': w.Scope.Classes} {
		for _, name := range names {
			s.byKey[key{kind, name}] = append(s.byKey[key{kind, name}], w)
		}
	}
}

// windows lists those of a kind that are for an item, by name.
func (s *Schedule) windows(it Item, kind Kind) []*Window {
	var list []*Window
	take := func(ws []*Window) {
		for _, w := range ws {
			if w.Kind == kind && w.covers(it) {
				list = append(list, w)
			}
		}
	}
	take(s.general)
	take(s.byKey[key{'i', it.ID}])
	take(s.byKey[key{'c', it.Class}])
	for _, name := range it.Services {
		take(s.byKey[key{'s', name}])
	}
	slices.SortFunc(list, func(a, b *Window) int { return cmp.Compare(a.Name, b.Name) })
	return slices.Compact(list)
}

// Put plans a change, in place of what was planned under its id. Whether it conflicts
// is not asked: see [Schedule.Conflicts].
func (s *Schedule) Put(c Change) error {
	if err := c.validate(); err != nil {
		return err
	}
	c = c.utc().clone()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(c.ID)
	s.changes[c.ID] = c
	for k := range c.keys() {
		if s.booked[k] == nil {
			s.booked[k] = &bookings{}
		}
		s.booked[k].put(c.ID, c.Start, c.End)
	}
	return nil
}

// Remove takes a change off the schedule: it is closed or cancelled. One that is not
// there is no matter.
func (s *Schedule) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(id)
}

func (s *Schedule) remove(id string) {
	c, there := s.changes[id]
	if !there {
		return
	}
	for k := range c.keys() {
		if s.booked[k].remove(id, c.Start); s.booked[k].root == nil {
			delete(s.booked, k)
		}
	}
	delete(s.changes, id)
}

// Len is how many changes are planned.
func (s *Schedule) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.changes)
}

// Between returns the planned changes that have time in common with [from, to), by
// their start: the forward schedule of change.
func (s *Schedule) Between(from, to time.Time) []Change {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var list []Change
	for _, c := range s.changes {
		if c.Start.Before(to) && c.End.After(from) {
			list = append(list, c.clone())
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ID, b.ID)) })
	return list
}
