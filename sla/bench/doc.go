// Command bench measures business time beside another calendar library, in one
// run, and prints how many times longer that takes:
//
//	go run ./sla/bench
//
// The calendar is Monday to Friday, 09:00 to 17:30 in Berlin, without Germany's
// national holidays; rickar/cal has one shift a day, so a row of ours with a lunch
// break stands beside. Each operation takes the next of 1,024 seeded starts, to the
// minute. rickar/cal has its cache on and warm. The search by hand is what a
// careful programmer writes for one purpose: prefix sums over the opening hours of
// fourteen years, as Unix seconds, and a binary search; it knows nothing of the
// years outside. Before anything is measured, all answers are compared. Rounds
// are interleaved and the best of each is printed: whatever else a machine does
// only adds time.
//
// A second table is about a million running clocks, started by an engine of package
// sla: which is due next, and what it costs to advance by an hour, with a schedule
// and by looking at each of them. Both must find the same clocks.
package main
