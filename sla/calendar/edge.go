package calendar

import (
	"iter"
	"time"
)

// Window is one stretch of open time, Open included and Close not.
type Window struct{ Open, Close time.Time }

// NextOpen returns the first open instant at or after t: t itself when it is
// open. False means that the calendar never opens again.
func (c *Calendar) NextOpen(t time.Time) (time.Time, bool) {
	n, open := c.find(t.Unix())
	if open {
		return c.here(t), true
	}
	return c.opening(n, 0)
}

// PrevOpen returns the last instant at or before t that has business time right
// before it: t itself during business time and at closing, otherwise the closing
// instant before. False means that the calendar was never open before t.
func (c *Calendar) PrevOpen(t time.Time) (time.Time, bool) {
	n, open := c.find(t.Unix())
	if open && t.Nanosecond() > 0 {
		return c.here(t), true
	}
	return c.closing(n)
}

// NextOpening returns the first change from closed to open after t. False means
// that there is none: the calendar stays closed, or stays open.
func (c *Calendar) NextOpening(t time.Time) (time.Time, bool) {
	n, open := c.find(t.Unix())
	if open {
		closed, ok := c.closes(t.Unix())
		if !ok {
			return time.Time{}, false
		}
		n = c.count(closed)
	}
	return c.opening(n, 0)
}

// NextClosing returns the first change from open to closed after t. False means
// that there is none.
func (c *Calendar) NextClosing(t time.Time) (time.Time, bool) {
	at := t.Unix()
	n, open := c.find(at)
	if !open {
		var ok bool
		if at, ok = c.second(n); !ok {
			return time.Time{}, false
		}
	}
	at, ok := c.closes(at)
	if !ok {
		return time.Time{}, false
	}
	return c.time(at, 0), true
}

// closes returns where the open time around the open second at ends; maxUnix
// and false if it does not.
func (c *Calendar) closes(at int64) (int64, bool) {
	// While open the count keeps pace with the clock, so the end can be found by
	// steps that double, then by halving: a window of 8,000 years costs no more
	// than one of a day.
	lead := c.count(at) - at
	paced := func(u int64) bool { return c.count(u)-u == lead }
	lo, step := at, int64(4*3600)
	for {
		hi := lo + step
		if hi >= maxUnix {
			if paced(maxUnix) {
				return maxUnix, false
			}
			hi = maxUnix
		}
		if !paced(hi) {
			return bisect(lo, hi, func(u int64) bool { return !paced(u + 1) }), true
		}
		lo, step = hi, step*2
	}
}

// opens returns where the open time before the second at, which must have an
// open second right before it, begins.
func (c *Calendar) opens(at int64) int64 {
	lead := c.count(at) - at
	paced := func(u int64) bool { return c.count(u)-u == lead }
	hi, step := at, int64(4*3600)
	for {
		lo := max(hi-step, minUnix)
		if !paced(lo) {
			return bisect(lo, hi, paced)
		}
		if lo == minUnix {
			return minUnix
		}
		hi, step = lo, step*2
	}
}

// Windows returns the open time from..to in order. Windows are clipped to the
// range, and those that touch are one.
func (c *Calendar) Windows(from, to time.Time) iter.Seq[Window] {
	return func(yield func(Window) bool) {
		open, ok := c.NextOpen(from)
		for ok && open.Before(to) {
			at, again := c.closes(open.Unix())
			w := Window{open, c.time(at, 0)}
			if w.Close.After(to) {
				w.Close = c.here(to)
			}
			if !yield(w) || !again {
				return
			}
			open, ok = c.opening(c.count(at), 0)
		}
	}
}

// WindowsBack returns the open time before from, nearest first and clipped at
// from. It goes back as far as the calendar does, to the year 1, so a caller
// breaks out.
func (c *Calendar) WindowsBack(from time.Time) iter.Seq[Window] {
	return func(yield func(Window) bool) {
		closed, ok := c.PrevOpen(from)
		for ok {
			at := closed.Unix()
			if closed.Nanosecond() > 0 {
				at++ // the second is open as a whole
			}
			open := c.opens(at)
			if !yield(Window{c.time(open, 0), closed}) {
				return
			}
			closed, ok = c.closing(c.count(open))
		}
	}
}
