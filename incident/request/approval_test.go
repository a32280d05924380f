package request_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

func TestWhoApproves(t *testing.T) {
	w := newWorld(t)
	r := w.place(laptop())
	require.Equal(t, []string{"bob"}, r.Items[0].Approval.Pending())
	require.Equal(t, []string{"bob"}, w.told(request.TopicApproval))
	w.refused(r, approval.ErrNotEligible, func() (*request.Request, error) {
		return w.Vote(ctx, fay, r.ID, "1", approval.Vote{Choice: approve})
	})
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) {
		return w.Vote(ctx, carl.For("bob"), r.ID, "1", approval.Vote{Choice: approve})
	})
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) {
		return w.Vote(ctx, robo, r.ID, "1", approval.Vote{Choice: approve})
	})
	r = w.vote(bob, r, "1", approve)
	require.Equal(t, request.StateFulfilment, r.State, "1200 is below the threshold of finance")

	dear := w.place(one("laptop", "data", "public", "memory", "32"), catalog.Line{Item: "laptop", Quantity: 2, Answers: map[string]any{"data": "public"}})
	dear = w.vote(bob, w.vote(bob, dear, "1", approve), "2", approve)
	require.Equal(t, []request.ItemState{request.ItemFulfilment, request.ItemWaiting}, states(dear), "two laptops cost 2400")
	require.Equal(t, []string{"carl", "fay"}, dear.Items[1].Approval.Pending())
	dear = w.vote(fay, dear, "2", approve)
	require.Equal(t, []request.ItemState{request.ItemFulfilment, request.ItemFulfilment}, states(dear))

	cart := w.place(catalog.Line{Item: "laptop", Quantity: 3, Answers: map[string]any{"data": "public"}}, catalog.Line{Item: "laptop", Quantity: 3, Answers: map[string]any{"data": "public"}})
	require.Equal(t, []string{"carl", "fay"}, cart.Approval.Pending(), "7200 for the whole cart")
	w.vote(fay, cart, "", reject)
	cart = w.must(w.Get(ctx, cart.ID))
	require.Equal(t, request.StateRejected, cart.State, "the whole is rejected, and so is every item")

	desk := w.place(one("desk"))
	require.Equal(t, []string{"fred"}, desk.Items[0].Approval.Pending(), "whom the catalogue names as the owner")
}

func TestWhoOrdersNeverApproves(t *testing.T) {
	refuses := func(w *world, r *request.Request, who workflow.Actor) {
		w.t.Helper()
		w.refused(r, approval.ErrConflictOfInterest, func() (*request.Request, error) {
			return w.Vote(ctx, who, r.ID, "1", approval.Vote{Choice: approve})
		})
	}
	t.Run("for whom it is", func(t *testing.T) {
		w := newWorld(t)
		w.house.members["relation manager"] = []string{"ann", "bob"}
		refuses(w, w.place(laptop()), ann)
	})
	t.Run("who ordered it for him", func(t *testing.T) {
		w := newWorld(t)
		w.house.members["relation manager"] = []string{"carl", "bob"}
		refuses(w, w.must(w.Place(ctx, carl, request.Order{For: "ann", Lines: []catalog.Line{laptop()}})), carl)
	})
	t.Run("who has changed the order", func(t *testing.T) {
		w := newWorld(t)
		w.house.members["relation manager"] = []string{"carl", "bob"}
		r := w.place(laptop())
		r = w.must(w.Revise(ctx, carl, r.ID, func(o *request.Order) { o.Details = "soon" }))
		refuses(w, r, carl)
	})
	t.Run("who acts for one of them", func(t *testing.T) {
		w := newWorld(t)
		w.house.delegations = []approval.Delegation{{From: "ann", To: "bob", Start: monday, End: monday.AddDate(0, 1, 0)}}
		r := w.place(laptop())
		require.Equal(t, approval.Blocked, r.Items[0].Approval.Status, "her manager is her deputy, and there is nobody else")
		w.house.members["relation manager"] = []string{"bob", "fay"}
		r = w.must(w.RefreshApprovers(ctx, carl, r.ID, "1"))
		refuses(w, r, bob)
		require.Equal(t, request.StateFulfilment, w.vote(fay, r, "1", approve).State)
	})
	t.Run("a deputy of the approver does", func(t *testing.T) {
		w := newWorld(t)
		w.house.delegations = []approval.Delegation{{From: "bob", To: "fay", Start: monday, End: monday.AddDate(0, 1, 0)}}
		require.Equal(t, request.StateFulfilment, w.vote(fay, w.place(laptop()), "1", approve).State)
	})
}

