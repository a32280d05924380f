package calendar

import (
	"sort"
	"time"
)

// Days counts business days: local dates that have any business time. It is not
// a duration and does not convert to one: "2 days" may be 16 hours of work, 48
// hours of cover or two dates, and only the caller knows which was promised.
type Days int

// AddDays returns the n-th business day after the date of t, before it if n is
// negative, at the same reading of the local clock; nothing is rolled into the
// hours of that day. With endOfDay it is the end of the business time of that
// date: the last closing, or the midnight that ends the date if it is open until
// then.
//
// n = 0 is t itself; with endOfDay it is the end of the date of t if that is a
// business day, otherwise of the next one. A clock reading that the day skips is
// read with the offset before the gap, one that it repeats means the first. The
// result is in the calendar's zone. False means that there are not so many
// business days in the years 1 to 9999. Composed calendars count day by day.
func (c *Calendar) AddDays(t time.Time, n Days, endOfDay bool) (time.Time, bool) {
	if n == 0 && !endOfDay {
		return c.here(t), true
	}
	at := t.Unix()
	if at < minUnix || at >= maxUnix {
		return time.Time{}, false
	}
	wall := at + c.clock.offset(at)
	date := floorDay(wall)
	day, ok := c.nthDay(date, int64(n))
	if !ok {
		return time.Time{}, false
	}
	if endOfDay {
		return c.time(c.dayEnd(day), 0), true
	}
	return c.time(c.clock.resolve(day*daySeconds+wall-date*daySeconds), int64(t.Nanosecond())), true
}

// AddDaysBy returns when the local clock reads so much after midnight on the n-th
// business day after the date of t, for n of at least 1: "the next business day by
// 16:00" is AddDaysBy(t, 1, 16*time.Hour). A day that closes earlier ends the time
// at its last closing, one that opens later begins it at its first opening. False
// means that there are not so many business days in the years 1 to 9999, that n is
// less than 1, or that the clock does not read so within a day.
func (c *Calendar) AddDaysBy(t time.Time, n Days, clock time.Duration) (time.Time, bool) {
	at := t.Unix()
	if n < 1 || clock < 0 || clock > daySeconds*time.Second || at < minUnix || at >= maxUnix {
		return time.Time{}, false
	}
	day, ok := c.nthDay(floorDay(at+c.clock.offset(at)), int64(n))
	if !ok {
		return time.Time{}, false
	}
	by := c.time(c.clock.resolve(day*daySeconds+int64(clock/time.Second)), int64(clock%time.Second))
	if end := c.time(c.dayEnd(day), 0); end.Before(by) {
		return end, true
	}
	if first, ok := c.NextOpen(c.time(c.clock.resolve(day*daySeconds), 0)); ok && by.Before(first) {
		return first, true
	}
	return by, true
}

// DaysBetween returns how many business days begin after the date of a, up to
// and including the date of b; negative when b is earlier. It is additive, and
// for n > 0 it undoes [Calendar.AddDays].
func (c *Calendar) DaysBetween(a, b time.Time) Days {
	x, y := c.date(a)+1, c.date(b)+1
	if c.mix == nil {
		return Days(c.daysBefore(y) - c.daysBefore(x))
	}
	n := Days(0)
	for day := min(x, y); day < max(x, y); day++ {
		if c.isBusinessDay(day) {
			n++
		}
	}
	if y < x {
		return -n
	}
	return n
}

// nthDay returns the n-th business day after date, before it if n is negative;
// for 0 date itself or the next.
func (c *Calendar) nthDay(date, n int64) (int64, bool) {
	if c.mix != nil {
		return c.nthDayByStep(date, n)
	}
	before := c.daysBefore(date) // business days earlier than date
	switch {
	case n > 0:
		before = c.daysBefore(date+1) + n - 1
	case n < 0:
		before += n
	}
	return c.businessDay(before)
}

// nthDayByStep is nthDay for composed calendars, which do not count their days.
func (c *Calendar) nthDayByStep(date, n int64) (int64, bool) {
	step := int64(1)
	switch {
	case n < 0:
		step, n = -1, -n
		date--
	case n > 0:
		date++
	default:
		n = 1
	}
	for ; date >= minUnix/daySeconds && date < maxUnix/daySeconds; date += step {
		if !c.isBusinessDay(date) {
			near, ok := c.nearDay(date, step)
			if !ok {
				return 0, false
			}
			date = near
		}
		if n--; n == 0 {
			return date, true
		}
	}
	return 0, false
}

// nearDay returns the first business day behind a date that is none, so that a
// calendar that opens once in ten years costs no more than one that opens daily.
func (c *Calendar) nearDay(date, step int64) (int64, bool) {
	if step > 0 {
		at, ok := c.NextOpen(c.time(c.clock.resolve((date+1)*daySeconds), 0))
		return max(c.date(at), date+1), ok && c.isBusinessDay(max(c.date(at), date+1))
	}
	at, ok := c.PrevOpen(c.time(c.clock.resolve(date*daySeconds), 0))
	return min(c.date(at.Add(-1)), date-1), ok && c.isBusinessDay(min(c.date(at.Add(-1)), date-1))
}

