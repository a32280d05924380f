package change_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// directory is a host's: here everybody is known beforehand.
type directory map[string][]string

func (d directory) Members(_ context.Context, s approval.Selector, _ *change.Change) ([]string, error) {
	return d[s.String()], nil
}

func (directory) Delegations(context.Context, string, time.Time) ([]approval.Delegation, error) {
	return nil, nil
}

func Example() {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	changes, err := change.NewService(desk, change.Config{Directory: directory{
		"relation assignment_group": {"dan", "gus"}, "board cab": {"ann", "bob", "cho"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	ann, dan := workflow.User("ann", change.RoleAgent), workflow.User("dan", change.RoleAgent)
	approve := approval.Vote{Choice: approval.Approve}

	c, _ := changes.Propose(ctx, ann, change.Proposal{
		Model: "normal", Title: "Upgrade the database", Risk: "high", Assignee: "dan", Items: []schedule.Item{{ID: "db-01"}},
		Plan: "Install 17.2", BackOut: "Restore the snapshot", Start: now.AddDate(0, 0, 1), End: now.AddDate(0, 0, 1).Add(time.Hour),
	})
	c, _ = changes.Submit(ctx, ann, c.ID)
	fmt.Println(c.Number, c.State)

	_, err = changes.Vote(ctx, dan, c.ID, approve)
	fmt.Println(errors.Is(err, approval.ErrConflictOfInterest))
	c, _ = changes.Vote(ctx, workflow.User("gus"), c.ID, approve)
	fmt.Println(c.State)
	c, _ = changes.Vote(ctx, workflow.User("bob"), c.ID, approve)
	c, _ = changes.Vote(ctx, workflow.User("cho"), c.ID, approve)
	fmt.Println(c.State)

	c, _ = changes.Update(ctx, ann, c.ID, func(p *change.Proposal) { p.Plan = "Install 18.0" })
	r, _ := c.Approval(change.StateAssess)
	fmt.Println(c.State, "round", r.Round, r.Pending())
	// Output:
	// CHG0000001 assess
	// true
	// authorize
	// scheduled
	// assess round 2 [gus]
}

// Work that could not wait is recorded together with the question for its approval, and
// the changes behind an incident are found.
func ExampleService_Report() {
	now := time.Date(2026, 3, 4, 3, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	changes, err := change.NewService(desk, change.Config{Directory: directory{"board ecab": {"bob"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, ann := context.Background(), workflow.User("ann", change.RoleAgent)
	c, _ := changes.Report(ctx, ann, change.Done{
		Proposal: change.Proposal{Model: "retrospective", Title: "Restarted the database", Items: []schedule.Item{{ID: "db-01"}}},
		Started:  now.Add(-time.Hour), Ended: now.Add(-50 * time.Minute),
	})
	r, _ := c.Approval(change.StateAuthorize)
	fmt.Println(c.Number, c.State, r.Pending())
	c, _ = changes.Vote(ctx, workflow.User("bob"), c.ID, approval.Vote{Choice: approval.Approve})
	fmt.Println(c.State)

	suspects, _ := changes.Suspects(ctx, change.Symptoms{At: now, Items: []string{"db-01"}}, 24*time.Hour)
	for _, s := range suspects {
		fmt.Println(s.Change.Number, s.Reasons)
	}
	// Output:
	// CHG0000001 authorize [bob]
	// review
	// CHG0000001 [it had ended 50m0s before it changed db-01]
}

// What nobody had announced is found out and put to those who approve afterwards.
func ExampleService_Observe() {
	now := time.Date(2026, 3, 4, 3, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	changes, err := change.NewService(desk, change.Config{Directory: directory{"board ecab": {"bob"}}, Detection: change.Detection{Slack: time.Minute, Quiet: time.Hour}})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, _ := changes.Observe(context.Background(), workflow.System("discovery"), change.Observation{Item: "db-01", At: now, By: "ron", What: "kernel parameters"})
	fmt.Println(found.Authorized, found.Change.Number, found.Change.Title, found.Change.State)
	// Output: false CHG0000001 Unauthorized: kernel parameters authorize
}
