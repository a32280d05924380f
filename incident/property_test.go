package incident_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// monkey gives any command to any incident in the name of anybody, with
// arguments good and bad.
func monkey(ctx context.Context, r *rand.Rand, w *world, ids []workflow.ID) (workflow.ID, *incident.Incident, error) {
	actors := []workflow.Actor{ann, ben, carl, dora, workflow.System("monitoring")}
	actor, id, other := actors[r.IntN(len(actors))], ids[r.IntN(len(ids))], ids[r.IntN(len(ids))]
	text := []string{"", "a text"}[r.IntN(2)]
	level := func() incident.Level { return incident.Level(r.IntN(6)) }
	commands := []func() (*incident.Incident, error){
		func() (*incident.Incident, error) {
			return w.Assign(ctx, actor, id, []string{"", "network", "mail"}[r.IntN(3)], []string{"", "ann", "ben"}[r.IntN(3)])
		},
		func() (*incident.Incident, error) { return w.Start(ctx, actor, id) },
		func() (*incident.Incident, error) {
			reasons := []incident.HoldReason{incident.AwaitingCaller, incident.AwaitingVendor, incident.AwaitingProblem, "lunch"}
			return w.Hold(ctx, actor, id, reasons[r.IntN(4)], text)
		},
		func() (*incident.Incident, error) { return w.Resume(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.Comment(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.Note(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.Resolve(ctx, actor, id, text, text) },
		func() (*incident.Incident, error) { return w.Resolve(ctx, actor, id, "fixed", "done") },
		func() (*incident.Incident, error) { return w.Reopen(ctx, actor, id, text) },
		func() (*incident.Incident, error) { return w.Close(ctx, actor, id) },
		func() (*incident.Incident, error) { return w.Prioritize(ctx, actor, id, level(), level()) },
		func() (*incident.Incident, error) {
			return w.OverridePriority(ctx, actor, id, incident.Priority(r.IntN(7)), text)
		},
		func() (*incident.Incident, error) { return w.LiftOverride(ctx, actor, id) },
		func() (*incident.Incident, error) { return w.SetParent(ctx, actor, id, other) },
		func() (*incident.Incident, error) { return w.SetParent(ctx, actor, id, workflow.ID{}) },
		func() (*incident.Incident, error) { return w.AddTask(ctx, actor, id, incident.Task{Title: text}) },
		func() (*incident.Incident, error) {
			return w.SetTask(ctx, actor, id, r.IntN(3), incident.TaskComplete, text)
		},
		func() (*incident.Incident, error) {
			return w.LogWork(ctx, actor, id, time.Duration(r.IntN(9)-1)*time.Minute, decimal.New(int64(r.IntN(9000)-10), -2), text)
		},
		func() (*incident.Incident, error) {
			return w.Link(ctx, actor, id, incident.Link{Type: incident.LinkRelated, To: w.Kind().Ref(other)})
		},
		func() (*incident.Incident, error) { return w.Watch(ctx, actor, id, text) },
	}
	rare := []func() (*incident.Incident, error){
		func() (*incident.Incident, error) { return w.Merge(ctx, actor, id, other) },
		func() (*incident.Incident, error) { return w.Cancel(ctx, actor, id, text) },
	}
	if r.IntN(20) == 0 {
		commands = rare
	}
	inc, err := commands[r.IntN(len(commands))]()
	return id, inc, err
}

// Whatever is asked of a few incidents that are parents, children and duplicates
// of each other, every refusal is of a known class and changes nothing, and what
// must hold of incidents holds. At the end of each run everything is verified:
// chains, replay, clocks.
func TestNothingBreaksAnIncident(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 7))
			w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}, AutoClose: 2, AutoCloseCalendar: calendar.Always()})
			var ids []workflow.ID
			for i := range 5 {
				ids = append(ids, w.open(fmt.Sprint("incident ", i)).ID)
			}
			done, refused := 0, 0
			for range 250 {
				w.now = w.now.Add(time.Duration(r.IntN(120)) * time.Minute)
				if r.IntN(5) == 0 {
					w.deliver()
				}
				before := snapshot(t, w, ids)
				id, inc, err := monkey(t.Context(), r, w, ids)
				if err != nil {
					refused++
					require.True(t, errors.Is(err, workflow.ErrInvalid) || errors.Is(err, workflow.ErrForbidden) ||
						errors.Is(err, workflow.ErrTransition) || errors.Is(err, workflow.ErrNotFound), "%v", err)
					require.Equal(t, before, snapshot(t, w, ids), "a refusal changes nothing: %v", err)
					continue
				}
				done++
				require.Equal(t, id, inc.ID)
				mustHold(t, snapshot(t, w, ids))
			}
			require.Greater(t, done, 20)
			require.Greater(t, refused, 20)
		})
	}
}

func snapshot(t *testing.T, w *world, ids []workflow.ID) map[workflow.ID]*incident.Incident {
	all := map[workflow.ID]*incident.Incident{}
	for _, id := range ids {
		all[id] = w.must(w.Get(t.Context(), id))
	}
	return all
}

// mustHold checks what is true of incidents at any time.
func mustHold(t *testing.T, all map[workflow.ID]*incident.Incident) {
	t.Helper()
	children := map[workflow.ID]int{}
	for _, inc := range all {
		if inc.Parent != (workflow.ID{}) {
			children[inc.Parent]++
			require.Zero(t, inc.Children, "%s is child and parent", inc.Number)
			require.Zero(t, all[inc.Parent].Parent, "%s has a grandparent", inc.Number)
		}
	}
	matrix := incident.ServiceNowMatrix()
	for id, inc := range all {
		require.Equal(t, children[id], inc.Children, "%s counts its children", inc.Number)
		require.Equal(t, inc.State == incident.StateOnHold, inc.HoldReason != "", "%s is %s", inc.Number, inc.State)
		require.Equal(t, inc.State == incident.StateMerged, inc.DuplicateOf != (workflow.ID{}), "%s is %s", inc.Number, inc.State)
		if inc.State == incident.StateResolved || inc.State == incident.StateClosed {
			require.NotNil(t, inc.Resolution)
			require.NotEmpty(t, inc.Resolution.Code)
			require.NotEmpty(t, inc.Resolution.Notes)
		}
		want, err := matrix.Priority(inc.Impact, inc.Urgency)
		require.NoError(t, err)
		if inc.Override != nil {
			want = inc.Override.Priority
			require.NotEmpty(t, inc.Override.Reason)
		}
		require.Equal(t, want, inc.Priority)
		final := inc.State == incident.StateClosed || inc.State == incident.StateCancelled || inc.State == incident.StateMerged
		require.Equal(t, final, !inc.ClosedAt.IsZero(), "%s is %s", inc.Number, inc.State)
		for _, task := range inc.Tasks {
			require.True(t, !final || task.State.Closed(), "%s is %s with an open task", inc.Number, inc.State)
		}
		c := inc.Clock("resolution")
		require.Equal(t, final || inc.State == incident.StateResolved, c.State == sla.StateStopped || c.State == sla.StateCancelled,
			"%s is %s, its clock %s", inc.Number, inc.State, c.State)
	}
}
