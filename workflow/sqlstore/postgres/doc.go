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
// otherwise. Every commit is all or nothing: records, events, timers and messages are
// there together or not at all. It is one call of a function, in one round trip.
//
// Any number of processes may write. Commits over the same records wait for each
// other, in one order. Deadlocks (with the host's own statements, or of batches that
// make the same new records), serialization failures and lost connections are tried
// again, [Config].Attempts times at most and never beyond the context; that is harmless
// because a batch that was committed is not committed twice. Only when the outcome stays unknown does the error match
// [workflow.ErrUnsure]: the connection was lost and with it the answer, or the context
// ended while the server worked. Committing the same batch again settles it. Any other
// error means that nothing has changed.
//
// Settling and reviving work are tried again as well, and what the first try did is
// not taken for a lost lease. A claim whose answer was lost has leased work to nobody;
// it comes back when the lease ends.
//
// Times are kept to the microsecond. Names of tenants, index fields, timers and topics
// are UTF-8 without zero bytes; keys, bodies and payloads may be any bytes.
//
// # Many callers
//
// Commits that come while others are on their way wait for them and then travel
// together: up to 32 in one transaction, which is one round trip and one flush, and up
// to four such transactions at a time. Each has an outcome of its own; if the
// transaction fails as a whole, each is tried alone, and so is one whose record somebody
// else holds, as the others do not wait for that. Nobody waits who is alone, and no
// goroutine runs but those of the callers. So four connections serve hundreds of
// callers, and a pool needs more only for reads and for the host: measured with 256
// callers, nearly twice the commits of callers that go alone, and a quarter to a half
// more than hand-written statements for the same rows. A commit travels alone if it is
// large, if [Config].Project is set or if its store is bound to a transaction of the
// host.
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
// # When something goes wrong
//
// The process or the server is killed: what was acknowledged is there, everything else
// is there whole or not at all, and what timers and messages cause happens once if its
// consumer keys its commands by [workflow.Due.Key].
//
// The connection is cut: what can be tried again is, within the context, and a commit
// whose outcome stays unknown matches [workflow.ErrUnsure], as told above.
//
// The server's disk is full: the commit that needs room fails with [ErrFull] and has
// changed nothing, reads go on, and commits succeed again as soon as there is room. The
// commits that travelled with it are tried alone and told one by one. If it is the disk
// of PostgreSQL's own log that is full, the server stops as though it had been killed,
// and starts again when there is room.
//
// The clock jumps back: the store asks no clock, and takes the instants that it is
// given. The history of a record stays in the order of time, as a command happens no
// earlier than the record's last change. No timer is lost: what was due is due again
// when the clock gets there, and so is what a worker held that has died; that may be as
// much later as the clock jumped.
//
// A reader of the feed is slow: a loop over Find or Events reads page by page and holds
// nothing between them, however long it takes, so nobody waits for it.
//
// A message can never be delivered: the relay parks it after its attempts, with the
// reason, and the messages of other records flow. [workflow.Queue] shows what is parked
// and revives it.
//
// # Waking workers
//
// Workers that look for work once a second, as [workflow.Relay] does by itself, are
// enough for most. With [Config].Notify each commit that leaves work gives notice and
// [DB.Listen] hears of it. PostgreSQL lets transactions that give notice commit one
// after the other, flush included. As commits travel together that costs little: up to a
// tenth of the throughput was measured.
//
// # The schema
//
// All tables are in one schema, "itsm" unless [Config].Schema says otherwise. [Open]
// makes and migrates it; [Migrations] gives the same as SQL to a host with a tool of
// its own, which sets [Config].Unmigrated. The tables may be read by other programs;
// whoever edits events or bodies by hand is found out by [workflow.VerifyStore], and
// what contradicts itself by [DB.Check].
//
// The feed's order rests on transaction numbers, which begin anew in a cluster that a
// dump is restored into. [Open] notices and goes on above what is there.
//
// A handle of one tenant never reaches another's rows. [RowSecurity] has the database
// see to that as well, for the host's own SQL too; reading a record then takes about a
// third longer.
//
// # Personal data
//
// [Store.Redact] takes values out of events, [Store.Erase] whole records, and
// [Store.EraseTenant] everything of a tenant, archived events included, each in one
// transaction; call them by way of [workflow.Redact], [workflow.Retention] and
// [workflow.EraseTenant]. [Store.Backlog] has [workflow.Export] show all the work that
// waits. They work with row security too, in transactions of the host, and while events
// are archived.
//
// After the transaction no statement finds what was removed, but PostgreSQL still has it:
//
//   - in the tables and indexes as dead rows, until VACUUM frees their space and something
//     else is written there, or VACUUM FULL rewrites the table. The same holds for what
//     ordinary commands replaced;
//   - in the statistics of columns, which hold samples, until the next ANALYZE;
//   - in the write-ahead log until its segments are recycled, and in those that are
//     archived, on replicas until they have replayed it, and in every backup and dump;
//   - in the server's log, if statements are logged with their parameters.
//
// So where a removal must hold against somebody who reads the disk, run
//
//	VACUUM (FULL, ANALYZE) itsm.records, itsm.entries, itsm.events, itsm.archive, itsm.timers, itsm.messages
//
// which locks each table while it is rewritten, then CHECKPOINT, and let backups expire.
//
// What stays of a record that was erased are the ids of its commits, with the id of the
// record, until [DB.Prune]. The feed keeps its positions: a reader passes over the hole,
// and what comes later stands behind it, also after a dump is restored elsewhere. Of a
// tenant that was erased its name stays and those of its kinds and index fields, as other
// processes know them by number; and receipts, cursors and what a desk keeps at hand are
// void.
//
// # What a query costs
//
// Find reads pages of up to 200 records. For each page it counts, up to 2000, the
// index entries that meet each condition. A condition that fewer records meet leads to
// them directly, and they are sorted for the page. If all are met by more, the page is
// read in the query's order from an index until it is full. So a query is slow only
// when many records meet each of its conditions and few meet all of them. No statement
// reads a table of records, entries, events or work from end to end.
//
// A claim costs what there is to claim, be there ten thousand timers pending or a
// million. Only the first timer and the first message of a record are in the index that
// it reads. Workers pass over what others have at hand, so any number share the work.
//
// # How much space it takes
//
// A service desk's record with a body of 1.4 kB and six index entries, changed five
// times, takes on disk, indexes included: 4.9 kB for the record, 0.3 kB for each index
// entry, 0.9 kB for each event of 700 bytes, 0.2 kB for the id of each commit, 0.4 kB
// for each timer and 0.3 kB for each message that waits. So 100,000 such records take
// about 1.3 GB, of which 0.6 GB are events. Frequent changes leave dead rows, which
// autovacuum clears; the tables of work ask for it early.
//
// Events and ids of commits only grow. [Store.Archive] puts the events of records at
// rest aside, where history and feed still find them; [DB.Prune] forgets the ids that
// nobody will commit again.
// SIZING.md, beside this file, has the speeds measured, what limits them, and how tenants
// are spread over servers up to a hundred million records.
package postgres
