package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Check reads the whole database and reports damage of the file as an error
// matching [ErrDamaged]: pages or indexes that contradict each other, rows without
// their parents. SQLite keeps no checksums, so damage within a value is not seen;
// what the records and their history say is checked by [workflow.VerifyStore].
func (db *DB) Check(ctx context.Context) error {
	for _, pragma := range []string{"PRAGMA integrity_check", "PRAGMA foreign_key_check"} {
		rows, err := db.reader.QueryContext(ctx, pragma)
		if err != nil {
			return dbError(ctx, "check", err)
		}
		found, err := collectText(rows)
		if err != nil {
			return dbError(ctx, "check", err)
		}
		if len(found) > 0 && found[0] != "ok" {
			return fmt.Errorf("sqlstore: check: %w: %s", ErrDamaged, strings.Join(found, "; "))
		}
	}
	return nil
}

func collectText(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var all []string
	for rows.Next() {
		columns, err := rows.Columns()
		if err != nil {
			return nil, err
		}
		cells, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, strings.Trim(fmt.Sprint(cells...), "[]"))
	}
	return all, rows.Err()
}

// Backup writes a consistent copy of the database to a new file while others
// read and write; commits do not wait for it. It fails if the file exists. The
// copy is made beside it, under the same name with ".part" behind it, flushed and
// then renamed: a file of the name is a whole backup.
func (db *DB) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fs.ErrExist
		}
		return fmt.Errorf("sqlstore: backup to %s: %w", path, err)
	}
	part := path + ".part"
	err := os.Remove(part) // of a backup that was cut short
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("sqlstore: backup to %s: %w", path, err)
	}
	if err = db.copyInto(ctx, part); err == nil {
		err = errors.Join(flush(part), os.Rename(part, path), flush(filepath.Dir(path)))
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return dbError(ctx, "backup to "+path, err)
}

// copyInto uses a connection of its own: the writer is needed by the commits, and
// the readers may not write, not even elsewhere.
func (db *DB) copyInto(ctx context.Context, path string) error {
	pool := db.writer
	if db.path != "" {
		var err error
		pool, err = openPool(dsn(db.path, url.Values{
			"_pragma": {fmt.Sprintf("busy_timeout(%d)", db.cfg.BusyTimeout.Milliseconds())},
		}), 1)
		if err != nil {
			return err
		}
		defer pool.Close()
	}
	_, err := pool.ExecContext(ctx, "VACUUM INTO ?", path)
	return err
}

func flush(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// walLimit is the size from which on the write-ahead log is cut by force. As a
// rule it stays at a quarter: SQLite begins it anew when all of it has been copied
// into the database and nobody reads from it. With many readers there is no such
// moment by itself.
const walLimit = 64 << 20

// tendEvery is how many transactions pass from one look at the log to the next.
const tendEvery = 16

// tend cuts the log if it has grown too long, or if something was forgotten that still
// stands in it. That waits for the reads at work, which are short, and keeps new ones
// out of the log meanwhile. If another program keeps reading, it is tried again later: a
// long log when it has grown by another quarter.
func (db *DB) tend(conn *sql.Conn) {
	if db.untended++; db.path == "" || db.untended%tendEvery != 0 {
		return
	}
	log, err := os.Stat(db.path + "-wal")
	if err != nil || !db.logDue && log.Size() < db.walLimit+db.walMore {
		return
	}
	db.walMore = 0
	if cutLog(conn) == nil {
		db.logDue = false
	} else if log.Size() >= db.walLimit {
		db.walMore = log.Size() + db.walLimit/4 - db.walLimit
	}
}

// cutLog copies the whole log into the database and empties it. If somebody reads in it
// or writes, the error matches [ErrBusy].
func cutLog(conn *sql.Conn) error {
	return raw(conn, func(c *connection) error {
		s := &session{ctx: context.Background(), conn: c}
		var busy, all, copied int
		if _, err := s.one("PRAGMA wal_checkpoint(TRUNCATE)", nil, &busy, &all, &copied); err != nil {
			return err
		}
		if busy != 0 {
			return ErrBusy
		}
		return nil
	})
}
