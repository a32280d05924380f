package cab

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Vote casts the vote of somebody who has a seat at a meeting in session, on an item
// that is pending. The vote is the actor's own, and for the seat: v.By and v.For are set
// here. It goes to the change first and then into the minutes; a vote that stands
// already is not cast again, so it can be repeated. When the change refuses it for a
// conflict of interest, the minutes say so.
func (s *Service) Vote(ctx context.Context, actor workflow.Actor, id, change workflow.ID, v approval.Vote) (*Meeting, error) {
	v.By = actor.ID
	check := func(st *step) error {
		it, err := st.find(change)
		if err != nil {
			return err
		}
		v.For, err = st.mayVote(it, v)
		return err
	}
	var standing Standing
	var cast bool
	ask := func(m *Meeting) (err error) {
		standing, cast, err = s.cast(ctx, actor, m, change, v)
		return err
	}
	m, err := s.consult(ctx, actor, id, "vote", check, ask, func(st *step) error { return st.record(change, standing, cast, "") })
	var refusal *approval.RefusalError
	if errors.Is(err, approval.ErrConflictOfInterest) && errors.As(err, &refusal) {
		return nil, errors.Join(err, s.minuteRefusal(ctx, actor, id, change, refusal.Rule))
	}
	return m, err
}

// mayVote asks that the actor has a seat and may vote on the item, and tells for whom.
// A vote that is in the minutes as it is to be cast may be repeated, whatever has come
// of the item.
func (st *step) mayVote(it *Item, v approval.Vote) ([]string, error) {
	if err := st.in(StateInSession); err != nil {
		return nil, err
	}
	actor := st.tx.Actor()
	if actor.Type != workflow.ActorUser || actor.OnBehalfOf != "" {
		return nil, fmt.Errorf("cab: %s: %v votes: only people do, in their own name or for the seat they have: %w", st.m.Name(), actor, workflow.ErrForbidden)
	}
	a := st.m.here(actor.ID)
	if a == nil || a.seat() == "" {
		return nil, fmt.Errorf("cab: %s: %s is %w (votes: %q)", st.m.Name(), actor.ID, ErrNotPresent, inWords(st.m.seated(st.tx.Now())))
	}
	repeated := slices.ContainsFunc(it.Votes, func(b Ballot) bool { return b.By == v.By && b.Choice == v.Choice })
	if it.Outcome != Pending && !repeated {
		_, err := st.pending(it.Change.ID)
		return nil, err
	}
	for _, person := range []string{actor.ID, a.seat()} {
		if why := it.out(person); why != "" {
			return nil, fmt.Errorf("cab: %s, %s: %s does not decide: %s: %w", st.m.Name(), it.Number, person, why, approval.ErrConflictOfInterest)
		}
	}
	return []string{a.seat()}, st.authorize(RoleMember)
}

// cast gives a vote to the change, unless it stands there, and tells whether it did.
func (s *Service) cast(ctx context.Context, actor workflow.Actor, m *Meeting, change workflow.ID, v approval.Vote) (Standing, bool, error) {
	standing, err := s.standing(ctx, m, change)
	if err != nil || standing.has(v) {
		return standing, false, err
	}
	if it := m.item(change); it.Outcome != Pending {
		return standing, false, it.decidedError(m)
	}
	if standing, err = s.cfg.Docket.Vote(ctx, actor, change, v); err != nil {
		return Standing{}, false, fmt.Errorf("cab: %s, %s: vote of %s: %w", m.Name(), m.item(change).Number, v.By, err)
	}
	return standing, true, nil
}

// Decide closes the vote on an item: whoever chairs says that all who are there have
// voted. The error is a [*QuorumError] without a quorum, and that of the change if too
// few have voted there. An item that the votes have decided already stays as it is.
func (s *Service) Decide(ctx context.Context, actor workflow.Actor, id, change workflow.ID, comment string) (*Meeting, error) {
	settled := false
	check := func(st *step) error {
		if err := st.presiding(); err != nil {
			return err
		}
		it, err := st.find(change)
		if err != nil {
			return err
		}
		if settled = it.Outcome == Approved || it.Outcome == Rejected; settled {
			return nil
		}
		if comment != "" && !validNote(comment) {
			return fmt.Errorf("cab: %s: a comment has at most %d bytes of text, not %d: %w", st.m.Name(), MaxNote, len(comment), workflow.ErrInvalid)
		}
		if _, err := st.pending(change); err != nil {
			return err
		}
		if st.m.here(actor.ID) == nil {
			return fmt.Errorf("cab: %s: %s has left, and chairs no more; see TakeChair: %w", st.m.Name(), actor.ID, ErrNotPresent)
		}
		if why := it.out(actor.ID); why != "" {
			return fmt.Errorf("cab: %s, %s: %s does not decide: %s; somebody else can take the chair: %w", st.m.Name(), it.Number, actor.ID, why, approval.ErrConflictOfInterest)
		}
		return st.m.quorum(it.Number)
	}
	var standing Standing
	var closed bool
	ask := func(m *Meeting) (err error) {
		if settled {
			return nil
		}
		standing, closed, err = s.closeVote(ctx, actor, m, change)
		return err
	}
	return s.consult(ctx, actor, id, "decide", check, ask, func(st *step) error {
		if settled {
			return nil
		}
		return st.record(change, standing, closed, comment)
	})
}

