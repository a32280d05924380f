package calendar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// recurrence is a date as a definition writes it: one date, or a rule that gives
// one a year.
type recurrence struct {
	day         int64 // the only one, if rule is nil
	rule        func(year int) (day int64, ok bool)
	from, until int // years
	observe     observance
}

// observance says which weekday stands in for a date on a weekend.
type observance int

const (
	inPlace observance = iota
	nearestWeekday
	nextWeekday
)

// parseDate reads the dates described at [Day].
func parseDate(s string) (recurrence, error) {
	r := recurrence{from: firstYear, until: lastYear}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		if t.Year() < firstYear || t.Year() > lastYear {
			return r, fmt.Errorf("the year must lie in %d..%d", firstYear, lastYear)
		}
		r.day = dayOf(t)
		return r, nil
	}
	if len(s) > 100 {
		return r, errors.New("too long for a date")
	}
	rest, err := r.cutYear(s, " until ", &r.until)
	if err == nil {
		rest, err = r.cutYear(rest, " from ", &r.from)
	}
	if err != nil {
		return r, err
	}
	if r.until < r.from {
		return r, errors.New("ends before it begins")
	}
	var ok bool
	if rest, ok = strings.CutSuffix(rest, " or nearest weekday"); ok {
		r.observe = nearestWeekday
	} else if rest, ok = strings.CutSuffix(rest, " or next weekday"); ok {
		r.observe = nextWeekday
	}
	r.rule, err = parseRule(rest)
	return r, err
}

// cutYear takes a year with its key off the end of s.
func (r *recurrence) cutYear(s, key string, year *int) (string, error) {
	head, tail, ok := cutLast(s, key)
	if !ok {
		return s, nil
	}
	y, err := strconv.Atoi(tail)
	if err != nil || y < firstYear || y > lastYear {
		return s, fmt.Errorf("the year must lie in %d..%d", firstYear, lastYear)
	}
	*year = y
	return head, nil
}

func cutLast(s, sep string) (head, tail string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

var errDate = errors.New(`not a date; write it as 2026-12-25, 12-25, easter+1 or "last monday of may"`)

// parseRule reads a yearly rule.
func parseRule(s string) (func(year int) (int64, bool), error) {
	if month, day, ok := parseMonthDay(s); ok {
		return func(year int) (int64, bool) { return civil(year, month, day) }, nil
	}
	base, offset, err := cutOffset(s)
	if err != nil {
		return nil, err
	}
	switch base {
	case "easter":
		return func(year int) (int64, bool) { return easter(year) + offset, true }, nil
	case "orthodox easter":
		return func(year int) (int64, bool) { return orthodoxEaster(year) + offset, true }, nil
	}
	f := strings.Split(base, " ")
	switch {
	case len(f) == 4 && f[2] == "of":
		nth, ok1 := parseOrdinal(f[0])
		weekday, ok2 := parseWeekday(f[1])
		month, ok3 := parseMonth(f[3])
		if ok1 && ok2 && ok3 {
			return func(year int) (int64, bool) { return nthWeekday(year, month, weekday, nth) + offset, true }, nil
		}
	case len(f) == 5 && f[1] == "on" && f[2] == "or":
		weekday, ok1 := parseWeekday(f[0])
		month, day, ok2 := parseMonthDay(f[4])
		switch {
		case !ok1 || !ok2:
		case f[3] == "before":
			return func(year int) (int64, bool) {
				d, ok := civil(year, month, day)
				return d - int64(weekdayOf(d)-weekday+7)%7, ok
			}, nil
		case f[3] == "after":
			return func(year int) (int64, bool) {
				d, ok := civil(year, month, day)
				return d + int64(weekday-weekdayOf(d)+7)%7, ok
			}, nil
		}
	}
	return nil, errDate
}

// cutOffset takes "+39" or "-2" off the end of s.
func cutOffset(s string) (base string, days int64, err error) {
	i := strings.LastIndexAny(s, "+-")
	if i < 0 || strings.Contains(s[i:], " ") || strings.Contains(s, " on or ") {
		return s, 0, nil
	}
	n, err := strconv.Atoi(s[i:])
	if err != nil || n < -366 || n > 366 {
		return s, 0, errDate
	}
	return strings.TrimRight(s[:i], " "), int64(n), nil
}

// parseMonthDay reads "12-25"; 02-29 exists in leap years only.
func parseMonthDay(s string) (time.Month, int, bool) {
	t, err := time.Parse(time.DateOnly, "2024-"+s)
	return t.Month(), t.Day(), err == nil
}

// parseOrdinal reads 1st to 4th, and last as -1.
func parseOrdinal(s string) (int, bool) {
	switch s {
	case "1st":
		return 1, true
	case "2nd":
		return 2, true
	case "3rd":
		return 3, true
	case "4th":
		return 4, true
	case "last":
		return -1, true
	}
	return 0, false
}

// parseWeekday reads an English name in lower case, whole or of three letters.
func parseWeekday(s string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if name := strings.ToLower(d.String()); s == name || s == name[:3] {
			return d, true
		}
	}
	return 0, false
}

