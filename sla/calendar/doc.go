// Package calendar is business time: when a service is staffed, when a target
// of four working hours is due, and how much working time a ticket has used.
//
// A [Calendar] is a week of shifts on the wall clock of a time zone, with
// holidays, overrides and breaks on dates of their own:
//
//	hours, err := calendar.New("Europe/Berlin",
//		calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"),
//		calendar.Closed("2026-12-25", "Christmas Day"))
//	due, ok := hours.Add(opened, 4*time.Hour)
//	used := hours.Between(opened, now)
//
// # Rules
//
//   - Open time is half-open: 09:00 is open, 17:30 is not.
//   - Whether an instant is open depends only on what the local wall clock reads
//     then. A shift in an hour that the clock skips does not happen, one in an
//     hour that it repeats happens twice, and nothing else changes.
//   - Business time is real elapsed time inside open time, to the nanosecond.
//     Around-the-clock cover has days of 23 and 25 hours.
//   - [Calendar.Add] gives the earliest instant at which the time has passed: at
//     closing, not the next morning. [Calendar.AddLate] gives the other end,
//     after which a target is breached.
//   - A shift belongs to the day it starts. A holiday closes the civil day, an
//     override replaces the shifts that start on its date, a break is cut out of
//     whatever is open; break and holiday beat an override.
//   - Days are not durations: [Days] counts local dates with business time.
//   - "Never" is an answer: the methods that look for an instant return false
//     where there is none.
//
// # Configuration
//
// Dates may be yearly rules ("12-25", "easter-2", "4th thursday of november",
// "07-04 or nearest weekday from 2021"); see [Day]. [Parse] and the calendar's
// MarshalJSON are its JSON form, strict about unknown fields. Every error lists
// all problems and matches [ErrInvalid]; [Calendar.Lint] lists what compiles and
// is still doubtful, such as a day that ends at 23:59.
//
// Calendars combine: [Union], [Intersection] and [Exclusion] are calendars as
// fast as any other. [Versions] puts calendars one after the other in time, so
// that new hours never change what was promised under the old ones.
//
// # Range and cost
//
// A calendar knows the years 1 to 9999 and is closed outside of them; its dates
// lie in 1900 to 2099. From 2000 to 2067 answers take a few nanoseconds whatever
// the span, without allocating; elsewhere they are as exact and take
// microseconds, for composed calendars after some milliseconds the first time.
// Where a zone's future is unknown its last rule goes on, as in
// package time, from whose zone database everything follows.
//
// Instants may be in any location; results are in the calendar's zone. Nothing
// here reads the clock. A calendar is immutable and safe for concurrent use.
package calendar
