package sqlstore_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"sync"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// TestBackupUnderLoad copies while many write. Each copy is a store as it was at
// one instant: whole batches, histories that verify, and all that was
// acknowledged before the copy was begun. The last one is gone on with.
func TestBackupUnderLoad(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	s := db.Tenant("acme")
	var mu sync.Mutex
	acknowledged := map[workflow.Ref]int64{}
	const rounds, writers, each = 3, 8, 20
	copied := func(round int) string { return fmt.Sprint(path, ".copy", round) }
	for round := range rounds {
		started := make(chan struct{}, writers*each)
		var running sync.WaitGroup
		for i := range writers {
			running.Go(func() {
				a := newAuthor(uint64(round*writers + i))
				one, two := a.ref("ticket"), a.ref("ticket")
				for range each {
					b := pairBatch(a, one, two)
					if err := s.Commit(ctx, b); err != nil {
						t.Error(err)
					}
					mu.Lock()
					acknowledged[one] = b.Writes[0].Document.Version
					mu.Unlock()
					started <- struct{}{}
				}
			})
		}
		for range writers {
			<-started
		}
		mu.Lock()
		before := maps.Clone(acknowledged)
		mu.Unlock()
		require.NoError(t, db.Backup(ctx, copied(round)))
		running.Wait()
		requireWholeCopy(t, copied(round), before)
	}
	restored, err := sqlstore.Open(ctx, copied(rounds-1), sqlstore.Config{Durability: sqlstore.Relaxed})
	require.NoError(t, err)
	defer restored.Close()
	_, err = deliver(ctx, restored.Tenant("acme"), killTime(0))
	require.NoError(t, err)
	require.Positive(t, requireWholeStore(t, restored))
}

func requireWholeCopy(t *testing.T, path string, acknowledged map[workflow.Ref]int64) {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.Check(ctx))
	s := db.Tenant("acme")
	verified, err := workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
	for ref, version := range acknowledged {
		doc, err := s.Get(ctx, ref)
		require.NoError(t, err)
		require.GreaterOrEqual(t, doc.Version, version)
	}
	var batches, messages, timers int
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	require.NoError(t, tx.QueryRow(`SELECT (SELECT count(*) FROM itsm_batches), (SELECT count(*) FROM itsm_messages),
(SELECT count(*) FROM itsm_timers)`).Scan(&batches, &messages, &timers))
	require.NoError(t, tx.Rollback())
	n := verified.Events / 2
	require.Equal(t, []int{n, n, n}, []int{batches, messages, timers})
}

// A backup needs neither the writer nor a promise that nobody writes.
func TestBackupRunsBesideATransaction(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	a := newAuthor(1)
	there, open := a.ref("ticket"), a.ref("ticket")
	require.NoError(t, db.Tenant("acme").Commit(ctx, a.step(there)))
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	require.NoError(t, db.Tenant("acme").WithTx(tx).Commit(ctx, a.step(open)))
	require.NoError(t, os.WriteFile(path+".copy.part", []byte("of a backup that was cut short"), 0o600))
	require.NoError(t, db.Backup(ctx, path+".copy"))
	require.NoFileExists(t, path+".copy.part")
	require.NoError(t, tx.Commit())
	again, err := sqlstore.Open(ctx, path+".copy", sqlstore.Config{})
	require.NoError(t, err)
	defer again.Close()
	_, err = again.Tenant("acme").Get(ctx, there)
	require.NoError(t, err)
	_, err = again.Tenant("acme").Get(ctx, open)
	require.ErrorIs(t, err, workflow.ErrNotFound)

	require.ErrorIs(t, db.Backup(ctx, path+".copy"), os.ErrExist)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, db.Backup(ended, path+".other"), context.Canceled)
	require.NoFileExists(t, path+".other")
	require.NoFileExists(t, path+".other.part")
}
