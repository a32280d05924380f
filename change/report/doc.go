// Package report makes figures of changes: how they went, how long they took, who
// makes them well, and how software is delivered.
//
//	march := report.Period{From: from, To: to}
//	s, err := report.Summarize(cases, march)               // counts, rates and times
//	b, err := report.By(cases, march, report.ByTeam())     // the same, by team
//	t, err := report.Over(cases, year, report.Month, zone) // month by month
//	d, err := report.DORA(cases, march)                    // the five figures of DORA
//	h, err := report.History(cases, match)                 // what a risk assessment asks
//	fmt.Print(s, b, t, d)                                  // as text for people
//
// A host turns each of its changes into a [Case]. What is counted by which instant
// is the same everywhere:
//
//   - Requested changes by [Case.Requested].
//   - How changes went, and all times, by [Case.Closed]: what is not closed may go
//     either way.
//   - The [Backlog] as it was at the end of the period.
//   - Deployments by [Case.Ended], when they are in production.
//
// A [Period] includes its first instant, and not its last: a change that is closed
// at midnight counts in the new month, and in no other.
//
// # A worked example
//
// In March 40 changes are closed: 30 successful, 4 successful with issues, 2 not, 3
// cancelled and 1 rejected. 36 have an outcome, so [Tally.Success] is 34 of 36 and
// [Tally.Clean] 30 of 36; of 40 that were closed, 5 emergency changes are 5 of 40. A
// [Ratio] keeps both numbers, since 94.4 % of 36 changes says something else than
// 94.4 % of 18, and without any change it says that there is none.
//
// How long changes took has a mean, a median and the time that nine of ten did not
// exceed ([Times]), and how many could not be measured.
//
// # What the figures do not say
//
// A case says how a change is now. A report on the past that is made again tells
// the same, unless a case was corrected; but on hold and conflicting are right for
// the present only, and DORA counts outcomes and incidents that became known since.
//
// Nothing here reads the time or does I/O. Every function leaves its cases
// unchanged, tells all that is wrong with them in one error matching [ErrInvalid],
// and may be called concurrently.
package report
