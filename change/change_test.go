package change_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

var (
	ctx     = context.Background()
	monday  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ann     = workflow.User("ann", change.RoleAgent)   // requests
	dan     = workflow.User("dan", change.RoleAgent)   // implements
	mia     = workflow.User("mia", change.RoleManager) // manages; gus is of the group, bob, cho and eve are of the board
	approve = approval.Vote{Choice: approval.Approve}
	reject  = approval.Vote{Choice: approval.Reject, Comment: "too risky"}
)

// people is the directory of the tests.
type people struct {
	behind  map[string][]string
	deputed []approval.Delegation
}

func (p *people) Members(_ context.Context, s approval.Selector, _ *change.Change) ([]string, error) {
	return p.behind[s.String()], nil
}

func (p *people) Delegations(context.Context, string, time.Time) ([]approval.Delegation, error) {
	return p.deputed, nil
}

type world struct {
	*change.Service
	t      *testing.T
	now    time.Time
	people *people
	plan   *schedule.Schedule
	store  *memstore.Store
}

func newWorld(t *testing.T, edit ...func(*change.Config)) *world {
	t.Helper()
	always, err := calendar.New("UTC", calendar.Weekly(time.Monday, time.Sunday, "00:00-24:00"))
	require.NoError(t, err)
	w := &world{t: t, now: monday, store: memstore.New(), people: &people{behind: map[string][]string{
		"relation assignment_group": {"gus", "dan", "ann"}, "board cab": {"bob", "cho", "eve", "ann"}, "board ecab": {"bob", "eve"},
	}}}
	w.plan, err = schedule.New([]schedule.Window{{Name: "year end", Kind: schedule.Blackout, Hours: always, Scope: schedule.Scope{Everything: true},
		From: monday.AddDate(0, 0, 20), Until: monday.AddDate(0, 0, 30)}}, schedule.Rules{})
	require.NoError(t, err)
	cfg := change.Config{Directory: w.people,
		Templates: func(_ context.Context, name string) (change.Template, error) {
			if name != "any" {
				return change.Template{}, change.ErrNoTemplate
			}
			return change.Template{Name: name, Version: 1, Proposal: change.Proposal{Model: "standard"}}, nil
		},
		Conflicts: func(_ context.Context, c schedule.Change) ([]schedule.Conflict, error) {
			return w.plan.Conflicts(c), nil
		},
		MayExcept: func(_ string, by workflow.Actor) bool { return by.HasRole(change.RoleManager) },
	}
	for _, e := range edit {
		e(&cfg)
	}
	w.Service, err = change.NewService(workflow.NewDesk(w.store, workflow.DeskConfig{Clock: func() time.Time { return w.now }}), cfg)
	require.NoError(t, err)
	return w
}

func proposal(model string) change.Proposal {
	template := ""
	if model == "standard" {
		template = "any"
	}
	return change.Proposal{Model: model, Template: template, Title: "Upgrade the database", Risk: "high", Assignee: "dan", Group: "dba",
		Items: []schedule.Item{{ID: "db-01"}}, Plan: "install", BackOut: "restore", Start: monday.AddDate(0, 0, 1), End: monday.AddDate(0, 0, 1).Add(2 * time.Hour)}
}

