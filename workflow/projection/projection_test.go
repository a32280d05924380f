package projection_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/projection"
)

func (s *shop) counting(store workflow.Store, db *database, table string, batch int, kinds ...string) *projection.Projection[*tx] {
	p, err := projection.New(store, db, projection.Config[*tx]{Name: table, Kinds: kinds, Batch: batch, Apply: projection.Each(count(table)),
		Clear: func(_ context.Context, t *tx) error { delete(t.tables, table); return nil }})
	require.NoError(s.t, err)
	return p
}

// rows keeps one row for each ticket.
func (s *shop) rows(store workflow.Store, db *database, table string, batch int) *projection.Projection[*tx] {
	put := func(_ context.Context, t *tx, rec *ticket) error {
		return t.set(table, rec.ID.String(), fmt.Sprint(rec.State, rec.Priority))
	}
	drop := func(_ context.Context, t *tx, ref workflow.Ref) error {
		delete(t.tables[table], ref.ID.String())
		return nil
	}
	p, err := projection.New(store, db, projection.Config[*tx]{Name: table, Batch: batch, Apply: projection.Latest(store, s.kinds["ticket"], put, drop)})
	require.NoError(s.t, err)
	return p
}

func busyShop(t testing.TB) *shop {
	s := newShop(t)
	for i := range 6 {
		s.open([]string{"ticket", "task"}[i%2])
		s.move(i/2, "active")
	}
	s.move(0, "closed")
	return s
}

func TestEveryEventHasItsEffectOnce(t *testing.T) {
	s := busyShop(t)
	db := newDatabase()
	p := s.counting(s.store, db, "counts", 4)
	lag, err := p.Lag(t.Context(), 5)
	require.NoError(t, err)
	require.Equal(t, projection.Lag{Events: 5, More: true, Since: start}, lag)
	var steps []int
	for {
		n, err := p.Step(t.Context())
		require.NoError(t, err)
		if n == 0 {
			break
		}
		steps = append(steps, n)
	}
	require.Equal(t, []int{4, 4, 4, 1}, steps, "batches are bounded")
	require.Len(t, db.tables["counts"], 6)
	require.Equal(t, "4", db.tables["counts"][s.ids[0].String()])
	lag, err = p.Lag(t.Context(), 5)
	require.NoError(t, err)
	require.Zero(t, lag)
	s.move(1, "closed")
	n, err := p.CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoError(t, p.Reset(t.Context()))
	require.Empty(t, db.tables["counts"])
	n, err = p.CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, 14, n)
}

