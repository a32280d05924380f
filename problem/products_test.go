package problem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// graph reads a lifecycle from lines such as "new -assign> assigned".
func graph(name, lines string, categories map[string]workflow.Category) workflow.Definition {
	d := workflow.Definition{Name: name, Version: 1}
	seen := map[string]bool{}
	state := func(s string) {
		if seen[s] {
			return
		}
		seen[s] = true
		c := categories[s]
		if c == 0 {
			c = workflow.CategoryActive
		}
		if d.Initial == "" {
			c, d.Initial = workflow.CategoryNew, s
		}
		d.States = append(d.States, workflow.State{Name: s, Category: c})
	}
	actions := map[string]bool{}
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		state(f[0])
		state(f[2])
		action := strings.Trim(f[1], "->")
		if !actions[action] {
			actions[action] = true
			d.Actions = append(d.Actions, workflow.Action{Name: action})
		}
		d.Transitions = append(d.Transitions, workflow.Transition{From: []string{f[0]}, Action: action, To: f[2], Roles: []string{workflow.Anyone}})
	}
	return d
}

// iTop's problem: reassigning a resolved one takes it up again.
const itop = `
	new      -assign>   assigned
	assigned -reassign> assigned
	assigned -resolve>  resolved
	resolved -reassign> assigned
	resolved -complete> closed
`

// Ivanti's problem: waiting for a third party or a resource, cancelled while it is
// looked at.
const ivanti = `
	logged                 -investigate> investigation
	investigation          -identify>    identified
	identified             -activate>    active
	active                 -await_party> waiting_for_3rd_party
	active                 -await_means> waiting_for_resource
	waiting_for_3rd_party  -await_means> waiting_for_resource
	waiting_for_resource   -await_party> waiting_for_3rd_party
	waiting_for_3rd_party  -resolve>     resolved
	waiting_for_resource   -resolve>     resolved
	active                 -resolve>     resolved
	resolved               -complete>    closed
	logged                 -cancel>      cancelled
	investigation          -cancel>      cancelled
	identified             -cancel>      cancelled
	active                 -cancel>      cancelled
`

func TestLifecyclesOfOtherProducts(t *testing.T) {
	itopGraph := graph("itop", itop, map[string]workflow.Category{"resolved": workflow.CategoryResolved, "closed": workflow.CategoryClosed})
	ivantiGraph := graph("ivanti", ivanti, map[string]workflow.Category{"resolved": workflow.CategoryResolved, "closed": workflow.CategoryClosed,
		"cancelled": workflow.CategoryCancelled, "waiting_for_3rd_party": workflow.CategoryOnHold, "waiting_for_resource": workflow.CategoryOnHold})
	for _, row := range []struct {
		name      string
		lifecycle workflow.Definition
		steps     string
		want      string
		err       error
	}{
		{"iTop: assigned, resolved, closed", itopGraph, "assign cause resolve complete", "closed", nil},
		{"iTop: given to others after it was resolved", itopGraph, "assign cause resolve reassign resolve complete", "closed", nil},
		{"iTop: resolved without a cause: here that is refused", itopGraph, "assign resolve", "assigned", problem.ErrCauseUnknown},
		{"iTop: not closed before it is resolved", itopGraph, "assign complete", "assigned", workflow.ErrTransition},
		{"Ivanti: all the way", ivantiGraph, "investigate identify activate cause resolve complete", "closed", nil},
		{"Ivanti: from one waiting to the other", ivantiGraph, "investigate identify activate await_party await_means await_party cause resolve", "resolved", nil},
		{"Ivanti: cancelled while it is looked at", ivantiGraph, "investigate cancel", "cancelled", nil},
		{"Ivanti: not cancelled once it is resolved", ivantiGraph, "investigate identify activate cause resolve cancel", "resolved", workflow.ErrTransition},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, ctx := newWorld(t, problem.Config{Lifecycle: row.lifecycle}), t.Context()
			p := w.open("mail stops")
			var err error
			for step := range strings.FieldsSeq(row.steps) {
				require.NoError(t, err, "before %s", step)
				switch step {
				case "cause":
					_, err = w.ConfirmCause(ctx, cleo, p.ID, finding)
				case "resolve":
					_, err = w.Resolve(ctx, cleo, p.ID, "it is done")
				case "complete":
					_, err = w.Complete(ctx, cleo, p.ID, "")
				case "cancel":
					_, err = w.Cancel(ctx, cleo, p.ID, "it was none")
				default:
					_, err = w.Act(ctx, cleo, p.ID, step, "as it goes")
				}
			}
			require.ErrorIs(t, err, row.err)
			require.Equal(t, row.want, w.must(w.Get(ctx, p.ID)).State)
		})
	}
}

// What is taken up again has no resolution any more, by whatever action of the host's; and
// word of it that is still on its way is not spread.
func TestWhatIsTakenUpAgainIsNotResolved(t *testing.T) {
	itopGraph := graph("itop", itop, map[string]workflow.Category{"resolved": workflow.CategoryResolved, "closed": workflow.CategoryClosed})
	w, ctx := newWorld(t, problem.Config{Lifecycle: itopGraph}), t.Context()
	all := ids(0, 1)
	p := w.open("mail stops", all...)
	w.incidents.stand[all[0]] = problem.Standing{AwaitsProblem: true}
	w.must(w.Act(ctx, cleo, p.ID, "assign", ""))
	w.must(w.ConfirmCause(ctx, cleo, p.ID, finding))
	w.must(w.Resolve(ctx, cleo, p.ID, "rotated daily"))
	p = w.must(w.Act(ctx, cleo, p.ID, "reassign", "it is back"))
	require.Equal(t, "assigned", p.State)
	require.Nil(t, p.Resolution)
	require.True(t, p.CauseConfirmed(), "only re-analysing puts the cause in doubt")
	w.deliver()
	require.Empty(t, w.incidents.resolved)
	w.must(w.Resolve(ctx, cleo, p.ID, "rotated hourly"))
	w.deliver()
	require.Len(t, w.incidents.resolved, 1)

	d := problem.Lifecycle(problem.Options{})
	d.Name = "reopening"
	d.Actions = append(d.Actions, workflow.Action{Name: "reopen"})
	d.Transitions = append(d.Transitions, workflow.Transition{From: []string{problem.StateClosed}, Action: "reopen", To: problem.StateNew, Roles: []string{problem.RoleManager}})
	w = newWorld(t, problem.Config{Lifecycle: d})
	a, b := w.open("a", all...), w.open("b")
	w.must(w.MarkDuplicate(ctx, cleo, a.ID, b.ID, "the same"))
	a = w.must(w.Act(ctx, mia, a.ID, "reopen", "they are two"))
	require.Zero(t, a.DuplicateOf)
	require.Zero(t, a.ClosedAt)
	w.must(w.Link(ctx, ann, a.ID, ids(1, 1)...))
	w.must(w.Assess(ctx, cleo, a.ID, ""))
	w.must(w.AcceptRisk(ctx, mia, a.ID, problem.Acceptance{Reason: "cheap", Review: w.now.AddDate(0, 1, 0)}))
	a = w.must(w.Act(ctx, mia, a.ID, "reopen", "not cheap"))
	require.Nil(t, a.Risk)
	w.news()
	w.pass(40 * 24 * time.Hour)
	require.Empty(t, w.news(), "nobody is reminded of a risk that is not accepted any more")
}
