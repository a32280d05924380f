package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"
	"github.com/itsm-go/itsm/workflow/storetest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// cluster is the server that all tests of the package share.
var cluster *pgcluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "itsm-postgres-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if cluster, err = pgcluster.Start(filepath.Join(dir, "main")); err != nil {
			fmt.Fprintln(os.Stderr, "NOT RUN: every test of the PostgreSQL store:", err)
			if errors.Is(err, pgcluster.ErrNoServer) && os.Getenv("CI") == "" {
				return 0
			}
			return 1
		}
		defer cluster.Stop()
		return m.Run()
	}())
}

var databases atomic.Int64

// freshDatabase makes an empty database and returns how to connect to it.
func freshDatabase(t testing.TB) string {
	t.Helper()
	ctx := context.Background()
	name := fmt.Sprintf("db%d", databases.Add(1))
	conn, err := pgx.Connect(ctx, cluster.Connection("postgres"))
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+name)
	require.NoError(t, err)
	t.Cleanup(func() {
		conn, err := pgx.Connect(ctx, cluster.Connection("postgres"))
		require.NoError(t, err)
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		require.NoError(t, err)
	})
	return cluster.Connection(name)
}

func backend(t testing.TB) storetest.Backend {
	ctx := context.Background()
	where := freshDatabase(t)
	open := func() (*postgres.DB, error) { return postgres.Open(ctx, where, postgres.Config{}) }
	db, err := open()
	require.NoError(t, err)
	return storetest.Backend{
		Store: func(tenant string) workflow.Store { return db.Tenant(tenant) },
		Queue: func(tenant string) workflow.Queue { return db.Tenant(tenant) },
		Reopen: func() (err error) {
			err = db.Close()
			fresh, e := open()
			db = fresh
			return errors.Join(err, e)
		},
		Close: func() error { return db.Close() },
	}
}

func TestConformance(t *testing.T) { storetest.Run(t, backend) }

func BenchmarkStore(b *testing.B) { storetest.Bench(b, backend) }
