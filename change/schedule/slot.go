package schedule

import (
	"fmt"
	"time"
)

// Slot is a time at which a change could happen.
type Slot struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Skipped is a stretch of time in which a change could not have started, and why.
type Skipped struct {
	From      time.Time  `json:"from"`
	To        time.Time  `json:"to"`
	Conflicts []Conflict `json:"conflicts"`
}

// MaxSlots is how many slots one search returns, and MaxSkipped how many obstacles it
// gets past.
const (
	MaxSlots   = 100
	MaxSkipped = 10_000
)

// Slots returns the next slots for a change that lie within [from, to) one behind the
// other, at most n of them, and what it had to skip to find them. The change's start
// and end say how long it takes. Slots begin where an obstacle ends.
func (s *Schedule) Slots(c Change, from, to time.Time, n int) ([]Slot, []Skipped, error) {
	if err := c.validate(); err != nil {
		return nil, nil, err
	}
	if n < 1 || n > MaxSlots || !from.Before(to) {
		return nil, nil, fmt.Errorf("%d slots from %v to %v, want 1 to %d in a time that is not empty: %w", n, from, to, MaxSlots, ErrInvalid)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	c, from, to = c.utc(), from.UTC(), to.UTC()
	long := c.End.Sub(c.Start)
	var slots []Slot
	var skipped []Skipped
	for start := from; len(slots) < n && len(skipped) < MaxSkipped; {
		c.Start, c.End = start, start.Add(long)
		if c.End.After(to) {
			break
		}
		conflicts := s.conflicts(c)
		if len(conflicts) == 0 {
			slots = append(slots, Slot{c.Start, c.End})
			start = c.End
			continue
		}
		next := to
		if at, ok := clear(conflicts); ok && at.Before(to) {
			next = at
		}
		skipped = append(skipped, Skipped{start, next, conflicts})
		start = next
	}
	return slots, skipped, nil
}

// clear is the first instant at which none of the conflicts stands any more; it is not
// ok if one of them always will.
func clear(conflicts []Conflict) (at time.Time, ok bool) {
	for _, c := range conflicts {
		if c.Clear.IsZero() {
			return time.Time{}, false
		}
		if c.Clear.After(at) {
			at = c.Clear
		}
	}
	return at, true
}
