package request_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// monkey gives any command to any request in the name of anybody, with arguments good and
// bad.
func monkey(ctx context.Context, r *rand.Rand, w *world, ids []workflow.ID) (workflow.ID, error) {
	actors := []workflow.Actor{ann, bob, carl, mia, fay, fred, dora, robo, carl, bob, fred}
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	actor, id := actors[r.IntN(len(actors))], ids[r.IntN(len(ids))]
	text := pick("", "a text", "a text")
	now := w.must(w.Get(ctx, id))
	item, task := pick("", "1", "2", "3", "4"), pick("1", "2", "3", "4")+"."+pick("1", "2", "3", "4", "5")
	if r.IntN(3) > 0 { // often something that is there
		for _, it := range now.Items {
			for _, t := range it.Tasks {
				if !t.State.Over() && r.IntN(2) == 0 {
					item, task = it.ID, t.ID
				}
			}
		}
	}
	child := workflow.Ref{Kind: "incident", ID: workflow.ID{byte(1 + r.IntN(4))}}
	var job workflow.ID
	if t, ok := now.Task(task); ok {
		job = t.Job
	}
	commands := []func() (*request.Request, error){
		func() (*request.Request, error) { return w.Submit(ctx, actor, id) },
		func() (*request.Request, error) {
			return w.Vote(ctx, actor, id, item, approval.Vote{Choice: []approval.Choice{approve, approve, approve, reject}[r.IntN(4)], Comment: text})
		},
		func() (*request.Request, error) { return w.Recuse(ctx, actor, id, item, text) },
		func() (*request.Request, error) { return w.RefreshApprovers(ctx, actor, id, item) },
		func() (*request.Request, error) {
			return w.Revise(ctx, actor, id, func(o *request.Order) {
				switch r.IntN(4) {
				case 0:
					o.Lines = append(o.Lines, one(pick("phone", "desk", "yacht", "account")))
				case 1:
					o.Lines = o.Lines[:r.IntN(len(o.Lines)+1)]
				case 2:
					if len(o.Lines) > 0 {
						o.Lines[0].Quantity = r.IntN(4)
					}
				default:
					o.Details = text
				}
			})
		},
		func() (*request.Request, error) { return w.StartTask(ctx, actor, id, task) },
		func() (*request.Request, error) {
			all := []request.TaskState{request.TaskComplete, request.TaskComplete, request.TaskComplete, request.TaskSkipped, request.TaskIncomplete, request.TaskOpen}
			return w.EndTask(ctx, actor, id, task, request.Done{State: all[r.IntN(len(all))], Note: text})
		},
		func() (*request.Request, error) { return w.AssignTask(ctx, actor, id, task, text, pick("", "dora")) },
		func() (*request.Request, error) {
			n := request.NewTask{Title: text, Group: pick("", "workplace")}
			if r.IntN(3) == 0 {
				n.Record = child
			}
			if r.IntN(3) == 0 {
				n.After = []string{task}
			}
			return w.AddTask(ctx, actor, id, item, n)
		},
		func() (*request.Request, error) {
			return w.Observe(ctx, actor, id, child, pick("open", "pending", "closed_complete", "closed_skipped", "closed_incomplete", "odd"))
		},
		func() (*request.Request, error) {
			return w.Report(ctx, actor, id, request.Report{Job: job, Failed: pick("", "", "broken"), Results: map[string]string{"login": text}})
		},
		func() (*request.Request, error) { return w.Retry(ctx, actor, id, task) },
		func() (*request.Request, error) {
			return w.Hold(ctx, actor, id, []request.HoldReason{request.AwaitingRequester, request.AwaitingThirdParty, "lunch"}[r.IntN(3)], text)
		},
		func() (*request.Request, error) { return w.Resume(ctx, actor, id, text) },
		func() (*request.Request, error) {
			return w.HoldItem(ctx, actor, id, item, request.AwaitingRequester, text)
		},
		func() (*request.Request, error) { return w.ResumeItem(ctx, actor, id, item) },
		func() (*request.Request, error) { return w.Comment(ctx, actor, id, text) },
		func() (*request.Request, error) { return w.Note(ctx, actor, id, text) },
		func() (*request.Request, error) { return w.Assign(ctx, actor, id, text, "carl") },
		func() (*request.Request, error) { return w.Confirm(ctx, actor, id, text) },
		func() (*request.Request, error) { return w.Watch(ctx, actor, id, text) },
		func() (*request.Request, error) {
			if item == "" {
				return w.Reopen(ctx, actor, id, text)
			}
			return w.Reopen(ctx, actor, id, text, item)
		},
	}
	rare := []func() (*request.Request, error){
		func() (*request.Request, error) { return w.CancelItem(ctx, actor, id, item, text) },
		func() (*request.Request, error) { return w.Cancel(ctx, actor, id, text) },
		func() (*request.Request, error) { return w.Close(ctx, actor, id) },
		func() (*request.Request, error) { return w.Act(ctx, actor, id, pick("fly", "confirm", "cancel"), text) },
	}
	if r.IntN(25) == 0 {
		commands = rare
	}
	_, err := commands[r.IntN(len(commands))]()
	return id, err
}

