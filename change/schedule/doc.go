// Package schedule tells whether a change may happen at a time, and when it could:
// maintenance windows, blackouts, and the other changes that are planned.
//
//	s, err := schedule.New(windows, schedule.Rules{})
//	err = s.Put(change)                          // a change that is planned
//	conflicts := s.Conflicts(other)              // why not then
//	slots, skipped, err := s.Slots(other, from, to, 3) // when then, and why not earlier
//
// # What it means
//
// A change takes a time from its start up to, and without, its end. It conflicts
//
//   - with another change on the same item ([ItemBusy]), on an item that one of its
//     items depends on or that depends on one of them ([RelatedBusy]), on an item of
//     the same service ([ServiceBusy]), or with the same person ([AssigneeBusy]), if
//     they overlap, or come closer than [Rules.Gap];
//   - with a blackout that covers one of its items, if any of the change lies in it
//     ([InsideBlackout]), unless an exception from that blackout was granted;
//   - with the maintenance windows of its items: an item that has any may be changed
//     only within them, and all of the change must be ([OutsideMaintenance]);
//   - with its lead time, if it starts before [Change.NotBefore] ([TooSoon]).
//
// These are ServiceNow's reasons; each can be switched off. Here a conflict is an
// answer that a lifecycle can be made to depend on, and not a remark.
//
// When a window is open says a calendar, in its own zone, with all that a calendar
// has: weekdays, dates, exceptions, the change of the clocks.
//
// # Cost
//
// A check takes time by what overlaps, and not by how much is planned. The search for
// a slot jumps from the end of one obstacle to the end of the next.
package schedule
