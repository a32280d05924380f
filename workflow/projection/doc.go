// Package projection keeps tables of the host's own up to date from the event feed:
// read models, such as a list for a screen, counters for a dashboard, or the rows of a
// data warehouse.
//
// A [Projection] reads the feed a bounded part at a time and gives it to a function of
// the host. Position and effect are in one transaction of the host, so every event has
// its effect exactly once, whatever fails and however many programs run the same
// projection:
//
//	p, err := projection.New(store, host, projection.Config[*sql.Tx]{
//		Name:  "open-tickets/1",
//		Kinds: []string{"incident"},
//		Apply: projection.Each(func(ctx context.Context, tx *sql.Tx, e workflow.Event) error { … }),
//	})
//	n, err := p.CatchUp(ctx) // from a loop or a schedule of the host's own
//
// # The host's side
//
// [Host] is three methods over the host's own transactions: begin and end one, load a
// position, save it. In SQL that is a table of names and positions; Load reads the row
// with FOR UPDATE, or in a transaction that is serializable or the only writer, so that
// of two programs one waits and then finds the work done.
//
// # What Apply is given
//
// [Each] goes through the events one by one, for whoever counts or keeps a history:
// what changed is in [workflow.Event.Changes]. [Latest] reads each record that changed
// once and gives it as it is now, for whoever keeps one row for a record; a [workflow.Kind] brings
// old layouts up to date, and a record that was erased is taken out. Events of an old
// layout go through [Config].Upcast first.
//
// The feed keeps the order of each record's events, and promises none between records.
// A function whose result depends on more than that is wrong.
//
// # Doing it again
//
// Tables are disposable. A projection under another name, over a table of its own,
// starts at the beginning of the feed beside the one that is in use, and [Replace]
// switches when it has caught up: readers never see less than before. A cut off
// rebuild goes on where it was.
//
// # When to use the feed, and when the commit
//
// The module sqlstore calls its Project hook inside of every commit, with the
// transaction and the batch. A table kept that way is never behind, in exchange for
// being in the same database, for its time being part of each command's, and for its
// failure being the command's failure. A table kept from the feed is behind by
// [Projection.Lag], may be anywhere, holds nobody up and can be done again from
// nothing. Screens that must show what the user has just done want the first; reports,
// search engines and other systems the second.
//
// Both can share one function, because a batch holds the same events. Then the feed
// fills the table first, up to date, and the hook keeps it so:
//
//	Project: func(ctx context.Context, tx *sql.Tx, b workflow.Batch) error {
//		events := make([]workflow.Event, len(b.Writes))
//		for i, w := range b.Writes {
//			events[i] = w.Event
//		}
//		return apply(ctx, tx, events)
//	}
//
// # Redaction and erasure
//
// What [workflow.Redact] puts in a value's place arrives as a change like any other, so
// a table with one row for a record follows by itself. One that keeps old values must
// look for events whose Redacts is set, and forget the values named there, or be done
// again: the feed does not have them any more. Records that retention erased have no
// event to say so; the journal has: follow the kind of [workflow.Disposals], or build
// anew.
//
// A Projection is safe for concurrent use if its host is. It reads no clock and starts
// no goroutine.
package projection
