package oncall

import (
	"fmt"
	"sort"
	"time"
)

// A roster knows the years 1900 to 2099.
const (
	firstSecond = -2208988800 // 1900-01-01T00:00:00Z
	lastSecond  = 4102444800  // 2100-01-01T00:00:00Z, which is outside
	daySeconds  = 24 * 60 * 60
)

// zone is what the wall clock of a time zone reads: its offsets from UTC, laid out
// so that a look-up costs a few nanoseconds wherever the time lies. Wall-clock time
// is counted in seconds as if it were UTC.
type zone struct {
	name     string
	location *time.Location
	starts   []int64 // Unix seconds, ascending; the first is firstSecond
	offsets  []int64 // seconds east of UTC
}

// newZone reads an IANA zone. "Local" is refused: what it means depends on where the
// program runs.
func newZone(name string) (*zone, error) {
	if name == "" || name == "Local" {
		return nil, fmt.Errorf("zone %q, must be the IANA name of a time zone such as Europe/Berlin", name)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("zone %.64q is not known", name)
	}
	z := &zone{name: name, location: loc}
	for at := int64(firstSecond); at < lastSecond; {
		offset, until := stretchAt(loc, at)
		if n := len(z.offsets); n == 0 || z.offsets[n-1] != offset {
			z.starts, z.offsets = append(z.starts, at), append(z.offsets, offset)
		}
		at = until
	}
	return z, nil
}

// stretchAt is the offset in force at a second, and a later second up to which it
// stays in force.
func stretchAt(loc *time.Location, at int64) (offset, until int64) {
	t := time.Unix(at, 0).In(loc)
	_, o := t.Zone()
	_, end := t.ZoneBounds()
	if end.IsZero() {
		return int64(o), lastSecond
	}
	if until = end.Unix(); until > at {
		return int64(o), until
	}
	// Beyond a zone's table the time package ends the last stretch of a leap year a
	// day early, with an end that is not after t. Go on by hours, and to the second
	// where the offset changes.
	n := sort.Search(3600, func(i int) bool {
		_, x := time.Unix(at+int64(i), 0).In(loc).Zone()
		return x != o
	})
	return int64(o), at + int64(n)
}

// find is the index of the stretch in force at a second.
func (z *zone) find(at int64) int {
	lo, hi := 0, len(z.starts)
	for hi-lo > 1 {
		if mid := int(uint(lo+hi) >> 1); z.starts[mid] <= at {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// wall is what the clock reads at a second.
func (z *zone) wall(at int64) int64 { return at + z.offsets[z.find(at)] }

// until is the end of stretch i.
func (z *zone) until(i int) int64 {
	if i+1 < len(z.starts) {
		return z.starts[i+1]
	}
	return lastSecond
}

// readWall reads a date or a date with a time of day, "2026-01-05 09:00", as the
// wall clock of some zone shows it.
func readWall(s string) (int64, error) {
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04"} {
		if t, err := time.Parse(layout, s); err == nil {
			if u := t.Unix(); u >= firstSecond && u < lastSecond {
				return u, nil
			}
			return 0, fmt.Errorf("%s is not in the years 1900 to 2099", s)
		}
	}
	return 0, fmt.Errorf("%.40q does not read like 2026-01-05 or 2026-01-05 09:00", s)
}

// readClock reads a time of day, "09:00".
func readClock(s string) (int64, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("%.40q does not read like 09:00", s)
	}
	return int64(t.Hour()*3600 + t.Minute()*60), nil
}
