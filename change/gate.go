package change

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// host answers the questions of an approval for one command.
type host struct{ st *step }

func (h host) Members(s approval.Selector) ([]string, error) {
	if s.Kind == approval.Person {
		return []string{s.Name}, nil
	}
	return h.st.s.cfg.Directory.Members(h.st.tx.Context(), s, h.st.c.clone())
}

func (h host) Delegations(policy string, at time.Time) ([]approval.Delegation, error) {
	return h.st.s.cfg.Directory.Delegations(h.st.tx.Context(), policy, at)
}

func (h host) Due(from time.Time, d approval.Deadline) (time.Time, error) {
	hours := h.st.s.cfg.Hours
	if hours == nil {
		return from.Add(time.Duration(d.Within)).AddDate(0, 0, d.Days), nil
	}
	due, ok := hours.Add(from, time.Duration(d.Within))
	if d.Days > 0 {
		due, ok = hours.AddDays(from, calendar.Days(d.Days), false)
	}
	if !ok {
		return time.Time{}, fmt.Errorf("change: the working time never gets there from %v: %w", from, workflow.ErrInvalid)
	}
	return due, nil
}

// reach is what happens when the change comes to a state: at a gate approval is asked
// for, what is new again has lost its approvals, and nothing is implemented without
// all of them.
func (st *step) reach() error {
	if slices.Contains(st.s.models[st.c.Model].Implementation, st.c.State) {
		if err := st.inForce(false); err != nil {
			return err
		}
		if ok, err := st.approved(); err != nil || !ok {
			return cmp.Or(err, fmt.Errorf("change: %s is not approved as it is: %w", st.c.Name(), ErrNotApproved))
		}
	}
	switch category := st.s.Category(st.c); {
	case category == workflow.CategoryNew:
		return st.withdraw("the change is new again")
	case category.Final():
		if st.s.models[st.c.Model].Retrospective {
			if err := st.decided(); err != nil {
				return err
			}
		}
		st.c.ClosedAt = st.tx.Now()
		if category == workflow.CategoryCancelled {
			return st.callOff()
		}
	}
	p, gated := st.s.models[st.c.Model].Gates[st.c.State]
	if !gated {
		return nil
	}
	now := st.tx.Now()
	a := st.c.approval(st.c.State)
	if a == nil {
		r, err := approval.Open(p, st.c.put(), host{st}, now)
		if err != nil {
			return fmt.Errorf("change: %s: %w", st.c.Name(), err)
		}
		st.c.Approvals = append(st.c.Approvals, Approval{State: st.c.State, Request: r})
		return nil
	}
	r, err := a.Request.Reset(p, st.c.put(), host{st}, now)
	if err != nil {
		return fmt.Errorf("change: %s: %w", st.c.Name(), err)
	}
	a.Request = r
	return nil
}

// approved reports whether every gate of the model is passed by the change as it is.
func (st *step) approved() (bool, error) {
	for _, state := range sortedKeys(st.s.models[st.c.Model].Gates) {
		a := st.c.approval(state)
		if a == nil || !a.Request.Granted() {
			return false, nil
		}
		d, err := a.Request.Check(st.c.put(), host{st}, st.tx.Now())
		if err != nil || d.Any() {
			return false, err
		}
	}
	return true, nil
}

// askAgain puts the change to its approvers again if it is not what was put to them,
// or if one of them has become part of it. Before it is submitted there is nothing to
// ask; once it is being implemented it may not differ any more.
func (st *step) askAgain() error {
	if st.s.Category(st.c) == workflow.CategoryNew || len(st.c.Approvals) == 0 {
		return nil
	}
	var what []string
	for i := range st.c.Approvals {
		a := &st.c.Approvals[i]
		d, err := a.Request.Check(st.c.put(), host{st}, st.tx.Now())
		if err != nil {
			return fmt.Errorf("change: %s: %w", st.c.Name(), err)
		}
		what = append(append(what, d.Facts...), d.People...)
	}
	if len(what) == 0 {
		return st.refresh()
	}
	slices.Sort(what)
	what = slices.Compact(what)
	m, err := st.s.machine(st.c)
	if err != nil {
		return err
	}
	if len(m.RolesFor(st.c.State, ActionReassess)) == 0 {
		return fmt.Errorf("change: %s is %s: %q is part of what was approved: %w", st.c.Name(), st.c.State, what, ErrApproved)
	}
	if err := st.withdraw(fmt.Sprintf("changed: %q", what)); err != nil {
		return err
	}
	return st.fire(ActionReassess)
}

// refresh works out anew who decides at the gate: somebody may have become part of
// the change who has not voted yet.
func (st *step) refresh() error {
	a := st.c.approval(st.c.State)
	if a == nil || a.Request.Status.Final() || a.Request.Suspended {
		return nil
	}
	a.Request.Case = st.c.put()
	r, err := a.Request.Refresh(host{st}, st.tx.Now())
	if err != nil {
		return fmt.Errorf("change: %s: %w", st.c.Name(), err)
	}
	a.Request = r
	return st.pass()
}

