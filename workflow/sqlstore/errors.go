package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrBusy means that another process was writing for longer than the busy
// timeout. Nothing was changed, and trying again later is right.
var ErrBusy = errors.New("the database is locked by another process")

// code returns SQLite's primary result code, or 0 for another error.
func code(err error) int {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// dbError adds what was tried. The context's own error wins, because an
// interrupted statement fails with whatever it was doing.
func dbError(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("sqlstore: %s: %w", what, ctx.Err())
	case code(err) == sqlite3.SQLITE_BUSY || code(err) == sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("sqlstore: %s: %w: %w", what, ErrBusy, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", what, err)
}

// commitError tells a COMMIT that certainly changed nothing from one that may
// have reached the disk before it failed.
func commitError(err error) error {
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("sqlstore: commit: %w: %w", ErrBusy, err)
	case sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf("sqlstore: commit: %w", err)
	}
	return fmt.Errorf("sqlstore: commit: %w: %w", workflow.ErrUnsure, err)
}

// rollback ends a transaction that may have ended already.
func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}

// beginWriting repeats begin while another process holds the write lock. Every
// try waits for a busyStep, so counting them measures the timeout without a
// clock.
func beginWriting(ctx context.Context, timeout time.Duration, begin func() error) error {
	for waited := time.Duration(0); ; waited += busyStep {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("sqlstore: begin: %w", err)
		}
		if err := begin(); code(err) != sqlite3.SQLITE_BUSY || waited >= timeout {
			return dbError(ctx, "begin", err)
		}
	}
}
