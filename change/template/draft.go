package template

import (
	"context"
	"fmt"
	"slices"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Draft makes a new template. It holds when it is approved.
func (s *Service) Draft(ctx context.Context, actor workflow.Actor, c Content) (*Template, error) {
	c = c.clone()
	c.Version = 1
	if err := c.validate(); err != nil {
		return nil, err
	}
	var t *Template
	_, err := s.desk.Do(ctx, workflow.Command{Name: "template.draft", Actor: actor}, func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: []string{RoleManager, RoleAgent}}); err != nil {
			return err
		}
		made := false
		var err error
		t, err = s.kind.GetOrCreate(tx, idOf(c.Name), func() *Template {
			made = true
			return &Template{Record: workflow.Record{Title: c.Name, State: StateDraft}, Draft: &c, Authors: authors(nil, actor)}
		})
		if err == nil && !made {
			err = fmt.Errorf("template: there is a template %q, %s, which can be revised: %w", c.Name, t.Number, workflow.ErrInvalid)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func authors(have []string, a workflow.Actor) []string {
	for _, person := range []string{a.ID, a.OnBehalfOf} {
		if person != "" && !slices.Contains(have, person) {
			have = append(have, person)
		}
	}
	return have
}

// Revise drafts the next version of a template, or edits the draft there is. What is in
// force stays so. A template that is retired is not revised.
func (s *Service) Revise(ctx context.Context, actor workflow.Actor, c Content) (*Template, error) {
	c = c.clone()
	return s.run(ctx, actor, c.Name, "revise", func(st *step) error {
		if err := st.authorize(RoleManager, RoleAgent); err != nil {
			return err
		}
		if err := st.in(StateDraft, StateApproved, StateWithdrawn); err != nil {
			return err
		}
		c.Version = st.t.Last + 1
		if err := c.validate(); err != nil {
			return err
		}
		if st.t.State != StateDraft {
			st.t.Authors = nil
		}
		st.t.Draft, st.t.State, st.t.Authors = &c, StateDraft, authors(st.t.Authors, actor)
		return nil
	})
}

// Submit asks for the approval of the draft.
func (s *Service) Submit(ctx context.Context, actor workflow.Actor, name string) (*Template, error) {
	return s.run(ctx, actor, name, "submit", func(st *step) error {
		if err := st.authorize(RoleManager, RoleAgent); err != nil {
			return err
		}
		if err := st.in(StateDraft); err != nil {
			return err
		}
		st.t.Authors = authors(st.t.Authors, actor)
		st.t.Last++
		st.t.Draft.Version = st.t.Last
		r, err := approval.Open(s.cfg.Policy, st.t.put(), host{st}, st.tx.Now())
		if err != nil {
			return fmt.Errorf("template: %s: %w", st.t.Number, err)
		}
		st.t.Request, st.t.State = r, StateSubmitted
		st.settle()
		return nil
	})
}

// put is what is put to the approvers: the draft, and who is part of it.
func (t *Template) put() approval.Case {
	c := approval.Case{Facts: approval.Facts{"name": t.Title, "model": t.Draft.Proposal.Model, "category": t.Draft.Proposal.Category,
		"service": t.Draft.Proposal.Service, "group": t.Draft.Proposal.Group, "risk": t.Draft.Proposal.Risk}}
	for _, person := range t.Authors {
		c.Excluded = append(c.Excluded, approval.Exclusion{Person: person, Why: "an author"})
	}
	return c
}

// settle takes over what was decided.
func (st *step) settle() {
	switch t := st.t; {
	case t.State != StateSubmitted:
	case t.Request.Granted():
		t.Current, t.Draft, t.State = t.Draft, nil, StateApproved
		t.Results, t.Why, t.Since, t.Policy, t.By = nil, "", st.tx.Now(), t.Request.Policy.Name, t.Request.Voters()
	case t.Request.Status == approval.Rejected:
		t.State = StateDraft
	}
}

// Vote says what the actor thinks of a draft: see [approval.Request.Vote].
func (s *Service) Vote(ctx context.Context, actor workflow.Actor, name string, v approval.Vote) (*Template, error) {
	if actor.Type != workflow.ActorUser || actor.OnBehalfOf != "" {
		return nil, fmt.Errorf("template: %v votes: only people do, in their own name or by a delegation: %w", actor, workflow.ErrForbidden)
	}
	v.By = actor.ID
	return s.run(ctx, actor, name, "vote", func(st *step) error {
		if err := st.in(StateSubmitted); err != nil {
			return err
		}
		st.reason = v.Comment
		r, err := st.t.Request.Vote(v, host{st}, s.cfg.Verify, st.tx.Now())
		if err != nil {
			return fmt.Errorf("template: %s: %w", st.t.Number, err)
		}
		st.t.Request = r
		st.settle()
		return nil
	})
}

// Withdraw takes a template out of force, until a new version is approved.
func (s *Service) Withdraw(ctx context.Context, actor workflow.Actor, name, reason string) (*Template, error) {
	return s.end(ctx, actor, name, "withdraw", StateWithdrawn, reason)
}

// Retire ends a template for good.
func (s *Service) Retire(ctx context.Context, actor workflow.Actor, name, reason string) (*Template, error) {
	return s.end(ctx, actor, name, "retire", StateRetired, reason)
}

func (s *Service) end(ctx context.Context, actor workflow.Actor, name, command, state, reason string) (*Template, error) {
	return s.run(ctx, actor, name, command, func(st *step) error {
		if err := st.authorize(RoleManager); err != nil {
			return err
		}
		if st.t.State == StateRetired || state == StateWithdrawn && st.t.Current == nil {
			return fmt.Errorf("template: %s %q is %s: %w", st.t.Number, name, st.t.State, ErrState)
		}
		if reason == "" || len(reason) > workflow.MaxText {
			return fmt.Errorf("template: %s: it takes a reason of at most %d bytes: %w", st.t.Number, workflow.MaxText, workflow.ErrInvalid)
		}
		st.reason = reason
		return st.stop(state, reason)
	})
}

// stop takes a template out of force. A draft that waits for approval goes back; one
// that is being written stays.
func (st *step) stop(state, why string) error {
	t := st.t
	if t.State == StateSubmitted {
		r, err := t.Request.Cancel(why, st.tx.Now())
		if err != nil {
			return fmt.Errorf("template: %s: %w", t.Number, err)
		}
		t.Request = r
	}
	t.Why = why
	if t.State == StateApproved || state == StateRetired || t.State == StateSubmitted {
		t.State = state
	}
	return nil
}

// Note tells how a change went that was made from the version in force; of other
// changes, and of one that was noted before, nothing is kept. It bears repetition: call
// it with every change that is closed. If the template is withdrawn for its failures,
// who approved it and who wrote it is told.
func (s *Service) Note(ctx context.Context, actor workflow.Actor, c *change.Change) (*Template, error) {
	if c.Template == nil || c.Review == nil {
		return nil, fmt.Errorf("template: %s was not made from a template, or has no review: %w", c.Name(), workflow.ErrInvalid)
	}
	return s.run(ctx, actor, c.Template.Name, "note", func(st *step) error {
		if err := st.authorize(RoleManager, RoleAgent, workflow.RoleSystem); err != nil {
			return err
		}
		t := st.t
		known := slices.ContainsFunc(t.Results, func(r Result) bool { return r.Change == c.ID })
		if t.Current == nil || t.Current.Version != c.Template.Version || known {
			return nil
		}
		t.Results = append(t.Results, Result{Change: c.ID, Outcome: c.Review.Outcome, At: c.Review.At})
		t.Results = t.Results[max(0, len(t.Results)-MaxResults):]
		if n := t.failures(); t.Why == "" && t.Current.After > 0 && n >= t.Current.After {
			st.reason = fmt.Sprintf("%d of its last %d changes were unsuccessful", n, min(len(t.Results), t.Current.Of))
			return st.stop(StateWithdrawn, st.reason)
		}
		return nil
	})
}
