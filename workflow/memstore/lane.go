package memstore

import (
	"container/heap"
	"slices"
	"sort"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// lane is the line of one record's timers, or of its messages. Only its first
// may be out at a time.
type lane struct {
	ref   workflow.Ref
	line  []*work   // sorted by place; parked work is not in it
	out   *work     // leased, until a worker settles it or its lease ends
	in    *laneHeap // the heap the lane is in
	index int       // its place there
}

// wake returns the instant from which the lane has work to give.
func (l *lane) wake() time.Time {
	at := l.line[0].wake
	if l.out != nil && l.out.wake.After(at) {
		return l.out.wake
	}
	return at
}

// release ends the lease of the work, if it is the one that is out.
func (l *lane) release(w *work) {
	if l.out == w {
		l.out = nil
	}
}

// lanes holds all lanes of timers, or of messages. A lane waits in one heap,
// ordered by time, until its time has come, and then stands in the other, in
// the order of delivery. So a claim touches what is due and nothing else, and
// the clock that callers pass may even go back.
type lanes struct {
	of      map[workflow.Ref]*lane
	waiting laneHeap // by wake
	ready   laneHeap // by the place of the first in line
}

func newLanes() lanes {
	return lanes{
		of:      map[workflow.Ref]*lane{},
		waiting: laneHeap{less: func(a, b *lane) bool { return a.wake().Before(b.wake()) }},
		ready:   laneHeap{less: func(a, b *lane) bool { return a.line[0].place.compare(b.line[0].place) < 0 }},
	}
}

// add puts the work in line.
func (ls *lanes) add(ref workflow.Ref, w *work) {
	l := ls.of[ref]
	if l == nil {
		l = &lane{ref: ref}
		ls.of[ref] = l
	}
	w.lane = l
	i := l.find(w)
	l.line = slices.Insert(l.line, i, w)
	ls.fix(l)
}

func (l *lane) find(w *work) int {
	return sort.Search(len(l.line), func(i int) bool { return l.line[i].place.compare(w.place) >= 0 })
}

// remove takes the work out of its line.
func (ls *lanes) remove(w *work) {
	l := w.lane
	l.release(w)
	if i := l.find(w); i == 0 {
		l.line[0] = nil
		l.line = l.line[1:]
	} else {
		l.line = slices.Delete(l.line, i, i+1)
	}
	ls.fix(l)
}

// fix puts the lane where it belongs after a change.
func (ls *lanes) fix(l *lane) {
	if l.in != nil {
		heap.Remove(l.in, l.index)
	}
	if len(l.line) == 0 {
		delete(ls.of, l.ref)
		return
	}
	heap.Push(&ls.waiting, l)
}

// take leases the first work in the order of delivery that is due at now. It
// wakes again when the lease ends.
func (ls *lanes) take(now, until time.Time) *work {
	for len(ls.waiting.lanes) > 0 && !ls.waiting.lanes[0].wake().After(now) {
		heap.Push(&ls.ready, heap.Pop(&ls.waiting))
	}
	for len(ls.ready.lanes) > 0 {
		l := ls.ready.lanes[0]
		if l.wake().After(now) {
			ls.fix(l)
			continue
		}
		w := l.line[0]
		w.wake, l.out = until, w
		ls.fix(l)
		return w
	}
	return nil
}

// laneHeap implements [heap.Interface] and keeps each lane's place in it.
type laneHeap struct {
	lanes []*lane
	less  func(a, b *lane) bool
}

func (h *laneHeap) Len() int           { return len(h.lanes) }
func (h *laneHeap) Less(i, j int) bool { return h.less(h.lanes[i], h.lanes[j]) }

func (h *laneHeap) Swap(i, j int) {
	h.lanes[i], h.lanes[j] = h.lanes[j], h.lanes[i]
	h.lanes[i].index, h.lanes[j].index = i, j
}

// Push implements [heap.Interface].
func (h *laneHeap) Push(x any) {
	l := x.(*lane)
	l.in, l.index = h, len(h.lanes)
	h.lanes = append(h.lanes, l)
}

// Pop implements [heap.Interface].
func (h *laneHeap) Pop() any {
	n := len(h.lanes) - 1
	l := h.lanes[n]
	h.lanes[n] = nil
	h.lanes = h.lanes[:n]
	l.in = nil
	return l
}
