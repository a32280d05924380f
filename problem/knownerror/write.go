package knownerror

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Draft begins a known error. Who drafts it owns it, until [Service.Assign].
func (s *Service) Draft(ctx context.Context, actor workflow.Actor, c Content) (*KnownError, error) {
	c, err := s.checked(c, "knownerror: draft")
	if err != nil {
		return nil, err
	}
	var k *KnownError
	cmd := workflow.Command{Name: "known_error.draft", Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: s.cfg.DraftRoles}); err != nil {
			return err
		}
		draft := c.clone()
		k = &KnownError{Record: workflow.Record{Title: c.Title, State: s.machines[s.current].Initial(), Lifecycle: s.current}, Draft: &draft, Owner: actor.ID}
		st := &step{s: s, tx: tx, k: k}
		if err := st.wrote(); err != nil {
			return err
		}
		return s.kind.Create(tx, k, workflow.Entry{})
	})
	if err != nil {
		return nil, err
	}
	if !res.Duplicate {
		return k, nil
	}
	for _, e := range res.Events {
		if e.Kind == KindName {
			return s.Get(ctx, e.ID)
		}
	}
	return nil, fmt.Errorf("knownerror: the command made none: %w", workflow.ErrNotFound)
}

// Edit changes the draft, in place, by a function that must have no other effect.
func (s *Service) Edit(ctx context.Context, actor workflow.Actor, id workflow.ID, change func(*Content)) (*KnownError, error) {
	return s.run(ctx, actor, id, "edit", func(st *step) error {
		if err := st.writers(); err != nil {
			return err
		}
		if st.k.Draft == nil || s.category(st.k).Final() {
			return fmt.Errorf("knownerror: %s is %s: it takes a revision to change it: %w", st.k.Name(), st.k.State, workflow.ErrTransition)
		}
		return st.edit(change)
	})
}

// Submit gives the draft to review.
func (s *Service) Submit(ctx context.Context, actor workflow.Actor, id workflow.ID) (*KnownError, error) {
	return s.Take(ctx, actor, id, ActionSubmit, "")
}

// SendBack returns the draft to its authors, for a reason.
func (s *Service) SendBack(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*KnownError, error) {
	return s.Take(ctx, actor, id, ActionSendBack, reason)
}

// Publish puts the draft in force. If it looks like other known errors, and nobody has
// said that it is not the same as they are, the error is a [*DuplicateError].
func (s *Service) Publish(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*KnownError, error) {
	return s.Take(ctx, actor, id, ActionPublish, note)
}

// Revise begins the next revision of what is published, changed by a function that must
// have no other effect; what is in force stays so. It also takes up again what was
// retired.
func (s *Service) Revise(ctx context.Context, actor workflow.Actor, id workflow.ID, change func(*Content)) (*KnownError, error) {
	return s.run(ctx, actor, id, ActionRevise, func(st *step) error {
		if err := st.fire(ActionRevise, ""); err != nil {
			return err
		}
		if err := st.edit(change); err != nil {
			return err
		}
		return st.wrote()
	})
}

// Discard gives a revision up, for a reason: what is in force stays.
func (s *Service) Discard(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*KnownError, error) {
	return s.run(ctx, actor, id, ActionDiscard, func(st *step) error {
		if st.k.Published != nil {
			st.k.Draft, st.k.Authors = nil, slices.Clone(st.k.Published.Authors)
		}
		return st.fire(ActionDiscard, reason)
	})
}

// Take takes the known error through an action of its lifecycle, such as one that the
// host has added. Coming to a state of category resolved publishes the draft; coming to
// one of category closed or cancelled retires, with the note as the reason. To discard is
// the same as [Service.Discard]: it publishes nothing.
func (s *Service) Take(ctx context.Context, actor workflow.Actor, id workflow.ID, action, note string) (*KnownError, error) {
	if action == ActionDiscard {
		return s.Discard(ctx, actor, id, note)
	}
	return s.run(ctx, actor, id, action, func(st *step) error { return st.fire(action, note) })
}

// publish puts the draft in force.
func (st *step) publish() error {
	k := st.k
	if gaps := k.Draft.gaps(); len(gaps) > 0 {
		return fmt.Errorf("knownerror: %s does not say %s: %w: %w", k.Name(), strings.Join(gaps, "; "), ErrIncomplete, workflow.ErrTransition)
	}
	if err := st.distinguish(*k.Draft); err != nil {
		return err
	}
	k.Revision++
	e := &Edition{Content: *k.Draft, Revision: k.Revision, At: st.tx.Now(), By: st.tx.Actor().ID, Authors: slices.Clone(k.Authors), Told: k.Revision}
	if old := k.Published; old != nil && old.Workaround == e.Workaround && old.Solution == e.Solution {
		e.Told = old.Told
	}
	k.Published, k.Draft = e, nil
	st.schedule(st.s.nextReview(st.tx.Now()))
	return nil
}

// Assign makes another person answer for the known error.
func (s *Service) Assign(ctx context.Context, actor workflow.Actor, id workflow.ID, owner string) (*KnownError, error) {
	return s.run(ctx, actor, id, "assign", func(st *step) error {
		if err := st.keepers(); err != nil {
			return err
		}
		if owner == "" || len(owner) > workflow.MaxKey {
			return fmt.Errorf("knownerror: %s: an owner has 1 to %d bytes: %w", st.k.Name(), workflow.MaxKey, workflow.ErrInvalid)
		}
		st.k.Owner = owner
		return nil
	})
}

// Comment adds a line to the conversation about the known error.
func (s *Service) Comment(ctx context.Context, actor workflow.Actor, id workflow.ID, text string) (*KnownError, error) {
	return s.run(ctx, actor, id, "comment", func(st *step) error {
		if err := st.authorize(append(slices.Clone(s.cfg.UseRoles), RoleOwner)...); err != nil {
			return err
		}
		return st.k.Say(actor, st.tx.Now(), false, text)
	})
}

// Watch keeps a person informed of what becomes of the known error, or no longer.
func (s *Service) Watch(ctx context.Context, actor workflow.Actor, id workflow.ID, person string, watch bool) (*KnownError, error) {
	return s.run(ctx, actor, id, "watch", func(st *step) error {
		if err := st.authorize(append(slices.Clone(s.cfg.UseRoles), RoleOwner)...); err != nil {
			return err
		}
		if !watch {
			st.k.Unwatch(person)
			return nil
		}
		return st.k.Watch(person)
	})
}
