package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

// ErrNewerSchema means that the file was written by a later version of this
// package, which this one does not understand and leaves alone.
var ErrNewerSchema = errors.New("the schema is newer than this program")

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations returns the SQL that makes the schema, in order: the first makes
// version 1 out of an empty database, and so on. [Open] runs what is missing;
// hosts with a tool of their own can read here what that is.
func Migrations() ([]string, error) {
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
		scripts[i] = string(text)
	}
	return scripts, nil
}

// migrate brings the schema up to date in one transaction. PRAGMA user_version
// holds the number of scripts that ran.
func migrate(ctx context.Context, tx *sql.Tx) error {
	scripts, err := Migrations()
	if err != nil {
		return err
	}
	var version int
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version < 0 || version > len(scripts) {
		return fmt.Errorf("schema version %d, this program knows up to %d: %w", version, len(scripts), ErrNewerSchema)
	}
	for i, script := range scripts[version:] {
		if _, err := tx.ExecContext(ctx, script); err != nil {
			return fmt.Errorf("migration %d: %w", version+i+1, err)
		}
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", len(scripts)))
	return err
}
