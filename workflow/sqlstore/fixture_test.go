package sqlstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func openFile(t testing.TB, cfg sqlstore.Config) (*sqlstore.DB, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "desk.db")
	db, err := sqlstore.Open(context.Background(), path, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db, path
}

// ticket is a record as a practice would keep it.
type ticket struct {
	Title string `json:"title"`
	State string `json:"state"`
	Steps int    `json:"steps"`
}

// author writes tickets without a desk: it keeps what it wrote last, so that
// every write continues the record's chain.
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
	at := monday.Add(time.Duration(old.Version)*time.Minute + time.Nanosecond)
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
	n := int(a.last[ref].Version)
	w := a.write(id, ref, ticket{"Mail is down", fmt.Sprint("state ", n%5), n},
		workflow.IndexEntry{Field: "state", Key: workflow.IntKey(int64(n % 5))},
		workflow.IndexEntry{Field: "number", Key: workflow.IDKey(ref.ID)})
	return workflow.Batch{ID: id, Writes: []workflow.Write{w}}
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

// requireSame compares documents by what they say: a body remembers whether it
// was read before.
func requireSame(t testing.TB, want, got workflow.Document) {
	t.Helper()
	w, err := want.Body.Encoded()
	require.NoError(t, err)
	g, err := got.Body.Encoded()
	require.NoError(t, err)
	require.Equal(t, string(w), string(g))
	want.Body, got.Body = workflow.Body{}, workflow.Body{}
	require.Equal(t, want, got)
}
