package sqlstore_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
	"github.com/itsm-go/itsm/workflow/storetest"

	"github.com/stretchr/testify/require"
)

// backend opens a database for the conformance suite.
func backend(t testing.TB, path string, reopens bool) storetest.Backend {
	ctx := context.Background()
	open := func() (*sqlstore.DB, error) { return sqlstore.Open(ctx, path, sqlstore.Config{}) }
	db, err := open()
	require.NoError(t, err)
	b := storetest.Backend{
		Store: func(tenant string) workflow.Store { return db.Tenant(tenant) },
		Queue: func(tenant string) workflow.Queue { return db.Tenant(tenant) },
		Close: func() error { return errors.Join(db.Check(ctx), db.Close()) },
	}
	if reopens {
		b.Reopen = func() (err error) {
			if err := db.Close(); err != nil {
				return err
			}
			db, err = open()
			return err
		}
	}
	return b
}

func openConformance(t testing.TB) storetest.Backend {
	return backend(t, filepath.Join(t.TempDir(), "desk.db"), true)
}

func TestConformanceOfAFile(t *testing.T) { storetest.Run(t, openConformance) }

func TestConformanceInMemory(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Backend { return backend(t, ":memory:", false) })
}

func BenchmarkStore(b *testing.B) { storetest.Bench(b, openConformance) }
