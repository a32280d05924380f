package problem_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// bridge lets problems reach incidents. It is all that a host writes to wire the two.
type bridge struct{ incidents *incident.Service }

var onBehalf = workflow.System("problems")

func (b bridge) Standing(ctx context.Context, id workflow.ID) (problem.Standing, error) {
	inc, err := b.incidents.Get(ctx, id)
	if err != nil {
		return problem.Standing{}, err
	}
	c := b.incidents.Category(inc)
	return problem.Standing{
		Over:          c == workflow.CategoryResolved || c.Final(),
		AwaitsProblem: inc.HoldReason == incident.AwaitingProblem,
	}, nil
}

func (b bridge) Say(ctx context.Context, key string, id workflow.ID, text string, public bool) error {
	say := b.incidents.Once(key).Note
	if public {
		say = b.incidents.Once(key).Comment
	}
	_, err := say(ctx, onBehalf, id, text)
	return err
}

func (b bridge) Resolve(ctx context.Context, key string, id workflow.ID, code, notes string) error {
	_, err := b.incidents.Once(key).Resolve(ctx, onBehalf, id, code, notes)
	return err
}

// open lets incidents open problems.
func open(problems **problem.Service) func(context.Context, workflow.Actor, string, incident.Origin) (workflow.Ref, error) {
	return func(ctx context.Context, actor workflow.Actor, key string, from incident.Origin) (workflow.Ref, error) {
		p, err := (*problems).Once(key).OpenFrom(ctx, actor, problem.Source{Incident: from.Incident.ID, Number: from.Number, Values: from.Values})
		if err != nil {
			return workflow.Ref{}, err
		}
		return (*problems).Kind().Ref(p.ID), nil
	}
}

// An incident waits for the problem that is opened from it, and is resolved with it. The
// two practices do not know each other: the host wires them.
func ExampleService_OpenFrom() {
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{})
	var problems *problem.Service
	incidents, err1 := incident.NewService(desk, incident.Config{Related: map[string]incident.Related{
		"problem": {Link: incident.LinkProblem, Open: open(&problems)},
	}})
	problems, err2 := problem.NewService(desk, problem.Config{Incidents: bridge{incidents}})
	if err := errors.Join(err1, err2); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	ann, bob := workflow.User("ann", incident.RoleAgent), workflow.User("bob", problem.RoleCoordinator)

	inc, _ := incidents.Open(ctx, ann, incident.Report{Title: "Mail is down", Service: "mail", Impact: incident.High, Urgency: incident.Medium})
	inc, err := incidents.OpenRelated(ctx, ann, inc.ID, "problem")
	if err != nil {
		fmt.Println(err)
		return
	}
	inc, _ = incidents.Hold(ctx, ann, inc.ID, incident.AwaitingProblem, "see the problem")
	p, _ := problems.Behind(ctx, inc.ID)
	fmt.Println(p.Number, p.Title, p.Service, p.Priority, "from", p.Origin)

	problems.Assign(ctx, bob, p.ID, "mail", "bob")
	problems.Assess(ctx, bob, p.ID, "")
	problems.Confirm(ctx, bob, p.ID, "")
	problems.ConfirmCause(ctx, bob, p.ID, problem.Finding{Text: "The log fills the disk", Evidence: "df"})
	problems.Fix(ctx, bob, p.ID, "Rotate the log")
	if _, err := problems.Resolve(ctx, bob, p.ID, "The log is rotated daily"); err != nil {
		fmt.Println(err)
		return
	}
	nobody := workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil })
	relay, err := workflow.NewRelay(store, workflow.Mux{
		Timers: map[string]workflow.Handler{problem.KindName: problems},
		Topics: map[string]workflow.Handler{problem.TopicInform: problems, problem.TopicMove: problems},
		Other:  nobody,
	}, workflow.RelayConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	relay.Drain(ctx)
	inc, _ = incidents.Get(ctx, inc.ID)
	fmt.Println(inc.Number, inc.State, "with code", inc.Resolution.Code)
	// Output:
	// PRB0000001 Mail is down mail P2 from INC0000001
	// INC0000001 resolved with code resolved_by_problem
}
