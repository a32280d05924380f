package cab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// material is what an agenda is made of.
type material struct {
	cases     []Case
	carried   map[workflow.ID]string   // from which meeting a change is carried over
	standings map[workflow.ID]Standing // of the items that have no outcome yet
}

// maxWaiting bounds what a docket hands out.
const maxWaiting = 10_000

func (s *Service) waiting(ctx context.Context, board string) ([]Case, error) {
	cases, err := s.cfg.Docket.Waiting(ctx, board)
	if err != nil {
		return nil, fmt.Errorf("what waits for the board: %w", err)
	}
	if len(cases) > maxWaiting {
		return nil, fmt.Errorf("%d changes wait for the board, at most %d: %w", len(cases), maxWaiting, workflow.ErrInvalid)
	}
	return cases, nil
}

// pick takes the named cases, and tells all that are not there.
func pick(all []Case, want []workflow.ID) ([]Case, error) {
	var picked []Case
	var p workflow.Problems
	for i, id := range want {
		j := slices.IndexFunc(all, func(c Case) bool { return c.ID == id })
		switch {
		case j < 0:
			p.Addf("change %v does not wait for the board: %w", id, workflow.ErrNotFound)
		case slices.Contains(want[:i], id):
			p.Addf("change %v is named twice", id)
		default:
			picked = append(picked, all[j])
		}
	}
	return picked, p.Err("changes")
}

func (s *Service) material(ctx context.Context, m *Meeting) (material, error) {
	in := material{standings: map[workflow.ID]Standing{}}
	var err error
	if in.cases, err = s.waiting(ctx, m.Board.Name); err != nil {
		return in, fmt.Errorf("cab: %s: %w", m.Name(), err)
	}
	if in.standings, err = s.standings(ctx, m); err != nil {
		return in, err
	}
	in.carried, err = s.carried(ctx, m)
	return in, err
}

// lookBack is how many earlier meetings are looked at for what they have left.
const lookBack = 12

// carried finds what earlier meetings of the board have deferred, had no time for, or
// could not come to as they were cancelled. Of several the latest counts.
func (s *Service) carried(ctx context.Context, m *Meeting) (map[workflow.ID]string, error) {
	from := map[workflow.ID]string{}
	seen := map[workflow.ID]bool{}
	q := workflow.Query{OrderBy: IndexStart, Desc: true, Limit: lookBack, Where: []workflow.Condition{
		workflow.Is(IndexBoard, workflow.StringKey(m.Board.Name)), workflow.Below(IndexStart, workflow.TimeKey(m.Start))}}
	for earlier, err := range s.Find(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("cab: %s: what earlier meetings have left: %w", m.Name(), err)
		}
		for _, it := range earlier.Agenda {
			left := it.Outcome == Deferred || it.Outcome == Pending && earlier.State == StateCancelled
			if left && !seen[it.Change.ID] {
				from[it.Change.ID] = earlier.Number
			}
			seen[it.Change.ID] = true
		}
		for _, l := range earlier.LeftOver {
			if !seen[l.Change.ID] {
				from[l.Change.ID] = earlier.Number
			}
			seen[l.Change.ID] = true
		}
	}
	return from, nil
}

// newItem makes an item of a case.
func (st *step) newItem(c Case) Item {
	rule := st.m.Board.Agenda
	it := Item{Change: workflow.Ref{Kind: st.s.cfg.ChangeKind, ID: c.ID}, Number: cut(c.Number, workflow.MaxKey), Title: cut(c.Title, workflow.MaxTitle),
		Facts: rule.keep(c.Facts), PlannedStart: c.PlannedStart.UTC(), Outcome: Pending}
	if c.PlannedStart.IsZero() {
		it.PlannedStart = time.Time{}
	}
	if c.PreApproved {
		it.Outcome = ForInformation
		return it
	}
	var err error
	if it.Minutes, err = rule.minutes(c.Facts); err != nil {
		it.Doubt = cut(err.Error(), maxFact)
	}
	it.Minutes = min(it.Minutes, st.m.minutesPlanned())
	return it
}

