package request_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
)

func TestRollUp(t *testing.T) {
	const open, complete, incomplete, skipped, rejected, cancelled = request.Open, request.Complete, request.Incomplete, request.Skipped, request.Rejected, request.Cancelled
	for _, row := range []struct {
		rule  string
		parts []request.Outcome
		want  request.Outcome
	}{
		{"nothing is not over", nil, open},
		{"all complete", []request.Outcome{complete, complete}, complete},
		{"one is open", []request.Outcome{complete, open, incomplete}, open},
		{"one is incomplete", []request.Outcome{complete, incomplete, skipped}, incomplete},
		{"all skipped", []request.Outcome{skipped, skipped}, skipped},
		{"complete and skipped: nothing that was needed is missing", []request.Outcome{skipped, complete}, complete},
		{"a rejected part says nothing of what was delivered", []request.Outcome{rejected, complete, cancelled}, complete},
		{"nor of what was skipped", []request.Outcome{rejected, skipped}, skipped},
		{"nothing left, as one was rejected", []request.Outcome{rejected, cancelled}, rejected},
		{"nothing left, as all were cancelled", []request.Outcome{cancelled, cancelled}, cancelled},
	} {
		require.Equal(t, row.want, request.RollUp(row.parts...), row.rule)
	}
}

func TestTasksRollUpToItemsAndItemsToTheRequest(t *testing.T) {
	for _, row := range []struct {
		rule          string
		account, chat request.TaskState
		items         []request.ItemState
		want          request.Outcome
	}{
		{"all complete", request.TaskComplete, request.TaskComplete, []request.ItemState{request.ItemComplete, request.ItemComplete}, request.Complete},
		{"one incomplete", request.TaskComplete, request.TaskIncomplete, []request.ItemState{request.ItemComplete, request.ItemIncomplete}, request.Incomplete},
		{"all skipped", request.TaskSkipped, request.TaskSkipped, []request.ItemState{request.ItemSkipped, request.ItemSkipped}, request.Skipped},
		{"complete and skipped", request.TaskComplete, request.TaskSkipped, []request.ItemState{request.ItemComplete, request.ItemSkipped}, request.Complete},
	} {
		t.Run(row.rule, func(t *testing.T) {
			w := newWorld(t)
			r := w.place(one("account"), one("phone"))
			require.Equal(t, request.StateFulfilment, r.State)
			r = w.do(r, row.account, "1.1", "1.2")
			r = w.do(r, row.chat, "2.1")
			if row.chat != request.TaskIncomplete { // the plan of phones gives up otherwise
				r = w.do(r, row.chat, "2.2", "2.3")
			}
			require.Equal(t, row.items, states(r))
			require.Equal(t, row.want, r.Outcome)
			require.Equal(t, request.StateFulfilled, r.State)
		})
	}
}

func TestTasksWaitForEachOther(t *testing.T) {
	w := newWorld(t)
	r := w.vote(bob, w.place(one("laptop", "data", "confidential", "clearance", "C1")), "1", approve)
	it := r.Items[0]
	require.Equal(t, []request.TaskState{request.TaskOpen, request.TaskWaiting, request.TaskWaiting, request.TaskWaiting}, taskStates(it))
	require.Equal(t, "workplace berlin", it.Tasks[1].Group, "where the person works")
	require.Equal(t, monday.Add(49*time.Hour), it.Expected, "buy, encrypt, hand over: image is done meanwhile")
	w.refused(r, workflow.ErrTransition, func() (*request.Request, error) { return w.StartTask(ctx, carl, r.ID, "1.2") })
	w.refused(r, workflow.ErrTransition, func() (*request.Request, error) {
		return w.EndTask(ctx, carl, r.ID, "1.4", request.Done{State: request.TaskComplete})
	})
	r = w.do(r, request.TaskComplete, "1.1")
	require.Equal(t, []request.TaskState{request.TaskComplete, request.TaskOpen, request.TaskOpen, request.TaskWaiting}, taskStates(r.Items[0]), "two side by side")
	r = w.do(r, request.TaskComplete, "1.3")
	require.Equal(t, request.TaskWaiting, r.Items[0].Tasks[3].State, "it waits for both")
	r = w.do(r, request.TaskComplete, "1.2", "1.4")
	require.Equal(t, request.StateFulfilled, r.State)
}

