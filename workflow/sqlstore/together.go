package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
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
// wait, and the first of them takes the others along into the next, with those
// that come while it works. There is no goroutine for this. The caller that leads
// works for all it takes, and then passes the lead on.
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

// take removes the turns that come next, at most so many, with so many bytes.
func (t *turns) take(most, bytes int) []*turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for ; n < min(most, len(t.waiting)); n++ {
		if bytes -= t.waiting[n].size; bytes < 0 {
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
	if n == 0 {
		return nil
	}
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
	t := &transaction{db: db, conn: conn, aboard: []*turn{own}, room: db.cfg.TogetherBytes - own.size}
	defer func() {
		t.abandon() // unless it is over, as it always is but for a Goexit
		for _, st := range t.aboard[1:] {
			close(st.told)
		}
		db.tend(conn)
		_ = conn.Close()
	}()
	arrived := db.turns.arrived()
	if err := t.begin(own.ctx); err != nil {
		if errors.Is(err, ErrBusy) { // these have waited as long
			t.aboard = append(t.aboard, db.turns.takeUntil(arrived)...)
		}
		fail(t.aboard, err)
		return
	}
	t.carry()
}

func fail(group []*turn, err error) {
	for _, st := range group {
		st.err = err
	}
}