// drive carries out steps by their names, and returns the change or the first error.
func (w *world) drive(c *change.Change, steps ...string) (*change.Change, error) {
	for _, step := range steps {
		w.now = w.now.Add(time.Minute)
		var next *change.Change
		var err error
		switch step {
		case "submit":
			next, err = w.Submit(ctx, ann, c.ID)
		case "gus+", "bob+", "cho+", "eve+", "ann+", "dan+":
			next, err = w.Vote(ctx, workflow.User(step[:3]), c.ID, approve)
		case "gus-", "bob-":
			next, err = w.Vote(ctx, workflow.User(step[:3]), c.ID, reject)
		case "revert":
			next, err = w.Revert(ctx, ann, c.ID, "another plan")
		case "implement":
			next, err = w.Implement(ctx, dan, c.ID)
		case "complete":
			next, err = w.Complete(ctx, dan, c.ID)
		case "close":
			next, err = w.Close(ctx, mia, c.ID, change.Review{Outcome: change.Successful, Notes: "went well"})
		case "cancel":
			next, err = w.Cancel(ctx, mia, c.ID, "not needed")
		case "hold":
			next, err = w.Hold(ctx, mia, c.ID, "supplier is late")
		case "release":
			next, err = w.Release(ctx, mia, c.ID)
		case "replan":
			next, err = w.Update(ctx, ann, c.ID, func(p *change.Proposal) { p.Plan += ", and more" })
		case "reassign":
			next, err = w.Update(ctx, mia, c.ID, func(p *change.Proposal) { p.Assignee = "bob" })
		case "details":
			next, err = w.Update(ctx, ann, c.ID, func(p *change.Proposal) { p.Details = "as agreed on the phone" })
		case "to emergency":
			next, err = w.SetModel(ctx, ann, c.ID, "emergency")
		default:
			w.t.Fatalf("no step %q", step)
		}
		if err != nil {
			return c, fmt.Errorf("%s: %w", step, err)
		}
		c = next
	}
	return c, nil
}

func (w *world) propose(model string) *change.Change {
	w.t.Helper()
	c, err := w.Propose(ctx, ann, proposal(model))
	require.NoError(w.t, err)
	return c
}

func TestTheWaysOfAChange(t *testing.T) {
	for _, c := range []struct {
		name, model string
		steps       []string
		state       string
		err         error
	}{
		{"a normal change asks its group first", "normal", []string{"submit"}, change.StateAssess, nil},
		{"then the board", "normal", []string{"submit", "gus+"}, change.StateAuthorize, nil},
		{"whose majority schedules it", "normal", []string{"submit", "gus+", "bob+", "cho+"}, change.StateScheduled, nil},
		{"all the way", "normal", []string{"submit", "gus+", "bob+", "cho+", "implement", "complete", "close"}, change.StateClosed, nil},
		{"a standard change is approved before", "standard", []string{"submit", "implement", "complete", "close"}, change.StateClosed, nil},
		{"an emergency asks the emergency board alone", "emergency", []string{"submit", "eve+", "implement", "complete", "close"}, change.StateClosed, nil},
		{"nothing is implemented before it is approved", "normal", []string{"submit", "gus+", "bob+", "implement"}, change.StateAuthorize, workflow.ErrNoTransition},
		{"a rejection leads back to new", "normal", []string{"submit", "gus+", "bob-"}, change.StateNew, nil},
		{"and it can be submitted again", "normal", []string{"submit", "gus-", "submit", "gus+"}, change.StateAuthorize, nil},
		{"to those who agreed as well", "normal", []string{"submit", "gus+", "bob-", "submit"}, change.StateAssess, nil},
		{"after a rejection it can be of another model", "normal", []string{"submit", "gus-", "to emergency", "submit", "bob+"}, change.StateScheduled, nil},
		{"but not while it is decided", "normal", []string{"submit", "to emergency"}, change.StateAssess, workflow.ErrTransition},
		{"reverted by its requester", "normal", []string{"submit", "gus+", "revert"}, change.StateNew, nil},
		{"an emergency is reverted as well", "emergency", []string{"submit", "revert"}, change.StateNew, nil},
		{"cancelled from implement", "standard", []string{"submit", "implement", "cancel"}, change.StateCancelled, nil},
		{"not from review", "standard", []string{"submit", "implement", "complete", "cancel"}, change.StateReview, workflow.ErrNoTransition},
		{"not when it is closed", "standard", []string{"submit", "implement", "complete", "close", "cancel"}, change.StateClosed, workflow.ErrNoTransition},
		{"the requester does not approve", "normal", []string{"submit", "ann+"}, change.StateAssess, approval.ErrConflictOfInterest},
		{"nor does the implementer", "normal", []string{"submit", "dan+"}, change.StateAssess, approval.ErrConflictOfInterest},
		{"on hold nobody votes", "normal", []string{"submit", "hold", "gus+"}, change.StateAssess, approval.ErrSuspended},
		{"on hold nothing is implemented", "standard", []string{"submit", "hold", "implement"}, change.StateScheduled, change.ErrOnHold},
		{"on hold it can be cancelled", "normal", []string{"submit", "hold", "cancel"}, change.StateCancelled, nil},
		{"released, the votes go on", "normal", []string{"submit", "gus+", "bob+", "hold", "release", "cho+"}, change.StateScheduled, nil},
		{"a new plan is put to all of them again", "normal", []string{"submit", "gus+", "bob+", "cho+", "replan"}, change.StateAssess, nil},
		{"and implemented when they agree again", "normal", []string{"submit", "gus+", "bob+", "cho+", "replan", "gus+", "bob+", "eve+", "implement"}, change.StateImplement, nil},
		{"what is not material is not", "normal", []string{"submit", "gus+", "bob+", "cho+", "details", "implement"}, change.StateImplement, nil},
		{"the plan does not change during the work", "normal", []string{"submit", "gus+", "bob+", "cho+", "implement", "replan"}, change.StateImplement, change.ErrApproved},
		{"an approver who becomes the implementer has not voted", "normal", []string{"submit", "gus+", "bob+", "cho+", "reassign"}, change.StateAssess, nil},
		{"not even during the work", "normal", []string{"submit", "gus+", "bob+", "cho+", "implement", "reassign"}, change.StateImplement, change.ErrApproved},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			got, err := w.drive(w.propose(c.model), c.steps...)
			if c.err == nil {
				require.NoError(t, err)
			}
			require.ErrorIs(t, err, c.err)
			stored, err := w.Get(ctx, got.ID)
			require.NoError(t, err)
			require.Equal(t, c.state, stored.State)
			if stored.State == change.StateNew || stored.State == change.StateCancelled {
				for _, a := range stored.Approvals {
					require.False(t, a.Request.Granted(), "nothing is approved any more")
					require.Empty(t, a.Request.Pending())
				}
			}
		})
	}
}

