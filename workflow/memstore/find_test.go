package memstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/storetest"
)

var (
	ctx   = context.Background()
	start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
)

// fill commits n new records whose index is a function of their number.
func fill(t testing.TB, s *memstore.Store, ids workflow.IDSource, n int, index func(i int) workflow.Index) []workflow.Document {
	t.Helper()
	var docs []workflow.Document
	for len(docs) < n {
		b := workflow.Batch{ID: ids.NewID(start)}
		for range min(workflow.MaxBatch, n-len(docs)) {
			before := workflow.Document{Ref: workflow.Ref{Kind: "ticket", ID: ids.NewID(start)}}
			w, err := storetest.NewWrite(b.ID, start, before, index(len(docs)), `{"title":"Mail is down"}`)
			if err != nil {
				t.Fatal(err)
			}
			b.Writes = append(b.Writes, w)
			docs = append(docs, w.Document)
		}
		if err := s.Commit(ctx, b); err != nil {
			t.Fatal(err)
		}
	}
	return docs
}

// TestFindAgreesWithAScan runs random queries over so many records that every
// plan and several pages are taken, and compares with filtering and sorting all
// of them.
func TestFindAgreesWithAScan(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 8))
	s, ids := memstore.New(), workflow.SeededIDs(1)
	field := func(name string, of int) workflow.IndexEntry {
		return workflow.IndexEntry{Field: name, Key: workflow.Key(fmt.Sprintf("%03d", r.IntN(of)))}
	}
	random := func(int) workflow.Index {
		entries := []workflow.IndexEntry{field("rare", 500), field("common", 3), field("many", 40), field("many", 40)}
		if r.IntN(3) == 0 {
			entries = append(entries, field("some", 20))
		}
		return workflow.NewIndex(entries...)
	}
	docs := fill(t, s, ids, 2000, random)
	fields := []string{"rare", "common", "many", "some", "absent"}
	for range 150 {
		q := workflow.Query{Kind: "ticket", Desc: r.IntN(2) == 0, Limit: []int{0, 0, 1, 10, 300, 700}[r.IntN(6)]}
		if r.IntN(4) > 0 {
			q.OrderBy = fields[r.IntN(len(fields))]
		}
		for range r.IntN(3) {
			f := fields[r.IntN(4)]
			a, b := field(f, 30).Key, field(f, 60).Key
			q.Where = append(q.Where, []workflow.Condition{workflow.Is(f, a), workflow.In(f, a, b, "777"),
				workflow.HasPrefix(f, a[:2]), workflow.Between(f, a, b), workflow.AtLeast(f, a), workflow.Below(f, b)}[r.IntN(6)])
		}
		want := scan(q, docs)
		if len(want) > 0 && r.IntN(3) == 0 {
			q.After = q.CursorAt(want[r.IntN(len(want))])
		}
		want = cut(q, want)
		var got []workflow.Document
		for d, err := range s.Find(ctx, q) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, d)
		}
		if !slices.EqualFunc(got, want, func(a, b workflow.Document) bool { return a.Ref == b.Ref && a.Version == b.Version }) {
			t.Fatalf("query %+v: %d records, want %d, or another order", q, len(got), len(want))
		}
		i := r.IntN(len(docs))
		b := workflow.Batch{ID: ids.NewID(start)}
		w, err := storetest.NewWrite(b.ID, start, docs[i], random(i), `{"title":"changed"}`)
		if err != nil {
			t.Fatal(err)
		}
		b.Writes = []workflow.Write{w}
		if err := s.Commit(ctx, b); err != nil {
			t.Fatal(err)
		}
		docs[i] = w.Document
	}
}

func scan(q workflow.Query, docs []workflow.Document) []workflow.Document {
	var found []workflow.Document
	for _, d := range docs {
		if !slices.ContainsFunc(q.Where, func(c workflow.Condition) bool { return !c.Holds(d.Index) }) {
			found = append(found, d)
		}
	}
	slices.SortFunc(found, q.Compare)
	return found
}

func cut(q workflow.Query, docs []workflow.Document) []workflow.Document {
	if q.After != "" {
		i := slices.IndexFunc(docs, func(d workflow.Document) bool { return q.CursorAt(d) == q.After })
		docs = docs[i+1:]
	}
	if q.Limit > 0 {
		docs = docs[:min(q.Limit, len(docs))]
	}
	return docs
}

// TestPagesShareNoDocument writes into what a walk over several pages yields.
func TestPagesShareNoDocument(t *testing.T) {
	s, ids := memstore.New(), workflow.SeededIDs(1)
	docs := fill(t, s, ids, 600, func(i int) workflow.Index {
		return workflow.NewIndex(workflow.IndexEntry{Field: "n", Key: workflow.IntKey(int64(i))})
	})
	n := 0
	for d, err := range s.Find(ctx, workflow.Query{Kind: "ticket", OrderBy: "n"}) {
		if err != nil || d.Ref != docs[n].Ref {
			t.Fatalf("record %d: got %v, %v", n, d.Ref, err)
		}
		d.Index[0].Key = "scribble"
		n++
	}
	if got, err := s.Get(ctx, docs[599].Ref); n != 600 || err != nil || got.Index[0].Key == "scribble" {
		t.Errorf("%d records, index %v, %v", n, got.Index, err)
	}
}
