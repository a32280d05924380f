package sqlstore

import (
	"context"
	"errors"
	"time"
)

// SQLite leaves what is deleted or replaced in the file until the space is needed.
// Where something is forgotten it overwrites that with zeros instead. Otherwise it does
// so only in pages that it has to write anyway.
const (
	overwriteAll  = "PRAGMA secure_delete = ON"
	overwriteSome = "PRAGMA secure_delete = FAST"
)

// forget carries out what takes something away for good, and then cuts the write-ahead
// log, in which that still stands. If somebody reads in it, or the transaction is not
// over yet, one of the next that end cuts it.
func (s *Store) forget(ctx context.Context, what string, size int, f func(*namer) error) error {
	err := s.write(&turn{ctx: ctx, what: what, size: size, f: func(n *namer) error {
		s.db.logDue = true
		if err := n.pragma(overwriteAll); err != nil {
			return err
		}
		return errors.Join(f(n), n.pragma(overwriteSome))
	}})
	if err == nil && s.host == nil && s.bulk == nil {
		s.db.cutDue(ctx)
	}
	return err
}

// pragma executes one that takes effect when it is prepared, so it must be prepared
// every time.
func (s *session) pragma(text string) error {
	var err error
	if s.host != nil {
		_, err = s.host.ExecContext(s.ctx, text)
	} else {
		_, err = s.conn.ExecContext(s.ctx, text, nil)
	}
	return err
}

// cutDue cuts the log if that is still to be done.
func (db *DB) cutDue(ctx context.Context) {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return // it stays due
	}
	defer conn.Close()
	if db.logDue && db.path != "" {
		db.logDue = cutLog(conn) != nil
	}
}

// Scrub writes the file anew, so that nothing is left in it of what was ever deleted or
// replaced, and empties the write-ahead log. [Store.Redact] and [Store.Erase] overwrite
// what they take away themselves; copies may be left of what SQLite has moved from page
// to page, of long bodies that ordinary commands replaced, and of all that earlier
// versions of this package wrote. It needs room for the whole database once more, and
// every commit waits for it. If another program reads for longer than the busy timeout,
// the error matches [ErrBusy]: then call it again.
//
// Tables of the host that have no INTEGER PRIMARY KEY may have their rowids changed.
func (db *DB) Scrub(ctx context.Context) error {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return dbError(ctx, "scrub", err)
	}
	defer conn.Close()
	err = beginWriting(ctx, db.cfg.BusyTimeout, func() error {
		_, err := conn.ExecContext(ctx, "VACUUM")
		return err
	})
	for waited := time.Duration(0); err == nil && db.path != ""; waited += busyStep {
		if cut := cutLog(conn); cut == nil {
			db.logDue = false
			break
		} else if !errors.Is(cut, ErrBusy) || waited >= db.cfg.BusyTimeout {
			err = cut
		} else {
			err = ctx.Err()
		}
	}
	return dbError(ctx, "scrub", err)
}
