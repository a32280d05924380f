package postgres_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/stretchr/testify/require"
)

func TestFeedWaitsForTransactionsThatBeganBefore(t *testing.T) {
	ctx := context.Background()
	db := openFresh(t, postgres.Config{Patience: -1})
	s, a := db.Tenant("acme"), newAuthor(1)
	early, late := a.ref("ticket"), a.ref("ticket")
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	require.NoError(t, s.WithTx(tx).Commit(ctx, a.step(early)))
	require.NoError(t, s.Commit(ctx, a.step(late)))
	require.Empty(t, all(t, s.Events(ctx, "", workflow.Filter{})), "an event may still come before the one that is there")
	require.Len(t, all(t, s.Events(ctx, "", workflow.Filter{Record: late})), 1, "the history of a record is complete at once")
	require.NoError(t, tx.Commit(ctx))
	require.Len(t, all(t, s.Events(ctx, "", workflow.Filter{})), 2)
}

// A host's transaction that began before another commit of the record, and joins it
// after, has the older transaction number.
func TestOlderTransactionDoesNotInvertARecordsEvents(t *testing.T) {
	ctx := context.Background()
	db := openFresh(t, postgres.Config{})
	_, err := db.Pool().Exec(ctx, "CREATE TABLE asset (ticket text)")
	require.NoError(t, err)
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "INSERT INTO asset VALUES ('takes a transaction number')")
	require.NoError(t, err)
	require.NoError(t, s.Commit(ctx, a.step(ref)), "another commit, with a later number")
	require.NoError(t, s.WithTx(tx).Commit(ctx, a.step(ref)))
	require.NoError(t, tx.Commit(ctx))
	var versions []int64
	for _, e := range all(t, s.Events(ctx, "", workflow.Filter{})) {
		versions = append(versions, e.Version)
	}
	require.Equal(t, []int64{1, 2, 3}, versions)
}

// TestFeedMissesNothingUnderJoinedTransactions lets hosts' transactions, short and
// long, and commits of their own write the same records, while a reader follows the
// feed without pause.
func TestFeedMissesNothingUnderJoinedTransactions(t *testing.T) {
	ctx := context.Background()
	db, err := postgres.Open(ctx, freshDatabase(t)+"&pool_max_conns=40", postgres.Config{Patience: -1})
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Pool().Exec(ctx, "CREATE TABLE asset (ticket text)")
	require.NoError(t, err)
	s := db.Tenant("acme")
	const writers, steps, records = 8, 60, 6
	var refs []workflow.Ref
	for range records {
		refs = append(refs, newAuthor(uint64(100+len(refs))).ref("ticket"))
	}
	var mu sync.Mutex // of what was committed
	committed := map[workflow.Hash]bool{}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			r := rand.New(rand.NewPCG(7, uint64(w)))
			a := newAuthor(uint64(w))
			for range steps {
				ref := refs[r.IntN(records)]
				joined := r.IntN(2) == 0
				store := s
				commit := func() error { return nil }
				if joined {
					tx, err := db.Begin(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					_, err = tx.Exec(ctx, "INSERT INTO asset VALUES ('x')")
					store, commit = s.WithTx(tx), func() error { return tx.Commit(ctx) }
					defer tx.Rollback(ctx)
					if err != nil {
						t.Error(err)
						return
					}
				}
				doc, err := s.Get(ctx, ref)
				if err != nil {
					doc = workflow.Document{}
				}
				a.last[ref] = doc
				b := a.step(ref)
				if err := store.Commit(ctx, b); err == nil && commit() == nil {
					mu.Lock()
					committed[b.Writes[0].Event.Hash] = true
					mu.Unlock()
				} else if joined {
					_ = commit() // of a transaction whose batch undid itself
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	var after workflow.Position
	seen, last := map[workflow.Hash]bool{}, map[workflow.Ref]int64{}
	read := func() {
		for e, err := range s.Events(ctx, after, workflow.Filter{}) {
			require.NoError(t, err)
			require.False(t, seen[e.Hash], "an event came twice")
			require.Equal(t, last[e.Ref]+1, e.Version, "events of one record come in order and none is left out")
			seen[e.Hash], last[e.Ref], after = true, e.Version, e.Position
		}
	}
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		read()
	}
	read()
	require.Greater(t, len(committed), writers*steps/4)
	require.Equal(t, len(committed), len(seen))
	_, err = workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
}

// A dump that is restored into a younger cluster holds transaction numbers that are
// still to come there.
func TestFeedGoesOnInAYoungerCluster(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	_, err = db.Pool().Exec(ctx, "UPDATE itsm.events SET place = place + 1000000; UPDATE itsm.records SET place = place + 1000000")
	require.NoError(t, err)
	require.NoError(t, db.Close())

	db, err = postgres.Open(ctx, where, postgres.Config{Patience: time.Millisecond})
	require.NoError(t, err)
	defer db.Close()
	s = db.Tenant("acme")
	events := all(t, s.Events(ctx, "", workflow.Filter{}))
	require.Len(t, events, 1, "what was there is seen")
	require.NoError(t, s.Commit(ctx, a.step(a.ref("ticket"))))
	require.Len(t, all(t, s.Events(ctx, events[0].Position, workflow.Filter{})), 1, "and what is new comes behind it")
}
