package main

import (
	"time"

	"github.com/rickar/cal/v2"
)

// search is the limit to measure against: opening hours as Unix seconds, how much
// was open before each, and a binary search.
type search struct {
	open, close []int64
	before      []int64 // seconds open before the interval
	zone        *time.Location
}

func newSearch(c *cal.BusinessCalendar, zone *time.Location) *search {
	s := &search{zone: zone}
	total := int64(0)
	for day := time.Date(firstYear, 12, 1, 0, 0, 0, 0, zone); day.Year() <= lastYear; day = day.AddDate(0, 0, 1) {
		if !c.IsWorkday(day) {
			continue
		}
		y, m, d := day.Date()
		from := time.Date(y, m, d, 9, 0, 0, 0, zone).Unix()
		to := time.Date(y, m, d, 17, 30, 0, 0, zone).Unix()
		s.open, s.close, s.before = append(s.open, from), append(s.close, to), append(s.before, total)
		total += to - from
	}
	return s
}

// elapsed is how much was open before an instant.
func (s *search) elapsed(at int64) int64 {
	i := last(s.open, at)
	if i < 0 {
		return 0
	}
	return s.before[i] + min(at, s.close[i]) - s.open[i]
}

// last returns the place of the last value up to x, or -1.
func last(ascending []int64, x int64) int {
	lo, hi := 0, len(ascending)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); ascending[mid] <= x {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo - 1
}

func (s *search) between(a, b time.Time) time.Duration {
	return time.Duration(s.elapsed(b.Unix())-s.elapsed(a.Unix())) * time.Second
}

func (s *search) add(t time.Time, d time.Duration) time.Time {
	want := s.elapsed(t.Unix()) + int64(d/time.Second)
	i := last(s.before, want-1)
	return time.Unix(s.open[i]+want-s.before[i], 0).In(s.zone)
}
