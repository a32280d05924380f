package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
)

// hostTx is a transaction of a host, of either package.
type hostTx struct {
	bind     func(*postgres.Store) *postgres.Store
	exec     func(text string, args ...any) error
	commit   func() error
	rollback func() error
}

func hostTransactions(t *testing.T, where string) map[string]func() hostTx {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, where)
	require.NoError(t, err)
	db, err := sql.Open("pgx", where)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close(ctx))
		require.NoError(t, db.Close())
	})
	return map[string]func() hostTx{
		"pgx": func() hostTx {
			tx, err := conn.Begin(ctx)
			require.NoError(t, err)
			return hostTx{
				bind:     func(s *postgres.Store) *postgres.Store { return s.WithTx(tx) },
				exec:     func(text string, args ...any) error { _, err := tx.Exec(ctx, text, args...); return err },
				commit:   func() error { return tx.Commit(ctx) },
				rollback: func() error { return tx.Rollback(ctx) },
			}
		},
		"database/sql": func() hostTx {
			tx, err := db.BeginTx(ctx, nil)
			require.NoError(t, err)
			return hostTx{
				bind:     func(s *postgres.Store) *postgres.Store { return s.WithSQL(tx) },
				exec:     func(text string, args ...any) error { _, err := tx.Exec(text, args...); return err },
				commit:   tx.Commit,
				rollback: tx.Rollback,
			}
		},
	}
}

func TestBoundStoreJoinsTheHostsTransaction(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Pool().Exec(ctx, "CREATE TABLE asset (ticket text)")
	require.NoError(t, err)
	assets := func() (n int) {
		require.NoError(t, db.Pool().QueryRow(ctx, "SELECT count(*) FROM asset").Scan(&n))
		return n
	}
	seed, want := uint64(1), 0
	for kind, begin := range hostTransactions(t, where) {
		t.Run(kind, func(t *testing.T) {
			s, a := db.Tenant("acme "+kind), newAuthor(seed)
			seed += 10
			ref := a.ref("ticket")

			tx := begin()
			require.NoError(t, tx.exec("INSERT INTO asset VALUES ($1)", "printer"))
			first := a.step(ref)
			first.Timers = []workflow.Timer{{Ref: ref, Name: "t", Due: monday}}
			first.Messages = []workflow.Message{{ID: a.ids.NewID(monday), Ref: ref, Topic: "notify", At: monday}}
			bound := tx.bind(s)
			require.NoError(t, bound.Commit(ctx, first))
			require.NoError(t, bound.Commit(ctx, first), "the same batch again")
			require.Len(t, all(t, bound.Find(ctx, workflow.Query{Kind: "ticket"})), 1)
			require.Empty(t, all(t, s.Find(ctx, workflow.Query{Kind: "ticket"})), "not committed yet")
			due, err := bound.Claim(ctx, monday, 10, time.Minute)
			require.NoError(t, err)
			require.Len(t, due, 2)
			require.NoError(t, tx.rollback())
			_, err = s.Get(ctx, ref)
			require.ErrorIs(t, err, workflow.ErrNotFound)
			require.Equal(t, want, assets())

			tx = begin()
			bound = tx.bind(s)
			require.NoError(t, tx.exec("INSERT INTO asset VALUES ($1)", "printer"))
			require.NoError(t, bound.Commit(ctx, first), "names that the rollback took away are made again")
			other := newAuthor(seed + 1).step(workflow.Ref{Kind: "other", ID: ref.ID})
			stale := newAuthor(seed + 2).step(ref)
			stale.Writes = append(other.Writes, stale.Writes...)
			for i := range stale.Writes {
				stale.Writes[i].Event.Batch = stale.ID
			}
			var conflict *workflow.ConflictError
			require.ErrorAs(t, bound.Commit(ctx, stale), &conflict)
			require.Equal(t, workflow.ConflictError{Ref: ref, Expected: 0, Actual: 1}, *conflict)
			_, err = bound.Get(ctx, other.Writes[0].Document.Ref)
			require.ErrorIs(t, err, workflow.ErrNotFound, "the failed batch undid itself")
			require.NoError(t, tx.exec("INSERT INTO asset VALUES ($1)", "phone"), "and left the transaction whole")
			require.NoError(t, tx.commit())
			want += 2
			require.Equal(t, want, assets())
			require.Len(t, all(t, s.Events(ctx, "", workflow.Filter{})), 1)
		})
	}
}

func TestProjectionIsPartOfTheCommit(t *testing.T) {
	ctx := context.Background()
	full := errors.New("the host's table is full")
	var fail bool
	db := openFresh(t, postgres.Config{Project: func(ctx context.Context, tx pgx.Tx, b workflow.Batch) error {
		if fail {
			return full
		}
		for _, w := range b.Writes {
			if _, err := tx.Exec(ctx, "INSERT INTO board VALUES ($1, $2)", w.Document.ID.String(), w.Document.Version); err != nil {
				return err
			}
		}
		return nil
	}})
	_, err := db.Pool().Exec(ctx, "CREATE TABLE board (ticket text, version bigint)")
	require.NoError(t, err)
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	first := a.step(ref)
	require.NoError(t, s.Commit(ctx, first))
	require.NoError(t, s.Commit(ctx, first), "again: the projection is not called")
	fail = true
	err = s.Commit(ctx, a.step(ref))
	require.ErrorIs(t, err, full)
	require.NotErrorIs(t, err, workflow.ErrUnsure)
	doc, err := s.Get(ctx, ref)
	require.NoError(t, err)
	require.EqualValues(t, 1, doc.Version, "its error undid the commit")
	var rows int
	require.NoError(t, db.Pool().QueryRow(ctx, "SELECT count(*) FROM board").Scan(&rows))
	require.Equal(t, 1, rows)
}
