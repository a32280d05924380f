package problem

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

func (st *step) resolution(code Code, notes string) *Resolution {
	return &Resolution{Code: code, Notes: notes, At: st.tx.Now(), By: st.tx.Actor().ID}
}

// Resolve says that the fix is applied. It is refused while the cause is not
// confirmed, unless an exception is stated. The incidents that wait for the problem
// are resolved with it, by messages: see [IncidentResolver].
func (s *Service) Resolve(ctx context.Context, actor workflow.Actor, id workflow.ID, notes string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionResolve, func(st *step) error {
		st.p.Resolution = st.resolution(FixApplied, notes)
		if err := st.fire(ActionResolve, notes); err != nil {
			return err
		}
		return st.inform(WhatFixed, notes)
	})
}

// Complete closes a resolved problem for good. A major problem needs its review. If
// the fix was applied, incidents that have begun to wait for the problem meanwhile are
// resolved too.
func (s *Service) Complete(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionComplete, func(st *step) error {
		if err := st.fire(ActionComplete, note); err != nil || st.p.code() != FixApplied {
			return err
		}
		return st.inform(WhatFixed, st.p.Resolution.Notes)
	})
}

// AcceptRisk ends a problem that is lived with: who answers for that (default: the
// actor), why, and when it is thought over again, at which instant people are
// reminded. The incidents that wait for the problem are told, and no more.
func (s *Service) AcceptRisk(ctx context.Context, actor workflow.Actor, id workflow.ID, a Acceptance) (*Problem, error) {
	return s.run(ctx, actor, id, ActionAcceptRisk, func(st *step) error {
		if a.AcceptedBy == "" {
			a.AcceptedBy = actor.ID
		}
		var p workflow.Problems
		checkName(&p, "who accepts the risk", a.AcceptedBy)
		checkText(&p, "the reason", a.Reason, true)
		review := st.reviewDate(&p, a.Review)
		if err := p.Err("problem: accepting the risk of " + st.p.Name()); err != nil {
			return err
		}
		st.p.Risk = &Acceptance{AcceptedBy: a.AcceptedBy, Reason: a.Reason, Review: review, At: st.tx.Now(), By: actor.ID}
		st.p.Resolution = st.resolution(RiskAccepted, a.Reason)
		if err := st.fire(ActionAcceptRisk, a.Reason); err != nil {
			return err
		}
		return st.inform(WhatAccepted, a.Reason)
	})
}

func (st *step) reviewDate(p *workflow.Problems, at time.Time) time.Time {
	at = at.UTC().Truncate(time.Microsecond)
	if !at.After(st.tx.Now()) {
		p.Addf("the risk is thought over again at an instant to come")
	}
	return at
}

// ReviewRisk says that the risk was thought over and is still accepted, and when it is
// to be thought over next. To end that, re-analyse the problem.
func (s *Service) ReviewRisk(ctx context.Context, actor workflow.Actor, id workflow.ID, next time.Time, note string) (*Problem, error) {
	return s.run(ctx, actor, id, "review_risk", func(st *step) error {
		if err := st.authorize(RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if st.p.Risk == nil {
			return fmt.Errorf("problem: the risk of %s is not accepted: %w", st.p.Name(), workflow.ErrTransition)
		}
		var p workflow.Problems
		checkText(&p, "what came of it", note, true)
		review := st.reviewDate(&p, next)
		if err := p.Err("problem: risk of " + st.p.Name()); err != nil {
			return err
		}
		st.note = note
		st.p.Risk.Review, st.p.Risk.Reminded = review, time.Time{}
		return st.p.Say(actor, st.tx.Now(), false, note)
	})
}

// Cancel ends what is no problem. The incidents that wait for it are told.
func (s *Service) Cancel(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionCancel, func(st *step) error {
		st.p.Resolution = st.resolution(Cancelled, note)
		if err := st.fire(ActionCancel, note); err != nil {
			return err
		}
		return st.inform(WhatCancelled, note)
	})
}

// Reanalyse takes the analysis up again, because the fix did not help, the risk is no
// longer accepted, or the problem is one after all; also of a problem that is closed
// or cancelled, for which it takes a role of its own: see [Options]. Its cause is no
// longer confirmed, and its resolution, exception and review no longer hold. The
// incidents and tasks that a duplicate has handed over stay where they are.
func (s *Service) Reanalyse(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Problem, error) {
	return s.run(ctx, actor, id, ActionReanalyse, func(st *step) error {
		if err := st.fire(ActionReanalyse, note); err != nil {
			return err
		}
		p := st.p
		if over(st.s.Category(p)) {
			return fmt.Errorf("problem: %s: the lifecycle leads to %s, where nothing is analysed: %w", p.Name(), p.State, workflow.ErrInvalid)
		}
		p.reopen()
		p.Exception = nil
		if p.Cause != nil {
			p.Cause.ConfirmedAt, p.Cause.ConfirmedBy = time.Time{}, ""
		}
		p.Reanalysed++
		return nil
	})
}

// End ends a problem by an action that the host has added to the lifecycle: with
// [FixApplied] as [Service.Resolve] does, say from a release whatever the state (Ivanti),
// or with [Cancelled] as [Service.Cancel] does. Incidents that wait for it hear of it in
// the same way. The other codes need more than notes, and have methods of their own.
func (s *Service) End(ctx context.Context, actor workflow.Actor, id workflow.ID, action string, code Code, notes string) (*Problem, error) {
	return s.run(ctx, actor, id, action, func(st *step) error {
		what := map[Code]What{FixApplied: WhatFixed, Cancelled: WhatCancelled}[code]
		if what == "" {
			return fmt.Errorf("problem: code %.32q, want %s or %s: %w", code, FixApplied, Cancelled, workflow.ErrInvalid)
		}
		if err := hosts(action); err != nil {
			return err
		}
		st.p.Resolution = st.resolution(code, notes)
		if err := st.fire(action, notes); err != nil {
			return err
		}
		if !over(st.s.Category(st.p)) {
			return fmt.Errorf("problem: %s: %s leads to %s, which is no end: %w", st.p.Name(), action, st.p.State, workflow.ErrInvalid)
		}
		return st.inform(what, notes)
	})
}

// hosts reports whether an action is one that a host may have added.
func hosts(action string) error {
	switch action {
	case ActionFix, ActionResolve, ActionComplete, ActionAcceptRisk, ActionDuplicate, ActionCancel, ActionReanalyse:
		return fmt.Errorf("problem: %s has a method of its own: %w", action, workflow.ErrInvalid)
	}
	return nil
}

// Act takes an action that the host has added to the lifecycle. One that ends a problem
// which has no resolution yet is taken by [Service.End]. One that takes up again what had
// ended makes its resolution, its accepted risk and its review void; what its cause is
// stays, see [Service.Reanalyse].
func (s *Service) Act(ctx context.Context, actor workflow.Actor, id workflow.ID, action, note string) (*Problem, error) {
	return s.run(ctx, actor, id, action, func(st *step) error {
		if err := hosts(action); err != nil {
			return err
		}
		return st.fire(action, note)
	})
}
