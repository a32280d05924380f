package calendar

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// Calendar is compiled business time. It is immutable and safe for concurrent
// use. Make one with [New]; the zero value is not a calendar.
//
// A calendar knows the years 1 to 9999. Outside of them it is closed.
type Calendar struct {
	def   Definition
	loc   *time.Location
	open  *pattern
	near  *timeline // up to farUnix
	index *index
	base  int64            // open seconds before farUnix
	far   func() *timeline // one era from farUnix on, made when first needed
	clock *Calendar        // whose zone dates are in: itself, or a part of mix
	mix   *mixture         // of a composed calendar, which has no pattern
}

// New compiles a calendar for an IANA zone. The error lists every problem and
// matches [ErrInvalid].
//
// A calendar that never opens is valid: its answers are "never".
func New(zone string, opts ...Option) (*Calendar, error) {
	def := Definition{Zone: zone}
	for _, o := range opts {
		if o != nil {
			o(&def)
		}
	}
	return Compile(def)
}

// Compile compiles a definition, as [New] does. The calendar keeps no reference
// to it.
func Compile(def Definition) (*Calendar, error) {
	var bad problems
	loc := loadZone(def.Zone, &bad)
	rules := readRules(&def, &bad)
	if err := bad.err(&def); err != nil {
		return nil, err
	}
	return compile(def.clone(), loc, rules), nil
}

// Always returns the calendar that is open around the clock, in UTC, named
// "24x7".
func Always() *Calendar {
	def := Definition{Name: "24x7", Zone: "UTC", Weekly: []Hours{
		{From: time.Monday, To: time.Sunday, Spans: []string{"00:00-24:00"}},
	}}
	var none problems
	return compile(def, time.UTC, readRules(&def, &none))
}

func loadZone(zone string, bad *problems) *time.Location {
	// The time package reads "" as UTC and "Local" as the host's zone: neither
	// is something a calendar may depend on by accident.
	if zone == "" || zone == "Local" {
		bad.add("zone", "needs an IANA name such as \"Europe/Berlin\" or \"UTC\"")
		return nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		bad.add("zone", "%q is not a known IANA zone: %v", clip(zone), err)
	}
	return loc
}

func compile(def Definition, loc *time.Location, r *rules) *Calendar {
	kinds := &weeks{known: make(map[string]*week)}
	p := newPattern(r, kinds)
	c := &Calendar{def: def, loc: loc, open: p}
	c.near = newTimeline(p, loc, minUnix, farUnix, 0)
	b := indexBuilder{pattern: p, timeline: c.near, kinds: kinds, stretch: c.near.find(indexStart)}
	before, _ := c.near.count(p, indexStart)
	c.index = newIndex(before, b.shape)
	c.base, _ = c.near.count(p, farUnix)
	c.far = sync.OnceValue(func() *timeline {
		return newTimeline(p, loc, farUnix, farUnix+era, c.base)
	})
	c.clock = c
	return c
}

// Name returns the calendar's own name, "" if it has none.
func (c *Calendar) Name() string { return c.def.Name }

// find returns the open seconds before Unix second at, and whether that second
// is open. Edges lie on whole seconds, so a second is open or closed as a whole.
func (c *Calendar) find(at int64) (n int64, open bool) {
	if x := uint64(at - indexStart); x < indexEnd-indexStart {
		e := &c.index.weeks[x/weekSeconds]
		in, open := e.shape.count(int32(x % weekSeconds))
		return e.before + int64(in), open
	}
	return c.findAny(at)
}

// findAny is find for all times.
func (c *Calendar) findAny(at int64) (n int64, open bool) {
	switch {
	case at < minUnix:
		n, _ = c.findAny(minUnix)
		return n, false
	case at >= maxUnix:
		if n, open = c.findAny(maxUnix - 1); open {
			n++
		}
		return n, false
	case c.mix != nil:
		return c.mix.find(at)
	case at < farUnix:
		return c.near.count(c.open, at)
	}
	eras := (at - farUnix) / era
	far := c.far()
	round, _ := far.count(c.open, farUnix+era)
	n, open = far.count(c.open, at-eras*era)
	return n + eras*(round-c.base), open
}

func (c *Calendar) count(at int64) int64 {
	n, _ := c.find(at)
	return n
}

// second returns the Unix second of the n-th open second; false if there are
// not so many.
func (c *Calendar) second(n int64) (int64, bool) {
	switch {
	case n >= c.index.first() && n < c.index.last():
		return c.index.second(n), true
	case n < c.count(minUnix) || n >= c.count(maxUnix):
		return 0, false
	}
	return bisect(minUnix, maxUnix, func(u int64) bool { return c.count(u+1) > n }), true
}

