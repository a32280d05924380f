package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5"
)

// exampleSchema opens the examples' database; a program has a connection string of its
// own.
func exampleSchema(name string) (*postgres.DB, error) {
	return postgres.Open(context.Background(), shared(), postgres.Config{Schema: name, Notify: true})
}

// exampleBatch is what a desk makes of "open a ticket".
func exampleBatch(title string) workflow.Batch {
	a := newAuthor(1)
	ref, id := a.ref("ticket"), a.ids.NewID(monday)
	w := a.write(id, ref, map[string]string{"title": title}, workflow.IndexEntry{Field: "state", Key: "open"})
	return workflow.Batch{ID: id, Writes: []workflow.Write{w},
		Timers: []workflow.Timer{{Ref: ref, Name: "escalate", Due: monday.Add(time.Hour)}}}
}

func ExampleOpen() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, shared(), postgres.Config{Schema: "example_open"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	acme := db.Tenant("acme")
	if err := acme.Commit(ctx, exampleBatch("Mail is down")); err != nil {
		log.Fatal(err)
	}
	open := workflow.Query{Kind: "ticket", Where: []workflow.Condition{workflow.Is("state", "open")}}
	for doc, err := range acme.Find(ctx, open) {
		if err != nil {
			log.Fatal(err)
		}
		body, _ := doc.Body.Encoded()
		fmt.Printf("version %d %s\n", doc.Version, body)
	}
	// Output: version 1 {"title":"Mail is down"}
}

// The program that is in charge begins the transaction; the records and its own rows
// are there together or not at all.
func ExampleStore_WithTx() {
	ctx := context.Background()
	db, err := exampleSchema("example_tx")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	acme := db.Tenant("acme")
	err = pgx.BeginFunc(ctx, db.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "CREATE TABLE example_tx.asset (name text)"); err != nil {
			return err
		}
		if err := acme.WithTx(tx).Commit(ctx, exampleBatch("Mail is down")); err != nil {
			return err
		}
		return errors.New("changed my mind")
	})
	fmt.Println(err)
	_, err = acme.Get(ctx, exampleBatch("").Writes[0].Document.Ref)
	fmt.Println(errors.Is(err, workflow.ErrNotFound))
	// Output:
	// changed my mind
	// true
}

// A projection keeps a table of the host's in step with the records, in each commit.
func ExampleConfig_project() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, shared(), postgres.Config{Schema: "example_board",
		Project: func(ctx context.Context, tx pgx.Tx, b workflow.Batch) error {
			for _, w := range b.Writes {
				if _, err := tx.Exec(ctx, "INSERT INTO example_board.board VALUES ($1, $2)", w.Document.ID.String(), w.Event.Type); err != nil {
					return err
				}
			}
			return nil
		}})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Pool().Exec(ctx, "CREATE TABLE example_board.board (ticket text, what text)"); err != nil {
		log.Fatal(err)
	}
	fmt.Println(db.Tenant("acme").Commit(ctx, exampleBatch("Mail is down")))
	var what string
	err = db.Pool().QueryRow(ctx, "SELECT what FROM example_board.board").Scan(&what)
	fmt.Println(what, err)
	// Output:
	// <nil>
	// ticket.step <nil>
}

// A worker sleeps until a commit leaves work, and looks by itself now and then for what
// has come due.
func ExampleDB_Listen() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	db, err := exampleSchema("example_listen")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	handler := workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
		fmt.Println("deliver", d.Message.Topic)
		cancel() // the example ends here
		return nil
	})
	relay, err := workflow.NewRelay(db.Tenant("acme"), handler, workflow.RelayConfig{})
	if err != nil {
		log.Fatal(err)
	}
	b := exampleBatch("Mail is down")
	b.Timers, b.Messages = nil, []workflow.Message{{ID: workflow.ID{1}, Ref: b.Writes[0].Document.Ref, Topic: "notify", At: monday}}
	for wake := range db.Listen(ctx, 30*time.Second) {
		if wake.Any { // the first
			if err := db.Tenant("acme").Commit(ctx, b); err != nil {
				log.Fatal(err)
			}
		}
		if _, err := relay.Drain(ctx); err != nil && ctx.Err() == nil {
			log.Fatal(err)
		}
	}
	// Output: deliver notify
}

// Once a night the owner of the schema tidies up.
func ExampleDB_Prune() {
	ctx := context.Background()
	db, err := exampleSchema("example_prune")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	acme := db.Tenant("acme")
	if err := acme.Commit(ctx, exampleBatch("Mail is down")); err != nil {
		log.Fatal(err)
	}
	now := monday.AddDate(3, 0, 0)
	events, err := acme.Archive(ctx, now.AddDate(-2, 0, 0))
	fmt.Println("events put aside:", events, err)
	batches, err := db.Prune(ctx, now.AddDate(0, -1, 0))
	fmt.Println("batches forgotten:", batches, err)
	fmt.Println("check:", db.Check(ctx))
	verified, err := workflow.VerifyStore(ctx, acme, nil, "ticket")
	fmt.Println("events verified:", verified.Events, err)
	// Output:
	// events put aside: 1 <nil>
	// batches forgotten: 1 <nil>
	// check: <nil>
	// events verified: 1 <nil>
}

func ExampleRowSecurity() {
	script := postgres.RowSecurity("itsm", "desk")
	fmt.Println(len(script) > 1000)
	fmt.Println(script[:len("GRANT USAGE ON SCHEMA itsm TO \"desk\";")])
	// Output:
	// true
	// GRANT USAGE ON SCHEMA itsm TO "desk";
}

// A record whose time is over is erased with its history and its work, in a transaction
// that notes it in a table of the host.
func ExampleStore_Erase() {
	ctx := context.Background()
	db, err := exampleSchema("example_erase")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	acme, batch := db.Tenant("acme"), exampleBatch("Mail of Bob is down")
	if err := acme.Commit(ctx, batch); err != nil {
		log.Fatal(err)
	}
	doc := batch.Writes[0].Document

	err = pgx.BeginFunc(ctx, db.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "CREATE TABLE example_erase.deletions (record text)"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO example_erase.deletions VALUES ($1)", doc.Ref.String()); err != nil {
			return err
		}
		return acme.WithTx(tx).Erase(ctx, workflow.Erasure{Ref: doc.Ref, Version: doc.Version})
	})
	fmt.Println(err)
	_, err = acme.Get(ctx, doc.Ref)
	fmt.Println("gone:", errors.Is(err, workflow.ErrNotFound))
	// Output:
	// <nil>
	// gone: true
}
