package request_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/google/uuid"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

var alwaysOpen = calendar.Always()

func (w *world) jobs() []request.Job {
	w.t.Helper()
	var jobs []request.Job
	for _, s := range w.news() {
		if s.job.ID != (workflow.ID{}) {
			jobs = append(jobs, s.job)
		}
	}
	return jobs
}

func TestAProgramDoesATask(t *testing.T) {
	w := newWorld(t)
	r := w.place(one("account", "data", "public"))
	jobs := w.jobs()
	require.Len(t, jobs, 1, "the mailbox waits for the account")
	j := jobs[0]
	require.Equal(t, "create", j.Name)
	require.Equal(t, "ann", j.For)
	require.Equal(t, workflow.Fields{"data": "public"}, j.Answers)
	require.Equal(t, request.TaskInProgress, r.Items[0].Tasks[0].State)

	w.refused(r, request.ErrStaleJob, func() (*request.Request, error) { return w.Report(ctx, robo, r.ID, request.Report{Job: uuid.New()}) })
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) { return w.Report(ctx, ann, r.ID, request.Report{Job: j.ID}) })
	done := request.Report{Job: j.ID, Results: map[string]string{"login": "ann.ex"}}
	r = w.must(w.Report(ctx, robo, r.ID, done))
	version := r.Version
	r = w.must(w.Report(ctx, robo, r.ID, done))
	require.Equal(t, version, r.Version, "an answer that comes twice changes nothing")
	box := w.jobs()
	require.Len(t, box, 1)
	require.Equal(t, map[string]string{"create.login": "ann.ex"}, box[0].Results, "what was made before")
	require.Equal(t, request.StateFulfilled, w.must(w.Report(ctx, robo, r.ID, request.Report{Job: box[0].ID})).State)
}

func TestAProgramFails(t *testing.T) {
	w := newWorld(t)
	r := w.must(w.Assign(ctx, carl, w.place(one("account")).ID, "service desk", "carl"))
	first := w.jobs()[0]
	r = w.must(w.Report(ctx, robo, r.ID, request.Report{Job: first.ID, Failed: "no licence is left"}))
	require.Equal(t, request.TaskOpen, r.Items[0].Tasks[0].State, "nothing is lost, and people decide")
	require.Equal(t, []string{"carl", "service desk"}, w.told(request.TopicTaskFailed))
	r = w.must(w.Retry(ctx, carl, r.ID, "1.1"))
	second := w.jobs()[0]
	require.NotEqual(t, first.ID, second.ID, "another attempt is another job")
	w.refused(r, request.ErrStaleJob, func() (*request.Request, error) { return w.Report(ctx, robo, r.ID, request.Report{Job: first.ID}) })
	w.refused(r, workflow.ErrTransition, func() (*request.Request, error) { return w.Retry(ctx, carl, r.ID, "1.1") })
	r = w.do(r, request.TaskIncomplete, "1.1")
	jobs := w.jobs()
	require.Len(t, jobs, 1)
	require.True(t, jobs[0].Cancel, "somebody ended the task while the program was at it")
	w.refused(r, request.ErrStaleJob, func() (*request.Request, error) { return w.Report(ctx, robo, r.ID, request.Report{Job: second.ID}) })
	require.Equal(t, request.Incomplete, r.Outcome)
}

