package request

import (
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The states of the shipped lifecycle.
const (
	StateDraft      = "draft"     // saved: nobody hears of it, nothing runs
	StateSubmitted  = "submitted" // passed through at once
	StateWaiting    = "waiting_for_approval"
	StateApproved   = "approved" // waits for its date, if it has one
	StateFulfilment = "in_fulfilment"
	StateRequester  = "waiting_for_requester"
	StateThirdParty = "waiting_for_third_party"
	StateReview     = "review"    // somebody looks at what was delivered
	StateFulfilled  = "fulfilled" // the requester may object
	StateClosed     = "closed"
	StateRejected   = "rejected"
	StateCancelled  = "cancelled"
)

// The actions of the shipped lifecycle.
const (
	ActionSubmit   = "submit"
	ActionReassess = "reassess" // the order has changed, and those who approve are asked again
	ActionHold     = "hold"
	ActionResume   = "resume"
	ActionReply    = "reply" // the requester answers what was asked
	ActionConfirm  = "confirm"
	ActionClose    = "close"
	ActionReopen   = "reopen"
	ActionCancel   = "cancel"
)

// The roles of the shipped lifecycle. The last three are not held but are relations:
// somebody is the requester of what is for him, the opener of what he has ordered, and a
// fulfiller of the requests of whose tasks one is his.
const (
	RoleAgent     = "agent"
	RoleManager   = "request_manager"
	RoleRequester = "requester"
	RoleOpener    = "opener"
	RoleFulfiller = "fulfiller"
)

// Model is a lifecycle and what its states mean.
type Model struct {
	Lifecycle workflow.Definition
	Drafts    []string // in these the order is not placed yet
	Gate      string   // on coming here, approval is asked for
	// Fulfilment are the states in which the items are worked on. None is reached with
	// nothing approved. In states of category on_hold nothing begins.
	Fulfilment []string
}

// Facts is what guards look at: the request as it would be after the command.
type Facts struct {
	Request *Request
	Actor   workflow.Actor
	Now     time.Time
	Reason  string
	Comment bool // a public comment comes with the command

	Asks    bool    // something in it has to be approved, as far as the catalogue knows
	Ready   int     // items on which work may begin, or has begun
	Waiting int     // items that are not decided
	Review  bool    // an item is to be looked at that was delivered
	Outcome Outcome // of all items
}

// The guards that lifecycles of requests may name. A host adds its own in [Config.Guards].
const (
	GuardAsks          = "asks"          // something has to be approved
	GuardStartable     = "startable"     // an item is approved
	GuardDecided       = "decided"       // every item is decided, and one at least is approved
	GuardDue           = "due"           // the date before which nothing begins has come
	GuardOver          = "over"          // work on every item that was not rejected or cancelled is over
	GuardRefused       = "refused"       // nothing is left, as an item was rejected
	GuardVoid          = "void"          // nothing is left, as everything was cancelled
	GuardReview        = "review"        // somebody is to look at what was delivered
	GuardForRequester  = "for_requester" // it waits for the requester
	GuardForThirdParty = "for_third_party"
	GuardAsked         = "asked" // a public comment tells the requester what is asked
)

// Bindings returns the guards and fields that lifecycles of requests may name, for hosts
// that compile one by themselves, to check it.
func Bindings() workflow.Bindings[Facts] {
	worked := func(f Facts) bool { return f.Outcome == Complete || f.Outcome == Incomplete || f.Outcome == Skipped }
	return workflow.Bindings[Facts]{
		Guards: map[string]workflow.Guard[Facts]{
			GuardAsks:          {Check: func(f Facts) bool { return f.Asks }, Explain: "something must have to be approved"},
			GuardStartable:     {Check: func(f Facts) bool { return f.Ready > 0 }, Explain: "an item must be approved"},
			GuardDecided:       {Check: func(f Facts) bool { return f.Ready > 0 && f.Waiting == 0 }, Explain: "every item must be decided, and one approved"},
			GuardDue:           {Check: func(f Facts) bool { return !f.Now.Before(f.Request.Begin) }, Explain: "the date on which work begins must have come"},
			GuardOver:          {Check: worked, Explain: "work on every item must be over"},
			GuardRefused:       {Check: func(f Facts) bool { return f.Outcome == Rejected }, Explain: "every item must be rejected"},
			GuardVoid:          {Check: func(f Facts) bool { return f.Outcome == Cancelled }, Explain: "every item must be cancelled"},
			GuardReview:        {Check: func(f Facts) bool { return f.Review }, Explain: "an item must need a review"},
			GuardForRequester:  {Check: func(f Facts) bool { return f.Request.HoldReason == AwaitingRequester }, Explain: "it must wait for the requester"},
			GuardForThirdParty: {Check: func(f Facts) bool { return f.Request.HoldReason == AwaitingThirdParty }, Explain: "it must wait for a third party"},
			GuardAsked: {Check: func(f Facts) bool { return f.Request.HoldReason != AwaitingRequester || f.Comment },
				Explain: "awaiting the requester needs a public comment that tells him what is asked"},
		},
		Fields: map[string]func(Facts) bool{
			"title":       func(f Facts) bool { return f.Request.Title != "" },
			"details":     func(f Facts) bool { return f.Request.Details != "" },
			"customer":    func(f Facts) bool { return f.Request.For.Customer != "" },
			"group":       func(f Facts) bool { return f.Request.Group != "" },
			"assignee":    func(f Facts) bool { return f.Request.Assignee != "" },
			"items":       func(f Facts) bool { return len(f.Request.Items) > 0 },
			"begin":       func(f Facts) bool { return !f.Request.Begin.IsZero() },
			"hold_reason": func(f Facts) bool { return f.Request.HoldReason.valid() },
			"outcome":     func(f Facts) bool { return f.Request.Outcome != Open },
			"reason":      func(f Facts) bool { return f.Reason != "" },
		},
	}
}

// Lifecycle returns the lifecycle of the shipped [DefaultModel].
func Lifecycle() workflow.Definition {
	staff := []string{RoleAgent, RoleManager, workflow.RoleSystem}
	buyers := append([]string{RoleRequester, RoleOpener}, staff...)
	held := []string{StateRequester, StateThirdParty}
	working := append([]string{StateFulfilment}, held...)
	before := []string{StateDraft, StateSubmitted, StateWaiting, StateApproved}
	auto := func(from []string, to string, guards ...string) workflow.Transition {
		return workflow.Transition{From: from, To: to, Automatic: true, Guards: guards}
	}
	d := workflow.Definition{
		Name: "service-request", Version: 1, Initial: StateDraft,
		States: []workflow.State{
			{Name: StateDraft, Label: "Draft", Category: workflow.CategoryNew},
			{Name: StateSubmitted, Label: "Submitted", Category: workflow.CategoryNew},
			{Name: StateWaiting, Label: "Waiting for approval", Category: workflow.CategoryNew},
			{Name: StateApproved, Label: "Approved", Category: workflow.CategoryNew},
			{Name: StateFulfilment, Label: "In fulfilment", Category: workflow.CategoryActive},
			{Name: StateRequester, Label: "Waiting for requester", Category: workflow.CategoryOnHold, Mandatory: []string{"hold_reason"}},
			{Name: StateThirdParty, Label: "Waiting for third party", Category: workflow.CategoryOnHold, Mandatory: []string{"hold_reason"}},
			{Name: StateReview, Label: "Review", Category: workflow.CategoryActive},
			{Name: StateFulfilled, Label: "Fulfilled", Category: workflow.CategoryResolved, Mandatory: []string{"outcome"}},
			{Name: StateClosed, Label: "Closed", Category: workflow.CategoryClosed},
			{Name: StateRejected, Label: "Rejected", Category: workflow.CategoryCancelled},
			{Name: StateCancelled, Label: "Cancelled", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{
			{Name: ActionSubmit, Label: "Submit"}, {Name: ActionReassess, Label: "Ask again"}, {Name: ActionHold, Label: "Put on hold"},
			{Name: ActionResume, Label: "Resume"}, {Name: ActionReply, Label: "Requester replies"}, {Name: ActionConfirm, Label: "Confirm delivery"},
			{Name: ActionClose, Label: "Close"}, {Name: ActionReopen, Label: "Reopen"}, {Name: ActionCancel, Label: "Cancel"},
		},
		Transitions: []workflow.Transition{
			{From: []string{StateDraft}, Action: ActionSubmit, To: StateSubmitted, Roles: buyers, Required: []string{"items"}},
			auto([]string{StateSubmitted}, StateWaiting, GuardAsks),
			auto([]string{StateSubmitted}, StateApproved, "!"+GuardAsks),
			auto([]string{StateWaiting}, StateApproved, GuardStartable, "!"+GuardRefused, "!"+GuardVoid),
			{From: []string{StateWaiting, StateApproved}, Action: ActionReassess, To: StateWaiting, Roles: buyers},
			auto([]string{StateApproved}, StateFulfilment, GuardStartable, GuardDue, "!"+GuardRefused, "!"+GuardVoid),
			auto([]string{StateFulfilment}, StateReview, GuardOver, GuardReview, "!"+GuardRefused, "!"+GuardVoid),
			auto([]string{StateFulfilment}, StateFulfilled, GuardOver, "!"+GuardReview, "!"+GuardRefused, "!"+GuardVoid),
		},
	}
	for _, s := range append([]string{StateWaiting, StateApproved}, working...) {
		d.Transitions = append(d.Transitions,
			auto([]string{s}, StateRejected, GuardRefused, "!"+GuardVoid),
			auto([]string{s}, StateCancelled, GuardVoid, "!"+GuardRefused))
	}
	d.Transitions = append(d.Transitions,
		workflow.Transition{From: working, Action: ActionHold, To: StateRequester, Roles: staff, Required: []string{"hold_reason"}, Guards: []string{GuardForRequester, GuardAsked}},
		workflow.Transition{From: working, Action: ActionHold, To: StateThirdParty, Roles: staff, Required: []string{"hold_reason"}, Guards: []string{GuardForThirdParty, "!" + GuardForRequester}},
		workflow.Transition{From: held, Action: ActionResume, To: StateFulfilment, Roles: staff},
		workflow.Transition{From: []string{StateRequester}, Action: ActionReply, To: StateFulfilment, Roles: buyers},
		workflow.Transition{From: []string{StateReview}, Action: ActionConfirm, To: StateFulfilled, Roles: staff},
		workflow.Transition{From: []string{StateFulfilled}, Action: ActionClose, To: StateClosed, Roles: buyers},
		workflow.Transition{From: []string{StateReview, StateFulfilled}, Action: ActionReopen, To: StateFulfilment, Roles: buyers, Required: []string{"reason"}},
		workflow.Transition{From: []string{StateRejected}, Action: ActionReopen, To: StateDraft, Roles: buyers, Required: []string{"reason"}},
		workflow.Transition{From: append(before, working...), Action: ActionCancel, To: StateCancelled, Roles: buyers, Required: []string{"reason"}},
	)
	return d
}

// DefaultModel is the shipped lifecycle: draft, submitted, waiting for approval, approved,
// in fulfilment with two ways to be on hold, review, fulfilled, closed; rejected, cancelled.
// Work on the first item that is approved begins while others still wait.
func DefaultModel() Model {
	return Model{Lifecycle: Lifecycle(), Drafts: []string{StateDraft}, Gate: StateWaiting,
		Fulfilment: []string{StateFulfilment, StateRequester, StateThirdParty}}
}
