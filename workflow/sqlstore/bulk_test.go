package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
	"github.com/itsm-go/itsm/workflow/storetest"

	"github.com/stretchr/testify/require"
)

// A store within a load keeps every promise but one: what it does is not there
// for good before the next flush. So the rule about restarts flushes first. The
// limits are those of every store of this package, and are not asked once more.
func TestBulkStoresKeepTheContract(t *testing.T) {
	open := func(t testing.TB) storetest.Backend {
		db, path := openFile(t, sqlstore.Config{})
		load, err := db.Bulk(t.Context())
		require.NoError(t, err)
		return storetest.Backend{
			Store: func(tenant string) workflow.Store { return load.Tenant(tenant) },
			Queue: func(tenant string) workflow.Queue { return load.Tenant(tenant) },
			Reopen: func() error {
				if err := errors.Join(load.Flush(context.Background()), load.Close(), db.Close()); err != nil {
					return err
				}
				if db, err = sqlstore.Open(context.Background(), path, sqlstore.Config{}); err != nil {
					return err
				}
				load, err = db.Bulk(context.Background())
				return err
			},
			Close: func() error { return errors.Join(load.Close(), db.Close()) },
		}
	}
	for _, rule := range storetest.Rules() {
		if strings.HasPrefix(rule.Name, "limit/") {
			continue
		}
		t.Run(rule.Name, func(t *testing.T) { require.NoError(t, rule.Check(t.Context(), open(t))) })
	}
}

func TestOthersSeeALoadWhenItIsFlushed(t *testing.T) {
	ctx := t.Context()
	db, _ := openFile(t, sqlstore.Config{})
	load, err := db.Bulk(ctx)
	require.NoError(t, err)
	a := newAuthor(1)
	first, second, third := a.ref("ticket"), a.ref("ticket"), a.ref("ticket")
	require.NoError(t, load.Tenant("acme").Commit(ctx, a.step(first)))
	_, err = load.Tenant("acme").Get(ctx, first)
	require.NoError(t, err, "the load sees its own work")
	_, err = db.Tenant("acme").Get(ctx, first)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.NoError(t, load.Flush(ctx))
	_, err = db.Tenant("acme").Get(ctx, first)
	require.NoError(t, err)

	require.NoError(t, load.Tenant("acme").Commit(ctx, a.step(second)))
	require.NoError(t, load.Close())
	_, err = db.Tenant("acme").Get(ctx, second)
	require.NoError(t, err, "closing makes lasting what is left")

	load, err = db.Bulk(ctx)
	require.NoError(t, err)
	require.NoError(t, load.Tenant("acme").Commit(ctx, a.step(third)))
	require.NoError(t, load.Discard())
	_, err = db.Tenant("acme").Get(ctx, third)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.NoError(t, db.Tenant("acme").Commit(ctx, newAuthor(2).step(third)), "the writer is free again")
}

func TestAFailedCommitOfALoadIsUndoneAlone(t *testing.T) {
	ctx := t.Context()
	refuse := errors.New("the projection refuses")
	var fail bool
	db, _ := openFile(t, sqlstore.Config{Project: func(context.Context, *sql.Tx, workflow.Batch) error {
		if fail {
			return refuse
		}
		return nil
	}})
	load, err := db.Bulk(ctx)
	require.NoError(t, err)
	s := load.Tenant("acme")
	a := newAuthor(1)
	good, bad, late := a.ref("ticket"), a.ref("ticket"), a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(good)))
	fail = true
	require.ErrorIs(t, s.Commit(ctx, a.step(bad)), refuse)
	fail = false
	stale := newAuthor(1).step(good)
	stale.ID = newAuthor(9).ids.NewID(monday)
	stale.Writes[0].Event.Batch = stale.ID
	require.NoError(t, stale.Writes[0].Event.Seal())
	stale.Writes[0].Document.Head = stale.Writes[0].Event.Hash
	require.ErrorIs(t, s.Commit(ctx, stale), workflow.ErrConflict)
	require.NoError(t, s.Commit(ctx, a.step(late)))
	require.NoError(t, load.Close())
	for ref, want := range map[workflow.Ref]error{good: nil, bad: workflow.ErrNotFound, late: nil} {
		_, err := db.Tenant("acme").Get(ctx, ref)
		require.ErrorIs(t, err, want)
	}
}

func TestALoadThatIsOverSaysSo(t *testing.T) {
	ctx := t.Context()
	db, _ := openFile(t, sqlstore.Config{})
	load, err := db.Bulk(ctx)
	require.NoError(t, err)
	s := load.Tenant("acme")
	require.NoError(t, load.Close())
	a := newAuthor(1)
	ref := a.ref("ticket")
	require.Error(t, s.Commit(ctx, a.step(ref)))
	_, err = s.Get(ctx, ref)
	require.Error(t, err)
	require.Error(t, load.Flush(ctx))
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = db.Bulk(ended)
	require.ErrorIs(t, err, context.Canceled)
}
