package request_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
)

// model reads a lifecycle from lines such as "approved -ev_assign> assigned"; without an
// action a transition is automatic, if the guards behind "if" hold.
func model(name string, m request.Model, categories map[string]workflow.Category, lines string) request.Model {
	d := workflow.Definition{Name: name, Version: 1}
	seen, actions := map[string]bool{}, map[string]bool{}
	state := func(s string) {
		if !seen[s] {
			seen[s] = true
			c := categories[s]
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
	m.Lifecycle = d
	return m
}

// iTop's user request. Its timeouts are states; it has no draft and no cancelled state.
func itop() request.Model {
	return model("itop", request.Model{Gate: "waiting_for_approval", Fulfilment: []string{"assigned", "escalated_ttr", "pending"}},
		map[string]workflow.Category{"escalated_tto": workflow.CategoryNew, "waiting_for_approval": workflow.CategoryNew, "approved": workflow.CategoryNew,
			"rejected": workflow.CategoryCancelled, "pending": workflow.CategoryOnHold, "resolved": workflow.CategoryResolved, "closed": workflow.CategoryClosed}, `
	new                  -ev_assign>            assigned
	new                  -ev_timeout>           escalated_tto
	new                  -ev_wait_for_approval> waiting_for_approval
	escalated_tto        -ev_assign>            assigned
	waiting_for_approval ->                     approved      if startable !refused
	waiting_for_approval ->                     rejected      if refused
	approved             -ev_assign>            assigned
	approved             -ev_timeout>           escalated_tto
	rejected             -ev_reopen>            new
	assigned             -ev_pending>           pending
	assigned             -ev_resolve>           resolved
	assigned             -ev_reassign>          assigned
	assigned             -ev_timeout>           escalated_ttr
	escalated_ttr        -ev_pending>           pending
	escalated_ttr        -ev_resolve>           resolved
	escalated_ttr        -ev_reassign>          assigned
	pending              -ev_assign>            assigned
	resolved             -ev_close>             closed
	resolved             -ev_reopen>            assigned
`)
}

// Ivanti's service request.
func ivanti() request.Model {
	return model("ivanti", request.Model{Drafts: []string{"draft"}, Gate: "submitted", Fulfilment: []string{"active", "waiting_for_customer", "waiting_for_3rd_party"}},
		map[string]workflow.Category{"submitted": workflow.CategoryNew, "approved": workflow.CategoryNew, "approval_rejected": workflow.CategoryCancelled,
			"waiting_for_customer": workflow.CategoryOnHold, "waiting_for_3rd_party": workflow.CategoryOnHold,
			"fulfilled": workflow.CategoryResolved, "closed": workflow.CategoryClosed, "canceled": workflow.CategoryCancelled}, `
	draft                 -submit>       submitted
	draft                 -cancel>       canceled
	submitted             ->             approved          if decided !refused
	submitted             ->             approval_rejected if refused
	submitted             -cancel>       canceled
	approved              -activate>     active
	active                -ask>          waiting_for_customer
	active                -outsource>    waiting_for_3rd_party
	waiting_for_customer  -activate>     active
	waiting_for_3rd_party -activate>     active
	active                ->             fulfilled         if over
	active                -cancel>       canceled
	fulfilled             -close>        closed
`)
}

func TestLifecyclesOfOtherProducts(t *testing.T) {
	for _, row := range []struct {
		name  string
		model request.Model
		item  string
		steps string
		want  string
		err   error
	}{
		{"iTop: approved, assigned, resolved, closed", itop(), "desk", "ev_wait_for_approval fred+ ev_assign work ev_resolve ev_close", "closed", nil},
		{"iTop: rejected, and opened again", itop(), "desk", "ev_wait_for_approval fred- ev_reopen ev_wait_for_approval fred+", "approved", nil},
		{"iTop: assigned without approval, where none is needed", itop(), "phone", "ev_assign work ev_resolve ev_close", "closed", nil},
		{"iTop: assigned around the approval: here that is refused", itop(), "desk", "ev_assign", "new", request.ErrNotApproved},
		{"iTop: taken too late", itop(), "phone", "ev_timeout ev_assign", "assigned", nil},
		{"iTop: taken too late after the approval", itop(), "desk", "ev_wait_for_approval fred+ ev_timeout ev_assign", "assigned", nil},
		{"iTop: pending, and late", itop(), "phone", "ev_assign ev_pending ev_assign ev_timeout ev_reassign work ev_resolve", "resolved", nil},
		{"iTop: reopened", itop(), "phone", "ev_assign work ev_resolve ev_reopen ev_resolve ev_close", "closed", nil},
		{"iTop: resolved with work left: here that is refused", itop(), "phone", "ev_assign ev_resolve", "assigned", request.ErrOpen},
		{"Ivanti: from draft to closed", ivanti(), "desk", "submit fred+ activate ask activate outsource activate work close", "closed", nil},
		{"Ivanti: a draft has no workflow", ivanti(), "desk", "", "draft", nil},
		{"Ivanti: approval rejected", ivanti(), "desk", "submit fred-", "approval_rejected", nil},
		{"Ivanti: not begun before it is approved", ivanti(), "desk", "submit activate", "submitted", workflow.ErrNoTransition},
		{"Ivanti: canceled", ivanti(), "phone", "submit activate cancel", "canceled", nil},
		{"Ivanti: a draft canceled", ivanti(), "phone", "cancel", "canceled", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *request.Config) { c.Model = row.model })
			r := w.must(w.Draft(ctx, ann, request.Order{Lines: []catalog.Line{one(row.item)}}))
			var err error
			for _, step := range strings.Fields(row.steps) {
				w.now = w.now.Add(time.Minute)
				switch step {
				case "fred+":
					r, err = w.vote(fred, r, "1", approve), nil
				case "fred-":
					r, err = w.vote(fred, r, "1", reject), nil
				case "submit":
					r, err = w.Submit(ctx, ann, r.ID)
				case "cancel":
					r, err = w.Cancel(ctx, mia, r.ID, "as told")
				case "close":
					r, err = w.Close(ctx, ann, r.ID)
				case "work":
					for _, task := range r.Items[0].Tasks {
						r = w.do(r, request.TaskComplete, task.ID)
					}
				default:
					r, err = w.Act(ctx, mia, r.ID, step, "as told")
				}
				if err != nil {
					r = w.must(w.ByNumber(ctx, "REQ0000001"))
					break
				}
			}
			require.ErrorIs(t, err, row.err)
			require.Equal(t, row.want, r.State)
		})
	}
}
