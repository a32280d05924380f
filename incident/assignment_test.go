package incident_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/routing"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

func mailRouter(t *testing.T, strategy routing.Strategy) *routing.Router {
	r, err := routing.New(routing.Policy{Name: "incidents", Version: 1, Default: &routing.Target{Group: "service desk"},
		Rules: []routing.Rule{{Name: "mail", Condition: routing.Condition{When: []routing.Test{{Fact: "category", Op: routing.Equals, Values: []string{"mail"}}}},
			To: routing.Target{Group: "mail"}}},
		Groups: []routing.Group{{Name: "service desk"},
			{Name: "mail", Strategy: strategy, Members: []routing.Member{{Person: "ann", Capacity: 2}, {Person: "ben", Capacity: 2}}}}})
	require.NoError(t, err)
	return r
}

func TestIncidentsAreAssignedByRulesAndByWhatPeopleHaveToDo(t *testing.T) {
	var w *world
	w = newWorld(t, incident.Config{Rules: mailRouter(t, routing.LeastLoaded), Situation: func(ctx context.Context, _ *incident.Incident, _ time.Time) (routing.Situation, error) {
		loads, err := w.Workload(ctx)
		return routing.Situation{Loads: loads}, err
	}})
	ctx := t.Context()
	var got []string
	for range 5 {
		inc := w.must(w.Open(ctx, carl, incident.Report{Title: "Mail", Category: "mail", Impact: 2, Urgency: 2}))
		got = append(got, inc.Assignee)
		w.now = w.now.Add(time.Minute)
	}
	require.Equal(t, []string{"ann", "ben", "ann", "ben", ""}, got, "the fifth has to wait: both are full")
	inc := w.must(w.Open(ctx, carl, incident.Report{Title: "Printer", Category: "printer", Impact: 2, Urgency: 2}))
	require.Equal(t, "service desk", inc.Group)
	require.Equal(t, "rule mail: not so: category is equal to mail\nno rule holds: the default\ngoes to service desk: the group decides among itself\n", inc.Comments[0].Text)
	loads, err := w.Workload(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, loads["ann"].Weight)
	require.Equal(t, monday.Add(2*time.Minute), loads["ann"].Given)
}

// However many incidents are opened at once, everybody gets as many.
func TestTurnsAreFairUnderConcurrency(t *testing.T) {
	w := newWorld(t, incident.Config{Rules: mailRouter(t, routing.RoundRobin)})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				if _, err := w.Open(t.Context(), carl, incident.Report{Title: "Mail", Category: "mail", Impact: 2, Urgency: 2}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	loads, err := w.Workload(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{20, 20}, []int{loads["ann"].Weight, loads["ben"].Weight})
}

// Whatever call of the store fails, what is opened again with the same keys has the same
// assignees, and no turn is lost or taken twice.
func TestTurnsSurviveEveryFailureOfTheStore(t *testing.T) {
	story := func(s workflow.Store) (got []string, err error) {
		now := monday
		svc, err := incident.NewService(workflow.NewDesk(s, workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(1)}),
			incident.Config{Rules: mailRouter(t, routing.RoundRobin)})
		require.NoError(t, err)
		for i := range 4 {
			now = now.Add(time.Second)
			inc, err := svc.Once(fmt.Sprint(i)).Open(t.Context(), carl, incident.Report{Title: "Mail", Category: "mail", Impact: 2, Urgency: 2})
			if err != nil {
				return nil, err
			}
			got = append(got, inc.Assignee)
		}
		return got, nil
	}
	calls, err := faultstore.Drive(func() workflow.Store { return memstore.New() }, func(s *faultstore.Store) error {
		_, err := story(s)
		return err
	}, func(run faultstore.Run) error {
		got, err := story(run.Plain)
		if err == nil && !slices.Equal(got, []string{"ann", "ben", "ann", "ben"}) {
			err = fmt.Errorf("assigned to %q", got)
		}
		return err
	})
	require.NoError(t, err)
	require.Greater(t, calls, 8)
}

func TestRulesAndARouterAreNotGivenTogether(t *testing.T) {
	_, err := incident.NewService(workflow.NewDesk(memstore.New(), workflow.DeskConfig{}), incident.Config{Rules: mailRouter(t, routing.RoundRobin),
		Router: func(context.Context, *incident.Incident, time.Time) (incident.Routing, error) {
			return incident.Routing{}, nil
		}})
	require.ErrorContains(t, err, "either rules")
}

func TestPingPongIsSeenInTheHistory(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	inc := w.must(w.Open(ctx, carl, incident.Report{Title: "Mail", Group: "desk", Impact: 2, Urgency: 2}))
	for _, group := range []string{"mail", "network", "mail"} {
		w.now = w.now.Add(time.Hour)
		w.must(w.Assign(ctx, ann, inc.ID, group, ""))
		w.must(w.Note(ctx, ann, inc.ID, "looked at it"))
	}
	hops, err := w.Hops(ctx, inc.ID)
	require.NoError(t, err)
	require.Len(t, hops, 4)
	found := routing.Bounces(hops, routing.BounceRules{}, w.now.Add(time.Minute))
	require.Len(t, found, 1)
	require.Equal(t, "return: mail > network > mail in 1h0m0s", found[0].String())
	_, err = w.Hops(ctx, workflow.ID{1})
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestWhoIsOnCallComesFromTheRotaOfTheGroup(t *testing.T) {
	roster, err := oncall.NewRoster(oncall.Rota{Name: "mail", Version: 1, Zone: "UTC", Layers: []oncall.Layer{{Name: "primary", Participants: []string{"ann", "ben"},
		Rotation: oncall.Rotation{Every: oncall.Week, Start: "2026-03-02"}}}})
	require.NoError(t, err)
	book, err := oncall.NewBook(roster)
	require.NoError(t, err)
	hook := incident.FromRotas(book)
	person, ok, err := hook(t.Context(), "mail", monday)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, "ann", person)
	_, _, err = hook(t.Context(), "network", monday)
	require.ErrorContains(t, err, "network")
}

