package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the SQL that makes the schema, in order: the first makes
// version 1 out of nothing, and so on. [Open] runs what is missing. A host that runs
// them with a tool of its own creates the schema first, runs each in a transaction,
// and sets [Config].Unmigrated.
func Migrations(schema string) ([]string, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	scripts := make([]string, len(names))
	for i, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		scripts[i] = in(schema, string(text)) + in(schema, fmt.Sprintf("\nUPDATE itsm.state SET version = %d;\n", i+1))
	}
	return scripts, nil
}

// in writes statements for a schema of another name.
func in(schema, text string) string { return strings.ReplaceAll(text, "itsm.", schema+".") }

// prepare brings the schema up to date, or checks that it is.
func (db *DB) prepare(ctx context.Context) error {
	scripts, err := Migrations(db.cfg.Schema)
	if err != nil {
		return err
	}
	version, err := db.version(ctx, db.pool)
	switch {
	case err != nil:
		return err
	case version > len(scripts):
		return fmt.Errorf("schema version %d, this program knows up to %d: %w", version, len(scripts), ErrNewerSchema)
	case version < len(scripts) && db.cfg.Unmigrated:
		return fmt.Errorf("schema version %d, this program needs %d: %w", version, len(scripts), ErrOlderSchema)
	case version < len(scripts):
		if err := db.migrate(ctx, scripts); err != nil {
			return err
		}
	}
	return db.rebase(ctx)
}

type queryer interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// version is how many migrations have run: 0 if there is no schema yet.
func (db *DB) version(ctx context.Context, q queryer) (version int, err error) {
	var there bool
	if err := q.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", db.cfg.Schema+".state").Scan(&there); err != nil || !there {
		return 0, err
	}
	err = q.QueryRow(ctx, in(db.cfg.Schema, "SELECT version FROM itsm.state")).Scan(&version)
	return version, err
}

// migrate runs what is missing in one transaction. Of several processes that begin at
// once, one does it and the others wait.
func (db *DB) migrate(ctx context.Context, scripts []string) error {
	return pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "itsm migrations "+db.cfg.Schema); err != nil {
			return err
		}
		var there bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", db.cfg.Schema).Scan(&there); err != nil {
			return err
		}
		if !there {
			if _, err := tx.Exec(ctx, "CREATE SCHEMA "+db.cfg.Schema); err != nil {
				return err
			}
		}
		version, err := db.version(ctx, tx)
		if err != nil {
			return err
		}
		for i, script := range scripts[min(version, len(scripts)):] {
			if _, err := tx.Exec(ctx, script); err != nil {
				return fmt.Errorf("migration %d: %w", version+i+1, err)
			}
		}
		return nil
	})
}

// rebase keeps the feed's places rising in a database whose transaction numbers are
// behind them, because it was restored from a dump into another cluster.
func (db *DB) rebase(ctx context.Context) error {
	_, err := db.pool.Exec(ctx, in(db.cfg.Schema, "SELECT itsm.rebase()"))
	return err
}
