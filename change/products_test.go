package change_test

import (
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/stretchr/testify/require"
)

// model reads a lifecycle from lines such as "approved -begin> in_progress"; without an
// action a transition is automatic, if the guards behind "if" hold.
func model(name string, gate string, implementing string, lines string) change.Model {
	d := workflow.Definition{Name: name, Version: 1}
	category := map[string]workflow.Category{"rejected": workflow.CategoryCancelled, "retracted": workflow.CategoryCancelled, "canceled": workflow.CategoryCancelled,
		"failed": workflow.CategoryClosed, "successful": workflow.CategoryClosed, "closed": workflow.CategoryClosed,
		"pending_pir": workflow.CategoryResolved, "monitored": workflow.CategoryResolved}
	seen, actions := map[string]bool{}, map[string]bool{}
	state := func(s string) {
		if !seen[s] {
			seen[s] = true
			c := category[s]
			if c == 0 {
				c = workflow.CategoryActive
			}
			if len(d.States) == 0 {
				c, d.Initial = workflow.CategoryNew, s
			}
			d.States = append(d.States, workflow.State{Name: s, Category: c})
		}
	}
	for line := range strings.Lines(lines) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		state(f[0])
		state(f[2])
		tr := workflow.Transition{From: []string{f[0]}, To: f[2]}
		if action := strings.Trim(f[1], "->"); action == "" {
			tr.Automatic, tr.Guards = true, f[4:]
		} else {
			tr.Action, tr.Roles = action, []string{workflow.Anyone}
			if !actions[action] {
				actions[action] = true
				d.Actions = append(d.Actions, workflow.Action{Name: action})
			}
		}
		d.Transitions = append(d.Transitions, tr)
	}
	m := change.Model{Name: name, Type: change.Normal, Lifecycle: d, Implementation: []string{implementing}}
	if gate != "" {
		m.Gates = map[string]approval.Policy{gate: {Name: name, Version: 1, Stages: []approval.Stage{{Name: "board",
			Ask: []approval.Selector{{Kind: approval.Board, Name: "cab"}}, Approve: approval.Rule{Kind: approval.Any}}}}}
	}
	return m
}

// otobo's change graph.
const otobo = `
	requested        -reject>  rejected
	requested        -retract> retracted
	requested        -ask>     pending_approval
	requested        -begin>   in_progress
	pending_approval ->        rejected    if rejected.pending_approval
	pending_approval -retract> retracted
	pending_approval ->        approved    if approved.pending_approval !rejected.pending_approval
	approved         -retract> retracted
	approved         -begin>   in_progress
	in_progress      -review>  pending_pir
	in_progress      -retract> retracted
	in_progress      -fail>    failed
	in_progress      -succeed> successful
	in_progress      -cancel>  canceled
	pending_pir      -fail>    failed
	pending_pir      -succeed> successful
`

// itop's normal change.
const itop = `
	new              -validate>  validated
	new              -reject>    rejected_once
	rejected_once    -reopen>    new
	validated        -assign>    assigned
	assigned         -plan>      plannedscheduled
	plannedscheduled ->          approved       if approved.plannedscheduled !rejected.plannedscheduled
	plannedscheduled ->          notapproved    if rejected.plannedscheduled
	notapproved      -replan>    plannedscheduled
	approved         -implement> implemented
	implemented      -monitor>   monitored
	implemented      -finish>    closed
	monitored        -finish>    closed
`

