package problem

import (
	"github.com/itsm-go/itsm/workflow"
)

// The states of the shipped lifecycle, which are ServiceNow's.
const (
	StateNew       = "new"
	StateAssess    = "assess"
	StateAnalysis  = "root_cause_analysis"
	StateFix       = "fix_in_progress"
	StateResolved  = "resolved"
	StateClosed    = "closed"
	StateCancelled = "cancelled"
)

// The actions of the shipped lifecycle.
const (
	ActionAssess     = "assess"
	ActionConfirm    = "confirm" // that it is a problem: its cause is looked for
	ActionFix        = "fix"
	ActionResolve    = "resolve"
	ActionComplete   = "complete"
	ActionAcceptRisk = "accept_risk"
	ActionDuplicate  = "mark_duplicate"
	ActionCancel     = "cancel"
	ActionReanalyse  = "reanalyse"
)

// The roles of the shipped lifecycle. RoleAssignee and RoleTaskAssignee are not held
// but are relations: everybody is the assignee of the problems that are given to him.
const (
	RoleManager     = "problem_manager"
	RoleCoordinator = "problem_coordinator"
	RoleAnalyst     = "problem_task_analyst" // works on tasks
	RoleAgent       = "agent"                // of the service desk: opens problems and links incidents
	RoleAssignee    = "assignee"

	RoleTaskAssignee = "task_assignee" // of the task that a command is about
)

// Facts is what guards look at: the problem as it would be after the command, and
// the command.
type Facts struct {
	Problem *Problem
	Actor   workflow.Actor
	Note    string // the work note that comes with it
}

// Options are the choices that the shipped lifecycle leaves to its host. The zero
// value is what ServiceNow ships.
type Options struct {
	// AcceptedTo is the state that accepting the risk leads to: StateClosed, the
	// default, or StateResolved.
	AcceptedTo string
	// ReanalyseClosed and ReanalyseCancelled are the roles that may take a problem up
	// again that was closed, or cancelled. Default: problem managers.
	ReanalyseClosed, ReanalyseCancelled []string
}

// Lifecycle returns the lifecycle that problems have unless the host configures
// another, for example this one changed by [workflow.Extend]: new, assess, root cause
// analysis, fix in progress, resolved, closed, and cancelled. Give a lifecycle with
// other options a version of its own when there are problems already.
func Lifecycle(o Options) workflow.Definition {
	if o.AcceptedTo == "" {
		o.AcceptedTo = StateClosed
	}
	if len(o.ReanalyseClosed) == 0 {
		o.ReanalyseClosed = []string{RoleManager}
	}
	if len(o.ReanalyseCancelled) == 0 {
		o.ReanalyseCancelled = []string{RoleManager}
	}
	staff := []string{RoleManager, RoleCoordinator, RoleAssignee, workflow.RoleSystem}
	manager := []string{RoleManager, workflow.RoleSystem}
	open := []string{StateNew, StateAssess, StateAnalysis, StateFix}
	ended := []string{"resolution_code"}
	return workflow.Definition{
		Name: "problem", Version: 1, Initial: StateNew,
		States: []workflow.State{
			{Name: StateNew, Label: "New", Category: workflow.CategoryNew},
			{Name: StateAssess, Label: "Assess", Category: workflow.CategoryActive},
			{Name: StateAnalysis, Label: "Root Cause Analysis", Category: workflow.CategoryActive},
			{Name: StateFix, Label: "Fix in Progress", Category: workflow.CategoryActive},
			{Name: StateResolved, Label: "Resolved", Category: workflow.CategoryResolved, Mandatory: ended},
			{Name: StateClosed, Label: "Closed", Category: workflow.CategoryClosed, Mandatory: ended},
			{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled, Mandatory: ended},
		},
		Actions: []workflow.Action{
			{Name: ActionAssess, Label: "Assess"}, {Name: ActionConfirm, Label: "Confirm"}, {Name: ActionFix, Label: "Fix"},
			{Name: ActionResolve, Label: "Resolve"}, {Name: ActionComplete, Label: "Complete"}, {Name: ActionAcceptRisk, Label: "Accept risk"},
			{Name: ActionDuplicate, Label: "Mark duplicate"}, {Name: ActionCancel, Label: "Cancel"}, {Name: ActionReanalyse, Label: "Re-analyse"},
		},
		Transitions: []workflow.Transition{
			{From: []string{StateNew}, Action: ActionAssess, To: StateAssess, Roles: staff, Required: []string{"assignee"}},
			{From: []string{StateAssess}, Action: ActionConfirm, To: StateAnalysis, Roles: staff},
			{From: []string{StateAnalysis}, Action: ActionFix, To: StateFix, Roles: staff, Required: []string{"fix_notes"}, Guards: []string{GuardCauseKnown}},
			{From: []string{StateFix}, Action: ActionResolve, To: StateResolved, Roles: staff, Required: []string{"resolution_notes"}, Guards: []string{GuardCauseKnown}},
			{From: []string{StateResolved}, Action: ActionComplete, To: StateClosed, Roles: staff},
			{From: []string{StateAssess, StateAnalysis, StateFix}, Action: ActionAcceptRisk, To: o.AcceptedTo, Roles: manager, Required: []string{"risk"}},
			{From: open, Action: ActionDuplicate, To: StateClosed, Roles: staff, Required: []string{"duplicate_of"}},
			{From: open, Action: ActionCancel, To: StateCancelled, Roles: staff, Required: []string{"note"}},
			{From: []string{StateFix, StateResolved}, Action: ActionReanalyse, To: StateAnalysis, Roles: staff, Required: []string{"note"}},
			{From: []string{StateClosed}, Action: ActionReanalyse, To: StateAnalysis, Roles: o.ReanalyseClosed, Required: []string{"note"}},
			{From: []string{StateCancelled}, Action: ActionReanalyse, To: StateAnalysis, Roles: o.ReanalyseCancelled, Required: []string{"note"}},
		},
	}
}

