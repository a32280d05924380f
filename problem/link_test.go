package problem_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

func TestLinkingIncidents(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	a, b := w.open("a", ids(0, 3)...), w.open("b")
	a = w.must(w.Link(ctx, ann, a.ID, ids(2, 3)...))
	require.Equal(t, 5, a.Incidents, "one of them was linked already")
	w.refused(b.ID, problem.ErrLinked, func() (*problem.Problem, error) { return w.Link(ctx, ann, b.ID, ids(3, 5)...) })
	require.Empty(t, w.linked(b.ID))
	w.refused(a.ID, workflow.ErrNotFound, func() (*problem.Problem, error) { return w.Unlink(ctx, ann, a.ID, "wrong", ids(4, 2)...) })
	w.refused(a.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.Unlink(ctx, ann, a.ID, "", ids(4, 1)...) })
	a = w.must(w.Unlink(ctx, ann, a.ID, "another cause", ids(3, 2)...))
	require.Equal(t, 3, a.Incidents)
	b = w.must(w.Link(ctx, ann, b.ID, ids(3, 5)...))
	require.Equal(t, 5, b.Incidents)
	require.ElementsMatch(t, ids(0, 3), w.linked(a.ID))
	require.ElementsMatch(t, ids(3, 5), w.linked(b.ID))
	for _, bad := range [][]workflow.ID{nil, {{}}, ids(0, problem.MaxLinked+1)} {
		w.refused(a.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.Link(ctx, ann, a.ID, bad...) })
	}
	w.must(w.Cancel(ctx, mia, b.ID, "none"))
	w.refused(b.ID, workflow.ErrTransition, func() (*problem.Problem, error) { return w.Link(ctx, ann, b.ID, ids(20, 1)...) })
	w.must(w.Unlink(ctx, ann, b.ID, "it was none", ids(3, 5)...))
	require.Empty(t, w.linked(b.ID))
}

func TestADetectionProposesAProblem(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	a := w.open("known", ids(0, 2)...)
	d := problem.Detection{Title: "19 incidents name db-01", Evidence: "3 times the usual number", Items: []string{"db-01"}, Incidents: ids(0, 5)}
	p := w.must(w.Propose(ctx, workflow.System("detection"), d))
	require.Equal(t, 3, p.Incidents)
	require.Equal(t, "detection", p.Origin)
	require.Contains(t, p.Comments[0].Text, "2 of the incidents belong to other problems already")
	require.Contains(t, p.Comments[0].Text, a.ID.String())
	_, err := w.Propose(ctx, workflow.System("detection"), d)
	require.ErrorIs(t, err, problem.ErrLinked, "nothing is new")
	_, err = w.Propose(ctx, workflow.System("detection"), problem.Detection{})
	require.ErrorContains(t, err, "evidence")
	require.ErrorContains(t, err, "names its incidents")
}

func TestADuplicateHandsOverItsIncidentsAndTasks(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{TasksFirst: true}), t.Context()
	n := 2*problem.MaxLinked + 100
	a, b, c := w.analysed("a"), w.analysed("b", ids(5000, 3)...), w.open("c")
	for from := 0; from < n; from += problem.MaxLinked {
		w.must(w.Link(ctx, ann, a.ID, ids(from, min(problem.MaxLinked, n-from))...))
	}
	w.must(w.AddTask(ctx, cleo, b.ID, problem.Task{Title: "first"}))
	w.must(w.AddTask(ctx, cleo, a.ID, problem.Task{Title: "second"}))
	w.must(w.SetMajor(ctx, mia, a.ID, true, "big"))
	w.refused(a.ID, workflow.ErrInvalid, func() (*problem.Problem, error) { return w.MarkDuplicate(ctx, cleo, a.ID, a.ID, "oh") })
	w.refused(a.ID, problem.ErrNote, func() (*problem.Problem, error) { return w.MarkDuplicate(ctx, cleo, a.ID, b.ID, "") })

	a = w.must(w.MarkDuplicate(ctx, cleo, a.ID, b.ID, "the same disk"))
	require.Equal(t, problem.StateClosed, a.State)
	require.Equal(t, problem.Duplicate, a.Resolution.Code)
	require.Equal(t, n-problem.MaxLinked, a.Incidents)
	require.Len(t, append(w.linked(a.ID), w.linked(b.ID)...), n+3, "meanwhile every incident belongs to one of them")
	w.refused(a.ID, workflow.ErrTransition, func() (*problem.Problem, error) { return w.Link(ctx, ann, a.ID, ids(9000, 1)...) })

	// Before all have moved the survivor becomes a duplicate itself.
	w.must(w.MarkDuplicate(ctx, mia, b.ID, c.ID, "the same disk again"))
	w.deliver()
	a, b, c = w.must(w.Get(ctx, a.ID)), w.must(w.Get(ctx, b.ID)), w.must(w.Get(ctx, c.ID))
	require.Zero(t, a.Incidents+b.Incidents)
	require.Equal(t, n+3, c.Incidents)
	require.Len(t, w.linked(c.ID), n+3)
	require.True(t, c.Major)
	require.Empty(t, append(a.Tasks, b.Tasks...))
	require.Equal(t, "first", c.Tasks[0].Title)
	require.Equal(t, "PRB0000002/1", c.Tasks[0].From)
	require.Equal(t, "PRB0000001/1", c.Tasks[1].From, "where it was first")
	require.Equal(t, 2, c.Tasks[1].Number)
	w.refused(c.ID, workflow.ErrTransition, func() (*problem.Problem, error) { return w.MarkDuplicate(ctx, mia, c.ID, a.ID, "a circle") })
	a = w.must(w.Reanalyse(ctx, mia, a.ID, "another disk after all"))
	require.Zero(t, a.DuplicateOf)
	a = w.must(w.AddTask(ctx, cleo, a.ID, problem.Task{Title: "again"}))
	require.Equal(t, 2, a.Tasks[0].Number, "no number is used twice")
}

