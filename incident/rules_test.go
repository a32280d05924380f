package incident_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

func TestServiceNowPriorityIsImpactPlusUrgencyLessOne(t *testing.T) {
	m := incident.ServiceNowMatrix()
	require.NoError(t, m.Validate())
	for i, impact := range []incident.Level{incident.High, incident.Medium, incident.Low} {
		for j, urgency := range []incident.Level{incident.High, incident.Medium, incident.Low} {
			p, err := m.Priority(impact, urgency)
			require.NoError(t, err)
			require.EqualValues(t, i+j+1, p)
		}
	}
	_, err := m.Priority(incident.VeryHigh, 0)
	require.ErrorContains(t, err, "impact")
	require.ErrorContains(t, err, "urgency")
}

func TestGLPIPriority(t *testing.T) {
	// GLPI counts the other way round, 5 being very high: [urgency][impact].
	glpi := [5][5]int{{1, 1, 2, 2, 2}, {1, 2, 2, 3, 3}, {2, 2, 3, 4, 4}, {2, 3, 4, 4, 5}, {2, 3, 4, 5, 5}}
	m := incident.GLPIMatrix()
	require.NoError(t, m.Validate())
	for u := range 5 {
		for i := range 5 {
			p, err := m.Priority(incident.Level(5-i), incident.Level(5-u))
			require.NoError(t, err)
			require.EqualValues(t, 6-glpi[u][i], p, "urgency %d, impact %d", u+1, i+1)
		}
	}
}

func TestMatrixIsDataAndChecked(t *testing.T) {
	b, err := json.Marshal(incident.ServiceNowMatrix())
	require.NoError(t, err)
	var m incident.Matrix
	require.NoError(t, json.Unmarshal(b, &m))
	require.Equal(t, incident.ServiceNowMatrix(), m)
	err = incident.Matrix{Impacts: []incident.Level{1, 1}, Cells: [][]incident.Priority{{1}}}.Validate()
	for _, want := range []string{"listed twice", "no urgency levels", "1 rows for 2 impacts", "1 cells for 0 urgencies"} {
		require.ErrorContains(t, err, want)
	}
	require.Error(t, json.Unmarshal([]byte(`"P6"`), new(incident.Priority)))
	require.Error(t, json.Unmarshal([]byte(`"huge"`), new(incident.Level)))
}

func TestPriorityFollowsTheMatrixUntilSomebodyOverridesIt(t *testing.T) {
	w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}})
	ctx := t.Context()
	inc := w.open("Priority")
	inc = w.must(w.Prioritize(ctx, ann, inc.ID, incident.High, incident.Medium))
	require.Equal(t, incident.P2, inc.Priority)
	inc = w.must(w.OverridePriority(ctx, ann, inc.ID, incident.P1, "the board is watching"))
	require.Equal(t, incident.P1, inc.Priority)
	require.Equal(t, &incident.Override{Priority: incident.P1, Reason: "the board is watching", By: "ann", At: monday}, inc.Override)
	require.Equal(t, monday.Add(4*time.Hour), inc.Clock("resolution").Due, "the goal of P1 counts now")
	inc = w.must(w.Prioritize(ctx, ann, inc.ID, incident.Low, incident.Low))
	require.Equal(t, incident.P1, inc.Priority, "the override stays")
	inc = w.must(w.LiftOverride(ctx, ann, inc.ID))
	require.Equal(t, incident.P5, inc.Priority)
	require.Nil(t, inc.Override)
	require.Equal(t, monday.Add(8*time.Hour), inc.Clock("resolution").Due)
}

func TestChildrenFollowTheirParent(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	parent, a, b := w.open("Parent"), w.open("A"), w.open("B")
	for _, c := range []*incident.Incident{a, b} {
		w.must(w.SetParent(ctx, ann, c.ID, parent.ID))
	}
	require.Equal(t, 2, w.must(w.Get(ctx, parent.ID)).Children)
	states := func() [2]string {
		return [2]string{w.must(w.Get(ctx, a.ID)).State, w.must(w.Get(ctx, b.ID)).State}
	}
	both := func(s string) [2]string { return [2]string{s, s} }

	w.must(w.Start(ctx, ann, parent.ID))
	require.Equal(t, both(incident.StateInProgress), states())
	w.must(w.Hold(ctx, ann, parent.ID, incident.AwaitingCaller, "Tell us more"))
	require.Equal(t, both(incident.StateInProgress), states(), "waiting for the parent's caller is not theirs")
	w.must(w.Hold(ctx, ann, parent.ID, incident.AwaitingVendor, ""))
	require.Equal(t, both(incident.StateOnHold), states())
	require.Equal(t, incident.AwaitingVendor, w.must(w.Get(ctx, a.ID)).HoldReason)
	w.must(w.Hold(ctx, ann, b.ID, incident.AwaitingCaller, "Yours, too?"))
	w.must(w.Resume(ctx, ann, parent.ID, ""))
	require.Equal(t, [2]string{incident.StateInProgress, incident.StateOnHold}, states(), "B waits for its own caller")

	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "New switch"))
	require.Equal(t, both(incident.StateResolved), states())
	require.Equal(t, "New switch", w.must(w.Get(ctx, b.ID)).Resolution.Notes)
	w.must(w.Reopen(ctx, carl, parent.ID, "not for me"))
	require.Equal(t, both(incident.StateResolved), states(), "the caller reopens his own alone")
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "Now"))
	w.must(w.Reopen(ctx, ann, parent.ID, "not at all"))
	require.Equal(t, both(incident.StateInProgress), states(), "staff reopens the family")
	w.must(w.Resolve(ctx, ann, parent.ID, "fixed", "At last"))
	w.must(w.Close(ctx, ann, parent.ID))
	require.Equal(t, both(incident.StateResolved), states(), "children are not closed with their parent")

	events, err := workflow.History(ctx, w.store, w.Kind().Ref(a.ID))
	require.NoError(t, err)
	require.Equal(t, "follows INC0000001", events[len(events)-1].Note)
}

