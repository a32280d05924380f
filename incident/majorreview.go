package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// review carries out a command on the review of a major incident, which there is once the
// incident is resolved.
func (s *Service) review(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, may func(*step) error, act func(*step, *major.Review) error) (*Incident, error) {
	return s.run(ctx, actor, id, name, func(st *step) error {
		if err := may(st); err != nil {
			return err
		}
		if err := st.accepted(); err != nil {
			return err
		}
		if !s.restored(st.inc) {
			return fmt.Errorf("incident: %s is %s, it is reviewed once it is resolved: %w", st.inc.Name(), st.inc.State, workflow.ErrTransition)
		}
		c := st.inc.Major
		if c.Review == nil {
			c.Review = &major.Review{}
		}
		if err := act(st, c.Review); err != nil {
			return fmt.Errorf("incident: %s: %w", st.inc.Name(), err)
		}
		return nil
	})
}

func (st *step) handlers() error {
	return st.authorize(RoleAgent, RoleManager, RoleMajorManager, workflow.RoleSystem)
}

// WriteReview writes sections of the review after a major incident.
func (s *Service) WriteReview(ctx context.Context, actor workflow.Actor, id workflow.ID, w major.Words) (*Incident, error) {
	return s.review(ctx, actor, id, "review_write", (*step).handlers, func(_ *step, r *major.Review) error { return r.Write(w) })
}

// AddReviewAction adds what is to be done so that it does not happen again, by whom and by
// when. The owner is reminded when it is due.
func (s *Service) AddReviewAction(ctx context.Context, actor workflow.Actor, id workflow.ID, title, owner string, due time.Time) (*Incident, error) {
	return s.review(ctx, actor, id, "review_action", (*step).handlers, func(st *step, r *major.Review) error {
		return r.Add(title, owner, due.UTC(), st.tx.Now())
	})
}

// EndReviewAction says that an action is done, or dropped and why. Its owner may, as those
// who handle major incidents.
func (s *Service) EndReviewAction(ctx context.Context, actor workflow.Actor, id workflow.ID, number int, state major.ActionState, note string) (*Incident, error) {
	may := func(st *step) error {
		if c := st.inc.Major; c != nil && c.Review != nil {
			if a, err := c.Review.Action(number); err == nil && actor.Is(a.Owner) {
				return st.authorize(workflow.Anyone)
			}
		}
		return st.handlers()
	}
	return s.review(ctx, actor, id, "review_action", may, func(st *step, r *major.Review) error {
		a, err := r.Action(number)
		if err != nil {
			return err
		}
		return a.End(state, actor.ID, note, st.tx.Now())
	})
}

// PostponeReviewAction gives an action another due time, or another owner, who is reminded
// then.
func (s *Service) PostponeReviewAction(ctx context.Context, actor workflow.Actor, id workflow.ID, number int, owner string, due time.Time, reason string) (*Incident, error) {
	return s.review(ctx, actor, id, "review_action", (*step).handlers, func(st *step, r *major.Review) error {
		if reason == "" || len(reason) > major.MaxShort {
			return fmt.Errorf("postponing needs a reason of 1 to %d bytes: %w", major.MaxShort, workflow.ErrInvalid)
		}
		a, err := r.Action(number)
		if err != nil {
			return err
		}
		st.reason = reason
		return a.Postpone(owner, due.UTC(), st.tx.Now())
	})
}

// FinishReview ends the review: it is written, and no action is open. It is for managers
// of major incidents.
func (s *Service) FinishReview(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Incident, error) {
	may := func(st *step) error { return st.authorize(RoleMajorManager) }
	return s.review(ctx, actor, id, "review_finish", may, func(st *step, r *major.Review) error {
		return r.Finish(actor.ID, st.tx.Now())
	})
}
