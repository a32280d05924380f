package main

import (
	"fmt"
	"iter"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// The answers, in the words of the questions.
type (
	instant struct {
		At *time.Time `json:"at"` // null: never
	}
	length struct {
		Seconds float64 `json:"business_seconds"`
	}
	openness struct {
		Open bool `json:"open"`
	}
	segments struct {
		Segments []segment `json:"segments"`
	}
	segment struct {
		Open  time.Time `json:"open"`
		Close time.Time `json:"close"`
	}
)

// horizon bounds how far segments are looked for.
const horizon = 100 // years

func (q question) answer() (any, error) {
	if q.Op == "sla" {
		return q.levels()
	}
	cal, err := q.Calendar.build("")
	if err != nil {
		return nil, err
	}
	if q.Op == "resolve" {
		date, clock, err := q.reading()
		if err != nil {
			return nil, err
		}
		at := cal.Date(date.Year(), date.Month(), date.Day(), clock[0], clock[1], clock[2], 0)
		return instant{&at}, nil
	}
	start, err := q.start()
	if err != nil {
		return nil, err
	}
	switch q.Op {
	case "is_open":
		return openness{cal.IsOpen(start)}, nil
	case "next_open":
		return when(cal.NextOpen(start)), nil
	case "prev_open":
		return when(cal.PrevOpen(start)), nil
	case "next_open_edge":
		return when(cal.NextOpening(start)), nil
	case "next_close":
		return when(cal.NextClosing(start)), nil
	case "between":
		end, err := given("end", q.End)
		return length{cal.Between(start, end).Seconds()}, err
	case "add", "sub":
		d, err := q.duration()
		if q.Op == "sub" {
			d = -d
		}
		if err != nil {
			return nil, err
		}
		return when(cal.Add(start, d)), nil
	case "add_days":
		n, err := given("days", q.Days)
		if err != nil {
			return nil, err
		}
		return when(cal.AddDays(start, calendar.Days(n), q.EndOfDay)), nil
	case "segments":
		return q.list(cal.Windows(start, start.AddDate(horizon, 0, 0)))
	case "segments_back":
		return q.list(cal.WindowsBack(start))
	}
	return nil, fmt.Errorf("unknown operation %q", q.Op)
}

func when(at time.Time, ok bool) instant {
	if !ok {
		return instant{}
	}
	at = at.UTC()
	return instant{&at}
}

// maxCount is the most segments one question is answered with.
const maxCount = 100_000

func (q question) list(windows iter.Seq[calendar.Window]) (any, error) {
	count, err := given("count", q.Count)
	if err == nil && (count < 0 || count > maxCount) {
		err = fmt.Errorf("count: %d is not a number from 0 to %d", count, maxCount)
	}
	if err != nil {
		return nil, err
	}
	list := segments{Segments: []segment{}}
	for w := range windows {
		if len(list.Segments) == count {
			break
		}
		list.Segments = append(list.Segments, segment{w.Open.UTC(), w.Close.UTC()})
	}
	return list, nil
}
