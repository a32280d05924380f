package knownerror

import (
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// The states of the shipped lifecycle. They say where the newest content is: what is in
// force stays so while the next revision is drafted and reviewed.
const (
	StateDraft     = "draft"
	StateReview    = "review"
	StatePublished = "published"
	StateRetired   = "retired"
)

// The actions of the shipped lifecycle.
const (
	ActionSubmit   = "submit"
	ActionSendBack = "send_back"
	ActionPublish  = "publish"
	ActionRevise   = "revise"
	ActionDiscard  = "discard"
	ActionRetire   = "retire"
)

// The roles of the shipped lifecycle. RoleOwner is not held but is a relation: everybody
// is the owner of what he answers for.
const (
	RoleManager     = "problem_manager"
	RoleCoordinator = "problem_coordinator"
	RoleAnalyst     = "problem_task_analyst"
	RoleAgent       = "agent" // of the service desk
	RoleOwner       = "owner"
)

// Facts is what guards look at: the known error as it would be after the command, its
// newest content, and the command.
type Facts struct {
	KnownError *KnownError
	Content    Content
	Actor      workflow.Actor
	Note       string
}

// Options are the choices that the shipped lifecycle leaves to its host.
type Options struct {
	// FourEyes asks for somebody to publish who did not write any of it.
	FourEyes bool
}

// Lifecycle returns the lifecycle that known errors have unless the host configures
// another: draft, review, published, retired. Whatever the states are called, one of
// category resolved is in force, and one of category closed or cancelled is retired.
// Give a lifecycle with other options a version of its own when there are known errors
// already.
func Lifecycle(o Options) workflow.Definition {
	writers := []string{RoleManager, RoleCoordinator, RoleAnalyst, RoleAgent, RoleOwner}
	reviewers := []string{RoleManager, RoleCoordinator}
	var guards []string
	if o.FourEyes {
		guards = []string{GuardFourEyes}
	}
	content := []string{"symptom", "cause", "workaround"}
	return workflow.Definition{
		Name: "known_error", Version: 1, Initial: StateDraft,
		States: []workflow.State{
			{Name: StateDraft, Label: "Draft", Category: workflow.CategoryNew},
			{Name: StateReview, Label: "Review", Category: workflow.CategoryActive},
			{Name: StatePublished, Label: "Published", Category: workflow.CategoryResolved},
			{Name: StateRetired, Label: "Retired", Category: workflow.CategoryClosed},
		},
		Actions: []workflow.Action{
			{Name: ActionSubmit, Label: "Submit"}, {Name: ActionSendBack, Label: "Send back"}, {Name: ActionPublish, Label: "Publish"},
			{Name: ActionRevise, Label: "Revise"}, {Name: ActionDiscard, Label: "Discard revision"}, {Name: ActionRetire, Label: "Retire"},
		},
		Transitions: []workflow.Transition{
			{From: []string{StateDraft}, Action: ActionSubmit, To: StateReview, Roles: writers, Required: content},
			{From: []string{StateReview}, Action: ActionSendBack, To: StateDraft, Roles: reviewers, Required: []string{"note"}},
			{From: []string{StateReview}, Action: ActionPublish, To: StatePublished, Roles: reviewers, Required: content, Guards: guards},
			{From: []string{StatePublished, StateRetired}, Action: ActionRevise, To: StateDraft, Roles: writers},
			{From: []string{StateDraft, StateReview}, Action: ActionDiscard, To: StatePublished, Roles: writers, Required: []string{"note"}, Guards: []string{GuardInForce}},
			{From: []string{StateDraft, StateReview, StatePublished}, Action: ActionRetire, To: StateRetired, Roles: append(slices.Clone(reviewers), RoleOwner), Required: []string{"note"}},
		},
	}
}

// The guards that lifecycles of known errors may name; a host adds its own in
// [Config.Guards].
const (
	GuardFourEyes = "four_eyes" // the actor did not write any of it
	GuardInForce  = "in_force"  // an earlier revision is published
)

// Bindings returns the guards and fields that lifecycles of known errors may name, for
// hosts that compile one by themselves, to check it. The fields are of the newest
// content; "cause" and "workaround" are filled in, too, by saying that there is none.
func Bindings() workflow.Bindings[Facts] {
	return workflow.Bindings[Facts]{
		Guards: map[string]workflow.Guard[Facts]{
			GuardFourEyes: {Check: func(f Facts) bool { return !slices.ContainsFunc(f.KnownError.Authors, f.Actor.Is) },
				Explain: "somebody else must have written it"},
			GuardInForce: {Check: func(f Facts) bool { return f.KnownError.Published != nil }, Explain: "an earlier revision must be published"},
		},
		Fields: map[string]func(Facts) bool{
			"symptom":    func(f Facts) bool { return f.Content.Symptom != "" },
			"cause":      func(f Facts) bool { return f.Content.Cause != "" || f.Content.CauseUnknown },
			"workaround": func(f Facts) bool { return f.Content.Workaround != "" || f.Content.NoWorkaround },
			"solution":   func(f Facts) bool { return f.Content.Solution != "" },
			"codes":      func(f Facts) bool { return len(f.Content.Codes) > 0 },
			"domain":     func(f Facts) bool { return f.Content.Domain != "" },
			"vendor":     func(f Facts) bool { return f.Content.Vendor != "" },
			"model":      func(f Facts) bool { return f.Content.Model != "" },
			"versions":   func(f Facts) bool { return !f.Content.Versions.IsZero() },
			"items":      func(f Facts) bool { return len(f.Content.Items) > 0 },
			"services":   func(f Facts) bool { return len(f.Content.Services) > 0 },
			"categories": func(f Facts) bool { return len(f.Content.Categories) > 0 },
			"problem":    func(f Facts) bool { return f.Content.Problem != (workflow.ID{}) },
			"documents":  func(f Facts) bool { return len(f.Content.Documents) > 0 },
			"owner":      func(f Facts) bool { return f.KnownError.Owner != "" },
			"note":       func(f Facts) bool { return f.Note != "" },
		},
	}
}
