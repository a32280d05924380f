package major

import "github.com/itsm-go/itsm/workflow"

// The states of an incident as a major one. They stand beside the states of the incident
// itself, which goes its own way: ServiceNow keeps the two apart, too.
const (
	StateNone      = "none"
	StateProposed  = "proposed"  // somebody, or a rule, holds it for a major incident
	StateAccepted  = "accepted"  // it is handled as one
	StateRejected  = "rejected"  // it was looked at, and is none
	StateCancelled = "cancelled" // it was one and is no longer, or the incident was cancelled
)

// The actions.
const (
	ActionPropose = "propose"
	ActionPromote = "promote" // propose and accept in one
	ActionAccept  = "accept"
	ActionReject  = "reject"
	ActionDemote  = "demote"
	ActionCancel  = "cancel" // with the incident
)

// RoleManager decides on major incidents and closes them. It is held as a role, or by
// whoever is the manager of one incident, see [Manager]. RoleAgent proposes.
const (
	RoleManager = "major_incident_manager"
	RoleAgent   = "agent"
)

// Facts is what the guards of the lifecycle look at.
type Facts struct {
	Open   bool   // the incident is not resolved, closed or cancelled
	Over   bool   // the incident is cancelled
	Reason string // given with the action
	Impact string // on the business
}

// Lifecycle returns the lifecycle of major incidents. What was rejected or cancelled can
// be proposed again; an incident that is resolved, closed or cancelled cannot.
func Lifecycle() workflow.Definition {
	manager := []string{RoleManager, workflow.RoleSystem}
	anybody := append([]string{RoleAgent}, manager...)
	calm := []string{StateNone, StateRejected, StateCancelled}
	both := []string{"reason", "business_impact"}
	open := []string{GuardOpen}
	return workflow.Definition{
		Name: "major_incident", Version: 1, Initial: StateNone,
		States: []workflow.State{
			{Name: StateNone, Label: "None", Category: workflow.CategoryNew},
			{Name: StateProposed, Label: "Proposed", Category: workflow.CategoryOnHold},
			{Name: StateAccepted, Label: "Accepted", Category: workflow.CategoryActive},
			{Name: StateRejected, Label: "Rejected", Category: workflow.CategoryClosed},
			{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{
			{Name: ActionPropose, Label: "Propose"}, {Name: ActionPromote, Label: "Promote"},
			{Name: ActionAccept, Label: "Accept"}, {Name: ActionReject, Label: "Reject"},
			{Name: ActionDemote, Label: "Demote"}, {Name: ActionCancel, Label: "Cancel with the incident"},
		},
		Transitions: []workflow.Transition{
			{From: calm, Action: ActionPropose, To: StateProposed, Roles: anybody, Required: both, Guards: open},
			{From: append(calm, StateProposed), Action: ActionPromote, To: StateAccepted, Roles: manager, Required: both, Guards: open},
			{From: []string{StateProposed}, Action: ActionAccept, To: StateAccepted, Roles: manager, Guards: open},
			{From: []string{StateProposed}, Action: ActionReject, To: StateRejected, Roles: manager, Required: []string{"reason"}},
			{From: []string{StateAccepted}, Action: ActionDemote, To: StateCancelled, Roles: manager, Required: []string{"reason"}},
			{From: []string{StateProposed, StateAccepted}, Action: ActionCancel, To: StateCancelled, Roles: []string{workflow.Anyone}, Guards: []string{GuardOver}},
		},
	}
}

// The guards of the lifecycle.
const (
	GuardOpen = "open"
	GuardOver = "cancelled"
)

// Bindings returns the guards and fields that the lifecycle names.
func Bindings() workflow.Bindings[Facts] {
	return workflow.Bindings[Facts]{
		Guards: map[string]workflow.Guard[Facts]{
			GuardOpen: {Check: func(f Facts) bool { return f.Open }, Explain: "the incident must not be resolved, closed or cancelled"},
			GuardOver: {Check: func(f Facts) bool { return f.Over }, Explain: "the incident must be cancelled"},
		},
		Fields: map[string]func(Facts) bool{
			"reason":          func(f Facts) bool { return f.Reason != "" },
			"business_impact": func(f Facts) bool { return f.Impact != "" },
		},
	}
}
