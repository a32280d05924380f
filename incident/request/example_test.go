package request_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
)

const shop = `{
  "name": "shop", "version": 1, "attributes": ["group"],
  "services": [{"name": "workplace", "title": "Workplace"}],
  "categories": [{"name": "starters", "title": "New starters", "service": "workplace", "type": "service_request"}],
  "policies": [{"name": "manager", "version": 1, "stages": [
    {"name": "manager", "ask": [{"kind": "relation", "name": "manager"}], "approve": {"rule": "any"}}]}],
  "items": [
    {"name": "account", "title": "Account", "category": "starters", "pre_approved": true,
     "plan": {"tasks": [{"name": "create", "title": "Create the account", "automation": "directory"}]}},
    {"name": "laptop", "title": "Laptop", "category": "starters", "policy": "manager",
     "price": {"amount": "1200", "currency": "EUR"}, "recurring": [{"amount": "9.90", "currency": "EUR", "every": "monthly"}],
     "form": [{"name": "memory", "type": "enum", "values": ["16", "32"], "required": true}],
     "surcharges": [{"text": "32 GB", "when": [{"of": "answer.memory", "op": "is", "values": ["32"]}], "price": {"amount": "180.50", "currency": "EUR"}}],
     "plan": {"tasks": [
       {"name": "image", "title": "Install the system", "group": "workplace"},
       {"name": "ship", "title": "Ship it", "group": "workplace", "after": ["image"]}]}}
  ],
  "bundles": [{"name": "starter", "title": "New starter", "category": "starters",
     "form": [{"name": "role", "type": "enum", "values": ["engineer", "sales"]}],
     "rules": [
       {"item": "account", "mandatory": true},
       {"item": "laptop", "set": {"memory": "32"}, "when": [{"of": "answer.role", "op": "is", "values": ["engineer"]}]},
       {"item": "laptop", "set": {"memory": "16"}, "when": [{"of": "answer.role", "op": "not", "values": ["engineer"]}]}]}]
}`

// directory is a host's: here everybody is known beforehand.
type directory struct{}

func (directory) Person(_ context.Context, id string) (catalog.Person, error) {
	return catalog.Person{ID: id, Customer: "acme"}, nil
}

func (directory) Members(context.Context, approval.Selector, *request.Request, string) ([]string, error) {
	return []string{"bob", "hanna"}, nil
}

func (directory) Delegations(context.Context, string, time.Time) ([]approval.Delegation, error) {
	return nil, nil
}

// A laptop and an account are ordered for somebody who starts next week, approved and
// delivered; a program makes the account.
func Example() {
	d, err := catalog.Parse([]byte(shop))
	if err != nil {
		fmt.Println(err)
		return
	}
	offer, err := catalog.Compile(nil, d)
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	requests, err := request.NewService(desk, request.Config{Catalog: offer, Directory: directory{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	hanna, bob := workflow.User("hanna", request.RoleAgent), workflow.User("bob")

	r, err := requests.Place(ctx, hanna, request.Order{For: "nina", Lines: []catalog.Line{{Bundle: "starter", Answers: map[string]any{"role": "engineer"}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Number, r.Title, "for", r.For.ID)
	for _, it := range r.Items {
		fmt.Println(it.Title+":", it.Stage())
	}
	_, err = requests.Vote(ctx, hanna, r.ID, "2", approval.Vote{Choice: approval.Approve})
	fmt.Println("who ordered it approves it:", !errors.Is(err, approval.ErrConflictOfInterest))

	r, _ = requests.Vote(ctx, bob, r.ID, "2", approval.Vote{Choice: approval.Approve})
	account, _ := r.Task("1.1")
	r, _ = requests.Report(ctx, workflow.System("directory"), r.ID, request.Report{Job: account.Job, Results: map[string]string{"login": "nina"}})
	for _, task := range []string{"2.1", "2.2"} {
		r, err = requests.EndTask(ctx, hanna, r.ID, task, request.Done{State: request.TaskComplete})
	}
	fmt.Println(r.State, r.Outcome, err)
	// Output:
	// REQ0000001 Account, Laptop for nina
	// Account: fulfilment
	// Laptop: waiting for approval
	// who ordered it approves it: false
	// fulfilled complete <nil>
}

// What a request costs, and why.
func ExampleRequest_Quote() {
	d, _ := catalog.Parse([]byte(shop))
	offer, _ := catalog.Compile(nil, d)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	requests, _ := request.NewService(desk, request.Config{Catalog: offer, Directory: directory{}})
	r, err := requests.Draft(context.Background(), workflow.User("nina"), request.Order{Lines: []catalog.Line{
		{Item: "laptop", Answers: map[string]any{"memory": "32"}}, {Item: "account"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Quote())
	// Output:
	// 1 × Laptop, price: 1200.00 EUR
	// 1 × Laptop, price: 9.90 EUR monthly
	// 1 × Laptop, 32 GB: 180.50 EUR
	// total: 1380.50 EUR, 9.90 EUR monthly
}
