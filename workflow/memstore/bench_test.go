package memstore_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var ticketBody = workflow.RawBody([]byte(`{"title":"Mail is down"}`))

// ticket is a valid write of the i-th record, made without hashing so that a
// million are made in seconds.
func ticket(batch workflow.ID, i int, version int64, turn int) workflow.Write {
	var id workflow.ID
	binary.BigEndian.PutUint64(id[:], uint64(i+1))
	d := workflow.Document{
		Ref: workflow.Ref{Kind: "ticket", ID: id}, Version: version, Schema: 1, Created: start, Updated: start,
		Head: workflow.Hash{1}, Body: ticketBody,
		Index: workflow.Index{
			{Field: "assignee", Key: workflow.IntKey(int64((i + turn) % 1000))},
			{Field: "opened", Key: workflow.TimeKey(start.Add(time.Duration(i) * time.Second))},
			{Field: "priority", Key: workflow.IntKey(int64(i % 4))},
			{Field: "state", Key: workflow.Key("s" + string(rune('0'+(i+turn)%6)))},
		},
	}
	e := workflow.Event{Ref: d.Ref, Version: version, Batch: batch, Type: "open", At: start, Hash: d.Head}
	if version > 1 {
		e.Prev = workflow.Hash{1}
	}
	return workflow.Write{Document: d, Event: e}
}

// tickets returns a store of n records.
func tickets(b *testing.B, ids workflow.IDSource, n int) *memstore.Store {
	b.Helper()
	s := memstore.New()
	for i := 0; i < n; {
		batch := workflow.Batch{ID: ids.NewID(start)}
		for ; i < n && len(batch.Writes) < workflow.MaxBatch; i++ {
			batch.Writes = append(batch.Writes, ticket(batch.ID, i, 1, 0))
		}
		if err := s.Commit(ctx, batch); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// BenchmarkCommitAmong updates single records, two index keys each, among many.
func BenchmarkCommitAmong(b *testing.B) {
	for _, n := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ids := workflow.SeededIDs(1)
			s := tickets(b, ids, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				batch := workflow.Batch{ID: ids.NewID(start)}
				turn := 1 + i/n
				batch.Writes = []workflow.Write{ticket(batch.ID, i*7919%n, int64(1+turn), turn)}
				if err := s.Commit(ctx, batch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkGetAmong1000000(b *testing.B) {
	s := tickets(b, workflow.SeededIDs(1), 1_000_000)
	refs := make([]workflow.Ref, 1000)
	for i := range refs {
		refs[i] = ticket(workflow.ID{}, i*997, 1, 0).Document.Ref
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := s.Get(ctx, refs[i%len(refs)]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFindAmong asks 100,000 and 1,000,000 records for the first 20.
func BenchmarkFindAmong(b *testing.B) {
	queries := []struct {
		name string
		q    workflow.Query
	}{
		{"one assignee by id", workflow.Query{Where: []workflow.Condition{workflow.Is("assignee", workflow.IntKey(7))}}},
		{"one assignee by opening", workflow.Query{OrderBy: "opened", Where: []workflow.Condition{workflow.Is("assignee", workflow.IntKey(7))}}},
		{"a state, newest first", workflow.Query{OrderBy: "opened", Desc: true, Where: []workflow.Condition{workflow.Is("state", "s2")}}},
		{"opened in one hour", workflow.Query{OrderBy: "opened", Where: []workflow.Condition{
			workflow.Between("opened", workflow.TimeKey(start.Add(10*time.Hour)), workflow.TimeKey(start.Add(11*time.Hour)))}}},
		{"nobody's", workflow.Query{OrderBy: "opened", Where: []workflow.Condition{workflow.Is("assignee", "nobody"), workflow.Is("state", "s1")}}},
	}
	for _, n := range []int{100_000, 1_000_000} {
		s := tickets(b, workflow.SeededIDs(1), n)
		for _, x := range queries {
			x.q.Kind, x.q.Limit = "ticket", 20
			ask := func(b *testing.B) {
				for _, err := range s.Find(ctx, x.q) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			ask(b) // the first query by a field builds the set it walks
			b.Run(fmt.Sprintf("%d/%s", n, x.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					ask(b)
				}
			})
		}
	}
}

// BenchmarkClaimAmong claims among timers of which none, or ten, are due.
func BenchmarkClaimAmong(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		s, ids := memstore.New(), workflow.SeededIDs(1)
		for i := 0; i < n; {
			batch := workflow.Batch{ID: ids.NewID(start)}
			for ; i < n && len(batch.Timers) < workflow.MaxBatch; i++ {
				ref := workflow.Ref{Kind: "ticket", ID: ids.NewID(start)}
				batch.Timers = append(batch.Timers, workflow.Timer{Ref: ref, Name: "breach", Due: start.Add(time.Duration(i/10) * time.Minute)})
			}
			if err := s.Commit(ctx, batch); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("%d/none due", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if due, err := s.Claim(ctx, start.Add(-time.Minute), 100, time.Minute); err != nil || len(due) > 0 {
					b.Fatal(len(due), err)
				}
			}
		})
		b.Run(fmt.Sprintf("%d/ten due", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				due, err := s.Claim(ctx, start, 100, time.Minute)
				if err != nil || len(due) != 10 {
					b.Fatal(len(due), err)
				}
				var ends []workflow.Settlement
				for _, d := range due {
					ends = append(ends, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Retry, RetryAt: start})
				}
				if err := s.Settle(ctx, ends...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