// helpful takes the request a sensible step further, if there is one.
func helpful(ctx context.Context, r *rand.Rand, w *world, id workflow.ID) error {
	now := w.must(w.Get(ctx, id))
	var steps []func() (*request.Request, error)
	add := func(f func() (*request.Request, error)) { steps = append(steps, f) }
	vote := func(item string, a *approval.Request) {
		if a != nil {
			for _, person := range a.Pending() {
				add(func() (*request.Request, error) {
					return w.Vote(ctx, workflow.User(person), id, item, approval.Vote{Choice: approve})
				})
			}
		}
	}
	switch now.State {
	case request.StateDraft:
		add(func() (*request.Request, error) { return w.Submit(ctx, ann, id) })
	case request.StateRequester, request.StateThirdParty:
		add(func() (*request.Request, error) { return w.Resume(ctx, carl, id, "") })
	case request.StateReview:
		add(func() (*request.Request, error) { return w.Confirm(ctx, carl, id, "") })
	case request.StateRejected, request.StateFulfilled:
		if r.IntN(4) == 0 {
			add(func() (*request.Request, error) { return w.Reopen(ctx, ann, id, "not like that") })
		}
	}
	vote("", now.Approval)
	for _, it := range now.Items {
		if it.State == request.ItemWaiting {
			vote(it.ID, it.Approval)
		}
		if it.Hold != "" {
			add(func() (*request.Request, error) { return w.ResumeItem(ctx, carl, id, it.ID) })
		}
		if it.State == request.ItemFulfilment && len(it.Tasks) == 0 {
			add(func() (*request.Request, error) {
				return w.AddTask(ctx, carl, id, it.ID, request.NewTask{Title: "Do it", Group: "workplace"})
			})
		}
		for _, t := range it.Tasks {
			switch {
			case t.State == request.TaskInProgress && t.Automation != "":
				add(func() (*request.Request, error) { return w.Report(ctx, robo, id, request.Report{Job: t.Job}) })
			case t.State == request.TaskOpen || t.State == request.TaskInProgress:
				add(func() (*request.Request, error) {
					return w.EndTask(ctx, carl, id, t.ID, request.Done{State: request.TaskComplete})
				})
			}
		}
	}
	if len(steps) == 0 {
		return nil
	}
	_, err := steps[r.IntN(len(steps))]()
	return err
}

// Whatever is asked of a few requests, every refusal is of a known class and changes
// nothing. When a walk ends, each request is rebuilt from its events alone, and what must
// hold is checked after each of them: see historyHolds.
func TestNothingBreaksARequest(t *testing.T) {
	done, refused, reached := 0, 0, map[string]int{}
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 11))
			w := newWorld(t, func(c *request.Config) {
				c.Children = request.UniversalRequest("incident")
				c.AllOrNothing = seed%4 == 3
				c.AutoClose, c.AutoCloseCalendar = 5, alwaysOpen
			})
			w.house.members["relation manager"] = []string{"bob", "carl", "ann"}
			w.house.delegations = []approval.Delegation{{From: "ann", To: "fay", Start: monday.AddDate(0, 0, 2), End: monday.AddDate(0, 0, 6)}}
			orders := [][]catalog.Line{{laptop(), one("phone")}, {one("account"), one("desk")}, {one("phone"), one("anything")},
				{{Bundle: "new starter", Answers: map[string]any{"role": "sales", "data": "public"}}}, {one("desk"), laptop(), one("account"), one("anything")}}
			var ids []workflow.ID
			for i, lines := range orders {
				begin := time.Time{}
				if i == 2 {
					begin = monday.AddDate(0, 0, 1)
				}
				create := w.Place
				if r.IntN(2) == 0 {
					create = w.Draft
				}
				ids = append(ids, w.must(create(t.Context(), ann, request.Order{Begin: begin, Lines: lines})).ID)
			}
			for range 300 {
				w.now = w.now.Add(time.Duration(r.IntN(60)) * time.Minute)
				if r.IntN(5) == 0 {
					w.deliver()
				}
				before := map[workflow.ID]*request.Request{}
				for _, id := range ids {
					before[id] = w.must(w.Get(t.Context(), id))
				}
				id := ids[r.IntN(len(ids))]
				var err error
				if r.IntN(3) == 0 {
					err = helpful(t.Context(), r, w, id)
				} else {
					id, err = monkey(t.Context(), r, w, ids)
				}
				if err == nil {
					done++
					continue
				}
				refused++
				_, vote := approval.IsRefusal(err)
				known := vote
				for _, class := range []error{workflow.ErrInvalid, workflow.ErrForbidden, workflow.ErrTransition, workflow.ErrNotFound, approval.ErrInvalid,
					request.ErrBegun, request.ErrNoApproval, request.ErrOnHold, request.ErrTooLate, request.ErrStaleJob} {
					known = known || errors.Is(err, class)
				}
				require.True(t, known, "%v", err)
				require.Equal(t, before[id], w.must(w.Get(t.Context(), id)), "a refusal changes nothing: %v", err)
			}
			for _, id := range ids {
				reached[w.must(w.Get(t.Context(), id)).State]++
			}
		})
	}
	require.Greater(t, done, 900)
	require.Greater(t, refused, 400)
	require.Greater(t, len(reached), 4, "%v", reached)
	t.Logf("%d carried out, %d refused, ended %v", done, refused, reached)
}
