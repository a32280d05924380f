package announce

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// The states of bulletins and announcements by the shipped lifecycles.
const (
	StateOpen      = "open"    // a bulletin: not over yet
	StateCleared   = "cleared" // a bulletin
	StateRetracted = "retracted"

	StateDraft      = "draft" // an announcement
	StateReview     = "in_review"
	StateScheduled  = "scheduled" // released, and its time has not come
	StatePublished  = "published"
	StateExpired    = "expired"
	StateSuperseded = "superseded"
	StateWithdrawn  = "withdrawn"
)

// The actions of the shipped lifecycles.
const (
	ActionUpdate  = "update" // of bulletins
	ActionClear   = "clear"
	ActionRetract = "retract"

	ActionSubmit    = "submit" // of announcements
	ActionApprove   = "approve"
	ActionReject    = "reject"
	ActionRelease   = "release" // without an approval
	ActionWithdraw  = "withdraw"
	ActionSupersede = "supersede"
)

// The roles of the shipped lifecycles.
const (
	RoleCommunicator = "communications_manager" // tells people of outages and changes
	RoleEditor       = "announcement_editor"
	RoleApprover     = "announcement_approver"
	// RoleSelf is not held but is a relation: a person's to his own profile.
	RoleSelf = "self"
)

// The guards of the shipped lifecycle of announcements.
const (
	GuardDirect    = "direct"     // the kind needs no approval
	GuardFourEyes  = "four_eyes"  // the actor has not written it, nor acts for somebody who has
	GuardBegun     = "begun"      // its validity has begun
	GuardEnded     = "ended"      // its validity has ended
	GuardStillTime = "still_time" // its validity has not ended
)

// BulletinFacts is what guards of bulletins look at: the bulletin as it is.
type BulletinFacts struct {
	Bulletin *Bulletin
	Actor    workflow.Actor
}

// Facts is what guards of announcements look at: the announcement as it would be.
type Facts struct {
	Announcement *Announcement
	Actor        workflow.Actor
	Now          time.Time
	Reason       string
	Direct       bool // the kind needs no approval
}