func TestFamiliesHaveTwoGenerations(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	parent, child, other := w.open("Parent"), w.open("Child"), w.open("Other")
	w.must(w.SetParent(ctx, ann, child.ID, parent.ID))
	w.refused(other.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.SetParent(ctx, ann, other.ID, child.ID) })
	w.refused(parent.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.SetParent(ctx, ann, parent.ID, other.ID) })
	w.refused(parent.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.Merge(ctx, ann, parent.ID, other.ID) })
	w.must(w.SetParent(ctx, ann, child.ID, other.ID))
	require.Zero(t, w.must(w.Get(ctx, parent.ID)).Children)
	w.must(w.SetParent(ctx, ann, child.ID, workflow.ID{}))
	require.Zero(t, w.must(w.Get(ctx, other.ID)).Children)
	ids, err := w.Children(ctx, other.ID)
	require.NoError(t, err)
	require.Empty(t, ids)
	born := w.must(w.Open(ctx, ann, incident.Report{Title: "Born", Impact: incident.Low, Urgency: incident.Low, Parent: parent.ID}))
	require.Equal(t, parent.ID, born.Parent)
	_, err = w.Open(ctx, carl, incident.Report{Title: "Forced", Impact: incident.Low, Urgency: incident.Low, Parent: parent.ID})
	require.ErrorIs(t, err, workflow.ErrForbidden)
}

func TestMergeEndsADuplicateAndKeepsItsPeopleInformed(t *testing.T) {
	w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}})
	ctx := t.Context()
	first := w.open("First")
	again := w.must(w.Open(ctx, dora, incident.Report{Title: "Again", Impact: incident.Low, Urgency: incident.Low, Watchers: []string{"eve"}}))
	merged := w.must(w.Merge(ctx, ann, again.ID, first.ID))
	require.Equal(t, incident.StateMerged, merged.State)
	require.Equal(t, first.ID, merged.DuplicateOf)
	require.Equal(t, sla.StateCancelled, merged.Clock("resolution").State)
	require.Equal(t, []string{"dora", "eve"}, w.must(w.Get(ctx, first.ID)).Watchers)
	third := w.open("Third")
	w.refused(third.ID, workflow.ErrTransition, func() (*incident.Incident, error) { return w.Merge(ctx, ann, third.ID, merged.ID) })
}

func TestTasksEndWithTheIncident(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	for end, want := range map[string]incident.TaskState{"close": incident.TaskIncomplete, "cancel": incident.TaskSkipped} {
		inc := w.open("Tasks")
		w.must(w.AddTask(ctx, ann, inc.ID, incident.Task{Title: "Check the cable", Group: "network"}))
		w.must(w.AddTask(ctx, ann, inc.ID, incident.Task{Title: "Call the vendor"}))
		w.must(w.SetTask(ctx, ann, inc.ID, 1, incident.TaskComplete, "it is fine"))
		w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) {
			return w.SetTask(ctx, ann, inc.ID, 1, incident.TaskOpen, "")
		})
		if end == "close" {
			w.must(w.Resolve(ctx, ann, inc.ID, "fixed", "done"))
			inc = w.must(w.Close(ctx, ann, inc.ID))
		} else {
			inc = w.must(w.Cancel(ctx, ann, inc.ID, "was nothing"))
		}
		require.Equal(t, incident.TaskComplete, inc.Tasks[0].State)
		require.Equal(t, want, inc.Tasks[1].State)
		require.False(t, inc.Tasks[1].ClosedAt.IsZero())
		w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) {
			return w.AddTask(ctx, ann, inc.ID, incident.Task{Title: "Too late"})
		})
	}
}

func TestWorkCostsWhatItCosts(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	inc := w.open("Cost")
	rate := decimal.RequireFromString("100")
	w.must(w.LogWork(ctx, ann, inc.ID, 20*time.Minute, rate, "looked at it"))
	inc = w.must(w.LogWork(ctx, ben, inc.ID, 20*time.Minute, rate, ""))
	require.Equal(t, "33.33", inc.Work[0].Cost.String())
	require.Equal(t, "66.66", inc.Cost().String(), "the sum of the entries as shown")
	require.Equal(t, 40*time.Minute, inc.TimeWorked())
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) {
		return w.LogWork(ctx, ann, inc.ID, -time.Minute, decimal.NewFromInt(-1), "")
	})
}

