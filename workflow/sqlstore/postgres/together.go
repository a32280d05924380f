package postgres

import (
	"cmp"
	"context"
	"net"
	"slices"
	"sync"

	"github.com/itsm-go/itsm/workflow"
)

// How commits travel together: at most that many transactions are on their way at a
// time, and each takes at most that many batches. While they are those that come wait,
// and the first of them takes the others along.
const (
	travelLanes = 4
	travelGroup = 32

	// maxCompany is how much a batch may hold so that it does not keep others waiting.
	maxCompany = 50
)

// traffic lets commits of many callers share round trips and flushes. It has no
// goroutine of its own: the caller whose turn comes does the work for those that wait,
// and on its return gives the turn to the next.
type traffic struct {
	mu      sync.Mutex
	leaders int
	waiting []*traveller
}

// traveller is one call of Commit.
type traveller struct {
	store   *Store
	batch   workflow.Batch
	columns *columns
	known   bool  // the answer, with err
	err     error // see carry

	told  chan struct{} // closed when it leads or has its answer
	stage stage         // guarded by the traffic
	group []*traveller  // whom it leads, itself included
}

type stage uint8

const (
	waits stage = iota
	leads
	travels // somebody else leads
	arrived
)

// ride commits the traveller's batch in company.
func (tr *traffic) ride(ctx context.Context, db *DB, t *traveller) error {
	t.told = make(chan struct{})
	tr.mu.Lock()
	tr.waiting = append(tr.waiting, t)
	tr.appoint(db)
	tr.mu.Unlock()
	select {
	case <-t.told:
	case <-ctx.Done():
		if err, over := tr.leave(ctx, db, t); over {
			return err
		}
	}
	if t.stage != leads {
		return t.err
	}
	slices.SortStableFunc(t.group, func(a, b *traveller) int {
		x, y := a.columns.first(), b.columns.first()
		return cmp.Or(cmp.Compare(x.kind, y.kind), slices.Compare(x.id[:], y.id[:]))
	})
	defer tr.arrive(db, t)
	for _, o := range t.group {
		o.err = &sharedError{net.ErrClosed} // should carry not end as it ought to
	}
	db.carry(ctx, len(t.group) > 1, t.group...)
	return t.err
}

// arrive tells those that t led of their answers, and lets the next go.
func (tr *traffic) arrive(db *DB, t *traveller) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, o := range t.group {
		if o != t {
			o.stage = arrived
			close(o.told)
		}
	}
	tr.leaders--
	tr.appoint(db)
}

// appoint makes the first that waits a leader, if there is a lane for it.
func (tr *traffic) appoint(db *DB) {
	for tr.leaders < db.lanes && len(tr.waiting) > 0 {
		n := min(len(tr.waiting), db.group)
		group := slices.Clone(tr.waiting[:n])
		tr.waiting = slices.Delete(tr.waiting, 0, n)
		tr.leaders++
		for _, t := range group {
			t.stage = travels
		}
		group[0].stage, group[0].group = leads, group
		close(group[0].told)
	}
}

// leave is for a traveller whose context has ended. It reports whether its journey is
// over; otherwise it has its answer already.
func (tr *traffic) leave(ctx context.Context, db *DB, t *traveller) (err error, over bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	switch t.stage {
	case waits:
		tr.waiting = slices.DeleteFunc(tr.waiting, func(o *traveller) bool { return o == t })
		return &unsentError{ctx.Err()}, true
	case leads: // and has not begun
		rest := slices.DeleteFunc(t.group, func(o *traveller) bool { return o == t })
		for _, o := range rest {
			o.stage = waits
		}
		tr.waiting = append(rest, tr.waiting...)
		tr.leaders--
		tr.appoint(db)
		return &unsentError{ctx.Err()}, true
	case travels:
		return ctx.Err(), true
	}
	return nil, false
}
