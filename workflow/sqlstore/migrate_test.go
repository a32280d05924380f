package sqlstore_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

func execute(t *testing.T, db *sqlstore.DB, text string, args ...any) {
	t.Helper()
	tx, err := db.Begin(context.Background())
	require.NoError(t, err)
	_, err = tx.Exec(text, args...)
	require.NoError(t, err)
	require.NoError(t, tx.Commit())
}

func TestNewerSchemaIsRefused(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	execute(t, db, "PRAGMA user_version = 99")
	_, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	require.ErrorIs(t, err, sqlstore.ErrNewerSchema)
}

func TestSchemaIsMadeOnceBesideTheHostsTables(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	execute(t, db, "CREATE TABLE host (x)")
	again, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	require.NoError(t, err)
	require.NoError(t, again.Check(ctx))
	require.NoError(t, again.Close())
	scripts, err := sqlstore.Migrations()
	require.NoError(t, err)
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback()
	var version int
	require.NoError(t, tx.QueryRow("PRAGMA user_version").Scan(&version))
	require.Equal(t, len(scripts), version)
}

func TestBadPathIsAnError(t *testing.T) {
	for _, path := range []string{"", ":else:", "a\x00b", filepath.Join(t.TempDir(), "no", "such", "folder.db"), t.TempDir()} {
		_, err := sqlstore.Open(context.Background(), path, sqlstore.Config{})
		require.Error(t, err, path)
	}
}

func TestPathMayContainAnything(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "a?mode=memory&b#c%41 ü.db")
	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.FileExists(t, path)
}

func TestBackupIsAWholeDatabase(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	a := newAuthor(1)
	require.NoError(t, db.Tenant("acme").Commit(ctx, a.step(a.ref("ticket"))))
	require.NoError(t, db.Backup(ctx, path+".copy"))
	require.Error(t, db.Backup(ctx, path+".copy"), "it exists")
	again, err := sqlstore.Open(ctx, path+".copy", sqlstore.Config{})
	require.NoError(t, err)
	defer again.Close()
	require.NoError(t, again.Check(ctx))
	verified, err := workflow.VerifyStore(ctx, again.Tenant("acme"), nil, "ticket")
	require.NoError(t, err)
	require.Equal(t, 1, verified.Events)
}
