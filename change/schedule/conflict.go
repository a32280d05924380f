package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Conflict is one reason why a change cannot happen at its time.
type Conflict struct {
	Reason Reason    `json:"reason"`
	What   string    `json:"what,omitempty"` // the item, service or person that it is about
	With   string    `json:"with,omitempty"` // the id of the other change, or the name of the window
	From   time.Time `json:"from"`           // the part of the change's time that it is about
	To     time.Time `json:"to"`

	// Clear is the first instant at which a change could start as far as this reason
	// goes; zero: never.
	Clear time.Time `json:"clear,omitzero"`
}

// String tells the conflict: "item_busy: db-01, with CHG0000042, Mon 2 Mar 2026 22:00 to
// 23:00 UTC". The zone is that of its times; [Schedule.Conflicts] gives them in UTC, and
// whoever tells people sets From and To to the same instants in theirs.
func (c Conflict) String() string {
	text := string(c.Reason)
	if c.What != "" {
		text += ": " + c.What
	}
	if c.With != "" {
		text += ", with " + c.With
	}
	const full, short, zone = "Mon 2 Jan 2006 15:04", "15:04", " MST"
	begin, end := full, short+zone
	if c.From.YearDay() != c.To.YearDay() || c.From.Year() != c.To.Year() {
		end = full + zone
	}
	if c.From.Format(zone) != c.To.Format(zone) { // the clocks are changed meanwhile
		begin += zone
	}
	return fmt.Sprintf("%s, %s to %s", text, c.From.Format(begin), c.To.Format(end))
}

// Conflicts tells everything that speaks against a change at its time, by reason,
// thing and time. The change's own entry in the schedule does not count. A change that
// is wrong in itself conflicts with nothing: [Schedule.Put] tells.
func (s *Schedule) Conflicts(c Change) []Conflict {
	if c.validate() != nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conflicts(c.utc())
}

func (s *Schedule) conflicts(c Change) []Conflict {
	var found []Conflict
	if !s.off[TooSoon] && c.Start.Before(c.NotBefore) {
		to := c.NotBefore
		if to.After(c.End) {
			to = c.End
		}
		found = append(found, Conflict{Reason: TooSoon, From: c.Start, To: to, Clear: c.NotBefore})
	}
	for _, it := range c.Items {
		if !s.off[InsideBlackout] {
			found = append(found, s.blackouts(c, it)...)
		}
		if !s.off[OutsideMaintenance] {
			found = append(found, s.maintenance(c, it)...)
		}
	}
	found = append(found, s.others(c)...)
	slices.SortFunc(found, func(a, b Conflict) int {
		return cmp.Or(cmp.Compare(slices.Index(reasons, a.Reason), slices.Index(reasons, b.Reason)), cmp.Compare(a.What, b.What),
			a.From.Compare(b.From), cmp.Compare(a.With, b.With))
	})
	return slices.Compact(found)
}

func (s *Schedule) blackouts(c Change, it Item) []Conflict {
	var found []Conflict
	for _, w := range s.windows(it, Blackout) {
		at, ok := w.opens(c.Start)
		if slices.Contains(c.Exceptions, w.Name) || !ok || !at.Before(c.End) {
			continue
		}
		conflict := Conflict{Reason: InsideBlackout, What: it.ID, With: w.Name, From: at, To: c.End}
		if end, ends := w.closes(at); ends {
			conflict.Clear = end
			if end.Before(c.End) {
				conflict.To = end
			}
		}
		found = append(found, conflict)
	}
	return found
}

// maintenance tells where the first part of a change lies that no maintenance window
// of an item covers.
func (s *Schedule) maintenance(c Change, it Item) []Conflict {
	windows := s.windows(it, Maintenance)
	if len(windows) == 0 {
		return nil
	}
	covered := c.Start
	for covered.Before(c.End) {
		further := covered
		for _, w := range windows {
			if at, ok := w.opens(covered); ok && at.Equal(covered) {
				end, ends := w.closes(covered)
				if !ends {
					return nil
				}
				if end.After(further) {
					further = end
				}
			}
		}
		if further.Equal(covered) {
			break
		}
		covered = further
	}
	if !covered.Before(c.End) {
		return nil
	}
	conflict := Conflict{Reason: OutsideMaintenance, What: it.ID, From: covered, To: c.End}
	for _, w := range windows {
		if at, ok := w.opens(covered); ok && (conflict.Clear.IsZero() || at.Before(conflict.Clear)) {
			conflict.Clear = at
		}
	}
	if !conflict.Clear.IsZero() && conflict.Clear.Before(c.End) {
		conflict.To = conflict.Clear
	}
	return []Conflict{conflict}
}

// others tells which changes have something in common with a change, and time.
func (s *Schedule) others(c Change) []Conflict {
	var found []Conflict
	look := func(k key, r Reason, what string) {
		if s.off[r] || s.booked[k] == nil {
			return
		}
		s.booked[k].overlapping(c.Start.Add(-s.rules.Gap), c.End.Add(s.rules.Gap), func(b *booking) {
			if b.id == c.ID {
				return
			}
			from, to := b.start, b.end
			if from.Before(c.Start) {
				from = c.Start
			}
			if to.After(c.End) {
				to = c.End
			}
			if to.Before(from) { // only the gap is missing
				from, to = to, from
			}
			found = append(found, Conflict{Reason: r, What: what, With: b.id, From: from, To: to, Clear: b.end.Add(s.rules.Gap)})
		})
	}
	for _, it := range c.Items {
		look(key{'i', it.ID}, ItemBusy, it.ID)
		look(key{'r', it.ID}, RelatedBusy, it.ID)
		for _, r := range it.Related {
			look(key{'i', r}, RelatedBusy, r)
		}
		for _, name := range it.Services {
			look(key{'s', name}, ServiceBusy, name)
		}
	}
	for _, p := range c.Assignees {
		look(key{'p', p}, AssigneeBusy, p)
	}
	return found
}
