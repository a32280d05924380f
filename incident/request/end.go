package request

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
)

// CancelItem takes one item out of an order that was placed, for a reason, as far as the
// catalogue lets the actor: see [catalog.Cancellation]. Managers of requests may until it is
// delivered. The error matches [ErrTooLate] if it is too late.
func (s *Service) CancelItem(ctx context.Context, actor workflow.Actor, id workflow.ID, item, reason string) (*Request, error) {
	return s.run(ctx, actor, id, "cancel_item", func(st *step) error {
		if err := st.unfinished(); err != nil {
			return err
		}
		it := st.r.item(item)
		if it == nil {
			return fmt.Errorf("request: %s has no item %.32q: %w", st.r.Name(), item, workflow.ErrNotFound)
		}
		if reason == "" || len(reason) > workflow.MaxText {
			return fmt.Errorf("request: %s: it takes a reason of at most %d bytes: %w", st.r.Name(), workflow.MaxText, workflow.ErrInvalid)
		}
		if st.draft() {
			return fmt.Errorf("request: %s is a draft, see Revise: %w", st.r.Name(), workflow.ErrTransition)
		}
		if it.State.Over() {
			return fmt.Errorf("request: %s: item %s is %s: %w", st.r.Name(), item, it.State, workflow.ErrTransition)
		}
		if err := st.mayCancel(it); err != nil {
			return err
		}
		st.reason = reason
		st.endItem(it, ItemCancelled, reason)
		return nil
	})
}

// mayCancel asks the rule of the catalogue.
func (st *step) mayCancel(it *Item) error {
	rule := st.v.Cancellation(it.Name)
	if st.authorize(RoleManager, workflow.RoleSystem) == nil {
		return nil
	}
	if err := st.authorize(append([]string{RoleManager, workflow.RoleSystem}, rule.By...)...); err != nil {
		return err
	}
	early := it.State == ItemRequested || it.State == ItemWaiting
	ok := early || it.State == ItemApproved && rule.Until != catalog.UntilApproval || it.State == ItemFulfilment && rule.Until == catalog.UntilDelivery
	if ok && rule.Until != catalog.Never {
		return nil
	}
	until := rule.Until
	if until == catalog.UntilFulfilment {
		until = "fulfilment"
	}
	return fmt.Errorf("request: %s: item %s, %s, is %s and can be cancelled until %s: %w", st.r.Name(), it.ID, it.Title, it.State, until, ErrTooLate)
}

// Cancel ends the whole request, for a reason. Every item that is not over must be one that
// the actor may cancel; a draft can be cancelled by whoever saved it.
func (s *Service) Cancel(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string) (*Request, error) {
	return s.run(ctx, actor, id, ActionCancel, func(st *step) error {
		if !st.draft() && st.can(ActionCancel) {
			for i := range st.r.Items {
				if it := &st.r.Items[i]; !it.State.Over() {
					if err := st.mayCancel(it); err != nil {
						return err
					}
				}
			}
		}
		st.reason = reason
		return st.fire(ActionCancel)
	})
}

// Close ends a fulfilled request for good.
func (s *Service) Close(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Request, error) {
	return s.run(ctx, actor, id, ActionClose, func(st *step) error { return st.fire(ActionClose) })
}

// Confirm says that what was delivered is right, where the catalogue wants that looked at.
func (s *Service) Confirm(ctx context.Context, actor workflow.Actor, id workflow.ID, note string) (*Request, error) {
	return s.run(ctx, actor, id, ActionConfirm, func(st *step) error {
		st.reason = note
		return st.fire(ActionConfirm)
	})
}

// Reopen takes a request up again, for a reason. Of one that is fulfilled, or in review, the
// items named, or all that were delivered, have a further task for the group that did the
// last one: to put it right. Once that is complete, the item is, though it had been
// incomplete. One that was rejected becomes a draft again.
func (s *Service) Reopen(ctx context.Context, actor workflow.Actor, id workflow.ID, reason string, items ...string) (*Request, error) {
	return s.run(ctx, actor, id, ActionReopen, func(st *step) error {
		r := st.r
		st.reason = reason
		category := st.s.Category(r)
		for _, name := range items {
			if it := r.item(name); it == nil || !it.State.worked() {
				return fmt.Errorf("request: %s has no delivered item %.32q: %w", r.Name(), name, workflow.ErrInvalid)
			}
		}
		if st.can(ActionReopen) && !category.Final() {
			if err := st.putRight(items, reason); err != nil {
				return err
			}
		}
		if err := st.fire(ActionReopen); err != nil {
			return err
		}
		r.Reopened++
		r.FulfilledAt = time.Time{}
		return st.tell(TopicReopened, "", reason, r.Assignee, r.Group)
	})
}

// FallbackGroup is whose task it is to put right what programs alone have delivered, of a
// request that nobody sees to.
const FallbackGroup = "service desk"

func (st *step) putRight(items []string, reason string) error {
	for i := range st.r.Items {
		it := &st.r.Items[i]
		if !it.State.worked() || len(items) > 0 && !slices.Contains(items, it.ID) {
			continue
		}
		it.State, it.Note, it.EndedAt = ItemFulfilment, "", time.Time{}
		n := NewTask{Title: clip("Put right: "+it.Title, workflow.MaxTitle-4), Details: reason}
		for _, t := range it.Tasks {
			if t.Group != "" || t.Assignee != "" {
				n.Group, n.Person = t.Group, t.Assignee
			}
		}
		if n.Group == "" && n.Person == "" { // programs did it all
			n.Group, n.Person = st.r.Group, st.r.Assignee
		}
		if n.Group == "" && n.Person == "" {
			n.Group = FallbackGroup
		}
		if err := st.add(it, n); err != nil {
			return err
		}
		it.Tasks[len(it.Tasks)-1].PutsRight = true
	}
	return nil
}
