package workflow

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// Store is the persistence port: versioned documents with their events, timers
// and messages. It is what a [Desk] needs, and all that a host with its own
// database has to provide; package storetest proves an implementation.
//
// A Store belongs to one tenant, and nothing done through it reads or changes
// another tenant's data. It is safe for concurrent use, also by several
// processes where the database allows that. It reads no clock: every time it
// keeps was given to it, and comes back to the microsecond at least. What it
// returns aliases nothing it keeps. It honours the context: once that is done,
// calls return its error, and a Commit that returned an error other than
// [ErrUnsure] has changed nothing.
type Store interface {
	// Get returns the record, or an error matching [ErrNotFound].
	Get(ctx context.Context, ref Ref) (Document, error)

	// Commit applies the whole batch or nothing. A batch whose ID was committed
	// before is a success and changes nothing. A record that is not at the
	// version before the one written is an error matching [ErrConflict]
	// (a [*ConflictError]). An invalid batch is an error matching [ErrInvalid].
	// When the store cannot tell whether the commit happened the error matches
	// [ErrUnsure]. Batches over the same records in different orders all end.
	Commit(ctx context.Context, b Batch) error

	// Find yields the matching records in the query's order. It reads a page
	// at a time and holds nothing while yielding, so the loop may commit, and
	// may be left early. Each page is read at one instant. An error ends it.
	Find(ctx context.Context, q Query) iter.Seq2[Document, error]

	// Events yields the events behind a position (the empty one is the
	// beginning; one that this store did not give out is an error matching
	// [ErrInvalid]) up to the present end of the feed. The feed misses no event,
	// however late its transaction committed, and gives those of one record in
	// order; it promises no order between records. It holds nothing while
	// yielding.
	Events(ctx context.Context, after Position, f Filter) iter.Seq2[Event, error]
}

// Filter narrows an event feed. The zero Filter lets everything through.
type Filter struct {
	Kinds  []string // of these kinds; empty = all
	Record Ref      // of this record
	Batch  ID       // of this commit
}

// Matches reports whether the event passes: the meaning that every store gives
// the filter.
func (f Filter) Matches(e Event) bool {
	if !f.Record.IsZero() && f.Record != e.Ref || f.Batch != (ID{}) && f.Batch != e.Batch {
		return false
	}
	for _, k := range f.Kinds {
		if k == e.Kind {
			return true
		}
	}
	return len(f.Kinds) == 0
}

// Batch is what one command changes, applied all or nothing.
type Batch struct {
	ID       ID // of the commit: committing it again changes nothing
	Writes   []Write
	Timers   []Timer
	Messages []Message
}

func (b Batch) empty() bool { return len(b.Writes)+len(b.Timers)+len(b.Messages) == 0 }

// Write is a record's new version and the event that made it. The store accepts
// it only over the version before.
type Write struct {
	Document Document
	Event    Event
}

// Timer asks for a command at a later instant. A record has at most one timer
// of a name: setting it again replaces it and voids a lease on the old one; a
// zero Due takes it away.
type Timer struct {
	Ref     Ref
	Name    string    // "autoclose", "sla/resolution/breach"
	Due     time.Time // zero: cancel
	Payload []byte    // for the handler, JSON by custom
}

// Message is an effect to be carried out after the commit: a notification, a
// follow-up command, an escalation. Its ID is its idempotency key and stays the
// same through every delivery.
type Message struct {
	ID      ID
	Ref     Ref       // messages of one record are delivered in order
	Topic   string    // "notify", "incident.resolved"
	At      time.Time // when the command happened
	Payload []byte    // for the handler, JSON by custom
}

// Queue hands out due timers and messages to workers. It is what a [Relay]
// needs beside a [Store]; one adapter usually implements both. Like a Store it
// belongs to one tenant, is safe for concurrent use, and reads no clock.
type Queue interface {
	// Claim leases up to n pieces of work that are due at now: timers by due
	// time and name, messages in the order of their commits. Before now+lease
	// nobody else is given them; at that instant they are free again. Of one
	// record, at most its first message and its first timer are out at a time:
	// the next waits until that one is settled, so order per record holds with
	// many workers. Parked work holds nothing up. A lease of no time is an error
	// matching [ErrInvalid].
	Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]Due, error)

	// Settle ends leases, each as it says. Work to be tried again keeps its
	// place in its record's order, and a timer its Due. A receipt holds beyond
	// its lease until somebody else is given the work. If it no longer holds the
	// error matches [ErrLeaseLost]; the others are settled all the same. An
	// unknown outcome is an error matching [ErrInvalid], and nothing is settled.
	Settle(ctx context.Context, settlements ...Settlement) error

	// Parked yields the dead letters: work that was given up, with the error.
	Parked(ctx context.Context) iter.Seq2[Due, error]

	// Revive makes parked work due again at an instant. Work that is not parked
	// gives an error matching [ErrNotFound].
	Revive(ctx context.Context, at time.Time, receipts ...Receipt) error
}

// Receipt is a worker's proof that a lease is its own. It is opaque.
type Receipt string