func TestReassignmentsAreChangesOfGroup(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	inc := w.open("Reassigned")
	for _, c := range []struct {
		group, person string
		want          int
	}{{"network", "", 0}, {"network", "ann", 0}, {"network", "ben", 0}, {"servers", "", 1}, {"servers", "", 1}, {"network", "", 2}} {
		inc = w.must(w.Assign(ctx, ann, inc.ID, c.group, c.person))
		require.Equal(t, c.want, inc.Reassignments, c)
	}
}

func TestDescriptionAndRelations(t *testing.T) {
	schema, err := workflow.NewSchema(workflow.Field{Name: "site", Type: workflow.FieldEnum, Values: []string{"north", "south"}, Indexed: true})
	require.NoError(t, err)
	w := newWorld(t, incident.Config{Fields: schema, Templates: map[string]incident.Report{
		"mail": {Title: "Mail", Category: "mail", Impact: incident.High, Urgency: incident.High, CIs: []string{"mx1"}, Fields: map[string]any{"site": "north"}},
	}})
	ctx := t.Context()
	inc := w.must(w.Open(ctx, carl, incident.Report{Template: "mail", Title: "Mail is slow", CIs: []string{"mx2", "mx1"}}))
	require.Equal(t, "Mail is slow", inc.Title)
	require.Equal(t, "carl", inc.Caller, "who reports is the caller")
	require.Equal(t, incident.P1, inc.Priority)
	require.Equal(t, []incident.AffectedCI{{ID: "mx1", Source: incident.CIManual}, {ID: "mx2", Source: incident.CIManual}}, inc.CIs)

	inc = w.must(w.Update(ctx, ann, inc.ID, incident.Edit{Subcategory: to("queue"), VIP: to(true), Fields: map[string]any{"site": "south"}}))
	require.Equal(t, "south", inc.Fields.String("site"))
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) {
		return w.Update(ctx, ann, inc.ID, incident.Edit{Title: to(""), Fields: map[string]any{"site": "east"}})
	})

	w.must(w.SetCIs(ctx, ann, inc.ID, incident.CINotAffected, "mx2"))
	inc = w.must(w.SetCIs(ctx, ann, inc.ID, incident.CIComputed, "mx1", "mx2", "db1"))
	require.Equal(t, []incident.AffectedCI{{ID: "mx1", Source: incident.CIManual}, {ID: "mx2", Source: incident.CINotAffected}, {ID: "db1", Source: incident.CIComputed}}, inc.CIs)
	inc = w.must(w.SetCIs(ctx, ann, inc.ID, incident.CIComputed))
	require.Len(t, inc.CIs, 2)

	problem := incident.Link{Type: incident.LinkProblem, To: workflow.Ref{Kind: "problem", ID: workflow.ID{1}}}
	w.must(w.Link(ctx, ann, inc.ID, problem))
	inc = w.must(w.Link(ctx, ann, inc.ID, problem))
	require.Len(t, inc.Links, 1)
	count := func(q ...workflow.Condition) (n int) {
		for _, err := range w.Find(ctx, workflow.Query{Where: q}) {
			require.NoError(t, err)
			n++
		}
		return n
	}
	require.Equal(t, 1, count(workflow.Is(incident.IndexLink, workflow.StringKey(problem.To.String()))))
	require.Equal(t, 1, count(workflow.Is(incident.IndexCI, "mx1")))
	require.Equal(t, 0, count(workflow.Is(incident.IndexCI, "mx2")), "found unharmed")
	require.Equal(t, 1, count(workflow.Is("field.site", "south"), workflow.Is(incident.IndexPriority, workflow.IntKey(1))))
	inc = w.must(w.Unlink(ctx, ann, inc.ID, problem))
	require.Empty(t, inc.Links)

	w.must(w.Attach(ctx, carl, inc.ID, workflow.Attachment{Name: "screen.png", URL: "https://files.example/1", Size: 10}))
	w.must(w.Watch(ctx, ann, inc.ID, "dora"))
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Unwatch(ctx, carl, inc.ID, "dora") })
	inc = w.must(w.Unwatch(ctx, dora, inc.ID, "dora"))
	require.Empty(t, inc.Watchers)
	require.Len(t, inc.Files, 1)
}

func TestOnceHappensOnce(t *testing.T) {
	w := newWorld(t, incident.Config{})
	ctx := t.Context()
	r := incident.Report{Title: "Once", Impact: incident.Low, Urgency: incident.Low}
	first := w.must(w.Once("mail-1").Open(ctx, ann, r))
	again := w.must(w.Once("mail-1").Open(ctx, ann, r))
	require.Equal(t, first, again)
	w.must(w.Once("n1").Note(ctx, ann, first.ID, "noted"))
	inc := w.must(w.Once("n1").Note(ctx, ann, first.ID, "noted"))
	require.Len(t, inc.Comments, 1)
}
