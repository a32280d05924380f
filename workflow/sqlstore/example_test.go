package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
)

// exampleBatch is what a desk makes of "open a ticket with this title".
func exampleBatch(title string) workflow.Batch {
	a := newAuthor(1)
	ref, id := a.ref("ticket"), a.ids.NewID(monday)
	w := a.write(id, ref, ticket{Title: title, State: "open"}, workflow.IndexEntry{Field: "state", Key: "open"})
	return workflow.Batch{ID: id, Writes: []workflow.Write{w},
		Timers: []workflow.Timer{{Ref: ref, Name: "escalate", Due: monday.Add(time.Hour)}}}
}

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "desk")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlstore.Open(ctx, filepath.Join(dir, "desk.db"), sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	acme := db.Tenant("acme")
	if err := acme.Commit(ctx, exampleBatch("Mail is down")); err != nil {
		log.Fatal(err)
	}
	for _, tenant := range []string{"acme", "umbrella"} {
		n := 0
		for doc, err := range db.Tenant(tenant).Find(ctx, workflow.Query{Kind: "ticket", Where: []workflow.Condition{workflow.Is("state", "open")}}) {
			if err != nil {
				log.Fatal(err)
			}
			body, _ := doc.Body.Encoded()
			fmt.Printf("%s: version %d %s\n", tenant, doc.Version, body)
			n++
		}
		fmt.Printf("%s has %d open tickets\n", tenant, n)
	}
	// Output:
	// acme: version 1 {"title":"Mail is down","state":"open","steps":0}
	// acme has 1 open tickets
	// umbrella has 0 open tickets
}

// A cache or a test that can be made anew gives up the flush of every commit.
func ExampleConfig_relaxed() {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{Durability: sqlstore.Relaxed})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.Tenant("acme").Commit(ctx, exampleBatch("Mail is down")))
	// Output: <nil>
}

// Callers that commit at the same time share a flush, and each has an outcome of
// its own: here ten open a ticket each, and ten more believe that the first ticket
// does not exist yet.
func ExampleStore_Commit_concurrent() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "desk")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlstore.Open(ctx, filepath.Join(dir, "desk.db"), sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	acme := db.Tenant("acme")
	first := exampleBatch("Mail is down")
	if err := acme.Commit(ctx, first); err != nil {
		log.Fatal(err)
	}

	outcomes := make([]error, 20)
	var callers sync.WaitGroup
	for i := range outcomes {
		a := newAuthor(uint64(100 + i))
		ref := a.ref("ticket")
		if i >= 10 {
			ref = first.Writes[0].Document.Ref
		}
		batch := a.step(ref)
		callers.Go(func() { outcomes[i] = acme.Commit(ctx, batch) })
	}
	callers.Wait()
	done, stale := 0, 0
	for _, err := range outcomes {
		switch {
		case err == nil:
			done++
		case errors.Is(err, workflow.ErrConflict):
			stale++
		}
	}
	fmt.Println(done, "are committed,", stale, "have to decide again")
	// Output: 10 are committed, 10 have to decide again
}

