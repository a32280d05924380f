package problem_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// What the rules of problems would refuse is not offered either, and it is told why.
func TestOnlyWhatTheRulesAllowIsOffered(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{TasksFirst: true}), t.Context()
	p := w.fixing("mail stops")
	w.must(w.SetMajor(ctx, mia, p.ID, true, "big"))
	p = w.must(w.AddTask(ctx, cleo, p.ID, problem.Task{Title: "look"}))
	offered := func(p *problem.Problem, action string) (bool, []string) {
		t.Helper()
		options, err := w.Actions(p, mia)
		require.NoError(t, err)
		for _, o := range options {
			if o.Action == action {
				return o.Allowed, o.Reasons
			}
		}
		require.Fail(t, "no action", action)
		return false, nil
	}
	allowed, why := offered(p, problem.ActionAcceptRisk)
	require.False(t, allowed)
	require.Equal(t, []string{"major problem not reviewed", "tasks are open"}, why)
	for _, action := range []string{problem.ActionResolve, problem.ActionDuplicate, problem.ActionCancel} {
		allowed, _ = offered(p, action)
		require.True(t, allowed, action)
	}
	p = w.must(w.Resolve(ctx, cleo, p.ID, "rotated daily"))
	_, err := w.Cancel(ctx, cleo, p.ID, "too late")
	var te *workflow.TransitionError
	require.True(t, errors.As(err, &te))
	require.Equal(t, []string{problem.ActionReanalyse}, te.Allowed)
	w.must(w.ReviewMajor(ctx, mia, p.ID, "learnt"))
	w.must(w.SetTask(ctx, cleo, p.ID, 1, problem.TaskCancelled, "no need"))
	allowed, why = offered(w.must(w.Get(ctx, p.ID)), problem.ActionComplete)
	require.True(t, allowed)
	require.Empty(t, why)
}
