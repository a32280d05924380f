package problem_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// Every field that a lifecycle may name is held where the lifecycle says so.
func TestReadOnlyFieldsDoNotChange(t *testing.T) {
	fields := slices.Sorted(maps.Keys(problem.Bindings().Fields))
	fixed := problem.Lifecycle(problem.Options{})
	fixed.Name = "fixed"
	for i := range fixed.States {
		if fixed.States[i].Name == problem.StateFix || fixed.States[i].Name == problem.StateClosed {
			fixed.States[i].Mandatory = nil
			fixed.States[i].ReadOnly = slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == "note" })
		}
	}
	w, ctx := newWorld(t, problem.Config{Lifecycle: fixed}), t.Context()
	p, other := w.fixing("mail stops"), w.open("other")
	for field, act := range map[string]func() (*problem.Problem, error){
		"assignee":         func() (*problem.Problem, error) { return w.Assign(ctx, cleo, p.ID, "mail", "bob") },
		"workaround":       func() (*problem.Problem, error) { return w.SetWorkaround(ctx, cleo, p.ID, "restart") },
		"fixes":            func() (*problem.Problem, error) { return w.AddFix(ctx, cleo, p.ID, "change", "CHG1") },
		"resolution_code":  func() (*problem.Problem, error) { return w.Resolve(ctx, cleo, p.ID, "done") },
		"resolution_notes": func() (*problem.Problem, error) { return w.Resolve(ctx, cleo, p.ID, "done") },
		"duplicate_of":     func() (*problem.Problem, error) { return w.MarkDuplicate(ctx, cleo, p.ID, other.ID, "the same") },
		"risk": func() (*problem.Problem, error) {
			return w.AcceptRisk(ctx, mia, p.ID, problem.Acceptance{Reason: "cheap", Review: w.now.AddDate(1, 0, 0)})
		},
	} {
		t.Run(field, func(t *testing.T) {
			w.refused(p.ID, workflow.ErrInvalid, act)
			_, err := act()
			require.ErrorContains(t, err, field+" is read-only")
		})
	}

	q := w.analysed("web stops")
	w.must(w.AcceptRisk(ctx, mia, q.ID, problem.Acceptance{Reason: "cheap", Review: w.now.AddDate(0, 1, 0)}))
	w.refused(q.ID, workflow.ErrInvalid, func() (*problem.Problem, error) {
		return w.ReviewRisk(ctx, mia, q.ID, w.now.AddDate(2, 0, 0), "still cheap")
	})
	w.news()
	w.pass(32 * 24 * time.Hour)
	require.Equal(t, []string{"problem.risk_review cleo mail mia"}, w.news(), "being reminded changes nothing about it")
	q = w.must(w.Reanalyse(ctx, mia, q.ID, "not so cheap"))
	require.Nil(t, q.Risk, "it can be taken up again all the same")
}
