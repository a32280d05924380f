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
// and [Tx.Now]. Commands of one desk that meet on a record take turns.
//
// A record has at most [MaxBody] bytes. Its conversation fills no more than [SoftBody]
// of them, so that it can always be brought to its end: a write that has no room is a
// [*FullError], and practices need not see to it.
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
// # Personal data
//
// [Redact] takes values out of a record and its whole history, and the chain still
// holds. For that an event has a random [Salt], and its hash does not cover its values
// but a commitment in the place of each. A value is every JSON string, number, truth
// value and null in what changed, the note, and the ids of the one who acted. This is
// all there is to it, and needs no more than SHA-256 and JSON to check:
//
//   - The stored text of an event is canonical JSON. Its content is that text up to
//     "salt" or "salts", closed by a brace.
//   - Values are counted from 0 in the order of the text. The salts of the values 2n
//     and 2n+1 are the two halves of SHA-256(salt ‖ n), n as four bytes, the highest
//     first.
//   - A commitment is SHA-256(salt of the value ‖ the value as it is written), in 64
//     hexadecimal digits and quotes.
//   - The hash is SHA-256("itsm event 2\n" ‖ the content with the commitments in the
//     places of the values).
//
// To remove a value is to put a substitute in its place, keep its commitment as a
// [Tombstone], and replace the event's salt by the salts of the values that are left:
// each of them stays provable by itself. The record changes by an ordinary command,
// whose event holds a [Notice]: by which rule, and every value removed with its
// substitute. [VerifyChain] accepts no tombstone that no event of the same history
// announces, and no substitute but the announced, so redaction is not a way to make
// evidence disappear.
//
// What an auditor can still prove: that the event happened, in which order, when, of
// which type, in which commit; which fields it changed, and that there was a value; that
// every value that is left is the one sealed; who removed the others, when, why and by
// which rule; that events of one [Pseudonym] are of one person; and, if somebody shows
// him a value with its salt from a copy of before, whether it is the one that stood
// there. What he cannot: learn a value from its tombstone, or confirm a guess, for which
// 128 random bits are missing; tell whether two removed values were equal; know who is
// behind a pseudonym without the tenant's key. Names of fields, the number of places in
// a list and the times stay: no personal data belongs in the name of a field. A value is
// only found as a whole: an id within a longer text is not.
//
// Why so, and not otherwise: a tombstone for a whole event would lose the proof of all
// else in it. One salt for an event with the values under it could not be given away
// for the values that stay without opening the one that goes. A salt for each value
// would cost an event of twenty values 320 bytes; one salt from which the others follow
// costs 16 until the day something is removed. Salts made from the values or ids would
// let short values be guessed, so they come from the desk's source of ids
// ([SaltSource]), by default from crypto/rand, and a command fails rather than go
// without.
//
// Events that were sealed without a salt keep verifying. None of their values can be
// removed soundly, as their hash is that of the values themselves: [Redact] refuses, and
// the record can be erased as a whole.
//
// A [Store] takes part as a [Redactor] and an [Eraser], and memstore does; any other
// gives [errors.ErrUnsupported] before anything has changed. [Subject] finds the records
// of a person, by index or through the whole feed, a bounded part at a time.
//
// # Retention
//
// A [Retention] is rules as data: which records, of what age, and what becomes of them.
// [Retention.Plan] lists what is due, with reasons, and changes nothing;
// [Retention.Apply] carries it out, decides each record anew, and enters it in a journal
// ([Disposals]). A [LegalHold] wins over every rule.
//
// # Moving a tenant
//
// [Export] writes all of a tenant as JSON lines that prove themselves, [VerifyExport]
// checks them without a store, [Import] reads them into any store through the port, and
// [EraseTenant] leaves nothing behind. Package projection keeps read models from the
// feed.
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
