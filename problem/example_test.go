package problem_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

func Example() {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	problems, err := problem.NewService(desk, problem.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	ann, bob := workflow.User("ann", problem.RoleAgent), workflow.User("bob", problem.RoleCoordinator)

	p, _ := problems.Open(ctx, ann, problem.Report{Title: "Mail stops every Monday", Assignee: "bob", Impact: problem.High, Urgency: problem.Medium})
	fmt.Println(p.Number, p.Priority, p.State)
	problems.Assess(ctx, bob, p.ID, "")
	problems.Confirm(ctx, bob, p.ID, "Three Mondays in a row")
	_, err = problems.Fix(ctx, bob, p.ID, "Rotate the log")
	fmt.Println("the cause must be known first:", errors.Is(err, workflow.ErrGuard))
	problems.ConfirmCause(ctx, bob, p.ID, problem.Finding{Text: "The log fills the disk", Evidence: "df -h at 09:00: 100 %"})
	problems.Fix(ctx, bob, p.ID, "Rotate the log")
	problems.AddFix(ctx, bob, p.ID, "change", "CHG0000042")
	problems.FixFinished(ctx, workflow.System("changes"), "CHG0000042", problem.FixCompleted)
	problems.Resolve(ctx, bob, p.ID, "The log is rotated daily")
	p, _ = problems.Complete(ctx, bob, p.ID, "")
	fmt.Println(p.State, p.Resolution.Code)
	// Output:
	// PRB0000001 P2 new
	// the cause must be known first: true
	// closed fix_applied
}

// desk answers for incidents; a host asks its practice of incidents here, and gives
// the key to its Once.
type serviceDesk struct{}

func (serviceDesk) Standing(_ context.Context, id workflow.ID) (problem.Standing, error) {
	return problem.Standing{Over: id[0] == 3}, nil // the third was resolved in another way
}

func (serviceDesk) Say(_ context.Context, key string, id workflow.ID, text string, public bool) error {
	fmt.Println(id[0], text)
	return nil
}

func (serviceDesk) Resolve(_ context.Context, key string, id workflow.ID, code, notes string) error {
	return nil
}

func ExampleService_CommunicateWorkaround() {
	store := memstore.New()
	problems, err := problem.NewService(workflow.NewDesk(store, workflow.DeskConfig{}), problem.Config{Incidents: serviceDesk{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	bob := workflow.User("bob", problem.RoleCoordinator)
	incidents := []workflow.ID{uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}}

	p, _ := problems.Open(ctx, bob, problem.Report{Title: "Mail stops every Monday", Assignee: "bob", Incidents: incidents})
	problems.SetWorkaround(ctx, bob, p.ID, "Restart the queue")
	problems.CommunicateWorkaround(ctx, bob, p.ID)

	// The words are in the outbox, and a relay delivers them.
	relay, err := workflow.NewRelay(store, workflow.Mux{
		Timers: map[string]workflow.Handler{problem.KindName: problems},
		Topics: map[string]workflow.Handler{problem.TopicInform: problems, problem.TopicMove: problems},
		Other:  workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
	}, workflow.RelayConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	relay.Drain(ctx)
	// Output:
	// 1 PRB0000001, workaround: Restart the queue
	// 2 PRB0000001, workaround: Restart the queue
}

func ExampleWeigh() {
	ranking, err := problem.Weigh([]problem.IncidentFigures{
		{Problem: "PRB0000007", Cost: decimal.New(9000, 0), Downtime: time.Hour},
		{Problem: "PRB0000009", Cost: decimal.New(500, 0), Downtime: 4 * time.Hour},
		{Problem: "PRB0000009", Cost: decimal.New(500, 0), Downtime: 5 * time.Hour},
	}, problem.Weights{Cost: 2, Downtime: 1, Count: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range ranking {
		fmt.Println(r.Problem, r.Score)
	}
	fmt.Println(ranking[0].Reasons[0])
	// Output:
	// PRB0000007 55.83
	// PRB0000009 44.17
	// cost 9000, 90.0 % of all, weighs 2 of 4: 45.00 points
}