func TestApprovalFailsClosed(t *testing.T) {
	w := newWorld(t)
	w.house.members["relation manager"] = nil
	r := w.place(laptop())
	require.Equal(t, request.StateWaiting, r.State)
	require.Equal(t, approval.Blocked, r.Items[0].Approval.Status)
	require.Contains(t, w.told(request.TopicEscalated), "ann", "nobody approves by not being there, and it is said")
	w.pass(30 * 24 * time.Hour)
	require.Equal(t, request.StateWaiting, w.must(w.Get(ctx, r.ID)).State)
}

func TestApprovalIsAskedAgainWhenTheOrderChanges(t *testing.T) {
	w := newWorld(t, func(c *request.Config) { c.AllOrNothing = true })
	r := w.vote(bob, w.place(laptop(), one("desk")), "1", approve)
	require.Equal(t, []request.ItemState{request.ItemApproved, request.ItemWaiting}, states(r))
	w.news()
	r = w.must(w.Revise(ctx, ann, r.ID, func(o *request.Order) { o.Details = "please" }))
	require.Equal(t, 1, r.Items[0].Approval.Round, "what was approved is as it was")
	require.Empty(t, w.told(request.TopicApproval))
	r = w.must(w.Revise(ctx, ann, r.ID, func(o *request.Order) { o.Lines[0].Quantity = 2 }))
	require.Equal(t, 2, r.Items[0].Approval.Round)
	require.Equal(t, 1, r.Items[1].Approval.Round, "the desk is the same")
	require.Equal(t, []request.ItemState{request.ItemWaiting, request.ItemWaiting}, states(r))
	require.Equal(t, []string{"bob"}, w.told(request.TopicApproval))
	r = w.must(w.Revise(ctx, ann, r.ID, func(o *request.Order) { o.Lines = o.Lines[1:] }))
	require.Equal(t, []string{"bob"}, w.told(request.TopicNoLonger), "the laptop is not ordered any more")
	r = w.vote(fred, r, "2", approve)
	require.Equal(t, request.StateFulfilment, r.State)
	w.refused(r, request.ErrBegun, func() (*request.Request, error) {
		return w.Revise(ctx, ann, r.ID, func(o *request.Order) { o.Lines = append(o.Lines, laptop()) })
	})
}

func TestOneRejectedItemDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t)
	r := w.vote(bob, w.place(laptop(), one("desk")), "1", reject)
	require.Equal(t, []request.ItemState{request.ItemRejected, request.ItemWaiting}, states(r))
	r = w.vote(fred, r, "2", approve)
	require.Equal(t, request.StateFulfilment, r.State)
	require.Equal(t, "310", r.Quote().Total().String(), "what is rejected costs nothing")
	r = w.do(r, request.TaskComplete, "2.1", "2.2")
	require.Equal(t, request.Complete, r.Outcome)

	w = newWorld(t, func(c *request.Config) { c.AllOrNothing = true })
	r = w.vote(bob, w.place(laptop(), one("phone"), one("desk")), "1", reject)
	require.Equal(t, []request.ItemState{request.ItemRejected, request.ItemRejected, request.ItemRejected}, states(r), "unless it is all or nothing")
	require.Equal(t, request.StateRejected, r.State)
	require.Equal(t, "with item 1, Laptop", r.Items[2].Note)
}

func TestARejectedOrderIsReopenedOrCopied(t *testing.T) {
	w := newWorld(t)
	r := w.vote(bob, w.place(laptop()), "1", reject)
	require.Equal(t, request.StateRejected, r.State)
	c := w.must(w.Copy(ctx, ann, r.ID))
	require.Equal(t, request.StateDraft, c.State)
	require.Equal(t, r.ID, c.CopyOf)
	require.Equal(t, r.Items[0].Answers, c.Items[0].Answers)
	_, err := w.Copy(ctx, dora, r.ID)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	r = w.must(w.Reopen(ctx, ann, r.ID, "cheaper now"))
	require.Equal(t, request.StateDraft, r.State)
	r = w.must(w.Submit(ctx, ann, r.ID))
	require.Equal(t, 2, r.Items[0].Approval.Round, "it is put to them once more")
	require.Equal(t, request.StateFulfilment, w.vote(bob, r, "1", approve).State)
}