// closeVote closes the vote on the change, unless it is decided there, and tells
// whether it did.
func (s *Service) closeVote(ctx context.Context, actor workflow.Actor, m *Meeting, change workflow.ID) (Standing, bool, error) {
	standing, err := s.standing(ctx, m, change)
	if err != nil || standing.Status.Final() {
		return standing, false, err
	}
	if standing, err = s.cfg.Docket.CloseVote(ctx, actor, change); err != nil {
		return Standing{}, false, fmt.Errorf("cab: %s, %s: closing the vote: %w", m.Name(), m.item(change).Number, err)
	}
	return standing, true, nil
}

// Recuse takes the actor out of an item for a conflict of interest. Neither he nor, if
// he is a member, his alternate votes on it at this meeting; a docket that is a
// [Recuser] takes a member out of the decision as well. A chair who does so does not
// close the vote on it; somebody else takes the chair for it. It is final.
func (s *Service) Recuse(ctx context.Context, actor workflow.Actor, id, change workflow.ID, reason string) (*Meeting, error) {
	check := func(st *step) error {
		if err := st.in(StateScheduled, StateInSession); err != nil {
			return err
		}
		if err := st.authorize(RoleMember, RolePresiding, RoleChair, RoleViceChair); err != nil {
			return err
		}
		if err := st.because(reason); err != nil {
			return err
		}
		it, err := st.find(change)
		if err == nil && it.out(actor.ID) == "" {
			_, err = st.pending(change)
		}
		return err
	}
	ask := func(m *Meeting) error {
		r, ok := s.cfg.Docket.(Recuser)
		if !ok || m.item(change).out(actor.ID) != "" {
			return nil
		}
		standing, err := s.standing(ctx, m, change)
		out := slices.ContainsFunc(standing.Out, func(e approval.Exclusion) bool { return e.Person == actor.ID })
		if err != nil || out || m.Board.member(actor.ID) == nil {
			return err
		}
		if _, err := r.Recuse(ctx, actor, change, reason); err != nil {
			return fmt.Errorf("cab: %s, %s: recusal of %s: %w", m.Name(), m.item(change).Number, actor.ID, err)
		}
		return nil
	}
	return s.consult(ctx, actor, id, "recuse", check, ask, func(st *step) error {
		it, err := st.find(change)
		if err != nil {
			return err
		}
		st.reason = reason
		it.note(Recusal{Person: actor.ID, Why: reason, At: st.tx.Now()})
		return nil
	})
}

// minuteRefusal writes down that a vote was refused for a conflict of interest: by what
// the approval says of the person, or else by the rule that refused it.
func (s *Service) minuteRefusal(ctx context.Context, actor workflow.Actor, id, change workflow.ID, why string) error {
	standing, err := s.cfg.Docket.Standing(ctx, change)
	if err != nil {
		return fmt.Errorf("cab: how %v stands: %w", change, err)
	}
	for _, e := range standing.Out {
		if e.Person == actor.ID {
			why = e.Why
		}
	}
	_, err = s.run(ctx, actor, id, "refused", func(st *step) error {
		it, err := st.find(change)
		if err != nil || st.in(StateInSession, StateClosed) != nil {
			return err
		}
		it.note(Recusal{Person: actor.ID, Why: why, At: st.tx.Now(), Refused: true})
		return nil
	})
	return err
}

// out tells why a person has recused himself from the item; empty if he has not. Who
// else does not decide is for the approval to say, each time anew.
func (it *Item) out(person string) string {
	for _, r := range it.Recusals {
		if r.Person == person && !r.Refused {
			return r.Why
		}
	}
	return ""
}

// note writes down that somebody does not decide, once for each person.
func (it *Item) note(r Recusal) {
	known := slices.ContainsFunc(it.Recusals, func(o Recusal) bool { return o.Person == r.Person && (r.Refused || !o.Refused) })
	if !known && len(it.Recusals) < 2*MaxMembers {
		r.Why = cut(r.Why, maxFact)
		it.Recusals = append(it.Recusals, r)
	}
}
