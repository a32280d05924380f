package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/examples/replay/snlog"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
)

// rowReplay brings an incident to what one row of the log says, by the commands
// that a person would have given. It compares, so a row that says nothing new
// gives no command.
type rowReplay struct {
	desk   *serviceDesk
	row    snlog.Row
	inc    *incident.Incident
	actor  workflow.Actor
	reason string // the first refusal
}

// apply returns why the library refused the row, or an empty reason.
func (r *rowReplay) apply(ctx context.Context) (reason string, err error) {
	parts := []func(context.Context) (*incident.Incident, error){r.describe, r.affected, r.prioritize, r.assign, r.move}
	if r.desk.incidents.Category(r.inc) == workflow.CategoryResolved {
		slices.Reverse(parts) // reopened first, then changed
	}
	for _, part := range parts {
		inc, err := part(ctx)
		switch why := refusal(err); {
		case why != "":
			r.reason = cmp.Or(r.reason, why)
		case err != nil:
			return "", err
		case inc != nil:
			r.inc = inc
		}
	}
	return r.reason, nil
}

// at is the service at the instant of the row.
func (r *rowReplay) at() *incident.Service { return r.desk.incidents.At(r.row.Updated) }

func (r *rowReplay) describe(ctx context.Context) (*incident.Incident, error) {
	var e incident.Edit
	changed := false
	edit := func(field **string, have, want string) {
		if want != "" && want != have {
			*field = &want
			changed = true
		}
	}
	edit(&e.Category, r.inc.Category, r.row.Category)
	edit(&e.Subcategory, r.inc.Subcategory, r.row.Subcategory)
	if !changed {
		return nil, nil
	}
	return r.at().Update(ctx, r.actor, r.inc.ID, e)
}

func (r *rowReplay) affected(ctx context.Context) (*incident.Incident, error) {
	ci := r.row.ConfigurationItem
	if ci == "" || slices.ContainsFunc(r.inc.CIs, func(a incident.AffectedCI) bool { return a.ID == ci }) {
		return nil, nil
	}
	return r.at().SetCIs(ctx, r.actor, r.inc.ID, incident.CIManual, ci)
}

func (r *rowReplay) prioritize(ctx context.Context) (*incident.Incident, error) {
	impact, urgency := level(r.row.Impact), level(r.row.Urgency)
	if impact != r.inc.Impact || urgency != r.inc.Urgency {
		inc, err := r.at().Prioritize(ctx, r.actor, r.inc.ID, impact, urgency)
		if err != nil {
			return nil, err
		}
		r.inc = inc
	}
	if want := incident.Priority(r.row.Priority); want != 0 && want != r.inc.Priority {
		return r.at().OverridePriority(ctx, r.actor, r.inc.ID, want, "as the log has it")
	}
	return r.inc, nil
}

func (r *rowReplay) assign(ctx context.Context) (*incident.Incident, error) {
	group, person := r.row.AssignmentGroup, r.row.AssignedTo
	if group == r.inc.Group && person == r.inc.Assignee || group == "" && person == "" {
		return nil, nil // a log does not say whether nobody has it, or nobody wrote it down
	}
	return r.at().Assign(ctx, r.actor, r.inc.ID, group, person)
}

// holds maps the log's waiting states to hold reasons.
var holds = map[string]incident.HoldReason{
	"Awaiting User Info": incident.AwaitingCaller,
	"Awaiting Vendor":    incident.AwaitingVendor,
	"Awaiting Problem":   incident.AwaitingProblem,
	"Awaiting Change":    incident.AwaitingChange,
	"Awaiting Evidence":  incident.AwaitingEvidence,
}

// move takes the incident to the state the row tells of.
func (r *rowReplay) move(ctx context.Context) (*incident.Incident, error) {
	s, id := r.at(), r.inc.ID
	switch state := r.row.State; state {
	case "New":
		if r.inc.State == incident.StateNew {
			return nil, nil
		}
		return s.Act(ctx, r.actor, id, "back_to_new", "")
	case "Active":
		return r.activate(ctx)
	case "Resolved":
		if r.inc.State == incident.StateResolved {
			return nil, nil
		}
		code := cmp.Or(r.row.ClosedCode, "none given")
		return s.Resolve(ctx, agent(cmp.Or(r.row.ResolvedBy, r.row.UpdatedBy)), id, code, "Resolved with code "+code+".")
	case "Closed":
		if r.inc.State == incident.StateClosed {
			return nil, nil
		}
		return s.Close(ctx, r.actor, id)
	default:
		reason, ok := holds[state]
		if !ok {
			r.reason = "unknown state " + state
			return nil, nil
		}
		return r.hold(ctx, reason)
	}
}

func (r *rowReplay) activate(ctx context.Context) (*incident.Incident, error) {
	s, id := r.at(), r.inc.ID
	switch r.desk.incidents.Category(r.inc) {
	case workflow.CategoryActive:
		return nil, nil
	case workflow.CategoryNew:
		return s.Start(ctx, r.actor, id)
	case workflow.CategoryOnHold:
		return s.Resume(ctx, r.actor, id, "")
	}
	return s.Reopen(ctx, r.actor, id, "taken up again")
}

func (r *rowReplay) hold(ctx context.Context, reason incident.HoldReason) (*incident.Incident, error) {
	if r.inc.HoldReason == reason {
		return nil, nil
	}
	if r.inc.State == incident.StateResolved {
		inc, err := r.activate(ctx)
		if err != nil {
			return nil, err
		}
		r.inc = inc
	}
	text := ""
	if reason == incident.AwaitingCaller {
		text = "Could you tell us more?"
	}
	return r.at().Hold(ctx, r.actor, r.inc.ID, reason, text)
}

// agent is a person of the service desk.
func agent(id string) workflow.Actor {
	return workflow.User(cmp.Or(id, "unknown agent"), incident.RoleAgent)
}

// level reads the log's 1 to 3. A log may leave the column out: then the middle
// is assumed, and the priority is set by hand as the log has it.
func level(n int) incident.Level {
	switch n {
	case 1:
		return incident.High
	case 3:
		return incident.Low
	}
	return incident.Medium
}

var channels = map[string]incident.Channel{
	"phone": incident.ByPhone, "ivr": incident.ByPhone, "email": incident.ByMail,
	"self service": incident.ByPortal, "direct opening": incident.InPerson, "chat": incident.ByChat,
}

func channel(contact string) incident.Channel { return channels[strings.ToLower(contact)] }

func title(row snlog.Row) string {
	return strings.TrimSpace("Incident of category " + cmp.Or(row.Category, "unknown") + " " + row.Symptom)
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
