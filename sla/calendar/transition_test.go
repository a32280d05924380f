package calendar

import (
	"archive/zip"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// zones loads every zone that Go's copy of the tz database names, those that are
// the same under several names once.
func zones(t *testing.T) map[string]*time.Location {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(t, err)
	database, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	require.NoError(t, err)
	defer database.Close()
	list, known := map[string]*time.Location{}, map[string]bool{}
	for _, f := range database.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		r, err := f.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		if known[string(data)] {
			continue
		}
		known[string(data)] = true
		loc, err := time.LoadLocation(f.Name) // as a calendar does: the system may have another edition
		require.NoError(t, err)
		list[f.Name] = loc
	}
	return list
}

// transitions calls use for every change of a zone's offset from 1970 to 2040.
func transitions(loc *time.Location, use func(at time.Time, before, after int)) {
	for at := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() <= 2040; {
		_, end := at.In(loc).ZoneBounds()
		if end.IsZero() {
			return
		}
		if !end.After(at) { // a rule that says nothing new
			at = at.AddDate(0, 0, 1)
			continue
		}
		_, before := end.Add(-1).Zone()
		if _, after := end.Zone(); after != before {
			use(end, before, after)
		}
		at = end
	}
}

// At every change of every zone's offset from 1970 to 2040, what is open is what
// the wall clock reads, and the time counted is the real time in it.
func TestEveryTransitionOfEveryZone(t *testing.T) {
	spans := [][2]int{{30, 135}, {165, 300}, {22 * 60, 23*60 + 30}} // minutes of the day
	seen := 0
	for name, loc := range zones(t) {
		c, err := New(name, Weekly(time.Sunday, time.Saturday, "00:30-02:15", "02:45-05:00", "22:00-23:30"))
		require.NoError(t, err)
		transitions(loc, func(change time.Time, before, after int) {
			seen++
			reads := func(at time.Time) bool { // without package time: the wall clock is the instant and an offset
				wall := at.Unix() + int64(before)
				if !at.Before(change) {
					wall = at.Unix() + int64(after)
				}
				n := int(((wall % 86400) + 86400) % 86400 / 60)
				for _, s := range spans {
					if n >= s[0] && n < s[1] {
						return true
					}
				}
				return false
			}
			step := 5 * time.Minute
			switch { // the edges of the hours fall on steps
			case before%10 != 0 || after%10 != 0:
				step = time.Second
			case before%300 != 0 || after%300 != 0 || change.Unix()%300 != 0:
				step = 10 * time.Second
			}
			from := change.Add(-2 * time.Hour)
			var open time.Duration
			for x := from; x.Before(change.Add(3 * time.Hour)); x = x.Add(step) {
				if got, want := c.IsOpen(x), reads(x); got != want {
					t.Fatalf("%s at %v: open %v, the clock reads %v", name, x.In(loc), got, want)
				}
				if x.Sub(from)%(15*time.Minute) == 0 {
					if got := c.Between(from, x); got != open {
						t.Fatalf("%s: %v from %v to %v, want %v", name, got, from.In(loc), x.In(loc), open)
					}
					if due, ok := c.Add(from, open); !ok || due.After(x) || c.Between(from, due) != open {
						t.Fatalf("%s: %v after %v is %v", name, open, from.In(loc), due)
					}
				}
				if reads(x) {
					open += step
				}
			}
		})
	}
	require.Greater(t, seen, 10_000, "the tz database has more transitions")
}

// Away from exceptions and from changes of the clock, a calendar does the same each
// week.
func TestWeeksAreAlike(t *testing.T) {
	for _, zone := range []string{"UTC", "Asia/Seoul", "Asia/Kathmandu", "America/Phoenix"} { // no changes since 1990
		for _, spans := range [][]string{{"09:00-12:00", "13:00-17:30"}, {"22:00-06:00"}, {"00:00-24:00"}} {
			c, err := New(zone, Weekly(time.Monday, time.Friday, spans...), Closed("2030-06-06", ""))
			require.NoError(t, err)
			for i := range 200 {
				a := time.Date(2001, 1, 1+i, i%24, i%60, i, i, time.UTC)
				d := time.Duration(i*i) * time.Minute
				for _, weeks := range []int{1, 52, 520, -300} {
					name := fmt.Sprint(zone, spans, a, weeks)
					b := a.AddDate(0, 0, 7*weeks)
					require.Equal(t, c.Between(a, a.Add(d)), c.Between(b, b.Add(d)), name)
					x, ok := c.Add(a, d)
					y, same := c.Add(b, d)
					require.True(t, ok && same && y.Equal(x.AddDate(0, 0, 7*weeks)), name)
					x, _ = c.AddDays(a, Days(i), true)
					y, _ = c.AddDays(b, Days(i), true)
					require.True(t, y.Equal(x.AddDate(0, 0, 7*weeks)), name)
				}
			}
		}
	}
}

// A calendar that opens for an hour in ten years answers as any other.
func TestOpenOnceInTenYears(t *testing.T) {
	plain, err := New("Europe/Berlin", Override("2030-05-05", "", "10:00-11:00"), Override("2040-05-05", "", "10:00-11:00"))
	require.NoError(t, err)
	composed, err := Intersection("", plain, Always())
	require.NoError(t, err)
	now := at(t, "2026-01-01T00:00:00Z")
	for _, c := range []*Calendar{plain, composed} {
		for range 1_000 {
			due, ok := c.Add(now, 90*time.Minute)
			require.True(t, ok && due.Equal(at(t, "2040-05-05T08:30:00Z")), "%v", due)
			_, ok = c.Add(now, 3*time.Hour)
			require.False(t, ok)
			due, ok = c.AddDays(now, 2, true)
			require.True(t, ok && due.Equal(at(t, "2040-05-05T09:00:00Z")), "%v", due)
			due, ok = c.AddDays(at(t, "2050-01-01T00:00:00Z"), -2, true)
			require.True(t, ok && due.Equal(at(t, "2030-05-05T09:00:00Z")), "%v", due)
			_, ok = c.AddDays(now, 3, false)
			require.False(t, ok)
			_, ok = c.AddDays(now, -1, false)
			require.False(t, ok)
			due, ok = c.NextOpening(at(t, "2030-05-05T08:00:00Z"))
			require.True(t, ok && due.Equal(at(t, "2040-05-05T08:00:00Z")), "%v", due)
		}
	}
}
