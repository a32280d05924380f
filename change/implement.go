package change

import (
	"context"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Submit asks for the approvals that the model demands; a model without gates is
// scheduled at once.
func (s *Service) Submit(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Change, error) {
	return s.run(ctx, actor, id, ActionSubmit, func(st *step) error { return st.fire(ActionSubmit) })
}

// Revert takes the change back to new; its approvals are cancelled.
func (s *Service) Revert(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Change, error) {
	return s.run(ctx, actor, id, ActionRevert, func(st *step) error {
		st.reason = reason
		return st.fire(ActionRevert)
	})
}

// Implement begins the work. It is refused unless every approval that the model
// demands is granted, for the change as it is now, and nothing speaks against its
// window.
func (s *Service) Implement(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Change, error) {
	return s.run(ctx, actor, id, ActionImplement, func(st *step) error {
		return st.fire(ActionImplement)
	})
}

// Complete ends the work, and the review begins.
func (s *Service) Complete(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Change, error) {
	return s.run(ctx, actor, id, ActionComplete, func(st *step) error {
		return st.fire(ActionComplete)
	})
}

// Act takes an action of the change's lifecycle that has no method of its own, for
// lifecycles that a host has extended. What protects a change holds here as well: see
// [Model].
func (s *Service) Act(ctx context.Context, actor workflow.Actor, id workflow.ID, action, reason string) (*Change, error) {
	if len(reason) > workflow.MaxText {
		return nil, fmt.Errorf("change: a reason has at most %d bytes, not %d: %w", workflow.MaxText, len(reason), workflow.ErrInvalid)
	}
	if action == ActionClose {
		return nil, fmt.Errorf("change: %s has a method of its own: %w", action, workflow.ErrInvalid)
	}
	return s.run(ctx, actor, id, "act", func(st *step) error {
		st.reason = reason
		return st.fire(action)
	})
}

// Close ends the change with its post-implementation review: how it went, and what
// was learnt. It is refused while a task is open.
func (s *Service) Close(ctx context.Context, actor workflow.Actor, id workflow.ID, r Review) (*Change, error) {
	return s.run(ctx, actor, id, ActionClose, func(st *step) error {
		if !slices.Contains(outcomes, r.Outcome) || len(r.Notes) > workflow.MaxText {
			return fmt.Errorf("change: %s: outcome %q is not one of %q, or its notes are longer than %d bytes: %w", st.c.Name(), r.Outcome, outcomes, workflow.MaxText, workflow.ErrInvalid)
		}
		st.c.Review = &Review{Outcome: r.Outcome, Notes: r.Notes, BackedOut: r.BackedOut, At: st.tx.Now(), By: actor.ID}
		return st.fire(ActionClose)
	})
}

// Cancel ends a change that will not happen. Its approvals and its open tasks are
// cancelled with it.
func (s *Service) Cancel(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Change, error) {
	return s.run(ctx, actor, id, ActionCancel, func(st *step) error {
		st.reason = reason
		return st.fire(ActionCancel)
	})
}

// callOff ends what is open of a change that will not happen.
func (st *step) callOff() error {
	st.c.Hold = nil
	for i := range st.c.Tasks {
		if t := &st.c.Tasks[i]; !t.State.Closed() {
			t.State, t.Hold, t.ByHand, t.End = TaskCancelled, "", false, st.tx.Now()
		}
	}
	return st.withdraw("the change was cancelled: " + st.reason)
}

// Hold puts the change on hold: its approvals are no longer required until it is
// released, and its open tasks are held with it.
func (s *Service) Hold(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Change, error) {
	return s.run(ctx, actor, id, "hold", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		if reason == "" || len(reason) > workflow.MaxText || st.c.Hold != nil {
			return fmt.Errorf("change: %s: a hold has a reason of at most %d bytes, and there is one at a time: %w", st.c.Name(), workflow.MaxText, workflow.ErrInvalid)
		}
		st.reason = reason
		st.c.Hold = &Hold{Reason: reason, At: st.tx.Now(), By: actor.ID}
		for i := range st.c.Tasks {
			if t := &st.c.Tasks[i]; !t.State.Closed() && t.Hold == "" {
				t.Hold = reason
			}
		}
		return st.eachApproval(func(r *approval.Request) (approval.Request, error) { return r.Suspend(st.tx.Now()) })
	})
}

// Release takes the change off hold. Whoever is still to decide is asked again, with
// the whole of the time there is for it.
func (s *Service) Release(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Change, error) {
	return s.run(ctx, actor, id, "release", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		if st.c.Hold == nil {
			return fmt.Errorf("change: %s is not on hold: %w", st.c.Name(), workflow.ErrInvalid)
		}
		st.c.Hold = nil
		for i := range st.c.Tasks {
			if t := &st.c.Tasks[i]; !t.ByHand {
				t.Hold = ""
			}
		}
		if err := st.eachApproval(func(r *approval.Request) (approval.Request, error) { return r.Resume(host{st}, st.tx.Now()) }); err != nil {
			return err
		}
		if err := st.askAgain(); err != nil {
			return err
		}
		return st.pass()
	})
}

// eachApproval carries out a command on every approval that it can be carried out on:
// what is rejected or cancelled stays so.
func (st *step) eachApproval(command func(*approval.Request) (approval.Request, error)) error {
	for i := range st.c.Approvals {
		a := &st.c.Approvals[i]
		if a.Request.Status == approval.Rejected || a.Request.Status == approval.Cancelled {
			continue
		}
		r, err := command(&a.Request)
		if err != nil {
			return fmt.Errorf("change: %s: %w", st.c.Name(), err)
		}
		a.Request = r
	}
	return nil
}

// GrantException lets the change happen in a blackout. Who may say so is asked of
// [Config.MayExcept]; whoever is part of the change may not.
func (s *Service) GrantException(ctx context.Context, actor workflow.Actor, id workflow.ID, blackout, reason string) (*Change, error) {
	return s.run(ctx, actor, id, "grant_exception", func(st *step) error {
		if err := st.unfinished(); err != nil {
			return err
		}
		if s.cfg.MayExcept == nil || !s.cfg.MayExcept(blackout, actor) {
			return fmt.Errorf("change: %s: %v may not grant exceptions from %q: %w", st.c.Name(), actor, blackout, workflow.ErrForbidden)
		}
		for _, e := range st.c.excluded() {
			if actor.Is(e.Person) {
				return fmt.Errorf("change: %s: %v is %s: %w", st.c.Name(), actor, e.Why, ErrExcluded)
			}
		}
		if blackout == "" || reason == "" || len(reason) > workflow.MaxText || len(st.c.Exceptions) >= MaxExceptions {
			return fmt.Errorf("change: %s: an exception names its blackout and its reason, in at most %d bytes, and there are at most %d: %w",
				st.c.Name(), workflow.MaxText, MaxExceptions, workflow.ErrInvalid)
		}
		st.reason = reason
		st.c.Exceptions = append(st.c.Exceptions, Exception{Blackout: blackout, Reason: reason, At: st.tx.Now(), By: actor.ID})
		return nil
	})
}

// MaxExceptions is the most freeze exceptions of one change.
const MaxExceptions = 100
