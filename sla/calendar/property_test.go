package calendar

import (
	"math"
	"math/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// calendars to hold the laws against: ordinary, odd and empty ones.
func calendars(t *testing.T) map[string]*Calendar {
	t.Helper()
	list := map[string]*Calendar{"always": Always(), "office": berlin(t)}
	add := func(name, zone string, opts ...Option) {
		c, err := New(zone, opts...)
		require.NoError(t, err)
		list[name] = c
	}
	add("never", "Europe/Paris")
	add("nights", "America/New_York", Weekly(time.Sunday, time.Saturday, "22:00-06:00"), Closed("2024-05-01", ""))
	add("around the clock", "Australia/Lord_Howe", Weekly(time.Monday, time.Sunday, "00:00-24:00"))
	add("one hour a week", "Asia/Kathmandu", Weekly(time.Wednesday, time.Wednesday, "03:59:59-05:00:01"))
	add("inside the gap", "Europe/Berlin", Weekly(time.Sunday, time.Sunday, "02:10-02:50"))
	add("three hours in a century", "America/Sao_Paulo",
		Override("1950-01-01", "", "10:00-11:00"), Override("2017-10-14", "", "23:30-00:30"), Override("2099-12-31", "", "23:30-00:30"))
	mix := func(name string, c *Calendar, err error) {
		require.NoError(t, err)
		list[name] = c
	}
	c, err := Union("", list["nights"], list["office"])
	mix("union", c, err)
	c, err = Intersection("", list["around the clock"], c)
	mix("nested intersection", c, err)
	c, err = Exclusion("", list["always"], list["office"], list["inside the gap"])
	mix("exclusion", c, err)
	c, err = Versions("", Version{Calendar: list["office"]}, Version{From: time.Unix(1735689600, 0), Calendar: list["nights"]})
	mix("versions", c, err)
	return list
}

// instant draws a time that is often near the present and sometimes at the ends
// of what a calendar knows.
func instant(r *rand.Rand) time.Time {
	switch r.Intn(10) {
	case 0:
		return time.Unix(minUnix+r.Int63n(maxUnix-minUnix), r.Int63n(1e9))
	case 1:
		return time.Date(1880+r.Intn(300), 1, r.Intn(366), 0, 0, r.Intn(86400), 0, time.UTC)
	default:
		return time.Date(2023+r.Intn(3), 1, r.Intn(366), r.Intn(24), 15*r.Intn(4), 0, r.Intn(2)*r.Intn(1e9), time.UTC)
	}
}

func saturated(d time.Duration) bool { return d == math.MaxInt64 || d == math.MinInt64 }

func TestLaws(t *testing.T) {
	for name, c := range calendars(t) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewSource(7))
			runs := 400
			if c.mix != nil {
				runs = 25 // days are counted one by one
			}
			for range runs {
				x, y, z := instant(r), instant(r), instant(r)
				lawsOfBetween(t, c, x, y, z)
				lawsOfAdd(t, c, x, time.Duration(r.Int63n(int64(3000*time.Hour)))-1000*time.Hour)
				lawsOfEdges(t, c, x)
				if t.Failed() {
					return
				}
			}
		})
	}
}

func lawsOfBetween(t *testing.T, c *Calendar, x, y, z time.Time) {
	xy, yz, xz := c.Between(x, y), c.Between(y, z), c.Between(x, z)
	if saturated(xy) || saturated(yz) || saturated(xz) {
		return
	}
	assert.Equal(t, xz, xy+yz, "additive at %v, %v, %v", x, y, z)
	assert.Equal(t, -xy, c.Between(y, x), "antisymmetric at %v, %v", x, y)
	if !x.After(y) {
		assert.True(t, xy >= 0 && xy <= max(y.Sub(x), 0), "no more than the clock: %v from %v to %v", xy, x, y)
	}
	assert.Equal(t, c.DaysBetween(x, z), c.DaysBetween(x, y)+c.DaysBetween(y, z), "days additive at %v, %v, %v", x, y, z)
}

func lawsOfAdd(t *testing.T, c *Calendar, x time.Time, d time.Duration) {
	early, ok := c.Add(x, d)
	if ok {
		assert.Equal(t, d, c.Between(x, early), "Add(%v, %v) = %v", x, d, early)
	}
	late, lateOK := c.AddLate(x, d)
	if lateOK {
		assert.Equal(t, d, c.Between(x, late), "AddLate(%v, %v) = %v", x, d, late)
	}
	if ok && lateOK && d > 0 {
		assert.False(t, late.Before(early), "late %v before early %v", late, early)
		assert.Zero(t, c.Between(early, late))
		assert.True(t, c.IsOpen(late), "the clock goes on at %v", late)
		assert.Equal(t, time.Duration(1), c.Between(early.Add(-1), early), "early is the earliest: %v", early)
	}
	if ok && lateOK && d < 0 {
		assert.False(t, late.After(early), "far end %v after near end %v", late, early)
		assert.True(t, c.IsOpen(early))
	}
	more, ok2 := c.Add(x, d+time.Minute)
	if ok && ok2 && d != 0 && d != -time.Minute {
		assert.True(t, more.After(early), "Add is monotonic: %v then %v", early, more)
	}
}

