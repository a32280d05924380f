// Package ical writes a forward schedule of change as a calendar that people can
// subscribe to, in the iCalendar format (RFC 5545), and reads such a calendar.
//
//	s, err := forward.New(view)
//	err = ical.Write(w, s, ical.Feed{Name: "Changes of the shop", Domain: "itsm.example.com", Now: now})
//
// Serve it as text/calendar; charset=utf-8. Outlook, Google Calendar and Apple's
// Calendar fetch it again by themselves, as often as they like; [Feed.Refresh] is a hint
// that some of them take.
//
// # What an event says
//
// Each change that the schedule shows is one event, whatever lanes it stands in:
//
//   - UID comes from the change's id and the feed's domain alone, so that a program
//     that subscribed knows a change again, however often it is moved or renamed.
//     SEQUENCE is the change's revision.
//   - STATUS is TENTATIVE as long as the change is not approved, then CONFIRMED, or
//     CANCELLED. A change that a calendar once had should stay in the feed as
//     cancelled: what is missing from a feed, some programs keep.
//   - SUMMARY is the id and the title, and says if the change is in conflict.
//     DESCRIPTION has all the rest, with every conflict. CATEGORIES are the type and
//     "conflict", LOCATION the services.
//   - TRANSP says that an approved change takes the time of whoever subscribes, and
//     any other does not. [Feed.Free] makes all of them transparent.
//
// Blackouts and maintenance windows are events with a category of that name, always
// transparent. Their UID also depends on when they begin.
//
// All times are in UTC, which needs no VTIMEZONE and which every program shows in its
// reader's own zone; the schedule's zone is a hint in X-WR-TIMEZONE, and DESCRIPTION
// tells the times in it. iCalendar knows whole seconds only: a start is rounded down,
// an end up.
//
// # What one can rely on
//
// The same schedule and feed give the same bytes. Texts may hold anything; control
// characters become a replacement character. Nothing here reads the clock or the
// network or keeps state: all functions are safe for concurrent use.
package ical
