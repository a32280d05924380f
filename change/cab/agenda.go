package cab

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// BuildAgenda puts onto the agenda what the board's rule takes of the changes that
// wait for it, and whatever earlier meetings have deferred or had no time for, first of
// all. Items that were added by hand stay, and those taken off by hand stay off. What
// does not fit is left for the next meeting, and told. It can be done until the agenda
// closes, any number of times; then only by the chair, for a reason.
func (s *Service) BuildAgenda(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Meeting, error) {
	return s.build(ctx, actor, id, "build_agenda", func(st *step) error {
		if err := st.office(); err != nil {
			return err
		}
		return st.mayArrange(reason)
	}, nil)
}

// closeAgenda is what happens at the cutoff: the agenda is built a last time and sent.
func (s *Service) closeAgenda(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Meeting, error) {
	m, err := s.Get(ctx, id)
	if err != nil || m.State != StateScheduled || !m.PreRead.Before(m.Cutoff) {
		return m, err // it was sent, or there is nothing to prepare any more
	}
	return s.build(ctx, actor, id, "close_agenda", (*step).office, func(st *step) error {
		if !st.m.PreRead.Before(st.m.Cutoff) {
			return nil
		}
		return st.preRead()
	})
}

// build asks what waits for the board and lays it out.
func (s *Service) build(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, may, then func(*step) error) (*Meeting, error) {
	var in material
	check := func(st *step) error {
		if err := st.in(StateScheduled); err != nil {
			return err
		}
		return may(st)
	}
	ask := func(m *Meeting) (err error) {
		in, err = s.material(ctx, m)
		return err
	}
	return s.consult(ctx, actor, id, name, check, ask, func(st *step) error {
		if err := check(st); err != nil {
			return err
		}
		for change, standing := range in.standings {
			if it := st.m.item(change); it != nil {
				st.settle(it, standing, false)
			}
		}
		told := st.m.LeftOver
		st.arrange(in)
		if err := st.tellLeftOver(told); err != nil || then == nil {
			return err
		}
		return then(st)
	})
}

// tellLeftOver tells of what has no place, unless that was told before.
func (st *step) tellLeftOver(told []LeftOver) error {
	var items []NoticeItem
	for _, l := range st.m.LeftOver {
		if !slices.ContainsFunc(told, func(o LeftOver) bool { return o.Change == l.Change }) {
			items = append(items, NoticeItem{Change: l.Change, Number: l.Number, Title: l.Title, Minutes: l.Minutes})
		}
	}
	if len(items) == 0 {
		return nil
	}
	return st.tell(TopicLeftOver, st.nextMeeting(), []string{st.m.Board.Chair}, items...)
}

// nextMeeting tells when the board meets after this meeting.
func (st *step) nextMeeting() string {
	b := st.s.boards[st.m.Board.Name]
	if b == nil {
		return ""
	}
	return b.nextInWords(st.m.Start)
}

// mayArrange asks that the agenda can be changed. Once it is closed the chair does so,
// for a reason.
func (st *step) mayArrange(reason string) error {
	if err := st.in(StateScheduled, StateInSession); err != nil {
		return err
	}
	if reason != "" {
		if err := st.because(reason); err != nil {
			return err
		}
	}
	if st.m.Cutoff.IsZero() || st.tx.Now().Before(st.m.Cutoff) {
		return nil
	}
	loc := st.m.Board.location()
	if reason == "" {
		return fmt.Errorf("cab: %s: %w since %s: the chair can change it, and says why", st.m.Name(), ErrCutoff, clockTime(st.m.Cutoff, loc))
	}
	if err := st.authorize(RolePresiding, RoleChair, RoleViceChair); err != nil {
		return fmt.Errorf("cab: %s: %w since %s: %w", st.m.Name(), ErrCutoff, clockTime(st.m.Cutoff, loc), err)
	}
	return nil
}