func TestLowRisksNeedNoBoard(t *testing.T) {
	w := newWorld(t)
	p := proposal("normal")
	p.Risk = "low"
	c, err := w.Propose(ctx, ann, p)
	require.NoError(t, err)
	c, err = w.drive(c, "submit", "gus+")
	require.NoError(t, err)
	require.Equal(t, change.StateScheduled, c.State)
	r, _ := c.Approval(change.StateAuthorize)
	require.Equal(t, approval.NothingToDecide, r.Status)

	c, err = w.Update(ctx, ann, c.ID, func(p *change.Proposal) { p.Risk = "high" })
	require.NoError(t, err)
	require.Equal(t, change.StateAssess, c.State, "the risk decides who is asked")
}

func TestNobodyToAskBlocks(t *testing.T) {
	w := newWorld(t)
	w.people.behind["relation assignment_group"] = []string{"ann", "dan"}
	c, err := w.drive(w.propose("normal"), "submit")
	require.NoError(t, err)
	r, _ := c.Approval(change.StateAssess)
	require.Equal(t, approval.Blocked, r.Status)
	require.Contains(t, r.Reason, "ann (the requester), dan (the implementer)")
	w.people.behind["relation assignment_group"] = []string{"gus"}
	c, err = w.RefreshApprovers(ctx, mia, c.ID)
	require.NoError(t, err)
	_, err = w.drive(c, "gus+")
	require.NoError(t, err)
}

func TestADelegateOfTheRequesterDoesNotDecide(t *testing.T) {
	w := newWorld(t)
	day := approval.Delegation{Start: monday, End: monday.AddDate(0, 0, 9)}
	day.From, day.To = "ann", "gus"
	w.people.deputed = []approval.Delegation{day}
	c, err := w.drive(w.propose("normal"), "submit")
	require.NoError(t, err)
	_, err = w.drive(c, "gus+")
	require.ErrorIs(t, err, approval.ErrNotOpen, "blocked: nobody of the group is left")
	_, err = w.Vote(ctx, workflow.User("zoe").For("gus"), c.ID, approve)
	require.ErrorIs(t, err, workflow.ErrForbidden, "acting for somebody is no delegation")
	_, err = w.Vote(ctx, workflow.System("robot"), c.ID, approve)
	require.ErrorIs(t, err, workflow.ErrForbidden)
}

