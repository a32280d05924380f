package schedule

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// ErrInvalid is matched by every error about what a schedule was given.
var ErrInvalid = errors.New("invalid schedule")

// Kind is what a window is for.
type Kind string

// The kinds.
const (
	Maintenance Kind = "maintenance" // its items may be changed in it
	Blackout    Kind = "blackout"    // its items must not be changed in it: a freeze
)

// Window is a time, usually one that comes again, in which items may or must not be
// changed.
type Window struct {
	Name  string             `json:"name"` // for people, and to grant exceptions by; no two windows share it
	Kind  Kind               `json:"kind"`
	Hours *calendar.Calendar `json:"hours"`          // it is the calendar's open time
	From  time.Time          `json:"from,omitzero"`  // not before; zero: since ever
	Until time.Time          `json:"until,omitzero"` // not from then on; zero: for ever
	Scope Scope              `json:"scope"`
}

// Scope says which items a window is for: all of them, or those that any of its lists
// names.
type Scope struct {
	Everything bool                `json:"everything,omitempty"`
	Items      []string            `json:"items,omitempty"`
	Services   []string            `json:"services,omitempty"`
	Classes    []string            `json:"classes,omitempty"`
	Where      map[string][]string `json:"where,omitempty"` // items that have one of the values of every attribute named
}

// clone returns a copy that shares nothing with w but its hours, which never change.
func (w Window) clone() *Window {
	s := &w.Scope
	s.Items, s.Services, s.Classes = slices.Clone(s.Items), slices.Clone(s.Services), slices.Clone(s.Classes)
	s.Where = maps.Clone(s.Where)
	for name, values := range s.Where {
		s.Where[name] = slices.Clone(values)
	}
	return &w
}

func (w Window) validate() error {
	var bad []error
	fault := func(format string, args ...any) {
		bad = append(bad, fmt.Errorf("window %q: %s: %w", w.Name, fmt.Sprintf(format, args...), ErrInvalid))
	}
	if w.Name == "" {
		fault("it has no name")
	}
	if w.Kind != Maintenance && w.Kind != Blackout {
		fault("kind %q, want %q or %q", w.Kind, Maintenance, Blackout)
	}
	if w.Hours == nil {
		fault("it has no hours")
	}
	if !w.Until.IsZero() && !w.From.Before(w.Until) {
		fault("it ends at %v, not after %v", w.Until, w.From)
	}
	s := w.Scope
	if !s.Everything && len(s.Items)+len(s.Services)+len(s.Classes)+len(s.Where) == 0 {
		fault("it is for nothing")
	}
	return errors.Join(bad...)
}

// covers reports whether the window is for an item.
func (w *Window) covers(it Item) bool {
	s := w.Scope
	if s.Everything || slices.Contains(s.Items, it.ID) || it.Class != "" && slices.Contains(s.Classes, it.Class) {
		return true
	}
	if slices.ContainsFunc(it.Services, func(x string) bool { return slices.Contains(s.Services, x) }) {
		return true
	}
	if len(s.Where) == 0 {
		return false
	}
	for name, values := range s.Where {
		if !slices.Contains(values, it.Attributes[name]) {
			return false
		}
	}
	return true
}

// opens is the first instant from t on at which the window is open.
func (w *Window) opens(t time.Time) (time.Time, bool) {
	if t.Before(w.From) {
		t = w.From
	}
	at, ok := w.Hours.NextOpen(t)
	if !ok || !w.Until.IsZero() && !at.Before(w.Until) {
		return time.Time{}, false
	}
	return at.UTC(), true
}

// closes is when the window closes that is open at t; it is not ok if it never does.
func (w *Window) closes(t time.Time) (time.Time, bool) {
	at, ok := w.Hours.NextClosing(t)
	if !w.Until.IsZero() && (!ok || at.After(w.Until)) {
		return w.Until.UTC(), true
	}
	return at.UTC(), ok
}