func TestATaskThatIsNotNeededIsSkipped(t *testing.T) {
	w := newWorld(t)
	r := w.vote(bob, w.place(laptop()), "1", approve)
	encrypt := r.Items[0].Tasks[2]
	require.Equal(t, request.TaskSkipped, encrypt.State)
	require.Equal(t, "not needed: not answer.data is confidential", encrypt.Note)
	r = w.do(r, request.TaskComplete, "1.1", "1.2", "1.4")
	require.Equal(t, request.Complete, r.Outcome, "complete and skipped")
}

func TestWhatBecomesOfTheRestWhenATaskIsIncomplete(t *testing.T) {
	t.Run("what waits for it is skipped, over others too", func(t *testing.T) {
		w := newWorld(t)
		r := w.vote(bob, w.place(laptop()), "1", approve)
		r = w.do(r, request.TaskIncomplete, "1.1")
		require.Equal(t, []request.TaskState{request.TaskIncomplete, request.TaskSkipped, request.TaskSkipped, request.TaskSkipped}, taskStates(r.Items[0]))
		require.Equal(t, "task 1.2 is incomplete", r.Items[0].Tasks[3].Note)
		require.Equal(t, request.Incomplete, r.Outcome)
	})
	t.Run("the plan may go on", func(t *testing.T) {
		w := newWorld(t)
		r := w.vote(fred, w.place(one("desk")), "1", approve)
		r = w.do(r, request.TaskIncomplete, "1.1")
		require.Equal(t, request.TaskOpen, r.Items[0].Tasks[1].State)
		r = w.do(r, request.TaskComplete, "1.2")
		require.Equal(t, request.Incomplete, r.Outcome)
	})
	t.Run("or give up", func(t *testing.T) {
		w := newWorld(t)
		r := w.do(w.place(one("phone")), request.TaskIncomplete, "1.1")
		require.Equal(t, []request.TaskState{request.TaskIncomplete, request.TaskSkipped, request.TaskSkipped}, taskStates(r.Items[0]))
	})
}

func TestADraftIsSavedAndNothingRuns(t *testing.T) {
	w := newWorld(t)
	r := w.must(w.Draft(ctx, ann, request.Order{Lines: []catalog.Line{one("laptop")}}))
	require.Equal(t, request.StateDraft, r.State)
	require.Equal(t, "1200.00 EUR", r.Quote().Total().StringFixed(2)+" "+r.Quote().Currency, "what it would cost is known")
	require.Empty(t, w.news())
	require.Empty(t, r.Clocks)
	err := w.refused(r, workflow.ErrInvalid, func() (*request.Request, error) { return w.Submit(ctx, ann, r.ID) })
	require.ErrorContains(t, err, "data is mandatory", "a draft may be incomplete, an order may not")
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) { return w.Submit(ctx, dora, r.ID) })
	r = w.must(w.Revise(ctx, ann, r.ID, func(o *request.Order) { o.Lines[0].Answers = map[string]any{"data": "public"} }))
	require.Equal(t, request.StateDraft, r.State)
	r = w.must(w.Submit(ctx, ann, r.ID))
	require.Equal(t, request.StateWaiting, r.State)
	require.Equal(t, "1", r.Items[0].ID, "it is the same item")
}

func TestWorkBeginsOnItsDate(t *testing.T) {
	w := newWorld(t)
	r := w.must(w.Place(ctx, ann, request.Order{Begin: monday.AddDate(0, 0, 7), Lines: []catalog.Line{one("account")}}))
	require.Equal(t, request.StateApproved, r.State)
	w.pass(6 * 24 * time.Hour)
	require.Equal(t, request.StateApproved, w.must(w.Get(ctx, r.ID)).State)
	w.pass(24 * time.Hour)
	require.Equal(t, request.StateFulfilment, w.must(w.Get(ctx, r.ID)).State)
}

