// Package cab holds the meetings of a change advisory board (CAB): when the board
// meets, what is on its agenda, who is there and for whom, how it decides, and the
// minutes.
//
//	board, err := cab.Parse(text)                      // who, when, in which zone
//	meetings, err := cab.New(desk, cab.Config{Boards: []cab.Board{board}, Docket: changes})
//	m, err := meetings.Schedule(ctx, mia, "cab", board.Next(now, 1)[0])
//	m, err = meetings.BuildAgenda(ctx, mia, m.ID, "")  // and by itself at the cutoff
//	m, err = meetings.Start(ctx, ann, m.ID)            // ann chairs
//	m, err = meetings.Attend(ctx, alf, m.ID, "alf", "bob")
//	m, err = meetings.Vote(ctx, alf, m.ID, change, approval.Vote{Choice: approval.Approve})
//	m, err = meetings.Decide(ctx, ann, m.ID, change, "")
//	m, err = meetings.Adjourn(ctx, ann, m.ID)          // what was not reached is deferred
//	m, err = meetings.Publish(ctx, ann, m.ID)
//
// # Boards
//
// A [Board] is data. Its [Recurrence] gives the meetings by weekday or by nth weekday of
// the month, at what the wall clock reads in the board's zone; on a day that the board's
// calendar closes a meeting is skipped, or moved to an open day. [Board.Next] lists them
// and reads no clock. An emergency board (ECAB) has no regular meetings and is convened
// with [Service.Convene], as is an extraordinary meeting of any board.
//
// # Agendas
//
// [Service.BuildAgenda] takes what waits for the board and passes the tests of its
// [Agenda], orders it, and gives every change its minutes. What earlier meetings have
// deferred, or had no time for, comes first, whatever the tests say. What does not fit is
// listed as left over, told, and comes onto the next agenda. At the cutoff, which is a
// timer, the agenda is built a last time and sent as the pre-read; from then on the chair
// alone changes it, and says why. Changes that are approved beforehand are listed for
// information and complete by themselves (ServiceNow: auto-complete of pre-approved).
//
// # Decisions
//
// The decision is always that of the change's approval, see package approval: a meeting
// brings the votes there and writes down what came of them.
//
//   - A board has one vote for each seat. A seat is taken by its member, or while he is
//     absent by one of his alternates, the earlier in the list before the later. Nobody
//     has two seats. An alternate gives way when the member comes; what he has voted
//     stands until the member votes himself. Who has no seat is a guest.
//   - The board is quorate by the seats that are taken, its mandatory members' among
//     them. Without a quorum the vote is not closed: [QuorumError]. The approval counts
//     on its own how many have voted, see [Board.Stage].
//   - While an alternate has a seat he is the member's delegate for the approval: the
//     host adds [Service.Delegations] to its own. They hold where the board is asked, in
//     the policies that it names, for every change in them, and not only for the
//     agenda's. What the member is asked as anything else is not his alternate's.
//   - Separation of duties is the approval's: requesters and implementers are refused,
//     and so are their alternates. The minutes name them.
//   - Votes can be cast outside of meetings as well. An item on which they have decided
//     is "decided elsewhere".
//
// # Two records
//
// Changes and meetings are written by separate commits, the change's first. Every command
// can be given again when its answer was lost: a vote that stands is not cast twice, and a
// vote that is closed is not closed twice. [Service.Refresh] brings a meeting up to date
// with its changes, and so does adjourning it.
//
// # Messages and timers
//
// The topics are listed at [Notice]. Run a [workflow.Relay] and give it the Service as
// handler for [KindName].
package cab