func TestOtherKindsAreGonePastOnce(t *testing.T) {
	s := busyShop(t)
	db := newDatabase()
	p := s.counting(s.store, db, "tasks", 3, "task")
	n, err := p.CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, 13, n)
	require.Len(t, db.tables["tasks"], 3)
	n, err = p.CatchUp(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

// The power goes out at every call of the host's database, before a commit and after it
// too, and at every call of the store; a new program goes on each time.
func TestACrashAtAnyStepIsMadeGood(t *testing.T) {
	ctx := context.Background()
	s := busyShop(t)
	want := newDatabase()
	_, err := s.counting(s.store, want, "counts", 3).CatchUp(ctx)
	require.NoError(t, err)
	_, err = s.rows(s.store, want, "rows", 3).CatchUp(ctx)
	require.NoError(t, err)
	run := func(store workflow.Store, db *database) error {
		_, first := s.counting(store, db, "counts", 3).CatchUp(ctx)
		_, second := s.rows(store, db, "rows", 3).CatchUp(ctx)
		return errors.Join(first, second)
	}
	struck := 0
	for fail := 1; ; fail++ {
		db := newDatabase()
		db.fail = fail
		if err := run(s.store, db); err == nil {
			break
		}
		struck++
		require.NoError(t, run(s.store, db), "call %d", fail)
		require.Equal(t, want.tables, db.tables, "call %d", fail)
		require.Equal(t, want.positions, db.positions)
	}
	require.Greater(t, struck, 60)

	var db *database
	calls, err := faultstore.Drive(func() workflow.Store { db = newDatabase(); return s.store },
		func(f *faultstore.Store) error { return run(f, db) },
		func(r faultstore.Run) error {
			if err := run(r.Plain, db); err != nil {
				return err
			}
			if fmt.Sprint(db.tables) != fmt.Sprint(want.tables) {
				return fmt.Errorf("%v, want %v", db.tables, want.tables)
			}
			return nil
		})
	require.NoError(t, err)
	require.Greater(t, calls, 10)
}

func TestATableKeptUpToDateIsTheSameAsOneBuiltAnew(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 5))
		s, db := newShop(t), newDatabase()
		counts, rows := s.counting(s.store, db, "counts", 1+r.IntN(7)), s.rows(s.store, db, "rows", 1+r.IntN(7))
		for range 120 {
			switch n := r.IntN(10); {
			case n < 2 || len(s.ids) == 0:
				s.open([]string{"ticket", "task"}[r.IntN(2)])
			case n < 6:
				s.move(r.IntN(len(s.ids)), []string{"new", "active", "closed"}[r.IntN(3)])
			case n < 8:
				_, err := counts.Step(t.Context())
				require.NoError(t, err)
			default:
				_, err := rows.Step(t.Context())
				require.NoError(t, err)
			}
		}
		for _, p := range []*projection.Projection[*tx]{counts, rows} {
			_, err := p.CatchUp(t.Context())
			require.NoError(t, err)
		}
		anew := newDatabase()
		_, err := s.counting(s.store, anew, "counts", 50).CatchUp(t.Context())
		require.NoError(t, err)
		_, err = s.rows(s.store, anew, "rows", 1).CatchUp(t.Context())
		require.NoError(t, err)
		require.Equal(t, anew.tables, db.tables, "seed %d", seed)
	}
}

func TestARecordErasedBeforeItsEventsAreReadIsDropped(t *testing.T) {
	s, db := busyShop(t), newDatabase()
	p := s.rows(s.store, db, "rows", 2)
	_, err := p.CatchUp(t.Context())
	require.NoError(t, err)
	require.Len(t, db.tables["rows"], 3)
	s.move(0, "closed")
	// The record goes while its last event is being read.
	doc, err := s.store.Get(t.Context(), s.ids[0])
	require.NoError(t, err)
	events, err := workflow.History(t.Context(), s.store, s.ids[0])
	require.NoError(t, err)
	require.NoError(t, s.store.Erase(t.Context(), workflow.Erasure{Ref: doc.Ref, Version: doc.Version}))
	drop := projection.Latest(s.store, s.kinds["ticket"], func(context.Context, *tx, *ticket) error { return errors.New("there is none") },
		func(_ context.Context, t *tx, ref workflow.Ref) error {
			delete(t.tables["rows"], ref.ID.String())
			return nil
		})
	require.NoError(t, db.InTx(t.Context(), func(x *tx) error { return drop(t.Context(), x, events) }))
	require.Len(t, db.tables["rows"], 2)
}

