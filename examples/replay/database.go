package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/itsm-go/itsm/workflow/sqlstore"
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