// A backup is a database like any other.
func ExampleDB_Backup() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "desk")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := sqlstore.Open(ctx, filepath.Join(dir, "desk.db"), sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := db.Tenant("acme").Commit(ctx, exampleBatch("Mail is down")); err != nil {
		log.Fatal(err)
	}
	if err := db.Backup(ctx, filepath.Join(dir, "monday.db")); err != nil {
		log.Fatal(err)
	}

	restored, err := sqlstore.Open(ctx, filepath.Join(dir, "monday.db"), sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer restored.Close()
	fmt.Println("damage:", restored.Check(ctx))
	verified, err := workflow.VerifyStore(ctx, restored.Tenant("acme"), nil, "ticket")
	fmt.Println(verified.Records, "record", verified.Events, "event", err)
	// Output:
	// damage: <nil>
	// 1 record 1 event <nil>
}

func ExampleStore_WithTx() {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	tx, err := db.Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("CREATE TABLE invoice (ticket TEXT, cents INTEGER)"); err != nil {
		log.Fatal(err)
	}
	batch := exampleBatch("Repair the lift")
	if err := db.Tenant("acme").WithTx(tx).Commit(ctx, batch); err != nil {
		log.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO invoice VALUES (?, 12900)", batch.Writes[0].Document.ID.String()); err != nil {
		log.Fatal(err)
	}
	fmt.Println("both or neither:", tx.Commit())
	// Output: both or neither: <nil>
}

// The projection keeps a table of the host exact: it is committed with the
// batch or not at all.
func ExampleConfig_project() {
	ctx := context.Background()
	count := func(ctx context.Context, tx *sql.Tx, b workflow.Batch) error {
		_, err := tx.ExecContext(ctx, "UPDATE steps SET n = n + ?", len(b.Writes))
		return err
	}
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{Project: count})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := tx.Exec("CREATE TABLE steps (n INTEGER); INSERT INTO steps VALUES (0)"); err != nil {
		log.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		log.Fatal(err)
	}

	if err := db.Tenant("acme").Commit(ctx, exampleBatch("Mail is down")); err != nil {
		log.Fatal(err)
	}
	tx, err = db.Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer tx.Rollback()
	var n int
	err = tx.QueryRow("SELECT n FROM steps").Scan(&n)
	fmt.Println(n, err)
	// Output: 1 <nil>
}

// An import flushes once in a while, not with every commit.
func ExampleDB_Bulk() {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	load, err := db.Bulk(ctx)
	if err != nil {
		log.Fatal(err)
	}
	batch := exampleBatch("Mail is down")
	if err := load.Tenant("acme").Commit(ctx, batch); err != nil {
		log.Fatal(err)
	}
	if err := load.Close(); err != nil { // or Flush, and go on
		log.Fatal(err)
	}
	doc, err := db.Tenant("acme").Get(ctx, batch.Writes[0].Document.Ref)
	fmt.Println(doc.Version, err)
	// Output: 1 <nil>
}

func ExampleStore_Claim() {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	queue := db.Tenant("acme")
	if err := queue.Commit(ctx, exampleBatch("Mail is down")); err != nil {
		log.Fatal(err)
	}
	for _, at := range []time.Time{monday, monday.Add(time.Hour)} {
		due, err := queue.Claim(ctx, at, 10, time.Minute)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(due), "due at", at.Format("15:04"))
		for _, d := range due {
			fmt.Println(d.Timer.Name, "attempt", d.Attempt)
			err := queue.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done})
			fmt.Println("settled:", err)
		}
	}
	// Output:
	// 0 due at 09:00
	// 1 due at 10:00
	// escalate attempt 1
	// settled: <nil>
}

// A record whose time is over is erased with its history and its work. Scrub is for a
// removal that has to hold against somebody who reads the disk.
func ExampleStore_Erase() {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	acme, batch := db.Tenant("acme"), exampleBatch("Mail of Bob is down")
	if err := acme.Commit(ctx, batch); err != nil {
		log.Fatal(err)
	}
	doc := batch.Writes[0].Document

	err = acme.Erase(ctx, workflow.Erasure{Ref: doc.Ref, Version: doc.Version + 1})
	fmt.Println("changed meanwhile:", errors.Is(err, workflow.ErrConflict))
	if err := acme.Erase(ctx, workflow.Erasure{Ref: doc.Ref, Version: doc.Version}); err != nil {
		log.Fatal(err)
	}
	_, err = acme.Get(ctx, doc.Ref)
	fmt.Println("gone:", errors.Is(err, workflow.ErrNotFound))
	fmt.Println(db.Scrub(ctx))
	// Output:
	// changed meanwhile: true
	// gone: true
	// <nil>
}
