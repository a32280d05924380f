package sqlstore_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
)

// Many who write one record through one desk need no more attempts than a desk has.
func TestManyWritersOfOneRecordAllSucceed(t *testing.T) {
	const writers, each = 64, 4
	db, err := sqlstore.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"), sqlstore.Config{})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	type counter struct {
		workflow.Record
		Count int `json:"count"`
	}
	kind, err := workflow.NewKind(workflow.KindConfig[*counter]{Name: "counter", New: func() *counter { return new(counter) }})
	require.NoError(t, err)
	desk := workflow.NewDesk(db.Tenant("acme"), workflow.DeskConfig{})
	id := workflow.ID{1}
	add := func(ctx context.Context) error {
		_, err := desk.Do(ctx, workflow.Command{Name: "counter.add", Actor: workflow.System("count")}, func(tx *workflow.Tx) error {
			c, err := kind.GetOrCreate(tx, id, func() *counter { return &counter{Record: workflow.Record{State: "open"}} })
			if err != nil {
				return err
			}
			c.Count++
			return kind.Put(tx, c, workflow.Entry{})
		})
		return err
	}
	errs := make([]error, writers*each)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := range each {
				errs[w*each+n] = add(t.Context())
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	c, err := kind.Load(t.Context(), desk.Store(), id)
	require.NoError(t, err)
	require.Equal(t, writers*each, c.Count)
}
