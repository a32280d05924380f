package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// question is one line of input. Which of its fields count depends on the
// operation.
type question struct {
	ID       string      `json:"id"`
	Op       string      `json:"op"`
	Calendar hours       `json:"calendar"`
	Start    *time.Time  `json:"start"`
	End      *time.Time  `json:"end"`
	Seconds  *float64    `json:"business_seconds"`
	Days     *int        `json:"days"`
	EndOfDay bool        `json:"end_of_day"`
	Count    *int        `json:"count"`
	Local    string      `json:"local"`
	Targets  []promise   `json:"targets"`
	Events   []happening `json:"events"`
	AsOf     *time.Time  `json:"asof"`
}

// hours describes a calendar: weekly hours by day, and by date the holidays, the
// shifts that replace the weekly ones, and the breaks.
type hours struct {
	TZ       string                 `json:"tz"`
	Weekly   map[string][][2]string `json:"weekly"`
	Holidays []string               `json:"holidays"`
	Shifts   map[string][][2]string `json:"shifts"`
	Breaks   map[string][][2]string `json:"breaks"`
}

var days = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func (h hours) build(name string) (*calendar.Calendar, error) {
	opts := []calendar.Option{calendar.Named(name)}
	for day := range h.Weekly {
		if !slices.Contains(days[:], day) {
			return nil, fmt.Errorf("weekly: %q is not one of %v", day, days)
		}
	}
	for i, day := range days {
		if spans := spansOf(h.Weekly[day]); len(spans) > 0 {
			opts = append(opts, calendar.Weekly(time.Weekday(i), time.Weekday(i), spans...))
		}
	}
	for _, date := range h.Holidays {
		opts = append(opts, calendar.Closed(date, ""))
	}
	for _, date := range slices.Sorted(maps.Keys(h.Shifts)) {
		opts = append(opts, calendar.Override(date, "", spansOf(h.Shifts[date])...))
	}
	for _, date := range slices.Sorted(maps.Keys(h.Breaks)) {
		opts = append(opts, calendar.Break(date, "", spansOf(h.Breaks[date])...))
	}
	return calendar.New(h.TZ, opts...)
}

func spansOf(pairs [][2]string) []string {
	var spans []string
	for _, p := range pairs {
		spans = append(spans, p[0]+"-"+p[1])
	}
	return spans
}

// The fields that an operation needs; a missing one is an error.

func (q question) start() (time.Time, error) { return given("start", q.Start) }

func (q question) duration() (time.Duration, error) {
	s, err := given("business_seconds", q.Seconds)
	if err != nil {
		return 0, err
	}
	return seconds(s)
}

func given[T any](name string, v *T) (T, error) {
	if v == nil {
		var none T
		return none, errors.New(name + " is missing")
	}
	return *v, nil
}

func seconds(s float64) (time.Duration, error) {
	if math.Abs(s) > math.MaxInt64/1e9 {
		return 0, fmt.Errorf("%v seconds are more than can be counted", s)
	}
	return time.Duration(math.Round(s * 1e9)), nil
}

// reading takes a wall clock's reading apart: 2026-03-06T24:00, with seconds if
// needed.
func (q question) reading() (date time.Time, clock [3]int, err error) {
	day, hour, ok := strings.Cut(q.Local, "T")
	date, err = time.Parse(time.DateOnly, day)
	parts := strings.Split(hour, ":")
	if !ok || err != nil || len(parts) < 2 || len(parts) > 3 {
		return date, clock, fmt.Errorf("local: %q is not a reading like 2026-03-06T24:00", q.Local)
	}
	for i, p := range parts {
		if _, err := fmt.Sscanf(p, "%02d", &clock[i]); err != nil || len(p) != 2 || clock[i] < 0 || clock[i] > [...]int{24, 59, 59}[i] {
			return date, clock, fmt.Errorf("local: %q is not a time of day", hour)
		}
	}
	return date, clock, nil
}
