package problem_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/problem/rca"
	"github.com/itsm-go/itsm/workflow"
)

// Ivanti closes a problem from a release, whatever its state.
func TestAHostEndsProblemsByActionsOfItsOwn(t *testing.T) {
	d := problem.Lifecycle(problem.Options{})
	d.Name = "released"
	d.Actions = append(d.Actions, workflow.Action{Name: "release"}, workflow.Action{Name: "park"})
	d.Transitions = append(d.Transitions,
		workflow.Transition{From: []string{problem.StateNew, problem.StateAssess, problem.StateAnalysis, problem.StateFix}, Action: "release", To: problem.StateClosed, Roles: []string{workflow.RoleSystem}},
		workflow.Transition{From: []string{problem.StateAnalysis}, Action: "park", To: problem.StateAssess, Roles: []string{workflow.RoleSystem}})
	w, ctx := newWorld(t, problem.Config{Lifecycle: d}), t.Context()
	releases := workflow.System("releases")
	incident := ids(0, 1)
	p := w.analysed("mail stops", incident...)
	w.incidents.stand[incident[0]] = problem.Standing{AwaitsProblem: true}
	w.refused(p.ID, workflow.ErrForbidden, func() (*problem.Problem, error) {
		return w.End(ctx, cleo, p.ID, "release", problem.FixApplied, "in 4.2")
	})
	w.refused(p.ID, problem.ErrCauseUnknown, func() (*problem.Problem, error) {
		return w.End(ctx, releases, p.ID, "release", problem.FixApplied, "in 4.2")
	})
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) {
		return w.End(ctx, releases, p.ID, "release", problem.Duplicate, "in 4.2")
	})
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) {
		return w.End(ctx, releases, p.ID, "park", problem.Cancelled, "later")
	})
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) {
		return w.End(ctx, releases, p.ID, problem.ActionCancel, problem.Cancelled, "has a method")
	})
	w.must(w.ConfirmCause(ctx, cleo, p.ID, finding))
	p = w.must(w.End(ctx, releases, p.ID, "release", problem.FixApplied, "in 4.2"))
	require.Equal(t, problem.StateClosed, p.State)
	w.deliver()
	require.Equal(t, "resolved_by_problem: PRB0000001 is fixed: in 4.2", w.incidents.resolved[incident[0]])

	other := w.open("web stops", ids(1, 1)...)
	w.incidents.stand[ids(1, 1)[0]] = problem.Standing{AwaitsProblem: true}
	other = w.must(w.End(ctx, releases, other.ID, "release", problem.Cancelled, "the product has ended"))
	require.Equal(t, problem.Cancelled, other.Resolution.Code)
	w.deliver()
	require.Len(t, w.incidents.said[ids(1, 1)[0]], 1)
}

func TestADuplicateHandsOverWhatTheConfigurationSays(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{Moves: []problem.Related{problem.RelatedFixes}}), t.Context()
	a, b := w.analysed("a", ids(0, 2)...), w.analysed("b")
	w.must(w.AddTask(ctx, cleo, a.ID, problem.Task{Title: "first"}))
	w.must(w.AddFix(ctx, cleo, a.ID, "change", "CHG1"))
	w.must(w.AddFix(ctx, cleo, a.ID, "change", "CHG2"))
	w.must(w.AddFix(ctx, cleo, b.ID, "change", "CHG2"))
	a = w.must(w.MarkDuplicate(ctx, cleo, a.ID, b.ID, "the same disk"))
	b = w.must(w.Get(ctx, b.ID))
	require.Equal(t, problem.TaskCancelled, a.Tasks[0].State)
	require.Empty(t, b.Tasks)
	require.Len(t, w.linked(a.ID), 2)
	require.Empty(t, a.Fixes)
	require.Len(t, b.Fixes, 2)
	require.Equal(t, "CHG1", b.Fixes[1].ID)
	w.deliver()
	require.Equal(t, 2, w.must(w.Get(ctx, a.ID)).Incidents, "and no message moves them later")

	all := newWorld(t, problem.Config{Moves: []problem.Related{}})
	c, d := all.analysed("c", ids(0, 1)...), all.open("d")
	c = all.must(all.MarkDuplicate(ctx, cleo, c.ID, d.ID, "the same"))
	require.Equal(t, 1, c.Incidents, "nothing at all")
	_, err := problem.NewService(nil, problem.Config{Moves: []problem.Related{"odd"}})
	require.ErrorContains(t, err, `"odd"`)
}

const analysis = `{"title": "Mail stops", "whys": {"problem": "Mail stops", "answers": [
	{"text": "The disk is full", "verdict": "confirmed", "evidence": "df", "because": [
		{"text": "Nobody rotates the log", "verdict": "confirmed", "evidence": "logrotate has no entry"}]},
	{"text": "A guess", "because": [{"text": "Behind a guess", "verdict": "confirmed", "evidence": "seen"}]}]},
	"factors": [{"text": "No alarm"}, {"text": "Few people", "verdict": "refuted", "evidence": "four of four"}]}`

func TestAnAnalysisLeadsToTheCause(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.analysed("mail stops")
	w.refused(p.ID, workflow.ErrInvalid, func() (*problem.Problem, error) {
		return w.SaveAnalysis(ctx, tim, p.ID, 0, []byte(`{"title": "a", "whys": {"problem": ""}}`))
	})
	p = w.must(w.SaveAnalysis(ctx, tim, p.ID, 0, []byte(analysis)))
	a, err := rca.Parse(p.Analysis.Document)
	require.NoError(t, err)
	found, err := problem.FindingOf(a)
	require.NoError(t, err)
	require.Equal(t, problem.Finding{Text: "Nobody rotates the log", Evidence: "logrotate has no entry", Factors: []string{"No alarm"}}, found,
		"what stands behind a guess does not count, and what is refuted contributes nothing")
	p = w.must(w.ConfirmCause(ctx, cleo, p.ID, found))
	require.True(t, p.CauseConfirmed())

	a.Whys.Answers = a.Whys.Answers[1:]
	_, err = problem.FindingOf(a)
	require.ErrorIs(t, err, problem.ErrCauseUnknown)
	require.ErrorContains(t, err, `"A guess"`)
	a.Whys.Answers = nil
	a.Fishbone = rca.NewFishbone("Mail stops", "People", "Plant")
	for i, text := range []string{"Nobody looks", "The disk is small"} {
		a.Fishbone.Categories[i].Causes = []rca.Cause{{Text: text, Verdict: rca.Confirmed, Evidence: "seen"}}
	}
	found, err = problem.FindingOf(a)
	require.NoError(t, err)
	require.Equal(t, "Nobody looks\nThe disk is small", found.Text)
}