func lawsOfEdges(t *testing.T, c *Calendar, x time.Time) {
	if at, ok := c.NextOpen(x); ok {
		assert.True(t, c.IsOpen(at) && !at.Before(x), "NextOpen(%v) = %v", x, at)
		assert.Zero(t, c.Between(x, at))
	}
	if at, ok := c.PrevOpen(x); ok {
		assert.True(t, c.IsOpen(at.Add(-1)) && !at.After(x), "PrevOpen(%v) = %v", x, at)
		assert.Zero(t, c.Between(at, x))
	}
	if at, ok := c.NextOpening(x); ok {
		assert.True(t, c.IsOpen(at) && !c.IsOpen(at.Add(-1)) && at.After(x), "NextOpening(%v) = %v", x, at)
	}
	if at, ok := c.NextClosing(x); ok {
		assert.True(t, !c.IsOpen(at) && c.IsOpen(at.Add(-1)) && at.After(x), "NextClosing(%v) = %v", x, at)
	}
	n := 0
	for w := range c.Windows(x, x.AddDate(0, 1, 0)) {
		assert.Equal(t, w.Close.Sub(w.Open), c.Between(w.Open, w.Close), "window %v", w)
		if n++; n == 10 {
			break
		}
	}
	n = 0
	last := x
	for w := range c.WindowsBack(x) {
		assert.True(t, w.Open.Before(w.Close) && !w.Close.After(last), "window %v before %v", w, last)
		assert.True(t, n == 0 || w.Close.Before(last), "windows %v do not touch", w)
		last = w.Open
		if n++; n == 10 {
			break
		}
	}
}

func TestIndexAgreesWithRules(t *testing.T) {
	for name, c := range calendars(t) {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewSource(3))
			for range 1000 {
				at := indexStart + r.Int63n(indexEnd-indexStart)
				n, open := c.find(at)
				m, really := c.findAny(at)
				require.Equal(t, m, n, "%d", at)
				require.Equal(t, really, open, "%d", at)
			}
			require.Equal(t, c.index.last(), c.count(indexEnd))
		})
	}
}

// What is made when first needed must be made once, whoever asks.
func TestConcurrentUse(t *testing.T) {
	all := calendars(t)
	for _, name := range []string{"office", "nested intersection"} {
		c := all[name]
		far := time.Date(2500, 1, 1, 0, 0, 0, 0, time.UTC)
		var got [8]time.Duration
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() { got[i] = c.Between(far.AddDate(-650, 0, 0), far) })
		}
		wg.Wait()
		for _, d := range got {
			assert.Equal(t, got[0], d)
		}
	}
}

func TestAnswersDoNotAllocate(t *testing.T) {
	c := berlin(t)
	at := time.Date(2026, 11, 23, 10, 0, 0, 5, time.UTC)
	far := at.AddDate(500, 0, 0)
	c.IsOpen(far) // builds the far future once
	both, err := Intersection("", c, Always())
	require.NoError(t, err)
	for name, f := range map[string]func(){
		"Between":      func() { c.Between(at, at.AddDate(10, 0, 0)) },
		"Between far":  func() { c.Between(far, far.AddDate(10, 0, 0)) },
		"Add":          func() { c.Add(at, 2000*time.Hour) },
		"Add back":     func() { c.Add(at, -2000*time.Hour) },
		"AddLate":      func() { c.AddLate(at, 40*time.Hour) },
		"IsOpen":       func() { c.IsOpen(at) },
		"NextOpen":     func() { c.NextOpen(at) },
		"PrevOpen":     func() { c.PrevOpen(at) },
		"NextOpening":  func() { c.NextOpening(at) },
		"NextClosing":  func() { c.NextClosing(at) },
		"DaysBetween":  func() { c.DaysBetween(at, far) },
		"AddDays":      func() { c.AddDays(at, 10, false) },
		"AddDays ends": func() { c.AddDays(at, 10, true) },
		"composed":     func() { both.Between(at, at.AddDate(10, 0, 0)); both.Add(at, 2000*time.Hour) },
		"Reason":       func() { _ = c.Reason(at) },
	} {
		require.Zero(t, testing.AllocsPerRun(100, f), name)
	}
}

func FuzzNew(f *testing.F) {
	f.Add("Europe/Berlin", "09:00-17:00", "2026-12-25", 1, 5, int64(1764000000), int64(3600e9))
	f.Add("America/Sao_Paulo", "22:00-06:00,24:00-01:00", "2018-11-04", 6, 2, int64(-1e12), int64(math.MinInt64))
	f.Add("UTC", "00:00-24:00", "2099-12-31", 0, 6, int64(math.MaxInt64), int64(math.MaxInt64))
	f.Add("", "23:59:59-23:59:60", "2026-02-30", -1, 7, int64(math.MinInt64), int64(-1))
	f.Fuzz(func(t *testing.T, zone, spans, date string, from, to int, at, d int64) {
		list := strings.Split(spans, ",")
		c, err := New(zone, Weekly(time.Weekday(from), time.Weekday(to), list...),
			Closed(date, spans), Override(date, zone, list...), Break(date, "", list...), Named(zone))
		if err != nil {
			require.ErrorIs(t, err, ErrInvalid)
			return
		}
		x, dur := time.Unix(at, d), time.Duration(d)
		if y, ok := c.Add(x, dur); ok && dur != 0 {
			require.Equal(t, dur, c.Between(x, y))
		}
		c.AddLate(x, dur)
		c.AddDays(x, Days(d), true)
		c.AddDays(x, Days(d%1000), false)
		c.DaysBetween(x, time.Unix(d, at))
		c.NextClosing(x)
		c.NextOpening(x)
		_ = c.Reason(x).String()
		for range c.WindowsBack(x) {
			break
		}
	})
}
