package change_test

import (
	"context"
	"testing"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/report"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

var robot = workflow.System("discovery")

func done(at time.Time) change.Done {
	return change.Done{Proposal: change.Proposal{Model: "retrospective", Title: "Restarted the database", Items: []schedule.Item{{ID: "db-01"}}},
		Started: at.Add(-time.Hour), Ended: at.Add(-time.Minute)}
}

func TestWorkThatCouldNotWaitIsApprovedAfterwards(t *testing.T) {
	for _, row := range []struct{ vote, status string }{{"bob+", "approved"}, {"bob-", "rejected"}} {
		w := newWorld(t)
		c, err := w.Report(ctx, ann, done(w.now))
		require.NoError(t, err)
		require.Equal(t, change.StateAuthorize, c.State, "approval is asked for with the record")
		r, _ := c.Approval(change.StateAuthorize)
		require.Equal(t, []string{"bob", "eve"}, r.Pending())

		_, err = w.drive(c, "cancel")
		require.ErrorIs(t, err, workflow.ErrTransition, "what is done is not cancelled")
		_, err = w.drive(c, "close")
		require.ErrorIs(t, err, workflow.ErrTransition, "nobody has decided")
		_, err = w.Update(ctx, ann, c.ID, func(p *change.Proposal) { p.Title = "Nothing of note" })
		require.ErrorIs(t, err, change.ErrApproved, "nor is the record mended")

		c, err = w.drive(c, row.vote)
		require.NoError(t, err)
		require.Equal(t, change.StateReview, c.State)
		r, _ = c.Approval(change.StateAuthorize)
		require.Equal(t, row.status, string(r.Status))
		c, err = w.drive(c, "close")
		require.NoError(t, err)
		require.Equal(t, w.now, c.ClosedAt)
	}
}

func TestItCannotBeForgotten(t *testing.T) {
	w := newWorld(t)
	c, err := w.Report(ctx, ann, done(w.now))
	require.NoError(t, err)
	r, _ := c.Approval(change.StateAuthorize)
	kinds := map[approval.AlarmKind]int{}
	for _, a := range r.Alarms() {
		kinds[a.Kind]++
	}
	require.Equal(t, 2, kinds[approval.AlarmRemind], "people are reminded")
	relay, err := workflow.NewRelay(w.store, workflow.HandlerFunc(func(dctx context.Context, d workflow.Due) error {
		if d.Timer != nil {
			return w.Handle(dctx, d)
		}
		return nil
	}), workflow.RelayConfig{Clock: func() time.Time { return w.now }})
	require.NoError(t, err)
	for range 4 {
		w.now = w.now.Add(24 * time.Hour)
		_, err := relay.Drain(ctx)
		require.NoError(t, err)
	}
	c, err = w.Get(ctx, c.ID)
	require.NoError(t, err)
	r, _ = c.Approval(change.StateAuthorize)
	require.Equal(t, change.StateAuthorize, c.State, "silence decides nothing")
	require.True(t, r.Panels[0].Overdue, "it has escalated")
}

func TestModelsThatCouldForgetAreRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		edit func(*change.Model)
		want string
	}{
		{"no deadline", func(m *change.Model) { m.Gates[change.StateAuthorize].Stages[0].Deadline = nil }, "needs a deadline"},
		{"approval by silence", func(m *change.Model) {
			m.Gates[change.StateAuthorize].Stages[0].Deadline = &approval.Deadline{Days: 1, AtDue: approval.ApproveAtDue, Accountable: "mia"}
		}, "silence does not approve"},
		{"no gate", func(m *change.Model) { m.Gates = nil }, "no gate"},
		{"a way out", func(m *change.Model) {
			m.Lifecycle.States = append(m.Lifecycle.States, workflow.State{Name: "void", Category: workflow.CategoryCancelled})
		}, "cannot be cancelled"},
		{"implemented by itself", func(m *change.Model) { m.Implementation = []string{change.StateReview} }, "not implemented in a state"},
	} {
		models := change.Models()
		row.edit(&models[3])
		_, err := change.NewService(workflow.NewDesk(memstore.New(), workflow.DeskConfig{}), change.Config{Models: models, Directory: &people{}})
		require.ErrorContains(t, err, row.want, row.name)
	}
}

