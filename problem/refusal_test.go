package problem_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// The rule behind a refusal is known by the guard, not by its words, which are a host's to
// choose for a guard of its own.
func TestARefusalMatchesTheRulesBehindItsGuards(t *testing.T) {
	words := problem.Bindings().Guards[problem.GuardCauseKnown].Explain
	d := problem.Lifecycle(problem.Options{})
	d.Name = "guarded"
	for i := range d.Transitions {
		switch x := &d.Transitions[i]; x.Action {
		case problem.ActionConfirm:
			x.Guards = []string{"vendor"}
		case problem.ActionFix:
			x.Guards = []string{problem.GuardCauseKnown, problem.GuardTasksDone}
		}
	}
	w, ctx := newWorld(t, problem.Config{Lifecycle: d, Guards: map[string]workflow.Guard[problem.Facts]{
		"vendor": {Check: func(f problem.Facts) bool { return f.Problem.Customer != "" }, Explain: "with the vendor " + words},
	}}), t.Context()
	p := w.open("mail stops")
	w.must(w.Assess(ctx, cleo, p.ID, ""))
	_, err := w.Confirm(ctx, cleo, p.ID, "")
	require.ErrorIs(t, err, workflow.ErrGuard)
	require.NotErrorIs(t, err, problem.ErrCauseUnknown, "it is a guard of the host that does not hold")
	w.must(w.Update(ctx, cleo, p.ID, func(r *problem.Report) { r.Customer = "Acme" }))
	w.must(w.Confirm(ctx, cleo, p.ID, ""))
	w.must(w.AddTask(ctx, cleo, p.ID, problem.Task{Title: "look"}))
	_, err = w.Fix(ctx, cleo, p.ID, "rotate")
	require.ErrorIs(t, err, problem.ErrCauseUnknown)
	require.ErrorIs(t, err, problem.ErrTasksOpen)
	require.ErrorIs(t, err, workflow.ErrGuard)
}

// ServiceNow has a property for the roles that re-analyse what was closed, and another for
// what was cancelled.
func TestWhoReanalysesDependsOnHowItEnded(t *testing.T) {
	closed, cancelled := workflow.User("carl", "closed_again"), workflow.User("cora", "cancelled_again")
	apart := problem.Options{ReanalyseClosed: []string{"closed_again"}, ReanalyseCancelled: []string{"cancelled_again"}}
	complete := func(w *world) *problem.Problem {
		p := w.fixing("mail stops")
		w.must(w.Resolve(w.t.Context(), cleo, p.ID, "rotated daily"))
		return w.must(w.Complete(w.t.Context(), cleo, p.ID, ""))
	}
	cancel := func(w *world) *problem.Problem {
		return w.must(w.Cancel(w.t.Context(), cleo, w.open("mail stops").ID, "it was none"))
	}
	for _, row := range []struct {
		name    string
		options problem.Options
		end     func(*world) *problem.Problem
		may     []workflow.Actor
		mayNot  []workflow.Actor
	}{
		{"closed, by default", problem.Options{}, complete, []workflow.Actor{mia}, []workflow.Actor{bob, cleo, closed, cancelled}},
		{"cancelled, by default", problem.Options{}, cancel, []workflow.Actor{mia}, []workflow.Actor{bob, cleo, closed, cancelled}},
		{"closed, by a role of its own", apart, complete, []workflow.Actor{closed}, []workflow.Actor{mia, bob, cleo, cancelled}},
		{"cancelled, by a role of its own", apart, cancel, []workflow.Actor{cancelled}, []workflow.Actor{mia, bob, cleo, closed}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, ctx := newWorld(t, problem.Config{Lifecycle: problem.Lifecycle(row.options)}), t.Context()
			p := row.end(w)
			for _, who := range row.mayNot {
				w.refused(p.ID, workflow.ErrForbidden, func() (*problem.Problem, error) { return w.Reanalyse(ctx, who, p.ID, "it is back") })
			}
			for _, who := range row.may {
				require.Equal(t, problem.StateAnalysis, w.must(w.Reanalyse(ctx, who, p.ID, "it is back")).State)
			}
		})
	}
	w, ctx := newWorld(t, problem.Config{Lifecycle: problem.Lifecycle(apart)}), t.Context()
	p := w.fixing("mail stops")
	w.refused(p.ID, workflow.ErrForbidden, func() (*problem.Problem, error) { return w.Reanalyse(ctx, closed, p.ID, "no") })
	w.must(w.Reanalyse(ctx, cleo, p.ID, "while it is fixed the staff may"))
}
