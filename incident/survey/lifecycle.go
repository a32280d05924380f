package survey

import (
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// The states of the shipped lifecycle of invitations.
const (
	StateDue       = "due"  // to be sent when its time comes
	StateSent      = "sent" // waits for the answer
	StateAnswered  = "answered"
	StateExpired   = "expired"
	StateDeclined  = "declined"
	StateCancelled = "cancelled" // the record was reopened, or somebody has withdrawn it
	StateSkipped   = "skipped"   // never sent: a cap, or the person wants no surveys
)

// The actions of the shipped lifecycle.
const (
	ActionSend    = "send"
	ActionSkip    = "skip"
	ActionAnswer  = "answer"
	ActionDecline = "decline"
	ActionExpire  = "expire"
	ActionCancel  = "cancel"
)

// The roles of the shipped lifecycle.
const (
	RoleManager = "survey_manager"
	// RoleInvited is not held but is a relation to an invitation: the person it is for.
	// Who acts on behalf of that person does not have it.
	RoleInvited = "invited"
)

// GuardEditable is the guard that holds for surveys whose answers can be edited.
const GuardEditable = "editable"

// Facts is what guards look at: the invitation as it would be after the command.
type Facts struct {
	Invitation *Invitation
	Actor      workflow.Actor
	Reason     string
	Editable   bool // of the survey
}

// Lifecycle returns the lifecycle that invitations have unless the host configures
// another. A host may add states, and guards of its own; the states and actions named
// here must remain.
func Lifecycle() workflow.Definition {
	system, invited := []string{workflow.RoleSystem}, []string{RoleInvited}
	return workflow.Definition{
		Name: "survey-invitation", Version: 1, Initial: StateDue,
		States: []workflow.State{
			{Name: StateDue, Label: "Due", Category: workflow.CategoryNew},
			{Name: StateSent, Label: "Sent", Category: workflow.CategoryActive},
			{Name: StateAnswered, Label: "Answered", Category: workflow.CategoryClosed},
			{Name: StateExpired, Label: "Expired", Category: workflow.CategoryClosed},
			{Name: StateDeclined, Label: "Declined", Category: workflow.CategoryClosed},
			{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled},
			{Name: StateSkipped, Label: "Skipped", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{{Name: ActionSend, Label: "Send"}, {Name: ActionSkip, Label: "Skip"}, {Name: ActionAnswer, Label: "Answer"},
			{Name: ActionDecline, Label: "Decline"}, {Name: ActionExpire, Label: "Expire"}, {Name: ActionCancel, Label: "Cancel"}},
		Transitions: []workflow.Transition{
			{From: []string{StateDue}, Action: ActionSend, To: StateSent, Roles: system},
			{From: []string{StateDue}, Action: ActionSkip, To: StateSkipped, Roles: system, Required: []string{"reason"}},
			// Whoever was skipped may answer all the same, on the record.
			{From: []string{StateDue, StateSent, StateSkipped}, Action: ActionAnswer, To: StateAnswered, Roles: []string{RoleInvited, workflow.RoleSystem}},
			{From: []string{StateAnswered}, Action: ActionAnswer, To: StateAnswered, Roles: invited, Guards: []string{GuardEditable}},
			{From: []string{StateDue, StateSent}, Action: ActionDecline, To: StateDeclined, Roles: invited},
			{From: []string{StateSent}, Action: ActionExpire, To: StateExpired, Roles: system},
			{From: []string{StateDue, StateSent}, Action: ActionCancel, To: StateCancelled, Roles: []string{workflow.RoleSystem, RoleManager}, Required: []string{"reason"}},
		},
	}
}

// bindings are the fields and guards that lifecycles of invitations may name.
func bindings(host map[string]workflow.Guard[Facts]) workflow.Bindings[Facts] {
	guards := map[string]workflow.Guard[Facts]{
		GuardEditable: {Check: func(f Facts) bool { return f.Editable }, Explain: "answers to this survey can be edited"},
	}
	for name, g := range host {
		guards[name] = g
	}
	return workflow.Bindings[Facts]{Guards: guards, Fields: map[string]func(Facts) bool{
		"reason": func(f Facts) bool { return strings.TrimSpace(f.Reason) != "" },
	}}
}
