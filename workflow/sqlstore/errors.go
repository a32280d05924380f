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

// ErrFull means that there is no room left, on the disk or within the limit of
// the database. Nothing was changed, and the store works again when there is.
var ErrFull = errors.New("the disk or the database is full")

// ErrDamaged means that the file is not what SQLite has written: see [DB.Check].
var ErrDamaged = errors.New("the database is damaged")

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
	case code(err) == sqlite3.SQLITE_FULL:
		return fmt.Errorf("sqlstore: %s: %w: %w", what, ErrFull, err)
	case code(err) == sqlite3.SQLITE_CORRUPT || code(err) == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("sqlstore: %s: %w: %w", what, ErrDamaged, err)
	}
	return fmt.Errorf("sqlstore: %s: %w", what, err)
}

// undone reports whether SQLite has undone the whole transaction because of the
// error, so that there is nothing left to roll back.
func undone(err error) bool {
	switch code(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// commitError tells a COMMIT that certainly changed nothing from one that may
// have reached the disk before it failed.
func commitError(err error) error {
	switch code(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("sqlstore: commit: %w: %w", ErrBusy, err)
	case sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf("sqlstore: commit: %w", err)
	case sqlite3.SQLITE_FULL: // what would have made it last was not written whole
		return fmt.Errorf("sqlstore: commit: %w: %w", ErrFull, err)
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
