package sqlstore_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// The load of a service desk: a record of about 1.4 kB with six index entries,
// of which a command changes one or two, an event of about 700 bytes, one to
// four timers set anew and up to two messages.
const benchRecords = 2000

var benchText = strings.Repeat("The printer on the third floor does not print. ", 25)

func deskBatch(a *author, r *rand.Rand, ref workflow.Ref) workflow.Batch {
	n := int(a.last[ref].Version)
	b := workflow.Batch{ID: a.ids.NewID(monday.Add(time.Duration(r.IntN(1000)) * time.Millisecond))}
	b.Writes = []workflow.Write{a.write(b.ID, ref,
		map[string]any{"title": "Mail is down", "text": benchText, "state": n % 5, "priority": n % 3, "step": n, "group": ref.ID},
		workflow.IndexEntry{Field: "state", Key: workflow.IntKey(int64(n % 5))},
		workflow.IndexEntry{Field: "number", Key: workflow.IDKey(ref.ID)},
		workflow.IndexEntry{Field: "priority", Key: workflow.IntKey(int64(n / 2 % 3))},
		workflow.IndexEntry{Field: "group", Key: workflow.StringKey("service desk")},
		workflow.IndexEntry{Field: "caller", Key: workflow.StringKey(ref.ID.String()[30:])},
		workflow.IndexEntry{Field: "opened", Key: workflow.TimeKey(monday)})}
	for i := range 1 + r.IntN(4) {
		b.Timers = append(b.Timers, workflow.Timer{Ref: ref, Name: []string{"sla/response", "sla/resolution", "autoclose", "sla/warn"}[i],
			Due: monday.Add(time.Duration(n*10+r.IntN(10000)) * time.Second), Payload: []byte(`{"clock":"resolution"}`)})
	}
	for range r.IntN(3) {
		b.Messages = append(b.Messages, workflow.Message{ID: a.ids.NewID(monday), Ref: ref, Topic: "notify", At: monday, Payload: []byte(`{"to":"ann","what":"assigned"}`)})
	}
	return b
}

func deskRecords() (*author, *rand.Rand, []workflow.Ref) {
	a, r := newAuthor(1), rand.New(rand.NewPCG(1, 1))
	refs := make([]workflow.Ref, benchRecords)
	for i := range refs {
		refs[i] = a.ref("incident")
	}
	return a, r, refs
}

var durabilities = map[string]sqlstore.Durability{"full": sqlstore.Full, "relaxed": sqlstore.Relaxed}

// BenchmarkCommit prints the throughput of one command a commit as a share of that of
// hand-written SQL on the same driver. Both take short turns in the same run, and the
// median turn is reported beside the first decile, which shows more of the code and
// less of what else the machine does. "same rows" is a service desk's command beside
// statements for the very rows that it writes, in one transaction; "no work" is the
// same without timers and messages; "bare" is that beside the record and its event
// alone, with nothing to find the record by.
func BenchmarkCommit(b *testing.B) {
	for name, d := range durabilities {
		b.Run(name+"/same rows", func(b *testing.B) { benchmarkCommit(b, d, deskBatch, (*hand).update) })
		b.Run(name+"/no work", func(b *testing.B) { benchmarkCommit(b, d, ticketBatch, (*hand).update) })
		b.Run(name+"/bare", func(b *testing.B) { benchmarkCommit(b, d, ticketBatch, (*hand).least) })
	}
}

type nextBatch = func(*author, *rand.Rand, workflow.Ref) workflow.Batch

func benchmarkCommit(b *testing.B, d sqlstore.Durability, next nextBatch, byHand func(*hand, *testing.B, workflow.Batch, workflow.Document)) {
	ctx := context.Background()
	db, _ := openFile(b, sqlstore.Config{Durability: d})
	s := db.Tenant("acme")
	hand := openHand(b, d)
	a, r, refs := deskRecords()
	for _, ref := range refs {
		batch := next(a, r, ref)
		require.NoError(b, s.Commit(ctx, batch))
		hand.insert(b, batch)
	}
	var ours, theirs []time.Duration
	const turn = 10
	for done := 0; done < b.N; done += turn {
		batches, old := make([]workflow.Batch, turn), make([]workflow.Document, turn)
		for i := range batches {
			ref := refs[r.IntN(len(refs))]
			old[i] = a.last[ref]
			batches[i] = next(a, r, ref)
		}
		start := time.Now()
		for i, batch := range batches {
			byHand(hand, b, batch, old[i])
		}
		theirs = append(theirs, time.Since(start)/turn)
		start = time.Now()
		for _, batch := range batches {
			if err := s.Commit(ctx, batch); err != nil {
				b.Fatal(err)
			}
		}
		ours = append(ours, time.Since(start)/turn)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	for name, at := range map[string]int{"quick": len(ours) / 10, "median": len(ours) / 2} {
		b.ReportMetric(float64(ours[at])/1e3, name+"-us")
		b.ReportMetric(float64(theirs[at])/1e3, name+"-hand-us")
		b.ReportMetric(float64(theirs[at])/float64(ours[at]), name+"-vs-hand")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBulk commits a hundred records at a time; one operation, and the
// time reported, is one record.
func BenchmarkBulk(b *testing.B) {
	ctx := context.Background()
	db, _ := openFile(b, sqlstore.Config{})
	a, r, refs := deskRecords()
	var took []time.Duration
	for done := 0; done < b.N; done += 100 {
		batch := workflow.Batch{ID: a.ids.NewID(monday)}
		for i := range 100 {
			w := rebatch(deskBatch(a, r, refs[(done+i)%len(refs)]).Writes[0], batch.ID)
			a.last[w.Document.Ref] = w.Document
			batch.Writes = append(batch.Writes, w)
		}
		start := time.Now()
		if err := db.Tenant("acme").Commit(ctx, batch); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start)/100)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/10])/1e3, "quick-us")
	b.ReportMetric(float64(took[len(took)/2])/1e3, "median-us")
	b.ReportMetric(0, "ns/op")
}
