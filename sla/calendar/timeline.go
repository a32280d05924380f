package calendar

import (
	"sort"
	"time"
)

// Supported time: the years 1 to 9999, which is what RFC 3339 can write.
// Outside of it every calendar is closed.
const (
	minUnix = -62135596800 // 0001-01-01T00:00:00Z
	maxUnix = 253402300800 // 10000-01-01T00:00:00Z

	// From here on no date differs from the ordinary week and zones follow their
	// last rule, so that everything repeats with the Gregorian calendar: every
	// 400 years, which are a whole number of weeks.
	farUnix = 4105209600 // 2100-02-02T00:00:00Z
	era     = 146097 * daySeconds
)

// stretch is a time in which the zone's offset from UTC stays the same.
type stretch struct {
	start  int64 // Unix seconds
	offset int64 // seconds east of UTC
	// skipped is the open wall-clock time before the stretch that never came,
	// less what came twice: the count of real open seconds is the count on the
	// wall clock less skipped.
	skipped int64
}

// timeline is the zone laid over the pattern for a range of time.
type timeline struct {
	stretches []stretch
	end       int64
	gone      []int64 // days whose open time falls into gaps of the clock: no working time
}

// newTimeline walks the zone from start to end. base is the count at start.
func newTimeline(p *pattern, loc *time.Location, start, end, base int64) *timeline {
	tl := &timeline{end: end}
	for at := start; at < end; {
		offset, next := zoneAt(loc, at)
		if n := len(tl.stretches); n == 0 {
			tl.stretches = append(tl.stretches, stretch{at, offset, p.countAt(at+offset) - base})
		} else if last := tl.stretches[n-1]; last.offset != offset {
			// Negative where the clock repeats open time.
			skipped := p.between(at+last.offset, at+offset)
			tl.stretches = append(tl.stretches, stretch{at, offset, last.skipped + skipped})
			tl.noteGone(p, at+last.offset, at+offset)
		}
		at = next
	}
	return tl
}

// noteGone records the days that lose all open time to a gap of the clock.
func (tl *timeline) noteGone(p *pattern, from, to int64) {
	for day := floorDay(from); day*daySeconds < to; day++ {
		a, b := day*daySeconds, (day+1)*daySeconds
		all := p.between(a, b)
		if all > 0 && p.between(max(a, from), min(b, to)) == all {
			tl.gone = append(tl.gone, day)
		}
	}
}

// between returns the open seconds of a range of the wall clock.
func (p *pattern) between(from, to int64) int64 {
	return p.countAt(to) - p.countAt(from)
}

// zoneAt returns the offset in force at a Unix second and a later second up to
// which it stays in force, maxUnix if for ever.
func zoneAt(loc *time.Location, at int64) (offset, until int64) {
	t := time.Unix(at, 0).In(loc)
	_, o := t.Zone()
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return int64(o), maxUnix
	}
	if until = end.Unix(); until > at {
		return int64(o), until
	}
	// For times beyond the zone's table the time package ends the last stretch of
	// a year after 365 days, so that on 31 December of a leap year the end is not
	// after t. Go on by hours, and to the second where the offset changes.
	until = at + 3600
	if _, next := time.Unix(until, 0).In(loc).Zone(); next != o {
		n := sort.Search(3600, func(i int) bool {
			_, x := time.Unix(at+int64(i), 0).In(loc).Zone()
			return x != o
		})
		until = at + int64(n)
	}
	return int64(o), until
}

// find returns the index of the stretch in force at a second.
func (tl *timeline) find(at int64) int {
	return sort.Search(len(tl.stretches)-1, func(i int) bool { return tl.stretches[i+1].start > at })
}

// count returns the real open seconds before the Unix second at, and whether
// that second is open.
func (tl *timeline) count(p *pattern, at int64) (n int64, open bool) {
	s := &tl.stretches[tl.find(at)]
	n, open = p.count(at + s.offset)
	return n - s.skipped, open
}

// until returns where stretch i ends.
func (tl *timeline) until(i int) int64 {
	if i+1 < len(tl.stretches) {
		return tl.stretches[i+1].start
	}
	return tl.end
}

// floorDay returns the civil day, counted from 1970, of a wall-clock second.
func floorDay(wall int64) int64 { return (wall+origin)/daySeconds - origin/daySeconds }