// AddItem puts a change that waits for the board onto the agenda by hand, at its end.
// minutes is the time for it, 0 what the board's rule gives. The error matches
// [ErrNoTime] if there is not so much left. A change that is there stays where it is,
// and does so from now on whatever the rule says.
func (s *Service) AddItem(ctx context.Context, actor workflow.Actor, id, change workflow.ID, minutes int, reason string) (*Meeting, error) {
	check := func(st *step) error {
		if err := st.office(); err != nil {
			return err
		}
		if minutes < 0 || minutes > st.m.minutesPlanned() {
			return fmt.Errorf("cab: %s: %d minutes for an item, must be 1 to the %d of the meeting: %w", st.m.Name(), minutes, st.m.minutesPlanned(), workflow.ErrInvalid)
		}
		return st.mayArrange(reason)
	}
	var one []Case
	ask := func(m *Meeting) error {
		all, err := s.waiting(ctx, m.Board.Name)
		if err == nil {
			one, err = pick(all, []workflow.ID{change})
		}
		if err != nil {
			return fmt.Errorf("cab: %s: %w", m.Name(), err)
		}
		return nil
	}
	return s.consult(ctx, actor, id, "add_item", check, ask, func(st *step) error {
		if err := check(st); err != nil {
			return err
		}
		st.m.Removed = slices.DeleteFunc(st.m.Removed, func(r Removal) bool { return r.Change.ID == change })
		st.m.LeftOver = slices.DeleteFunc(st.m.LeftOver, func(l LeftOver) bool { return l.Change.ID == change })
		if it := st.m.item(change); it != nil {
			it.Manual = true
			return nil
		}
		it := st.newItem(one[0])
		it.Manual = true
		if minutes > 0 && it.Minutes > 0 {
			it.Minutes = minutes
		}
		return st.put(it)
	})
}

// RemoveItem takes a change off the agenda on which nothing is decided yet. It stays
// off, whatever the rule says, until it is added by hand.
func (s *Service) RemoveItem(ctx context.Context, actor workflow.Actor, id, change workflow.ID, reason string) (*Meeting, error) {
	return s.run(ctx, actor, id, "remove_item", func(st *step) error {
		if err := st.office(); err != nil {
			return err
		}
		if err := st.mayArrange(reason); err != nil {
			return err
		}
		it, err := st.find(change)
		if err != nil {
			return err
		}
		if it.Outcome != Pending && it.Outcome != ForInformation {
			_, err := st.pending(change)
			return err
		}
		if len(st.m.Removed) >= maxWaiting {
			return fmt.Errorf("cab: %s: %d items were taken off, the most there may be: %w", st.m.Name(), maxWaiting, workflow.ErrInvalid)
		}
		st.m.Removed = append(st.m.Removed, Removal{Change: it.Change, Number: it.Number, At: st.tx.Now(), By: actor.ID, Reason: reason})
		st.m.Agenda = slices.DeleteFunc(st.m.Agenda, func(o Item) bool { return o.Change.ID == change })
		st.m.layOut()
		return nil
	})
}

// Reorder puts the items that need time into an order, and keeps that order from now
// on. All of them must be named, each once.
func (s *Service) Reorder(ctx context.Context, actor workflow.Actor, id workflow.ID, order []workflow.ID, reason string) (*Meeting, error) {
	return s.run(ctx, actor, id, "reorder", func(st *step) error {
		if err := st.office(); err != nil {
			return err
		}
		if err := st.mayArrange(reason); err != nil {
			return err
		}
		return st.reorder(order)
	})
}

func (st *step) reorder(order []workflow.ID) error {
	var p workflow.Problems
	if len(order) > MaxItems {
		p.Addf("%d items, at most %d", len(order), MaxItems)
		order = nil
	}
	for i, change := range order {
		switch it := st.m.item(change); {
		case it == nil:
			p.Addf("%v is not on the agenda", change)
		case it.Minutes == 0:
			p.Addf("%s needs no time", it.Number)
		case slices.Contains(order[:i], change):
			p.Addf("%s is named twice", it.Number)
		}
	}
	for _, it := range st.m.Agenda {
		if it.Minutes > 0 && !slices.Contains(order, it.Change.ID) {
			p.Addf("%s is missing", it.Number)
		}
	}
	if err := p.Err("cab: " + st.m.Name() + ": order"); err != nil {
		return err
	}
	place := func(it Item) int {
		if i := slices.Index(order, it.Change.ID); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(st.m.Agenda, func(a, b Item) int { return place(a) - place(b) })
	st.m.Ordered = true
	st.m.layOut()
	return nil
}

// SendPreRead sends the agenda to everybody who sits on the board. It is sent by itself
// when the agenda closes; sending it before, or once more, is up to those who prepare
// the meeting.
func (s *Service) SendPreRead(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Meeting, error) {
	return s.run(ctx, actor, id, "send_pre_read", func(st *step) error {
		if err := st.in(StateScheduled, StateInSession); err != nil {
			return err
		}
		if err := st.office(); err != nil {
			return err
		}
		return st.preRead()
	})
}

func (st *step) preRead() error {
	st.m.PreRead = st.tx.Now()
	return st.tell(TopicPreRead, "", st.m.Board.audience(), st.m.announced()...)
}

// clockTime writes an instant for people, in the board's zone.
func clockTime(t time.Time, loc *time.Location) string {
	return t.In(loc).Format("2 January 2006, 15:04 MST")
}