func TestConflictsAreAGuard(t *testing.T) {
	w := newWorld(t)
	p := proposal("standard")
	p.Start, p.End = monday.AddDate(0, 0, 21), monday.AddDate(0, 0, 21).Add(time.Hour)
	c, err := w.Propose(ctx, ann, p)
	require.NoError(t, err)
	_, err = w.drive(c, "submit", "implement")
	require.ErrorIs(t, err, workflow.ErrGuard)
	require.ErrorContains(t, err, "inside_blackout: db-01, with year end")
	_, err = w.GrantException(ctx, dan, c.ID, "year end", "it is broken")
	require.ErrorIs(t, err, workflow.ErrForbidden)
	c, err = w.GrantException(ctx, mia, c.ID, "year end", "it is broken")
	require.NoError(t, err)
	c, err = w.drive(c, "implement")
	require.NoError(t, err)
	require.Equal(t, "mia", c.Exceptions[0].By)

	p.Assignee = "mia"
	own, err := w.Propose(ctx, ann, p)
	require.NoError(t, err)
	_, err = w.GrantException(ctx, mia, own.ID, "year end", "it is mine")
	require.ErrorIs(t, err, change.ErrExcluded)

	require.NoError(t, w.Fill(ctx, w.plan))
	other, err := w.Propose(ctx, ann, p)
	require.NoError(t, err)
	other, err = w.drive(other, "submit")
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(w.plan.Conflicts(other.Booking())), "item_busy: db-01, with "+c.Number)
	require.Equal(t, 1, w.plan.Len(), "what is new is not planned yet")
}

func TestTasks(t *testing.T) {
	w := newWorld(t)
	c := w.propose("standard")
	var err error
	for _, task := range []change.Task{{Title: "back up", Estimate: time.Hour}, {Title: "tell people", Estimate: 10 * time.Minute},
		{Title: "install", After: []string{"1", "2"}, Estimate: 30 * time.Minute}} {
		c, err = w.AddTask(ctx, mia, c.ID, task)
		require.NoError(t, err)
	}
	path, long := c.CriticalPath()
	require.Equal(t, []string{"1", "3"}, path)
	require.Equal(t, 90*time.Minute, long)
	_, err = w.AddTask(ctx, mia, c.ID, change.Task{Title: "x", After: []string{"4"}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = w.StartTask(ctx, dan, c.ID, "1")
	require.ErrorIs(t, err, workflow.ErrTransition, "the change is not being implemented")
	c, err = w.HoldTask(ctx, dan, c.ID, "2", "no list of people")
	require.NoError(t, err)
	c, err = w.drive(c, "submit", "implement", "hold")
	require.NoError(t, err)
	require.Equal(t, "supplier is late", c.Tasks[0].Hold)
	_, err = w.StartTask(ctx, dan, c.ID, "1")
	require.ErrorIs(t, err, change.ErrOnHold)
	c, err = w.drive(c, "release")
	require.NoError(t, err)
	require.Empty(t, c.Tasks[0].Hold)
	require.Equal(t, "no list of people", c.Tasks[1].Hold, "held by hand")
	_, err = w.StartTask(ctx, dan, c.ID, "3")
	require.ErrorIs(t, err, workflow.ErrTransition, "it waits for the others")
	_, err = w.StartTask(ctx, dan, c.ID, "1")
	require.NoError(t, err)
	c, err = w.EndTask(ctx, dan, c.ID, "1", change.TaskComplete, "")
	require.NoError(t, err)
	c, err = w.drive(c, "complete")
	require.NoError(t, err)
	_, err = w.drive(c, "close")
	require.ErrorIs(t, err, workflow.ErrGuard)
	for _, id := range []string{"2", "3"} {
		_, err = w.HoldTask(ctx, dan, c.ID, id, "")
		require.NoError(t, err)
		_, err = w.EndTask(ctx, dan, c.ID, id, change.TaskSkipped, "not needed")
		require.NoError(t, err)
	}
	_, err = w.drive(c, "close")
	require.NoError(t, err)
}

func TestApprovalsComeDue(t *testing.T) {
	models := change.Models()
	gate := models[1].Gates[change.StateAssess]
	gate.Stages[0].Deadline = &approval.Deadline{Days: 2, AtDue: approval.RejectAtDue, Remind: []approval.Duration{approval.Duration(24 * time.Hour)}}
	models[1].Gates[change.StateAssess] = gate
	w := newWorld(t, func(c *change.Config) { c.Models = models })
	c, err := w.drive(w.propose("normal"), "submit")
	require.NoError(t, err)
	var told []string
	relay, err := workflow.NewRelay(w.store, workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
		if d.Message != nil {
			told = append(told, d.Message.Topic)
			return nil
		}
		return w.Handle(ctx, d)
	}), workflow.RelayConfig{Clock: func() time.Time { return w.now }})
	require.NoError(t, err)
	for range 5 {
		_, err = relay.Drain(ctx)
		require.NoError(t, err)
		w.now = w.now.Add(14 * time.Hour)
	}
	c, err = w.Get(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, change.StateNew, c.State)
	require.Contains(t, told, change.TopicReminder)
	require.Contains(t, told, change.TopicDecided)
	require.Contains(t, told, change.TopicNoLonger)
}

