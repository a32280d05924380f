package calendar

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// twin is the same calendar without any cleverness: it reads the wall clock
// every minute. It must agree with the compiled one everywhere.
type twin struct {
	def  Definition
	loc  *time.Location
	from time.Time
	open []bool // by minute
}

func newTwin(def Definition, loc *time.Location, from time.Time, minutes int) *twin {
	w := &twin{def: def, loc: loc, from: from, open: make([]bool, minutes)}
	for i := range w.open {
		w.open[i] = w.reads(from.Add(time.Duration(i) * time.Minute))
	}
	return w
}

// reads decides by what the local clock reads at t and nothing else.
func (w *twin) reads(t time.Time) bool {
	local := t.In(w.loc)
	clock := local.Format("15:04")
	// Noon of the civil day in UTC: a calendar date without a zone.
	day := time.Date(local.Year(), local.Month(), local.Day(), 12, 0, 0, 0, time.UTC)
	today, yesterday := day.Format(time.DateOnly), day.AddDate(0, 0, -1).Format(time.DateOnly)
	for _, h := range w.def.Holidays {
		if h.Date == today {
			return false
		}
	}
	covers := func(spans []string, evening bool) bool {
		for _, s := range spans {
			from, to, _ := strings.Cut(s, "-")
			night := to < from
			switch {
			case !evening && from <= clock && (night || clock < to),
				evening && night && clock < to:
				return true
			}
		}
		return false
	}
	var breaks, breaksBefore []string
	for _, b := range w.def.Breaks {
		switch b.Date {
		case today:
			breaks = append(breaks, b.Spans...)
		case yesterday:
			breaksBefore = append(breaksBefore, b.Spans...)
		}
	}
	if covers(breaks, false) || covers(breaksBefore, true) {
		return false
	}
	return covers(w.shifts(today, day.Weekday()), false) ||
		covers(w.shifts(yesterday, (day.Weekday()+6)%7), true)
}

func (w *twin) shifts(date string, day time.Weekday) (spans []string) {
	for _, o := range w.def.Overrides {
		if o.Date == date {
			return o.Spans
		}
	}
	for _, h := range w.def.Weekly {
		if (day-h.From+7)%7 <= (h.To-h.From+7)%7 {
			spans = append(spans, h.Spans...)
		}
	}
	return spans
}

func (w *twin) at(i int) time.Time { return w.from.Add(time.Duration(i) * time.Minute) }

// zonesAndTimes are places and days where clocks did or will do odd things.
var zonesAndTimes = []struct{ zone, day string }{
	{"Europe/Berlin", "2024-03-31"}, {"Europe/Berlin", "2024-10-27"}, {"Europe/Berlin", "2080-03-31"},
	{"Europe/Berlin", "2499-10-25"}, {"America/New_York", "2024-03-10"}, {"America/New_York", "2024-11-03"},
	{"America/New_York", "9998-11-01"}, {"America/Sao_Paulo", "2018-11-04"}, {"America/Sao_Paulo", "2018-02-18"},
	{"Australia/Lord_Howe", "2024-04-07"}, {"Australia/Lord_Howe", "2024-10-06"}, {"Australia/Lord_Howe", "2101-10-02"},
	{"Pacific/Apia", "2011-12-30"}, {"Pacific/Kwajalein", "1993-08-21"}, {"Africa/Casablanca", "2024-03-10"},
	{"Africa/Casablanca", "2024-04-14"}, {"Africa/Casablanca", "2086-11-10"}, {"Asia/Tehran", "2021-09-22"},
	{"America/St_Johns", "2006-10-29"}, {"America/St_Johns", "2007-03-11"}, {"Asia/Kathmandu", "1986-01-01"},
	{"Asia/Gaza", "2023-04-29"}, {"Antarctica/Troll", "2024-03-31"}, {"America/Santiago", "2024-09-08"},
	{"Asia/Pyongyang", "2018-05-05"}, {"Europe/Dublin", "2024-12-31"}, {"America/Nuuk", "2024-03-31"},
	{"Europe/London", "2099-12-31"}, {"Europe/London", "2100-02-02"}, {"Europe/London", "2067-12-31"},
	{"Pacific/Auckland", "1999-12-31"}, {"Etc/UTC", "1975-06-01"},
}

