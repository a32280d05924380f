// Package scenario plays stories written as text against a program's own
// configuration, and compares what happens with what the story says:
//
//	# A vendor keeps us waiting over the weekend.
//	at 2026-03-06 16:00
//	open "Mail is down" by=ann impact=high urgency=low
//	hold INC0000001 by=ann reason=awaiting_vendor
//	----
//	INC0000001 new P3; resolution running, due Mon 2026-03-09 12:00
//	INC0000001 on_hold P3; resolution paused, 4h0m0s left
//
//	advance 72h
//	resume INC0000001 by=ann
//	----
//	...
//
// A block is some commands, a line of four dashes, and what they print, up to
// the next empty line. An error is printed like any other outcome. Called with
// update, [Run] writes what happened into the file, so a story is written by its
// commands alone and then read through.
//
// # Time
//
// A [World] has a clock of its own, which stands still but for the commands at
// and advance. They take it forward from one instant at which something is due
// to the next, and everything due is carried out on the way: a story of a year
// plays in milliseconds.
//
// # Commands
//
// Every story knows these:
//
//	at 2026-03-02 09:00      let time pass until then; a story begins with it
//	advance 36h              let time pass: hours, minutes, seconds
//	actor ann agent          who ann is: from now on by=ann has these roles
//	messages                 what was delivered since this was last asked
//	parked                   work that was given up
//	now                      what the clock says
//	verify                   check every record against its history
//
// A host adds its own with [World.Define]; package incidenttest has those of
// incident management.
package scenario
