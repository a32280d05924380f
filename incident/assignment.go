package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// WorkFacts is an incident as rules of assignment and monitors see it: "category",
// "subcategory", "service", "ci" (each that is affected), "priority" as a number,
// "impact", "urgency", "caller", "customer", "channel", "vip" ("true"), "group",
// "assignee", "state", "hold_reason", and its custom fields as "field.name". What is
// empty is not set.
func WorkFacts(inc *Incident) routing.Facts {
	f := routing.Facts{}
	set := func(name, value string) {
		if value != "" {
			f[name] = append(f[name], value)
		}
	}
	set("category", inc.Category)
	set("subcategory", inc.Subcategory)
	set("service", inc.Service)
	for _, ci := range inc.Items(CIManual, CIComputed) {
		set("ci", ci)
	}
	if inc.Priority != 0 {
		set("priority", strconv.Itoa(int(inc.Priority)))
	}
	set("impact", inc.Impact.String())
	set("urgency", inc.Urgency.String())
	set("caller", inc.Caller)
	set("customer", inc.Customer)
	set("channel", string(inc.Channel))
	if inc.VIP {
		set("vip", "true")
	}
	set("group", inc.Group)
	set("assignee", inc.Assignee)
	set("state", inc.State)
	set("hold_reason", string(inc.HoldReason))
	for name, value := range inc.Fields {
		if value != nil {
			set("field."+name, fmt.Sprint(value))
		}
	}
	return f
}

// ByPolicy returns a router that goes by rules of assignment. The situation is what the
// host knows of loads, turns and who is on call; without one everybody has nothing to
// do. The explanation of the decision becomes a work note.
//
// Whoever takes turns keeps [routing.Decision.Turn] where situation finds it; a router
// is asked within the command and keeps nothing. A host that wants exact turns under
// concurrency routes by itself, and assigns.
func ByPolicy(r *routing.Router, situation func(ctx context.Context, inc *Incident, at time.Time) (routing.Situation, error)) Router {
	return func(ctx context.Context, inc *Incident, at time.Time) (Routing, error) {
		s := routing.Situation{}
		if situation != nil {
			var err error
			if s, err = situation(ctx, inc, at); err != nil {
				return Routing{}, err
			}
		}
		s.At = at
		w := routing.Work{Facts: WorkFacts(inc)}
		d, err := r.Route(w, s)
		if err != nil {
			return Routing{}, err
		}
		return Routing{Group: d.Group, Person: d.Person, Explanation: r.Explain(w, d).String()}, nil
	}
}

// FromRotas returns a hook that tells who is on call by the rota that has the name of
// the group.
func FromRotas(book *oncall.Book) OnCall {
	return func(_ context.Context, group string, at time.Time) (string, bool, error) {
		if _, err := book.Roster(group); err != nil {
			return "", false, err
		}
		person, _ := book.OnCall(group, "", at)
		return person, person != "", nil
	}
}

// Workload reads from the store what everybody has to do: the number of open incidents
// of each assignee, and when he was given the last of them. It reads all open incidents.
func (s *Service) Workload(ctx context.Context) (map[string]routing.Load, error) {
	loads := map[string]routing.Load{}
	open := workflow.In(IndexCategory, workflow.StringKey(workflow.CategoryNew.String()),
		workflow.StringKey(workflow.CategoryActive.String()), workflow.StringKey(workflow.CategoryOnHold.String()))
	for inc, err := range s.Find(ctx, workflow.Query{Where: []workflow.Condition{open}}) {
		if err != nil {
			return nil, err
		}
		if inc.Assignee == "" {
			continue
		}
		l := loads[inc.Assignee]
		l.Weight++
		if inc.AssignedAt.After(l.Given) {
			l.Given = inc.AssignedAt
		}
		loads[inc.Assignee] = l
	}
	return loads, nil
}

// Hops reads the history of an incident's assignments, in which [routing.Bounces] finds
// ping-pong.
func (s *Service) Hops(ctx context.Context, id workflow.ID) ([]routing.Hop, error) {
	var hops []routing.Hop
	var replay workflow.Replayer
	for e, err := range s.desk.Store().Events(ctx, "", workflow.Filter{Record: s.kind.Ref(id)}) {
		if err != nil {
			return nil, err
		}
		if err := replay.Apply(e); err != nil {
			return nil, err
		}
		raw, err := replay.State()
		if err != nil {
			return nil, err
		}
		var at struct {
			Group    string `json:"group"`
			Assignee string `json:"assignee"`
		}
		if err := json.Unmarshal(raw, &at); err != nil {
			return nil, err
		}
		if n := len(hops); n > 0 && hops[n-1].Group == at.Group && hops[n-1].Person == at.Assignee {
			continue
		}
		hops = append(hops, routing.Hop{At: e.At, Group: at.Group, Person: at.Assignee, By: e.Actor.ID})
	}
	if hops == nil {
		return nil, fmt.Errorf("incident: %s: %w", id, workflow.ErrNotFound)
	}
	return hops, nil
}
