package holidays

import (
	"io"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
)

// ReadICS reads the all-day events of an iCalendar object (RFC 5545) as holidays
// and returns their dates in the years from..to, both included, as [In] does:
// sorted, one day a date, named by SUMMARY.
//
// It follows DTEND (the first day after), DURATION, RRULE with FREQ=DAILY to
// YEARLY, RDATE, EXDATE and RECURRENCE-ID. Events and occurrences with
// STATUS:CANCELLED do not count. TRANSP does not matter: most holiday feeds mark
// their days TRANSPARENT, which says that nobody is busy then, not that it is a
// working day.
//
// An event at a time of day is an error, since no holiday can be made of it, and
// so is everything that is not understood; nothing is left out in silence. The
// error lists all problems by UID and SUMMARY of their events and matches
// [calendar.ErrInvalid], unless r itself fails. Read are up to 4 MiB, 10,000
// events, 500 of them with an RRULE, and 10,000 days in the years given; dates
// lie in 1900 to 2099.
func ReadICS(r io.Reader, from, to int) ([]calendar.Day, error) {
	f, err := readFeed(r)
	if err != nil {
		return nil, err
	}
	var bad problems
	bad.years(from, to)
	events := readEvents(f.events, &bad)
	for _, e := range events {
		if !e.cancelled && !e.start.whole {
			bad.add(e.where, "is at a time of day; a holiday lasts whole days")
		}
	}
	if err := bad.err(f.label()); err != nil {
		return nil, err
	}
	days := expand(events, from, to, &bad)
	return days, bad.err(f.label())
}

// expand returns the dates of all-day events.
func expand(events []*event, from, to int, bad *problems) []calendar.Day {
	replaced := make(map[string]map[time.Time]bool) // by UID
	for _, e := range events {
		if e.replaces != nil {
			if replaced[e.uid] == nil {
				replaced[e.uid] = make(map[time.Time]bool)
			}
			replaced[e.uid][e.replaces.wall] = true
		}
	}
	var list []entry
	for _, e := range events {
		if e.cancelled {
			continue
		}
		gone := make(map[time.Time]bool)
		for _, m := range e.minus {
			gone[m.wall] = true
		}
		e.dates(to, func(start time.Time) bool {
			if gone[start] || e.replaces == nil && replaced[e.uid][start] {
				return true
			}
			list = e.appendDays(list, start, from, to)
			return len(list) <= maxDays
		})
		if len(list) > maxDays {
			bad.add(e.where, "makes more than %d days in %d..%d", maxDays, from, to)
			return nil
		}
	}
	return within(list, from, to)
}

// appendDays appends the days in from..to of the occurrence that starts on a date.
func (e *event) appendDays(list []entry, start time.Time, from, to int) []entry {
	end := start.Add(e.length)
	if first := date(from, time.January, 1); start.Before(first) {
		start = first
	}
	for on := start; on.Before(end) && on.Year() <= to; on = on.AddDate(0, 0, 1) {
		list = append(list, entry{on, e.name})
	}
	return list
}