// The guards that lifecycles of problems may name; a host adds its own in
// [Config.Guards].
const (
	GuardCauseKnown = "cause_known" // the cause is confirmed, or an exception is stated
	GuardTasksDone  = "tasks_done"  // no task is open
	GuardFixesDone  = "fixes_done"  // every fix record is completed or cancelled
)

// Bindings returns the guards and fields that lifecycles of problems may name, for
// hosts that compile one by themselves, to check it.
func Bindings() workflow.Bindings[Facts] {
	return workflow.Bindings[Facts]{
		Guards: map[string]workflow.Guard[Facts]{
			GuardCauseKnown: {Check: func(f Facts) bool { return f.Problem.CauseConfirmed() || f.Problem.Exception != nil },
				Explain: "the cause must be confirmed, or an exception be stated"},
			GuardTasksDone: {Check: func(f Facts) bool { return f.Problem.openTasks() == 0 }, Explain: "every task must have ended"},
			GuardFixesDone: {Check: func(f Facts) bool { return f.Problem.openFixes() == 0 }, Explain: "every fix record must be completed or cancelled"},
		},
		Fields: map[string]func(Facts) bool{
			"details":          func(f Facts) bool { return f.Problem.Details != "" },
			"category":         func(f Facts) bool { return f.Problem.Category != "" },
			"subcategory":      func(f Facts) bool { return f.Problem.Subcategory != "" },
			"service":          func(f Facts) bool { return f.Problem.Service != "" },
			"customer":         func(f Facts) bool { return f.Problem.Customer != "" },
			"items":            func(f Facts) bool { return len(f.Problem.Items) > 0 },
			"group":            func(f Facts) bool { return f.Problem.Group != "" },
			"assignee":         func(f Facts) bool { return f.Problem.Assignee != "" },
			"cause":            func(f Facts) bool { return f.Problem.Cause != nil },
			"analysis":         func(f Facts) bool { return f.Problem.Analysis != nil },
			"workaround":       func(f Facts) bool { return f.Problem.Workaround() != "" },
			"fix_notes":        func(f Facts) bool { return f.Problem.FixNotes != "" },
			"fixes":            func(f Facts) bool { return len(f.Problem.Fixes) > 0 },
			"risk":             func(f Facts) bool { return f.Problem.Risk != nil },
			"review":           func(f Facts) bool { return f.Problem.Review != nil },
			"resolution_code":  func(f Facts) bool { return f.Problem.code() != "" },
			"resolution_notes": func(f Facts) bool { return f.Problem.Resolution != nil && f.Problem.Resolution.Notes != "" },
			"duplicate_of":     func(f Facts) bool { return f.Problem.DuplicateOf != (workflow.ID{}) },
			"note":             func(f Facts) bool { return f.Note != "" },
		},
	}
}
