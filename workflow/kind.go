package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// KindConfig describes a kind of record. Name and New are needed.
type KindConfig[T Recorded] struct {
	Name   string       // "incident"
	Number NumberFormat // how records are numbered for people
	New    func() T     // an empty record to decode into

	// Clone returns a copy that shares nothing with its argument. Default: by
	// way of JSON, which is slow.
	Clone func(T) T
	// Index lists the keys to find a record by, besides those every record has:
	// number, state, created, updated.
	Index func(T) []IndexEntry
	// Schema is the version of the record's JSON layout. Default: 1.
	Schema int
	// Upcast turns the JSON of an older schema into the present one. Needed
	// once Schema is above 1.
	Upcast func(schema int, body []byte) ([]byte, error)
}

// Kind is the typed view of a store's documents of one kind: how a practice
// reads and writes its records. It is immutable and safe for concurrent use.
type Kind[T Recorded] struct{ cfg KindConfig[T] }

// The index fields that every kind has.
const (
	IndexNumber  = "number"
	IndexState   = "state"
	IndexCreated = "created" // a [TimeKey]
	IndexUpdated = "updated" // a [TimeKey]
)

// NewKind checks the configuration and returns the kind.
func NewKind[T Recorded](cfg KindConfig[T]) (*Kind[T], error) {
	var p Problems
	if !validName(cfg.Name) {
		p.Addf("%.64q is not a kind's name: want letters, digits, '.', '_' or '-'", cfg.Name)
	}
	if cfg.New == nil {
		p.Addf("New is missing")
	}
	if cfg.Schema < 0 || cfg.Schema > 1 && cfg.Upcast == nil {
		p.Addf("schema %d needs an Upcast from the schemas before it", cfg.Schema)
	}
	p.Add(cfg.Number.validate())
	if err := p.Err("workflow: kind " + cfg.Name); err != nil {
		return nil, err
	}
	if cfg.Schema == 0 {
		cfg.Schema = 1
	}
	k := &Kind[T]{cfg}
	if cfg.Clone == nil {
		k.cfg.Clone = k.cloneByJSON
	}
	return k, nil
}

// Name returns the kind's name.
func (k *Kind[T]) Name() string { return k.cfg.Name }

// Ref names the record of this kind with the id.
func (k *Kind[T]) Ref(id ID) Ref { return Ref{Kind: k.cfg.Name, ID: id} }

// cloneByJSON cannot fail for a record that was encoded before; if it does, the
// empty record it returns will not pass for the original.
func (k *Kind[T]) cloneByJSON(rec T) T {
	c := k.cfg.New()
	if b, err := json.Marshal(rec); err == nil {
		_ = json.Unmarshal(b, c)
	}
	return c
}

// Decode returns the record in a document; it shares nothing with it.
func (k *Kind[T]) Decode(doc Document) (T, error) {
	var none T
	if doc.Kind != k.cfg.Name {
		return none, fmt.Errorf("workflow: %v is not of kind %s: %w", doc.Ref, k.cfg.Name, ErrInvalid)
	}
	rec, err := k.open(doc)
	if err != nil {
		return none, err
	}
	base := rec.Base()
	base.Version, base.UpdatedAt = doc.Version, doc.Updated
	return rec, nil
}

func (k *Kind[T]) open(doc Document) (T, error) {
	var none T
	if doc.Body.c != nil {
		if live, ok := doc.Body.c.live.(T); ok {
			return k.cfg.Clone(live), nil
		}
	}
	raw, err := doc.Body.encoded()
	if err == nil && doc.Schema < k.cfg.Schema {
		raw, err = k.cfg.Upcast(doc.Schema, bytes.Clone(raw))
	}
	if err == nil && doc.Schema > k.cfg.Schema {
		err = fmt.Errorf("written by a newer program: %w", ErrInvalid)
	}
	if err != nil {
		return none, fmt.Errorf("workflow: %v, schema %d: %w", doc.Ref, doc.Schema, err)
	}
	rec := k.cfg.New()
	if err := strictJSON(raw, rec); err != nil {
		return none, fmt.Errorf("workflow: %v, schema %d: %w", doc.Ref, doc.Schema, err)
	}
	return rec, nil
}

// Load reads a record outside a command. It is an error matching [ErrNotFound]
// if there is none.
func (k *Kind[T]) Load(ctx context.Context, s Store, id ID) (T, error) {
	doc, err := s.Get(ctx, k.Ref(id))
	if err != nil {
		var none T
		return none, err
	}
	return k.Decode(doc)
}

