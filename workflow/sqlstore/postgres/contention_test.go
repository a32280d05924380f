package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// eventually looks again and again; the deadline is only there to end a test that
// fails.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, time.Minute, time.Millisecond, what)
}

// holdRow begins a transaction that holds a record's rows of a table, and returns what
// ends it.
func holdRow(t *testing.T, where, table string, ref workflow.Ref) (release func()) {
	t.Helper()
	ctx := context.Background()
	conn := connect(t, where)
	tx, err := conn.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "SELECT 1 FROM itsm."+table+" WHERE id = $1 FOR UPDATE", [16]byte(ref.ID))
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Rollback(ctx)) }
}

// waiting counts the sessions of the database that wait for a lock.
func waiting(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	require.NoError(t, conn.QueryRow(context.Background(),
		"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n))
	return n
}

func TestContextThatEndsWhileTheCommitWaitsForALock(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a, look := db.Tenant("acme"), newAuthor(1), connect(t, where)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	for _, lanes := range []int{0, 4} {
		postgres.Together(db, lanes, 32)
		release := holdRow(t, where, "records", ref)
		b := a.step(ref)
		short, cancel := context.WithCancel(ctx)
		result := make(chan error, 1)
		go func() { result <- s.Commit(short, b) }()
		eventually(t, "the commit waits", func() bool { return waiting(t, look) == 1 })
		cancel()
		err := <-result
		require.ErrorIs(t, err, workflow.ErrUnsure, "it was sent, and nobody has heard what became of it")
		require.ErrorIs(t, err, context.Canceled)
		release()
		require.NoError(t, s.Commit(ctx, b), "committing again settles it")
		doc, err := s.Get(ctx, ref)
		require.NoError(t, err)
		require.Equal(t, b.Writes[0].Document.Version, doc.Version)
	}
	_, err = workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
}

// A connection may be gone for us while the server still works for it.
func TestCommitThatWasCutOffMayStillHappen(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	calm, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer calm.Close()
	c := newCutter(t, cluster, 1, 1<<40, 1<<41)
	db, err := postgres.Open(ctx, c.through(where), postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a, look := db.Tenant("acme"), newAuthor(1), connect(t, where)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	release := holdRow(t, where, "records", ref)
	b := a.step(ref)
	short, cancel := context.WithCancel(ctx)
	result := make(chan error, 1)
	go func() { result <- s.Commit(short, b) }()
	eventually(t, "the commit waits", func() bool { return waiting(t, look) == 1 })
	c.leaveServerBehind()
	eventually(t, "a second try waits for the first", func() bool { return waiting(t, look) == 2 })
	c.orphans.Store(false)
	cancel()
	err = <-result
	require.ErrorIs(t, err, workflow.ErrUnsure)
	eventually(t, "the second try was called off", func() bool { return waiting(t, look) == 1 })
	doc, err := calm.Tenant("acme").Get(ctx, ref)
	require.NoError(t, err)
	require.EqualValues(t, 1, doc.Version)
	release()
	eventually(t, "the first try happens", func() bool {
		doc, err := calm.Tenant("acme").Get(ctx, ref)
		return err == nil && doc.Version == 2
	})
	require.NoError(t, calm.Tenant("acme").Commit(ctx, b), "and is known")
}

func TestContextThatEndsBeforeAnythingIsSentIsSure(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where+"&pool_max_conns=1", postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	taken, err := db.Pool().Acquire(ctx)
	require.NoError(t, err)
	short, cancel := context.WithCancel(ctx)
	result := make(chan error, 1)
	b := a.step(ref)
	go func() { result <- s.Commit(short, b) }()
	eventually(t, "the commit has begun", func() bool { return postgres.Travelling(db) == 1 })
	cancel()
	err = <-result
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, workflow.ErrUnsure, "there was no connection")
	taken.Release()
	require.NoError(t, s.Commit(ctx, b))
}

// Two batches over the same records in opposite order both end, alone and among
// others, over one handle or several, also when the records are new, and also where the
// host's connections ask for more isolation than the store needs: what PostgreSQL then
// refuses is tried again.
func TestBatchesInOppositeOrderAllEnd(t *testing.T) {
	for _, isolation := range []string{"read committed", "serializable"} {
		t.Run(isolation, func(t *testing.T) {
			oppositeOrder(t, freshDatabase(t)+"&default_transaction_isolation="+url.PathEscape(isolation))
		})
	}
}

func oppositeOrder(t *testing.T, where string) {
	ctx := context.Background()
	var handles []*postgres.DB
	for range 3 {
		db, err := postgres.Open(ctx, where, postgres.Config{Attempts: 50})
		require.NoError(t, err)
		defer db.Close()
		handles = append(handles, db)
	}
	const clients, rounds = 9, 15
	refs := make([]workflow.Ref, 6)
	for i := range refs {
		refs[i] = newAuthor(uint64(50 + i)).ref("ticket")
	}
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			s, a := handles[client%len(handles)].Tenant("acme"), newAuthor(uint64(client))
			r := rand.New(rand.NewPCG(5, uint64(client)))
			for range rounds {
				for done := false; !done; {
					b := workflow.Batch{ID: a.ids.NewID(monday)}
					for _, i := range r.Perm(len(refs))[:1+r.IntN(4)] {
						doc, err := s.Get(ctx, refs[i])
						if err != nil && !errors.Is(err, workflow.ErrNotFound) {
							t.Error(err)
							return
						}
						a.last[refs[i]] = doc
						b.Writes = append(b.Writes, a.write(b.ID, refs[i], map[string]any{"by": client},
							workflow.IndexEntry{Field: "by", Key: workflow.IntKey(int64(client))}))
					}
					b.Timers = []workflow.Timer{{Ref: refs[r.IntN(len(refs))], Name: fmt.Sprint(client), Due: monday}}
					err := s.Commit(ctx, b)
					if err != nil && !errors.Is(err, workflow.ErrConflict) {
						t.Error(err)
						return
					}
					done = err == nil
				}
			}
		})
	}
	group.Wait()
	_, err := workflow.VerifyStore(ctx, handles[0].Tenant("acme"), nil, "ticket")
	require.NoError(t, err)
}
