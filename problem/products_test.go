package problem_test

import (
	"strings"
	"testing"

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