func TestWhatIsReported(t *testing.T) {
	w := newWorld(t)
	_, err := w.Propose(ctx, ann, change.Proposal{Model: "retrospective", Title: "Later"})
	require.ErrorIs(t, err, workflow.ErrInvalid, "it is for what is done")
	d := done(w.now)
	d.Model = "normal"
	_, err = w.Report(ctx, ann, d)
	require.ErrorIs(t, err, workflow.ErrInvalid, "and nothing else is")
	d = done(w.now.Add(2 * time.Hour))
	_, err = w.Report(ctx, ann, d)
	require.ErrorIs(t, err, workflow.ErrInvalid, "nor what is to come")
	c, err := w.Propose(ctx, ann, proposal("normal"))
	require.NoError(t, err)
	_, err = w.SetModel(ctx, ann, c.ID, "retrospective")
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestUnauthorizedChanges(t *testing.T) {
	w := newWorld(t, func(c *change.Config) {
		c.Detection = change.Detection{Slack: 5 * time.Minute, Quiet: time.Hour}
	})
	see := func(item string, at time.Time) change.Finding {
		t.Helper()
		f, err := w.Observe(ctx, robot, change.Observation{Item: item, At: at, By: "ron", What: "kernel parameters"})
		require.NoError(t, err)
		return f
	}
	c, err := w.Propose(ctx, ann, proposal("standard"))
	require.NoError(t, err)
	c, err = w.drive(c, "submit", "implement")
	require.NoError(t, err)
	began := w.now
	require.True(t, see("db-01", began.Add(time.Second)).Authorized, "while it is implemented")
	require.True(t, see("db-01", began.Add(-5*time.Minute)).Authorized, "clocks differ")
	require.False(t, see("db-01", began.Add(-6*time.Minute)).Authorized, "but not by that much")
	require.False(t, see("db-02", began).Authorized, "another item")
	_, err = w.drive(c, "complete")
	require.NoError(t, err)

	w.now = w.now.Add(48 * time.Hour)
	f := see("db-01", w.now)
	require.True(t, f.New)
	require.True(t, f.Change.Unauthorized)
	require.Equal(t, change.Emergency, f.Change.Type)
	require.Equal(t, change.StateAuthorize, f.Change.State, "its approval is asked for")
	require.Equal(t, "ron", f.Change.Requester)
	again := see("db-01", w.now)
	require.False(t, again.New, "the same observation")
	require.Equal(t, f.Change.ID, again.Change.ID)

	flap := w.now.Add(30 * time.Minute)
	w.now = flap
	more := see("db-01", flap)
	require.False(t, more.New, "more of the same")
	require.Equal(t, f.Change.ID, more.Change.ID)
	require.Len(t, more.Change.Observed, 2)
	require.Equal(t, flap, more.Change.Ended)
	w.now = flap.Add(2 * time.Hour)
	require.True(t, see("db-01", w.now).New, "after a quiet time it is another one")

	cases, err := w.Cases(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(change.IndexUnauthorized, workflow.BoolKey(true))}})
	require.NoError(t, err)
	require.Len(t, cases, 4)
	require.NoError(t, report.Validate(cases))
	_, err = w.Observe(ctx, robot, change.Observation{Item: "db-01"})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestSuspects(t *testing.T) {
	w := newWorld(t)
	make := func(title string, items ...string) *change.Change {
		p := proposal("standard")
		p.Title, p.Items, p.Assignee, p.Service = title, nil, "dan", "mail"
		for _, id := range items {
			p.Items = append(p.Items, schedule.Item{ID: id})
		}
		c, err := w.Propose(ctx, ann, p)
		require.NoError(t, err)
		c, err = w.drive(c, "submit", "implement")
		require.NoError(t, err)
		return c
	}
	_, err := w.drive(make("long ago", "db-01"), "complete")
	require.NoError(t, err)
	w.now = w.now.AddDate(0, 0, 10)
	_, err = w.drive(make("of both", "db-01", "switch-7"), "complete")
	require.NoError(t, err)
	w.now = w.now.Add(time.Hour)
	make("under way", "db-01")
	_, err = w.drive(make("of something else", "printer"), "complete")
	require.NoError(t, err)
	at := w.now.Add(time.Hour)
	w.now = at.Add(time.Hour)
	make("afterwards", "db-01")

	titles := func(y change.Symptoms, within time.Duration) []string {
		list, err := w.Suspects(ctx, y, within)
		require.NoError(t, err)
		var names []string
		for _, s := range list {
			require.NotEmpty(t, s.Reasons)
			names = append(names, s.Change.Title)
		}
		return names
	}
	week := 7 * 24 * time.Hour
	require.Equal(t, []string{"under way", "of both"}, titles(change.Symptoms{At: at, Items: []string{"db-01"}}, week))
	require.Equal(t, []string{"of both", "under way"}, titles(change.Symptoms{At: at, Items: []string{"switch-7", "db-01", "db-01"}}, week), "more in common")
	require.Equal(t, []string{"under way", "of both", "long ago"}, titles(change.Symptoms{At: at, Items: []string{"db-01"}}, 2*week))
	require.Equal(t, []string{"under way", "of something else", "of both"}, titles(change.Symptoms{At: at, Services: []string{"mail"}}, week))
	_, err = w.Suspects(ctx, change.Symptoms{}, week)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestWhatAChangeHasCaused(t *testing.T) {
	w := newWorld(t)
	c, err := w.Propose(ctx, ann, proposal("standard"))
	require.NoError(t, err)
	caused := change.Caused{Incident: "INC0000007", Priority: 2, At: w.now}
	_, err = w.NoteCaused(ctx, ann, c.ID, caused)
	require.ErrorContains(t, err, "has not begun")
	c, err = w.drive(c, "submit", "implement", "complete", "close")
	require.NoError(t, err)
	c, err = w.NoteCaused(ctx, ann, c.ID, caused)
	require.NoError(t, err, "also when it is closed")
	caused.Restored = caused.At.Add(time.Hour)
	c, err = w.NoteCaused(ctx, ann, c.ID, caused)
	require.NoError(t, err)
	require.Equal(t, []change.Caused{caused}, c.Caused, "once")
	_, err = w.RetractCaused(ctx, mia, c.ID, "INC0000007", "")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	c, err = w.RetractCaused(ctx, mia, c.ID, "INC0000007", "it was the network")
	require.NoError(t, err)
	require.Empty(t, c.Caused)
}
