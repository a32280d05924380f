package problem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// A problem that was talked about without end can still be brought to its end, in words.
func TestAProblemThatIsFullOfNotesIsStillSolved(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.fixing("mail stops")
	long := strings.Repeat("x", workflow.MaxText)
	desk := workflow.NewDesk(w.store, workflow.DeskConfig{Clock: func() time.Time { return w.now }})
	_, err := desk.Do(ctx, workflow.Command{Name: "problem.import", Actor: workflow.System("import")}, func(tx *workflow.Tx) error {
		p, err := w.Kind().Get(tx, p.ID)
		if err != nil {
			return err
		}
		for range workflow.SoftBody/workflow.MaxText - 3 { // at once, as one by one takes long
			p.Comments = append(p.Comments, workflow.Comment{At: w.now, By: "import", Text: long})
		}
		return w.Kind().Put(tx, p, workflow.Entry{})
	})
	require.NoError(t, err)
	for n := 0; err == nil; n++ {
		require.Less(t, n, 5, "notes are refused before nothing else has room")
		_, err = w.Note(ctx, ann, p.ID, long)
	}
	require.ErrorIs(t, err, workflow.ErrFull)
	for size := len(long) / 2; size > 0; size /= 2 { // what still has room
		_, _ = w.Note(ctx, ann, p.ID, long[:size])
	}
	w.refused(p.ID, workflow.ErrFull, func() (*problem.Problem, error) { return w.Note(ctx, ann, p.ID, long[:1000]) })
	w.must(w.AddFix(ctx, cleo, p.ID, "change", "CHG1"))
	n, err := w.FixFinished(ctx, workflow.System("changes"), "CHG1", problem.FixCompleted)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	w.must(w.Assign(ctx, mia, p.ID, "mail", "bob"))
	p = w.must(w.Resolve(ctx, mia, p.ID, long))
	require.Equal(t, problem.StateResolved, p.State)
	p = w.must(w.Complete(ctx, mia, p.ID, "it holds"))
	require.Equal(t, problem.StateClosed, p.State)
}
