package holidays

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/itsm-go/itsm/sla/calendar"
)

// WriteICS writes holidays as an iCalendar object (RFC 5545) of that name, with
// an all-day event for each date. [ReadICS] reads the same days back, sorted and
// one a date.
//
// The UID of an event depends on the object's name and the date only, so that a
// program that subscribed to the feed knows a renamed holiday again; now is the
// DTSTAMP. The events are transparent: a holiday makes nobody busy.
//
// Days are single dates such as "2026-12-25". Yearly rules, spans and control
// characters in names are errors; all are listed and match [calendar.ErrInvalid].
// An error of w is returned as it is, wrapped.
func WriteICS(w io.Writer, days []calendar.Day, name string, now time.Time) error {
	var bad problems
	if problem := nameProblem(name); problem != "" {
		bad.add("name", "%s", problem)
	}
	if len(days) > maxDays {
		bad.add("days", "more than %d", maxDays)
		days = days[:maxDays]
	}
	var list []entry
	for _, d := range days {
		where := "day " + clip(d.Date)
		on, err := time.Parse(time.DateOnly, d.Date)
		switch problem := nameProblem(d.Name); {
		case err != nil:
			bad.add(where, "is not a date such as 2026-12-25")
		case on.Year() < firstYear || on.Year() > lastYear:
			bad.add(where, "the year must lie in %d..%d", firstYear, lastYear)
		case len(d.Spans) > 0:
			bad.add(where, "has spans; an all-day event has none")
		case problem != "":
			bad.add(where, "%s", problem)
		}
		list = append(list, entry{on, d.Name})
	}
	if err := bad.err(name); err != nil {
		return err
	}
	object := newObject(name)
	for _, d := range within(list, firstYear, lastYear) {
		addDay(object, name, d, now)
	}
	return write(w, object)
}

func newObject(name string) *ics.Calendar {
	object := ics.NewCalendar()
	object.SetProductId("-//itsm-go//sla holidays//EN")
	if name != "" {
		object.SetName(name)
	}
	return object
}

func write(w io.Writer, object *ics.Calendar) error {
	if _, err := io.WriteString(w, object.Serialize(ics.WithNewLine("\r\n"))); err != nil {
		return fmt.Errorf("writing iCalendar: %w", err)
	}
	return nil
}

// addEvent adds an event whose UID depends on the parts.
func addEvent(object *ics.Calendar, now time.Time, parts ...string) *ics.VEvent {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	e := object.AddEvent(hex.EncodeToString(sum[:12]) + "@holidays.itsm-go")
	e.SetDtStampTime(now)
	return e
}

func addDay(object *ics.Calendar, name string, d calendar.Day, now time.Time) {
	on, _ := time.Parse(time.DateOnly, d.Date) // has been read before
	e := addEvent(object, now, name, d.Date)
	e.SetAllDayStartAt(on)
	e.SetAllDayEndAt(on.AddDate(0, 0, 1))
	if d.Name != "" {
		e.SetSummary(d.Name)
	}
	e.SetTimeTransparency(ics.TransparencyTransparent)
}