func TestARequestForSomebodyElse(t *testing.T) {
	w := newWorld(t)
	r := w.must(w.Place(ctx, carl, request.Order{For: "ann", Lines: []catalog.Line{one("account")}}))
	require.Equal(t, "ann", r.For.ID)
	require.Equal(t, "carl", r.CreatedBy.ID)
	w.must(w.Place(ctx, dora.For("ann"), request.Order{Lines: []catalog.Line{one("account")}}))
	_, err := w.Place(ctx, dora, request.Order{For: "ann", Lines: []catalog.Line{one("account")}})
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.Place(ctx, carl, request.Order{For: "zoe", Lines: []catalog.Line{one("account")}})
	require.ErrorIs(t, err, workflow.ErrNotFound, "nobody of that name")
	_, err = w.Place(ctx, carl, request.Order{For: "cora", Lines: []catalog.Line{laptop()}})
	require.ErrorIs(t, err, catalog.ErrNotEntitled, "whom it is for is asked, and not who orders")
}

func TestWaitingForTheRequester(t *testing.T) {
	w := newWorld(t)
	r := w.place(one("phone"))
	w.refused(r, workflow.ErrGuard, func() (*request.Request, error) { return w.Hold(ctx, carl, r.ID, request.AwaitingRequester, " ") })
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) {
		return w.Hold(ctx, ann, r.ID, request.AwaitingThirdParty, "no")
	})
	r = w.must(w.Hold(ctx, carl, r.ID, request.AwaitingRequester, "Which number?"))
	require.Equal(t, request.StateRequester, r.State)
	require.Equal(t, request.StageFulfilment, r.Items[0].Stage())
	w.refused(r, request.ErrOnHold, func() (*request.Request, error) { return w.StartTask(ctx, carl, r.ID, "1.1") })
	r = w.must(w.Comment(ctx, carl, r.ID, "It is urgent."))
	require.Equal(t, request.StateRequester, r.State)
	r = w.must(w.Comment(ctx, ann, r.ID, "4711"))
	require.Equal(t, request.StateFulfilment, r.State, "the answer takes the work up again")
	require.Empty(t, r.HoldReason)
	r = w.must(w.Hold(ctx, carl, r.ID, request.AwaitingThirdParty, "the network operator"))
	require.Equal(t, request.StateThirdParty, r.State)
	r = w.must(w.Comment(ctx, ann, r.ID, "And?"))
	require.Equal(t, request.StateThirdParty, r.State, "that is not hers to answer")
	require.Equal(t, request.StateFulfilment, w.must(w.Resume(ctx, carl, r.ID, "they answered")).State)
}

func TestCancelling(t *testing.T) {
	w := newWorld(t)
	r := w.place(laptop(), one("desk"), one("account"))
	r = w.vote(fred, r, "2", approve)
	w.refused(r, request.ErrTooLate, func() (*request.Request, error) { return w.CancelItem(ctx, ann, r.ID, "2", "no") })
	w.refused(r, request.ErrTooLate, func() (*request.Request, error) { return w.Cancel(ctx, ann, r.ID, "all of it") })
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) { return w.CancelItem(ctx, dora, r.ID, "1", "no") })
	w.refused(r, workflow.ErrInvalid, func() (*request.Request, error) { return w.CancelItem(ctx, ann, r.ID, "1", "") })
	r = w.must(w.CancelItem(ctx, ann, r.ID, "1", "I have one"))
	require.Equal(t, []request.ItemState{request.ItemCancelled, request.ItemFulfilment, request.ItemFulfilment}, states(r))
	w.news()
	r = w.must(w.CancelItem(ctx, mia, r.ID, "3", "a manager may"))
	var jobs []bool
	for _, s := range w.news() {
		if s.topic == "request.automation.directory.account" {
			jobs = append(jobs, s.job.Cancel)
		}
	}
	require.Equal(t, []bool{true}, jobs, "the program is told to stop")
	r = w.must(w.Cancel(ctx, mia, r.ID, "the project is over"))
	require.Equal(t, request.StateCancelled, r.State)
	require.Equal(t, request.Cancelled, r.Outcome)
	require.Equal(t, request.TaskSkipped, r.Items[1].Tasks[0].State)

	r = w.place(laptop())
	require.Equal(t, request.StateCancelled, w.must(w.CancelItem(ctx, ann, r.ID, "1", "no")).State, "nothing is left")
	parking := w.place(one("parking"))
	w.refused(parking, request.ErrTooLate, func() (*request.Request, error) { return w.CancelItem(ctx, carl, parking.ID, "1", "no") })
	draft := w.must(w.Draft(ctx, ann, request.Order{Lines: []catalog.Line{one("parking")}}))
	require.Equal(t, request.StateCancelled, w.must(w.Cancel(ctx, ann, draft.ID, "no")).State, "a draft is his own")
}

