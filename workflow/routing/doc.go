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
//	work := routing.Work{Facts: routing.Facts{"category": {"network"}, "priority": {"2"}}}
//	d, err := router.Route(work, routing.Situation{At: now, Loads: loads, Turns: turns})
//	fmt.Println(d.Group, d.Person)       // who
//	fmt.Println(router.Explain(work, d)) // and why: the rules before, the people passed over
//
// Facts have names that the host and the policy agree on. A fact may have several values,
// as an incident affects several configuration items; a test holds if any of them passes.
//
// A rule leads to a group and perhaps to a person. Where it leaves the person open, the
// choice goes like this:
//
//  1. Who lacks a skill that is needed, or whose certificate has run out, is absent, not
//     on call where that is asked for, outside his working time, or has no room for the
//     work, is passed over.
//  2. Who has worked on such a thing before gets it, if the rule is sticky.
//  3. Of the others those remain who have most of the preferred skills.
//  4. The [Strategy] takes one of them: whose turn it is, who has the least to do for his
//     capacity, who has had nothing for longest, or the first in the list. Those who are
//     equal are in the order of the list.
//
// A person whom a rule names is asked before all others, and passed over like them: work
// that waits for somebody on leave waits for weeks.
//
// If nobody can take it the group that stands in has it, and if nobody there can either,
// the group itself; the decision tells in [Passed], as data and in words, why each person
// did not get it. Where no rule holds and there is no default the error matches
// [ErrNoRule]: work is never lost in silence.
//
// What the choice rests on comes in with the [Situation], and what must be remembered
// goes out with the [Decision]; [Situation.Take] puts the one into the other. The host
// keeps both where it keeps everything else. Two decisions at the same time on the same
// situation may choose the same person: a host that must not let them decides within a
// command that writes the record in which it keeps them.
//
// [Router.Lint] finds what is allowed and probably not meant: rules that never hold or
// stand behind one that takes everything, groups that are to choose among nobody.
//
// # Work that gets nowhere
//
// [Bounces] finds in the history of assignments what came back to a group, went in a
// circle, or changed hands too often, with the time that was lost by it; [Travelled] sums
// up one record's way, and [Traffic] that of many: which groups send each other work that
// is not theirs.
//
// A [Monitor] fires when a record was left alone for too long, in working time or
// elapsed time, and again until somebody takes care (ServiceNow: inactivity monitor). What
// counts as taking care is its own to say: a comment does, what a synchronisation writes
// does not. A [Watch] is how it stands for one record, kept with the record:
//
//	watch, alerts := watcher.Advance(watch, now)       // what has come due
//	watch = watcher.Touch(watch, "comment", facts, now) // and then what happened
//	setTimer(watch.Next)
//
// Advancing as things happen and [Watcher.Replay] of the history come to the same.
//
// # What other products do
//
// Adopted: ServiceNow's and BMC's ordered rules, of which the first that holds sets group or
// person; GLPI's assignment by category or by hardware, in an order of one's own, as a
// rule each; ServiceNow's inactivity monitor with condition, schedule, reset and
// repetition.
//
// Not adopted: scripts in rules, as data can be checked and explained and a script cannot;
// learned assignment, as nobody can say why it chose; GLPI's technician of the hardware,
// which a host puts into the facts; conditions nested at will, as lists of all, any and
// none can be read.
package routing