func TestLifecyclesOfOtherProducts(t *testing.T) {
	for _, row := range []struct {
		name  string
		model change.Model
		steps string
		want  string
		err   error
	}{
		{"OTOBO: approved, reviewed", model("otobo", "pending_approval", "in_progress", otobo), "ask bob+ begin review succeed", "successful", nil},
		{"OTOBO: failed without a review", model("otobo", "pending_approval", "in_progress", otobo), "ask bob+ begin fail", "failed", nil},
		{"OTOBO: rejected by the board", model("otobo", "pending_approval", "in_progress", otobo), "ask bob-", "rejected", nil},
		{"OTOBO: rejected at once", model("otobo", "pending_approval", "in_progress", otobo), "reject", "rejected", nil},
		{"OTOBO: retracted while it is approved", model("otobo", "pending_approval", "in_progress", otobo), "ask retract", "retracted", nil},
		{"OTOBO: cancelled under way", model("otobo", "pending_approval", "in_progress", otobo), "ask bob+ begin cancel", "canceled", nil},
		{"OTOBO: begun without the approval: here that is refused", model("otobo", "pending_approval", "in_progress", otobo), "begin", "requested", change.ErrNotApproved},
		{"OTOBO: begun without an approval, in a model without one", model("otobo", "", "in_progress", otobo), "begin succeed", "successful", nil},
		{"iTop: a normal change", model("itop", "plannedscheduled", "implemented", itop), "validate assign plan bob+ implement monitor finish", "closed", nil},
		{"iTop: planned anew after it was not approved", model("itop", "plannedscheduled", "implemented", itop), "validate assign plan bob- replan bob+ implement finish", "closed", nil},
		{"iTop: rejected, and opened again", model("itop", "plannedscheduled", "implemented", itop), "reject reopen validate", "validated", nil},
		{"iTop: not implemented before it is approved", model("itop", "plannedscheduled", "implemented", itop), "validate assign plan implement", "plannedscheduled", workflow.ErrNoTransition},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := row.model
			if len(m.Gates) == 0 {
				m.Lifecycle.Transitions = withoutAutomatic(m.Lifecycle.Transitions)
			}
			w := newWorld(t, func(c *change.Config) { c.Models = []change.Model{m} })
			c, err := w.Propose(ctx, ann, proposal(m.Name))
			require.NoError(t, err)
			id := c.ID
			for _, step := range strings.Fields(row.steps) {
				w.now = w.now.Add(time.Minute)
				switch step {
				case "bob+":
					_, err = w.Vote(ctx, workflow.User("bob"), id, approve)
				case "bob-":
					_, err = w.Vote(ctx, workflow.User("bob"), id, reject)
				default:
					_, err = w.Act(ctx, mia, id, step, "as told")
				}
				if err != nil {
					break
				}
			}
			require.ErrorIs(t, err, row.err)
			c, err = w.Get(ctx, id)
			require.NoError(t, err)
			require.Equal(t, row.want, c.State)
			require.Equal(t, w.Category(c).Final(), !c.ClosedAt.IsZero())
		})
	}
}

func withoutAutomatic(all []workflow.Transition) []workflow.Transition {
	var some []workflow.Transition
	for _, tr := range all {
		if !tr.Automatic {
			some = append(some, tr)
		} else if tr.To == "approved" {
			some = append(some, workflow.Transition{From: tr.From, Action: "ask", To: "approved", Roles: []string{workflow.Anyone}})
		}
	}
	return some
}

func TestAnItemInMaintenance(t *testing.T) {
	w := newWorld(t)
	c := w.propose("normal")
	c, err := w.drive(c, "submit", "gus+")
	require.NoError(t, err)
	under := func(at time.Time) bool {
		list, err := w.UnderChange(ctx, "db-01", at)
		require.NoError(t, err)
		return len(list) > 0
	}
	during := c.Start.Add(time.Minute)
	require.False(t, under(during), "nobody has approved it yet")
	c, err = w.drive(c, "bob+", "cho+")
	require.NoError(t, err)
	require.True(t, under(during), "scheduled, and it is time")
	require.False(t, under(c.Start.Add(-time.Second)))
	require.False(t, under(c.End))
	list, err := w.UnderChange(ctx, "db-02", during)
	require.NoError(t, err)
	require.Empty(t, list, "another item")

	w.now = c.Start.Add(-time.Hour)
	_, err = w.drive(c, "implement")
	require.NoError(t, err)
	require.True(t, under(w.now.Add(time.Minute)), "the work began early")
	require.True(t, under(c.End.Add(time.Hour)), "and goes on")
	_, err = w.drive(c, "complete")
	require.NoError(t, err)
	require.False(t, under(during), "in review it is watched again")
}

func TestAReviewIsNeededToClose(t *testing.T) {
	w := newWorld(t)
	c, err := w.drive(w.propose("standard"), "submit", "implement", "complete")
	require.NoError(t, err)
	for _, r := range []change.Review{{}, {Outcome: change.Successful}, {Outcome: "fine", Notes: "it was"}} {
		_, err := w.Close(ctx, mia, c.ID, r)
		require.Error(t, err, "%+v", r)
	}
	for _, outcome := range []change.Outcome{change.Successful, change.SuccessfulWithIssues, change.Unsuccessful} {
		c, err := w.drive(w.propose("standard"), "submit", "implement", "complete")
		require.NoError(t, err)
		c, err = w.Close(ctx, mia, c.ID, change.Review{Outcome: outcome, Notes: "noted"})
		require.NoError(t, err)
		require.Equal(t, change.StateClosed, c.State)
	}
	_, err = w.Act(ctx, mia, c.ID, change.ActionClose, "no review")
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestTheManagerDoesNotOverruleTheVote(t *testing.T) {
	w := newWorld(t)
	c, err := w.drive(w.propose("normal"), "submit", "gus+")
	require.NoError(t, err)
	_, err = w.Vote(ctx, mia, c.ID, approve)
	require.ErrorIs(t, err, approval.ErrNotEligible)
	_, err = w.CloseVote(ctx, mia, c.ID)
	require.ErrorIs(t, err, approval.ErrQuorum)
}
