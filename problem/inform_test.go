package problem_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

func (w *world) parked() int {
	w.t.Helper()
	n := 0
	for _, err := range w.store.Parked(w.t.Context()) {
		require.NoError(w.t, err)
		n++
	}
	return n
}

func TestAWorkaroundReachesThousandsOfIncidentsOnce(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{Public: true}), t.Context()
	p := w.analysed("mail stops")
	const n = 2_150
	all := ids(0, n)
	for from := 0; from < n; from += problem.MaxLinked {
		w.must(w.Link(ctx, ann, p.ID, all[from:min(n, from+problem.MaxLinked)]...))
	}
	for i := 0; i < n; i += 10 {
		w.incidents.stand[all[i]] = problem.Standing{Over: true}
	}
	w.must(w.SetWorkaround(ctx, cleo, p.ID, "restart the queue"))
	w.deliver()
	w.incidents.failures = 40
	w.must(w.CommunicateWorkaround(ctx, cleo, p.ID))
	w.pass(4 * time.Hour)
	require.Zero(t, w.parked())
	for i, id := range all {
		if i%10 == 0 {
			require.Empty(t, w.incidents.said[id], "it is over")
			continue
		}
		require.Equal(t, []string{"public: PRB0000001, workaround: restart the queue"}, w.incidents.said[id])
	}
	history, err := workflow.History(ctx, w.store, w.Kind().Ref(p.ID))
	require.NoError(t, err)
	require.Equal(t, "told the workaround to 2150 incidents", history[len(history)-1].Note)
}

func TestAppliedFixesResolveTheIncidentsThatWait(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	all := ids(0, 4)
	p := w.fixing("mail stops", all...)
	waits := problem.Standing{AwaitsProblem: true}
	w.incidents.stand[all[0]], w.incidents.stand[all[1]] = waits, problem.Standing{Over: true}
	w.must(w.Resolve(ctx, cleo, p.ID, "rotated daily"))
	w.incidents.stand[all[3]] = waits
	w.must(w.Unlink(ctx, ann, p.ID, "another cause", all[3]))
	w.deliver()
	require.Equal(t, map[workflow.ID]string{all[0]: "resolved_by_problem: PRB0000001 is fixed: rotated daily"}, w.incidents.resolved)
	w.incidents.stand[all[2]] = waits
	w.must(w.Complete(ctx, cleo, p.ID, ""))
	w.deliver()
	require.Len(t, w.incidents.resolved, 2, "it began to wait when the problem was resolved already")
	require.Empty(t, w.incidents.said)
}

func TestWordThatDoesNotHoldAnyMoreIsNotSpread(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	all := ids(0, 1)
	p := w.fixing("mail stops", all...)
	w.incidents.stand[all[0]] = problem.Standing{AwaitsProblem: true}
	w.must(w.Resolve(ctx, cleo, p.ID, "rotated daily"))
	w.must(w.Reanalyse(ctx, cleo, p.ID, "no, it was not that"))
	w.deliver()
	require.Empty(t, w.incidents.resolved)
}

func TestIncidentsThatWaitForAProblemThatIsNotFixedAreTold(t *testing.T) {
	for name, end := range map[string]func(w *world, id workflow.ID) (*problem.Problem, error){
		"PRB0000001 will not be fixed, its risk is accepted: too dear": func(w *world, id workflow.ID) (*problem.Problem, error) {
			return w.AcceptRisk(w.t.Context(), mia, id, problem.Acceptance{Reason: "too dear", Review: w.now.AddDate(1, 0, 0)})
		},
		"PRB0000001 was cancelled: too dear": func(w *world, id workflow.ID) (*problem.Problem, error) {
			return w.Cancel(w.t.Context(), mia, id, "too dear")
		},
	} {
		w := newWorld(t, problem.Config{Public: true})
		all := ids(0, 2)
		p := w.analysed("mail stops", all...)
		w.incidents.stand[all[0]] = problem.Standing{AwaitsProblem: true}
		w.must(end(w, p.ID))
		w.deliver()
		require.Equal(t, map[workflow.ID][]string{all[0]: {name}}, w.incidents.said)
		require.Empty(t, w.incidents.resolved)
	}
}

func TestOneIncidentThatFailsKeepsNoOtherFromHearing(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	all := ids(0, 3*problem.ChunkSize)
	p := w.fixing("mail stops", all...)
	w.deliver()
	w.incidents.fail[all[7]] = fmt.Errorf("it was archived: %w", workflow.ErrNotFound)
	p = w.must(w.CommunicateFix(ctx, cleo, p.ID))
	w.deliver()
	require.Len(t, w.incidents.said, len(all)-1)
	require.Equal(t, 1, w.parked(), "the host sees which was not reached, and why")
	for due, err := range w.store.Parked(ctx) {
		require.NoError(t, err)
		require.Contains(t, due.Error, all[7].String())
		require.Contains(t, due.Error, "1 of 100 incidents not reached")
	}
	require.Equal(t, problem.StateFix, w.must(w.Get(ctx, p.ID)).State)
	w.incidents.fail[all[8]] = errDown
	w.must(w.Resolve(ctx, cleo, p.ID, "done"))
	w.pass(24 * time.Hour)
	require.Equal(t, problem.StateResolved, w.must(w.Get(ctx, p.ID)).State, "a failed delivery undoes nothing")
	require.Equal(t, 1+2, w.parked(), "the two incidents that do not answer are in different messages")
}

func TestSomebodyWasQuicker(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	all := ids(0, 1)
	p := w.fixing("mail stops", all...)
	w.incidents.stand[all[0]] = problem.Standing{AwaitsProblem: true}
	w.incidents.quicker = true
	w.must(w.Resolve(ctx, cleo, p.ID, "done"))
	w.deliver()
	require.Zero(t, w.parked())
}

func TestALongTextIsCutBetweenCharacters(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	all := ids(0, 1)
	p := w.fixing("mail stops", all...)
	w.incidents.stand[all[0]] = problem.Standing{AwaitsProblem: true}
	w.must(w.Resolve(ctx, cleo, p.ID, "x"+strings.Repeat("ü", problem.MaxTold)))
	w.deliver()
	require.True(t, strings.HasSuffix(w.incidents.resolved[all[0]], "ü"))
}

func TestWorkThatIsNotForProblemsIsParked(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	p := w.open("a")
	for _, d := range []workflow.Due{
		{Timer: &workflow.Timer{Ref: w.Kind().Ref(p.ID), Name: "odd", Due: w.now}},
		{Timer: &workflow.Timer{Ref: workflow.Ref{Kind: "incident", ID: p.ID}, Name: problem.TimerInactive, Due: w.now}},
		{Message: &workflow.Message{Topic: problem.TopicInform, Payload: []byte(`{"odd": 1}`)}},
		{Message: &workflow.Message{Topic: problem.TopicMove, Payload: []byte(`{}`)}},
		{Message: &workflow.Message{Topic: "odd"}},
	} {
		require.Error(t, w.Handle(ctx, d))
	}
	w.now = w.now.Add(time.Hour)
	require.NoError(t, w.Handle(ctx, workflow.Due{Timer: &workflow.Timer{Ref: w.Kind().Ref(p.ID), Name: problem.TimerInactive, Due: w.now}}), "nothing is due")
}