// arrange lays out the agenda anew. What has an outcome or was put there by hand stays,
// the rest is what waits now.
func (st *step) arrange(in material) {
	m := st.m
	before := m.Agenda
	var timed, rest []Item
	add := func(it Item) {
		if it.Minutes > 0 {
			timed = append(timed, it)
		} else {
			rest = append(rest, it)
		}
	}
	listed := map[workflow.ID]bool{}
	for _, c := range in.cases {
		if listed[c.ID] {
			continue
		}
		if it, wanted := st.listed(c, in.carried[c.ID]); wanted {
			listed[c.ID] = true
			add(it)
		}
	}
	for _, it := range before {
		decided := it.Outcome != Pending && it.Outcome != ForInformation
		if listed[it.Change.ID] || !decided && !it.Manual {
			continue
		}
		if decided {
			it.Minutes = 0 // it needs no time any more
		}
		add(it)
	}
	m.order(timed, before)
	slices.SortStableFunc(rest, m.Board.Agenda.compare)
	m.Agenda = append(m.fit(timed), rest...)
	m.Agenda = m.Agenda[:min(len(m.Agenda), MaxItems)]
	m.layOut()
}

// listed makes the item of a change that waits, and tells whether it comes onto the
// agenda by the board's rule: because it passes the tests, is carried over from an
// earlier meeting, or was put there by hand.
func (st *step) listed(c Case, from string) (Item, bool) {
	m := st.m
	old := m.item(c.ID)
	if old != nil && old.Outcome != Pending && old.Outcome != ForInformation ||
		slices.ContainsFunc(m.Removed, func(r Removal) bool { return r.Change.ID == c.ID }) {
		return Item{}, false
	}
	it := st.newItem(c)
	it.From = from
	wanted, err := holds(m.Board.Agenda.When, c.Facts)
	if err != nil { // somebody is to look at it, rather than that it slips past
		wanted, it.Doubt = true, cut(err.Error(), maxFact)
	}
	if old == nil {
		return it, wanted || from != ""
	}
	it.Votes, it.Recusals, it.Notes, it.AsOf = old.Votes, old.Recusals, old.Notes, old.AsOf
	if it.Manual = old.Manual; it.Manual && it.Minutes > 0 && old.Minutes > 0 {
		it.Minutes = old.Minutes
	}
	return it, wanted || from != "" || it.Manual
}

// order sorts items: what is carried over comes first, and then as the rule says. An
// order that somebody has made stays, and what is new comes behind it.
func (m *Meeting) order(items, before []Item) {
	place := func(it Item) int {
		i := slices.IndexFunc(before, func(o Item) bool { return o.Change == it.Change && o.Minutes > 0 })
		if !m.Ordered || i < 0 {
			return len(before)
		}
		return i
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		if n := place(a) - place(b); n != 0 {
			return n
		}
		if n := lastIfEmpty(a.From == "", b.From == ""); n != 0 {
			return n
		}
		return m.Board.Agenda.compare(a, b)
	})
}

// fit takes what there is time for, in order; a shorter item may take the time that a
// longer one cannot. What was put there by hand has its time first.
func (m *Meeting) fit(items []Item) []Item {
	left := m.minutesPlanned()
	for _, it := range items {
		if it.Manual {
			left -= it.Minutes
		}
	}
	m.LeftOver = nil
	return slices.DeleteFunc(items, func(it Item) bool {
		switch {
		case it.Manual:
			return false
		case it.Minutes <= left:
			left -= it.Minutes
			return false
		}
		if len(m.LeftOver) < MaxItems {
			m.LeftOver = append(m.LeftOver, LeftOver{Change: it.Change, Number: it.Number, Title: it.Title, Minutes: it.Minutes})
		}
		return true
	})
}

// put adds one item behind those that need time.
func (st *step) put(it Item) error {
	m := st.m
	used, at := 0, 0
	for i, o := range m.Agenda {
		if o.Minutes > 0 {
			used, at = used+o.Minutes, i+1
		}
	}
	switch left := m.minutesPlanned() - used; {
	case len(m.Agenda) >= MaxItems:
		return fmt.Errorf("cab: %s has %d items, the most there may be: %w", m.Name(), MaxItems, workflow.ErrInvalid)
	case it.Minutes > left:
		return fmt.Errorf("cab: %s: %s takes %d minutes, of %d there are %d left: %w", m.Name(), it.Number, it.Minutes, m.minutesPlanned(), left, ErrNoTime)
	case it.Minutes == 0:
		at = len(m.Agenda)
	}
	m.Agenda = slices.Insert(m.Agenda, at, it)
	m.layOut()
	return nil
}

// layOut gives every item its time, one behind the other.
func (m *Meeting) layOut() {
	offset := 0
	for i := range m.Agenda {
		m.Agenda[i].Offset = offset
		offset += m.Agenda[i].Minutes
	}
}
