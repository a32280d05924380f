package report

import (
	"fmt"
	"slices"
	"time"
)

// MaxIntervals is how many rows a trend may have.
const MaxIntervals = 10_000

// Interval is the calendar time that a row of a [Trend] stands for.
type Interval string

// The intervals.
const (
	Month Interval = "month"
	Week  Interval = "week" // from Monday (ISO 8601)
)

// Trend is the changes closed in a period, month by month or week by week.
type Trend struct {
	Period   Period   `json:"period"`
	Interval Interval `json:"interval"`
	Rows     []Row    `json:"rows"` // in the order of time, without a gap; also those in which nothing closed
	Total    Tally    `json:"total"`
}

// Over counts the changes closed in a period by the month or week in which they
// were closed, on the calendar of a zone. The first and the last row are cut off
// where the period begins and ends, so the rows add up to the total. A row begins
// with the first instant of its day, which on days on which the clocks change is
// not always 00:00.
//
// Every mistake of the input is told, in one error that matches [ErrInvalid].
func Over(cases []Case, period Period, every Interval, zone *time.Location) (Trend, error) {
	var p problems
	p.input(cases, period)
	if zone == nil {
		p.addf("no time zone")
	}
	if every != Month && every != Week {
		p.addf("interval %.32q, must be month or week", every)
	}
	if len(p.errs) == 0 && period.To.Unix()-period.From.Unix() > MaxIntervals*7*24*3600 {
		p.addf("the period %s is longer than %d weeks", period, MaxIntervals)
	}
	if err := p.err(); err != nil {
		return Trend{}, err
	}
	t := Trend{Period: period, Interval: every, Rows: rows(period, every, zone)}
	for i := range cases {
		c := &cases[i]
		if !period.Has(c.Closed) {
			continue
		}
		// The row is the last that does not begin after it.
		next, _ := slices.BinarySearchFunc(t.Rows, c.Closed, func(r Row, at time.Time) int {
			if r.Period.From.After(at) {
				return 1
			}
			return -1
		})
		t.Rows[next-1].count(c)
		t.Total.count(c)
	}
	return t, nil
}

// rows are the empty rows of a period.
func rows(period Period, every Interval, zone *time.Location) []Row {
	var all []Row
	for from := period.From.In(zone); from.Before(period.To); {
		name, next := every.around(from)
		to := next
		if to.After(period.To) {
			to = period.To.In(zone)
		}
		all = append(all, Row{Name: name, Period: Period{from, to}})
		from = next
	}
	return all
}

// around is the name of the interval in which an instant lies, and when the next
// one begins, on the calendar of the instant's zone.
func (i Interval) around(t time.Time) (name string, next time.Time) {
	y, m, d := t.Date()
	if i == Month {
		return t.Format("2006-01"), startOfDay(y, m+1, 1, t.Location())
	}
	year, week := t.ISOWeek()
	monday := d - (int(t.Weekday())+6)%7
	return fmt.Sprintf("%04d-W%02d", year, week), startOfDay(y, m, monday+7, t.Location())
}

// startOfDay is the first instant of a date. Where the clocks change at midnight,
// 00:00 is there twice or not at all, and [time.Date] may take another instant:
// so both offsets are tried, that of the noon before and that of the noon after.
func startOfDay(y int, m time.Month, d int, zone *time.Location) time.Time {
	midnight := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	at := func(noon time.Time) time.Time {
		_, offset := noon.Zone()
		return midnight.Add(-time.Duration(offset) * time.Second).In(zone)
	}
	first, second := at(time.Date(y, m, d-1, 12, 0, 0, 0, zone)), at(time.Date(y, m, d, 12, 0, 0, 0, zone))
	if second.Before(first) {
		first, second = second, first
	}
	if first.Day() == midnight.Day() {
		return first
	}
	return second
}

// String writes the trend as a table.
func (t Trend) String() string { return table(string(t.Interval), t.Rows, t.Total) }
