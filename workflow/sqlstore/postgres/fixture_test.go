package postgres_test

import (
	"context"
	"encoding/json"

	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/stretchr/testify/require"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// patience outlasts any transaction of the tests beside: they share a cluster, and the
// feed ends before the oldest transaction in it.
const patience = time.Minute

func openFresh(t testing.TB, cfg postgres.Config) *postgres.DB {
	t.Helper()
	if cfg.Patience == 0 {
		cfg.Patience = patience
	}
	db, err := postgres.Open(context.Background(), freshDatabase(t), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// author writes tickets without a desk: it keeps what it wrote last, so that every
// write continues the record's chain.
type author struct {
	ids  workflow.IDSource
	last map[workflow.Ref]workflow.Document
}

func newAuthor(seed uint64) *author {
	return &author{workflow.SeededIDs(seed), map[workflow.Ref]workflow.Document{}}
}

func (a *author) ref(kind string) workflow.Ref {
	return workflow.Ref{Kind: kind, ID: a.ids.NewID(monday)}
}

// write returns the write of the record's next version, as part of a batch.
func (a *author) write(batch workflow.ID, ref workflow.Ref, content any, index ...workflow.IndexEntry) workflow.Write {
	old := a.last[ref]
	at := monday.Add(time.Duration(old.Version) * time.Minute)
	body, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	var before json.RawMessage
	if !old.Body.IsZero() {
		before, _ = old.Body.Encoded()
	}
	changes, err := workflow.Diff(before, body)
	if err != nil {
		panic(err)
	}
	e := workflow.Event{Ref: ref, Version: old.Version + 1, Batch: batch, Type: ref.Kind + ".step", At: at,
		Actor: workflow.User("ann"), Note: "a note of two words", Changes: changes, Prev: old.Head}
	if err := e.Seal(); err != nil {
		panic(err)
	}
	created := old.Created
	if old.Version == 0 {
		created = at
	}
	doc := workflow.Document{Ref: ref, Version: e.Version, Schema: 1, Created: created, Updated: at, Head: e.Hash,
		Index: workflow.NewIndex(index...), Body: workflow.RawBody(body)}
	a.last[ref] = doc
	return workflow.Write{Document: doc, Event: e}
}

// step is a batch that takes one ticket a step further.
func (a *author) step(ref workflow.Ref) workflow.Batch {
	id := a.ids.NewID(monday)
	n := a.last[ref].Version
	w := a.write(id, ref, map[string]any{"title": "Mail is down", "step": n},
		workflow.IndexEntry{Field: "state", Key: workflow.IntKey(n % 5)},
		workflow.IndexEntry{Field: "number", Key: workflow.IDKey(ref.ID)})
	return workflow.Batch{ID: id, Writes: []workflow.Write{w}}
}

// The load of a service desk: a record of about 1.4 kB with six index entries, of
// which a command changes one or two, an event of about 700 bytes, one to four timers
// set anew and up to two messages.
var deskText = strings.Repeat("The printer on the third floor does not print. ", 25)

func (a *author) deskBatch(r *rand.Rand, ref workflow.Ref) workflow.Batch {
	n := a.last[ref].Version
	b := workflow.Batch{ID: a.ids.NewID(monday.Add(time.Duration(r.IntN(1000)) * time.Millisecond))}
	b.Writes = []workflow.Write{a.write(b.ID, ref,
		map[string]any{"title": "Mail is down", "text": deskText, "state": n % 5, "priority": n % 3, "step": n, "group": ref.ID},
		workflow.IndexEntry{Field: "state", Key: workflow.IntKey(n % 5)},
		workflow.IndexEntry{Field: "number", Key: workflow.IDKey(ref.ID)},
		workflow.IndexEntry{Field: "priority", Key: workflow.IntKey(n / 2 % 3)},
		workflow.IndexEntry{Field: "group", Key: workflow.StringKey("service desk")},
		workflow.IndexEntry{Field: "caller", Key: workflow.StringKey(ref.ID.String()[30:])},
		workflow.IndexEntry{Field: "opened", Key: workflow.TimeKey(monday)})}
	for i := range 1 + r.IntN(4) {
		b.Timers = append(b.Timers, workflow.Timer{Ref: ref, Name: []string{"sla/response", "sla/resolution", "autoclose", "sla/warn"}[i],
			Due: monday.Add(time.Duration(n*10+int64(r.IntN(10000))) * time.Second), Payload: []byte(`{"clock":"resolution"}`)})
	}
	for range r.IntN(3) {
		b.Messages = append(b.Messages, workflow.Message{ID: a.ids.NewID(monday), Ref: ref, Topic: "notify", At: monday, Payload: []byte(`{"to":"ann","what":"assigned"}`)})
	}
	return b
}

func all[T any](t testing.TB, seq func(func(T, error) bool)) []T {
	t.Helper()
	var got []T
	for v, err := range seq {
		require.NoError(t, err)
		got = append(got, v)
	}
	return got
}
