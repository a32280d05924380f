package memstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/storetest"
)

// batchOf builds a batch that creates a record with one index key, as a desk
// does for its caller.
func batchOf(ids workflow.IDSource, at time.Time, state workflow.Key) (workflow.Batch, workflow.Ref) {
	b := workflow.Batch{ID: ids.NewID(at)}
	ref := workflow.Ref{Kind: "incident", ID: ids.NewID(at)}
	index := workflow.NewIndex(workflow.IndexEntry{Field: "state", Key: state})
	w, err := storetest.NewWrite(b.ID, at, workflow.Document{Ref: ref}, index, `{"title":"Mail is down"}`)
	if err != nil {
		panic(err)
	}
	b.Writes = append(b.Writes, w)
	return b, ref
}

// Records are found by the keys of their index.
func ExampleStore_Find() {
	ctx, store, ids := context.Background(), memstore.New(), workflow.SeededIDs(1)
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, state := range []workflow.Key{"open", "closed", "open"} {
		b, _ := batchOf(ids, at, state)
		if err := store.Commit(ctx, b); err != nil {
			fmt.Println(err)
			return
		}
	}
	open := workflow.Query{Kind: "incident", Where: []workflow.Condition{workflow.Is("state", "open")}}
	for doc, err := range store.Find(ctx, open) {
		fmt.Println(doc.Kind, doc.Version, doc.Index.First("state"), err)
	}
	// Output:
	// incident 1 open <nil>
	// incident 1 open <nil>
}

// Tenants of one database see nothing of each other.
func ExampleStore_Tenant() {
	ctx, store, ids := context.Background(), memstore.New(), workflow.SeededIDs(1)
	b, ref := batchOf(ids, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), "open")
	if err := store.Tenant("acme").Commit(ctx, b); err != nil {
		fmt.Println(err)
		return
	}
	_, here := store.Tenant("acme").Get(ctx, ref)
	_, there := store.Tenant("globex").Get(ctx, ref)
	fmt.Println("acme:", here)
	fmt.Println("globex:", there)
	// Output:
	// acme: <nil>
	// globex: workflow: incident/019ca8a0-3e80-7001-87df-1bd4a477b564: not found
}

// A worker claims a timer when it is due, carries it out and settles it.
func ExampleStore_Claim() {
	ctx, store, ids := context.Background(), memstore.New(), workflow.SeededIDs(1)
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	b, ref := batchOf(ids, at, "resolved")
	b.Timers = []workflow.Timer{{Ref: ref, Name: "autoclose", Due: at.Add(72 * time.Hour)}}
	if err := store.Commit(ctx, b); err != nil {
		fmt.Println(err)
		return
	}
	for _, now := range []time.Time{at, at.Add(72 * time.Hour)} {
		due, err := store.Claim(ctx, now, 10, time.Minute)
		fmt.Println(len(due), "due,", err)
		for _, d := range due {
			fmt.Println(d.Timer.Name, "attempt", d.Attempt)
			err := store.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done})
			fmt.Println("settled:", err)
		}
	}
	// Output:
	// 0 due, <nil>
	// 1 due, <nil>
	// autoclose attempt 1
	// settled: <nil>
}
