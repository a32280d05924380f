// Package workflow is the kernel that every practice stands on: records with
// their history, the one path by which they change, and the port through which
// they are kept.
//
// # The way of a command
//
// A [Desk] carries out commands. It hands a function a [Tx]; the function reads
// records with [Kind.Get], decides, and writes them with [Kind.Put], sets timers
// and sends messages; the desk commits all of it as one [Batch], or nothing.
// When somebody else changed one of the records meanwhile, the function is
// called again on what is there now. So the function must only read and write
// through the Tx, and its result depends on nothing but the records, the command
// and [Tx.Now].
//
// # Lifecycles
//
// A [Definition] is a lifecycle as data, in Go or as JSON: states with a
// category, actions, and the transitions between, each with the roles that may
// take it, the fields it requires and the guards that must hold. [Compile]
// reports every fault at once and returns a [Machine], which fires in
// nanoseconds, tells what an actor may do now and why not the rest, and can be
// drawn with [Mermaid] or [DOT]. [Extend] changes a shipped lifecycle without
// forking it.
//
// # History
//
// Every commit of a record makes one [Event]: who, when, on whose behalf, why,
// and each field before and after. The events of a record form a SHA-256 chain;
// [VerifyStore] finds any edit, removal or change of order, and that replaying
// the events gives the stored records.
//
// # Persistence
//
// [Store] is what a desk needs of a database and [Queue] what delivers timers
// and messages. Package memstore keeps everything in the process; the module
// sqlstore keeps it in SQLite; package storetest proves any other.
//
// # Contract
//
//   - Time comes in: from the command or from the desk's clock, read once per
//     command, in UTC, to the microsecond.
//   - Errors match [ErrInvalid], [ErrNotFound], [ErrConflict], [ErrForbidden],
//     [ErrUnsure], [ErrLeaseLost], [ErrTampered] or [ErrTransition] through
//     [errors.Is]; an invalid input is told every problem at once.
//   - A Desk, a Kind, a Schema and a Store are safe for concurrent use. A Tx and
//     a record are not.
package workflow
