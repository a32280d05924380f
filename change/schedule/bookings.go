package schedule

import (
	"hash/fnv"
	"time"
)

// bookings are the changes that have something in common, by their time: a treap in
// which every node knows the latest end below it, so that a look at an interval
// visits what overlaps and the way there.
type bookings struct{ root *booking }

type booking struct {
	id         string
	start, end time.Time
	latest     time.Time // end, of it and all below
	rank       uint64    // from the id: the same set is the same tree
	left       *booking
	right      *booking
}

func (b *booking) before(start time.Time, id string) bool {
	if c := b.start.Compare(start); c != 0 {
		return c < 0
	}
	return b.id < id
}

func (b *booking) settle() *booking {
	b.latest = b.end
	for _, below := range []*booking{b.left, b.right} {
		if below != nil && below.latest.After(b.latest) {
			b.latest = below.latest
		}
	}
	return b
}

func (s *bookings) put(id string, start, end time.Time) {
	h := fnv.New64a()
	h.Write([]byte(id))
	s.root = insert(s.root, &booking{id: id, start: start, end: end, latest: end, rank: h.Sum64() * 0x9e3779b97f4a7c15})
}

func insert(at, b *booking) *booking {
	if at == nil {
		return b
	}
	if b.rank > at.rank {
		b.left, b.right = split(at, b.start, b.id)
		return b.settle()
	}
	if at.before(b.start, b.id) {
		at.right = insert(at.right, b)
	} else {
		at.left = insert(at.left, b)
	}
	return at.settle()
}

// split parts a tree into what stands before a place and the rest.
func split(at *booking, start time.Time, id string) (before, rest *booking) {
	if at == nil {
		return nil, nil
	}
	if at.before(start, id) {
		at.right, rest = split(at.right, start, id)
		return at.settle(), rest
	}
	before, at.left = split(at.left, start, id)
	return before, at.settle()
}

func (s *bookings) remove(id string, start time.Time) { s.root = without(s.root, id, start) }

func without(at *booking, id string, start time.Time) *booking {
	switch {
	case at == nil:
		return nil
	case at.id == id && at.start.Equal(start):
		return join(at.left, at.right)
	case at.before(start, id):
		at.right = without(at.right, id, start)
	default:
		at.left = without(at.left, id, start)
	}
	return at.settle()
}

func join(left, right *booking) *booking {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left.rank > right.rank:
		left.right = join(left.right, right)
		return left.settle()
	}
	right.left = join(left, right.left)
	return right.settle()
}

// overlapping calls use for what has time in common with an interval, by start.
func (s *bookings) overlapping(start, end time.Time, use func(*booking)) {
	visit(s.root, start, end, use)
}

func visit(at *booking, start, end time.Time, use func(*booking)) {
	if at == nil || !at.latest.After(start) {
		return
	}
	visit(at.left, start, end, use)
	if !at.start.Before(end) {
		return // and so is everything to the right
	}
	if at.end.After(start) {
		use(at)
	}
	visit(at.right, start, end, use)
}
