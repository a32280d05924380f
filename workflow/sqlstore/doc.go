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
// Only when the COMMIT itself fails, as on a broken disk, does the error match
// [workflow.ErrUnsure].
//
// Times keep their nanoseconds from 1823 to 2116 and microseconds beyond. A
// position in the event feed is a number that ascends in the order of commits.
//
// # Many callers
//
// Waiting for the disk is most of what a commit costs, so commits that come while
// another is on its way share the next transaction and its flush; so do claims and
// settlements. Use one [DB] for all callers, and a goroutine for each: there is
// nothing to start or to tune. Each call returns after the flush, with an outcome
// of its own: a conflict, an invalid batch or a projection's error undoes that
// batch alone. A caller whose context ends while it waits leaves the queue and has
// changed nothing. If the COMMIT fails for all, all are told; if it fails because
// of one, the others are committed without it. A caller that comes alone has a
// transaction to itself and pays nothing. [Config].Together bounds the company.
//
// How much it helps depends on the disk. The slower its flush, the nearer the
// callers come to as many commits for one flush as there are callers; with a flush
// of a tenth of a millisecond, writing the rows is soon what is left.
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
// is found out by [workflow.VerifyStore].
//
// # When something goes wrong
//
// The process is killed: what was acknowledged is there, everything else is there
// whole or not at all, and what timers and messages cause happens once if its
// consumer keys its commands by [workflow.Due.Key].
//
// The disk is full, or the limit of PRAGMA max_page_count is reached: the commit
// that needs room fails with an error matching [ErrFull] and has changed nothing.
// Those that share its transaction and need no room succeed. The store works again
// as soon as there is room. A [Bulk] load is undone to its last flush, and says so.
// So is a transaction of the host: SQLite has rolled it back, and what the host does
// in it afterwards would not belong to it. A quota or a limit on the size of files
// is for SQLite an error of the disk: then the error matches [workflow.ErrUnsure],
// and committing the same batch again settles it, as [workflow.Desk] does.
//
// Another process holds the lock for longer than the busy timeout: the commits that
// wait fail with [ErrBusy], not one after the other, and have changed nothing. Reads
// go on. The death of that process frees the lock.
//
// A page is damaged: [DB.Check] finds what contradicts the structure of the file.
// SQLite keeps no checksums, so damage within a value is found by
// [workflow.VerifyStore], as far as the value belongs to a history. A damaged file
// gives an error matching [ErrDamaged] wherever it is noticed.
//
// The clock jumps back: the history of a record stays in the order of time, as a
// command happens no earlier than the record's last change. No timer is lost. What
// was due is due again when the clock gets there, and so is what a worker held that
// has died; that may be as much later as the clock jumped.
//
// A reader is slow: a loop over Find or Events that stops half-way holds nothing,
// however long it takes. What does keep the write-ahead log (the file with -wal at
// its end) from beginning anew is a transaction that another program reads in, a
// backup while it runs, and reads that overlap without a gap. The last would never
// end, so the log is cut when it exceeds 64 MiB, which waits for the reads at work.
// A large transaction makes it as long as itself for a time.
//
// # Backup and restore
//
// [DB.Backup] writes a whole copy while others read and write. To restore one, stop
// every program that uses the file, move it away together with those that have -wal
// and -shm behind its name, put the copy in its place, and then open it, [DB.Check]
// it and run [workflow.VerifyStore] over every tenant and kind. What was committed
// after the backup is gone. What was delivered after it is delivered again, and
// consumers with an inbox of their own know it. Never copy the file by itself while
// it is in use: what is still in the log would be missing.
//
// # Personal data
//
// [Store.Redact] takes values out of events, [Store.Erase] whole records, and
// [Store.EraseTenant] everything of a tenant, each in one transaction; call them by way
// of [workflow.Redact], [workflow.Retention] and [workflow.EraseTenant]. [Store.Backlog]
// has [workflow.Export] show all the work that waits.
//
// SQLite by itself leaves in the file what was deleted, until the space is needed.
// Here it is overwritten with zeros, and the write-ahead log, where it still stands, is
// cut before the call returns; if another program is reading then, or the call is part
// of a transaction of the host or of a [Bulk], soon after, by one of the commits that
// follow. What ordinary commands replace is overwritten too, except for the parts of
// values longer than about a page of 4 KiB. Copies may be left of these, and of what
// SQLite once moved from page to page: [DB.Scrub] writes the file anew and leaves none.
// Run it after a redaction that has to hold against somebody who reads the disk, and
// once for a file from before. Copies that were made, by [DB.Backup] or otherwise, and
// what the file system or the medium keeps, are for the operator.
//
// What stays of a record that was erased are the ids of its commits. The feed keeps its
// positions: a reader passes over the hole, and a position is never given out twice,
// not even that of the last event. Of a tenant that was erased its name stays and those
// of its kinds and index fields, as other processes know them by number; and receipts,
// cursors and what a desk keeps at hand are void.
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
