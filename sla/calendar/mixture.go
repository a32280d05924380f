package calendar

import (
	"sync"
	"time"
)

// mixture is the open time of a composed calendar: what week returns for each
// week of UTC. Its count of open seconds is 0 where the index begins, so that
// nothing outside of the index need be known until it is asked for.
type mixture struct {
	week      func(monday int64) []interval // seconds from the Monday, a Unix second
	reason    func(t time.Time) Reason
	effective func(t time.Time) *Calendar // nil without versions
	form      composition[*Calendar]      // as written

	kinds  weeks
	index  *index
	dawn   int64 // a Monday; before it all weeks are alike
	ever   func() *week
	early  func() *stripe // from dawn to the index
	late   func() *stripe // from the index to farMonday
	cycle  func() *stripe // an era from farMonday, which repeats
	making sync.Mutex     // guards kinds
}

// farMonday is the first Monday from which zones and weeks repeat.
const farMonday = indexEnd + (farUnix-indexEnd+weekSeconds-1)/weekSeconds*weekSeconds

// stripe is a row of weeks.
type stripe struct {
	start int64
	weeks []weekEntry
	total int64 // open seconds
}

func (m *mixture) compile(parts []*Calendar) {
	m.kinds.known = make(map[string]*week)
	m.dawn = indexStart
	for _, p := range parts {
		m.dawn = min(m.dawn, p.dawn())
	}
	m.ever = sync.OnceValue(func() *week { return m.kind(minUnix) })
	m.early = sync.OnceValue(func() *stripe { return m.stripe(m.dawn, indexStart) })
	m.late = sync.OnceValue(func() *stripe { return m.stripe(indexEnd, farMonday) })
	m.cycle = sync.OnceValue(func() *stripe { return m.stripe(farMonday, farMonday+era) })
}

// dawn returns a Monday before which all weeks of the calendar are alike.
func (c *Calendar) dawn() int64 {
	if c.mix != nil {
		return c.mix.dawn
	}
	at, _ := civil(firstYear-1, time.December, 1) // before all dates
	at *= daySeconds
	if len(c.near.stretches) > 1 {
		at = min(at, c.near.stretches[1].start)
	}
	return (at+origin)/weekSeconds*weekSeconds - origin
}

// kind returns the week from the Monday, the same for all that are alike.
func (m *mixture) kind(monday int64) *week {
	open := m.week(monday)
	m.making.Lock()
	defer m.making.Unlock()
	return m.kinds.of(open)
}

func (m *mixture) stripe(start, end int64) *stripe {
	s := &stripe{start: start}
	for monday := start; monday < end; monday += weekSeconds {
		w := m.kind(monday)
		s.weeks = append(s.weeks, weekEntry{s.total, w})
		s.total += int64(w.total)
	}
	return s
}

// count returns the open seconds of the stripe before at, and whether at is open.
func (s *stripe) count(at int64) (n int64, open bool) {
	x := at - s.start
	e := s.weeks[x/weekSeconds]
	in, open := e.shape.count(int32(x % weekSeconds))
	return e.before + int64(in), open
}

// find returns the open seconds before a supported second, negative before the
// index, and whether that second is open.
func (m *mixture) find(at int64) (n int64, open bool) {
	switch {
	case at < m.dawn:
		x := at - minUnix
		left := (m.dawn-minUnix)/weekSeconds - x/weekSeconds
		in, open := m.ever().count(int32(x % weekSeconds))
		return int64(in) - left*int64(m.ever().total) - m.early().total, open
	case at < indexStart:
		n, open = m.early().count(at)
		return n - m.early().total, open
	case at < indexEnd:
		x := at - indexStart
		e := m.index.weeks[x/weekSeconds]
		in, open := e.shape.count(int32(x % weekSeconds))
		return e.before + int64(in), open
	case at < farMonday:
		n, open = m.late().count(at)
		return n + m.index.last(), open
	}
	eras := (at - farMonday) / era
	n, open = m.cycle().count(at - eras*era)
	return n + eras*m.cycle().total + m.late().total + m.index.last(), open
}

// week returns the real open time of the week of UTC from a Monday.
func (c *Calendar) week(monday int64) []interval {
	if x := uint64(monday - indexStart); x < indexEnd-indexStart {
		return c.index.weeks[x/weekSeconds].shape.intervals()
	}
	if c.mix != nil {
		return c.mix.week(monday)
	}
	var open []interval
	for at, end := monday, monday+weekSeconds; at < end; {
		tl, moved := c.zone(at)
		i := tl.find(moved)
		offset, until := tl.stretches[i].offset, min(end, tl.until(i)+at-moved)
		open = c.open.within(open, at+offset, until+offset, -offset-monday)
		at = until
	}
	return open
}

// intervals returns the open time of a week.
func (w *week) intervals() []interval {
	list := make([]interval, 0, len(w.runs)-2)
	for _, r := range w.open() {
		list = append(list, interval{int64(r.open), int64(r.open + r.length)})
	}
	return list
}
