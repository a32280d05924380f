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
//   - A clock uses business time: real elapsed time inside the calendar's opening
//     hours, to the nanosecond. A pause costs only the open time that passes in it.
//   - Due is the earliest instant at which the goal is used up: 17:00 and not the
//     next morning. There is no due time while a clock is paused.
//   - A goal reached exactly on time is met; only beyond is breached. Instants
//     decide, never percentages.
//   - Breached is a flag that stays, not a state: the clock goes on.
//   - A reopened record goes on with the same clock, the closed time being a
//     pause, unless the target says otherwise: see [ReopenPolicy].
//   - What a changed priority means for the time used so far is the target's
//     explicit choice: see [ChangePolicy].
//
// # Availability and credits
//
// [Available] measures a service against its hours, less agreed maintenance, and
// [Availability] knows its percentage, the budget that a target leaves, and the
// mean times to restore and between failures. [CreditTerms] turn breaches and
// availability into an itemised [Statement] of what the customer is given back.
//
// # Replay is the truth
//
// A clock is the list of its periods. Elapsed time, due and breach are derived
// from it each time, by [Engine.Read]; [Engine.Explain] accounts for them stretch
// by stretch, and [Engine.WhatIf] does so under another goal. Nothing here reads
// the time or does I/O, and an Engine is safe for concurrent use.
package sla
