package calendar

import "math/bits"

const (
	indexStart = 946857600 // 2000-01-03T00:00:00Z, a Monday
	indexWeeks = 3549      // to the beginning of 2068
	indexEnd   = indexStart + indexWeeks*weekSeconds
)

// index answers in constant time for the years 2000 to 2067. It holds the real
// open time week by week in UTC; weeks alike share one shape, so that a calendar
// needs few: one for each offset of its zone, one for each week that differs.
type index struct {
	weeks [indexWeeks + 1]weekEntry
	// nth[i] is the week with the (i<<shift)-th open second of the index.
	nth   []uint16
	shift uint
}

type weekEntry struct {
	before int64 // open seconds before the week
	shape  *week // nil at the end
}

// newIndex asks shape for the weeks in order; before is the count where the
// index begins.
func newIndex(before int64, shape func(monday int64) *week) *index {
	x := new(index)
	for k := range indexWeeks {
		w := shape(indexStart + int64(k)*weekSeconds)
		x.weeks[k] = weekEntry{before, w}
		before += int64(w.total)
	}
	x.weeks[indexWeeks].before = before
	x.invert()
	return x
}

// first and last return the open seconds before the index and up to its end.
func (x *index) first() int64 { return x.weeks[0].before }
func (x *index) last() int64  { return x.weeks[indexWeeks].before }

// invert makes nth, with buckets no wider than an average week.
func (x *index) invert() {
	sum := uint64(x.last() - x.first())
	x.shift = uint(bits.Len64(sum / indexWeeks))
	x.nth = make([]uint16, 0, sum>>x.shift+2)
	k := 0
	for n := uint64(0); n>>x.shift <= sum>>x.shift; n += 1 << x.shift {
		for k < indexWeeks-1 && x.weeks[k+1].before-x.first() <= int64(n) {
			k++
		}
		x.nth = append(x.nth, uint16(k))
	}
	x.nth = append(x.nth, indexWeeks-1)
}

// indexBuilder makes the weeks of a pattern in order.
type indexBuilder struct {
	pattern  *pattern
	timeline *timeline
	kinds    *weeks
	stretch  int // in force at the start of the week
	special  int // the first special week not yet passed
	plain    []plainShape
	scratch  []interval
}

// plainShape is the shape of an ordinary week under an offset.
type plainShape struct {
	offset int64
	shape  *week
}

// shape returns the shape of the week from Unix second at.
func (b *indexBuilder) shape(at int64) *week {
	tl, end := b.timeline, at+weekSeconds
	for tl.until(b.stretch) <= at {
		b.stretch++
	}
	offset := tl.stretches[b.stretch].offset
	ordinary := tl.until(b.stretch) >= end && b.ordinary(at+offset)
	if ordinary {
		if w := b.plainShape(offset); w != nil {
			return w
		}
	}
	open := b.scratch[:0]
	for i := b.stretch; i < len(tl.stretches) && tl.stretches[i].start < end; i++ {
		s := tl.stretches[i]
		from, to := max(at, s.start), min(end, tl.until(i))
		open = b.pattern.within(open, from+s.offset, to+s.offset, -s.offset-at)
	}
	b.scratch = open
	w := b.kinds.of(open)
	if ordinary {
		b.plain = append(b.plain, plainShape{offset, w})
	}
	return w
}

// ordinary reports whether the seven days from a wall-clock second touch no
// special week.
func (b *indexBuilder) ordinary(wall int64) bool {
	special := b.pattern.special
	first := (wall + origin) / weekSeconds
	last := (wall + origin + weekSeconds - 1) / weekSeconds
	for b.special < len(special) && special[b.special].index < first-1 {
		b.special++
	}
	for i := b.special; i < len(special) && special[i].index <= last; i++ {
		if special[i].index >= first {
			return false
		}
	}
	return true
}

// plainShape returns the shape of an ordinary week under the offset, nil if
// there was none yet.
func (b *indexBuilder) plainShape(offset int64) *week {
	for _, s := range b.plain {
		if s.offset == offset {
			return s.shape
		}
	}
	return nil
}

// second returns the Unix second of the n-th open second, counted from the
// first of all; first <= n < last.
func (x *index) second(n int64) int64 {
	i := uint64(n-x.first()) >> x.shift
	lo, hi := int(x.nth[i]), int(x.nth[i+1])
	for hi-lo > 4 { // a calendar that seldom opens has long plateaus
		if mid := (lo + hi) / 2; x.weeks[mid].before <= n {
			lo = mid
		} else {
			hi = mid
		}
	}
	for x.weeks[lo+1].before <= n {
		lo++
	}
	e := &x.weeks[lo]
	return indexStart + int64(lo)*weekSeconds + int64(e.shape.second(int32(n-e.before)))
}
