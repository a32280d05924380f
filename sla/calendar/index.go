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
	weeks  []weekEntry
	shapes []week
	// nth[i] is the week with the (i<<shift)-th open second.
	nth   []uint16
	shift uint
	first int64 // open seconds before the index
	last  int64 // open seconds up to its end
}

type weekEntry struct {
	before uint32 // open seconds since the index begins
	shape  uint32
}

func newIndex(p *pattern, tl *timeline) *index {
	x := &index{weeks: make([]weekEntry, 0, indexWeeks+1)}
	x.first, _ = tl.count(p, indexStart)
	b := indexBuilder{index: x, pattern: p, timeline: tl, stretch: tl.find(indexStart)}
	var sum uint32
	for at := int64(indexStart); at < indexEnd; at += weekSeconds {
		shape := b.shape(at)
		x.weeks = append(x.weeks, weekEntry{sum, shape})
		sum += uint32(x.shapes[shape].total)
	}
	x.weeks = append(x.weeks, weekEntry{before: sum})
	x.last = x.first + int64(sum)
	x.invert(sum)
	return x
}

// invert makes nth, with buckets no wider than an average week.
func (x *index) invert(sum uint32) {
	x.shift = uint(bits.Len32(sum / indexWeeks))
	x.nth = make([]uint16, 0, sum>>x.shift+2)
	k := 0
	for n := uint32(0); n>>x.shift <= sum>>x.shift; n += 1 << x.shift {
		for k < indexWeeks-1 && x.weeks[k+1].before <= n {
			k++
		}
		x.nth = append(x.nth, uint16(k))
	}
	x.nth = append(x.nth, indexWeeks-1)
}

// indexBuilder walks the weeks in order.
type indexBuilder struct {
	index    *index
	pattern  *pattern
	timeline *timeline
	stretch  int // in force at the start of the week
	special  int // the first special week not yet passed
	plain    []plainShape
}

// plainShape is the shape of an ordinary week under an offset.
type plainShape struct {
	offset int64
	shape  uint32
}

// shape returns the shape of the week from Unix second at.
func (b *indexBuilder) shape(at int64) uint32 {
	tl, end := b.timeline, at+weekSeconds
	for tl.until(b.stretch) <= at {
		b.stretch++
	}
	offset := tl.stretches[b.stretch].offset
	ordinary := tl.until(b.stretch) >= end && b.ordinary(at+offset)
	plain, known := b.plainShape(offset)
	if ordinary && known {
		return plain
	}
	var open []interval
	for i := b.stretch; i < len(tl.stretches) && tl.stretches[i].start < end; i++ {
		s := tl.stretches[i]
		from, to := max(at, s.start), min(end, tl.until(i))
		open = b.pattern.within(open, from+s.offset, to+s.offset, -s.offset-at)
	}
	if known && b.index.shapes[plain].same(open) {
		return plain // a change of the clock or a holiday while closed anyway
	}
	shape := uint32(len(b.index.shapes))
	b.index.shapes = append(b.index.shapes, newWeek(open))
	if ordinary {
		b.plain = append(b.plain, plainShape{offset, shape})
	}
	return shape
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

// plainShape returns the shape of an ordinary week under the offset, if there
// was one.
func (b *indexBuilder) plainShape(offset int64) (uint32, bool) {
	for _, s := range b.plain {
		if s.offset == offset {
			return s.shape, true
		}
	}
	return 0, false
}

// second returns the Unix second of the n-th open second, counted from the
// first of all; first <= n < last.
func (x *index) second(n int64) int64 {
	m := uint32(n - x.first)
	i := m >> x.shift
	lo, hi := int(x.nth[i]), int(x.nth[i+1])
	for hi-lo > 4 { // a calendar that seldom opens has long plateaus
		mid := (lo + hi) / 2
		if x.weeks[mid].before <= m {
			lo = mid
		} else {
			hi = mid
		}
	}
	for x.weeks[lo+1].before <= m {
		lo++
	}
	e := x.weeks[lo]
	in := x.shapes[e.shape].second(int32(m - e.before))
	return indexStart + int64(lo)*weekSeconds + int64(in)
}
