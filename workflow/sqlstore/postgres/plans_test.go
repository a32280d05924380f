package postgres_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// planner collects the plan of every statement that sessions execute, also inside
// functions, as PostgreSQL's auto_explain tells it.
type planner struct {
	mu    sync.Mutex
	plans []string
}

func (p *planner) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	plans := p.plans
	p.plans = nil
	return plans
}

// open opens the database so that the plans are told.
func (p *planner) open(t *testing.T, where, mode string) *postgres.DB {
	ctx := context.Background()
	cfg, err := pgxpool.ParseConfig(where)
	require.NoError(t, err)
	for name, value := range map[string]string{
		"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0",
		"auto_explain.log_nested_statements": "on", "auto_explain.log_level": "notice",
		"plan_cache_mode": mode,
	} {
		cfg.ConnConfig.RuntimeParams[name] = value
	}
	cfg.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.plans = append(p.plans, n.Message)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	db, err := postgres.New(ctx, pool, postgres.Config{})
	require.NoError(t, err)
	return db
}

// scanned is a table that is read from end to end.
var scanned = regexp.MustCompile(`Seq Scan on (records|entries|events|archive|timers|messages)\b`)

// TestEveryStatementUsesAnIndex does everything on a database of some size, with plans
// for the values at hand and with those for any values, between which PostgreSQL
// chooses, and reads the plans.
func TestEveryStatementUsesAnIndex(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	a := newAuthor(1)
	var refs []workflow.Ref
	var docs []workflow.Document
	fill := func(tenant string, batches int) {
		for i := range batches {
			b := workflow.Batch{ID: a.ids.NewID(monday)}
			for j := range 500 {
				n := int64(i*500 + j)
				index := []workflow.IndexEntry{{Field: "state", Key: workflow.IntKey(n % 3)}, {Field: "number", Key: workflow.IntKey(n)},
					{Field: "caller", Key: workflow.IntKey(n % 700)}, {Field: "ci", Key: workflow.IntKey(n)}, {Field: "ci", Key: workflow.IntKey(n + 1)}}
				if n%2 == 0 {
					index = append(index, workflow.IndexEntry{Field: "late", Key: workflow.IntKey(n)})
				}
				ref := a.ref([]string{"ticket", "ticket", "change"}[j%3])
				b.Writes = append(b.Writes, a.write(b.ID, ref, "x", index...))
				b.Timers = append(b.Timers, workflow.Timer{Ref: ref, Name: "t", Due: monday.Add(time.Duration(n) * time.Hour)})
				if n%20 == 0 {
					b.Messages = append(b.Messages, workflow.Message{ID: a.ids.NewID(monday), Ref: ref, Topic: "x", At: monday})
				}
				if ref.Kind == "ticket" {
					refs, docs = append(refs, ref), append(docs, b.Writes[j].Document)
				}
			}
			require.NoError(t, db.Tenant(tenant).Commit(ctx, b))
		}
	}
	fill("umbrella", 6)
	moved, err := db.Tenant("umbrella").Archive(ctx, monday.Add(time.Hour))
	require.NoError(t, err)
	require.Positive(t, moved)
	refs, docs = nil, nil
	fill("acme", 12)
	_, err = db.Pool().Exec(ctx, "ANALYZE")
	require.NoError(t, err)
	p := &planner{}
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		db := p.open(t, where, mode)
		for name, f := range everything(db, a, refs, docs) {
			t.Run(mode+"/"+name, func(t *testing.T) {
				for i := range 8 {
					require.NoError(t, f(i))
				}
				plans := p.take()
				require.GreaterOrEqual(t, len(plans), 8)
				for _, plan := range plans {
					if scanned.MatchString(plan) {
						t.Fatal(plan)
					}
					if strings.Contains(plan, "on entries x") && !strings.Contains(plan, "SubPlan") {
						t.Fatalf("another condition leads:\n%s", plan)
					}
				}
			})
		}
		_, err = db.Pool().Exec(ctx, "SELECT count(body) FROM itsm.records")
		require.NoError(t, err)
		require.Regexp(t, scanned, strings.Join(p.take(), "\n"), "the test would see it")
	}
}

