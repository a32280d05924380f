package workflow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"time"
	"unicode/utf8"
)

// Backlog is what a [Queue] may offer beside its contract: it shows the work that
// waits, without leasing it.
type Backlog interface {
	// Backlog yields all timers and messages that are kept: due or not, leased and
	// parked ones too; messages of one record in their order.
	Backlog(ctx context.Context) iter.Seq2[Waiting, error]
}

// Waiting is a piece of work that is kept. It has no receipt.
type Waiting struct {
	Timer   *Timer   // either this
	Message *Message // or this
	Parked  bool
	Error   string // why the last attempt failed, if one did
}

// exportFormat is the version of the format of exports.
const exportFormat = 1

// The lines of an export. Every line has exactly one of these.
type exportLine struct {
	Export   *exportHeader `json:"export,omitempty"` // the first
	Batch    *exportBatch  `json:"batch,omitempty"`
	Work     *exportWork   `json:"work,omitempty"`
	Manifest *Manifest     `json:"manifest,omitempty"` // the last
}

type exportHeader struct {
	Format int       `json:"format"`
	ID     ID        `json:"id"`
	Tenant string    `json:"tenant"`
	At     time.Time `json:"at"`
}

// exportBatch is one commit, and those of its records that were never changed again.
type exportBatch struct {
	ID      ID                `json:"id"`
	Events  []json.RawMessage `json:"events"`
	Records []exportRecord    `json:"records,omitempty"`
}

type exportRecord struct {
	Kind    string          `json:"kind"`
	ID      ID              `json:"id"`
	Version int64           `json:"version"`
	Schema  int             `json:"schema"`
	Created time.Time       `json:"created"`
	Updated time.Time       `json:"updated"`
	Head    Hash            `json:"head"`
	Index   []exportEntry   `json:"index"`
	Body    json.RawMessage `json:"body"`
}

// exportEntry is an index entry; a key that is no text is in Bytes.
type exportEntry struct {
	Field string `json:"field"`
	Key   Key    `json:"key,omitempty"`
	Bytes []byte `json:"bytes,omitempty"`
}

