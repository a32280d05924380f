package postgres_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"
	"github.com/itsm-go/itsm/workflow/storetest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// appRole is a role of the server that owns nothing.
var appRole = sync.OnceValue(func() string {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, cluster.Connection("postgres"))
	if err != nil {
		panic(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "CREATE ROLE app LOGIN"); err != nil {
		panic(err)
	}
	return "app"
})

// openSecure makes a schema as its owner and opens it as the role.
func openSecure(t testing.TB, where, schema string) (owner, app *postgres.DB, asApp string) {
	t.Helper()
	ctx := context.Background()
	owner, err := postgres.Open(ctx, where, postgres.Config{Schema: schema, Patience: patience})
	require.NoError(t, err)
	for range 2 { // it may be run again
		_, err = owner.Pool().Exec(ctx, postgres.RowSecurity(schema, appRole()))
		require.NoError(t, err)
	}
	asApp = strings.Replace(where, "postgres@", "app@", 1)
	app, err = postgres.Open(ctx, asApp, postgres.Config{Schema: schema, Unmigrated: true, RowSecurity: true, Patience: patience})
	require.NoError(t, err)
	return owner, app, asApp
}

func TestAnotherTenantsRowsAreNeitherSeenNorWritten(t *testing.T) {
	ctx := context.Background()
	owner, app, asApp := openSecure(t, freshDatabase(t), "itsm")
	defer owner.Close()
	defer app.Close()
	a := newAuthor(1)
	var refs []workflow.Ref
	for _, tenant := range []string{"acme", "umbrella"} {
		ref := a.ref("ticket")
		b := messageBatch(a, ref)
		b.Timers = []workflow.Timer{{Ref: ref, Name: "t", Due: monday}}
		require.NoError(t, app.Tenant(tenant).Commit(ctx, b))
		require.NoError(t, app.Tenant(tenant).Commit(ctx, messageBatch(a, ref)))
		refs = append(refs, ref)
	}
	conn := connect(t, asApp)
	tables := []string{"tenants", "kinds", "fields", "shapes", "records", "entries", "events", "batches", "timers", "messages"}
	count := func(q pgx.Tx, table string) (n int) {
		require.NoError(t, q.QueryRow(ctx, "SELECT count(*) FROM itsm."+table).Scan(&n), table)
		return n
	}
	in := func(tenant string, f func(tx pgx.Tx)) {
		tx, err := conn.Begin(ctx)
		require.NoError(t, err)
		defer tx.Rollback(ctx)
		if tenant != "" {
			_, err = tx.Exec(ctx, "SELECT itsm.use_tenant($1)", tenant)
			require.NoError(t, err)
		}
		f(tx)
	}
	for _, table := range tables {
		var whole int
		require.NoError(t, owner.Pool().QueryRow(ctx, "SELECT count(*) FROM itsm."+table).Scan(&whole))
		for _, tenant := range []string{"acme", "umbrella"} {
			in(tenant, func(tx pgx.Tx) { require.Equal(t, whole/2, count(tx, table), table) })
		}
		in("", func(tx pgx.Tx) { require.Zero(t, count(tx, table), "%s without a tenant", table) })
		in("nobody", func(tx pgx.Tx) { require.Zero(t, count(tx, table), table) })
	}
	var umbrella int
	require.NoError(t, owner.Pool().QueryRow(ctx, "SELECT tenant FROM itsm.tenants WHERE name = 'umbrella'").Scan(&umbrella))
	for _, text := range []string{
		"UPDATE itsm.records SET body = '' WHERE tenant = $1",
		"DELETE FROM itsm.records WHERE tenant = $1",
		"DELETE FROM itsm.entries WHERE tenant = $1",
		"UPDATE itsm.timers SET lane = 3 WHERE tenant = $1",
		"DELETE FROM itsm.messages WHERE tenant = $1",
		"DELETE FROM itsm.batches WHERE tenant = $1",
	} {
		in("acme", func(tx pgx.Tx) {
			tag, err := tx.Exec(ctx, text, umbrella)
			require.NoError(t, err, text)
			require.Zero(t, tag.RowsAffected(), text)
		})
	}
	for _, text := range []string{
		"INSERT INTO itsm.records (tenant, kind, id, version) VALUES ($1, 1, gen_random_uuid(), 0)",
		"INSERT INTO itsm.entries VALUES ($1, 1, '', gen_random_uuid(), true)",
		"INSERT INTO itsm.events (tenant, place, kind, id, version, encoded) VALUES ($1, 1, 1, gen_random_uuid(), 1, '')",
		"INSERT INTO itsm.batches (tenant, id) VALUES ($1, gen_random_uuid())",
		"INSERT INTO itsm.kinds (tenant, name) VALUES ($1, 'x')",
		"UPDATE itsm.records SET tenant = $1",
		"UPDATE itsm.events SET encoded = '' WHERE tenant <> $1",
		"DELETE FROM itsm.events WHERE tenant <> $1",
	} {
		in("acme", func(tx pgx.Tx) {
			_, err := tx.Exec(ctx, text, umbrella)
			require.ErrorContains(t, err, "42501", text)
		})
	}
	// A handle of one tenant that asks for the other's record by its id.
	_, err := app.Tenant("acme").Get(ctx, refs[1])
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.ErrorIs(t, app.Tenant("").Commit(ctx, newAuthor(9).step(refs[0])), workflow.ErrInvalid)

	// In a transaction of the host, of either package.
	for kind, begin := range hostTransactions(t, asApp) {
		tx := begin()
		bound := tx.bind(app.Tenant("acme"))
		require.NoError(t, bound.Commit(ctx, a.step(a.ref("note"))), kind)
		require.Len(t, all(t, bound.Find(ctx, workflow.Query{Kind: "ticket"})), 1, kind)
		require.NoError(t, tx.rollback())
	}
	for i, tenant := range []string{"acme", "umbrella"} {
		_, err := workflow.VerifyStore(ctx, app.Tenant(tenant), nil, "ticket")
		require.NoError(t, err)
		due, err := app.Tenant(tenant).Claim(ctx, monday, 10, time.Minute)
		require.NoError(t, err)
		require.Len(t, due, 2)
		require.Equal(t, refs[i], due[0].Ref())
	}
	require.NoError(t, owner.Check(ctx))
}