func TestAUniversalRequestFollowsItsChildren(t *testing.T) {
	w := newWorld(t, func(c *request.Config) { c.Children = request.UniversalRequest("incident") })
	child := func(n byte) workflow.Ref { return workflow.Ref{Kind: "incident", ID: workflow.ID{n}} }
	r := w.place(one("anything"))
	require.Equal(t, request.StateFulfilment, r.State, "with nothing to do yet it is not done")
	for n := byte(1); n <= 2; n++ {
		r = w.must(w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "Handled as an incident", Record: child(n)}))
	}
	w.refused(r, workflow.ErrInvalid, func() (*request.Request, error) {
		return w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "Twice", Record: child(1)})
	})
	for _, step := range []struct {
		child byte
		state string
		want  request.TaskState
	}{{1, "open", request.TaskInProgress}, {1, "work_in_progress", request.TaskInProgress}, {1, "pending", request.TaskInProgress},
		{1, "closed_complete", request.TaskComplete}, {2, "closed_skipped", request.TaskSkipped}} {
		r = w.must(w.Observe(ctx, robo, r.ID, child(step.child), step.state))
		require.Equal(t, step.want, r.Items[0].Tasks[step.child-1].State, step.state)
	}
	require.Equal(t, request.StateReview, r.State, "all children are closed, and somebody looks at it")
	version := r.Version
	require.Equal(t, version, w.must(w.Observe(ctx, robo, r.ID, child(1), "closed_complete")).Version)
	w.refused(r, workflow.ErrForbidden, func() (*request.Request, error) { return w.Confirm(ctx, ann, r.ID, "") })
	r = w.must(w.Confirm(ctx, carl, r.ID, "looks good"))
	require.Equal(t, request.StateFulfilled, r.State)

	r = w.place(one("anything"), one("phone"))
	r = w.must(w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "Handled as an incident", Record: child(3)}))
	w.refused(r, workflow.ErrInvalid, func() (*request.Request, error) { return w.Observe(ctx, robo, r.ID, child(3), "vanished") })
	w.refused(r, workflow.ErrNotFound, func() (*request.Request, error) { return w.Observe(ctx, robo, r.ID, child(9), "open") })
	r = w.must(w.Observe(ctx, robo, r.ID, child(3), "closed"))
	require.Equal(t, request.ItemComplete, r.Items[0].State)
	r = w.must(w.Observe(ctx, robo, r.ID, child(3), "work_in_progress"))
	require.Equal(t, request.ItemFulfilment, r.Items[0].State, "the child was taken up again, and so is the item")
}

func TestCostsByMonthServiceAndCustomer(t *testing.T) {
	w := newWorld(t)
	phones := catalog.Line{Item: "phone", Quantity: 2}
	w.do(w.place(phones, one("account")), request.TaskComplete, "1.1", "1.2", "1.3")
	w.do(w.vote(fred, w.place(one("desk")), "1", approve), request.TaskIncomplete, "1.1")
	w.now = time.Date(2026, 3, 31, 22, 30, 0, 0, time.UTC)
	w.do(w.place(one("phone")), request.TaskComplete, "1.1", "1.2", "1.3")
	w.do(w.must(w.Place(ctx, ann, request.Order{Lines: []catalog.Line{one("phone")}})), request.TaskIncomplete, "1.1")
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	costs, err := request.Costs(w.Find(ctx, workflow.Query{}), berlin)
	require.NoError(t, err)
	require.Len(t, costs, 2, "what is incomplete or free is not there, and in Berlin it is April: %+v", costs)
	require.Equal(t, []string{"2026-03", "2026-04"}, []string{costs[0].Month, costs[1].Month})
	require.Equal(t, "800", costs[0].Once.String())
	require.Equal(t, "40.1", costs[0].New[catalog.Monthly].String())
	require.Equal(t, "12", costs[1].New[catalog.Yearly].String())
	require.Equal(t, "devices acme EUR", costs[1].Service+" "+costs[1].Customer+" "+costs[1].Currency)
}

func TestMappingsFromTheSpecialToTheGeneral(t *testing.T) {
	accept := func(all ...request.Mapping) error {
		c, err := catalog.Compile(nil, definition(t))
		require.NoError(t, err)
		w := newWorld(t)
		_, err = request.NewService(w.desk, request.Config{Catalog: c, Directory: w.house, Children: all})
		return err
	}
	m := func(state string, as request.TaskState) request.Mapping {
		return request.Mapping{Kind: "incident", State: state, As: as}
	}
	require.NoError(t, accept(m("closed", request.TaskComplete), m("closed*", request.TaskIncomplete), m("*", request.TaskOpen)))
	for _, row := range [][2]string{{"closed*", "closed"}, {"closed*", "closed_*"}, {"*", "open"}, {"closed", "closed"}, {"closed*", "closed*"}} {
		require.ErrorContains(t, accept(m(row[0], request.TaskComplete), m(row[1], request.TaskIncomplete)), "never reached", row)
	}
}

