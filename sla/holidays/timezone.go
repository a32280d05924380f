package holidays

import (
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"
)

// addTimezone describes a zone in the years from..to by its changes, as section
// 3.6.5 of RFC 5545 wants it: one part for each kind of change, with all its
// times.
func addTimezone(object *ics.Calendar, loc *time.Location, from, to int) {
	zone := object.AddTimezone(loc.String())
	parts := make(map[string]*ics.ComponentBase)
	at := time.Date(from, time.January, 1, 0, 0, 0, 0, loc)
	end := time.Date(to+1, time.January, 1, 0, 0, 0, 0, loc)
	for !at.IsZero() && at.Before(end) {
		start, next := at.ZoneBounds()
		name, offset := at.Zone()
		before := offset
		if start.IsZero() {
			start = at
		} else {
			_, before = start.Add(-1).Zone()
		}
		change := start.UTC().Add(time.Duration(before) * time.Second).Format(localTime)
		kind := fmt.Sprint(name, before, offset, at.IsDST())
		if part := parts[kind]; part != nil {
			part.AddRdate(change)
		} else {
			part = addChange(zone, at.IsDST())
			part.SetProperty(ics.ComponentPropertyDtStart, change)
			part.SetProperty("TZOFFSETFROM", utcOffset(before))
			part.SetProperty("TZOFFSETTO", utcOffset(offset))
			part.SetProperty("TZNAME", name)
			parts[kind] = part
		}
		at = next
	}
}

func addChange(zone *ics.VTimezone, summer bool) *ics.ComponentBase {
	if summer {
		part := new(ics.Daylight)
		zone.Components = append(zone.Components, part)
		return &part.ComponentBase
	}
	return &zone.AddStandard().ComponentBase
}

// utcOffset writes seconds as in +0100 or -043040.
func utcOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