// Due is a piece of work: a timer that has come due or a message to deliver.
type Due struct {
	Receipt Receipt
	Attempt int      // 1 at the first delivery; counts claims since the work was set or revived
	Timer   *Timer   // either this
	Message *Message // or this
	Error   string   // why the last attempt failed, if one did
}

// Ref returns the record the work belongs to.
func (d Due) Ref() Ref {
	if d.Timer != nil {
		return d.Timer.Ref
	}
	return d.Message.Ref
}

// Outcome of a piece of work.
type Outcome uint8

// The outcomes.
const (
	Done  Outcome = iota + 1 // carried out: forget it
	Retry                    // try again, not before RetryAt
	Park                     // give up: keep it as a dead letter
)

// Settlement says how a piece of work ended.
type Settlement struct {
	Receipt Receipt
	Outcome Outcome
	RetryAt time.Time // for Retry
	Error   string    // for Retry and Park
}

// Validate reports every fault of the batch in one error matching [ErrInvalid].
// Stores call it before anything else in Commit, so all refuse alike.
func (b Batch) Validate() error {
	var p Problems
	if b.ID == (ID{}) {
		p.Addf("no id")
	}
	if n := max(len(b.Writes), len(b.Timers), len(b.Messages)); n > MaxBatch {
		p.Addf("%d entries, at most %d", n, MaxBatch)
	}
	if b.empty() {
		p.Addf("empty")
	}
	seen := make(map[Ref]bool, len(b.Writes))
	for _, w := range b.Writes {
		w.validate(&p, b.ID)
		if seen[w.Document.Ref] {
			p.Addf("%v is written twice", w.Document.Ref)
		}
		seen[w.Document.Ref] = true
	}
	b.validateWork(&p)
	return p.Err("workflow: batch")
}

func (w Write) validate(p *Problems, batch ID) {
	d, e := w.Document, w.Event
	checkRef(p, d.Ref)
	checks := []struct {
		bad  bool
		text string
	}{
		{d.Version < 1, "the version must be at least 1"},
		{d.Schema < 1, "the schema version must be at least 1"},
		{d.Body.IsZero(), "no body"},
		{e.Ref != d.Ref, "its event belongs to another record"},
		{e.Version != d.Version, "its event makes another version"},
		{e.Batch != batch, "its event belongs to another batch"},
		{e.Type == "" || len(e.Type) > MaxKey, "its event needs a type"},
		{e.At.IsZero() || !e.At.Equal(d.Updated), "its event must happen when the record is updated"},
		{d.Version == 1 && !d.Created.Equal(d.Updated), "a new record is created when it is first updated"},
		{e.Hash.IsZero() || e.Hash != d.Head, "the record's head must be its event's hash"},
		{(d.Version == 1) != e.Prev.IsZero(), "only the first event has no predecessor"},
		{len(d.Index) > MaxIndex, fmt.Sprintf("%d index entries, at most %d", len(d.Index), MaxIndex)},
	}
	for _, c := range checks {
		if c.bad {
			p.Addf("%v version %d: %s", d.Ref, d.Version, c.text)
		}
	}
	for i, x := range d.Index {
		if x.Field == "" || len(x.Field) > MaxKey || len(x.Key) > MaxKey {
			p.Addf("%v: index entry %q: the field or key is empty or longer than %d bytes", d.Ref, x.Field, MaxKey)
		}
		if i > 0 && compareEntries(d.Index[i-1], x) >= 0 {
			p.Addf("%v: the index is not sorted at %q, use NewIndex", d.Ref, x.Field)
		}
	}
}

func (b Batch) validateWork(p *Problems) {
	timers := make(map[string]bool, len(b.Timers))
	for _, t := range b.Timers {
		checkRef(p, t.Ref)
		key := t.Ref.String() + "/" + t.Name
		if t.Name == "" || len(t.Name) > MaxKey || timers[key] {
			p.Addf("timer %q of %v: the name is empty, too long or set twice", t.Name, t.Ref)
		}
		timers[key] = true
		if len(t.Payload) > MaxBody {
			p.Addf("timer %q of %v: payload over %d bytes", t.Name, t.Ref, MaxBody)
		}
	}
	messages := make(map[ID]bool, len(b.Messages))
	for _, m := range b.Messages {
		checkRef(p, m.Ref)
		if m.ID == (ID{}) || m.Topic == "" || len(m.Topic) > MaxKey || messages[m.ID] || m.At.IsZero() {
			p.Addf("message %q of %v: needs an id of its own, a topic and a time", m.Topic, m.Ref)
		}
		messages[m.ID] = true
		if len(m.Payload) > MaxBody {
			p.Addf("message %q of %v: payload over %d bytes", m.Topic, m.Ref, MaxBody)
		}
	}
}

func checkRef(p *Problems, r Ref) {
	if r.ID == (ID{}) || !validName(r.Kind) {
		p.Addf("%v is not a record reference: want a kind of letters, digits, '.', '_' or '-', and an id", r)
	}
}

func validName(s string) bool {
	if s == "" || len(s) > MaxKey {
		return false
	}
	for _, c := range []byte(s) {
		ok := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
		if !ok {
			return false
		}
	}
	return true
}
