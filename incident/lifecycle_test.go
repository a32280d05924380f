package incident_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

func TestTheWholeLifeOfAnIncident(t *testing.T) {
	w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}})
	ctx := t.Context()
	inc := w.open("Mail is down")
	require.Equal(t, "INC0000001", inc.Number)
	require.Equal(t, incident.StateNew, inc.State)
	require.Equal(t, incident.P3, inc.Priority)
	require.Equal(t, monday.Add(8*time.Hour), inc.Clock("resolution").Due)
	require.Equal(t, []string{incident.TopicOpened}, w.news())

	inc = w.must(w.Assign(ctx, ann, inc.ID, "network", ""))
	inc = w.must(w.Assign(ctx, ann, inc.ID, "network", "ben"))
	require.Zero(t, inc.Reassignments)
	inc = w.must(w.Start(ctx, ben, inc.ID))
	require.Equal(t, incident.StateInProgress, inc.State)

	inc = w.must(w.Watch(ctx, dora, inc.ID, "dora"))
	inc = w.must(w.Hold(ctx, ben, inc.ID, incident.AwaitingCaller, "Which client do you use?"))
	require.Equal(t, monday, inc.RespondedAt, "a public word to the caller is the first response")
	require.Equal(t, sla.StatePaused, inc.Clock("resolution").State)
	w.news()
	w.pass(2 * time.Hour)
	inc = w.must(w.Comment(ctx, carl, inc.ID, "The web one."))
	require.Equal(t, incident.StateInProgress, inc.State, "the caller's reply takes the work up again")
	require.Empty(t, inc.HoldReason)
	require.Equal(t, monday.Add(24*time.Hour+2*time.Hour), inc.Clock("resolution").Due, "two hours of pause, so Tuesday 11:00")
	w.deliver()
	require.Equal(t, []string{"ben", "network", "dora"}, w.sent[0].To)
	require.Equal(t, []string{incident.TopicReplied}, w.news())

	inc = w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "Restarted the server."))
	require.Equal(t, incident.StateResolved, inc.State)
	inc = w.must(w.Reopen(ctx, carl, inc.ID, "Still down."))
	require.Equal(t, 1, inc.Reopened)
	require.Equal(t, "carl", inc.ReopenedBy)
	inc = w.must(w.Resolve(ctx, ben, inc.ID, "fixed", "Replaced the disk."))
	inc = w.must(w.Close(ctx, carl, inc.ID))
	require.Equal(t, incident.StateClosed, inc.State)
	require.False(t, inc.ClosedAt.IsZero())
	require.Equal(t, workflow.CategoryClosed, w.Category(inc))

	err := w.refused(inc.ID, workflow.ErrTransition, func() (*incident.Incident, error) {
		return w.Reopen(ctx, ann, inc.ID, "again")
	})
	var te *workflow.TransitionError
	require.True(t, errors.As(err, &te))
	require.Empty(t, te.Allowed)
	next := w.must(w.FollowUp(ctx, carl, inc.ID, "It is down again."))
	require.Equal(t, inc.Title, next.Title)
	require.Equal(t, []incident.Link{{Type: incident.LinkRelated, To: w.Kind().Ref(inc.ID)}}, next.Links)
}

func TestWhatTheLifecycleRefuses(t *testing.T) {
	w := newWorld(t, incident.Config{ResolutionCodes: []string{"fixed"}})
	ctx := t.Context()
	inc := w.open("Refusals")
	for _, c := range []struct {
		name  string
		class error
		act   func() (*incident.Incident, error)
	}{
		{"closing what is not resolved", workflow.ErrNoTransition, func() (*incident.Incident, error) { return w.Close(ctx, ann, inc.ID) }},
		{"resolving without notes", workflow.ErrRequired, func() (*incident.Incident, error) { return w.Resolve(ctx, ann, inc.ID, "fixed", "") }},
		{"a code that is not configured", workflow.ErrInvalid, func() (*incident.Incident, error) { return w.Resolve(ctx, ann, inc.ID, "magic", "x") }},
		{"asking the caller nothing", workflow.ErrGuard, func() (*incident.Incident, error) {
			return w.Hold(ctx, ann, inc.ID, incident.AwaitingCaller, " ")
		}},
		{"holding for no known reason", workflow.ErrInvalid, func() (*incident.Incident, error) { return w.Hold(ctx, ann, inc.ID, "lunch", "") }},
		{"cancelling without a reason", workflow.ErrRequired, func() (*incident.Incident, error) { return w.Cancel(ctx, ann, inc.ID, "") }},
		{"assigning to nobody", workflow.ErrInvalid, func() (*incident.Incident, error) { return w.Assign(ctx, ann, inc.ID, "", "") }},
		{"a caller who works on it himself", workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Start(ctx, carl, inc.ID) }},
		{"a stranger's comment", workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Comment(ctx, dora, inc.ID, "hm") }},
		{"a caller's work note", workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Note(ctx, carl, inc.ID, "hm") }},
		{"an unknown action", workflow.ErrNoTransition, func() (*incident.Incident, error) { return w.Act(ctx, ann, inc.ID, "escalate", "") }},
		{"resuming what is not on hold", workflow.ErrNoTransition, func() (*incident.Incident, error) { return w.Resume(ctx, ann, inc.ID, "") }},
		{"following up what is open", workflow.ErrTransition, func() (*incident.Incident, error) { return w.FollowUp(ctx, ann, inc.ID, "x") }},
		{"a parent of itself", workflow.ErrInvalid, func() (*incident.Incident, error) { return w.SetParent(ctx, ann, inc.ID, inc.ID) }},
		{"a duplicate of itself", workflow.ErrInvalid, func() (*incident.Incident, error) { return w.Merge(ctx, ann, inc.ID, inc.ID) }},
		{"an impact the matrix does not know", workflow.ErrInvalid, func() (*incident.Incident, error) {
			return w.Prioritize(ctx, ann, inc.ID, incident.VeryHigh, incident.Low)
		}},
		{"a priority against the matrix without a reason", workflow.ErrInvalid, func() (*incident.Incident, error) {
			return w.OverridePriority(ctx, ann, inc.ID, incident.P1, "")
		}},
		{"a task that is not there", workflow.ErrNotFound, func() (*incident.Incident, error) {
			return w.SetTask(ctx, ann, inc.ID, 7, incident.TaskComplete, "")
		}},
		{"a change before the last one", workflow.ErrOutOfOrder, func() (*incident.Incident, error) {
			return w.At(monday.Add(-time.Hour)).Start(ctx, ann, inc.ID)
		}},
	} {
		t.Run(c.name, func(t *testing.T) { w.refused(inc.ID, c.class, c.act) })
	}
	_, err := w.Get(ctx, workflow.ID{1})
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestARefusalTellsWhatWouldBeAllowed(t *testing.T) {
	w := newWorld(t, incident.Config{})
	inc := w.open("Allowed")
	_, err := w.Close(t.Context(), ann, inc.ID)
	var te *workflow.TransitionError
	require.True(t, errors.As(err, &te))
	require.Equal(t, []string{"assign", "start", "hold", "resolve", "cancel", "merge"}, te.Allowed)
	require.ErrorContains(t, err, "INC0000001")

	options, err := w.Options(inc, carl)
	require.NoError(t, err)
	for _, o := range options {
		require.Equal(t, o.Action == incident.ActionCancel, o.Allowed, o.Action)
		require.Equal(t, o.Allowed, len(o.Reasons) == 0, o.Action)
	}
}