func TestAChildThatIsTakenUpAllTheSameHoldsNothingUp(t *testing.T) {
	w := newWorld(t, func(c *request.Config) { c.Children = request.UniversalRequest("incident") })
	child := workflow.Ref{Kind: "incident", ID: workflow.ID{1}}
	r := w.place(one("anything"))
	for _, n := range []request.NewTask{{Title: "Order it", Group: "desk"}, {Title: "Another", Group: "desk"}, {Title: "Handled as an incident", Record: child, After: []string{"1.1"}}} {
		r = w.must(w.AddTask(ctx, carl, r.ID, "1", n))
	}
	r = w.do(r, request.TaskIncomplete, "1.1")
	require.Equal(t, request.TaskSkipped, r.Items[0].Tasks[2].State)
	w.must(w.Observe(ctx, carl, r.ID, child, "work_in_progress"))
	w.must(w.Observe(ctx, carl, r.ID, child, "closed"))
	r = w.must(w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "Tell the caller", Group: "desk", After: []string{"1.3"}}))
	require.Equal(t, request.TaskOpen, r.Items[0].Tasks[3].State, "what it waits for is done")
}

func TestCostsAreThoseOfUTCUnlessThereIsAZone(t *testing.T) {
	w := newWorld(t)
	r := w.do(w.place(one("phone")), request.TaskComplete, "1.1", "1.2", "1.3")
	all := func(yield func(*request.Request, error) bool) { yield(r, nil) }
	here, err := request.Costs(all, nil)
	require.NoError(t, err)
	there, err := request.Costs(all, time.UTC)
	require.NoError(t, err)
	require.Equal(t, there, here)
}

func TestAChildThatEndsBeforeTheTurnOfItsTask(t *testing.T) {
	child := workflow.Ref{Kind: "incident", ID: workflow.ID{1}}
	waits := request.NewTask{Title: "Handled as an incident", Record: child, After: []string{"1.1"}}
	for _, row := range []struct {
		name     string
		observed string
		told     func(context.Context, workflow.Ref) (string, error)
		want     request.TaskState
	}{
		{"it was observed while the task waited", "closed_complete", nil, request.TaskComplete},
		{"it could not be done", "closed_incomplete", nil, request.TaskIncomplete},
		{"it is at work", "work_in_progress", nil, request.TaskInProgress},
		{"nobody has told of it", "", nil, request.TaskOpen},
		{"the host tells", "", func(context.Context, workflow.Ref) (string, error) { return "closed_skipped", nil }, request.TaskSkipped},
		{"the host knows better", "open", func(context.Context, workflow.Ref) (string, error) { return "closed", nil }, request.TaskComplete},
		{"there is no such child", "", func(context.Context, workflow.Ref) (string, error) { return "", workflow.ErrNotFound }, request.TaskOpen},
		{"what it says means nothing", "", func(context.Context, workflow.Ref) (string, error) { return "vanished", nil }, request.TaskOpen},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *request.Config) { c.Children, c.ChildState = request.UniversalRequest("incident"), row.told })
			r := w.place(one("anything"))
			w.must(w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "Order it", Group: "desk"}))
			r = w.must(w.AddTask(ctx, carl, r.ID, "1", waits))
			if row.observed != "" {
				r = w.must(w.Observe(ctx, robo, r.ID, child, row.observed))
			}
			require.Equal(t, request.TaskWaiting, r.Items[0].Tasks[1].State, "its turn has not come")
			r = w.do(r, request.TaskComplete, "1.1")
			require.Equal(t, row.want, r.Items[0].Tasks[1].State)
			require.Equal(t, row.want.Over(), r.Items[0].State.Over(), "nothing hangs")
		})
	}
	t.Run("the host cannot tell", func(t *testing.T) {
		broken := errors.New("the other desk is down")
		w := newWorld(t, func(c *request.Config) {
			c.ChildState = func(context.Context, workflow.Ref) (string, error) { return "", broken }
		})
		r := w.place(one("anything"))
		w.must(w.AddTask(ctx, carl, r.ID, "1", request.NewTask{Title: "Order it", Group: "desk"}))
		r = w.must(w.AddTask(ctx, carl, r.ID, "1", waits))
		w.refused(r, broken, func() (*request.Request, error) {
			return w.EndTask(ctx, carl, r.ID, "1.1", request.Done{State: request.TaskComplete})
		})
	})
}
