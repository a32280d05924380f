package memstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// work is a timer or a message on its way to a worker.
type work struct {
	timer   *workflow.Timer
	message *workflow.Message
	place   place // in its lane and among the work that is due

	lane    *lane
	wake    time.Time // not to be claimed before: the due time, the end of a lease, the retry
	receipt workflow.Receipt
	attempt int
	failure string
	parked  int64 // in the order of parking; 0 = not parked
}

// place orders work: timers by due time and name, messages, which have neither,
// by their commits.
type place struct {
	due  time.Time
	name string
	seq  int64
}

func (p place) compare(o place) int {
	return cmp.Or(p.due.Compare(o.due), cmp.Compare(p.name, o.name), cmp.Compare(p.seq, o.seq))
}

// queue holds the work of one tenant.
type queue struct {
	seq      int64
	timers   lanes
	messages lanes
	named    map[timerName]*work // every timer, parked ones too
	receipts map[workflow.Receipt]*work
	parked   []*work // in the order of parking
}

type timerName struct {
	ref  workflow.Ref
	name string
}

func newQueue() queue {
	return queue{
		timers:   newLanes(),
		messages: newLanes(),
		named:    map[timerName]*work{},
		receipts: map[workflow.Receipt]*work{},
	}
}

func (q *queue) next() int64 {
	q.seq++
	return q.seq
}

// setTimer replaces or cancels the record's timer of that name.
func (q *queue) setTimer(t *workflow.Timer) {
	name := timerName{t.Ref, t.Name}
	if old := q.named[name]; old != nil {
		q.forget(old)
	}
	if t.Due.IsZero() {
		return
	}
	w := &work{timer: t, place: place{t.Due, t.Name, q.next()}, wake: t.Due}
	q.named[name] = w
	q.timers.add(t.Ref, w)
}

func (q *queue) addMessage(m *workflow.Message) {
	q.messages.add(m.Ref, &work{message: m, place: place{seq: q.next()}})
}

func (q *queue) lanesOf(w *work) *lanes {
	if w.timer != nil {
		return &q.timers
	}
	return &q.messages
}

// forget removes the work wherever it stands, and with it its receipt.
func (q *queue) forget(w *work) {
	delete(q.receipts, w.receipt)
	if w.timer != nil {
		delete(q.named, timerName{w.timer.Ref, w.timer.Name})
	}
	if w.parked != 0 {
		q.unpark(w)
		return
	}
	q.lanesOf(w).remove(w)
}

func (q *queue) unpark(w *work) {
	i := sort.Search(len(q.parked), func(i int) bool { return q.parked[i].parked >= w.parked })
	q.parked = slices.Delete(q.parked, i, i+1)
	w.parked = 0
}

// Claim leases what is due at now, a timer and a message in turn while there
// are both, so that neither holds up the other. See [workflow.Queue]. Messages
// are due from their commit on.
func (s *Store) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n < 0 || lease <= 0 {
		return nil, fmt.Errorf("memstore: claim of %d for %v: want a number and a lease above zero: %w", n, lease, workflow.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []workflow.Due
	kinds := [2]*lanes{&s.queue.timers, &s.queue.messages}
	for turn, dry := 0, 0; len(out) < n && dry < len(kinds); turn++ {
		w := kinds[turn%len(kinds)].take(now, now.Add(lease))
		if w == nil {
			dry++
			continue
		}
		dry = 0
		delete(s.queue.receipts, w.receipt)
		w.receipt = workflow.Receipt(strconv.FormatInt(s.receipts.Add(1), 10))
		s.queue.receipts[w.receipt] = w
		w.attempt++
		out = append(out, w.copy())
	}
	return out, nil
}

func (w *work) copy() workflow.Due {
	d := workflow.Due{Receipt: w.receipt, Attempt: w.attempt, Error: w.failure}
	if w.timer != nil {
		t := *w.timer
		t.Payload = slices.Clone(t.Payload)
		d.Timer = &t
	} else {
		m := *w.message
		m.Payload = slices.Clone(m.Payload)
		d.Message = &m
	}
	return d
}

// Settle ends leases; see [workflow.Queue]. A settlement without a valid
// outcome is an error matching [workflow.ErrInvalid], and then none is carried
// out.
func (s *Store) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var p workflow.Problems
	for _, x := range settlements {
		if x.Outcome < workflow.Done || x.Outcome > workflow.Park {
			p.Addf("receipt %q: unknown outcome %d", x.Receipt, x.Outcome)
		}
	}
	if err := p.Err("memstore: settle"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var lost []error
	for _, x := range settlements {
		w := s.queue.receipts[x.Receipt]
		if w == nil || w.parked != 0 {
			lost = append(lost, fmt.Errorf("memstore: receipt %q: %w", x.Receipt, workflow.ErrLeaseLost))
			continue
		}
		s.queue.settle(w, x)
	}
	return errors.Join(lost...)
}

func (q *queue) settle(w *work, x workflow.Settlement) {
	switch x.Outcome {
	case workflow.Done:
		q.forget(w)
	case workflow.Retry:
		delete(q.receipts, w.receipt)
		w.lane.release(w)
		w.failure, w.wake = x.Error, instant(x.RetryAt)
		q.lanesOf(w).fix(w.lane)
	case workflow.Park:
		w.failure = x.Error
		q.lanesOf(w).remove(w)
		w.parked = q.next()
		q.parked = append(q.parked, w)
	}
}

// Parked yields the dead letters, oldest first, read a page at a time. The
// receipt of each is the one to revive it with.
func (s *Store) Parked(ctx context.Context) iter.Seq2[workflow.Due, error] {
	return func(yield func(workflow.Due, error) bool) {
		var last int64
		for more := true; more; {
			if err := ctx.Err(); err != nil {
				yield(workflow.Due{}, err)
				return
			}
			var page []workflow.Due
			page, last = s.parkedPage(last)
			for _, d := range page {
				if !yield(d, nil) {
					return
				}
			}
			more = len(page) == firstPage
		}
	}
}

func (t *tenant) parkedPage(after int64) ([]workflow.Due, int64) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	parked := t.queue.parked
	i := sort.Search(len(parked), func(i int) bool { return parked[i].parked > after })
	var page []workflow.Due
	for ; i < len(parked) && len(page) < firstPage; i++ {
		page, after = append(page, parked[i].copy()), parked[i].parked
	}
	return page, after
}

// Revive makes parked work due again at the instant, in its old place in the
// order of its record; see [workflow.Queue]. The others are revived even if one
// is not parked.
func (s *Store) Revive(ctx context.Context, at time.Time, receipts ...workflow.Receipt) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var missing []error
	for _, r := range receipts {
		w := s.queue.receipts[r]
		if w == nil || w.parked == 0 {
			missing = append(missing, fmt.Errorf("memstore: receipt %q is of no parked work: %w", r, workflow.ErrNotFound))
			continue
		}
		delete(s.queue.receipts, r)
		s.queue.unpark(w)
		w.attempt, w.wake = 0, instant(at)
		s.queue.lanesOf(w).add(w.lane.ref, w)
	}
	return errors.Join(missing...)
}
