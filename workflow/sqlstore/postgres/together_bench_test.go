package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// benchConns is how many connections the store's pool has, and the other's.
const benchConns = 16

// BenchmarkTogether prints how many commits a second many callers reach, together and
// each alone, and by hand-written SQL for the same rows over as many connections. They
// take short turns in one run; the median turn counts.
func BenchmarkTogether(b *testing.B) {
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("%d callers", callers), func(b *testing.B) { benchmarkTogether(b, callers) })
	}
}

func benchmarkTogether(b *testing.B, callers int) {
	ctx := context.Background()
	limit := fmt.Sprintf("&pool_max_conns=%d", benchConns)
	db, err := postgres.Open(ctx, freshDatabase(b)+limit, postgres.Config{})
	require.NoError(b, err)
	defer db.Close()
	pool, err := pgxpool.New(ctx, handDatabase(b)+limit)
	require.NoError(b, err)
	defer pool.Close()

	s := db.Tenant("acme")
	commit := func(j job) {
		if err := s.Commit(ctx, j.batch); err != nil {
			b.Error(err)
		}
	}
	ours, theirs := newDesks(callers), newDesks(callers)
	ours.turn(commit)
	theirs.turn(func(j job) { (&hand{pool}).insert(b, j.batch) })
	ways := map[string]func() time.Duration{
		"alone": func() time.Duration { postgres.Together(db, 0, 0); return ours.turn(commit) },
		"hand": func() time.Duration {
			return theirs.turn(func(j job) {
				conn, err := pool.Acquire(ctx)
				if err != nil {
					b.Error(err)
					return
				}
				defer conn.Release()
				(&hand{conn}).update(b, j.batch, j.old)
			})
		},
	}
	for _, t := range togetherVariants {
		ways[t.name] = func() time.Duration { postgres.Together(db, t.lanes, t.group); return ours.turn(commit) }
	}
	times := map[string][]time.Duration{}
	for b.Loop() {
		for name, way := range ways {
			times[name] = append(times[name], way())
		}
	}
	for name, list := range times {
		b.ReportMetric(1e9/float64(median(list)), name+"/s")
	}
	b.ReportMetric(0, "ns/op")
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// togetherVariants are what is compared with going alone.
var togetherVariants = []struct {
	name         string
	lanes, group int
}{{"together", 4, 32}}

// desks are callers with records of their own.
type desks []*caller

type caller struct {
	a    *author
	r    *rand.Rand
	refs []workflow.Ref
}

// job is a batch, and the record before it.
type job struct {
	batch workflow.Batch
	old   workflow.Document
}

func newDesks(callers int) desks {
	all := make(desks, callers)
	for i := range all {
		c := &caller{a: newAuthor(uint64(i)), r: rand.New(rand.NewPCG(1, uint64(i)))}
		for range 8 {
			c.refs = append(c.refs, c.a.ref("incident"))
		}
		all[i] = c
	}
	return all
}

// turn lets every caller change each of its records once, one after the other, and
// returns the time that a change took on average, of the whole.
func (all desks) turn(do func(job)) time.Duration {
	jobs, n := make([][]job, len(all)), 0
	for i, c := range all {
		for _, ref := range c.refs {
			old := c.a.last[ref]
			jobs[i] = append(jobs[i], job{c.a.deskBatch(c.r, ref), old})
			n++
		}
	}
	var group sync.WaitGroup
	start := time.Now()
	for _, mine := range jobs {
		group.Go(func() {
			for _, j := range mine {
				do(j)
			}
		})
	}
	group.Wait()
	return time.Since(start) / time.Duration(n)
}