func TestARequestClosesUnlessTheRequesterObjects(t *testing.T) {
	always := func(c *request.Config) { c.AutoClose, c.AutoCloseCalendar = 2, alwaysOpen }
	w := newWorld(t, always)
	r := w.do(w.place(one("phone")), request.TaskComplete, "1.1", "1.2", "1.3")
	w.pass(24 * time.Hour)
	r = w.must(w.Reopen(ctx, ann, r.ID, "it does not ring"))
	require.Equal(t, request.StateFulfilment, r.State)
	again := r.Items[0].Tasks[3]
	require.Equal(t, "Put right: Phone", again.Title)
	require.Equal(t, "workplace", again.Group, "whose task was the last")
	w.pass(5 * 24 * time.Hour)
	r = w.do(w.must(w.Get(ctx, r.ID)), request.TaskComplete, again.ID)
	require.Equal(t, request.StateFulfilled, r.State)
	w.pass(49 * time.Hour)
	require.Equal(t, request.StateClosed, w.must(w.Get(ctx, r.ID)).State)
	w.refused(r, workflow.ErrTransition, func() (*request.Request, error) { return w.Reopen(ctx, ann, r.ID, "again") })
}

func TestServiceLevelsOfItemsPauseWhileTheyWaitForTheRequester(t *testing.T) {
	w := newWorld(t)
	r := w.place(laptop(), laptop())
	w.pass(24 * time.Hour)
	require.Nil(t, w.must(w.Get(ctx, r.ID)).Items[0].Clock("delivery"), "the time of approvals is not that of delivery")
	r = w.vote(bob, w.vote(bob, r, "1", approve), "2", approve)
	began := w.now
	require.Equal(t, began.Add(80*time.Hour), r.Items[0].Clock("delivery").Due)
	w.pass(10 * time.Hour)
	w.must(w.HoldItem(ctx, carl, r.ID, "1", request.AwaitingRequester, "Which keyboard?"))
	w.pass(20 * time.Hour)
	r = w.must(w.Comment(ctx, ann, r.ID, "The German one."))
	require.Equal(t, began.Add(100*time.Hour), r.Items[0].Clock("delivery").Due)
	require.Equal(t, began.Add(80*time.Hour), r.Items[1].Clock("delivery").Due, "the other one went on")
	w.news()
	w.pass(60 * time.Hour)
	r = w.must(w.Get(ctx, r.ID))
	require.True(t, r.Items[1].Clock("delivery").Breached)
	require.False(t, r.Items[0].Clock("delivery").Breached)
	var topics []string
	for _, s := range w.news() {
		if s.Target == "delivery" {
			topics = append(topics, s.topic+" "+s.Item)
		}
	}
	require.Equal(t, []string{request.TopicWarning + " 2", request.TopicWarning + " 1", request.TopicBreach + " 2"}, topics)
	status, err := w.ServiceLevels(r, "1", w.now)
	require.NoError(t, err)
	require.True(t, status[0].Applies)
	require.Len(t, w.Cases(r), 2)
}

func TestStagesShownToTheRequester(t *testing.T) {
	w := newWorld(t)
	way := func(r *request.Request) string {
		text := ""
		it := r.Items[0]
		for _, m := range it.Way() {
			switch {
			case m.Now:
				text += "[" + string(m.Stage) + "] "
			case m.Done:
				text += string(m.Stage) + "* "
			default:
				text += string(m.Stage) + " "
			}
		}
		return text
	}
	r := w.place(laptop())
	require.Equal(t, "ordered* [waiting for approval] fulfilment delivered ", way(r))
	rejected := w.vote(bob, w.place(laptop()), "1", reject)
	require.Equal(t, "ordered* waiting for approval* [ended] ", way(rejected))
	r = w.vote(bob, r, "1", approve)
	require.Equal(t, "ordered* waiting for approval* [fulfilment] delivered ", way(r))
	r = w.must(w.HoldItem(ctx, carl, r.ID, "1", request.AwaitingThirdParty, "the supplier"))
	require.Equal(t, "ordered* waiting for approval* fulfilment* [waiting] delivered ", way(r))
	r = w.must(w.ResumeItem(ctx, carl, r.ID, "1"))
	r = w.do(r, request.TaskComplete, "1.1", "1.2", "1.4")
	require.Equal(t, "ordered* waiting for approval* fulfilment* [delivered] ", way(r))
}

