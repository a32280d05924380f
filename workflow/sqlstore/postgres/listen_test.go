package postgres_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/stretchr/testify/require"
)

// ear follows a listener in a goroutine of its own.
type ear struct {
	wakes chan postgres.Wake
	stop  context.CancelFunc
	done  chan struct{}
}

func listen(db *postgres.DB, poll time.Duration) *ear {
	ctx, cancel := context.WithCancel(context.Background())
	e := &ear{make(chan postgres.Wake, 1000), cancel, make(chan struct{})}
	go func() {
		defer close(e.done)
		for wake := range db.Listen(ctx, poll) {
			e.wakes <- wake
		}
	}()
	return e
}

func TestCommitsWakeThoseThatListen(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	quiet, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer quiet.Close()
	db, err := postgres.Open(ctx, where, postgres.Config{Notify: true})
	require.NoError(t, err)
	defer db.Close()
	e := listen(quiet, time.Hour)
	require.Equal(t, postgres.Wake{Any: true}, <-e.wakes, "work may have come before")

	a := newAuthor(1)
	silent := a.ref("ticket")
	require.NoError(t, quiet.Tenant("acme").Commit(ctx, messageBatch(a, silent)))
	require.NoError(t, db.Tenant("acme").Commit(ctx, a.step(silent)), "leaves no work")
	for _, tenant := range []string{"acme", "umbrella", ""} {
		a := newAuthor(2)
		ref := a.ref("ticket")
		require.NoError(t, db.Tenant(tenant).Commit(ctx, messageBatch(a, ref)))
		require.Equal(t, postgres.Wake{Tenant: tenant}, <-e.wakes)
		due, err := db.Tenant(tenant).Claim(ctx, monday, 10, time.Minute)
		require.NoError(t, err)
		require.NotEmpty(t, due, "the work can be claimed as soon as one is woken")

		tx, err := db.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, db.Tenant(tenant).WithTx(tx).Commit(ctx, messageBatch(a, a.ref("ticket"))))
		require.NoError(t, tx.Commit(ctx))
		require.Equal(t, postgres.Wake{Tenant: tenant}, <-e.wakes)
	}
	stale := messageBatch(newAuthor(3), newAuthor(2).ref("ticket"))
	require.ErrorIs(t, db.Tenant("acme").Commit(ctx, stale), workflow.ErrConflict)
	require.NoError(t, db.Tenant("last").Commit(ctx, messageBatch(a, a.ref("ticket"))))
	for wake := range e.wakes { // a notice too many may come, none too few
		if wake == (postgres.Wake{Tenant: "last"}) {
			break
		}
		require.Equal(t, postgres.Wake{Tenant: "acme"}, wake)
	}
	e.stop()
	<-e.done
}

func TestListenerLooksByItselfAndConnectsAnew(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{Notify: true})
	require.NoError(t, err)
	defer db.Close()
	often := listen(db, time.Millisecond)
	for range 5 {
		require.Equal(t, postgres.Wake{Any: true}, <-often.wakes, "nothing was heard for the poll interval")
	}
	often.stop()
	<-often.done

	e := listen(db, time.Hour)
	require.Equal(t, postgres.Wake{Any: true}, <-e.wakes)
	look := connect(t, where)
	for range 3 {
		const listeners = " FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
		count := func(what string) (n int) {
			require.NoError(t, look.QueryRow(ctx, "SELECT count("+what+")"+listeners).Scan(&n))
			return n
		}
		eventually(t, "one listens", func() bool { return count("*") == 1 })
		require.Equal(t, 1, count("pg_terminate_backend(pid)"))
		require.Equal(t, postgres.Wake{Any: true}, <-e.wakes, "something may have been missed")
	}
	a := newAuthor(1)
	require.NoError(t, db.Tenant("acme").Commit(ctx, messageBatch(a, a.ref("ticket"))))
	require.Equal(t, postgres.Wake{Tenant: "acme"}, <-e.wakes)
	e.stop()
	<-e.done

	for range db.Listen(ctx, time.Hour) {
		break // leaving the loop ends it
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	for range db.Listen(ended, time.Hour) {
		t.Fatal("the context is done")
	}
}

// A worker that is only woken, and looks by itself rarely, gets all that many commit.
func TestNoWakeIsLost(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{Notify: true})
	require.NoError(t, err)
	defer db.Close()
	const messages = 60
	var delivered atomic.Int64
	relay, err := workflow.NewRelay(db.Tenant("acme"), workflow.HandlerFunc(func(context.Context, workflow.Due) error {
		delivered.Add(1)
		return nil
	}), workflow.RelayConfig{Clock: func() time.Time { return monday }})
	require.NoError(t, err)
	listening, stop := context.WithCancel(ctx)
	defer stop()
	begun, done := make(chan struct{}), make(chan error, 1)
	go func() {
		var once bool
		for range db.Listen(listening, time.Hour) {
			if _, err := relay.Drain(ctx); err != nil {
				done <- err
				return
			}
			if !once {
				close(begun)
				once = true
			}
			if delivered.Load() == messages {
				break
			}
		}
		done <- nil
	}()
	<-begun
	a := newAuthor(1)
	for range messages {
		require.NoError(t, db.Tenant("acme").Commit(ctx, messageBatch(a, a.ref("ticket"))))
	}
	require.NoError(t, <-done)
	require.EqualValues(t, messages, delivered.Load())
}
