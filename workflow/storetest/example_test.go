package storetest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/storetest"
)

// Check runs the rules outside go test, for example in a tool that judges a
// production database before it is used.
func ExampleCheck() {
	err := storetest.Check(context.Background(), func() (storetest.Backend, error) {
		db := memstore.New()
		return storetest.Backend{
			Store: func(tenant string) workflow.Store { return db.Tenant(tenant) },
			Queue: func(tenant string) workflow.Queue { return db.Tenant(tenant) },
		}, nil
	})
	fmt.Println("broken rules:", err)
	// Output: broken rules: <nil>
}

// An adapter's author writes a record by hand.
func ExampleNewWrite() {
	ctx, store := context.Background(), memstore.New()
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	ids := workflow.SeededIDs(1)
	batch := workflow.Batch{ID: ids.NewID(at)}
	ref := workflow.Ref{Kind: "incident", ID: ids.NewID(at)}
	index := workflow.NewIndex(workflow.IndexEntry{Field: "state", Key: "open"})

	w, err := storetest.NewWrite(batch.ID, at, workflow.Document{Ref: ref}, index, `{"title":"Mail is down"}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	batch.Writes = append(batch.Writes, w)
	if err := store.Commit(ctx, batch); err != nil {
		fmt.Println(err)
		return
	}
	doc, err := store.Get(ctx, ref)
	fmt.Println(doc.Version, doc.Index.First("state"), err)
	// Output: 1 open <nil>
}

// A history in which somebody read the past after the present was written.
func ExampleLinearizable() {
	ref := workflow.Ref{Kind: "incident", ID: workflow.ID{15: 1}}
	err := storetest.Linearizable(storetest.History{
		{Client: 1, Ref: ref, Outcome: storetest.Written, Version: 1, Head: workflow.Hash{1}, Call: 1, Return: 2},
		{Client: 2, Ref: ref, Outcome: storetest.Read, Version: 0, Call: 3, Return: 4},
	})
	fmt.Println(err)
	// Output: storetest: no order explains the history of incident/00000000-0000-0000-0000-000000000001: version 1 took effect after tick 3, yet it was complete or seen by tick 2
}
