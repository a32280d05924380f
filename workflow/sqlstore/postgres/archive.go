package postgres

import (
	"context"
	"time"
)

// archivePage is how many records one transaction of Archive or Unarchive looks at.
const archivePage = 500

// Archive moves the events of the tenant's records that have not changed since an
// instant into a table beside, "archive", and returns how many it moved. The table of
// events then holds what is worked on and stays small; the archive may be put on
// cheaper disks with ALTER TABLE … SET TABLESPACE. Nothing is missing afterwards: the
// history of a record, [workflow.VerifyStore] and the feed, from whatever position,
// read both tables, as half a history proves nothing. A record that is changed later
// has its new events in the one table and its old ones in the other.
//
// It reads all records of the tenant, some hundred in a transaction, and holds up
// nobody. If it fails, what it has moved stays moved; call it again. The owner of the
// schema runs it.
func (s *Store) Archive(ctx context.Context, before time.Time) (events int64, err error) {
	return s.move(ctx, "archive", s.db.sql.archivePage, before)
}

// Unarchive moves the events of the records that have changed at or after an instant
// back, those of all records if it is zero, and returns how many.
func (s *Store) Unarchive(ctx context.Context, since time.Time) (events int64, err error) {
	return s.move(ctx, "unarchive", s.db.sql.unarchivePage, since)
}

func (s *Store) move(ctx context.Context, what, text string, at time.Time) (moved int64, err error) {
	var kinds []int32
	err = s.look(ctx, what, func(n *namer) error {
		tenant, err := n.tenant(s.tenant, false)
		if err != nil || tenant == 0 {
			return err
		}
		rows, err := n.query(n.db.sql.kindsOfTenant, tenant)
		if err != nil {
			return err
		}
		kinds, err = collect(rows, func(rows cursor) (kind int32, err error) { return kind, rows.Scan(&kind) })
		return err
	})
	for _, kind := range kinds {
		after := [16]byte{}
		for more := true; more; {
			var last [16]byte
			var n int64
			err = s.look(ctx, what, func(nm *namer) error {
				_, err := nm.one(text, []any{kind, after, at, archivePage}, &last, &n)
				return err
			})
			if err != nil {
				return moved, err
			}
			moved += n
			after, more = last, last != [16]byte{}
		}
	}
	return moved, err
}

// prunePage is how many batches one statement of Prune takes away.
const prunePage = 10_000

// Prune forgets the ids of the batches, of all tenants, whose commands happened before
// an instant, and returns how many. They are what makes committing again harmless, and
// what a command with a key is known by; so the instant must be further back than
// anybody tries again: by a queue, by hand, from a form that was left open. After it a
// batch that writes records and comes again is an error matching
// [workflow.ErrConflict]; one of timers and messages alone is applied again; a command
// with the same key is carried out again; and the feed filtered by the batch is empty.
// A batch that only takes timers away has no time and stays. The owner of the schema
// runs it.
func (db *DB) Prune(ctx context.Context, before time.Time) (batches int64, err error) {
	for {
		tag, err := db.pool.Exec(ctx, db.sql.pruneBatches, before, prunePage)
		if err != nil {
			return batches, dbError(ctx, "prune", err)
		}
		batches += tag.RowsAffected()
		if tag.RowsAffected() < prunePage {
			return batches, nil
		}
	}
}
