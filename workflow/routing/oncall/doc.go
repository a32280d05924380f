// Package oncall says who is on call: rotas as data, compiled into rosters that answer
// at once for any time, with the reason.
//
//	roster, err := oncall.ParseRota(data)
//	duty, ok := roster.OnCall(now)          // bob: turn 2 of ann in layer primary, override wedding
//	for span := range roster.Spans(a, b) …  // the final schedule, duties and gaps
//
// It is pure: it has no clock and no store, and everything about a time follows from
// the rota.
//
// # Rotas
//
// A [Rota] has layers by precedence. A [Layer] is a list of people who take turns by a
// [Rotation] (so many hours, days or weeks, with a day and a time of the hand-over),
// within hours of the week if it has some, without its holidays, in its own time zone
// and as long as it is in force. The first layer that has somebody decides, as the
// final schedule of PagerDuty is made. Sites that follow the sun are layers with zones
// and hours.
//
// An [Override] takes the call whatever the layers say, replaces one person by another,
// or fills gaps. An [Absence] takes a person out, with or without a substitute. The
// order of precedence:
//
//	take, last in the list first
//	layers in order: whose turn it is → who replaces him → who stands in for an absence
//	fill, last in the list first
//
// Who is absent without a substitute counts as nobody, and the next in this order is
// asked. In the end one person is on call or nobody is: a gap, which [Roster.Gaps] and
// [Roster.Lint] report and [Roster.Explain] gives the reasons for. A second person for
// the same time is a second rota, or a layer that is asked for by name with
// [Roster.Layer].
//
// # The wall clock
//
// Whom a layer has depends only on what its wall clock reads. Turns hand over at 09:00
// in summer as in winter, and the turn in between is an hour shorter or longer. What
// happens to a hand-over in the hour that is skipped or repeated is told at [Roster].
// Overrides and absences are between instants.
//
// # Questions
//
//   - Now: [Roster.OnCall], [Roster.Explain], and [Roster.Order], whom to call if the
//     first does not answer.
//   - Over a time: [Roster.Spans], [Roster.Duties], [Roster.DutiesOf], [Roster.Gaps],
//     [Roster.Handovers], [Roster.NextHandover], [Roster.Next].
//   - Fairness: [Roster.Loads] counts hours, nights, weekends, holidays and standing in.
//   - Doubts: [Roster.Lint].
//
// A [Book] holds all rosters by name; the escalation ladders of the neighbouring
// package ask it.
//
// # Cost
//
// A roster answers for any time of 1900 to 2099 by arithmetic and binary search, without
// walking the turns before it and without allocating; where a layer has hours it is as fast
// as their calendar, which is so from 2000 to 2067. A rota is checked when it is
// compiled; the error names every fault and matches workflow.ErrInvalid. A change to a
// rota is a new version and a new roster; rosters never change.
//
// # What other products do
//
// Adopted: ServiceNow's shifts with rosters, as layers with hours of their own, and their
// rotation; overrides and absences as PagerDuty knows them.
//
// Not adopted: devices of a person as steps of their own, as how somebody is reached is
// the host's matter; rosters that are edited in place, as a change is a new version, so
// that what was so stays so.
package oncall