func TestNobodyTakesCareOfIt(t *testing.T) {
	w := newWorld(t, incident.Config{Monitors: []routing.Monitor{{
		Name: "quiet", After: routing.Duration(4 * time.Hour), Repeat: routing.Duration(2 * time.Hour), Times: 2, Do: []string{"tell:lead"},
		Condition: routing.Condition{When: []routing.Test{{Fact: "state_category", Op: routing.OneOf, Values: []string{"new", "active"}}}},
	}}})
	ctx := t.Context()
	inc := w.must(w.Open(ctx, carl, incident.Report{Title: "Mail", Group: "mail", Impact: 2, Urgency: 2}))
	w.pass(3 * time.Hour)
	w.must(w.Note(ctx, ann, inc.ID, "looking at the queue"))
	w.news()
	w.pass(10 * time.Hour)
	w.deliver()
	var alerts []incident.Notice
	for _, s := range w.sent {
		if s.topic == incident.TopicInactive {
			alerts = append(alerts, s.Notice)
		}
	}
	require.Equal(t, []string{"mail", "mail"}, w.people(incident.TopicInactive), "four hours after the note, and two hours later")
	require.Equal(t, "quiet", alerts[0].Target)
	require.Equal(t, monday.Add(7*time.Hour), alerts[0].At)
	require.Equal(t, []string{"tell:lead"}, alerts[0].Do)

	w.news()
	w.must(w.Hold(ctx, ann, inc.ID, incident.AwaitingVendor, "case 4711"))
	w.pass(48 * time.Hour)
	require.Empty(t, w.people(incident.TopicInactive), "on hold it may be quiet")
	w.must(w.Resume(ctx, ann, inc.ID, ""))
	w.pass(5 * time.Hour)
	require.Equal(t, []string{"mail"}, w.people(incident.TopicInactive))
	_, err := incident.NewService(workflow.NewDesk(w.store, workflow.DeskConfig{}), incident.Config{Monitors: []routing.Monitor{{Name: "x"}, {Name: "x", After: 1}}})
	require.ErrorContains(t, err, "twice")
	require.ErrorContains(t, err, "after 0s")
}

func TestANumberIsANumberToRules(t *testing.T) {
	schema, err := workflow.NewSchema(workflow.Field{Name: "users", Type: workflow.FieldNumber})
	require.NoError(t, err)
	router, err := routing.New(routing.Policy{Name: "by users", Version: 1, Default: &routing.Target{Group: "desk"}, Groups: []routing.Group{{Name: "desk"}, {Name: "crisis"}},
		Rules: []routing.Rule{{Name: "many", Condition: routing.Condition{When: []routing.Test{{Fact: "field.users", Op: routing.AtLeast, Values: []string{"1000000"}}}}, To: routing.Target{Group: "crisis"}}}})
	require.NoError(t, err)
	for users, group := range map[float64]string{999_999: "desk", 1_000_000: "crisis", 2_500_000: "crisis", 0.00001: "desk"} {
		inc := &incident.Incident{}
		inc.Fields, err = schema.Check(map[string]any{"users": users})
		require.NoError(t, err)
		d, err := router.Route(routing.Work{Facts: incident.WorkFacts(inc)}, routing.Situation{At: monday})
		require.NoError(t, err)
		require.Equal(t, group, d.Group, users)
	}
}

func TestWhoWasGivenAnIncidentLastIsNotIdle(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	inc := w.must(w.Open(ctx, carl, incident.Report{Title: "Mail", Impact: 2, Urgency: 2, Group: "mail", Assignee: "ann"}))
	require.Equal(t, monday, inc.GivenAt)
	give := func(after time.Duration, group, person string) *incident.Incident {
		w.now = monday.Add(after)
		return w.must(w.Assign(ctx, ann, inc.ID, group, person))
	}
	inc = give(time.Hour, "mail", "ben")
	require.Equal(t, monday.Add(time.Hour), inc.GivenAt, "it is another's now")
	require.Equal(t, monday, inc.AssignedAt, "and was somebody's before")
	inc = give(2*time.Hour, "network", "ben")
	require.Equal(t, monday.Add(time.Hour), inc.GivenAt, "he had it already")
	loads, err := w.Workload(ctx)
	require.NoError(t, err)
	require.Equal(t, map[string]routing.Load{"ben": {Weight: 1, Given: monday.Add(time.Hour)}}, loads)
	inc = give(3*time.Hour, "network", "")
	require.Zero(t, inc.GivenAt, "nobody has it")
	inc = give(4*time.Hour, "network", "ben")
	require.Equal(t, monday.Add(4*time.Hour), inc.GivenAt)
}