// Find yields the records that the query selects; its Kind is set here.
func (k *Kind[T]) Find(ctx context.Context, s Store, q Query) iter.Seq2[T, error] {
	q.Kind = k.cfg.Name
	return func(yield func(T, error) bool) {
		for doc, err := range s.Find(ctx, q) {
			var rec T
			if err == nil {
				rec, err = k.Decode(doc)
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// ByNumber reads the record with the number people know it by.
func (k *Kind[T]) ByNumber(ctx context.Context, s Store, number string) (T, error) {
	for rec, err := range k.Find(ctx, s, Query{Where: []Condition{Is(IndexNumber, StringKey(number))}, Limit: 1}) {
		return rec, err
	}
	var none T
	return none, fmt.Errorf("workflow: %s %.64q: %w", k.cfg.Name, number, ErrNotFound)
}

// Get reads a record within a command. If the command writes it, the commit
// holds only if nobody changed it since.
func (k *Kind[T]) Get(tx *Tx, id ID) (T, error) {
	var none T
	d, err := tx.load(k.Ref(id))
	if err != nil {
		return none, err
	}
	return k.Decode(d.after)
}

// FindIn yields, within a command, the records that pass all the conditions, as they
// stand in it: what the command has written so far counts, and not what is stored of
// it. The caller may write while it goes on. A record is yielded once.
func (k *Kind[T]) FindIn(tx *Tx, where ...Condition) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		seen := map[ID]bool{}
		use := func(doc Document) bool {
			if d := tx.open[doc.Ref]; d != nil && d.written {
				doc = d.after
			}
			if seen[doc.ID] || !passes(doc.Index, where) {
				return true
			}
			seen[doc.ID] = true
			rec, err := k.Decode(doc)
			return yield(rec, err) && err == nil
		}
		for doc, err := range tx.Store().Find(tx.ctx, Query{Kind: k.cfg.Name, Where: where}) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			if !use(doc) {
				return
			}
		}
		for i := 0; i < len(tx.order); i++ { // it may grow meanwhile
			if doc := tx.order[i].after; doc.Kind == k.cfg.Name && !use(doc) {
				return
			}
		}
	}
}

func passes(ix Index, where []Condition) bool {
	return !slices.ContainsFunc(where, func(c Condition) bool { return !c.Holds(ix) })
}

// GetOrCreate reads a record within a command, or creates the one that fresh
// returns, under that id, if there is none yet.
func (k *Kind[T]) GetOrCreate(tx *Tx, id ID, fresh func() T) (T, error) {
	rec, err := k.Get(tx, id)
	if !errors.Is(err, ErrNotFound) {
		return rec, err
	}
	rec = fresh()
	rec.Base().ID = id
	return rec, k.Create(tx, rec, Entry{})
}

// Entry is what the history says about a write, beside the changes.
type Entry struct {
	Type string // what happened to this record; default: the command's name
	Note string // the reason given
}

// Create adds a new record to the command: it gets an id and a number unless it
// has them, and its creator and time. The record given is brought up to date.
func (k *Kind[T]) Create(tx *Tx, rec T, e Entry) error {
	base := rec.Base()
	if base.ID == (ID{}) {
		base.ID = tx.NewID()
	}
	if base.Number == "" && k.cfg.Number.Prefix != "" {
		n, err := tx.numbers.next(tx.ctx, k.cfg.Name, k.cfg.Number)
		if err != nil {
			return err
		}
		base.Number = k.cfg.Number.Format(n)
	}
	base.CreatedAt, base.CreatedBy = tx.now, tx.cmd.Actor
	base.CreatedBy.Roles = nil
	ref := k.Ref(base.ID)
	if tx.open[ref] != nil {
		return fmt.Errorf("workflow: %v is in the command already: %w", ref, ErrInvalid)
	}
	tx.open[ref] = &draft{before: Document{Ref: ref}, after: Document{Ref: ref}}
	return k.Put(tx, rec, e)
}

// Put adds the record's new content to the command. It must have been read with
// [Kind.Get] or made with [Kind.Create] in the same command. Of several writes
// of one record the last counts; a write that changes nothing and has no note
// leaves no trace. The record given is brought up to date.
func (k *Kind[T]) Put(tx *Tx, rec T, e Entry) error {
	base := rec.Base()
	ref := k.Ref(base.ID)
	d := tx.open[ref]
	if d == nil {
		return fmt.Errorf("workflow: %v is written without having been read in this command: %w", ref, ErrInvalid)
	}
	kept := k.cfg.Clone(rec)
	kb := kept.Base()
	kb.Version, kb.UpdatedAt = 0, time.Time{}
	raw, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("workflow: %v: %w: %w", ref, err, ErrInvalid)
	}
	tx.write(d, k.index(kept, d, tx.now), liveBody(kept, raw), k.cfg.Schema, e)
	base.Version, base.UpdatedAt = d.after.Version, tx.now
	if d.unchanged(raw) {
		base.Version, base.UpdatedAt = d.before.Version, d.before.Updated
	}
	return nil
}

func (k *Kind[T]) index(rec T, d *draft, now time.Time) Index {
	base := rec.Base()
	created := d.before.Created
	if d.before.Version == 0 {
		created = now
	}
	entries := []IndexEntry{
		{IndexNumber, StringKey(base.Number)},
		{IndexState, StringKey(base.State)},
		{IndexCreated, TimeKey(created)},
		{IndexUpdated, TimeKey(now)},
	}
	if k.cfg.Index != nil {
		entries = append(entries, k.cfg.Index(rec)...)
	}
	return NewIndex(entries...)
}

// Replay rebuilds a record from its events alone.
func (k *Kind[T]) Replay(events []Event) (T, error) {
	var none T
	raw, err := Replay(events)
	if err != nil || len(events) == 0 {
		return none, err
	}
	last := events[len(events)-1]
	return k.Decode(Document{Ref: last.Ref, Version: last.Version, Schema: k.cfg.Schema,
		Created: events[0].At, Updated: last.At, Body: RawBody(raw)})
}