// bisect returns the first of lo..hi-1 at which the monotone yes holds, or hi.
func bisect(lo, hi int64, yes func(int64) bool) int64 {
	for lo < hi {
		if mid := lo + (hi-lo)/2; yes(mid) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// time returns an instant in the calendar's zone.
func (c *Calendar) time(sec, nsec int64) time.Time {
	return time.Unix(sec, nsec).In(c.loc)
}

// here returns t in the calendar's zone.
func (c *Calendar) here(t time.Time) time.Time {
	return c.time(t.Unix(), int64(t.Nanosecond()))
}

// IsOpen reports whether t is business time. Opening instants are, closing
// instants are not.
func (c *Calendar) IsOpen(t time.Time) bool {
	_, open := c.find(t.Unix())
	return open
}

// Between returns the business time from a to b, exact to the nanosecond and
// negative when b is before a. It saturates at the limits of a Duration, about
// 292 years.
func (c *Calendar) Between(a, b time.Time) time.Duration {
	x, xopen := c.find(a.Unix())
	y, yopen := c.find(b.Unix())
	sec, nsec := y-x, int64(0)
	if yopen {
		nsec = int64(b.Nanosecond())
	}
	if xopen {
		nsec -= int64(a.Nanosecond())
	}
	if sec < secondsLimit && sec > -secondsLimit {
		return time.Duration(sec*int64(time.Second) + nsec)
	}
	return saturate(sec, nsec)
}

const secondsLimit = math.MaxInt64 / int64(time.Second)

// saturate joins seconds and nanoseconds, which are less than a second either
// way, near the limits of a Duration.
func saturate(sec, nsec int64) time.Duration {
	switch { // make the signs agree
	case sec > 0 && nsec < 0:
		sec, nsec = sec-1, nsec+int64(time.Second)
	case sec < 0 && nsec > 0:
		sec, nsec = sec+1, nsec-int64(time.Second)
	}
	const rest = math.MaxInt64 % int64(time.Second)
	switch {
	case sec > secondsLimit, sec == secondsLimit && nsec > rest:
		return math.MaxInt64
	case sec < -secondsLimit, sec == -secondsLimit && nsec < -rest:
		return math.MinInt64
	}
	return time.Duration(sec*int64(time.Second) + nsec)
}

// elapsed returns the business time before t: seconds and nanoseconds.
func (c *Calendar) elapsed(t time.Time) (sec, nsec int64) {
	nsec = int64(t.Nanosecond())
	sec, open := c.find(t.Unix())
	if !open {
		nsec = 0
	}
	return sec, nsec
}

// Add returns the earliest instant at which d of business time has passed since
// t: if the time is up at closing, that is the closing instant and not the next
// opening. A negative d subtracts, to the latest instant from which -d of
// business time leads to t; zero returns t itself. The result is in the
// calendar's zone.
//
// False means never: the calendar does not open that long. See [Calendar.AddLate]
// for the other end.
func (c *Calendar) Add(t time.Time, d time.Duration) (time.Time, bool) {
	if d == 0 {
		return c.here(t), true
	}
	sec, nsec := c.target(t, d)
	if nsec == 0 && d > 0 {
		return c.closing(sec)
	}
	return c.opening(sec, nsec)
}

// AddLate returns the latest instant at which exactly d of business time has
// passed since t: where the clock goes on. For a target that is up at closing it
// is the next opening, the instant after which it is breached. With a negative d
// it is the earliest instant from which -d leads to t. Zero is [Calendar.NextOpen].
// False means never: the calendar does not open again.
func (c *Calendar) AddLate(t time.Time, d time.Duration) (time.Time, bool) {
	sec, nsec := c.target(t, d)
	if nsec == 0 && d < 0 {
		return c.closing(sec)
	}
	return c.opening(sec, nsec)
}

// target returns the business time before t, plus d.
func (c *Calendar) target(t time.Time, d time.Duration) (sec, nsec int64) {
	sec, nsec = c.elapsed(t)
	sec += int64(d / time.Second)
	nsec += int64(d % time.Second)
	switch {
	case nsec >= int64(time.Second):
		sec, nsec = sec+1, nsec-int64(time.Second)
	case nsec < 0:
		sec, nsec = sec-1, nsec+int64(time.Second)
	}
	return sec, nsec
}

// opening returns the latest instant that has exactly that much business time
// before it.
func (c *Calendar) opening(sec, nsec int64) (time.Time, bool) {
	at, ok := c.second(sec)
	if !ok {
		return time.Time{}, false
	}
	return c.time(at, nsec), true
}

// closing returns the earliest instant that has sec of business time before it.
func (c *Calendar) closing(sec int64) (time.Time, bool) {
	at, ok := c.second(sec - 1)
	if !ok {
		return time.Time{}, false
	}
	return c.time(at+1, 0), true
}

// String names the calendar for logs.
func (c *Calendar) String() string {
	if c.def.Name == "" {
		return c.def.Zone
	}
	return fmt.Sprintf("%s (%s)", c.def.Name, c.def.Zone)
}
