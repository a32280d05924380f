package incident

import (
	"github.com/itsm-go/itsm/workflow"
)

// The states of the shipped lifecycle.
const (
	StateNew        = "new"
	StateInProgress = "in_progress"
	StateOnHold     = "on_hold"
	StateResolved   = "resolved"
	StateClosed     = "closed"
	StateCancelled  = "cancelled"
	StateMerged     = "merged" // a duplicate, merged into another incident
)

// The actions of the shipped lifecycle.
const (
	ActionAssign  = "assign"
	ActionStart   = "start"
	ActionHold    = "hold"
	ActionResume  = "resume"
	ActionReply   = "reply" // the caller answers what was asked
	ActionResolve = "resolve"
	ActionClose   = "close"
	ActionReopen  = "reopen"
	ActionCancel  = "cancel"
	ActionMerge   = "merge"
)

// The roles of the shipped lifecycle. RoleCaller and RoleOpener are not held but
// are relations: everybody is the caller of his own incidents.
const (
	RoleAgent   = "agent"
	RoleManager = "manager"
	RoleCaller  = "caller"
	RoleOpener  = "opener"
)

// Facts is what guards look at: the incident as it would be after the command,
// and the command.
type Facts struct {
	Incident *Incident
	Actor    workflow.Actor
	Comment  bool   // the command brings a public comment
	Reason   string // the reason given
}

// Lifecycle returns the lifecycle that incidents have unless the host configures
// another, for example this one changed by [workflow.Extend]. It follows
// ServiceNow's states: New, In Progress, On Hold, Resolved, Closed, Cancelled.
// Reopening is possible from Resolved alone.
func Lifecycle() workflow.Definition {
	staff := []string{RoleAgent, RoleManager, workflow.RoleSystem}
	everybodyInvolved := append([]string{RoleCaller, RoleOpener}, staff...)
	open := []string{StateNew, StateInProgress, StateOnHold}
	return workflow.Definition{
		Name: "incident", Version: 1, Initial: StateNew,
		States: []workflow.State{
			{Name: StateNew, Label: "New", Category: workflow.CategoryNew},
			{Name: StateInProgress, Label: "In Progress", Category: workflow.CategoryActive},
			{Name: StateOnHold, Label: "On Hold", Category: workflow.CategoryOnHold, Mandatory: []string{"hold_reason"}},
			{Name: StateResolved, Label: "Resolved", Category: workflow.CategoryResolved, Mandatory: []string{"resolution_code", "resolution_notes"}},
			{Name: StateClosed, Label: "Closed", Category: workflow.CategoryClosed},
			{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled},
			{Name: StateMerged, Label: "Merged", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{
			{Name: ActionAssign, Label: "Assign"}, {Name: ActionStart, Label: "Start work"},
			{Name: ActionHold, Label: "Put on hold"}, {Name: ActionResume, Label: "Resume"},
			{Name: ActionReply, Label: "Caller replies"}, {Name: ActionResolve, Label: "Resolve"},
			{Name: ActionClose, Label: "Close"}, {Name: ActionReopen, Label: "Reopen"},
			{Name: ActionCancel, Label: "Cancel"}, {Name: ActionMerge, Label: "Merge as duplicate"},
		},
		Transitions: []workflow.Transition{
			{From: []string{StateNew}, Action: ActionAssign, To: StateNew, Roles: staff},
			{From: []string{StateInProgress}, Action: ActionAssign, To: StateInProgress, Roles: staff},
			{From: []string{StateOnHold}, Action: ActionAssign, To: StateOnHold, Roles: staff},
			{From: []string{StateNew}, Action: ActionStart, To: StateInProgress, Roles: staff},
			{From: open, Action: ActionHold, To: StateOnHold, Roles: staff,
				Required: []string{"hold_reason"}, Guards: []string{GuardCallerAsked}},
			{From: []string{StateOnHold}, Action: ActionResume, To: StateInProgress, Roles: staff},
			{From: []string{StateOnHold}, Action: ActionReply, To: StateInProgress, Roles: everybodyInvolved,
				Guards: []string{GuardAwaitingCaller}},
			{From: open, Action: ActionResolve, To: StateResolved, Roles: staff,
				Required: []string{"resolution_code", "resolution_notes"}},
			{From: []string{StateResolved}, Action: ActionClose, To: StateClosed, Roles: everybodyInvolved},
			{From: []string{StateResolved}, Action: ActionReopen, To: StateInProgress, Roles: everybodyInvolved,
				Required: []string{"reason"}},
			{From: open, Action: ActionCancel, To: StateCancelled, Roles: everybodyInvolved, Required: []string{"reason"}},
			{From: open, Action: ActionMerge, To: StateMerged, Roles: staff, Required: []string{"duplicate_of"}},
		},
	}
}

// The guards that lifecycles of incidents may name; a host adds its own in
// [Config.Guards].
const (
	GuardCallerAsked    = "caller_asked"    // waiting for the caller takes a public comment that asks him
	GuardAwaitingCaller = "awaiting_caller" // the incident waits for its caller
)

// Bindings returns the guards and fields that lifecycles of incidents may name,
// for hosts that compile one by themselves, to check it.
func Bindings() workflow.Bindings[Facts] {
	return workflow.Bindings[Facts]{
		Guards: map[string]workflow.Guard[Facts]{
			GuardCallerAsked: {
				Check:   func(f Facts) bool { return f.Incident.HoldReason != AwaitingCaller || f.Comment },
				Explain: "awaiting the caller needs a public comment that tells him what is asked",
			},
			GuardAwaitingCaller: {
				Check:   func(f Facts) bool { return f.Incident.HoldReason == AwaitingCaller },
				Explain: "the incident must be awaiting its caller",
			},
		},
		Fields: map[string]func(Facts) bool{
			"title":            func(f Facts) bool { return f.Incident.Title != "" },
			"details":          func(f Facts) bool { return f.Incident.Details != "" },
			"caller":           func(f Facts) bool { return f.Incident.Caller != "" },
			"category":         func(f Facts) bool { return f.Incident.Category != "" },
			"subcategory":      func(f Facts) bool { return f.Incident.Subcategory != "" },
			"service":          func(f Facts) bool { return f.Incident.Service != "" },
			"affected_cis":     func(f Facts) bool { return len(f.Incident.CIs) > 0 },
			"group":            func(f Facts) bool { return f.Incident.Group != "" },
			"assignee":         func(f Facts) bool { return f.Incident.Assignee != "" },
			"hold_reason":      func(f Facts) bool { return f.Incident.HoldReason.valid() },
			"resolution_code":  func(f Facts) bool { return f.Incident.Resolution != nil && f.Incident.Resolution.Code != "" },
			"resolution_notes": func(f Facts) bool { return f.Incident.Resolution != nil && f.Incident.Resolution.Notes != "" },
			"duplicate_of":     func(f Facts) bool { return f.Incident.DuplicateOf != (workflow.ID{}) },
			"reason":           func(f Facts) bool { return f.Reason != "" },
		},
	}
}
