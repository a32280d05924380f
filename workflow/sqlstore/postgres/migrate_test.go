package postgres_test

import (
	"context"
	"sync"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

func TestHostMigratesWithItsOwnTool(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	pool, err := pgxpool.New(ctx, where)
	require.NoError(t, err)
	defer pool.Close()
	_, err = postgres.New(ctx, pool, postgres.Config{Schema: "desk", Unmigrated: true})
	require.ErrorIs(t, err, postgres.ErrOlderSchema)
	scripts, err := postgres.Migrations("desk")
	require.NoError(t, err)
	_, err = pool.Exec(ctx, "CREATE SCHEMA desk")
	require.NoError(t, err)
	for _, script := range scripts {
		_, err = pool.Exec(ctx, script)
		require.NoError(t, err)
	}
	db, err := postgres.New(ctx, pool, postgres.Config{Schema: "desk", Unmigrated: true})
	require.NoError(t, err)
	a := newAuthor(1)
	require.NoError(t, db.Tenant("acme").Commit(ctx, a.step(a.ref("ticket"))))
	require.Len(t, all(t, db.Tenant("acme").Find(ctx, workflow.Query{Kind: "ticket"})), 1)

	_, err = pool.Exec(ctx, "UPDATE desk.state SET version = version + 1")
	require.NoError(t, err)
	_, err = postgres.New(ctx, pool, postgres.Config{Schema: "desk"})
	require.ErrorIs(t, err, postgres.ErrNewerSchema)
	for _, bad := range []string{"Desk", "a b", `x"; DROP`, "pg_x", "1a"} {
		_, err = postgres.New(ctx, pool, postgres.Config{Schema: bad})
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

func TestManyProcessesOpenANewDatabaseAtOnce(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			db, err := postgres.Open(ctx, where, postgres.Config{})
			if err != nil {
				t.Error(err)
				return
			}
			_ = db.Close()
		})
	}
	group.Wait()
}
