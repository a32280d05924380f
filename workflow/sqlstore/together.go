package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"github.com/itsm-go/itsm/workflow"
)

// turn is what one call wants to have done in a transaction: a commit, a claim, a
// settlement.
type turn struct {
	ctx  context.Context // of its caller
	what string
	size int // about how many bytes it writes
	f    func(*namer) error
	then func(context.Context, *sql.Tx) error // of the host, or nil

	err    error         // its own outcome
	told   chan struct{} // closed when it leads or has its outcome; nil if it led at once
	stage  stage         // guarded by turns.mu
	number uint64        // in the order of arrival
}

type stage uint8

const (
	waits stage = iota
	leads
	carried // somebody else leads
)

// turns lets concurrent callers share transactions, and with them the flush. The
// database has one writer: while one transaction is on its way, those that come
// wait, and the first of them takes the others along into the next. There is no
// goroutine for this. The caller that leads works for all it takes, and then
// passes the lead on.
type turns struct {
	mu       sync.Mutex
	led      bool
	waiting  []*turn
	arrivals uint64
}

// together takes the turn, in company if there is any.
func (db *DB) together(st *turn) error {
	if db.turns.join(st) {
		db.lead(st)
	} else {
		select {
		case <-st.told:
		case <-st.ctx.Done():
			if db.turns.leave(st) {
				return dbError(st.ctx, st.what, st.ctx.Err())
			}
			<-st.told // it is being carried out, and that has an end
		}
		if st.stage == leads {
			db.lead(st)
		}
	}
	var p *panicError
	if errors.As(st.err, &p) {
		panic(p.value)
	}
	return dbError(context.WithoutCancel(st.ctx), st.what, st.err)
}

// join reports whether the turn leads at once. Otherwise it has been queued.
func (t *turns) join(st *turn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.arrivals++
	st.number = t.arrivals
	if !t.led {
		t.led, st.stage = true, leads
		return true
	}
	st.told = make(chan struct{})
	t.waiting = append(t.waiting, st)
	return false
}

// leave takes a turn that still waits out of the queue.
func (t *turns) leave(st *turn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if st.stage != waits {
		return false
	}
	t.waiting = slices.DeleteFunc(t.waiting, func(o *turn) bool { return o == st })
	return true
}

// take removes the turns that may share a transaction with one of that size,
// in the order of their arrival.
func (t *turns) take(most, bytes, size int) []*turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for ; n < len(t.waiting) && n+1 < most; n++ {
		if size += t.waiting[n].size; size > bytes {
			break
		}
	}
	return t.cut(n)
}

// takeUntil removes the turns that had arrived by then.
func (t *turns) takeUntil(number uint64) []*turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for n < len(t.waiting) && t.waiting[n].number <= number {
		n++
	}
	return t.cut(n)
}

func (t *turns) cut(n int) []*turn {
	taken := slices.Clone(t.waiting[:n])
	t.waiting = slices.Delete(t.waiting, 0, n)
	for _, st := range taken {
		st.stage = carried
	}
	return taken
}

func (t *turns) arrived() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.arrivals
}

// pass gives the lead to the turn that waits longest.
func (t *turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.led = len(t.waiting) > 0
	if t.led {
		next := t.waiting[0]
		t.waiting = slices.Delete(t.waiting, 0, 1)
		next.stage = leads
		close(next.told)
	}
}

// lead gets the writer, and carries out the turn and those that wait by then.
func (db *DB) lead(own *turn) {
	defer db.turns.pass()
	conn, err := db.writer.Conn(own.ctx)
	if err != nil {
		own.err = dbError(own.ctx, own.what, err)
		return
	}
	t := &transaction{db: db, conn: conn}
	group := []*turn{own}
	defer func() {
		t.abandon(group) // unless it is over, as it always is but for a Goexit
		for _, st := range group {
			if st != own {
				close(st.told)
			}
		}
		db.tend(conn)
		_ = conn.Close()
	}()
	arrived := db.turns.arrived()
	if err := t.begin(own.ctx); err != nil {
		if errors.Is(err, ErrBusy) { // these have waited as long
			group = append(group, db.turns.takeUntil(arrived)...)
		}
		fail(group, err)
		return
	}
	group = append(group, db.turns.take(db.cfg.Together, db.cfg.TogetherBytes, own.size)...)
	t.carry(group)
}

func fail(group []*turn, err error) {
	for _, st := range group {
		st.err = err
	}
}

// transaction is one of the store's own, on the writer.
type transaction struct {
	db   *DB
	conn *sql.Conn
	n    *namer
	open bool
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
func (t *transaction) carry(group []*turn) {
	alone := false
	for {
		now := group
		if alone {
			now = group[:1]
		}
		left, apart := t.attempt(now)
		if alone {
			left = group[1:]
		}
		if len(left) == 0 {
			return
		}
		group, alone = left, alone || apart
		if err := t.begin(context.WithoutCancel(t.n.ctx)); err != nil {
			fail(group, err)
			return
		}
	}
}

// attempt runs the turns and commits. It returns those that are to be run
// again, as nothing has come of them yet, and whether each is to have a
// transaction to itself.
//
// Nobody's outcome is final before the COMMIT, not even a refusal, because it may
// rest on what another turn of the same transaction did.
func (t *transaction) attempt(group []*turn) (again []*turn, apart bool) {
	done := 0
	for i, st := range group {
		lost := t.run(st, len(group) > 1)
		if lost != nil {
			_ = t.end("ROLLBACK") // as SQLite has probably done
			return slices.Concat(group[:i], group[i+1:]), false
		}
		if st.err == nil {
			done++
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
func (t *transaction) abandon(group []*turn) {
	if t.open {
		_ = t.end("ROLLBACK")
		fail(group, errAbandoned)
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