func TestAnApprovalHasADeadline(t *testing.T) {
	w := newWorld(t)
	r := w.place(laptop())
	w.news()
	w.pass(25 * time.Hour)
	require.Equal(t, []string{"bob"}, w.told(request.TopicReminder))
	w.pass(24 * time.Hour)
	r = w.must(w.Get(ctx, r.ID))
	require.Equal(t, request.StateRejected, r.State, "the policy says reject")
	require.Contains(t, r.Items[0].Note, "not decided in time")
}

func TestAnApprovalThatNoLongerHoldsIsAskedAgainBeforeWorkBegins(t *testing.T) {
	deputy := []approval.Delegation{{From: "ann", To: "bob", Start: monday, End: monday.AddDate(1, 0, 0)}}
	t.Run("on the date on which work begins", func(t *testing.T) {
		w := newWorld(t)
		r := w.must(w.Place(ctx, ann, request.Order{Begin: monday.AddDate(0, 0, 7), Lines: []catalog.Line{laptop(), one("phone")}}))
		r = w.vote(bob, r, "1", approve)
		require.Equal(t, request.StateApproved, r.State)
		w.house.delegations = deputy
		w.house.members["relation manager"] = []string{"bob", "fay"}
		w.pass(7 * 24 * time.Hour)
		r = w.must(w.Get(ctx, r.ID))
		require.Equal(t, []request.ItemState{request.ItemWaiting, request.ItemFulfilment}, states(r), "bob acts for ann by now, and his vote counts no more")
		require.Equal(t, []string{"fay"}, r.Items[0].Approval.Pending())
		require.Equal(t, request.ItemFulfilment, w.vote(fay, r, "1", approve).Items[0].State)
	})
	t.Run("when the last item of all or nothing is approved", func(t *testing.T) {
		w := newWorld(t, func(c *request.Config) { c.AllOrNothing = true })
		r := w.vote(bob, w.place(laptop(), one("desk")), "1", approve)
		w.house.delegations = deputy
		w.house.members["relation manager"] = []string{"bob", "fay"}
		r = w.vote(fred, r, "2", approve)
		require.Equal(t, request.ItemWaiting, r.Items[0].State)
		require.Equal(t, []string{"fay"}, r.Items[0].Approval.Pending())
		r = w.vote(fay, r, "1", approve)
		require.Equal(t, []request.ItemState{request.ItemFulfilment, request.ItemFulfilment}, states(r))
	})
}

func TestARejectedItemThatIsOrderedOtherwiseIsAskedForOnceMore(t *testing.T) {
	w := newWorld(t)
	r := w.vote(bob, w.place(laptop(), one("desk")), "1", reject)
	r = w.must(w.Revise(ctx, ann, r.ID, func(o *request.Order) { o.Details = "please" }))
	require.Equal(t, request.ItemRejected, r.Items[0].State, "it is what was rejected")
	r = w.must(w.Revise(ctx, ann, r.ID, func(o *request.Order) {
		o.Lines[0].Answers["data"] = "confidential"
		o.Lines[0].Answers["clearance"] = "C1"
	}))
	require.Equal(t, []request.ItemState{request.ItemWaiting, request.ItemWaiting}, states(r))
	require.Equal(t, 2, r.Items[0].Approval.Round)
}

func TestAReminderThatIsDeliveredTwiceRemindsOnce(t *testing.T) {
	w := newWorld(t)
	r := w.place(laptop())
	w.news()
	w.now = monday.Add(24 * time.Hour)
	alarms := r.Items[0].Approval.Alarms()
	at := -1
	for n, a := range alarms {
		if a.Kind == approval.AlarmRemind {
			at = n
		}
	}
	require.GreaterOrEqual(t, at, 0)
	d := workflow.Due{Timer: &workflow.Timer{Ref: w.Kind().Ref(r.ID), Name: fmt.Sprintf("approval/1/%d", at), Due: alarms[at].At}}
	for range 2 { // the process died between the commit and the word that it is done
		require.NoError(t, w.Handle(ctx, d))
	}
	require.Equal(t, []string{"bob"}, w.told(request.TopicReminder))
}
