package cab

import "github.com/itsm-go/itsm/workflow"

// The states of the shipped lifecycle.
const (
	StateScheduled = "scheduled"
	StateInSession = "in_session"
	StateClosed    = "closed"    // the minutes are a draft
	StatePublished = "published" // the minutes are read-only
	StateCancelled = "cancelled"
)

// The actions of the shipped lifecycle.
const (
	ActionStart   = "start"
	ActionAdjourn = "adjourn"
	ActionPublish = "publish"
	ActionCancel  = "cancel"
)

// The roles of the shipped lifecycle. All but RoleManager are not held but are
// relations to a meeting: somebody is the chair of his own board's meetings. They count
// for the person himself, and not for who acts on his behalf.
const (
	RoleManager   = "change_manager"
	RoleChair     = "chair"
	RoleViceChair = "vice_chair"
	RolePresiding = "presiding" // chairs this meeting
	RoleMember    = "member"    // a member of the board, or an alternate
)

// Facts is what guards look at: the meeting as it would be after the command.
type Facts struct {
	Meeting *Meeting
	Actor   workflow.Actor
	Reason  string
}

// Lifecycle returns the lifecycle that meetings have unless the host configures
// another. A host may add states, and guards of its own; the states named here must
// remain.
func Lifecycle() workflow.Definition {
	office := []string{RoleManager, RoleChair, RoleViceChair}
	return workflow.Definition{
		Name: "cab-meeting", Version: 1, Initial: StateScheduled,
		States: []workflow.State{
			{Name: StateScheduled, Label: "Scheduled", Category: workflow.CategoryNew},
			{Name: StateInSession, Label: "In session", Category: workflow.CategoryActive},
			{Name: StateClosed, Label: "Closed, minutes drafted", Category: workflow.CategoryResolved},
			{Name: StatePublished, Label: "Minutes published", Category: workflow.CategoryClosed},
			{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{{Name: ActionStart, Label: "Start"}, {Name: ActionAdjourn, Label: "Adjourn"},
			{Name: ActionPublish, Label: "Publish minutes"}, {Name: ActionCancel, Label: "Cancel"}},
		Transitions: []workflow.Transition{
			{From: []string{StateScheduled}, Action: ActionStart, To: StateInSession, Roles: []string{RoleChair, RoleViceChair}},
			{From: []string{StateInSession}, Action: ActionAdjourn, To: StateClosed, Roles: []string{RolePresiding, RoleManager}},
			{From: []string{StateClosed}, Action: ActionPublish, To: StatePublished, Roles: append([]string{RolePresiding}, office...)},
			{From: []string{StateScheduled}, Action: ActionCancel, To: StateCancelled, Roles: office, Required: []string{"reason"}},
		},
	}
}

// bindings are the fields and guards that lifecycles of meetings may name.
func bindings(host map[string]workflow.Guard[Facts]) workflow.Bindings[Facts] {
	return workflow.Bindings[Facts]{
		Guards: host,
		Fields: map[string]func(Facts) bool{
			"reason": func(f Facts) bool { return validNote(f.Reason) },
			"agenda": func(f Facts) bool { return len(f.Meeting.Agenda) > 0 },
		},
	}
}
