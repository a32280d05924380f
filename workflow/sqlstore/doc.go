// Package sqlstore keeps records in SQLite, with no server and no cgo. A [Store]
// implements [workflow.Store] and [workflow.Queue].
//
//	db, err := sqlstore.Open(ctx, "desk.db", sqlstore.Config{})
//	defer db.Close()
//	desk := workflow.NewDesk(db.Tenant("acme"), workflow.DeskConfig{})
//
// # What is promised
//
// A commit that returned has been flushed to the disk. That is the zero
// [Config]; with [Relaxed] durability a power loss may take the last commits,
// while the death of the process takes nothing in either case. Every commit is
// one transaction: records, events, timers and messages are there together or
// not at all.
//
// SQLite has one writer at a time. Commits of one process take turns, and those
// of other processes are waited for up to [Config].BusyTimeout; after that the
// error matches [ErrBusy]. Readers wait for nobody and hold nobody up (the file
// is in WAL mode; it must be on a local disk). Ending the context ends the wait
// for the writer. It does not interrupt a transaction at work: that is rolled
// back before its COMMIT, or allowed to finish, so the outcome is always known.
// Only when the COMMIT itself fails, as on a full or broken disk, does the error
// match [workflow.ErrUnsure].
//
// Times keep their nanoseconds from 1823 to 2116 and microseconds beyond. A
// position in the event feed is a number that ascends in the order of commits.
//
// # Together with tables of your own
//
// There are two ways to change your tables and records in one transaction. The
// program that is in charge begins the transaction and binds a store to it:
//
//	tx, err := db.Begin(ctx)
//	defer tx.Rollback()
//	desk := workflow.NewDesk(db.Tenant("acme").WithTx(tx), workflow.DeskConfig{})
//	// commands of the desk, statements of your own
//	err = tx.Commit()
//
// Or the store is in charge and calls [Config].Project in every commit, with
// the transaction and the batch; that keeps a read model exact.
//
// All tables of this package begin with itsm_, and [Migrations] shows them.
// PRAGMA user_version counts the migrations and belongs to this package. The
// tables may be read by other programs; whoever edits events or bodies by hand
// is found out by [workflow.VerifyStore]. [DB.Check] looks for damage of the
// file, and [DB.Backup] copies it while it is in use.
//
// # Loading a lot
//
// An import of a hundred thousand records does not want a flush for each. The
// stores of a [Bulk] commit into one transaction that lasts until the next
// [Bulk.Flush]; what fails is undone alone.
//
// # What a query costs
//
// Find reads pages of up to 200 records. For each page it counts, up to 2000,
// the index entries that meet each condition. A condition that fewer records
// meet leads to them directly, and they are sorted for the page. If all are met
// by more, the page is read in the query's order instead, from the entries of a
// single key, of the field in OrderBy, or from the ids, until it is full; then
// conditions on a single key are one look-up for each record on the way. So a
// query is slow only when many records meet each of its conditions and few meet
// all of them.
//
// A claim costs what there is to claim. Only the first timer and the first
// message of a record are in the index that it reads, and leased or postponed
// work is in another one by the time it comes back. A claim that finds nothing
// takes no lock.
//
// The id of every commit is kept for ever, about 40 bytes each, because that is
// what makes committing a batch twice harmless.
package sqlstore