// isBusinessDay reports whether the civil day has any open time.
func (c *Calendar) isBusinessDay(day int64) bool {
	open := false
	c.clock.readings(day*daySeconds, (day+1)*daySeconds, func(shift, from, to int64) {
		open = open || c.count(to+shift) > c.count(from+shift)
	})
	return open
}

// date returns the local civil day of t, counted from 1970.
func (c *Calendar) date(t time.Time) int64 {
	at := min(max(t.Unix(), minUnix), maxUnix-1)
	return floorDay(at + c.clock.offset(at))
}

// zone returns the timeline that is in force at a supported second and the
// second moved into it by whole eras.
func (c *Calendar) zone(at int64) (tl *timeline, moved int64) {
	if at < farUnix {
		return c.near, at
	}
	return c.far(), at - (at-farUnix)/era*era
}

// offset returns the zone's offset at a supported second.
func (c *Calendar) offset(at int64) int64 {
	tl, at := c.zone(at)
	return tl.stretches[tl.find(at)].offset
}

// daysBefore returns how many business days are earlier than the civil day.
func (c *Calendar) daysBefore(day int64) int64 {
	wall := day*daySeconds + origin
	w, _, n := c.open.week(wall / weekSeconds)
	n += int64(ones(w.days & (1<<(wall%weekSeconds/daySeconds) - 1)))
	return n - c.goneBefore(day)
}

// goneBefore returns how many days before day lost their business time to a gap
// of the clock.
func (c *Calendar) goneBefore(day int64) int64 {
	const farDay, eraDays = farUnix / daySeconds, era / daySeconds
	earlier := func(tl *timeline, day int64) int64 {
		return int64(sort.Search(len(tl.gone), func(i int) bool { return tl.gone[i] >= day }))
	}
	n := earlier(c.near, day)
	if day <= farDay {
		return n
	}
	far, eras := c.far(), (day-farDay)/eraDays
	return n + eras*int64(len(far.gone)) + earlier(far, day-eras*eraDays)
}

// businessDay returns the civil day that has n business days before it.
func (c *Calendar) businessDay(n int64) (int64, bool) {
	const first, end = minUnix / daySeconds, maxUnix / daySeconds
	if n < c.daysBefore(first) || n >= c.daysBefore(end) {
		return 0, false
	}
	return bisect(first, end, func(day int64) bool { return c.daysBefore(day+1) > n }), true
}

// dayEnd returns the end of the open time of a business day.
func (c *Calendar) dayEnd(day int64) int64 {
	end := int64(minUnix)
	c.clock.readings(day*daySeconds, (day+1)*daySeconds, func(shift, from, to int64) {
		if n := c.count(to + shift); n > c.count(from+shift) {
			last, _ := c.second(n - 1)
			end = max(end, last+1)
		}
	})
	return end
}

// readings calls use for each stretch of the zone in which the wall clock reads
// a part from..to of the range, in order; shift leads from a reading to Unix time.
func (c *Calendar) readings(from, to int64, use func(shift, from, to int64)) {
	// Offsets are less than 26 hours.
	first, last := max(from-26*3600, minUnix), min(to+26*3600, maxUnix)
	for at := first; at < last; {
		tl, moved := c.zone(at)
		i := tl.find(moved)
		offset, until := tl.stretches[i].offset, tl.until(i)+at-moved
		if v, ok := (interval{from, to}).clipped(at+offset, until+offset); ok {
			use(-offset, v.from, v.to)
		}
		at = until
	}
}

// Date is [time.Date] in the calendar's zone with a promise about clocks that are
// put back or forward: a reading that comes twice is the first, and one that is
// left out is as far behind the gap as it would have been inside it.
func (c *Calendar) Date(year int, month time.Month, day, hour, minute, second, nanosecond int) time.Time {
	wall := time.Date(year, month, day, hour, minute, second, nanosecond, time.UTC)
	return c.time(c.resolve(wall.Unix()), int64(wall.Nanosecond()))
}

// resolve returns the Unix second at which the wall clock first reads wall; if
// it never does, wall is taken with the offset before the gap.
func (c *Calendar) resolve(wall int64) int64 {
	found, at := false, int64(0)
	c.readings(wall, wall+1, func(shift, from, _ int64) {
		if !found {
			found, at = true, from+shift
		}
	})
	if found {
		return at
	}
	// The gap lies within a day of wall read as UTC; its start is where the clock
	// first reads later than wall.
	at = bisect(wall-26*3600, wall+26*3600, func(u int64) bool { return u+c.offset(u) > wall })
	return wall - c.offset(at-1)
}
