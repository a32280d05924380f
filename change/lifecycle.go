package change

import (
	"slices"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// The states of the shipped lifecycles, which are ServiceNow's.
const (
	StateNew       = "new"
	StateAssess    = "assess"
	StateAuthorize = "authorize"
	StateScheduled = "scheduled"
	StateImplement = "implement"
	StateReview    = "review"
	StateClosed    = "closed"
	StateCancelled = "cancelled"
)

// The actions of the shipped lifecycles.
const (
	ActionSubmit    = "submit"    // ask for approval
	ActionRevert    = "revert"    // back to new, approvals are cancelled
	ActionReassess  = "reassess"  // what was approved has changed
	ActionImplement = "implement" // begin
	ActionComplete  = "complete"  // the work is done, or backed out
	ActionClose     = "close"     // after the review
	ActionCancel    = "cancel"
)

// The roles of the shipped lifecycles. RoleRequester and RoleImplementer are not held
// but are relations: everybody is the requester of his own changes.
const (
	RoleManager     = "change_manager"
	RoleAgent       = "agent"
	RoleRequester   = "requester"
	RoleImplementer = "implementer"
)

// Facts is what guards look at: the change as it would be after the command, and
// what is known around it.
type Facts struct {
	Change    *Change
	Actor     workflow.Actor
	Reason    string
	Approved  bool // every gate of the model is passed, and what was approved is what the change is
	Conflicts int  // what speaks against its window
}

func states() []workflow.State {
	return []workflow.State{
		{Name: StateNew, Label: "New", Category: workflow.CategoryNew},
		{Name: StateAssess, Label: "Assess", Category: workflow.CategoryActive},
		{Name: StateAuthorize, Label: "Authorize", Category: workflow.CategoryActive},
		{Name: StateScheduled, Label: "Scheduled", Category: workflow.CategoryActive},
		{Name: StateImplement, Label: "Implement", Category: workflow.CategoryActive},
		{Name: StateReview, Label: "Review", Category: workflow.CategoryResolved},
		{Name: StateClosed, Label: "Closed", Category: workflow.CategoryClosed, Mandatory: []string{"outcome", "review_notes"}},
		{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled},
	}
}

// lifecycle makes one of the shipped lifecycles, with the gates given between new and
// scheduled.
func lifecycle(name string, gates ...string) workflow.Definition {
	staff := []string{RoleManager, RoleAgent, RoleImplementer, workflow.RoleSystem}
	manager := []string{RoleManager, workflow.RoleSystem}
	path := append(append([]string{StateNew}, gates...), StateScheduled)
	d := workflow.Definition{Name: name, Version: 1, Initial: StateNew}
	used := append([]string{StateImplement, StateReview, StateClosed, StateCancelled}, path...)
	for _, s := range states() {
		if slices.Contains(used, s.Name) {
			d.States = append(d.States, s)
		}
	}
	d.Actions = []workflow.Action{{Name: ActionSubmit, Label: "Request approval"}, {Name: ActionImplement, Label: "Implement"},
		{Name: ActionComplete, Label: "Complete"}, {Name: ActionClose, Label: "Close"}, {Name: ActionCancel, Label: "Cancel"}}
	d.Transitions = []workflow.Transition{
		{From: []string{StateNew}, Action: ActionSubmit, To: path[1], Roles: append([]string{RoleRequester}, staff...), Required: []string{"planned_start", "planned_end", "plan", "back_out_plan"}},
		{From: []string{StateScheduled}, Action: ActionImplement, To: StateImplement, Roles: staff, Required: []string{"assignee"}, Guards: []string{GuardApproved, GuardNoConflict}},
		{From: []string{StateImplement}, Action: ActionComplete, To: StateReview, Roles: staff},
		{From: []string{StateReview}, Action: ActionClose, To: StateClosed, Roles: manager, Required: []string{"outcome", "review_notes"}, Guards: []string{GuardTasksDone}},
		{From: append(append([]string{}, path...), StateImplement), Action: ActionCancel, To: StateCancelled, Roles: append([]string{RoleRequester}, manager...), Required: []string{"reason"}},
	}
	if len(gates) == 0 {
		return d
	}
	d.Actions = append(d.Actions, workflow.Action{Name: ActionRevert, Label: "Revert to new"}, workflow.Action{Name: ActionReassess, Label: "Ask again"})
	d.Transitions = append(d.Transitions,
		workflow.Transition{From: gates, Action: ActionRevert, To: StateNew, Roles: append([]string{RoleRequester}, staff...), Required: []string{"reason"}},
		workflow.Transition{From: append(append([]string{}, gates...), StateScheduled), Action: ActionReassess, To: gates[0], Roles: append([]string{RoleRequester}, staff...)},
	)
	for i, gate := range gates {
		d.Transitions = append(d.Transitions,
			workflow.Transition{From: []string{gate}, To: path[i+2], Automatic: true, Guards: []string{"approved." + gate, "!rejected." + gate}},
			workflow.Transition{From: []string{gate}, To: StateNew, Automatic: true, Guards: []string{"rejected." + gate}})
	}
	return d
}

// NormalLifecycle is new, assess, authorize, scheduled, implement, review, closed.
// A rejection leads back to new. Until it is implemented a change can be cancelled,
// and also while it is; not from review.
func NormalLifecycle() workflow.Definition {
	return lifecycle("change-normal", StateAssess, StateAuthorize)
}

// StandardLifecycle is new, scheduled, implement, review, closed.
func StandardLifecycle() workflow.Definition { return lifecycle("change-standard") }

// EmergencyLifecycle is new, authorize, scheduled, implement, review, closed.
func EmergencyLifecycle() workflow.Definition {
	return lifecycle("change-emergency", StateAuthorize)
}

// The guards that every lifecycle of changes may name. There are two more for each
// gate: "approved.<state>" and "rejected.<state>".
const (
	GuardApproved   = "approved"    // every gate is passed, by the change as it is
	GuardNoConflict = "no_conflict" // nothing speaks against its window
	GuardTasksDone  = "tasks_done"  // no task is open
)

// bindings are the guards and fields that lifecycles of a model may name.
func (m Model) bindings(host map[string]workflow.Guard[Facts]) workflow.Bindings[Facts] {
	b := workflow.Bindings[Facts]{
		Guards: map[string]workflow.Guard[Facts]{
			GuardApproved:   {Check: func(f Facts) bool { return f.Approved }, Explain: "every approval that the model demands must be granted, for the change as it is"},
			GuardNoConflict: {Check: func(f Facts) bool { return f.Conflicts == 0 }, Explain: "the planned window must be free of conflicts"},
			GuardTasksDone:  {Check: func(f Facts) bool { return f.Change.openTasks() == 0 }, Explain: "every task must be closed"},
		},
		Fields: map[string]func(Facts) bool{
			"title":         func(f Facts) bool { return f.Change.Title != "" },
			"details":       func(f Facts) bool { return f.Change.Details != "" },
			"risk":          func(f Facts) bool { return f.Change.Risk != "" },
			"category":      func(f Facts) bool { return f.Change.Category != "" },
			"service":       func(f Facts) bool { return f.Change.Service != "" },
			"group":         func(f Facts) bool { return f.Change.Group != "" },
			"assignee":      func(f Facts) bool { return f.Change.Assignee != "" },
			"items":         func(f Facts) bool { return len(f.Change.Items) > 0 },
			"plan":          func(f Facts) bool { return f.Change.Plan != "" },
			"test_plan":     func(f Facts) bool { return f.Change.Test != "" },
			"back_out_plan": func(f Facts) bool { return f.Change.BackOut != "" },
			"planned_start": func(f Facts) bool { return !f.Change.Start.IsZero() },
			"planned_end":   func(f Facts) bool { return !f.Change.End.IsZero() },
			"actual_start":  func(f Facts) bool { return !f.Change.Started.IsZero() },
			"actual_end":    func(f Facts) bool { return !f.Change.Ended.IsZero() },
			"outcome":       func(f Facts) bool { return f.Change.Review != nil && f.Change.Review.Outcome != "" },
			"review_notes":  func(f Facts) bool { return f.Change.Review != nil && f.Change.Review.Notes != "" },
			"reason":        func(f Facts) bool { return f.Reason != "" },
		},
	}
	for state := range m.Gates {
		b.Guards["approved."+state] = workflow.Guard[Facts]{Explain: "the approval in " + state + " must be granted",
			Check: func(f Facts) bool { a := f.Change.approval(state); return a != nil && a.Request.Granted() }}
		b.Guards["rejected."+state] = workflow.Guard[Facts]{Explain: "the approval in " + state + " must be rejected",
			Check: func(f Facts) bool {
				a := f.Change.approval(state)
				return a != nil && a.Request.Status == approval.Rejected
			}}
	}
	for name, g := range host {
		b.Guards[name] = g
	}
	return b
}
