package memstore_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// plainWork and plainQueue are the queue written as simply as can be: a list,
// searched from end to end for everything.
type plainWork struct {
	ref     workflow.Ref
	name    string // of the timer; empty for a message
	topic   string
	due     time.Time
	seq     int
	wake    time.Time
	attempt int
	parked  bool
	receipt workflow.Receipt
}

type plainQueue struct {
	all []*plainWork
	out map[string]*plainWork // by lane: the work leased last
	seq int
}

func (w *plainWork) lane() string { return fmt.Sprint(w.ref, w.name == "") }

func (q *plainQueue) set(ref workflow.Ref, name string, due time.Time) {
	q.drop(func(w *plainWork) bool { return w.ref == ref && w.name == name })
	if !due.IsZero() {
		q.seq++
		q.all = append(q.all, &plainWork{ref: ref, name: name, due: due, wake: due, seq: q.seq})
	}
}

func (q *plainQueue) send(ref workflow.Ref, topic string) {
	q.seq++
	q.all = append(q.all, &plainWork{ref: ref, topic: topic, seq: q.seq})
}

func (q *plainQueue) drop(which func(*plainWork) bool) {
	q.all = slices.DeleteFunc(q.all, func(w *plainWork) bool {
		if which(w) && q.out[w.lane()] == w {
			delete(q.out, w.lane())
		}
		return which(w)
	})
}

// take leases the first timer, or message, that is due.
func (q *plainQueue) take(now time.Time, messages bool) *plainWork {
	heads := map[string]*plainWork{}
	slices.SortFunc(q.all, func(a, b *plainWork) int {
		return cmp.Or(a.due.Compare(b.due), strings.Compare(a.name, b.name), a.seq-b.seq)
	})
	for _, w := range q.all {
		if (w.name == "") == messages && !w.parked && heads[w.lane()] == nil {
			heads[w.lane()] = w
		}
	}
	for _, w := range q.all {
		out := q.out[w.lane()]
		if heads[w.lane()] == w && !w.wake.After(now) && (out == nil || !out.wake.After(now)) {
			w.wake = now.Add(time.Minute)
			w.attempt++
			q.out[w.lane()] = w
			return w
		}
	}
	return nil
}

func (q *plainQueue) claim(now time.Time, n int) []*plainWork {
	var got []*plainWork
	for messages, dry := false, 0; len(got) < n && dry < 2; messages = !messages {
		if w := q.take(now, messages); w != nil {
			got, dry = append(got, w), 0
		} else {
			dry++
		}
	}
	return got
}

func (q *plainQueue) held(r workflow.Receipt) *plainWork {
	i := slices.IndexFunc(q.all, func(w *plainWork) bool { return w.receipt == r })
	if r == "" || i < 0 {
		return nil
	}
	return q.all[i]
}

// settle reports whether the receipt held.
func (q *plainQueue) settle(x workflow.Settlement) bool {
	w := q.held(x.Receipt)
	if w == nil || w.parked {
		return false
	}
	if x.Outcome == workflow.Done {
		q.drop(func(o *plainWork) bool { return o == w })
		return true
	}
	if q.out[w.lane()] == w {
		delete(q.out, w.lane())
	}
	if w.parked = x.Outcome == workflow.Park; !w.parked {
		w.receipt, w.wake = "", x.RetryAt
	}
	return true
}

func (q *plainQueue) revive(r workflow.Receipt, at time.Time) bool {
	w := q.held(r)
	if w == nil || !w.parked {
		return false
	}
	w.parked, w.receipt, w.attempt, w.wake = false, "", 0, at
	return true
}

// TestQueueAgreesWithAPlainOne plays random days on both: clocks that differ
// and go back, lost workers, retries, dead letters, timers set anew.
func TestQueueAgreesWithAPlainOne(t *testing.T) {
	for seed := range uint64(12) {
		d := duel{t: t, r: rand.New(rand.NewPCG(seed, 3)), store: memstore.New(), ids: workflow.SeededIDs(seed), plain: plainQueue{out: map[string]*plainWork{}}}
		for range 4 {
			d.refs = append(d.refs, workflow.Ref{Kind: "incident", ID: d.ids.NewID(start)})
		}
		for range 400 {
			d.step()
		}
	}
}

type duel struct {
	t        *testing.T
	r        *rand.Rand
	store    *memstore.Store
	plain    plainQueue
	ids      workflow.IDSource
	refs     []workflow.Ref
	receipts []workflow.Receipt
	n        int
}

func (d *duel) instant() time.Time {
	return start.Add(time.Duration(d.n/4+d.r.IntN(60)) * 10 * time.Second)
}

func (d *duel) step() {
	d.n++
	ref := d.refs[d.r.IntN(len(d.refs))]
	var receipt workflow.Receipt
	if len(d.receipts) > 0 {
		receipt = d.receipts[len(d.receipts)-1-d.r.IntN(min(6, len(d.receipts)))]
	}
	switch d.r.IntN(8) {
	case 0, 1:
		name, due := fmt.Sprint("t", d.r.IntN(3)), d.instant()
		if d.r.IntN(5) == 0 {
			due = time.Time{}
		}
		d.plain.set(ref, name, due)
		d.commit(workflow.Batch{Timers: []workflow.Timer{{Ref: ref, Name: name, Due: due}}})
	case 2:
		topic := fmt.Sprint("m", d.n)
		d.plain.send(ref, topic)
		d.commit(workflow.Batch{Messages: []workflow.Message{{ID: d.ids.NewID(start), Ref: ref, Topic: topic, At: start}}})
	case 3, 4:
		d.claim(d.instant(), d.r.IntN(4))
	case 5, 6:
		x := workflow.Settlement{Receipt: receipt, Outcome: workflow.Outcome(1 + d.r.IntN(3)), RetryAt: d.instant()}
		d.same("settle", d.store.Settle(ctx, x) == nil, d.plain.settle(x))
	case 7:
		at := d.instant()
		d.same("revive", d.store.Revive(ctx, at, receipt) == nil, d.plain.revive(receipt, at))
	}
}

func (d *duel) commit(b workflow.Batch) {
	b.ID = d.ids.NewID(start)
	if err := d.store.Commit(ctx, b); err != nil {
		d.t.Fatal(err)
	}
}

func (d *duel) claim(now time.Time, n int) {
	got, err := d.store.Claim(ctx, now, n, time.Minute)
	if err != nil {
		d.t.Fatal(err)
	}
	var a, b []string
	for _, w := range d.plain.claim(now, n) {
		b = append(b, fmt.Sprint(w.ref, w.name, w.topic, w.attempt))
		if len(b) <= len(got) {
			w.receipt = got[len(b)-1].Receipt
		}
	}
	for _, x := range got {
		d.receipts = append(d.receipts, x.Receipt)
		if x.Timer != nil {
			a = append(a, fmt.Sprint(x.Ref(), x.Timer.Name, x.Attempt))
		} else {
			a = append(a, fmt.Sprint(x.Ref(), x.Message.Topic, x.Attempt))
		}
	}
	d.same("claim", a, b)
}

func (d *duel) same(what string, got, want any) {
	d.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		d.t.Fatalf("step %d: %s gave %v, the plain queue %v", d.n, what, got, want)
	}
}
