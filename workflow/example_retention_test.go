package workflow_test

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// closedTicket is a store with one ticket, closed on the second of March 2026.
func closedTicket() (*memstore.Store, *workflow.Desk, *time.Time) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(1)})
	kind, err := workflow.NewKind(workflow.KindConfig[*ticket]{Name: "ticket", New: func() *ticket { return new(ticket) }})
	if err != nil {
		panic(err)
	}
	_, err = desk.Do(context.Background(), workflow.Command{Name: "ticket.open", Actor: workflow.User("bob")}, func(tx *workflow.Tx) error {
		return kind.Create(tx, &ticket{Record: workflow.Record{ID: workflow.ID{1}, Title: "Noise", State: "closed"}}, workflow.Entry{})
	})
	if err != nil {
		panic(err)
	}
	return store, desk, &now
}

// Closed tickets are erased after three years. The plan is a dry run; what is done is in
// the journal.
func ExampleRetention() {
	ctx := context.Background()
	store, desk, now := closedTicket()
	rules, err := workflow.ParseRetention([]byte(`{"rules": [
		{"name": "three-years", "kind": "ticket", "states": ["closed"], "age": {"years": 3}, "action": "erase"}
	]}`), nil)
	if err != nil {
		panic(err)
	}
	*now = now.AddDate(3, 0, 1)
	plan, err := rules.Plan(ctx, store, *now, "", 100)
	if err != nil {
		panic(err)
	}
	for _, due := range plan.Due {
		fmt.Println(due)
	}
	report, err := rules.Apply(ctx, workflow.RetentionRun{Desk: desk, By: workflow.System("retention", workflow.RolePrivacy)}, plan)
	for _, d := range report.Done {
		fmt.Println(d.State, d.Action, d.Of, "with", d.Events, "events by", d.Rule)
	}
	fmt.Println(err)
	// Output:
	// erase ticket/01000000-0000-0000-0000-000000000000 version 1: closed since 2026-03-02, due since 2029-03-02 by three-years
	// done erase ticket/01000000-0000-0000-0000-000000000000 with 1 events by three-years
	// <nil>
}

// A tenant moves to another database. The file proves itself before anything is read
// from it.
func ExampleExport() {
	ctx := context.Background()
	store, _, now := closedTicket()
	var file bytes.Buffer
	m, err := workflow.Export(ctx, store, &file, workflow.ID{7}, "acme", *now)
	fmt.Println(m.Records, m.Events, "events", err)

	_, err = workflow.VerifyExport(bytes.NewReader(file.Bytes()))
	fmt.Println("proven:", err == nil)
	there := memstore.New()
	_, err = workflow.Import(ctx, there, &file, workflow.ImportConfig{})
	fmt.Println("read in:", err == nil)
	fmt.Println("erased here:", workflow.EraseTenant(ctx, store) == nil)
	// Output:
	// map[ticket:1] 1 events <nil>
	// proven: true
	// read in: true
	// erased here: true
}

// Before somebody is forgotten one must know where he is.
func ExampleSubject() {
	ctx := context.Background()
	store, _, _ := closedTicket()
	trail, err := workflow.Subject{Person: "bob"}.Trace(ctx, store, "", 1000)
	fmt.Println(len(trail.Records), trail.End, err)
	// Output: 1 true <nil>
}
