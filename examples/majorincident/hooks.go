package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// router gives what monitoring finds on storage to whoever is on call for it.
func (h *house) router(_ context.Context, inc *incident.Incident, at time.Time) (incident.Routing, error) {
	if inc.Category != "storage" {
		return incident.Routing{}, nil
	}
	person, why := h.rotas.OnCall("storage", "", at)
	return incident.Routing{Group: "storage", Person: person, Explanation: why}, nil
}

// openChange opens an emergency change from an incident, on the items that failed.
func (h *house) openChange(ctx context.Context, actor workflow.Actor, key string, from incident.Origin) (workflow.Ref, error) {
	inc, err := h.incidents.Get(ctx, from.Incident.ID)
	if err != nil {
		return workflow.Ref{}, err
	}
	items, err := h.items(inc.Items(incident.CIManual)...)
	if err != nil {
		return workflow.Ref{}, err
	}
	c, err := h.changes.Once(key).Propose(ctx, actor, change.Proposal{Model: "emergency", Title: "Fix: " + inc.Title,
		Details: "opened from " + from.Number, Group: inc.Group, Service: inc.Service, Items: items})
	if err != nil {
		return workflow.Ref{}, err
	}
	return h.changes.Kind().Ref(c.ID), nil
}

func (h *house) items(names ...string) ([]schedule.Item, error) {
	effects, err := change.FromConfiguration(h.configuration)
	if err != nil {
		return nil, err
	}
	return effects.Items(names...)
}

// openProblem opens a problem from an incident, with everybody who suffered linked.
func (h *house) openProblem(ctx context.Context, actor workflow.Actor, key string, from incident.Origin) (workflow.Ref, error) {
	inc, err := h.incidents.Get(ctx, from.Incident.ID)
	if err != nil {
		return workflow.Ref{}, err
	}
	children, err := h.incidents.Children(ctx, inc.ID)
	if err != nil {
		return workflow.Ref{}, err
	}
	p, err := h.problems.Once(key).Open(ctx, actor, problem.Report{Title: inc.Title, Origin: from.Number, Assignee: "pia",
		Impact: problem.Level(inc.Impact), Urgency: problem.Level(inc.Urgency),
		Items: inc.Items(incident.CIManual), Incidents: append(children, inc.ID)})
	if err != nil {
		return workflow.Ref{}, err
	}
	return h.problems.Kind().Ref(p.ID), nil
}

// resolver is how problems reach incidents: [problem.IncidentResolver].
type resolver struct{ incidents *incident.Service }

func (r resolver) Standing(ctx context.Context, id workflow.ID) (problem.Standing, error) {
	inc, err := r.incidents.Get(ctx, id)
	if err != nil {
		return problem.Standing{}, err
	}
	c := r.incidents.Category(inc)
	return problem.Standing{Over: c.Final() || c == workflow.CategoryResolved, AwaitsProblem: inc.HoldReason == incident.AwaitingProblem}, nil
}

func (r resolver) Say(ctx context.Context, key string, id workflow.ID, text string, public bool) error {
	say := r.incidents.Once(key).Note
	if public {
		say = r.incidents.Once(key).Comment
	}
	_, err := say(ctx, workflow.System("problems"), id, text)
	return err
}

func (r resolver) Resolve(ctx context.Context, key string, id workflow.ID, code, notes string) error {
	_, err := r.incidents.Once(key).Resolve(ctx, workflow.System("problems"), id, code, notes)
	return err
}

// followChange says to problems that a change which was to remove their cause is done.
func (h *house) followChange(ctx context.Context, d workflow.Due) error {
	c, err := h.changes.Get(ctx, d.Message.Ref.ID)
	if err != nil {
		return err
	}
	if how, over := map[string]problem.FixState{change.StateClosed: problem.FixCompleted, change.StateCancelled: problem.FixCancelled}[c.State]; over {
		if _, err := h.problems.FixFinished(ctx, workflow.System("changes"), c.Number, how); err != nil {
			return err
		}
	}
	return h.mail.Handle(ctx, d)
}

// followKnownError tells the incidents that are cases of a known error what has become
// of it.
func (h *house) followKnownError(ctx context.Context, d workflow.Due) error {
	c, err := knownerror.ParseChanged(d.Message.Payload)
	if err != nil {
		return workflow.Permanent(err)
	}
	for _, l := range c.Cases {
		text := fmt.Sprintf("%s is %s: %s", c.Number, c.What[0], c.Reason)
		if _, err := h.incidents.Once(c.Key(l.Case)).Note(ctx, workflow.System("known-errors"), l.Case.ID, text); err != nil {
			return err
		}
	}
	return nil
}

// caseOf is an incident as a search of known errors sees it.
func (h *house) caseOf(inc *incident.Incident) knownerror.Case {
	c := knownerror.Case{Title: inc.Title, Details: inc.Details, Items: inc.Items(incident.CIManual), At: h.now}
	if inc.Suggested != nil {
		for _, s := range inc.Suggested.Services {
			c.Services = append(c.Services, s.Name)
		}
	}
	return c
}

// relate tells a search of known errors what the configuration knows of items.
func (h *house) relate(ctx context.Context, items []string) (knownerror.Surroundings, error) {
	var s knownerror.Surroundings
	for _, name := range items {
		item, known := h.configuration.Topology().Resolve(name)
		if !known {
			continue
		}
		ci, err := h.inventory.Get(ctx, item.ID)
		if err != nil {
			return s, err
		}
		s.Classes = append(s.Classes, ci.Class)
		if model, ok := ci.Fields["model"].(string); ok {
			vendor, _ := ci.Fields["manufacturer"].(string)
			s.Products = append(s.Products, knownerror.Product{Vendor: vendor, Model: model})
		}
	}
	return s, nil
}

// item finds a configuration item by its name.
func (h *house) item(name string) cmdb.Item {
	for _, it := range h.configuration.Topology().Items(cmdb.ClassItem) {
		if it.Name == name {
			return it
		}
	}
	return cmdb.Item{}
}

// voters is the directory of changes: who is on the boards.
type voters struct{}

func (voters) Members(_ context.Context, s approval.Selector, c *change.Change) ([]string, error) {
	switch s.String() {
	case "relation assignment_group":
		return groups[c.Group], nil
	case "board ecab", "board cab":
		return []string{"hal", "dora", "cho"}, nil
	}
	return nil, fmt.Errorf("nobody knows %s", s)
}

func (voters) Delegations(context.Context, string, time.Time) ([]approval.Delegation, error) {
	return nil, nil
}

// readers is the directory of those who are told of outages.
type readers struct{}

func (readers) Members(_ context.Context, p announce.Party) ([]string, error) {
	return groups[p.Name], nil
}

func (readers) Parties(_ context.Context, person string) ([]announce.Party, error) {
	var in []announce.Party
	for _, name := range []string{"Branches", "Warehouse crew"} {
		if slices.Contains(groups[name], person) {
			in = append(in, announce.Party{Kind: announce.Group, Name: name})
		}
	}
	return in, nil
}

// company is the directory of escalations.
type company struct{}

func (company) Members(group string) []string { return groups[group] }
func (company) Lead(group string) string      { return leads[group] }
func (company) Manager(person string) string  { return leads[person] }
