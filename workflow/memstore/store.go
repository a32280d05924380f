package memstore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Store is one tenant's handle on an in-process database. It implements
// [workflow.Store] and [workflow.Queue] and is safe for concurrent use. The
// zero Store is not usable: see [New].
type Store struct {
	*tenant
	all *database
}

var (
	_ workflow.Store = (*Store)(nil)
	_ workflow.Queue = (*Store)(nil)
)

// database is what the handles of all tenants share.
type database struct {
	mu       sync.Mutex
	tenants  map[string]*tenant
	receipts atomic.Int64 // one count for all tenants: a receipt is nobody else's
}

// tenant holds everything of one tenant. The lock guards all fields below it.
type tenant struct {
	receipts *atomic.Int64

	mu      sync.RWMutex
	kinds   map[string]*kind
	log     []*workflow.Event // without position: that is the place in the log; nil = erased
	batches map[workflow.ID]span
	queue   queue
}

// span is the run of events in the log that one batch made.
type span struct{ from, to int }

// New returns the default tenant's handle on a new, empty database.
func New() *Store {
	return (&database{tenants: map[string]*tenant{}}).tenant("")
}

// Tenant returns the handle of another tenant of the same database; the empty
// name is the default tenant. Handles of one name share their data.
func (s *Store) Tenant(name string) *Store { return s.all.tenant(name) }

func (db *database) tenant(name string) *Store {
	db.mu.Lock()
	defer db.mu.Unlock()
	t := db.tenants[name]
	if t == nil {
		t = &tenant{
			receipts: &db.receipts,
			kinds:    map[string]*kind{},
			batches:  map[workflow.ID]span{},
			queue:    newQueue(),
		}
		db.tenants[name] = t
	}
	return &Store{t, db}
}

// Get returns the record as the last commit left it, or a
// [*workflow.NotFoundError].
func (s *Store) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	if err := ctx.Err(); err != nil {
		return workflow.Document{}, err
	}
	s.mu.RLock()
	rec := s.record(ref)
	var doc *workflow.Document
	if rec != nil {
		doc = rec.doc
	}
	s.mu.RUnlock()
	if doc == nil {
		return workflow.Document{}, &workflow.NotFoundError{Ref: ref}
	}
	return copyDocument(doc), nil
}

func (t *tenant) record(ref workflow.Ref) *record {
	if k := t.kinds[ref.Kind]; k != nil {
		return k.records[ref.ID]
	}
	return nil
}

// Commit applies the batch or nothing; see [workflow.Store]. It never returns
// [workflow.ErrUnsure].
func (s *Store) Commit(ctx context.Context, b workflow.Batch) error {
	if err := b.Validate(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	own := copyBatch(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, done := s.batches[own.ID]; done {
		return nil
	}
	for _, w := range own.Writes {
		var actual int64
		if rec := s.record(w.Document.Ref); rec != nil {
			actual = rec.doc.Version
		}
		if expected := w.Document.Version - 1; actual != expected {
			return &workflow.ConflictError{Ref: w.Document.Ref, Expected: expected, Actual: actual}
		}
	}
	s.apply(own)
	return nil
}

// apply cannot fail: all that could go wrong was checked under the same lock.
func (t *tenant) apply(b workflow.Batch) {
	from := len(t.log)
	for i := range b.Writes {
		w := &b.Writes[i]
		k := t.kinds[w.Document.Kind]
		if k == nil {
			k = newKind()
			t.kinds[w.Document.Kind] = k
		}
		rec := k.put(&w.Document)
		rec.events = append(rec.events, len(t.log))
		t.log = append(t.log, &w.Event)
	}
	t.batches[b.ID] = span{from, len(t.log)}
	for i := range b.Timers {
		t.queue.setTimer(&b.Timers[i])
	}
	for i := range b.Messages {
		t.queue.addMessage(&b.Messages[i])
	}
}

// copyBatch returns a batch that shares nothing with the caller but immutable
// bodies. Roles are no history, so they are not kept.
func copyBatch(b workflow.Batch) workflow.Batch {
	b.Writes = slices.Clone(b.Writes)
	for i := range b.Writes {
		w := &b.Writes[i]
		w.Document = copyDocument(&w.Document)
		w.Document.Created, w.Document.Updated = instant(w.Document.Created), instant(w.Document.Updated)
		w.Event = copyEvent(&w.Event)
		w.Event.At, w.Event.Actor.Roles, w.Event.Position = instant(w.Event.At), nil, ""
	}
	b.Timers = slices.Clone(b.Timers)
	for i := range b.Timers {
		t := &b.Timers[i]
		t.Due, t.Payload = instant(t.Due), slices.Clone(t.Payload)
	}
	b.Messages = slices.Clone(b.Messages)
	for i := range b.Messages {
		m := &b.Messages[i]
		m.At, m.Payload = instant(m.At), slices.Clone(m.Payload)
	}
	return b
}

func copyDocument(d *workflow.Document) workflow.Document {
	c := *d
	c.Index = slices.Clone(d.Index)
	return c
}

func copyEvent(e *workflow.Event) workflow.Event {
	c := *e
	c.Changes = slices.Clone(e.Changes)
	for i := range c.Changes {
		change := &c.Changes[i]
		change.Old, change.New = slices.Clone(change.Old), slices.Clone(change.New)
	}
	c.Salts, c.Redacted = slices.Clone(e.Salts), slices.Clone(e.Redacted)
	if e.Redacts != nil {
		n := *e.Redacts
		n.Values = slices.Clone(n.Values)
		for i := range n.Values {
			n.Values[i].As = slices.Clone(n.Values[i].As)
		}
		c.Redacts = &n
	}
	return c
}

// instant strips the location and the monotonic reading: a database would not
// give them back either.
func instant(t time.Time) time.Time { return t.Round(0).UTC() }
