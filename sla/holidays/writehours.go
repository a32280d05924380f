package holidays

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/itsm-go/itsm/sla/calendar"
)

// WriteHours writes a calendar's definition as an iCalendar object (RFC 5545):
// its weekly hours as weekly events that begin in the first days of the year from
// and do not end, and its holidays of the years from..to, yearly rules worked
// out, as all-day events. Times are in the definition's zone, which a VTIMEZONE
// describes for those years. [ReadHours] reads a definition back whose calendar
// is equal in those years.
//
// UIDs depend on the name, the zone and the hours or date only; now is the
// DTSTAMP. A definition that does not compile, overrides and breaks, which have
// no counterpart in weekly events, and control characters in names are errors;
// all are listed and match [calendar.ErrInvalid]. An error of w is returned as it
// is, wrapped.
func WriteHours(w io.Writer, def calendar.Definition, from, to int, now time.Time) error {
	if _, err := calendar.Compile(def); err != nil {
		return err
	}
	loc, err := time.LoadLocation(def.Zone)
	if err != nil {
		return fmt.Errorf("%w: %w", calendar.ErrInvalid, err)
	}
	days, err := writable(def, from, to)
	if err != nil {
		return err
	}
	object := newObject(def.Name)
	object.SetXWRTimezone(def.Zone)
	if def.Zone != "UTC" {
		addTimezone(object, loc, from, to)
	}
	addShifts(object, def, from, now)
	for _, d := range days {
		addDay(object, def.Name, d, now)
	}
	return write(w, object)
}

// writable returns the holidays to write, or all that cannot be written.
func writable(def calendar.Definition, from, to int) ([]calendar.Day, error) {
	var bad problems
	bad.years(from, to)
	if problem := nameProblem(def.Name); problem != "" {
		bad.add("name", "%s", problem)
	}
	for _, d := range def.Overrides {
		bad.add("override "+d.Date, "cannot be written as weekly hours")
	}
	for _, d := range def.Breaks {
		bad.add("break "+d.Date, "cannot be written as weekly hours")
	}
	for _, d := range def.Holidays {
		if problem := textProblem(d.Name); problem != "" {
			bad.add("holiday "+d.Date, "%s", problem)
		}
	}
	if err := bad.err(def.Name); err != nil {
		return nil, err
	}
	return holidaysOf(def, from, to)
}

// holidaysOf works out the holidays of a definition, dated and observed, in years.
func holidaysOf(def calendar.Definition, from, to int) ([]calendar.Day, error) {
	// A calendar that is always open is closed on holidays only.
	c, err := calendar.Compile(calendar.Definition{Zone: "UTC", Holidays: def.Holidays, Weekly: []calendar.Hours{
		{From: time.Monday, To: time.Sunday, Spans: []string{"00:00-24:00"}},
	}})
	if err != nil {
		return nil, err
	}
	var days []calendar.Day
	for on := date(from, time.January, 1); on.Year() <= to; on = on.AddDate(0, 0, 1) {
		if reason := c.Reason(on); !reason.Open {
			days = append(days, calendar.Day{Date: on.Format(time.DateOnly), Name: reason.Name})
		}
	}
	return days, nil
}

// addShifts adds an event for each shift of each rule.
func addShifts(object *ics.Calendar, def calendar.Definition, from int, now time.Time) {
	names := [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	seen := make(map[string]bool)
	for _, h := range def.Weekly {
		days := []string{names[h.From]}
		for d := h.From; d != h.To; {
			d = (d + 1) % 7
			days = append(days, names[d])
		}
		first := date(from, time.January, 1)
		first = first.AddDate(0, 0, int(h.From-first.Weekday()+7)%7)
		for _, span := range h.Spans {
			rule := "FREQ=WEEKLY;BYDAY=" + strings.Join(days, ",")
			if seen[rule+span] { // the same twice opens nothing more
				continue
			}
			seen[rule+span] = true
			opens, closes, _ := strings.Cut(span, "-")
			start, end := first.Add(readClock(opens)), first.Add(readClock(closes))
			if !end.After(start) {
				end = end.AddDate(0, 0, 1)
			}
			e := addEvent(object, now, def.Name, def.Zone, rule, span)
			setTime(e, ics.ComponentPropertyDtStart, start, def.Zone)
			setTime(e, ics.ComponentPropertyDtEnd, end, def.Zone)
			e.AddRrule(rule)
			e.SetSummary(cmp.Or(def.Name, "Open"))
		}
	}
}

// localTime is a DATE-TIME without zone.
const localTime = "20060102T150405"

// setTime sets a property to a reading of the clock in a zone.
func setTime(e *ics.VEvent, name ics.ComponentProperty, wall time.Time, zone string) {
	if zone == "UTC" {
		e.SetProperty(name, wall.Format(localTime)+"Z")
		return
	}
	e.SetProperty(name, wall.Format(localTime), ics.WithTZID(zone))
}
