package sla

import (
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Schedule knows which of very many clocks is due next: a list of keys, such as
// record ids, with an instant each. Finding the next one costs a few nanoseconds
// however many there are, and taking out what has come due costs only what has.
//
// A schedule is an index that can be made anew at any time, from the timers that
// are stored with the records ([Engine.Alarms]) or from the due times of their
// clocks. It is not safe for concurrent use. Keys that are due at the same instant
// come in a repeatable order, which means nothing. The zero Schedule is empty and
// ready for use.
type Schedule[K comparable] struct {
	heap  []slotDue // by due, each before its four children
	slots []slot[K]
	place map[K]int32 // of a key in slots
	free  []int32     // slots that have no key
}

// slotDue lies apart from the keys, so that a comparison touches no more memory
// than it needs.
type slotDue struct {
	due  int64 // nanoseconds since 1970
	slot int32
}

type slot[K comparable] struct {
	key K
	at  int32 // its place in the heap
}

// NewSchedule returns an empty schedule with room for so many keys.
func NewSchedule[K comparable](room int) *Schedule[K] {
	room = max(room, 0)
	return &Schedule[K]{heap: make([]slotDue, 0, room), slots: make([]slot[K], 0, room), place: make(map[K]int32, room)}
}

// Len is how many keys there are.
func (s *Schedule[K]) Len() int { return len(s.heap) }

// Set says when a key is due, in place of what was said before. An instant before
// the year 1678 or after 2261 is an error matching [workflow.ErrInvalid].
func (s *Schedule[K]) Set(key K, due time.Time) error {
	if sec := due.Unix(); sec <= math.MinInt64/int64(time.Second) || sec >= math.MaxInt64/int64(time.Second) {
		return fmt.Errorf("sla: %v is due at %s, want the years 1678 to 2261: %w", key, due.Format(time.RFC3339), workflow.ErrInvalid)
	}
	if len(s.heap) == math.MaxInt32 {
		return fmt.Errorf("sla: a schedule has at most %d keys: %w", math.MaxInt32, workflow.ErrInvalid)
	}
	at := due.UnixNano()
	if i, ok := s.place[key]; ok {
		p := s.slots[i].at
		s.heap[p].due = at
		s.down(s.up(p))
		return nil
	}
	var i int32
	if n := len(s.free); n > 0 {
		i, s.free = s.free[n-1], s.free[:n-1]
		s.slots[i].key = key
	} else {
		i = int32(len(s.slots))
		s.slots = append(s.slots, slot[K]{key: key})
	}
	if s.place == nil {
		s.place = map[K]int32{}
	}
	s.place[key] = i
	s.heap = append(s.heap, slotDue{at, i})
	s.slots[i].at = int32(len(s.heap) - 1)
	s.up(s.slots[i].at)
	return nil
}

// Clear takes a key out, and reports whether it was there.
func (s *Schedule[K]) Clear(key K) bool {
	i, ok := s.place[key]
	if ok {
		s.take(s.slots[i].at)
	}
	return ok
}

// When is the instant at which a key is due, if it is there.
func (s *Schedule[K]) When(key K) (time.Time, bool) {
	i, ok := s.place[key]
	if !ok {
		return time.Time{}, false
	}
	return time.Unix(0, s.heap[s.slots[i].at].due).UTC(), true
}

// Next is the key that is due first, and when. It is not ok if there is none.
func (s *Schedule[K]) Next() (key K, due time.Time, ok bool) {
	if len(s.heap) == 0 {
		return key, due, false
	}
	return s.slots[s.heap[0].slot].key, time.Unix(0, s.heap[0].due).UTC(), true
}

// Due takes out and yields what is due at an instant or was before, the earliest
// first. The loop may set and clear keys, also the one it is given; what is set to
// be due by then is yielded as well.
func (s *Schedule[K]) Due(now time.Time) iter.Seq2[K, time.Time] {
	return func(yield func(K, time.Time) bool) {
		for {
			key, due, ok := s.Next()
			if !ok || due.After(now) {
				return
			}
			s.take(0)
			if !yield(key, due) {
				return
			}
		}
	}
}

// take removes what is at a place in the heap.
func (s *Schedule[K]) take(p int32) {
	i := s.heap[p].slot
	delete(s.place, s.slots[i].key)
	s.slots[i] = slot[K]{} // the key may hold on to memory
	s.free = append(s.free, i)
	last := len(s.heap) - 1
	moved := s.heap[last]
	s.heap = s.heap[:last]
	if int(p) < last {
		s.put(p, moved)
		s.down(s.up(p))
	}
}

func (s *Schedule[K]) put(p int32, e slotDue) {
	s.heap[p] = e
	s.slots[e.slot].at = p
}

// before orders by due; equals by slot, so that the order is the same each time.
func (a slotDue) before(b slotDue) bool { return a.due < b.due || a.due == b.due && a.slot < b.slot }

// up moves what is at a place towards the front, as far as it is earlier, and
// returns where it has come to.
func (s *Schedule[K]) up(p int32) int32 {
	e := s.heap[p]
	for p > 0 {
		parent := (p - 1) / 4
		if !e.before(s.heap[parent]) {
			break
		}
		s.put(p, s.heap[parent])
		p = parent
	}
	s.put(p, e)
	return p
}

// down moves what is at a place towards the back, as far as it is later.
func (s *Schedule[K]) down(p int32) {
	e := s.heap[p]
	for {
		first := int64(p)*4 + 1
		if first >= int64(len(s.heap)) {
			break
		}
		least := int32(first)
		for c := first + 1; c < min(first+4, int64(len(s.heap))); c++ {
			if s.heap[c].before(s.heap[least]) {
				least = int32(c)
			}
		}
		if !s.heap[least].before(e) {
			break
		}
		s.put(p, s.heap[least])
		p = least
	}
	s.put(p, e)
}
