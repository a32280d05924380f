// Package postgres keeps records in PostgreSQL. A [Store] implements [workflow.Store]
// and [workflow.Queue].
//
//	db, err := postgres.Open(ctx, "postgres://desk@db.example/desk", postgres.Config{})
//	defer db.Close()
//	desk := workflow.NewDesk(db.Tenant("acme"), workflow.DeskConfig{})
//
// # What is promised
//
// A commit that returned has been flushed to the disk, unless [Config].Relaxed says
// otherwise. Every commit is one transaction: records, events, timers and messages are
// there together or not at all. It is one call of a function, in one round trip.
//
// Any number of processes may write. Commits over the same records wait for each
// other, in one order. Deadlocks with the host's own statements, serialization
// failures and lost connections are tried again, [Config].Attempts times at most and
// never beyond the context; that is harmless because a batch that was committed is
// not committed twice. Only when the outcome stays unknown does the error match
// [workflow.ErrUnsure].
//
// Times are kept to the microsecond. Names of tenants, index fields, timers and topics
// are UTF-8 without zero bytes; keys, bodies and payloads may be any bytes.
//
// # The feed
//
// A position is opaque and says nothing of the order of commits of different records.
// What is promised is that no event is ever missed and that those of one record come
// in order. To keep that promise the feed ends before the oldest transaction that is
// still running, in whatever database of the cluster: it may be about to commit an
// event. A reader waits for it with [Config].Patience and then sees the rest another
// time. So a transaction that is left open for an hour holds the feed up for an hour,
// and nothing is lost. The events of one record, and of one commit, are known at once.
//
// # Together with tables of your own
//
// The program that is in charge begins the transaction and binds a store to it with
// [Store.WithTx], or [Store.WithSQL] for package database/sql:
//
//	tx, err := db.Begin(ctx)
//	defer tx.Rollback(ctx)
//	desk := workflow.NewDesk(db.Tenant("acme").WithTx(tx), workflow.DeskConfig{})
//	// commands of the desk, statements of your own
//	err = tx.Commit(ctx)
//
// Or the store is in charge and calls [Config].Project in every commit.
//
// # The schema
//
// All tables are in one schema, "itsm" unless [Config].Schema says otherwise. [Open]
// makes and migrates it; [Migrations] gives the same as SQL to a host with a tool of
// its own, which sets [Config].Unmigrated. The tables may be read by other programs;
// whoever edits events or bodies by hand is found out by [workflow.VerifyStore].
//
// The feed's order rests on transaction numbers, which begin anew in a cluster that a
// dump is restored into. [Open] notices and goes on above what is there.
//
// # What a query costs
//
// Find reads pages of up to 200 records. For each page it counts, up to 2000, the
// index entries that meet each condition. A condition that fewer records meet leads to
// them directly, and they are sorted for the page. If all are met by more, the page is
// read in the query's order from an index until it is full. So a query is slow only
// when many records meet each of its conditions and few meet all of them.
//
// A claim costs what there is to claim. Only the first timer and the first message of a
// record are in the index that it reads. Workers pass over what others have at hand, so
// any number share the work.
package postgres
