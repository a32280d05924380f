// Package sla runs the clocks of service levels: how long there is to answer, to
// take, to resolve a record, in business time, with pauses, and what becomes of
// the promise.
//
// A [Target] says what is promised, to which records and by which calendar. An
// [Engine] of targets keeps a [Clock] for each of them with the record:
// [Engine.Advance] takes the clocks to an instant at which the record has certain
// [Facts], and is called with every change of the record and at the instants that
// [Engine.Alarms] asks for. Package incident does so by itself.
//
// Conditions are functions of the facts, or data: [ParseTargets] reads targets
// from JSON, and says everything that is wrong with them at once.
//
// # How time counts
//
// Each choice has an example below that runs.
//
//   - A clock uses business time: real elapsed time inside the calendar's opening
//     hours, to the nanosecond. A pause costs only the open time that passes in it
//     (PausesCostOpenTime), and a day on which the clocks change has the hours it
//     has (ClocksGoForward).
//   - Due is the earliest instant at which the goal is used up: 17:00 and not the
//     next morning. It is missed when open time passes beyond it (DueAtClosing).
//     There is no due time while a clock is paused.
//   - Exactly on time is met; only beyond is breached. Instants decide, never
//     percentages (ExactlyOnTime).
//   - Breached is a flag that stays, not a state: the clock goes on (BreachStays).
//     A goal that is shortened is missed at the earliest when it is (ShorterGoal).
//   - Of a target's goals the first that fits counts (FirstGoalThatFits).
//   - Business days are dates, not hours (BusinessDays): until the same time of
//     that day, its closing, or a time agreed on.
//   - A reopened record goes on with the same clock, the closed time being a
//     pause, unless the target says otherwise ([ReopenPolicy]).
//   - What a changed priority means for the time used so far is the target's
//     explicit choice ([ChangePolicy]).
//   - A promise that repeats, such as the next reply, has a clock for each time
//     ([OnWaiting]); a reset by a changed fact gives each group its own time
//     ([Fact]).
//   - Editing a target adds a version of it; clocks are pinned to the version by
//     which they started (VersionsArePinned).
//   - A due time agreed on by hand stands, through pauses and weekends
//     ([Override]).
//   - Hours can float, to be read on the caller's wall clock (FloatingHours).
//   - Thresholds, before due and after, bring escalation actions as data
//     ([Threshold]).
//
// Why a clock has not started, or is paused, is told by [Engine.Status].
//
// # Agreements
//
// A [Book] holds service level agreements, operational level agreements and
// underpinning contracts, in versions with dates. It says which apply to a record
// and why ([Book.Apply]), gives the engine their targets ([Book.Targets]), and
// checks whether the promises beneath one make it possible ([Book.BackToBack]).
//
// # Reports
//
// [Engine.Attainment] tells how promises were kept in a period, by service,
// customer, priority or anything else, and [Engine.Attribution] in whose hands the
// time went by. [Engine.Forecast] tells which clocks will breach at the present
// pace, and [Schedule] which of very many is due next. [Agreement.Scorecard] puts
// together how a supplier, or one's own house, kept an agreement.
//
// [Available] measures a service against its hours, less agreed maintenance, and
// [Availability] knows its percentage, the budget that a target leaves and how fast
// it burns, and the mean times to restore and between failures. [CreditTerms] turn
// breaches and availability into an itemised [Statement] of what the customer is
// given back.
//
// # Replay is the truth
//
// A clock is the list of its periods and goals. Elapsed time, due and breach are
// derived from it, by [Engine.Read], also for any instant of the past;
// [Engine.Explain] accounts for them stretch by stretch, and [Engine.WhatIf] does
// so under another goal. Nothing here reads the time or does I/O, and an Engine is
// safe for concurrent use.
package sla
