package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/itsm-go/itsm/workflow/sqlstore"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"

	"github.com/jackc/pgx/v5"
)

const inMemory = ":memory:"

// openFresh opens a new database. A replay begins at the beginning: one that was
// broken off leaves half a database behind, which is taken away, and so is a
// finished one. A file that is not a replay's is never touched.
func openFresh(ctx context.Context, path string) (*sqlstore.DB, error) {
	// Relaxed outlives the death of the process, which is all that matters to a
	// database that can be made again.
	cfg := sqlstore.Config{Durability: sqlstore.Relaxed}
	if path == inMemory {
		return sqlstore.Open(ctx, path, cfg)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	mark := path + ".replay"
	_, err := os.Stat(path)
	switch _, markErr := os.Stat(mark); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return nil, err
	case markErr != nil:
		return nil, fmt.Errorf("%s exists and is not the database of a replay (there is no %s beside it): choose another -db", path, filepath.Base(mark))
	}
	if err := os.WriteFile(mark, []byte("the database beside this file is made anew by each replay\n"), 0o644); err != nil {
		return nil, err
	}
	for _, f := range []string{path, path + "-wal", path + "-shm"} {
		if err := os.Remove(f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return sqlstore.Open(ctx, path, cfg)
}

// openStore opens what the flags ask for: SQLite, loaded in bulk, or PostgreSQL.
func (c config) openStore(ctx context.Context) (store, func() error, error) {
	if c.postgres != "" {
		return openPostgres(ctx, c.postgres)
	}
	db, err := openFresh(ctx, c.db)
	if err != nil {
		return nil, nil, err
	}
	s, err := newBulkStore(ctx, db, c.flush)
	if err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return s, func() error { return errors.Join(s.close(), db.Close()) }, nil
}

const (
	privateServer = "private"     // instead of a connection string
	replaySchema  = "itsm_replay" // nobody else's
)

// openPostgres opens a schema of the replay's own, which it makes anew, in a database or
// in a server of its own that ends with the replay.
func openPostgres(ctx context.Context, where string) (s store, closed func() error, err error) {
	release := func() error { return nil }
	defer func() {
		if err != nil {
			err = errors.Join(err, release())
		}
	}()
	if where == privateServer {
		dir, err := os.MkdirTemp("", "itsm-replay-")
		if err != nil {
			return nil, nil, err
		}
		release = func() error { return os.RemoveAll(dir) }
		server, err := pgcluster.Start(filepath.Join(dir, "postgres"))
		if err != nil {
			return nil, nil, err
		}
		release = func() error { return errors.Join(server.Stop(), os.RemoveAll(dir)) }
		where = server.Connection("postgres")
	}
	conn, err := pgx.Connect(ctx, where)
	if err != nil {
		return nil, nil, err
	}
	_, err = conn.Exec(ctx, "DROP SCHEMA IF EXISTS "+replaySchema+" CASCADE")
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		return nil, nil, err
	}
	// As with SQLite: what can be made again need not outlive a crash of the server.
	db, err := postgres.Open(ctx, where, postgres.Config{Schema: replaySchema, Relaxed: true})
	if err != nil {
		return nil, nil, err
	}
	return db.Tenant("replay"), func() error { return errors.Join(db.Close(), release()) }, nil
}