// everything is what a store does, by name; each is done several times.
func everything(db *postgres.DB, a *author, refs []workflow.Ref, docs []workflow.Document) map[string]func(i int) error {
	ctx := context.Background()
	s := db.Tenant("acme")

	open, one := workflow.Is("state", workflow.IntKey(1)), workflow.Is("caller", workflow.IntKey(7))
	queries := map[string]workflow.Query{
		"all":                    {},
		"equality":               {Where: []workflow.Condition{open}},
		"equality, few":          {Where: []workflow.Condition{one}},
		"equality, two":          {Where: []workflow.Condition{open, one}},
		"in a list":              {Where: []workflow.Condition{workflow.In("state", workflow.IntKey(1), workflow.IntKey(2))}},
		"range":                  {Where: []workflow.Condition{workflow.Between("number", workflow.IntKey(10), workflow.IntKey(5000))}},
		"prefix":                 {Where: []workflow.Condition{workflow.HasPrefix("number", workflow.IntKey(10)[:8])}},
		"order":                  {OrderBy: "number"},
		"order, none has it":     {OrderBy: "none"},
		"order, some without":    {OrderBy: "late"},
		"order, several keys":    {OrderBy: "ci"},
		"order of a range":       {OrderBy: "number", Where: []workflow.Condition{workflow.AtLeast("number", workflow.IntKey(2))}},
		"order and equality":     {OrderBy: "number", Where: []workflow.Condition{open}},
		"order and few":          {OrderBy: "number", Where: []workflow.Condition{one}},
		"order of the same":      {OrderBy: "state", Where: []workflow.Condition{open}},
		"order of another range": {OrderBy: "number", Where: []workflow.Condition{workflow.AtLeast("ci", workflow.IntKey(2))}},
	}
	do := map[string]func(i int) error{
		"get": func(i int) error { _, err := s.Get(ctx, refs[i]); return err },
		"history": func(i int) error {
			_, err := workflow.History(ctx, s, refs[i])
			return err
		},
		"feed": func(i int) error {
			n := 0
			for _, err := range s.Events(ctx, "", workflow.Filter{}) {
				if n++; err != nil || n > 450 {
					return err
				}
			}
			return nil
		},
		"feed of kinds": func(i int) error {
			n := 0
			for _, err := range s.Events(ctx, "", workflow.Filter{Kinds: []string{"change"}}) {
				if n++; err != nil || n > 250 {
					return err
				}
			}
			return nil
		},
		"feed of a batch": func(i int) error {
			for _, err := range s.Events(ctx, "", workflow.Filter{Batch: a.ids.NewID(monday)}) {
				return err
			}
			return nil
		},
		"commit": func(i int) error { return s.Commit(ctx, a.step(refs[i])) },
		"redact": func(i int) error {
			r := workflow.Redaction{Ref: refs[i], Values: []workflow.Removal{{Event: 1, At: "/note", As: json.RawMessage(`"x"`)}}}
			if err := s.Redact(ctx, r); !errors.Is(err, workflow.ErrInvalid) { // it has no salt
				return fmt.Errorf("redacted: %w", err)
			}
			return nil
		},
		"erase": func(i int) error {
			doc := docs[len(docs)-1-i]
			doc, err := s.Get(ctx, doc.Ref)
			if errors.Is(err, workflow.ErrNotFound) { // by the plans before
				return nil
			}
			return errors.Join(err, s.Erase(ctx, workflow.Erasure{Ref: doc.Ref, Version: doc.Version}))
		},
		"backlog": func(i int) error {
			n := 0
			for _, err := range s.Backlog(ctx) {
				if n++; err != nil || n > 450 {
					return err
				}
			}
			return nil
		},
		"commit of several": func(i int) error {
			b := pairBatch(a, refs[2*i+50], refs[2*i+51])
			b.Timers = append(b.Timers, workflow.Timer{Ref: refs[i+100], Name: "other", Due: monday})
			return s.Commit(ctx, b)
		},
		"claim and settle": func(i int) error {
			now := monday.Add(time.Duration(i) * time.Hour)
			due, err := s.Claim(ctx, now, 10, time.Minute)
			for j, d := range due {
				x := workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done + workflow.Outcome(j%3), RetryAt: now}
				err = errors.Join(err, s.Settle(ctx, x))
			}
			return err
		},
		"leases that ended": func(i int) error {
			_, err := s.Claim(ctx, monday.Add(time.Duration(100+i)*time.Hour), 10, time.Nanosecond)
			return err
		},
		"parked": func(i int) error {
			for d, err := range s.Parked(ctx) {
				return errors.Join(err, s.Revive(ctx, monday.Add(1000*time.Hour), d.Receipt))
			}
			return nil
		},
		"archive": func(i int) error {
			_, err := db.Tenant("umbrella").Archive(ctx, monday)
			return err
		},
	}
	for name, q := range queries {
		q.Kind = "ticket"
		do["find: "+name] = func(i int) error {
			q.Desc, q.After = i%2 == 0, ""
			if i%4 > 1 {
				q.After = q.CursorAt(docs[i])
			}
			postgres.CollectFew(db, []int{2, 2000}[i/4%2])
			n := 0
			for _, err := range s.Find(ctx, q) {
				if n++; err != nil || n > 250 {
					return err
				}
			}
			return nil
		}
	}
	return do
}

