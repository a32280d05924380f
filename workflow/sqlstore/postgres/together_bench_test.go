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

// BenchmarkTogether prints how many commits a second many callers reach, together and
// each alone, with notices to those that listen, and by hand-written SQL for the same
// rows over as many connections. They take short turns in one run; the median turn
// counts.
func BenchmarkTogether(b *testing.B) {
	for _, n := range []struct{ callers, connections int }{{1, 16}, {16, 16}, {64, 16}, {256, 16}, {16, 4}, {256, 4}} {
		b.Run(fmt.Sprintf("%d callers/%d connections", n.callers, n.connections), func(b *testing.B) {
			benchmarkTogether(b, n.callers, n.connections)
		})
	}
}

func benchmarkTogether(b *testing.B, callers, connections int) {
	ctx := context.Background()
	limit := fmt.Sprintf("&pool_max_conns=%d", connections)
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
	ways["together"] = func() time.Duration { postgres.Together(db, postgres.Lanes, postgres.Group); return ours.turn(commit) }
	ways["notifying"] = func() time.Duration {
		postgres.Notify(db, true)
		defer postgres.Notify(db, false)
		return ways["together"]()
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

// BenchmarkRowSecurity prints what row security costs: a commit of the desk's load, and
// reading a record, of one caller.
func BenchmarkRowSecurity(b *testing.B) {
	ctx := context.Background()
	owner, app, _ := openSecure(b, freshDatabase(b), "itsm")
	defer owner.Close()
	defer app.Close()
	names := []string{"open", "secure"}
	stores := []*postgres.Store{owner.Tenant("acme"), app.Tenant("umbrella")}
	all := []desks{newDesks(1), newDesks(1)}
	commits, reads := make([][]time.Duration, 2), make([][]time.Duration, 2)
	for b.Loop() {
		for i, s := range stores {
			commits[i] = append(commits[i], all[i].turn(func(j job) {
				if err := s.Commit(ctx, j.batch); err != nil {
					b.Error(err)
				}
			}))
			start := time.Now()
			for _, ref := range all[i][0].refs {
				if _, err := s.Get(ctx, ref); err != nil {
					b.Error(err)
				}
			}
			reads[i] = append(reads[i], time.Since(start)/time.Duration(len(all[i][0].refs)))
		}
	}
	for i, name := range names {
		b.ReportMetric(float64(median(commits[i]))/1e3, name+"-commit-us")
		b.ReportMetric(float64(median(reads[i]))/1e3, name+"-get-us")
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkSize prints how many bytes on disk, indexes included, each row takes that the
// desk's load leaves: 4,000 records, each changed five times.
func BenchmarkSize(b *testing.B) {
	ctx := context.Background()
	for b.Loop() {
		db := openFresh(b, postgres.Config{})
		s := db.Tenant("acme")
		load := newDesks(500)
		for range 6 {
			load.turn(func(j job) {
				if err := s.Commit(ctx, j.batch); err != nil {
					b.Error(err)
				}
			})
		}
		_, err := db.Pool().Exec(ctx, "VACUUM ANALYZE")
		require.NoError(b, err)
		for _, table := range []string{"records", "entries", "events", "batches", "timers", "messages"} {
			var size, rows float64
			require.NoError(b, db.Pool().QueryRow(ctx, "SELECT pg_total_relation_size('itsm."+table+"'), (SELECT count(*) FROM itsm."+table+")").Scan(&size, &rows))
			b.ReportMetric(size/rows, "B/"+table)
			b.ReportMetric(rows, table)
		}
	}
	b.ReportMetric(0, "ns/op")
}