func TestNothingBeginsBeforeItsDateInAnyLifecycle(t *testing.T) {
	w := newWorld(t, func(c *request.Config) { c.Model = itop() })
	r := w.must(w.Place(ctx, ann, request.Order{Begin: monday.AddDate(0, 0, 2), Lines: []catalog.Line{one("phone")}}))
	r = w.must(w.Act(ctx, carl, r.ID, "ev_assign", "early"))
	require.Equal(t, request.ItemApproved, r.Items[0].State)
	w.pass(48 * time.Hour)
	require.Equal(t, request.ItemFulfilment, w.must(w.Get(ctx, r.ID)).Items[0].State)
}

func TestAnItemThatWaitsForAThirdPartyIsNotTakenUpByTheRequestersWord(t *testing.T) {
	w := newWorld(t)
	r := w.must(w.HoldItem(ctx, carl, w.place(one("phone"), one("account")).ID, "1", request.AwaitingThirdParty, "the operator"))
	w.refused(r, request.ErrOnHold, func() (*request.Request, error) { return w.StartTask(ctx, carl, r.ID, "1.1") })
	r = w.must(w.Comment(ctx, ann, r.ID, "And?"))
	require.Equal(t, request.AwaitingThirdParty, r.Items[0].Hold)
	require.True(t, r.AwaitsReply)
	r = w.must(w.Comment(ctx, carl, r.ID, "Tomorrow."))
	require.False(t, r.AwaitsReply)
	r = w.must(w.ResumeItem(ctx, carl, r.ID, "1"))
	w.refused(r, workflow.ErrTransition, func() (*request.Request, error) { return w.ResumeItem(ctx, carl, r.ID, "1") })
}

func TestWhatIsPutRightIsNotGivenUpForWhatFailedBefore(t *testing.T) {
	w := newWorld(t)
	r := w.do(w.place(one("phone")), request.TaskIncomplete, "1.1")
	r = w.do(r, request.TaskComplete)
	require.Equal(t, request.StateFulfilled, r.State)
	w.now = w.now.Add(time.Hour)
	r = w.must(w.Reopen(ctx, ann, r.ID, "I still have no phone", "1"))
	require.Equal(t, request.StateFulfilment, r.State, "somebody is to put it right")
	last := r.Items[0].Tasks[len(r.Items[0].Tasks)-1]
	require.Equal(t, request.TaskOpen, last.State)
	require.Equal(t, request.StateFulfilled, w.do(r, request.TaskComplete, last.ID).State)
}

func TestWhatIsPutRightIsNotIncompleteAnyMore(t *testing.T) {
	for _, row := range []struct {
		name  string
		right []request.TaskState // how the tasks end by which it is put right, one reopening after the other
		want  request.Outcome
	}{
		{"put right", []request.TaskState{request.TaskComplete}, request.Complete},
		{"not even then", []request.TaskState{request.TaskIncomplete}, request.Incomplete},
		{"left as it was", []request.TaskState{request.TaskSkipped}, request.Incomplete},
		{"at the second try", []request.TaskState{request.TaskIncomplete, request.TaskComplete}, request.Complete},
		{"and broken again", []request.TaskState{request.TaskComplete, request.TaskIncomplete}, request.Incomplete},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			r := w.do(w.place(one("phone"), one("phone")), request.TaskIncomplete, "1.1")
			r = w.do(r, request.TaskComplete, "2.1", "2.2", "2.3")
			require.Equal(t, request.Incomplete, r.Outcome)
			for _, state := range row.right {
				w.now = w.now.Add(time.Hour)
				r = w.must(w.Reopen(ctx, ann, r.ID, "it does not ring", "1"))
				w.now = w.now.Add(time.Hour)
				tasks := r.Items[0].Tasks
				r = w.do(r, state, tasks[len(tasks)-1].ID)
			}
			require.Equal(t, request.StateFulfilled, r.State)
			require.Equal(t, row.want, r.Outcome)
			require.Equal(t, string(row.want), string(r.Items[0].State))
		})
	}
}
