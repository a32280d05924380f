package calendar

import (
	"math/bits"
	"slices"
	"sort"
)

// The wall-clock axis counts seconds of local time as if days always had 24
// hours. Its origin is a Monday before the year 1, so that week numbers and
// remainders of all supported times are positive.
const origin = 62135596800 + weekSeconds // seconds before 1970-01-01

// pattern is the open time on the wall-clock axis: one ordinary week, and the
// weeks that dates of their own make different.
type pattern struct {
	rules   *rules
	normal  *week
	special []specialWeek // ascending
}

type specialWeek struct {
	*week
	index     int64 // number of weeks since the origin
	extra     int64 // open seconds beyond the ordinary in earlier special weeks
	extraDays int64 // the same for days with open time
}

func newPattern(r *rules, kinds *weeks) *pattern {
	var m weekMaker
	p := &pattern{rules: r, normal: kinds.of(m.week(r, noWeek))}
	var touched []int64
	for day := range r.dates {
		// What starts on a day can end on the next.
		touched = append(touched, weekOf(day), weekOf(day+1))
	}
	slices.Sort(touched)
	var extra, extraDays int64
	for _, k := range slices.Compact(touched) {
		w := kinds.of(m.week(r, k))
		if w == p.normal {
			continue
		}
		s := specialWeek{week: w, index: k, extra: extra, extraDays: extraDays}
		extra += int64(s.total - p.normal.total)
		extraDays += int64(ones(s.days) - ones(p.normal.days))
		p.special = append(p.special, s)
	}
	return p
}

// weekOf returns the number of the week of a civil day counted from 1970.
func weekOf(day int64) int64 { return (day*daySeconds + origin) / weekSeconds }

// noWeek is the week in which no date differs.
const noWeek = -1

// weekMaker works out one week after the other in the same memory.
type weekMaker struct{ open, gone, out []interval }

// week returns the open time of week k, valid until the next call.
func (m *weekMaker) week(r *rules, k int64) []interval {
	open, gone := m.open[:0], m.gone[:0]
	monday := k*7 - origin/daySeconds
	for d := int64(-1); d < 7; d++ {
		shifts := r.weekly[(d+8)%7]
		at := d * daySeconds
		if rule := r.dates[monday+d]; rule != nil && k != noWeek {
			if rule.overridden {
				shifts = rule.shifts
			}
			if rule.closed {
				gone = append(gone, interval{at, at + daySeconds})
			}
			for _, b := range rule.breaks {
				gone = append(gone, interval{at + b.from, at + b.to})
			}
		}
		for _, s := range shifts {
			if v, ok := (interval{at + s.from, at + s.to}).clipped(0, weekSeconds); ok {
				open = append(open, v)
			}
		}
	}
	m.open, m.gone = open, gone
	m.out = subtract(m.out[:0], union(open), union(gone))
	return m.out
}

// week returns week k with the open seconds and days of all earlier weeks.
func (p *pattern) week(k int64) (w *week, before, daysBefore int64) {
	before = k * int64(p.normal.total)
	daysBefore = k * int64(ones(p.normal.days))
	n := len(p.special)
	i := sort.Search(n, func(i int) bool { return p.special[i].index >= k })
	switch {
	case i < n:
		s := &p.special[i]
		before, daysBefore = before+s.extra, daysBefore+s.extraDays
		if s.index == k {
			return s.week, before, daysBefore
		}
	case n > 0:
		s := &p.special[n-1]
		before += s.extra + int64(s.total-p.normal.total)
		daysBefore += s.extraDays + int64(ones(s.days)-ones(p.normal.days))
	}
	return p.normal, before, daysBefore
}

// count returns the open seconds from the origin up to the wall-clock second,
// and whether that second is open.
func (p *pattern) count(wall int64) (n int64, open bool) {
	x := wall + origin
	w, before, _ := p.week(x / weekSeconds)
	in, open := w.count(int32(x % weekSeconds))
	return before + int64(in), open
}

// countAt returns the open seconds from the origin up to the wall-clock second.
func (p *pattern) countAt(wall int64) int64 {
	n, _ := p.count(wall)
	return n
}

// within appends the open intervals of the wall-clock range from..to to list,
// moved by shift; list must end before they begin.
func (p *pattern) within(list []interval, from, to, shift int64) []interval {
	for k := (from + origin) / weekSeconds; ; k++ {
		monday := k*weekSeconds - origin
		if monday >= to {
			return list
		}
		w, _, _ := p.week(k)
		for _, r := range w.open() {
			at := monday + int64(r.open)
			if v, ok := (interval{at, at + int64(r.length)}).clipped(from, to); ok {
				list = join(list, interval{v.from + shift, v.to + shift})
			}
		}
	}
}

func ones(b uint8) int { return bits.OnesCount8(b) }