// BulletinLifecycle returns the lifecycle that bulletins have unless the host configures
// another. The states and actions named here must remain.
func BulletinLifecycle() workflow.Definition {
	roles := []string{RoleCommunicator, workflow.RoleSystem}
	return workflow.Definition{
		Name: "bulletin", Version: 1, Initial: StateOpen,
		States: []workflow.State{
			{Name: StateOpen, Label: "Open", Category: workflow.CategoryNew},
			{Name: StateCleared, Label: "Over", Category: workflow.CategoryClosed},
			{Name: StateRetracted, Label: "Retracted", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{{Name: ActionUpdate, Label: "Update"}, {Name: ActionClear, Label: "All clear"}, {Name: ActionRetract, Label: "Retract"}},
		Transitions: []workflow.Transition{
			{From: []string{StateOpen}, Action: ActionUpdate, To: StateOpen, Roles: roles},
			{From: []string{StateOpen}, Action: ActionClear, To: StateCleared, Roles: roles},
			{From: []string{StateOpen}, Action: ActionRetract, To: StateRetracted, Roles: roles},
		},
	}
}

// Lifecycle returns the lifecycle that announcements have unless the host configures
// another. The states and actions named here must remain.
func Lifecycle() workflow.Definition {
	editors, approvers := []string{RoleEditor}, []string{RoleApprover}
	return workflow.Definition{
		Name: "announcement", Version: 1, Initial: StateDraft,
		States: []workflow.State{
			{Name: StateDraft, Label: "Draft", Category: workflow.CategoryNew},
			{Name: StateReview, Label: "In review", Category: workflow.CategoryActive},
			{Name: StateScheduled, Label: "Scheduled", Category: workflow.CategoryOnHold},
			{Name: StatePublished, Label: "Published", Category: workflow.CategoryResolved},
			{Name: StateExpired, Label: "Expired", Category: workflow.CategoryClosed},
			{Name: StateSuperseded, Label: "Superseded", Category: workflow.CategoryClosed},
			{Name: StateWithdrawn, Label: "Withdrawn", Category: workflow.CategoryCancelled},
		},
		Actions: []workflow.Action{{Name: ActionSubmit, Label: "Submit"}, {Name: ActionApprove, Label: "Approve"}, {Name: ActionReject, Label: "Reject"},
			{Name: ActionRelease, Label: "Release"}, {Name: ActionWithdraw, Label: "Withdraw"}, {Name: ActionSupersede, Label: "Supersede"}},
		Transitions: []workflow.Transition{
			{From: []string{StateDraft}, Action: ActionSubmit, To: StateReview, Roles: editors, Guards: []string{GuardStillTime}},
			{From: []string{StateReview}, Action: ActionApprove, To: StateScheduled, Roles: approvers, Guards: []string{GuardFourEyes, GuardStillTime}},
			{From: []string{StateReview}, Action: ActionReject, To: StateDraft, Roles: approvers, Required: []string{"reason"}},
			{From: []string{StateDraft}, Action: ActionRelease, To: StateScheduled, Roles: editors, Guards: []string{GuardDirect, GuardStillTime}},
			{From: []string{StateScheduled}, To: StatePublished, Automatic: true, Guards: []string{GuardBegun}},
			{From: []string{StatePublished}, To: StateExpired, Automatic: true, Guards: []string{GuardEnded}},
			{From: []string{StateDraft, StateReview, StateScheduled, StatePublished}, Action: ActionWithdraw, To: StateWithdrawn,
				Roles: []string{RoleEditor, RoleApprover}, Required: []string{"reason"}},
			{From: []string{StateScheduled, StatePublished}, Action: ActionSupersede, To: StateSuperseded,
				Roles: []string{RoleEditor, RoleApprover, workflow.RoleSystem}},
		},
	}
}

// bindings are the fields and guards that lifecycles of announcements may name.
func bindings(host map[string]workflow.Guard[Facts]) workflow.Bindings[Facts] {
	guards := map[string]workflow.Guard[Facts]{
		GuardDirect: {Check: func(f Facts) bool { return f.Direct }, Explain: "announcements of this kind need no approval"},
		GuardFourEyes: {Check: func(f Facts) bool {
			return !slices.Contains(f.Announcement.Authors, f.Actor.ID) && !slices.Contains(f.Announcement.Authors, f.Actor.OnBehalfOf)
		}, Explain: "somebody approves who has not written it"},
		GuardBegun:     {Check: func(f Facts) bool { return !f.Now.Before(f.Announcement.From) }, Explain: "its validity has begun"},
		GuardEnded:     {Check: func(f Facts) bool { return !f.Now.Before(f.Announcement.Until) }, Explain: "its validity has ended"},
		GuardStillTime: {Check: func(f Facts) bool { return f.Now.Before(f.Announcement.Until) }, Explain: "its validity has not ended"},
	}
	for name, g := range host {
		guards[name] = g
	}
	return workflow.Bindings[Facts]{Guards: guards, Fields: map[string]func(Facts) bool{
		"reason": func(f Facts) bool { return strings.TrimSpace(f.Reason) != "" },
	}}
}

// courses are the versions of one lifecycle.
type courses[F any] struct {
	current  workflow.LifecycleRef
	machines map[workflow.LifecycleRef]*workflow.Machine[F]
}

func newCourses[F any](p *workflow.Problems, given, shipped workflow.Definition, earlier []workflow.Definition, b workflow.Bindings[F]) courses[F] {
	if given.Name == "" {
		given = shipped
	}
	c := courses[F]{workflow.LifecycleRef{Name: given.Name, Version: given.Version}, map[workflow.LifecycleRef]*workflow.Machine[F]{}}
	for _, d := range append(slices.Clone(earlier), given) {
		m, err := workflow.Compile(d, b)
		p.Add(err)
		ref := workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		if c.machines[ref] != nil {
			p.Addf("lifecycle %s version %d is given twice", d.Name, d.Version)
		}
		c.machines[ref] = m
		for _, s := range shipped.States {
			if !slices.ContainsFunc(d.States, func(o workflow.State) bool { return o.Name == s.Name }) {
				p.Addf("lifecycle %s version %d has no state %s", d.Name, d.Version, s.Name)
			}
		}
		for _, a := range shipped.Actions {
			if !slices.ContainsFunc(d.Actions, func(o workflow.Action) bool { return o.Name == a.Name }) {
				p.Addf("lifecycle %s version %d has no action %s", d.Name, d.Version, a.Name)
			}
		}
		if d.Initial != shipped.Initial {
			p.Addf("lifecycle %s version %d begins in %s, must be %s", d.Name, d.Version, d.Initial, shipped.Initial)
		}
	}
	return c
}

func (c courses[F]) of(r *workflow.Record) (*workflow.Machine[F], error) {
	m := c.machines[r.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("announce: %s lives by lifecycle %s version %d, which is not configured: %w", r.Name(), r.Lifecycle.Name, r.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

func (c courses[F]) category(r *workflow.Record) workflow.Category {
	if m := c.machines[r.Lifecycle]; m != nil {
		return m.Category(r.State)
	}
	return 0
}

// fire takes a record through an action of its lifecycle.
func (c courses[F]) fire(tx *workflow.Tx, r *workflow.Record, ref workflow.Ref, action string, facts F, relations []string) error {
	m, err := c.of(r)
	if err != nil {
		return err
	}
	authorize := func(roles []string) error {
		return tx.Authorize(workflow.Access{Ref: ref, State: r.State, Roles: roles, Relations: relations})
	}
	if roles := m.RolesFor(r.State, action); len(roles) > 0 {
		if err := authorize(roles); err != nil {
			return err
		}
	}
	to, err := m.Admit(r.State, action, facts, authorize)
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = offered(m, r.State, facts)
		}
		return fmt.Errorf("announce: %s: %w", r.Name(), err)
	}
	r.State = m.SettleName(to, facts)
	if missing := m.Missing(r.State, facts); len(missing) > 0 {
		return fmt.Errorf("announce: %s: state %s needs %s: %w", r.Name(), r.State, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	return nil
}

// offered lists the actions there are in a state, for somebody who was refused.
func offered[F any](m *workflow.Machine[F], state string, facts F) []string {
	var names []string
	for _, o := range m.Options(state, workflow.AnyRole, facts) {
		if !slices.Contains(names, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}