// BenchmarkClaim claims 100 that are due where 10,000 and where 1,000,000 others are
// pending, by turns, and prints the median of each and what the more cost.
func BenchmarkClaim(b *testing.B) {
	ctx := context.Background()
	sizes := []int{10_000, 1_000_000}
	var stores []*postgres.Store
	var dbs []*postgres.DB
	for _, n := range sizes {
		db := openFresh(b, postgres.Config{})
		a := newAuthor(1)
		batch := messageBatch(a, a.ref("ticket"))
		batch.Messages = nil
		require.NoError(b, db.Tenant("acme").Commit(ctx, batch))
		bulkTimers(b, db, n, "1 year")
		_, err := db.Pool().Exec(ctx, "VACUUM ANALYZE")
		require.NoError(b, err)
		dbs, stores = append(dbs, db), append(stores, db.Tenant("acme"))
	}
	times := make([][]time.Duration, len(sizes))
	for b.Loop() {
		for i, s := range stores {
			bulkTimers(b, dbs[i], 100, "0")
			start := time.Now()
			due, err := s.Claim(ctx, monday, 100, time.Minute)
			times[i] = append(times[i], time.Since(start))
			require.NoError(b, err)
			require.Len(b, due, 100)
			var done []workflow.Settlement
			for _, d := range due {
				done = append(done, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done})
			}
			require.NoError(b, s.Settle(ctx, done...))
		}
	}
	for i, n := range sizes {
		b.ReportMetric(float64(median(times[i]))/1e3, fmt.Sprintf("us-at-%d", n))
	}
	b.ReportMetric(float64(median(times[1]))/float64(median(times[0])), "ratio")
	b.ReportMetric(0, "ns/op")
}

// bulkTimers sets timers of new records, due a while after monday.
func bulkTimers(b *testing.B, db *postgres.DB, n int, after string) {
	_, err := db.Pool().Exec(context.Background(), `WITH r AS (
	INSERT INTO itsm.records (tenant, kind, id, version) SELECT 1, 1, gen_random_uuid(), 0 FROM generate_series(1, $1) RETURNING id)
INSERT INTO itsm.timers (kind, id, name, tenant, due, ready, lane)
SELECT 1, id, 't', 1, $2::timestamptz + $3::interval + random() * interval '1 s', $2::timestamptz, 1 FROM r`, n, monday.Add(-time.Second), after)
	require.NoError(b, err)
}
