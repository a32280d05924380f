package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// transaction is one of the store's own, on the writer.
type transaction struct {
	db   *DB
	conn *sql.Conn
	n    *namer
	open bool

	aboard []*turn // all whose outcome will be told when it has ended
	room   int     // how many bytes more they may write
	closed bool    // nobody comes aboard any more
}

// board takes those along who wait now.
func (t *transaction) board() []*turn {
	if t.closed || t.room < 0 {
		return nil
	}
	more := t.db.turns.take(t.db.cfg.Together-len(t.aboard), t.room)
	for _, st := range more {
		t.room -= st.size
	}
	t.aboard = append(t.aboard, more...)
	return more
}

// begin waits for other processes. Ending the context ends the wait, but not the
// work once it has begun: interrupting a COMMIT would leave its outcome open.
func (t *transaction) begin(ctx context.Context) error {
	t.n = newNamer(&session{ctx: context.WithoutCancel(ctx)}, &t.db.names)
	t.n.ends = map[int64]int64{}
	return raw(t.conn, func(c *connection) error {
		t.n.conn = c
		err := beginWriting(ctx, t.db.cfg.BusyTimeout, func() error {
			_, err := t.n.exec("BEGIN IMMEDIATE")
			return err
		})
		t.open = err == nil
		c.joined = t.open
		return err
	})
}

// carry carries out the turns in the transaction that has begun. What one of them
// does wrong is its own affair; if it costs the whole transaction, the others
// begin another without it.
func (t *transaction) carry() {
	t.board()
	left, apart := t.attempt(t.aboard)
	t.closed = true
	for len(left) > 0 {
		if err := t.begin(context.WithoutCancel(t.n.ctx)); err != nil {
			fail(left, err)
			return
		}
		if apart {
			t.attempt(left[:1])
			left = left[1:]
		} else {
			left, apart = t.attempt(left)
		}
	}
}

// attempt runs the turns, and those that come meanwhile, and commits. It returns
// those that are to be run again, as nothing has come of them yet, and whether
// each is to have a transaction to itself.
//
// Nobody's outcome is final before the COMMIT, not even a refusal, because it may
// rest on what another turn of the same transaction did.
func (t *transaction) attempt(group []*turn) (again []*turn, apart bool) {
	done, shared := 0, len(group) > 1
	for i := 0; i < len(group); i++ {
		st := group[i]
		lost := t.run(st, shared)
		if lost != nil {
			_ = t.end("ROLLBACK") // as SQLite has probably done
			return slices.Concat(group[:i], group[i+1:]), false
		}
		if st.err == nil {
			done++
		}
		if i == len(group)-1 && (shared || done > 0) {
			if more := t.board(); len(more) > 0 {
				group = slices.Concat(group, more)
				shared = true
			}
		}
	}
	if done == 0 {
		if err := t.end("ROLLBACK"); err != nil && !undone(group[0].err) {
			group[0].err = errors.Join(group[0].err, err)
		}
		return nil, false
	}
	err := t.end("COMMIT")
	if err == nil {
		t.db.names.put(t.n.found)
		return nil, false
	}
	failed := commitError(err)
	if err := t.end("ROLLBACK"); err != nil && !errors.Is(failed, workflow.ErrUnsure) && !undone(failed) {
		failed = errors.Join(failed, err)
	}
	if len(group) > 1 && !errors.Is(failed, workflow.ErrUnsure) && !errors.Is(failed, ErrBusy) {
		return group, true // it is the fault of one, and certain that nothing has changed
	}
	fail(group, failed)
	return nil, false
}

// run gives the turn its outcome, except for the COMMIT. One that shares the
// transaction is undone alone if it fails; lost is why that was not possible.
func (t *transaction) run(st *turn, shared bool) (lost error) {
	if st.err = st.ctx.Err(); st.err != nil {
		return nil
	}
	t.n.ctx = context.WithoutCancel(st.ctx)
	if shared {
		st.err, lost = t.n.savepoint(t.conn, st)
	} else {
		st.err = t.n.perform(t.conn, st)
	}
	if st.err != nil { // what it made is gone
		clear(t.n.found)
		clear(t.n.ends)
	}
	return lost
}

func (t *transaction) end(how string) error {
	return raw(t.conn, func(c *connection) error {
		_, err := t.n.exec(how)
		t.open = how == "COMMIT" && err != nil
		c.joined = t.open
		return err
	})
}

// abandon ends a transaction that was left without an end.
func (t *transaction) abandon() {
	if t.open {
		_ = t.end("ROLLBACK")
		fail(t.aboard, errAbandoned)
	}
}

var errAbandoned = errors.New("the projection ended the goroutine, nothing was changed")

// savepoint performs the turn so that, if it fails, it is undone alone. It is an
// error of its own, lost, if the transaction is gone altogether.
func (n *namer) savepoint(conn *sql.Conn, st *turn) (err, lost error) {
	if lost = n.control(conn, "SAVEPOINT itsm"); lost != nil {
		return lost, lost
	}
	if err = n.perform(conn, st); err != nil {
		lost = n.control(conn, "ROLLBACK TO itsm")
	}
	if lost == nil {
		lost = n.control(conn, "RELEASE itsm")
	}
	if lost != nil && err == nil {
		err = lost
	}
	return err, lost
}

func (n *namer) control(conn *sql.Conn, text string) error {
	return raw(conn, func(c *connection) error {
		n.conn = c
		_, err := n.exec(text)
		return err
	})
}

// perform does what the turn wants, and then what the host wants with it.
func (n *namer) perform(conn *sql.Conn, st *turn) error {
	err := raw(conn, func(c *connection) error {
		n.conn = c
		return guard(func() error { return st.f(n) })
	})
	if err == nil && st.then != nil {
		err = guard(func() error { return project(n.ctx, conn, st.then) })
	}
	if err == nil {
		err = st.ctx.Err()
	}
	return err
}

// project lets the host write in the same transaction.
func project(ctx context.Context, conn *sql.Conn, then func(context.Context, *sql.Tx) error) (err error) {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rollback(tx)) }() // rolls back nothing: see joinedTx
	return then(ctx, tx)
}

// panicError carries a panic of one call's projection to the goroutine of that
// call.
type panicError struct{ value any }

func (e *panicError) Error() string { return "a panic ended the transaction" }

func guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{v}
		}
	}()
	return f()
}
