package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

func TestReopenedFileHasEverything(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	a := newAuthor(1)
	ref := a.ref("ticket")
	for range 3 {
		require.NoError(t, db.Tenant("acme").Commit(ctx, a.step(ref)))
	}
	again, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	require.NoError(t, err)
	defer again.Close()
	doc, err := again.Tenant("acme").Get(ctx, ref)
	require.NoError(t, err)
	requireSame(t, a.last[ref], doc)
	verified, err := workflow.VerifyStore(ctx, again.Tenant("acme"), nil, "ticket")
	require.NoError(t, err)
	require.Equal(t, workflow.Verified{Records: 1, Events: 3}, verified)
	require.NoError(t, again.Check(ctx))
	_, err = again.Tenant("umbrella").Get(ctx, ref)
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

// TestFindEqualsItsMeaning compares every answer with the definition: the
// conditions hold, the order is Query.Compare's.
func TestFindEqualsItsMeaning(t *testing.T) {
	ctx := context.Background()
	for _, few := range []bool{true, false} {
		db, _ := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed})
		if !few {
			sqlstore.CollectFew(db, 5)
		}
		s := db.Tenant("acme")
		r := rand.New(rand.NewPCG(7, 7))
		a := newAuthor(7)
		refs := make([]workflow.Ref, 300)
		for i := range refs {
			refs[i] = a.ref("ticket")
		}
		for range 4 {
			b := workflow.Batch{ID: a.ids.NewID(monday)}
			for _, ref := range refs {
				if r.IntN(3) > 0 || a.last[ref].Version == 0 {
					b.Writes = append(b.Writes, a.write(b.ID, ref, ticket{Steps: r.Int()}, randomIndex(r)...))
				}
			}
			require.NoError(t, s.Commit(ctx, b))
		}
		for range 400 {
			q := randomQuery(r)
			var want []workflow.Ref
			for _, doc := range matching(a.last, q) {
				want = append(want, doc.Ref)
			}
			var got []workflow.Ref
			for doc, err := range s.Find(ctx, q) {
				require.NoError(t, err)
				requireSame(t, a.last[doc.Ref], doc)
				got = append(got, doc.Ref)
			}
			require.Equal(t, want, got, "%+v", q)
		}
		require.NoError(t, db.Check(ctx))
	}
}

func matching(docs map[workflow.Ref]workflow.Document, q workflow.Query) []workflow.Document {
	var found []workflow.Document
	key, id, resumed, _ := q.Resume()
	mark := workflow.Document{Ref: workflow.Ref{ID: id}, Index: workflow.Index{{Field: q.OrderBy, Key: key}}}
	for _, doc := range docs {
		holds := func(c workflow.Condition) bool { return c.Holds(doc.Index) }
		if !slices.ContainsFunc(q.Where, func(c workflow.Condition) bool { return !holds(c) }) &&
			(!resumed || q.Compare(mark, doc) < 0) {
			found = append(found, doc)
		}
	}
	slices.SortFunc(found, q.Compare)
	if q.Limit > 0 {
		found = found[:min(len(found), q.Limit)]
	}
	return found
}

var testKeys = []workflow.Key{"", "\x00", "a", "ab", "a\xff", "a\xff\xff", "b", "\xff", "\xff\xff", "\xc3\x28"}

func randomIndex(r *rand.Rand) []workflow.IndexEntry {
	var entries []workflow.IndexEntry
	for _, field := range []string{"one", "two", "many", "nul\x00field"} {
		n := r.IntN(3)
		if field != "many" {
			n = min(n, 1)
		}
		for range n {
			entries = append(entries, workflow.IndexEntry{Field: field, Key: testKeys[r.IntN(len(testKeys))]})
		}
	}
	return entries
}

func randomQuery(r *rand.Rand) workflow.Query {
	field := func() string { return []string{"one", "two", "many", "nul\x00field", "none"}[r.IntN(5)] }
	key := func() workflow.Key { return testKeys[r.IntN(len(testKeys))] }
	q := workflow.Query{Kind: "ticket", Desc: r.IntN(2) == 0, Limit: []int{0, 0, 1, 7, 250}[r.IntN(5)]}
	if r.IntN(3) > 0 {
		q.OrderBy = field()
	}
	for range r.IntN(3) {
		q.Where = append(q.Where, []workflow.Condition{
			workflow.Is(field(), key()),
			workflow.In(field(), key(), key(), key()),
			workflow.In(field()),
			workflow.HasPrefix(field(), key()),
			workflow.Between(field(), key(), key()),
			workflow.AtLeast(field(), key()),
			workflow.Below(field(), key()),
		}[r.IntN(7)])
	}
	if r.IntN(3) == 0 {
		doc := workflow.Document{Ref: workflow.Ref{ID: workflow.SeededIDs(r.Uint64()).NewID(monday)}}
		if q.OrderBy != "" {
			doc.Index = workflow.NewIndex(workflow.IndexEntry{Field: q.OrderBy, Key: key()})
		}
		q.After = q.CursorAt(doc)
	}
	return q
}

// TestOrderOfRecordsOfManyShapes has each record with a field of its own, so
// that those without the field to order by lie in very many places.
func TestOrderOfRecordsOfManyShapes(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed})
	s, a := db.Tenant("acme"), newAuthor(1)
	b := workflow.Batch{ID: a.ids.NewID(monday)}
	for i := range 500 {
		index := []workflow.IndexEntry{{Field: fmt.Sprint("own ", i%100), Key: "x"}}
		if i%7 == 0 {
			index = append(index, workflow.IndexEntry{Field: "late", Key: workflow.IntKey(int64(i % 5))})
		}
		b.Writes = append(b.Writes, a.write(b.ID, a.ref("ticket"), ticket{}, index...))
	}
	require.NoError(t, s.Commit(ctx, b))
	for _, q := range []workflow.Query{{OrderBy: "late"}, {OrderBy: "late", Desc: true}} {
		q.Kind = "ticket"
		var got, want []workflow.Ref
		for _, doc := range all(t, s.Find(ctx, q)) {
			got = append(got, doc.Ref)
		}
		for _, doc := range matching(a.last, q) {
			want = append(want, doc.Ref)
		}
		require.Equal(t, want, got)
	}
}