func TestAReportIsCheckedAsAWhole(t *testing.T) {
	w := newWorld(t, incident.Config{})
	_, err := w.Open(t.Context(), ann, incident.Report{Template: "none", Channel: "pigeon", Impact: 9, CIs: []string{""}, Fields: map[string]any{"x": 1}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{`template "none"`, "the title has", `unknown channel "pigeon"`, "impact", "urgency", "has no id", `"x" is not declared`} {
		require.ErrorContains(t, err, want)
	}
}

func TestConfigurationIsCheckedAsAWhole(t *testing.T) {
	l := incident.Lifecycle()
	l.Transitions[0].Guards = []string{"unheard_of"}
	_, err := incident.NewService(nil, incident.Config{
		Lifecycle: l, AutoClose: 3, Matrix: incident.Matrix{Cells: [][]incident.Priority{{9}}},
		Targets:   []sla.Target{{Name: "x"}},
		Templates: map[string]incident.Report{"a": {Template: "b"}},
		Guards:    map[string]workflow.Guard[incident.Facts]{incident.GuardCallerAsked: {}},
	})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"no desk", "unheard_of", "closing after 3", "no impact levels", "no stop condition", "template", "library's own"} {
		require.ErrorContains(t, err, want)
	}
}

func TestAHostExtendsTheLifecycle(t *testing.T) {
	extended, err := workflow.Extend(incident.Lifecycle(), workflow.Extension{
		Name: "incident-secured", Version: 1,
		States:  []workflow.State{{Name: "awaiting_security_review", Label: "Awaiting Security Review", Category: workflow.CategoryOnHold}},
		Actions: []workflow.Action{{Name: "review", Label: "Ask security"}, {Name: "clear", Label: "Security is content"}},
		Transitions: []workflow.Transition{
			{From: []string{"in_progress"}, Action: "review", To: "awaiting_security_review", Roles: []string{"agent"}},
			{From: []string{"awaiting_security_review"}, Action: "clear", To: "in_progress", Roles: []string{"security"}, Guards: []string{"reasoned"}},
		},
	})
	require.NoError(t, err)
	tgt := resolution(t)
	tgt.Pause = sla.OnHold()
	w := newWorld(t, incident.Config{Lifecycle: extended, Earlier: []workflow.Definition{incident.Lifecycle()}, Targets: []sla.Target{tgt},
		Guards: map[string]workflow.Guard[incident.Facts]{"reasoned": {
			Check: func(f incident.Facts) bool { return len(f.Reason) > 3 }, Explain: "security says why"}}})
	ctx := t.Context()
	inc := w.open("Extended")
	inc = w.must(w.Start(ctx, ann, inc.ID))
	inc = w.must(w.Act(ctx, ann, inc.ID, "review", ""))
	require.Equal(t, "awaiting_security_review", inc.State)
	require.Equal(t, sla.StatePaused, inc.Clock("resolution").State, "the category pauses the clock")
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.Act(ctx, ann, inc.ID, "clear", "all good") })
	sue := workflow.User("sue", "security")
	w.refused(inc.ID, workflow.ErrGuard, func() (*incident.Incident, error) { return w.Act(ctx, sue, inc.ID, "clear", "ok") })
	inc = w.must(w.Act(ctx, sue, inc.ID, "clear", "all good"))
	require.Equal(t, incident.StateInProgress, inc.State)
}
