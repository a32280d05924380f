// Package routing decides who gets the work, says why, and notices when the work gets
// nowhere. Everything here is a function of what it is given: no clock is read, nothing
// is kept, and the same input gives the same answer.
//
// # Assignment
//
// A [Policy] is data, in Go or as JSON: rules in an order, the first that holds counts;
// groups with their members, skills, working times and capacities. [New] checks all of
// it and returns a [Router].
//
//	router, err := routing.New(policy)
//	d := router.Route(routing.Work{Facts: routing.Facts{"category": {"network"}, "priority": {"2"}}},
//		routing.Situation{At: now, Loads: loads, Turns: turns})
//	fmt.Println(d.Group, d.Person)   // who
//	fmt.Println(router.Explain(w, d)) // and why: the rules before, the people passed over
//
// A rule leads to a group and perhaps to a person. Where it leaves the person open, a
// [Strategy] takes one of those who are there, have the skills and have room: whose turn
// it is, who has the least to do for his capacity, who has had nothing for longest, or
// the first in the list; who has worked for this customer before may come first. What
// the choice rests on comes in with the [Situation] and what must be remembered goes out
// with the [Decision], so a host keeps both where it keeps everything else.
//
// If nobody can take the work the group has it, or the group that stands in for it, and
// the decision tells for each person why not. Where no rule holds and there is no
// default the error matches [ErrNoRule]: work is never lost in silence.
//
// # Work that gets nowhere
//
// [Bounces] finds in the history of assignments what came back to a group, went in a
// circle, or changed hands too often, with the time that was lost by it; [Traffic] sums
// that up over many records: which groups send each other work that is not theirs.
//
// A [Monitor] fires when a record was left alone for too long, in working time or
// elapsed time, and again until somebody takes care.
//
// # What other products do
//
// Adopted: ServiceNow's and BMC's ordered rules of which the first that holds sets group
// or person; GLPI's assignment by category or by hardware, in an order of one's own, as
// one rule each; ServiceNow's inactivity monitor with its condition, schedule, reset
// condition and repetition, and the skills, shifts and capacities of its assignment
// workbench.
//
// Not adopted: scripts in rules, as data can be checked and explained and a script
// cannot; learned assignment, as nobody can say why it chose: a host may put one behind
// its router and explain that; GLPI's automatic assignment to whoever is technician of
// the hardware, which a host puts into the facts.
package routing