// randomDefinition makes hours with edges that like to meet the clock's changes.
func randomDefinition(r *rand.Rand, zone string, around time.Time) Definition {
	clock := func() string {
		if r.Intn(2) == 0 {
			return fmt.Sprintf("%02d:%02d", r.Intn(4), 15*r.Intn(4))
		}
		return fmt.Sprintf("%02d:%02d", r.Intn(24), r.Intn(60))
	}
	spans := func(n int) (list []string) {
		for range n {
			from, to := clock(), clock()
			switch {
			case r.Intn(8) == 0:
				to = "24:00"
			case from == to:
				from, to = "00:00", "24:00"
			}
			list = append(list, from+"-"+to)
		}
		return list
	}
	date := func() string { return around.AddDate(0, 0, r.Intn(5)-2).Format(time.DateOnly) }
	def := Definition{Zone: zone}
	for range r.Intn(4) {
		def.Weekly = append(def.Weekly, Hours{time.Weekday(r.Intn(7)), time.Weekday(r.Intn(7)), spans(1 + r.Intn(2))})
	}
	if around.AddDate(0, 0, 2).Year() > lastYear {
		return def
	}
	if r.Intn(2) == 0 {
		def.Holidays = append(def.Holidays, Day{Date: date()})
	}
	if r.Intn(2) == 0 {
		def.Overrides = append(def.Overrides, Day{Date: date(), Spans: spans(r.Intn(3))})
	}
	if r.Intn(2) == 0 {
		def.Breaks = append(def.Breaks, Day{Date: date(), Spans: spans(1 + r.Intn(2))})
	}
	return def
}

func TestAgreesWithSteppingMinuteByMinute(t *testing.T) {
	for seed, z := range zonesAndTimes {
		t.Run(z.zone+" "+z.day, func(t *testing.T) {
			r := rand.New(rand.NewSource(int64(seed)))
			loc, err := time.LoadLocation(z.zone)
			require.NoError(t, err)
			day, err := time.Parse(time.DateOnly, z.day)
			require.NoError(t, err)
			for range 3 {
				def := randomDefinition(r, z.zone, day)
				c, err := Compile(def)
				require.NoError(t, err)
				const days = 6
				w := newTwin(def, loc, day.AddDate(0, 0, -days/2), days*24*60)
				w.check(t, c, r)
				w.checkDays(t, c, r)
				if t.Failed() {
					t.Fatalf("definition: %+v", def)
				}
			}
		})
	}
}

// check compares every minute's answers with plain counting.
func (w *twin) check(t *testing.T, c *Calendar, r *rand.Rand) {
	n := len(w.open)
	before := make([]int, n+1) // open minutes before minute i
	for i, open := range w.open {
		before[i+1] = before[i]
		if open {
			before[i+1]++
		}
		if got := c.IsOpen(w.at(i)); got != open {
			t.Errorf("IsOpen(%v) = %v", w.at(i).In(w.loc), got)
			return
		}
		if got := c.Reason(w.at(i)); got.Open != open {
			t.Errorf("Reason(%v) = %v", w.at(i).In(w.loc), got)
			return
		}
	}
	first := func(from int, yes func(i int) bool) int {
		for i := from; i <= n; i++ {
			if yes(i) {
				return i
			}
		}
		return -1
	}
	same := func(name string, i int, got time.Time, ok bool, want int) {
		t.Helper()
		if want >= 0 && (!ok || !got.Equal(w.at(want))) {
			t.Errorf("%s at %v: want %v, got %v %v", name, w.at(i).In(w.loc), w.at(want).In(w.loc), got, ok)
		}
	}
	for range 40 {
		i, j := r.Intn(n), r.Intn(n)
		if got, want := c.Between(w.at(i), w.at(j)), time.Duration(before[j]-before[i])*time.Minute; got != want {
			t.Errorf("Between(%v, %v) = %v, want %v", w.at(i), w.at(j), got, want)
		}
		at, ok := c.NextOpen(w.at(i))
		same("NextOpen", i, at, ok, first(i, func(k int) bool { return k < n && w.open[k] }))
		at, ok = c.NextOpening(w.at(i))
		same("NextOpening", i, at, ok, first(i+1, func(k int) bool { return k < n && w.open[k] && !w.open[k-1] }))
		at, ok = c.NextClosing(w.at(i))
		same("NextClosing", i, at, ok, first(i+1, func(k int) bool { return k < n && !w.open[k] && w.open[k-1] }))
		prev := i
		for prev > 0 && !w.open[prev-1] {
			prev--
		}
		if prev > 0 {
			at, ok = c.PrevOpen(w.at(i))
			same("PrevOpen", i, at, ok, prev)
		}
		if d := before[j] - before[i]; d > 0 {
			at, ok = c.Add(w.at(i), time.Duration(d)*time.Minute)
			same("Add", i, at, ok, first(0, func(k int) bool { return before[k] == before[j] }))
			at, ok = c.AddLate(w.at(j), -time.Duration(d)*time.Minute)
			if early := first(0, func(k int) bool { return before[k] == before[i] }); early > 0 {
				same("AddLate back", j, at, ok, early)
			}
			at, ok = c.Add(w.at(j), -time.Duration(d)*time.Minute)
			if late := first(0, func(k int) bool { return before[k] > before[i] }); late >= 0 {
				same("Add back", j, at, ok, late-1)
			}
		}
	}
	w.checkWindows(t, c)
}