// Whatever is done, and by whom: the history of no change has it implemented without
// the approvals that its model demands, for what it then was. The checker reads events
// alone, and counts votes by itself.
func TestNothingReachesImplementWithoutItsApprovals(t *testing.T) {
	implemented := 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 3))
		w := newWorld(t)
		w.people.deputed = []approval.Delegation{{From: "cho", To: "gus", Start: monday, End: monday.AddDate(1, 0, 0)}, {From: "ann", To: "eve", Start: monday.Add(50 * time.Minute), End: monday.AddDate(1, 0, 0)}}
		c := w.propose([]string{"normal", "normal", "emergency", "standard"}[r.IntN(4)])
		steps := []string{"submit", "submit", "gus+", "gus+", "bob+", "bob+", "cho+", "cho+", "eve+", "ann+", "dan+", "gus-", "bob-", "revert", "implement", "implement", "implement",
			"hold", "release", "release", "replan", "reassign", "details", "complete", "to emergency"}
		for range 60 {
			if next, err := w.drive(c, steps[r.IntN(len(steps))]); err == nil {
				c = next
			}
		}
		var events []workflow.Event
		for e, err := range w.store.Events(ctx, "", workflow.Filter{Record: w.Kind().Ref(c.ID)}) {
			require.NoError(t, err)
			events = append(events, e)
		}
		for n := range events {
			if events[n].Type != "change.implement" {
				continue
			}
			implemented++
			at, err := w.Kind().Replay(events[:n+1])
			require.NoError(t, err)
			checkApproved(t, w, at, events[:n+1])
		}
	}
	require.Greater(t, implemented, 20)
}

// checkApproved looks for the votes since the plan was last changed.
func checkApproved(t *testing.T, w *world, c *change.Change, events []workflow.Event) {
	t.Helper()
	yes := map[string]map[string]bool{}
	for n := range events {
		then, err := w.Kind().Replay(events[:n+1])
		require.NoError(t, err)
		before := then
		if n > 0 {
			before, err = w.Kind().Replay(events[:n])
			require.NoError(t, err)
		}
		switch {
		case then.Plan != before.Plan, events[n].Type == "change.submit", yes[change.StateAssess][then.Assignee], yes[change.StateAuthorize][then.Assignee]:
			clear(yes)
		case events[n].Type == "change.vote":
			if yes[before.State] == nil {
				yes[before.State] = map[string]bool{}
			}
			if events[n].Note == "" {
				yes[before.State][events[n].Actor.ID] = true
			}
		}
	}
	for _, who := range yes {
		require.NotContains(t, who, "ann", "the requester has voted")
		require.NotContains(t, who, c.Assignee, "the implementer has voted")
	}
	switch c.Type {
	case change.Normal:
		require.True(t, yes[change.StateAssess]["gus"], "%v", yes)
		board := slices.DeleteFunc([]string{"bob", "cho"}, func(p string) bool { return p == c.Assignee }) // eve acts for the requester after a while
		require.Greater(t, 2*len(yes[change.StateAuthorize]), len(board), "%v", yes)
	case change.Emergency:
		require.True(t, yes[change.StateAuthorize]["bob"] || yes[change.StateAuthorize]["eve"], "%v", yes)
	}
}

