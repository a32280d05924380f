package holidays

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/teambition/rrule-go"
)

// ReadHours reads opening hours from an iCalendar object (RFC 5545): events at a
// time of day that repeat weekly become the weekly hours, all-day events in the
// years from..to the holidays, as [ReadICS] reads them. The zone is that of the
// events' TZID, or X-WR-TIMEZONE for times that name none; the name is NAME or
// X-WR-CALNAME. The definition compiles.
//
// Weekly events have FREQ=WEEKLY with or without BYDAY, or FREQ=DAILY. The hours
// they make hold for all time: DTSTART gives their weekday and time of day, so
// all of them must start within seven days of each other. What weekly hours
// cannot say is an error and never dropped: single events at a time of day,
// COUNT, UNTIL, INTERVAL=2, BYMONTH and the like, RDATE, EXDATE, RECURRENCE-ID,
// events in several zones, events longer than a day. A shift that ends the next
// day belongs to the day it starts.
//
// The error lists all problems by UID and SUMMARY of their events and matches
// [calendar.ErrInvalid], unless r itself fails. The limits are those of
// [ReadICS].
func ReadHours(r io.Reader, from, to int) (calendar.Definition, error) {
	var none calendar.Definition
	f, err := readFeed(r)
	if err != nil {
		return none, err
	}
	var bad problems
	bad.years(from, to)
	var days, shifts []*event
	for _, e := range readEvents(f.events, &bad) {
		switch {
		case e.start.whole || e.cancelled && e.replaces.whole:
			days = append(days, e)
		case e.replaces != nil:
			bad.add(e.where, "differs on one date (RECURRENCE-ID), which weekly hours do not")
		default:
			shifts = append(shifts, e)
		}
	}
	def := calendar.Definition{Name: f.name, Zone: f.zone}
	week := newWeek(shifts, &bad)
	if len(shifts) > 0 {
		def.Zone = zoneOf(shifts, f.zone, &bad)
	}
	if err := bad.err(f.label()); err != nil {
		return none, err
	}
	def.Weekly = week.hours()
	def.Holidays = expand(days, from, to, &bad)
	if err := bad.err(f.label()); err != nil {
		return none, err
	}
	if _, err := calendar.Compile(def); err != nil {
		return none, err
	}
	return def, nil
}

// zoneOf returns the zone that all events have; floating times are in the zone of
// the feed.
func zoneOf(events []*event, floating string, bad *problems) string {
	zone := ""
	for _, e := range events {
		own := e.start.zone
		if own == "" {
			own = floating
		}
		switch {
		case own == "":
			bad.add(e.where, "has no TZID, nor has the calendar an X-WR-TIMEZONE")
		case zone == "":
			zone = own
		case zone != own:
			bad.add(e.where, "is in zone %s, others are in %s; hours have one", clip(own), clip(zone))
		}
	}
	return zone
}

// week collects the shifts of equal days, in the order in which they came.
type week struct {
	days  []daySet
	spans map[daySet][]string
}

// daySet has bit d set for time.Weekday d.
type daySet uint8

const everyDay daySet = 1<<7 - 1

func (s daySet) has(d time.Weekday) bool { return s>>((d+7)%7)&1 == 1 }

// newWeek reads the shifts and notes what is not weekly about them.
func newWeek(shifts []*event, bad *problems) *week {
	w := &week{spans: make(map[daySet][]string)}
	var first *event
	for _, e := range shifts {
		days, ok := e.weekly(bad)
		if !ok {
			continue
		}
		if first == nil {
			first = e
		}
		if apart := e.start.wall.Sub(first.start.wall); apart >= 7*day || apart <= -7*day {
			bad.add(e.where, "starts in another week than %s; hours that change are several definitions", first.where)
		}
		if w.spans[days] == nil {
			w.days = append(w.days, days)
		}
		if span := e.span(); !slices.Contains(w.spans[days], span) {
			w.spans[days] = append(w.spans[days], span)
		}
	}
	return w
}

// hours returns the rules of the week, one for each run of days.
func (w *week) hours() []calendar.Hours {
	var out []calendar.Hours
	for _, days := range w.days {
		for i := range time.Weekday(7) {
			from := (i + 1) % 7 // from Monday
			starts := days.has(from) && !days.has(from-1) || days == everyDay && from == time.Monday
			if !starts {
				continue
			}
			to := from
			for n := 1; n < 7 && days.has(to+1); n++ {
				to = (to + 1) % 7
			}
			out = append(out, calendar.Hours{From: from, To: to, Spans: slices.Clone(w.spans[days])})
		}
	}
	return out
}

// weekly returns the days on which the shift starts.
func (e *event) weekly(bad *problems) (daySet, bool) {
	known := len(*bad)
	if len(e.plus)+len(e.minus) > 0 {
		bad.add(e.where, "differs on some dates (RDATE or EXDATE), which weekly hours do not")
	}
	switch {
	case e.length <= 0:
		bad.add(e.where, "has no DTEND or DURATION")
	case e.length > day:
		bad.add(e.where, "lasts more than a day; a shift lasts less")
	case e.length == day && clock(e.start.wall) != "00:00":
		bad.add(e.where, "lasts 24 hours from %s; a whole day starts at 00:00", clock(e.start.wall))
	}
	if e.rule == nil {
		bad.add(e.where, "is at a time of day and does not repeat; weekly hours need an RRULE")
		return 0, false
	}
	o := e.rule
	switch {
	case o.Freq != rrule.WEEKLY && o.Freq != rrule.DAILY:
		bad.add(e.where, "repeats by FREQ=%v, not weekly", o.Freq)
	case o.Interval > 1:
		bad.add(e.where, "repeats by INTERVAL=%d, not every week", o.Interval)
	case o.Count > 0 || !o.Until.IsZero():
		bad.add(e.where, "ends by COUNT or UNTIL; weekly hours have no end")
	case len(o.Bymonth)+len(o.Bymonthday)+len(o.Bysetpos) > 0:
		bad.add(e.where, "repeats by more than BYDAY")
	}
	days := e.weekdays()
	if !days.has(e.start.wall.Weekday()) {
		bad.add(e.where, "starts on a %v, which its rule leaves out", e.start.wall.Weekday())
	}
	return days, len(*bad) == known
}

func (e *event) weekdays() daySet {
	var days daySet
	for _, d := range e.rule.Byweekday {
		days |= 1 << ((d.Day() + 1) % 7) // the library counts from Monday
	}
	switch {
	case days != 0:
		return days
	case e.rule.Freq == rrule.DAILY:
		return everyDay
	}
	return 1 << e.start.wall.Weekday()
}

// span writes the shift as package calendar does.
func (e *event) span() string {
	end := e.start.wall.Add(e.length)
	to := clock(end)
	if to == "00:00" {
		to = "24:00"
	}
	return clock(e.start.wall) + "-" + to
}

// clock writes a time of day, with seconds if there are any.
func clock(t time.Time) string { return strings.TrimSuffix(t.Format("15:04:05"), ":00") }

// readClock reads what clock writes, up to 24:00, of a text that is known to be
// right.
func readClock(s string) time.Duration {
	var h, m, sec time.Duration
	fmt.Sscanf(s+":00", "%d:%d:%d", &h, &m, &sec)
	return h*time.Hour + m*time.Minute + sec*time.Second
}
