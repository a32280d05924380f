package workflow_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// Loan is a record of a host's own: a laptop lent to somebody.
type Loan struct {
	workflow.Record
	Borrower string `json:"borrower,omitempty"`
}

// A record of one's own kind, opened and changed, with its history.
func Example() {
	ctx := context.Background()
	clock := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{
		Clock: func() time.Time { return clock },
	})
	loans, err := workflow.NewKind(workflow.KindConfig[*Loan]{
		Name:   "loan",
		Number: workflow.NumberFormat{Prefix: "LOAN", Digits: 4},
		New:    func() *Loan { return new(Loan) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	ann := workflow.User("ann", "agent")
	var id workflow.ID
	_, err = desk.Do(ctx, workflow.Command{Name: "loan.open", Actor: ann}, func(tx *workflow.Tx) error {
		loan := &Loan{Record: workflow.Record{Title: "ThinkPad 14", State: "in_stock"}}
		defer func() { id = loan.ID }()
		return loans.Create(tx, loan, workflow.Entry{})
	})
	fmt.Println(err)

	clock = clock.Add(time.Hour)
	_, err = desk.Do(ctx, workflow.Command{Name: "loan.lend", Actor: ann}, func(tx *workflow.Tx) error {
		loan, err := loans.Get(tx, id)
		if err != nil {
			return err
		}
		loan.State, loan.Borrower = "lent", "bob"
		tx.SetTimer(loans.Ref(id), "remind", tx.Now().AddDate(0, 0, 14))
		return loans.Put(tx, loan, workflow.Entry{Note: "while his own is repaired"})
	})
	fmt.Println(err)

	loan, err := loans.ByNumber(ctx, desk.Store(), "LOAN0001")
	fmt.Println(loan.State, loan.Borrower, loan.Version, err)
	events, err := workflow.History(ctx, desk.Store(), loans.Ref(id))
	for _, c := range events[1].Changes {
		fmt.Printf("%s: %s → %s\n", c.Path, c.Old, c.New)
	}
	fmt.Println(err, workflow.VerifyChain(events))
	// Output:
	// <nil>
	// <nil>
	// lent bob 2 <nil>
	// /state: "in_stock" → "lent"
	// /borrower:  → "bob"
	// <nil> <nil>
}

// Custom fields are declared, and every wrong value is named.
func ExampleNewSchema() {
	schema, err := workflow.NewSchema(
		workflow.Field{Name: "cost_centre", Type: workflow.FieldString, Required: true},
		workflow.Field{Name: "budget", Type: workflow.FieldDecimal},
	)
	fmt.Println(err)
	fields, err := schema.Check(map[string]any{"cost_centre": "4711", "budget": "1500.00"})
	budget, _ := fields.Decimal("budget")
	fmt.Println(budget, err)
	_, err = schema.Check(map[string]any{"budget": "much"})
	fmt.Println(err)
	// Output:
	// <nil>
	// 1500 <nil>
	// workflow: custom fields: invalid: field budget: "much" is not a decimal of at most 64 characters
	// field cost_centre is required
}
