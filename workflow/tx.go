package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Tx is one attempt at a command: the records it has read, and what it is going
// to write, set and send. It sees its own writes. It belongs to the function it
// is given to, and to one goroutine.
type Tx struct {
	ctx      context.Context
	desk     *Desk
	cmd      Command
	now      time.Time
	id       ID
	open     map[Ref]*draft
	order    []*draft // in the order of the first write, which the batch keeps
	timers   []Timer
	timerAt  map[timerKey]int
	messages []Message
	numbers  *numbersTaken
	stored   bool // take nothing from what the desk has at hand
	held     *held
	queued   []Ref // records that others stand in line for: this attempt is void
}

// draft is a record within a Tx: as it was read and as it is to be written.
type draft struct {
	before  Document // Version 0: it does not exist yet
	after   Document
	written bool
	atHand  bool // not read from the store: it may be out of date
	entry   Entry
	masked  *masked // what the write removes from the record's history
}

type timerKey struct {
	ref  Ref
	name string
}

func newTx(ctx context.Context, d *Desk, cmd Command, res Result, numbers *numbersTaken, stored bool, h *held) *Tx {
	numbers.rewind()
	return &Tx{ctx: ctx, desk: d, cmd: cmd, now: res.At, id: res.Batch, numbers: numbers, stored: stored, held: h,
		open: map[Ref]*draft{}, timerAt: map[timerKey]int{}}
}

// Context returns the command's context.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Now is the instant of the command. It is never before the last change of a
// record that was read, so read first and then ask for the time.
func (tx *Tx) Now() time.Time { return tx.now }

// Actor is who asks.
func (tx *Tx) Actor() Actor { return tx.cmd.Actor }

// Store returns the store, for searching. A record found there must be read
// again with [Kind.Get] before it is written.
func (tx *Tx) Store() Store { return tx.desk.store }

// NewID makes an id for something the command creates.
func (tx *Tx) NewID() ID { return tx.desk.cfg.IDs.NewID(tx.now) }

// Authorize puts the question to the desk's authorization hook; the actor and
// the command are filled in.
func (tx *Tx) Authorize(a Access) error {
	a.Actor, a.Command = tx.cmd.Actor, tx.cmd.Name
	return tx.desk.cfg.Authorize(tx.ctx, a)
}

// SetTimer sets the record's timer of that name, in place of an earlier one.
func (tx *Tx) SetTimer(ref Ref, name string, due time.Time) {
	tx.timer(Timer{Ref: ref, Name: name, Due: due})
}

// ClearTimer takes the record's timer of that name away, if there is one.
func (tx *Tx) ClearTimer(ref Ref, name string) {
	tx.timer(Timer{Ref: ref, Name: name})
}

func (tx *Tx) timer(t Timer) {
	key := timerKey{t.Ref, t.Name}
	if i, ok := tx.timerAt[key]; ok {
		tx.timers[i] = t
		return
	}
	tx.timerAt[key] = len(tx.timers)
	tx.timers = append(tx.timers, t)
}

// Send puts a message into the outbox: it is delivered after the commit, by a
// [Relay], at least once and in order per record. The payload is encoded as
// JSON.
func (tx *Tx) Send(ref Ref, topic string, payload any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("workflow: message %s of %v: %w: %w", topic, ref, err, ErrInvalid)
	}
	tx.messages = append(tx.messages, Message{
		ID:  derivedID(tx.id, strconv.Itoa(len(tx.messages))),
		Ref: ref, Topic: topic, At: tx.now, Payload: body,
	})
	return nil
}

// load returns the draft of a record, reading it from the store the first time.
func (tx *Tx) load(ref Ref) (*draft, error) {
	if d := tx.open[ref]; d != nil {
		return d, nil
	}
	var doc Document
	atHand := false
	if !tx.stored {
		doc, atHand = tx.desk.recent.get(ref)
	}
	if !atHand {
		var err error
		if doc, err = tx.desk.store.Get(tx.ctx, ref); err != nil {
			return nil, err
		}
	}
	if tx.held.mustQueue(ref) { // asked after the read: who has read before the line began has read what is older
		tx.queued = append(tx.queued, ref)
		return nil, errQueue
	}
	d := &draft{before: doc, after: doc, atHand: atHand}
	tx.open[ref] = d
	if err := tx.follow(doc); err != nil {
		return nil, err
	}
	return d, nil
}