func (w *twin) checkWindows(t *testing.T, c *Calendar) {
	n := len(w.open)
	var want []Window
	for i := 0; i < n; i++ {
		if !w.open[i] {
			continue
		}
		j := i
		for j < n && w.open[j] {
			j++
		}
		want = append(want, Window{w.at(i), w.at(j)})
		i = j
	}
	var got []Window
	for v := range c.Windows(w.at(0), w.at(n)) {
		got = append(got, Window{v.Open.UTC(), v.Close.UTC()})
	}
	require.Equal(t, want, got)
	for v := range c.WindowsBack(w.at(n)) {
		if len(want) == 0 || want[len(want)-1].Open.Equal(w.at(0)) {
			break
		}
		last := want[len(want)-1]
		require.True(t, v.Open.Equal(last.Open) && v.Close.Equal(last.Close), "%v, want %v", v, last)
		want = want[:len(want)-1]
	}
}

// checkDays counts dates with working time by looking at every minute.
func (w *twin) checkDays(t *testing.T, c *Calendar, r *rand.Rand) {
	type date struct {
		day string
		end time.Time // of its open time, zero if it has none
	}
	var dates []date
	index := map[string]int{}
	for i, open := range w.open {
		day := w.at(i).In(w.loc).Format(time.DateOnly)
		k, ok := index[day]
		if !ok {
			k = len(dates)
			index[day] = k
			dates = append(dates, date{day: day})
		}
		if open {
			dates[k].end = w.at(i + 1)
		}
	}
	for range 40 {
		i, j := r.Intn(len(w.open)), r.Intn(len(w.open))
		a, b := index[w.at(i).In(w.loc).Format(time.DateOnly)], index[w.at(j).In(w.loc).Format(time.DateOnly)]
		if a == 0 || b == 0 || a == len(dates)-1 || b == len(dates)-1 || a >= b {
			continue // cut off by the range
		}
		want := Days(0)
		for _, d := range dates[a+1 : b+1] {
			if !d.end.IsZero() {
				want++
			}
		}
		if got := c.DaysBetween(w.at(i), w.at(j)); got != want {
			t.Errorf("DaysBetween(%v, %v) = %d, want %d", w.at(i), w.at(j), got, want)
		}
		if got := c.DaysBetween(w.at(j), w.at(i)); got != -want {
			t.Errorf("DaysBetween(%v, %v) = %d, want %d", w.at(j), w.at(i), got, -want)
		}
		if !dates[a].end.IsZero() {
			back := Days(0)
			for _, d := range dates[a:b] {
				if !d.end.IsZero() {
					back++
				}
			}
			got, ok := c.AddDays(w.at(j), -back, true)
			if !ok || !got.Equal(dates[a].end) {
				t.Errorf("AddDays(%v, %d, end) = %v, want %v", w.at(j).In(w.loc), -back, got, dates[a].end.In(w.loc))
			}
		}
		if dates[b].end.IsZero() {
			continue
		}
		got, ok := c.AddDays(w.at(i), want, true)
		if !ok || !got.Equal(dates[b].end) {
			t.Errorf("AddDays(%v, %d, end) = %v, want %v", w.at(i).In(w.loc), want, got, dates[b].end.In(w.loc))
		}
		got, ok = c.AddDays(w.at(i), want, false)
		// A reading in a gap before midnight moves beyond it.
		skipped := got.Format(time.TimeOnly) != w.at(i).In(w.loc).Format(time.TimeOnly)
		if !ok || got.Format(time.DateOnly) != dates[b].day && !skipped {
			t.Errorf("AddDays(%v, %d) = %v, want %v", w.at(i).In(w.loc), want, got, dates[b].day)
		}
	}
}
