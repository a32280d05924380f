package template_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/change/template"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// A template is approved once; the changes that are made from it need nobody's approval,
// and cannot depart from what is locked.
func Example() {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	templates, err := template.New(desk, template.Config{Directory: people{}, Policy: approval.Policy{Name: "template", Version: 1,
		Stages: []approval.Stage{{Name: "managers", Ask: []approval.Selector{{Kind: approval.Group, Name: "change"}}, Approve: approval.Rule{Kind: approval.Any}}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	changes, err := change.NewService(desk, change.Config{Models: change.Models()[:1], Templates: templates.InForce})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	ann, mia := workflow.User("ann", change.RoleAgent), workflow.User("mia", change.RoleManager)

	t, _ := templates.Draft(ctx, ann, template.Content{After: 2, Of: 10, Template: change.Template{Name: "restart", Locked: []string{"plan"},
		Proposal: change.Proposal{Model: "standard", Title: "Restart the print server", Plan: "the runbook", BackOut: "start it again"}}})
	t, _ = templates.Submit(ctx, ann, t.Title)
	fmt.Println(t.State, t.Request.Pending())
	t, _ = templates.Vote(ctx, mia, t.Title, approval.Vote{Choice: approval.Approve})
	fmt.Println(t.State, "version", t.Current.Version)

	r := change.Proposal{Model: "standard", Template: "restart", Start: now, End: now.Add(time.Hour)}
	c, _ := changes.Propose(ctx, ann, r)
	c, _ = changes.Submit(ctx, ann, c.ID)
	fmt.Println(c.Number, c.Title, c.State)
	r.Plan = "pull the plug"
	_, err = changes.Propose(ctx, ann, r)
	fmt.Println(err)
	// Output:
	// submitted [bob mia]
	// approved version 1
	// CHG0000001 Restart the print server scheduled
	// change: template "restart" version 1: plan is locked: the template says otherwise
}