func TestManyProgramsShareOneProjection(t *testing.T) {
	s, db := busyShop(t), newDatabase()
	for range 40 {
		s.move(1, "active")
	}
	var all sync.WaitGroup
	errs := make(chan error, 8)
	for range 8 {
		all.Go(func() {
			_, err := s.counting(s.store, db, "counts", 2).CatchUp(context.Background())
			errs <- err
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	want := newDatabase()
	_, err := s.counting(s.store, want, "counts", 100).CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, want.tables, db.tables)
}

func TestEventsOfAnOldLayoutAreBroughtUpToDate(t *testing.T) {
	s, db := busyShop(t), newDatabase()
	paths := map[string]bool{}
	cfg := projection.Config[*tx]{Name: "paths",
		Upcast: func(e workflow.Event) (workflow.Event, error) {
			for i := range e.Changes {
				if e.Changes[i].Path == "/priority" {
					e.Changes[i].Path = "/rank"
				}
			}
			return e, nil
		},
		Apply: projection.Each(func(_ context.Context, _ *tx, e workflow.Event) error {
			for _, c := range e.Changes {
				paths[c.Path] = true
			}
			return nil
		})}
	p, err := projection.New(s.store, db, cfg)
	require.NoError(t, err)
	_, err = p.CatchUp(t.Context())
	require.NoError(t, err)
	require.True(t, paths["/rank"])
	require.False(t, paths["/priority"])
	cfg.Name, cfg.Upcast = "bad", func(e workflow.Event) (workflow.Event, error) { return e, errors.New("from the future") }
	p, err = projection.New(s.store, db, cfg)
	require.NoError(t, err)
	_, err = p.CatchUp(t.Context())
	require.ErrorContains(t, err, "from the future")
	require.Empty(t, db.positions["bad"])
}

func TestATableIsReplacedWhenTheOtherHasCaughtUp(t *testing.T) {
	ctx := t.Context()
	for fail := 0; ; fail++ {
		s, db := busyShop(t), newDatabase()
		old, fresh := s.counting(s.store, db, "counts/1", 2), s.rows(s.store, db, "rows/2", 2)
		_, err := old.CatchUp(ctx)
		require.NoError(t, err)
		s.move(2, "closed") // old is behind; or fresh, while it is built
		swap := func(_ context.Context, t *tx) error { return t.set("in use", "tickets", "rows/2") }
		db.calls, db.fail = 0, fail
		err = projection.Replace(ctx, old, fresh, swap)
		db.fail = 0
		if fail > 0 && err == nil {
			require.Greater(t, fail, 20)
			return
		}
		if fail > 0 {
			require.ErrorIs(t, err, errCrash)
			err = projection.Replace(ctx, old, fresh, swap)
		}
		require.NoError(t, err, "call %d", fail)
		require.Equal(t, "rows/2", db.tables["in use"]["tickets"])
		require.Len(t, db.tables["rows/2"], 3)
	}
}

// restless is a feed in which, whenever its end was seen, something has just come.
type restless struct {
	workflow.Store
	s   *shop
	end bool
}

func (r *restless) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	if r.end {
		r.s.move(0, "active")
	}
	return func(yield func(workflow.Event, error) bool) {
		r.end = true
		for e, err := range r.Store.Events(ctx, after, f) {
			r.end = false
			if !yield(e, err) {
				return
			}
		}
	}
}

func TestReplaceGivesUpWhenItIsAlwaysOvertaken(t *testing.T) {
	s, db := busyShop(t), newDatabase()
	swaps := 0
	swap := func(context.Context, *tx) error { swaps++; return nil }
	old := s.counting(s.store, db, "a", 10)
	err := projection.Replace(t.Context(), old, s.counting(&restless{Store: s.store, s: s}, db, "b", 10), swap)
	require.ErrorIs(t, err, workflow.ErrConflict)
	require.Zero(t, swaps)
	require.NoError(t, projection.Replace(t.Context(), old, s.counting(s.store, db, "b", 10), swap))
	require.Equal(t, 1, swaps, "fresh is at the end, and old has not even begun")
}

func TestAProjectionIsCheckedWhole(t *testing.T) {
	_, err := projection.New[*tx](nil, nil, projection.Config[*tx]{Batch: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"store", "name", "batch", "Apply"} {
		require.ErrorContains(t, err, part)
	}
	s, db := newShop(t), newDatabase()
	db.positions["x"] = "never minted"
	_, err = s.counting(s.store, db, "x", 1).Step(t.Context())
	require.ErrorIs(t, err, workflow.ErrInvalid, "a position of another feed: start anew with Reset")
}
