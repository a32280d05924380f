package request

import (
	"context"
	"fmt"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Hold puts the request on hold: nothing begins, and its service levels may pause. Waiting
// for the requester needs a text that asks him, which becomes a public comment; otherwise
// the text, if any, becomes a work note. What is being done goes on.
func (s *Service) Hold(ctx context.Context, actor workflow.Actor, id workflow.ID, reason HoldReason, text string) (*Request, error) {
	return s.run(ctx, actor, id, ActionHold, func(st *step) error {
		if !reason.valid() {
			return fmt.Errorf("request: hold reason %q, want %s or %s: %w", reason, AwaitingRequester, AwaitingThirdParty, workflow.ErrInvalid)
		}
		st.r.HoldReason = reason
		st.comment = reason == AwaitingRequester && strings.TrimSpace(text) != ""
		if err := st.fire(ActionHold); err != nil {
			return err
		}
		return st.heldFor(reason, text)
	})
}

// heldFor says what a hold is for.
func (st *step) heldFor(reason HoldReason, text string) error {
	if text == "" {
		return nil
	}
	if err := st.say(reason == AwaitingRequester, text); err != nil {
		return err
	}
	if reason == AwaitingRequester {
		return st.tell(TopicAsked, "", text, st.r.For.ID, st.r.CreatedBy.ID)
	}
	return nil
}

// Resume takes the work up again. The note, if any, becomes a work note.
func (s *Service) Resume(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Request, error) {
	return s.run(ctx, actor, id, ActionResume, func(st *step) error {
		if err := st.fire(ActionResume); err != nil {
			return err
		}
		if note == "" {
			return nil
		}
		return st.say(false, note)
	})
}

// HoldItem puts one item on hold while the others go on: its tasks do not begin, and its
// own service levels may pause. It takes a text, as [Service.Hold] does.
func (s *Service) HoldItem(ctx context.Context, actor workflow.Actor, id workflow.ID, item string, reason HoldReason, text string) (*Request, error) {
	return s.run(ctx, actor, id, "hold_item", func(st *step) error {
		it, err := st.itemAtWork(item)
		if err != nil {
			return err
		}
		if !reason.valid() || strings.TrimSpace(text) == "" {
			return fmt.Errorf("request: an item waits for %s or %s, and a text says for what: %w", AwaitingRequester, AwaitingThirdParty, workflow.ErrInvalid)
		}
		it.Hold = reason
		return st.heldFor(reason, text)
	})
}

// ResumeItem takes the work on an item up again.
func (s *Service) ResumeItem(ctx context.Context, actor workflow.Actor, id workflow.ID, item string) (*Request, error) {
	return s.run(ctx, actor, id, "resume_item", func(st *step) error {
		it, err := st.itemAtWork(item)
		if err != nil {
			return err
		}
		if it.Hold == "" {
			return fmt.Errorf("request: %s: item %s is not on hold: %w", st.r.Name(), item, workflow.ErrTransition)
		}
		it.Hold = ""
		return nil
	})
}

func (st *step) itemAtWork(id string) (*Item, error) {
	if err := st.staff(); err != nil {
		return nil, err
	}
	it := st.r.item(id)
	switch {
	case it == nil:
		return nil, fmt.Errorf("request: %s has no item %.32q: %w", st.r.Name(), id, workflow.ErrNotFound)
	case it.State != ItemFulfilment:
		return nil, fmt.Errorf("request: %s: item %s is %s: %w", st.r.Name(), id, it.State, workflow.ErrTransition)
	}
	return it, nil
}

// Comment says something in public: to the requester, or from him. His word to a request,
// or an item, that waits for him takes the work up again.
func (s *Service) Comment(ctx context.Context, actor workflow.Actor, id workflow.ID, text string) (*Request, error) {
	return s.run(ctx, actor, id, "comment", func(st *step) error {
		r := st.r
		if err := st.authorize(RoleRequester, RoleOpener, RoleFulfiller, RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		if err := st.say(true, text); err != nil {
			return err
		}
		if !r.involves(actor) {
			return st.tell(TopicComment, "", text, append([]string{r.For.ID, r.CreatedBy.ID}, r.Watchers...)...)
		}
		for i := range r.Items {
			if it := &r.Items[i]; it.Hold == AwaitingRequester {
				it.Hold = ""
			}
		}
		if r.HoldReason == AwaitingRequester && st.can(ActionReply) {
			if err := st.fire(ActionReply); err != nil {
				return err
			}
		}
		return st.tell(TopicReplied, "", text, append([]string{r.Assignee, r.Group}, r.Watchers...)...)
	})
}

// Note adds a work note, which the requester does not see.
func (s *Service) Note(ctx context.Context, actor workflow.Actor, id workflow.ID, text string) (*Request, error) {
	return s.run(ctx, actor, id, "note", func(st *step) error {
		if err := st.authorize(RoleFulfiller, RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		return st.say(false, text)
	})
}

// say adds a comment and notices who has heard from whom.
func (st *step) say(public bool, text string) error {
	r := st.r
	switch {
	case public && r.involves(st.tx.Actor()):
		r.AwaitsReply = true
	case public:
		r.Replies++
		r.AwaitsReply = false
		if r.RespondedAt.IsZero() {
			r.RespondedAt = st.tx.Now()
		}
	}
	return r.Say(st.tx.Actor(), st.tx.Now(), public, text)
}

// Assign gives the whole of the request to a group, a person or both, to see to it; its
// tasks have groups of their own.
func (s *Service) Assign(ctx context.Context, actor workflow.Actor, id workflow.ID, group, person string) (*Request, error) {
	return s.run(ctx, actor, id, "assign", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		if len(group) > workflow.MaxKey || len(person) > workflow.MaxKey {
			return fmt.Errorf("request: %s: a group and a person have at most %d bytes: %w", st.r.Name(), workflow.MaxKey, workflow.ErrInvalid)
		}
		st.r.Group, st.r.Assignee = group, person
		return st.tell(TopicAssigned, "", "", group, person)
	})
}

// Attach adds a reference to a file.
func (s *Service) Attach(ctx context.Context, actor workflow.Actor, id workflow.ID, f workflow.Attachment) (*Request, error) {
	return s.run(ctx, actor, id, "attach", func(st *step) error {
		if err := st.authorize(RoleRequester, RoleOpener, RoleFulfiller, RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		return st.r.Attach(actor, st.tx.Now(), f)
	})
}

// Watch keeps a person informed.
func (s *Service) Watch(ctx context.Context, actor workflow.Actor, id workflow.ID, person string) (*Request, error) {
	return s.run(ctx, actor, id, "watch", func(st *step) error {
		if !actor.Is(person) {
			if err := st.authorize(RoleRequester, RoleOpener, RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
				return err
			}
		}
		return st.r.Watch(person)
	})
}
