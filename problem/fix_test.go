package problem_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

func (w *world) fixState(p *problem.Problem) problem.FixState {
	return w.must(w.Get(w.t.Context(), p.ID)).Fixes[0].State
}

// A problem that refuses the news does not keep it from the others, and what is left is
// gone on with.
func TestOneProblemDoesNotKeepTheOthersFromTheirFix(t *testing.T) {
	for _, key := range []string{"", "CHG1 closed"} {
		t.Run("key "+key, func(t *testing.T) {
			w, ctx := newWorld(t, problem.Config{}), t.Context()
			all := []*problem.Problem{w.fixing("mail stops"), w.fixing("web stops"), w.fixing("phones stop")}
			for _, p := range all {
				w.must(w.AddFix(ctx, cleo, p.ID, "change", "CHG1"))
			}
			middle := w.must(w.Assign(ctx, bob, all[1].ID, "web", "bob")) // is not cleo's any more
			w.news()
			n, err := w.Once(key).FixFinished(ctx, cleo, "CHG1", problem.FixCompleted)
			require.Equal(t, 2, n)
			require.ErrorIs(t, err, workflow.ErrForbidden)
			require.ErrorContains(t, err, middle.Number)
			for i, want := range []problem.FixState{problem.FixCompleted, problem.FixOpen, problem.FixCompleted} {
				require.Equal(t, want, w.fixState(all[i]))
			}
			require.Len(t, w.news(), 2)
			w.must(w.Assign(ctx, bob, middle.ID, "web", "cleo"))
			w.news()
			before := w.must(w.Get(ctx, all[0].ID))
			n, err = w.Once(key).FixFinished(ctx, cleo, "CHG1", problem.FixCompleted)
			require.NoError(t, err)
			require.Equal(t, 3, n)
			require.Equal(t, problem.FixCompleted, w.fixState(middle))
			require.Len(t, w.news(), 1, "of the one that had not heard it")
			require.Equal(t, before, w.must(w.Get(ctx, before.ID)), "who knows it is not touched")
		})
	}
}

func TestNewsThatIsKnownIsNoWork(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{Inactivity: map[string]time.Duration{problem.StateFix: 100 * time.Hour}}), t.Context()
	p := w.fixing("mail stops")
	p = w.must(w.AddFix(ctx, cleo, p.ID, "change", "CHG1"))
	w.pass(2 * time.Hour)
	_, err := w.FixFinished(ctx, cleo, "CHG1", problem.FixOpen)
	require.NoError(t, err)
	require.Equal(t, p, w.must(w.Get(ctx, p.ID)))
}

func TestACallerWhoHangsUpEndsTheNewsOfAFix(t *testing.T) {
	w := newWorld(t, problem.Config{})
	p := w.fixing("mail stops")
	w.must(w.AddFix(t.Context(), cleo, p.ID, "change", "CHG1"))
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	n, err := w.FixFinished(ctx, cleo, "CHG1", problem.FixCompleted)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, n)
	require.Equal(t, problem.FixOpen, w.fixState(p))
}
