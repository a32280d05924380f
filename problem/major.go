package problem

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Review is the major problem review.
type Review struct {
	Outcome string    `json:"outcome"` // what is learnt, and done about it
	At      time.Time `json:"at"`
	By      string    `json:"by"`
}

// SetMajor makes the problem a major one, or no longer, for a reason. What is done to
// a major problem is explained in work notes, and it is not closed without its review
// (ServiceNow). It is for problem managers.
func (s *Service) SetMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, major bool, reason string) (*Problem, error) {
	return s.run(ctx, actor, id, "set_major", func(st *step) error {
		if err := st.authorize(RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		var p workflow.Problems
		checkText(&p, "the reason", reason, true)
		if err := p.Err("problem: " + st.p.Name()); err != nil {
			return err
		}
		st.note, st.p.Major = reason, major
		return st.p.Say(actor, st.tx.Now(), false, reason)
	})
}

// ReviewMajor writes down the outcome of the major problem review; a later one takes
// the place of an earlier. It is for problem managers.
func (s *Service) ReviewMajor(ctx context.Context, actor workflow.Actor, id workflow.ID, outcome string) (*Problem, error) {
	return s.run(ctx, actor, id, "review_major", func(st *step) error {
		if err := st.authorize(RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		if !st.p.Major {
			return fmt.Errorf("problem: %s is no major problem: %w", st.p.Name(), workflow.ErrTransition)
		}
		var p workflow.Problems
		checkText(&p, "the outcome of the review", outcome, true)
		if err := p.Err("problem: review of " + st.p.Name()); err != nil {
			return err
		}
		st.p.Review = &Review{Outcome: outcome, At: st.tx.Now(), By: actor.ID}
		return nil
	})
}
