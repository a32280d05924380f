package sqlstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// BenchmarkTogether lets several callers commit, each waiting for its own flush,
// and prints the tickets per second beside those of the same callers when every
// commit has a transaction of its own. Both take turns in the same run, and the
// ratio is that of the median turns. The vs-one is against a single caller whose
// commits go one by one.
func BenchmarkTogether(b *testing.B) {
	for _, load := range []struct {
		name string
		next func(*author, *rand.Rand, workflow.Ref) workflow.Batch
	}{{"ticket", ticketBatch}, {"desk", deskBatch}} {
		for _, callers := range []int{1, 16, 64, 256} {
			b.Run(fmt.Sprintf("%s/%d", load.name, callers), func(b *testing.B) { benchmarkTogether(b, callers, load.next) })
		}
	}
}

// ticketBatch is the record, its index and its event.
func ticketBatch(a *author, r *rand.Rand, ref workflow.Ref) workflow.Batch {
	batch := deskBatch(a, r, ref)
	batch.Timers, batch.Messages = nil, nil
	return batch
}

func benchmarkTogether(b *testing.B, callers int, next func(*author, *rand.Rand, workflow.Ref) workflow.Batch) {
	one, company := newCrowd(b, callers, 1, next), newCrowd(b, callers, 0, next)
	alone := newCrowd(b, 1, 1, next)
	var rates [3][]float64
	const turn = 1024
	for done := 0; done < b.N; done += turn {
		for i, c := range []*crowd{alone, one, company} {
			commits := turn
			if i < 2 {
				commits = min(turn, 256)
			}
			rates[i] = append(rates[i], c.commit(b, commits))
		}
	}
	for _, r := range rates {
		slices.Sort(r)
	}
	middle := len(rates[0]) / 2
	b.ReportMetric(rates[2][middle], "tickets/s")
	b.ReportMetric(rates[1][middle], "one-by-one/s")
	b.ReportMetric(rates[2][middle]/rates[1][middle], "ratio")
	b.ReportMetric(rates[2][middle]/rates[0][middle], "vs-one")
	b.ReportMetric(0, "ns/op")
}

// crowd is a number of callers on a database of their own.
type crowd struct {
	s       *sqlstore.Store
	authors []*author
	refs    [][]workflow.Ref
	r       *rand.Rand
	next    func(*author, *rand.Rand, workflow.Ref) workflow.Batch
}

func newCrowd(b *testing.B, callers, together int, next func(*author, *rand.Rand, workflow.Ref) workflow.Batch) *crowd {
	ctx := context.Background()
	db, _ := openFile(b, sqlstore.Config{Together: together})
	c := &crowd{s: db.Tenant("acme"), r: rand.New(rand.NewPCG(1, uint64(callers))), next: next}
	load, err := db.Bulk(ctx)
	require.NoError(b, err)
	for i := range callers {
		a := newAuthor(uint64(i))
		var refs []workflow.Ref
		for range benchRecords / callers {
			refs = append(refs, a.ref("incident"))
			require.NoError(b, load.Tenant("acme").Commit(ctx, next(a, c.r, refs[len(refs)-1])))
		}
		c.authors, c.refs = append(c.authors, a), append(c.refs, refs)
	}
	require.NoError(b, load.Close())
	return c
}

// commit returns how many commits a second the callers reach together. The
// batches are made before.
func (c *crowd) commit(b *testing.B, commits int) float64 {
	ctx := context.Background()
	work := make([][]workflow.Batch, len(c.authors))
	for i := range commits {
		n := i % len(work)
		work[n] = append(work[n], c.next(c.authors[n], c.r, c.refs[n][c.r.IntN(len(c.refs[n]))]))
	}
	var callers sync.WaitGroup
	var failed atomic.Bool
	start := time.Now()
	for _, batches := range work {
		callers.Go(func() {
			for _, batch := range batches {
				if err := c.s.Commit(ctx, batch); err != nil {
					b.Error(err)
					failed.Store(true)
					return
				}
			}
		})
	}
	callers.Wait()
	took := time.Since(start)
	if failed.Load() {
		b.FailNow()
	}
	return float64(commits) / took.Seconds()
}
