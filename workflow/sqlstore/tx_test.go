package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

func TestBoundStoreJoinsTheHostsTransaction(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")

	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec("CREATE TABLE asset (ticket TEXT)")
	require.NoError(t, err)
	first := a.step(ref)
	require.NoError(t, s.WithTx(tx).Commit(ctx, first))
	require.NoError(t, s.WithTx(tx).Commit(ctx, first), "the same batch again")
	require.Len(t, all(t, s.WithTx(tx).Find(ctx, workflow.Query{Kind: "ticket"})), 1)
	require.Empty(t, all(t, s.Find(ctx, workflow.Query{Kind: "ticket"})), "not committed yet")
	require.NoError(t, tx.Rollback())
	_, err = s.Get(ctx, ref)
	require.ErrorIs(t, err, workflow.ErrNotFound)

	tx, err = db.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec("CREATE TABLE asset (ticket TEXT)")
	require.NoError(t, err)
	bound := s.WithTx(tx)
	require.NoError(t, bound.Commit(ctx, first))
	other := newAuthor(2).step(workflow.Ref{Kind: "other", ID: ref.ID})
	stale := newAuthor(3).step(ref)
	stale.Writes = append(other.Writes, stale.Writes...)
	for i := range stale.Writes {
		stale.Writes[i].Event.Batch = stale.ID
	}
	var conflict *workflow.ConflictError
	require.ErrorAs(t, bound.Commit(ctx, stale), &conflict)
	require.Equal(t, workflow.ConflictError{Ref: ref, Expected: 0, Actual: 1}, *conflict)
	require.Len(t, all(t, bound.Events(ctx, "", workflow.Filter{})), 1, "the failed batch undid itself")
	_, err = tx.Exec("INSERT INTO asset VALUES (?)", ref.String())
	require.NoError(t, err)
	require.NoError(t, tx.Commit())

	doc, err := s.Get(ctx, ref)
	require.NoError(t, err)
	requireSame(t, a.last[ref], doc)
	require.NoError(t, s.Commit(ctx, a.step(ref)), "the writer is free again")
}

func TestProjectionCommitsWithTheBatchOrNot(t *testing.T) {
	ctx := context.Background()
	full := errors.New("the shelf is full")
	fail := false
	db, _ := openFile(t, sqlstore.Config{Project: func(ctx context.Context, tx *sql.Tx, b workflow.Batch) error {
		for _, w := range b.Writes {
			if _, err := tx.ExecContext(ctx, "INSERT INTO shelf VALUES (?, ?)", w.Document.ID.String(), w.Document.Version); err != nil {
				return err
			}
		}
		if fail {
			return full
		}
		return nil
	}})
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec("CREATE TABLE shelf (id TEXT, version INTEGER)")
	require.NoError(t, err)
	require.NoError(t, tx.Commit())

	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	first := a.step(ref)
	require.NoError(t, s.Commit(ctx, first))
	require.NoError(t, s.Commit(ctx, first))
	fail = true
	second := a.step(ref)
	require.ErrorIs(t, s.Commit(ctx, second), full)
	doc, err := s.Get(ctx, ref)
	require.NoError(t, err)
	require.EqualValues(t, 1, doc.Version)
	fail = false
	require.NoError(t, s.Commit(ctx, second))

	tx, err = db.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback()
	var rows, sum int
	require.NoError(t, tx.QueryRow("SELECT count(*), sum(version) FROM shelf").Scan(&rows, &sum))
	require.Equal(t, []int{2, 3}, []int{rows, sum})
}

func TestPanickingProjectionLeavesTheWriterFree(t *testing.T) {
	ctx := context.Background()
	angry := true
	db, _ := openFile(t, sqlstore.Config{Project: func(context.Context, *sql.Tx, workflow.Batch) error {
		if angry {
			panic("no")
		}
		return nil
	}})
	s, a := db.Tenant("acme"), newAuthor(1)
	b := a.step(a.ref("ticket"))
	require.Panics(t, func() { _ = s.Commit(ctx, b) })
	_, err := s.Get(ctx, b.Writes[0].Document.Ref)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	angry = false
	require.NoError(t, s.Commit(ctx, b))
}

func TestCommitWaitsForAnotherProcessOnlySoLong(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback()

	// Another handle on the file stands for another process.
	_, err = sqlstore.Open(ctx, path, sqlstore.Config{BusyTimeout: time.Millisecond})
	require.ErrorIs(t, err, sqlstore.ErrBusy)
}

func TestContextEndsTheWaitForTheWriter(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	db, _ := openFile(t, sqlstore.Config{})
	tx, err := db.Begin(context.Background())
	require.NoError(t, err)
	a := newAuthor(1)
	ref := a.ref("ticket")
	failed := make(chan error)
	go func() { failed <- db.Tenant("acme").Commit(ctx, a.step(ref)) }()
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.NoError(t, tx.Rollback())
	_, err = db.Tenant("acme").Get(context.Background(), ref)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	_, err = db.Tenant("acme").Get(ctx, ref)
	require.ErrorIs(t, err, context.Canceled)
}
