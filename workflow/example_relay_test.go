package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// A relay delivers what commands have put into messages and timers. Here it is
// taken step by step; a program calls its Run in a goroutine of its own.
func ExampleRelay() {
	ctx := context.Background()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: clock})
	loan := workflow.Ref{Kind: "loan", ID: workflow.SeededIDs(1).NewID(now)}
	_, err := desk.Do(ctx, workflow.Command{Name: "loan.lend", Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
		tx.SetTimer(loan, "remind", tx.Now().AddDate(0, 0, 14))
		return tx.Send(loan, "mail", "Enjoy your laptop!")
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	mailServerIsUp := false
	relay, err := workflow.NewRelay(store, workflow.Mux{
		Topics: map[string]workflow.Handler{"mail": workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			if !mailServerIsUp {
				return errors.New("connection refused") // it is tried again, with back-off
			}
			fmt.Printf("attempt %d: %s\n", d.Attempt, d.Message.Payload)
			return nil
		})},
		Timers: map[string]workflow.Handler{"loan": workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			fmt.Println(d.Timer.Name, d.Timer.Due.Format("2 January"))
			return nil
		})},
	}, workflow.RelayConfig{Clock: clock})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, wait := range []time.Duration{0, time.Minute, 14 * 24 * time.Hour} {
		now = now.Add(wait)
		n, err := relay.Drain(ctx)
		fmt.Println(n, "delivered or tried", err)
		mailServerIsUp = true
	}
	// Output:
	// 1 delivered or tried <nil>
	// attempt 2: "Enjoy your laptop!"
	// 1 delivered or tried <nil>
	// remind 16 March
	// 1 delivered or tried <nil>
}

// A command with a key happens once, however often it is given: put the id of
// the message or request that causes it there.
func ExampleCommand_key() {
	ctx := context.Background()
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	loans, err := workflow.NewKind(workflow.KindConfig[*Loan]{Name: "loan", New: func() *Loan { return new(Loan) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		res, err := desk.Do(ctx, workflow.Command{Name: "loan.open", Actor: workflow.User("portal"), Key: "request 4711"},
			func(tx *workflow.Tx) error {
				return loans.Create(tx, &Loan{Record: workflow.Record{Title: "ThinkPad 14", State: "in_stock"}}, workflow.Entry{})
			})
		fmt.Println(len(res.Events), "event, done before:", res.Duplicate, err)
	}
	// Output:
	// 1 event, done before: false <nil>
	// 1 event, done before: true <nil>
}

// Verifying finds any edit of a record or of its history that went round the
// library.
func ExampleVerifyStore() {
	ctx := context.Background()
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{})
	loans, err := workflow.NewKind(workflow.KindConfig[*Loan]{Name: "loan", New: func() *Loan { return new(Loan) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = desk.Do(ctx, workflow.Command{Name: "loan.open", Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
		return loans.Create(tx, &Loan{Record: workflow.Record{Title: "ThinkPad 14", State: "in_stock"}}, workflow.Entry{})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := workflow.VerifyStore(ctx, store, nil, "loan")
	fmt.Println(found.Records, "record,", found.Events, "event:", err)
	// Output: 1 record, 1 event: <nil>
}