// follow keeps a record's history in the order of time. A clock that stands
// behind the one that made the last event waits for it; a command that says by
// itself when it happened is refused.
func (tx *Tx) follow(doc Document) error {
	switch {
	case !doc.Updated.After(tx.now):
		return nil
	case tx.cmd.At.IsZero():
		tx.now = doc.Updated
		return nil
	}
	return fmt.Errorf("workflow: %s on %v happened at %s, before the record's last change at %s: %w", tx.cmd.Name, doc.Ref,
		tx.now.Format(time.RFC3339Nano), doc.Updated.Format(time.RFC3339Nano), ErrOutOfOrder)
}

// write notes a record's new body and keys.
func (tx *Tx) write(d *draft, index Index, body Body, schema int, e Entry) {
	if !d.written {
		tx.order = append(tx.order, d)
		d.written = true
	}
	d.after = Document{Ref: d.after.Ref, Version: d.before.Version + 1, Schema: schema,
		Created: d.before.Created, Updated: tx.now, Index: index, Body: body}
	if d.before.Version == 0 {
		d.after.Created = tx.now
	}
	if e.Type != "" {
		d.entry.Type = e.Type
	}
	if e.Note != "" {
		d.entry.Note = e.Note
	}
}

// unchanged reports whether the draft with this body will leave no trace.
func (d *draft) unchanged(body []byte) bool {
	if d.before.Version == 0 || d.entry.Note != "" {
		return false
	}
	old, err := d.before.Body.encoded()
	return err == nil && bytes.Equal(old, body)
}

// decide runs the command's function and returns what it wants done.
func (tx *Tx) decide(f func(*Tx) error) (Batch, error) {
	err := f(tx)
	if len(tx.queued) > 0 { // whatever the function made of it
		return Batch{}, errQueue
	}
	if err != nil {
		return Batch{}, err
	}
	return tx.batch()
}

// unproven reports whether the decision rests on a record at hand that the
// commit of the batch will not check, because the batch does not write it.
func (tx *Tx) unproven(b Batch, err error) bool {
	written := make(map[Ref]bool, len(b.Writes))
	for _, w := range b.Writes {
		written[w.Document.Ref] = true
	}
	for ref, d := range tx.open {
		if d.atHand && (err != nil || !written[ref]) {
			return true
		}
	}
	return false
}

// batch turns the drafts into writes. A record whose body did not change and
// that has no note to keep is left out.
func (tx *Tx) batch() (Batch, error) {
	b := Batch{ID: tx.id, Timers: tx.timers, Messages: tx.messages}
	for _, d := range tx.order {
		e, err := tx.event(d)
		if err != nil {
			return Batch{}, err
		}
		if len(e.Changes) == 0 && e.Note == "" {
			continue
		}
		d.after.Head = e.Hash
		b.Writes = append(b.Writes, Write{Document: d.after, Event: e})
	}
	return b, nil
}

func (tx *Tx) event(d *draft) (Event, error) {
	var old []byte
	var err error
	if d.before.Version > 0 {
		if old, err = d.before.Body.encoded(); err != nil {
			return Event{}, err
		}
	}
	new, err := d.after.Body.encoded()
	if err != nil {
		return Event{}, fmt.Errorf("workflow: %v: %w: %w", d.after.Ref, err, ErrInvalid)
	}
	if len(new) > MaxBody {
		return Event{}, &FullError{Ref: d.after.Ref, Bytes: len(new), Had: len(old), Allowed: MaxBody}
	}
	changes, err := Diff(old, new)
	if err != nil {
		return Event{}, fmt.Errorf("workflow: %v: %w", d.after.Ref, err)
	}
	if err := checkRoom(d.after.Ref, len(old), len(new), changes); err != nil && d.masked == nil {
		return Event{}, err
	}
	actor := tx.cmd.Actor
	actor.Roles = nil
	e := Event{Ref: d.after.Ref, Version: d.after.Version, Batch: tx.id, Type: tx.cmd.Name, At: tx.now,
		Actor: actor, Note: d.entry.Note, Changes: changes, Prev: d.before.Head}
	if d.entry.Type != "" {
		e.Type = d.entry.Type
	}
	if e.Salt, err = newSalt(tx.desk.cfg.IDs); err != nil {
		return Event{}, err
	}
	if d.masked != nil {
		if e.Redacts, err = d.masked.notice(e); err != nil {
			return Event{}, err
		}
	}
	return e, e.Seal()
}