type exportWork struct {
	Kind    string    `json:"kind"`
	ID      ID        `json:"id"`
	Timer   string    `json:"timer,omitempty"` // its name
	Due     time.Time `json:"due,omitzero"`
	Message ID        `json:"message,omitzero"`
	Topic   string    `json:"topic,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Payload []byte    `json:"payload,omitempty"`
	Parked  bool      `json:"parked,omitempty"`
	Error   string    `json:"error,omitempty"`
}

// Manifest ends an export: what is in it, and the digest of all that stands before.
type Manifest struct {
	Tenant   string         `json:"tenant"`
	At       time.Time      `json:"at"`
	Records  map[string]int `json:"records"` // by kind
	Batches  int            `json:"batches"`
	Events   int            `json:"events"`
	Timers   int            `json:"timers"`
	Messages int            `json:"messages"`
	// Work says which timers and messages there are: "all", "parked" if the store
	// shows no others, "none" if it shows none.
	Work   string `json:"work"`
	SHA256 Hash   `json:"sha256"` // of every byte before the manifest's line
}

// Export writes everything of a tenant as JSON lines: a header, each commit with its
// events as they are sealed and with the records that it left as they are now, the
// work that waits, and a manifest with counts and a SHA-256 over all the rest. id names
// the export, and at is when it was made. Memory grows with the number of records, not
// with their size.
//
// The events are proof by themselves: see the package's documentation for how to check
// their hashes with nothing but SHA-256. Timers and messages are those that the store
// shows as a [Backlog]; failing that, the parked ones of a [Queue].
//
// The tenant should be at rest. A record that changes meanwhile ends the export with an
// error matching [ErrConflict]; it can be begun anew.
func Export(ctx context.Context, s Store, w io.Writer, id ID, tenant string, at time.Time) (Manifest, error) {
	x := &exporter{store: s, w: w, sum: sha256.New(), versions: map[Ref]int64{}, open: map[ID]int{},
		m: Manifest{Tenant: tenant, At: stamp(at), Records: map[string]int{}}}
	err := x.line(exportLine{Export: &exportHeader{exportFormat, id, tenant, x.m.At}})
	if err == nil {
		err = x.history(ctx)
	}
	if err == nil {
		err = x.work(ctx)
	}
	if err == nil {
		x.sum.Sum(x.m.SHA256[:0])
		err = x.line(exportLine{Manifest: &x.m})
	}
	if err != nil {
		return x.m, fmt.Errorf("workflow: export of %q: %w", tenant, err)
	}
	return x.m, nil
}

type exporter struct {
	store    Store
	w        io.Writer
	sum      hash.Hash
	m        Manifest
	versions map[Ref]int64 // of the records, when first seen
	open     map[ID]int    // events of a batch that the feed has yet to bring
}

func (x *exporter) line(l exportLine) error {
	b, err := json.Marshal(l)
	if err != nil {
		return err
	}
	b = append(b, '\n')
	x.sum.Write(b)
	_, err = x.w.Write(b)
	return err
}

// history writes each batch when the last of its events has come: then all that came
// before in the history of its records is written too.
func (x *exporter) history(ctx context.Context) error {
	for e, err := range x.store.Events(ctx, "", Filter{}) {
		if err != nil {
			return err
		}
		left, known := x.open[e.Batch]
		if !known {
			all, err := collect(x.store.Events(ctx, "", Filter{Batch: e.Batch}))
			if err != nil {
				return err
			}
			left = len(all)
		}
		if left--; left > 0 {
			x.open[e.Batch] = left
			continue
		}
		delete(x.open, e.Batch)
		if err := x.batch(ctx, e.Batch); err != nil {
			return err
		}
	}
	if len(x.open) > 0 {
		return fmt.Errorf("the feed lacks events of %d commits: %w", len(x.open), ErrConflict)
	}
	n := 0
	for _, records := range x.m.Records {
		n += records
	}
	if n != len(x.versions) {
		return fmt.Errorf("%d records changed: %w", len(x.versions)-n, ErrConflict)
	}
	return nil
}

func (x *exporter) batch(ctx context.Context, id ID) error {
	b := exportBatch{ID: id}
	for e, err := range x.store.Events(ctx, "", Filter{Batch: id}) {
		if err != nil {
			return err
		}
		text, err := e.Encode()
		if err != nil {
			return err
		}
		b.Events = append(b.Events, text)
		version, seen := x.versions[e.Ref]
		if !seen || e.Version == version {
			doc, err := x.store.Get(ctx, e.Ref)
			if err != nil {
				return err
			}
			if seen && doc.Version != version {
				return fmt.Errorf("%v changed: %w", e.Ref, ErrConflict)
			}
			x.versions[e.Ref] = doc.Version
			if e.Version == doc.Version {
				r, err := exportedRecord(doc)
				if err != nil {
					return err
				}
				b.Records = append(b.Records, r)
				x.m.Records[doc.Kind]++
			}
		}
	}
	x.m.Batches++
	x.m.Events += len(b.Events)
	return x.line(exportLine{Batch: &b})
}

func exportedRecord(doc Document) (exportRecord, error) {
	body, err := doc.Body.encoded()
	r := exportRecord{Kind: doc.Kind, ID: doc.ID, Version: doc.Version, Schema: doc.Schema, Created: doc.Created.UTC(), Updated: doc.Updated.UTC(),
		Head: doc.Head, Index: []exportEntry{}, Body: body}
	for _, e := range doc.Index {
		x := exportEntry{Field: e.Field, Key: e.Key}
		if !utf8.ValidString(string(e.Key)) {
			x.Key, x.Bytes = "", []byte(e.Key)
		}
		r.Index = append(r.Index, x)
	}
	return r, err
}

func (r exportRecord) document() Document {
	entries := make([]IndexEntry, len(r.Index))
	for i, e := range r.Index {
		entries[i] = IndexEntry{e.Field, e.Key + Key(e.Bytes)}
	}
	return Document{Ref: Ref{r.Kind, r.ID}, Version: r.Version, Schema: r.Schema, Created: r.Created, Updated: r.Updated,
		Head: r.Head, Index: NewIndex(entries...), Body: RawBody(bytes.TrimSpace(r.Body))}
}

func (x *exporter) work(ctx context.Context) error {
	waiting, what := waitingIn(ctx, x.store)
	x.m.Work = what
	for w, err := range waiting {
		if err != nil {
			return err
		}
		line := exportWork{Parked: w.Parked, Error: w.Error}
		if t := w.Timer; t != nil {
			x.m.Timers++
			line.Kind, line.ID, line.Timer, line.Due, line.Payload = t.Ref.Kind, t.Ref.ID, t.Name, t.Due.UTC(), t.Payload
		} else {
			m := w.Message
			x.m.Messages++
			line.Kind, line.ID, line.Message, line.Topic, line.At, line.Payload = m.Ref.Kind, m.Ref.ID, m.ID, m.Topic, m.At.UTC(), m.Payload
		}
		if err := x.line(exportLine{Work: &line}); err != nil {
			return err
		}
	}
	return nil
}

// waitingIn yields the work that a store shows, and says how much that is.
func waitingIn(ctx context.Context, s Store) (iter.Seq2[Waiting, error], string) {
	if b, ok := s.(Backlog); ok {
		return b.Backlog(ctx), "all"
	}
	q, ok := s.(Queue)
	if !ok {
		return func(func(Waiting, error) bool) {}, "none"
	}
	return func(yield func(Waiting, error) bool) {
		for d, err := range q.Parked(ctx) {
			if !yield(Waiting{d.Timer, d.Message, true, d.Error}, err) {
				return
			}
		}
	}, "parked"
}

// errEnd tells that an export was cut off.
var errEnd = errors.New("it ends without a manifest")