// withdraw cancels every approval that is asked for or granted.
func (st *step) withdraw(why string) error {
	for i := range st.c.Approvals {
		a := &st.c.Approvals[i]
		if a.Request.Status == approval.Cancelled || a.Request.Status == approval.Rejected {
			continue
		}
		r, err := a.Request.Cancel(why, st.tx.Now())
		if err != nil {
			return fmt.Errorf("change: %s: %w", st.c.Name(), err)
		}
		a.Request = r
	}
	return nil
}

// pass goes on through the gate if it is decided.
func (st *step) pass() error {
	m, err := st.s.machine(st.c)
	if err != nil {
		return err
	}
	return st.settle(m)
}

// gate returns the approval that the change waits for.
func (st *step) gate() (*Approval, error) {
	a := st.c.approval(st.c.State)
	if _, gated := st.s.models[st.c.Model].Gates[st.c.State]; !gated || a == nil {
		return nil, fmt.Errorf("change: %s is %s, where nothing is approved: %w", st.c.Name(), st.c.State, ErrNoGate)
	}
	return a, nil
}

// decide carries out a command on the approval that the change waits for.
func (s *Service) decide(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, command func(*step, *approval.Request) (approval.Request, error)) (*Change, error) {
	return s.run(ctx, actor, id, name, func(st *step) error {
		a, err := st.gate()
		if err != nil {
			return err
		}
		// Who is part of it is asked of the change, which may name others by now.
		a.Request.Case.Excluded = st.c.excluded()
		r, err := command(st, &a.Request)
		if err != nil {
			return fmt.Errorf("change: %s: %w", st.c.Name(), err)
		}
		a.Request = r
		return st.pass()
	})
}

// Vote says what the actor thinks of the change, as one of those who are asked or as
// a delegate of one of them: see [approval.Request.Vote]. The vote is the actor's own:
// v.By is set here, and neither a program nor somebody who acts on behalf of another
// can vote, as that takes a delegation.
func (s *Service) Vote(ctx context.Context, actor workflow.Actor, id workflow.ID, v approval.Vote) (*Change, error) {
	if actor.Type != workflow.ActorUser || actor.OnBehalfOf != "" {
		return nil, fmt.Errorf("change: %v votes: only people do, in their own name or by a delegation: %w", actor, workflow.ErrForbidden)
	}
	v.By = actor.ID
	return s.decide(ctx, actor, id, "vote", func(st *step, r *approval.Request) (approval.Request, error) {
		st.reason = v.Comment
		return r.Vote(v, host{st}, s.cfg.Verify, st.tx.Now())
	})
}

// Recuse takes the actor out of the decision, for a reason.
func (s *Service) Recuse(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Change, error) {
	return s.decide(ctx, actor, id, "recuse", func(st *step, r *approval.Request) (approval.Request, error) {
		st.reason = reason
		return r.Recuse(actor.ID, reason, host{st}, st.tx.Now())
	})
}

// CloseVote ends the vote of a stage that has a quorum: see [approval.Request.Close].
// It is for change managers, and for whom [Config.MayClose] names.
func (s *Service) CloseVote(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Change, error) {
	return s.decide(ctx, actor, id, "close_vote", func(st *step, r *approval.Request) (approval.Request, error) {
		if may := s.cfg.MayClose; may == nil || !may(st.c.clone(), st.c.State, actor) {
			if err := st.authorize(RoleManager); err != nil {
				return approval.Request{}, err
			}
		}
		return r.Close(actor.ID, host{st}, st.tx.Now())
	})
}

// RefreshApprovers works out anew who decides, because people have joined or left.
func (s *Service) RefreshApprovers(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Change, error) {
	return s.decide(ctx, actor, id, "refresh_approvers", func(st *step, r *approval.Request) (approval.Request, error) {
		if err := st.staff(); err != nil {
			return approval.Request{}, err
		}
		return r.Refresh(host{st}, st.tx.Now())
	})
}

// Handle answers the timers of approvals: reminders, and what happens when one is not
// decided in time. Give it to a [workflow.Mux] under [KindName]. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	t := d.Timer
	if t == nil || t.Ref.Kind != KindName {
		return workflow.Permanent(fmt.Errorf("change: %s is not a timer of a change: %w", d.Key(), workflow.ErrInvalid))
	}
	at := s.desk.Now()
	if at.Before(t.Due) {
		at = t.Due
	}
	_, err := s.At(at).run(ctx, workflow.System("approvals"), t.Ref.ID, "approval_due", func(st *step) error {
		a := st.c.approval(st.c.State)
		if a == nil {
			return nil
		}
		r, err := a.Request.Expire(host{st}, st.tx.Now())
		if errors.Is(err, approval.ErrNotDue) {
			return st.remind(a, t.Name)
		}
		if _, refused := approval.IsRefusal(err); refused {
			return nil // it was decided, or is on hold, meanwhile
		}
		if err != nil {
			return err
		}
		a.Request = r
		return st.pass()
	})
	if errors.Is(err, workflow.ErrNotFound) {
		return workflow.Permanent(err)
	}
	return err
}
