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
//     [ErrUnsure], [ErrLeaseLost] or [ErrTampered] through [errors.Is]; an
//     invalid input is told every problem at once.
//   - A Desk, a Kind, a Schema and a Store are safe for concurrent use. A Tx and
//     a record are not.
package workflow
