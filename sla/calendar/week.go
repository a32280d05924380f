package calendar

import (
	"encoding/binary"
	"math"
	"slices"
)

const (
	daySeconds  = 24 * 60 * 60
	weekSeconds = 7 * daySeconds

	// A week is searched from a bucket of 2^13 s, about 2¼ hours, so that few
	// buckets hold more than one edge.
	bucketBits  = 13
	weekBuckets = weekSeconds>>bucketBits + 1
)

// run is one stretch of open time in a week. Runs of a week are ascending and
// never touch.
type run struct {
	open   int32 // seconds from the start of the week
	length int32 // seconds
	before int32 // open seconds earlier in the week
	next   int32 // where the next run opens
}

// week is the open time of seven days from a Monday 00:00, indexed both ways:
// how much is open before a second, and which second is the n-th open one.
type week struct {
	at    [weekBuckets]uint16 // the last run opening at or before the bucket starts
	nth   [weekBuckets]uint16 // the run holding the first open second of the bucket
	total int32               // open seconds
	days  uint8               // bit d: day d, Monday = 0, has open time
	runs  []run               // an empty run at each end saves bounds tests
}

// newWeek indexes the open intervals of a week, which must be ascending, apart
// and within 0..weekSeconds.
func newWeek(open []interval) *week {
	w := &week{runs: make([]run, 1, len(open)+2)}
	for _, v := range open {
		w.runs[len(w.runs)-1].next = int32(v.from)
		w.runs = append(w.runs, run{open: int32(v.from), length: int32(v.to - v.from), before: w.total})
		w.total += int32(v.to - v.from)
		for d := v.from / daySeconds; d <= (v.to-1)/daySeconds; d++ {
			w.days |= 1 << d
		}
	}
	w.runs[len(w.runs)-1].next = math.MaxInt32
	w.runs = append(w.runs, run{open: math.MaxInt32, before: math.MaxInt32, next: math.MaxInt32})
	var i, j uint16
	for b := range w.at {
		edge := int32(b) << bucketBits
		for w.runs[i+1].open <= edge {
			i++
		}
		for w.runs[j+1].before <= edge {
			j++
		}
		w.at[b], w.nth[b] = i, j
	}
	return w
}

// count returns the open seconds in [0, r) and whether second r is open.
func (w *week) count(r int32) (n int32, open bool) {
	i := int(w.at[r>>bucketBits])
	v := &w.runs[i]
	for v.next <= r {
		i++
		v = &w.runs[i]
	}
	x := r - v.open
	return v.before + min(x, v.length), x < v.length
}

// second returns the n-th open second, counted from 0; n < total.
func (w *week) second(n int32) int32 {
	i := int(w.nth[n>>bucketBits])
	for w.runs[i+1].before <= n {
		i++
	}
	v := &w.runs[i]
	return v.open + n - v.before
}

// open returns the runs without the guards.
func (w *week) open() []run { return w.runs[1 : len(w.runs)-1] }

// weeks keeps one week of each kind: most weeks of a calendar are alike.
type weeks struct {
	known map[string]*week
	key   []byte
}

func (s *weeks) of(open []interval) *week {
	s.key = s.key[:0]
	for _, v := range open {
		s.key = binary.LittleEndian.AppendUint32(s.key, uint32(v.from))
		s.key = binary.LittleEndian.AppendUint32(s.key, uint32(v.to))
	}
	w := s.known[string(s.key)]
	if w == nil {
		w = newWeek(open)
		s.known[string(s.key)] = w
	}
	return w
}

// union sorts intervals and joins those that overlap or touch.
func union(list []interval) []interval {
	slices.SortFunc(list, func(a, b interval) int { return int(a.from - b.from) })
	out := list[:0]
	for _, v := range list {
		out = join(out, v)
	}
	return out
}

// join appends v, which starts no earlier than the last of list, to list.
func join(list []interval, v interval) []interval {
	if n := len(list); n > 0 && v.from <= list[n-1].to {
		list[n-1].to = max(list[n-1].to, v.to)
		return list
	}
	return append(list, v)
}

// subtract appends to out what is in open and not in gone; both are unions.
func subtract(out, open, gone []interval) []interval {
	for _, v := range open {
		for _, g := range gone {
			if g.to <= v.from || g.from >= v.to {
				continue
			}
			if v.from < g.from {
				out = append(out, interval{v.from, g.from})
			}
			v.from = g.to
			if v.from >= v.to {
				break
			}
		}
		if v.from < v.to {
			out = append(out, v)
		}
	}
	return out
}

// clipped returns what of v lies in [from, to).
func (v interval) clipped(from, to int64) (interval, bool) {
	v.from, v.to = max(v.from, from), min(v.to, to)
	return v, v.from < v.to
}
