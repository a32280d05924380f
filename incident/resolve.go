package incident

import (
	"context"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Resolve restores the service: how, as a code, and in words. Children are
// resolved with it, with the same notes.
func (s *Service) Resolve(ctx context.Context, actor workflow.Actor, id workflow.ID, code, notes string) (*Incident, error) {
	return s.run(ctx, actor, id, ActionResolve, func(st *step) error {
		var p workflow.Problems
		if len(s.cfg.ResolutionCodes) > 0 && !slices.Contains(s.cfg.ResolutionCodes, code) {
			p.Addf("resolution code %q is not one of %q", code, s.cfg.ResolutionCodes)
		}
		checkName(&p, "the resolution code", code)
		if len(notes) > workflow.MaxText {
			p.Addf("the resolution notes have at most %d bytes, not %d", workflow.MaxText, len(notes))
		}
		if err := p.Err("incident: resolving " + st.inc.Name()); err != nil {
			return err
		}
		if err := st.resolve(code, notes, ActionResolve); err != nil {
			return err
		}
		return st.lead(Order{Action: ActionResolve, Code: code, Notes: notes})
	})
}

func (st *step) resolve(code, notes, action string) error {
	inc := st.inc
	inc.Resolution = &Resolution{Code: code, Notes: notes, At: st.tx.Now(), By: st.who()}
	inc.answered(st.tx.Now())
	if err := st.fire(action); err != nil {
		return err
	}
	return st.tell(TopicResolved, notes, append([]string{inc.Caller}, inc.Watchers...)...)
}

// Close ends a resolved incident for good. Tasks still open are closed as
// incomplete. Children are not closed with their parent.
func (s *Service) Close(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Incident, error) {
	return s.run(ctx, actor, id, ActionClose, (*step).close)
}

func (st *step) close() error {
	if err := st.fire(ActionClose); err != nil {
		return err
	}
	st.inc.ClosedAt = st.tx.Now()
	st.endTasks(TaskIncomplete)
	return st.notify(TopicClosed, st.inc.Caller, st.inc.Assignee)
}

// Reopen takes a resolved incident up again, because the service is not as it
// should be. Children follow when staff reopens the parent, and stay resolved
// when the caller does. A closed incident is not reopened: see
// [Service.FollowUp].
func (s *Service) Reopen(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Incident, error) {
	return s.run(ctx, actor, id, ActionReopen, func(st *step) error {
		st.reason = reason
		if err := st.reopen(); err != nil {
			return err
		}
		if !actor.HasRole(RoleAgent, RoleManager, workflow.RoleSystem) {
			return nil
		}
		return st.lead(Order{Action: ActionReopen, Reason: reason})
	})
}

func (st *step) reopen() error {
	if err := st.fire(ActionReopen); err != nil {
		return err
	}
	if st.inc.Major != nil {
		st.inc.Major.Relapse()
	}
	st.inc.Reopened++
	st.inc.ReopenedAt, st.inc.ReopenedBy = st.tx.Now(), st.who()
	return st.tell(TopicReopened, st.reason, st.inc.Assignee, st.inc.Group)
}

// Cancel ends an incident that was none. Tasks still open are skipped.
func (s *Service) Cancel(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Incident, error) {
	return s.run(ctx, actor, id, ActionCancel, func(st *step) error {
		st.reason = reason
		if err := st.fire(ActionCancel); err != nil {
			return err
		}
		st.inc.ClosedAt = st.tx.Now()
		st.endTasks(TaskSkipped)
		return st.tell(TopicClosed, reason, st.inc.Caller, st.inc.Assignee)
	})
}

// Merge ends an incident as a duplicate of another, which keeps its caller and
// watchers informed from now on. An incident with children is not merged: give
// them another parent first.
func (s *Service) Merge(ctx context.Context, actor workflow.Actor, id, into workflow.ID) (*Incident, error) {
	return s.run(ctx, actor, id, ActionMerge, func(st *step) error {
		if id == into {
			return fmt.Errorf("incident: %s is not a duplicate of itself: %w", st.inc.Name(), workflow.ErrInvalid)
		}
		if n := st.inc.Children; n > 0 {
			return fmt.Errorf("incident: %s has %d children, give them another parent first: %w", st.inc.Name(), n, workflow.ErrInvalid)
		}
		target, err := s.step(st.tx, into)
		if err != nil {
			return err
		}
		if err := target.unfinished(); err != nil {
			return err
		}
		st.inc.DuplicateOf = into
		st.reason = "duplicate of " + target.inc.Name()
		if err := st.fire(ActionMerge); err != nil {
			return err
		}
		st.inc.ClosedAt = st.tx.Now()
		st.endTasks(TaskSkipped)
		if err := target.absorb(st.inc); err != nil {
			return err
		}
		return st.tell(TopicClosed, st.reason, st.inc.Caller)
	})
}

// absorb takes over the people of a duplicate.
func (st *step) absorb(duplicate *Incident) error {
	for _, person := range append([]string{duplicate.Caller}, duplicate.Watchers...) {
		if person != st.inc.Caller {
			if err := st.inc.Watch(person); err != nil {
				return err
			}
		}
	}
	note := duplicate.Name() + " was merged into this incident"
	if err := st.say(false, note); err != nil {
		return err
	}
	return st.finish(workflow.Entry{Note: note})
}
