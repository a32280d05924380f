package postgres_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
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
	if where := os.Getenv(victimAt); where != "" {
		role := victim
		if os.Getenv(victimForgets) != "" {
			role = forgetful
		}
		if err := role(where); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "itsm-postgres-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		settings := []string{"deadlock_timeout = '50ms'"} // the tests make more than there are
		if flag.Parse(); flag.Lookup("test.bench").Value.String() == "" {
			settings = append(settings, "fsync = off") // durability has a cluster of its own, and figures need flushes
		}
		if cluster, err = pgcluster.Start(filepath.Join(dir, "main"), settings...); err != nil {
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

// shared is a database in which every backend has a schema of its own.
var shared = sync.OnceValue(func() string {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, cluster.Connection("postgres"))
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE DATABASE shared")
		err = errors.Join(err, conn.Close(ctx))
	}
	if err != nil {
		panic(err)
	}
	return cluster.Connection("shared")
})

func backend(t testing.TB) storetest.Backend {
	ctx := context.Background()
	cfg := postgres.Config{Schema: fmt.Sprintf("desk%d", databases.Add(1))}
	open := func() (*postgres.DB, error) { return postgres.Open(ctx, shared(), cfg) }
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
