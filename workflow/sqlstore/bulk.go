package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"github.com/itsm-go/itsm/workflow"
)

// Bulk loads a lot at a time: an import, a migration, a replay. Each commit
// through its stores is all or nothing, as ever, but many of them share one
// transaction of the database, so that they cost one flush together. They are
// there for good, and for others to see, after the next [Bulk.Flush]; what was
// done since the last one is lost when the program or the machine dies.
//
// While a Bulk is open, every other commit waits for it. Its stores are safe for
// concurrent use.
type Bulk struct {
	db    *DB
	conn  *sql.Conn
	names names // of the open transaction too

	mu   sync.Mutex      // of one turn at a time
	ends map[int64]int64 // the last position of each tenant, as nobody else writes
	lost error           // why the database gave up the transaction
}

// Bulk begins to load. It waits for the running commit.
func (db *DB) Bulk(ctx context.Context) (*Bulk, error) {
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return nil, dbError(ctx, "bulk", err)
	}
	b := &Bulk{db: db, conn: conn, ends: map[int64]int64{}}
	if err := b.begin(ctx); err != nil {
		return nil, errors.Join(dbError(ctx, "bulk", err), conn.Close())
	}
	return b, nil
}

func (b *Bulk) begin(ctx context.Context) error {
	return raw(b.conn, func(c *connection) error {
		s := session{ctx: context.WithoutCancel(ctx), conn: c}
		err := beginWriting(ctx, b.db.cfg.BusyTimeout, func() error {
			_, err := s.exec("BEGIN IMMEDIATE")
			return err
		})
		c.joined = err == nil
		return err
	})
}

// Tenant returns the store of one tenant within the load. It is good until the
// load is closed.
func (b *Bulk) Tenant(name string) *Store { return &Store{db: b.db, tenant: name, bulk: b} }

// Flush makes lasting what was done until now.
func (b *Bulk) Flush(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != nil {
		return dbError(ctx, "bulk", b.lost)
	}
	if err := b.end(ctx, "COMMIT"); err != nil {
		return dbError(ctx, "bulk", commitError(err))
	}
	clear(b.ends) // others may write in between
	return dbError(ctx, "bulk", b.begin(ctx))
}

// Close ends the load. It makes lasting what was done since the last flush.
func (b *Bulk) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != nil {
		return errors.Join(dbError(context.Background(), "bulk", b.lost), b.leave())
	}
	err := b.end(context.Background(), "COMMIT")
	if err != nil {
		err = errors.Join(commitError(err), b.end(context.Background(), "ROLLBACK"))
	}
	return errors.Join(dbError(context.Background(), "bulk", err), b.conn.Close())
}

// Discard ends the load and drops what was done since the last flush.
func (b *Bulk) Discard() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lost != nil {
		return b.leave()
	}
	err := b.end(context.Background(), "ROLLBACK")
	return errors.Join(dbError(context.Background(), "bulk", err), b.conn.Close())
}

// leave gives the writer back when the transaction is gone already.
func (b *Bulk) leave() error {
	_ = b.end(context.Background(), "ROLLBACK")
	return errors.Join(raw(b.conn, func(c *connection) error {
		c.joined = false
		return nil
	}), b.conn.Close())
}

func (b *Bulk) end(ctx context.Context, how string) error {
	return raw(b.conn, func(c *connection) error {
		if !c.joined {
			return nil
		}
		s := session{ctx: context.WithoutCancel(ctx), conn: c}
		_, err := s.exec(how)
		if err == nil {
			c.joined = false
		}
		return err
	})
}

// look runs f, which executes single statements. It sees no half of a turn.
func (b *Bulk) look(ctx context.Context, what string, f func(*session) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := raw(b.conn, func(c *connection) error { return f(&session{ctx: ctx, conn: c}) })
	return dbError(ctx, what, err)
}

// write carries out the turn in the transaction. It is undone alone if it fails.
func (b *Bulk) write(st *turn) error {
	if err := st.ctx.Err(); err != nil {
		return dbError(st.ctx, st.what, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.usable(); err != nil {
		return dbError(st.ctx, st.what, err)
	}
	n := newNamer(&session{ctx: context.WithoutCancel(st.ctx)}, &b.names)
	n.ends = b.ends
	err, lost := n.savepoint(b.conn, st)
	if err == nil {
		b.names.put(n.found)
		return nil
	}
	clear(b.ends)
	if lost != nil {
		b.lost = fmt.Errorf("the load was undone since its last flush: %w", err)
	}
	var p *panicError
	if errors.As(err, &p) {
		panic(p.value)
	}
	return dbError(st.ctx, st.what, err)
}

// usable refuses to go on with a transaction that is over: each turn would be one
// of its own, and would not be undone with the others.
func (b *Bulk) usable() error {
	if b.lost != nil {
		return b.lost
	}
	return raw(b.conn, func(c *connection) error {
		if !c.joined {
			return errors.Join(errors.New("the bulk load is closed"), workflow.ErrInvalid)
		}
		return nil
	})
}