func TestTheConfigurationIsChecked(t *testing.T) {
	_, err := change.NewService(nil, change.Config{})
	require.ErrorContains(t, err, "no desk")
	require.ErrorContains(t, err, "need a directory")
	models := change.Models()
	models[0].Name, models[1].Type, models[2].Implementation = "normal", "odd", []string{"nowhere"}
	models[2].Gates["elsewhere"] = approval.Policy{}
	_, err = change.NewService(workflow.NewDesk(memstore.New(), workflow.DeskConfig{}), change.Config{Models: models, Directory: &people{}})
	for _, want := range []string{"given twice", `type "odd"`, `"nowhere"`, `"elsewhere"`, "no stages"} {
		require.ErrorContains(t, err, want)
	}
}

func TestAProposalIsChecked(t *testing.T) {
	w := newWorld(t)
	_, err := w.Propose(ctx, ann, change.Proposal{Model: "standard", Template: "any", Start: monday, Downtime: -1, Items: []schedule.Item{{ID: "a"}, {ID: "a"}, {}}})
	for _, want := range []string{"title", "start before its end", "downtime", "listed twice", "item 3"} {
		require.ErrorContains(t, err, want)
	}
	_, err = w.Propose(ctx, ann, change.Proposal{Model: "odd"})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = change.ParseProposal([]byte(`{"model":"normal","colour":1}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	c, err := w.Once("mail-1").Propose(ctx, ann, proposal("normal"))
	require.NoError(t, err)
	again, err := w.Once("mail-1").Propose(ctx, ann, proposal("normal"))
	require.NoError(t, err)
	require.Equal(t, c.ID, again.ID)
	_, err = w.drive(c, "submit")
	require.NoError(t, err)
	var waiting []string
	for x, err := range w.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(change.IndexApprover, workflow.StringKey("gus"))}}) {
		require.NoError(t, err)
		waiting = append(waiting, x.Number)
	}
	require.Equal(t, []string{c.Number}, waiting)
}

func TestTheChairClosesTheVote(t *testing.T) {
	chair := func(_ *change.Change, gate string, by workflow.Actor) bool {
		return gate == change.StateAuthorize && by.ID == "eve"
	}
	models := change.Models()
	models[1].Gates[change.StateAuthorize].Stages[0].Quorum = 2
	w := newWorld(t, func(c *change.Config) { c.MayClose, c.Models = chair, models })
	w.people.behind["board cab"] = []string{"bob", "cho", "eve", "fay"}
	c, err := w.Propose(ctx, ann, proposal("normal"))
	require.NoError(t, err)
	c, err = w.drive(c, "submit", "gus+", "bob+")
	require.NoError(t, err)
	_, err = w.CloseVote(ctx, workflow.User("eve"), c.ID)
	require.ErrorIs(t, err, approval.ErrQuorum, "one of four")
	c, err = w.drive(c, "cho+")
	require.NoError(t, err)
	require.Equal(t, change.StateAuthorize, c.State, "two of four are no majority")
	_, err = w.CloseVote(ctx, workflow.User("bob"), c.ID)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	c, err = w.CloseVote(ctx, workflow.User("eve"), c.ID)
	require.NoError(t, err)
	require.Equal(t, change.StateScheduled, c.State, "all who have voted approve")
}
