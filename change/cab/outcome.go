package cab

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

func (s *Service) standing(ctx context.Context, m *Meeting, change workflow.ID) (Standing, error) {
	standing, err := s.cfg.Docket.Standing(ctx, change)
	if err != nil {
		return Standing{}, fmt.Errorf("cab: %s: how %v stands: %w", m.Name(), change, err)
	}
	return standing, nil
}

// standings asks how all items stand that have not been decided at this meeting.
func (s *Service) standings(ctx context.Context, m *Meeting) (map[workflow.ID]Standing, error) {
	all := map[workflow.ID]Standing{}
	for _, it := range m.Agenda {
		if it.Outcome != Pending && it.Outcome != Deferred {
			continue
		}
		standing, err := s.standing(ctx, m, it.Change.ID)
		if err != nil {
			return nil, err
		}
		all[it.Change.ID] = standing
	}
	return all, nil
}

// Refresh brings a meeting up to date with its changes: what was decided between
// meetings, or withdrawn, and also what was decided here if the minutes missed it. It
// can be done until the minutes are published, any number of times.
func (s *Service) Refresh(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Meeting, error) {
	check := func(st *step) error {
		if err := st.in(StateScheduled, StateInSession, StateClosed); err != nil {
			return err
		}
		return st.authorize(append(st.s.officeRoles(), RolePresiding, RoleMember)...)
	}
	var standings map[workflow.ID]Standing
	ask := func(m *Meeting) (err error) {
		standings, err = s.standings(ctx, m)
		return err
	}
	return s.consult(ctx, actor, id, "refresh", check, ask, func(st *step) error {
		if err := check(st); err != nil {
			return err
		}
		for i := range st.m.Agenda {
			if standing, asked := standings[st.m.Agenda[i].Change.ID]; asked {
				st.settle(&st.m.Agenda[i], standing, false)
			}
		}
		return nil
	})
}

// record writes down how an item stands after a vote or a decision here.
func (st *step) record(change workflow.ID, standing Standing, here bool, comment string) error {
	if err := st.in(StateInSession, StateClosed); err != nil {
		return err
	}
	it, err := st.find(change)
	if err != nil {
		return err
	}
	if st.settle(it, standing, here); it.Decision != nil && comment != "" && it.Outcome != Deferred {
		it.Decision.Comment = comment
	}
	return nil
}

// settle takes the votes on an item from the change, and the outcome if there is one.
// An outcome that an item has stays, but for a deferral: a vote that was on its way when
// the meeting was adjourned has been cast here.
func (st *step) settle(it *Item, s Standing, here bool) {
	if it.Outcome != Pending && it.Outcome != Deferred || s.Updated.Before(it.AsOf) {
		return
	}
	m := st.m
	outcome := outcomeOf(s, here || m.decided(s))
	if outcome == Pending || it.Outcome == Deferred && outcome != Approved && outcome != Rejected {
		if it.Outcome == Pending {
			it.take(s, st.tx.Now())
		}
		return
	}
	it.take(s, st.tx.Now())
	it.Outcome = outcome
	at := s.Decided
	if at.IsZero() {
		at = st.tx.Now()
	}
	it.Decision = &Decision{At: at.UTC(), By: s.ClosedBy, Status: s.Status, Reason: cut(s.Reason, maxFact)}
	if outcome == Approved || outcome == Rejected {
		it.Decision.Present = inWords(m.seated(at))
	}
}

// outcomeOf is what a standing means for an item.
func outcomeOf(s Standing, here bool) Outcome {
	switch {
	case s.Status == approval.Cancelled:
		return Withdrawn
	case !s.Status.Final():
		return Pending
	case here && s.Status == approval.Approved:
		return Approved
	case here && s.Status == approval.Rejected:
		return Rejected
	}
	return DecidedElsewhere
}

// decided reports whether a decision was made at this meeting: while it was in session,
// by who chaired it closing the vote, or by the vote of somebody who had a seat.
func (m *Meeting) decided(s Standing) bool {
	if m.Began.IsZero() || s.Decided.Before(m.Began) || !m.Ended.IsZero() && s.Decided.After(m.Ended) {
		return false
	}
	if s.ClosedBy != "" {
		return slices.Contains(m.Chairs, s.ClosedBy)
	}
	if len(s.Ballots) == 0 {
		return false
	}
	last := slices.MaxFunc(s.Ballots, func(a, b approval.Ballot) int { return a.At.Compare(b.At) })
	return slices.ContainsFunc(m.seated(last.At), func(a Attendance) bool { return a.Person == last.By })
}

const maxComment = 200 // bytes of a vote's comment that the minutes keep

// take copies the votes, and who is out of the decision.
func (it *Item) take(s Standing, now time.Time) {
	it.AsOf = s.Updated.UTC()
	it.Votes = nil
	for _, b := range s.Ballots[:min(len(s.Ballots), MaxMembers)] {
		var others []string
		for _, name := range b.For {
			if name != b.By {
				others = append(others, name)
			}
		}
		it.Votes = append(it.Votes, Ballot{By: b.By, For: others, Choice: b.Choice, Comment: cut(b.Comment, maxComment), At: b.At.UTC()})
	}
	slices.SortFunc(it.Votes, func(a, b Ballot) int { return strings.Compare(a.By, b.By) })
	for _, e := range s.Out {
		it.note(Recusal{Person: e.Person, Why: e.Why, At: now, Refused: true})
	}
}

// Defer puts an item off to the next meeting, for a reason. Whoever chairs does so.
func (s *Service) Defer(ctx context.Context, actor workflow.Actor, id, change workflow.ID, reason string) (*Meeting, error) {
	return s.run(ctx, actor, id, "defer", func(st *step) error {
		if err := st.presiding(); err != nil {
			return err
		}
		if err := st.because(reason); err != nil {
			return err
		}
		it, err := st.pending(change)
		if err != nil {
			return err
		}
		st.postpone(it, reason)
		return st.tell(TopicDeferred, reason+"; "+st.nextMeeting(), []string{st.m.Board.Chair}, it.announced(st.m.Start))
	})
}

func (st *step) postpone(it *Item, reason string) {
	now := st.tx.Now()
	it.Outcome = Deferred
	it.Decision = &Decision{At: now, By: st.tx.Actor().ID, Present: inWords(st.m.seated(now)), Reason: reason}
}

// Minute adds a note to the minutes of an item, until they are published: whoever sits
// on the board or prepares its meetings does so.
func (s *Service) Minute(ctx context.Context, actor workflow.Actor, id, change workflow.ID, text string) (*Meeting, error) {
	return s.run(ctx, actor, id, "minute", func(st *step) error {
		if err := st.in(StateScheduled, StateInSession, StateClosed); err != nil {
			return err
		}
		if err := st.authorize(append(s.officeRoles(), RolePresiding, RoleMember)...); err != nil {
			return err
		}
		it, err := st.find(change)
		if err != nil {
			return err
		}
		notes := 0
		for _, o := range st.m.Agenda {
			notes += len(o.Notes)
		}
		if !validNote(text) || notes >= MaxNotes {
			return fmt.Errorf("cab: %s: a note has 1 to %d bytes of text, not %d, and there are at most %d: %w", st.m.Name(), MaxNote, len(text), MaxNotes, workflow.ErrInvalid)
		}
		it.Notes = append(it.Notes, Note{At: st.tx.Now(), By: actor.ID, Text: text})
		return nil
	})
}
