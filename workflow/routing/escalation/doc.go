// Package escalation tells people, one after the other, until somebody takes care:
// functional escalation to those who know more, hierarchical escalation to those who
// are responsible. It is pure: it has no clock, no store, and sends nothing.
//
//	engine, err := escalation.Parse(policy)
//	e, steps, err := engine.Start(escalation.Facts{"group": "network", "priority": "1"}, directory, now)
//	// tell whom the steps name, keep e in the record, set a timer to e.Next
//	e, steps, err = engine.Advance(e, directory, later)
//	e, err = e.Acknowledge("bob", later)
//
// # Ladders
//
// A [Policy] is data: ladders, and choices by facts and by shift of which the first
// that matches gives the ladder, with a default. A [Ladder] has rungs. A [Rung] tells
// its targets at once when it is come to, then reminds them; with n reminders at an
// interval of t the next rung comes after (n+1)·t, as in ServiceNow On-Call, in elapsed
// time or by a calendar:
//
//	2 reminders, 10 minutes   told at 9:00, reminded at 9:10 and 9:20, next rung at 9:30
//
// A rung may rotate through the members of a rota or group, or through the layers of a
// rota: then each is told and reminded before it is the turn of the next. A ladder may be
// repeated, and its [End] tells somebody once or for ever.
//
// [Target]s are people, groups, who is on call, leads of groups, managers, and the
// managers of those who were just told. A fact of the record may give the name: the lead
// of its group. The host's [Directory] answers them; the book of package oncall is one
// half of it.
//
// # What can be relied on
//
//   - It fails closed. A rung that reaches nobody is a step too, which says why, and the
//     next rung comes at once. A ladder that reaches nobody is a [*NobodyError]. A
//     calendar that never opens again does not hold an escalation up.
//   - It does not depend on when it is asked: steps are due at their instants and find
//     their people as of then. Asking late, or once instead of often, gives the same
//     steps, so a record's history can be replayed.
//   - Acknowledging stops it. Another assignment group ends it and begins anew with the
//     ladder for that group, or cancels it if there is none: [Engine.Reassign].
//   - An escalation stays with the version of the policy that it was started by.
//
// [Engine.Preview] shows the steps before they are needed, [Engine.Lint] and
// [Engine.Unreached] what is wrong with them.
//
// # What other products do
//
// Adopted: ServiceNow's ladders that rotate members or rosters or have steps of one's own,
// chosen by condition and shift in an order, with a default; n reminders at an interval t
// and the next step after (n+1)·t; a change of the assignment group that cancels unless
// another ladder matches.
//
// Not adopted: devices as steps, see package oncall; PagerDuty's acknowledgement that runs
// out, and snoozing: a host starts an escalation again when it wants to.
package escalation