// parseMonth reads an English name in lower case, whole or of three letters.
func parseMonth(s string) (time.Month, bool) {
	for m := time.January; m <= time.December; m++ {
		if name := strings.ToLower(m.String()); s == name || s == name[:3] {
			return m, true
		}
	}
	return 0, false
}

// dayOf returns the civil day of a midnight in UTC, counted from 1970.
func dayOf(t time.Time) int64 { return floorDay(t.Unix()) }

func weekdayOf(day int64) time.Weekday {
	return time.Weekday((day + origin/daySeconds + 1) % 7)
}

// civil returns the day of a date; false if the year has none.
func civil(year int, month time.Month, day int) (int64, bool) {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return dayOf(t), t.Day() == day
}

func nthWeekday(year int, month time.Month, weekday time.Weekday, nth int) int64 {
	if nth < 0 {
		last := dayOf(time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC))
		return last - int64(weekdayOf(last)-weekday+7)%7
	}
	first := dayOf(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC))
	return first + int64(weekday-weekdayOf(first)+7)%7 + int64(nth-1)*7
}

// easter is Easter Sunday in the Gregorian calendar, by the anonymous algorithm
// first printed in Nature, 20 April 1876 (Meeus, Astronomical Algorithms, ch. 8).
func easter(year int) int64 {
	a, b, c := year%19, year/100, year%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return dayOf(time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC))
}

// orthodoxEaster is Easter Sunday in the Julian calendar (Meeus, ch. 8), which
// runs 13 days behind from March 1900 to February 2100.
func orthodoxEaster(year int) int64 {
	d := (19*(year%19) + 15) % 30
	e := (2*(year%4) + 4*(year%7) - d + 34) % 7
	n := d + e + 114
	return dayOf(time.Date(year, time.Month(n/31), n%31+1+13, 0, 0, 0, 0, time.UTC))
}

// each calls use with every day of the recurrence in the supported years.
func (r *recurrence) each(use func(day int64)) {
	if r.rule == nil {
		use(r.day)
		return
	}
	first, _ := civil(firstYear, time.January, 1)
	last, _ := civil(lastYear, time.December, 31)
	for year := r.from; year <= r.until; year++ {
		if day, ok := r.rule(year); ok && day >= first && day <= last {
			use(day)
		}
	}
}

// observed returns the weekday that stands in for a day on a weekend: the
// nearest, or the next that is not taken; the day itself if it needs none.
func (o observance) observed(day int64, taken func(int64) bool) int64 {
	w := weekdayOf(day)
	if o == inPlace || w != time.Saturday && w != time.Sunday {
		return day
	}
	if o == nearestWeekday {
		if w == time.Saturday {
			return day - 1
		}
		return day + 1
	}
	for {
		day++
		if w = weekdayOf(day); w != time.Saturday && w != time.Sunday && !taken(day) {
			return day
		}
	}
}
