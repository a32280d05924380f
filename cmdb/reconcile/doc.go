// Package reconcile brings together what several sources say of configuration items:
// discovery, a hypervisor, the asset list, an import. It finds out which of them mean
// the same item, whose word counts for which attribute, and tells of every decision
// why it was taken.
//
//	r, err := reconcile.New(desk, inv, reconcile.StarterConfig())
//	decisions, err := r.Ingest(ctx, discovery, reconcile.Payload{
//		Source: "discovery", Key: "host-17", At: seen, Class: cmdb.ClassServer, Name: "db-01",
//		Attributes: map[string]any{"serial_number": "4711", "hostname": "db-01"},
//	})
//
// # What it means
//
// What a source last said of an item is kept, as an [Observation]. Everything else
// follows from the observations there are and from the configuration, and never from
// the order in which they came:
//
//   - A source's later word on a key takes the place of an earlier one, by the time at
//     which it was seen. A payload that comes late, or twice, changes nothing.
//   - Observations that have an identifier in common are one item, the strongest
//     identifiers first. If others that have it too are known to differ, by a stronger
//     identifier, then it says nothing, and the items are [Reconciler.Suspects].
//   - Placeholders are no identifiers and no values: "To be filled by O.E.M.", a serial
//     number of zeros, a hardware address that a device has made up. UUIDs are the
//     same in either byte order.
//   - Of an attribute the word of the source with precedence counts, as long as it is
//     fresh; then the newest. What people have entered by hand stands, unless
//     [cmdb.SourceManual] has a place in the precedence.
//   - A source that may not create items of a class is only asked about those that
//     others have created. Until then its word is held, as is one that lacks what the
//     class requires: see [Reconciler.Held].
//   - A relation waits until there is an item at its end.
//   - An item is retired when every source says that it is gone, and reinstated when
//     one reports it again.
//
// Four things do go by who comes first: the state in which an item begins is that of
// whoever created it; of relations that would put an item inside of itself the one that
// comes last waits; items that are hosted on each other in a circle, and recognised by
// that alone, stay what they were; and of items that turn out to be one the oldest
// stays.
//
// A worked example, by the rule of [StarterConfig] for hardware (serial number, UUID,
// hardware address, host name):
//
//	source   serial   host name    what happens
//	scan     4711     mail         created
//	assets   4711     -            one item with scan's, by serial number 4711
//	vcenter  -        mail         one item with theirs, by host name
//	backup   9998     mail         another item: its serial number differs; and now the
//	                               host name says nothing any more, so vcenter's is
//	                               split off: nobody can tell which of them it is
//
// # Deciding by hand
//
// [Reconciler.Merge] and [Reconciler.Split] say what the rules do not know, with a
// reason, and hold from then on. [Reconciler.Preview] tells what payloads would do,
// and why, without doing it.
package reconcile