// Commits of several tenants share transactions and still see their own rows only.
func TestTenantsTravelTogetherAndApart(t *testing.T) {
	ctx := context.Background()
	owner, app, _ := openSecure(t, freshDatabase(t), "itsm")
	defer owner.Close()
	defer app.Close()
	postgres.Together(app, 1, 32)
	var group sync.WaitGroup
	for w := range 12 {
		group.Go(func() {
			a, s := newAuthor(uint64(w)), app.Tenant([]string{"acme", "umbrella", "initech"}[w%3])
			ref := a.ref("ticket")
			for range 15 {
				if err := s.Commit(ctx, messageBatch(a, ref)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	for _, tenant := range []string{"acme", "umbrella", "initech"} {
		verified, err := workflow.VerifyStore(ctx, app.Tenant(tenant), nil, "ticket")
		require.NoError(t, err)
		require.Equal(t, workflow.Verified{Records: 4, Events: 60}, verified)
	}
	require.NoError(t, owner.Check(ctx))
}

// TestConformanceWithRowSecurity runs every rule but those of size and of a restart, each
// with tenants of its own; the empty tenant has no place here.
func TestConformanceWithRowSecurity(t *testing.T) {
	owner, app, _ := openSecure(t, shared(), "secure")
	defer owner.Close()
	defer app.Close()
	for _, rule := range storetest.Rules() {
		if group, _, _ := strings.Cut(rule.Name, "/"); group == "limit" || group == "durable" {
			continue
		}
		t.Run(rule.Name, func(t *testing.T) {
			name := func(tenant string) string { return rule.Name + ": " + tenant }
			require.NoError(t, rule.Check(context.Background(), storetest.Backend{
				Store: func(tenant string) workflow.Store { return app.Tenant(name(tenant)) },
				Queue: func(tenant string) workflow.Queue { return app.Tenant(name(tenant)) },
			}))
		})
	}
	require.NoError(t, owner.Check(context.Background()))
}
