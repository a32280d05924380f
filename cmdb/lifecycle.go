package cmdb

import "github.com/itsm-go/itsm/workflow"

// The states of the shipped lifecycle.
const (
	StatePlanned     = "planned"
	StateOnOrder     = "on_order"
	StateInStock     = "in_stock"
	StateInUse       = "in_use"
	StateMaintenance = "maintenance"
	StateRetired     = "retired"
	StateDisposed    = "disposed"
	StateCancelled   = "cancelled"
)

// The actions of the shipped lifecycle.
const (
	ActionOrder     = "order"
	ActionReceive   = "receive"   // it has come, and lies in stock
	ActionDeploy    = "deploy"    // it goes into use
	ActionMaintain  = "maintain"  // it is taken out of use to be worked on
	ActionResume    = "resume"    // and put back
	ActionWithdraw  = "withdraw"  // back into stock
	ActionRetire    = "retire"    // out of use for good
	ActionReinstate = "reinstate" // after all not for good
	ActionDispose   = "dispose"
	ActionCancel    = "cancel" // it never came
)

// The roles of the shipped lifecycle, and of the other commands.
const (
	RoleEditor  = "configuration_editor"  // enters and changes items
	RoleManager = "configuration_manager" // may do everything
)

// Facts is what guards look at: the item as it would be after the command, and the
// command.
type Facts struct {
	CI     *CI
	Actor  workflow.Actor
	Reason string // the reason given
	Needed int    // items in service that need this one, see [GuardNotNeeded]
}

// GuardNotNeeded is a guard that a lifecycle may name: nothing in service depends on
// the item. The shipped lifecycle does not; a host adds it to the steps it wants to
// forbid.
const GuardNotNeeded = "not_needed"

// Lifecycle returns the lifecycle that items have unless the host configures
// another. The category of a state tells what it means: an item takes part in the
// topology while it is new, active or on hold, and no longer once it is resolved
// (retired) or final.
func Lifecycle() workflow.Definition {
	staff := []string{RoleEditor, RoleManager, workflow.RoleSystem}
	in := func(states ...string) []string { return states }
	return workflow.Definition{
		Name: "ci", Version: 1, Initial: StatePlanned,
		States: []workflow.State{
			{Name: StatePlanned, Label: "Planned", Category: workflow.CategoryNew},
			{Name: StateOnOrder, Label: "On Order", Category: workflow.CategoryNew},
			{Name: StateInStock, Label: "In Stock", Category: workflow.CategoryNew},
			{Name: StateInUse, Label: "In Use", Category: workflow.CategoryActive},
			{Name: StateMaintenance, Label: "In Maintenance", Category: workflow.CategoryOnHold},
			{Name: StateRetired, Label: "Retired", Category: workflow.CategoryResolved},
			{Name: StateDisposed, Label: "Disposed", Category: workflow.CategoryClosed},
			{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{
			{Name: ActionOrder, Label: "Order"}, {Name: ActionReceive, Label: "Receive"},
			{Name: ActionDeploy, Label: "Deploy"}, {Name: ActionMaintain, Label: "Begin maintenance"},
			{Name: ActionResume, Label: "End maintenance"}, {Name: ActionWithdraw, Label: "Withdraw into stock"},
			{Name: ActionRetire, Label: "Retire"}, {Name: ActionReinstate, Label: "Reinstate"},
			{Name: ActionDispose, Label: "Dispose"}, {Name: ActionCancel, Label: "Cancel"},
		},
		Transitions: []workflow.Transition{
			{From: in(StatePlanned), Action: ActionOrder, To: StateOnOrder, Roles: staff},
			{From: in(StatePlanned, StateOnOrder), Action: ActionReceive, To: StateInStock, Roles: staff},
			{From: in(StatePlanned, StateOnOrder, StateInStock), Action: ActionDeploy, To: StateInUse, Roles: staff},
			{From: in(StateInUse), Action: ActionMaintain, To: StateMaintenance, Roles: staff},
			{From: in(StateMaintenance), Action: ActionResume, To: StateInUse, Roles: staff},
			{From: in(StateInUse, StateMaintenance), Action: ActionWithdraw, To: StateInStock, Roles: staff},
			{From: in(StateInStock, StateInUse, StateMaintenance), Action: ActionRetire, To: StateRetired, Roles: staff},
			{From: in(StateRetired), Action: ActionReinstate, To: StateInUse, Roles: []string{RoleManager, workflow.RoleSystem}, Required: []string{"reason"}},
			{From: in(StateRetired), Action: ActionDispose, To: StateDisposed, Roles: []string{RoleManager, workflow.RoleSystem}},
			{From: in(StatePlanned, StateOnOrder), Action: ActionCancel, To: StateCancelled, Roles: staff, Required: []string{"reason"}},
		},
	}
}

// Bindings returns the guards and fields that lifecycles of items may name. A host's
// lifecycle names an attribute as "field." and its name.
func Bindings() workflow.Bindings[Facts] {
	return workflow.Bindings[Facts]{
		Guards: map[string]workflow.Guard[Facts]{
			GuardNotNeeded: {
				Check:   func(f Facts) bool { return f.Needed == 0 },
				Explain: "nothing in service may depend on the item",
			},
		},
		Fields: map[string]func(Facts) bool{
			"name":      func(f Facts) bool { return f.CI.Title != "" },
			"details":   func(f Facts) bool { return f.CI.Details != "" },
			"relations": func(f Facts) bool { return len(f.CI.Relations) > 0 },
			"reason":    func(f Facts) bool { return f.Reason != "" },
		},
	}
}

// inService reports whether an item of the category takes part in the topology.
func inService(c workflow.Category) bool {
	return c == workflow.CategoryNew || c == workflow.CategoryActive || c == workflow.CategoryOnHold
}