// Incidents that follow later hear of how the surviving problem has ended meanwhile.
func TestWhatMovesToAProblemThatHasEndedHearsOfIt(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{Chunk: 2}), t.Context()
	all := ids(0, 5)
	a, b := w.analysed("a", all...), w.fixing("b")
	for _, id := range all {
		w.incidents.stand[id] = problem.Standing{AwaitsProblem: true}
	}
	w.must(w.MarkDuplicate(ctx, cleo, a.ID, b.ID, "the same disk"))
	w.must(w.Resolve(ctx, cleo, b.ID, "rotated daily"))
	w.must(w.Complete(ctx, cleo, b.ID, ""))
	w.deliver()
	require.Equal(t, 5, w.must(w.Get(ctx, b.ID)).Incidents)
	require.Len(t, w.incidents.resolved, 5)

	// As do those that move at once to one that is resolved, but not closed yet.
	more := ids(10, 5)
	c, d := w.analysed("c", more...), w.fixing("d")
	for _, id := range more {
		w.incidents.stand[id] = problem.Standing{AwaitsProblem: true}
	}
	w.must(w.Resolve(ctx, cleo, d.ID, "rotated daily"))
	w.must(w.MarkDuplicate(ctx, cleo, c.ID, d.ID, "the same disk"))
	w.deliver()
	require.Len(t, w.incidents.resolved, 10)
}

func TestWhatMovesToAProblemThatIsLivedWithIsToldOnce(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{Chunk: 2}), t.Context()
	all := ids(0, 5)
	a, b := w.analysed("a", all...), w.analysed("b")
	for _, id := range all {
		w.incidents.stand[id] = problem.Standing{AwaitsProblem: true}
	}
	w.must(w.MarkDuplicate(ctx, cleo, a.ID, b.ID, "the same disk"))
	w.must(w.AcceptRisk(ctx, mia, b.ID, problem.Acceptance{Reason: "too dear", Review: w.now.AddDate(1, 0, 0)}))
	w.deliver()
	for _, id := range all {
		require.Equal(t, []string{"PRB0000002 will not be fixed, its risk is accepted: too dear"}, w.incidents.said[id])
	}
}

// The way to live with a problem is told to its incidents, though it turns out to be a
// duplicate before all of them have been reached.
func TestAWorkaroundOnItsWayReachesWhatMoves(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	all := ids(0, 3)
	a, b, c := w.analysed("a", all...), w.open("b"), w.open("c")
	w.must(w.SetWorkaround(ctx, cleo, a.ID, "restart"))
	w.must(w.CommunicateWorkaround(ctx, cleo, a.ID))
	w.must(w.MarkDuplicate(ctx, cleo, a.ID, b.ID, "the same disk"))
	w.must(w.MarkDuplicate(ctx, cleo, b.ID, c.ID, "the same disk again"))
	w.must(w.Unlink(ctx, ann, c.ID, "another disk", all[2]))
	w.deliver()
	require.Equal(t, map[workflow.ID][]string{all[0]: {"PRB0000001, workaround: restart"}, all[1]: {"PRB0000001, workaround: restart"}}, w.incidents.said)
}
