// Package forward makes the forward schedule of change: what people look at to see
// which changes come when, and against which freezes and maintenance windows.
//
//	windows, err := forward.Occurrences(all, from, to) // of the windows of change/schedule
//	s, err := forward.New(forward.View{
//		Title:   "Shop, first week of March",
//		From:    from,
//		To:      to,
//		Zone:    berlin,
//		By:      forward.ByService,
//		Only:    forward.Filter{Types: []forward.Type{forward.Normal, forward.Emergency}},
//		Entries: entries, // one for each change
//		Windows: windows,
//	})
//	err = s.HTML(file) // or s.SVG, or s.Text for a terminal
//
// # What one sees
//
// Each lane is a service, a team, a configuration item or a type, as [View.By] says. A
// change stands in every lane it belongs to, once; changes that belong to none stand in
// a lane of their own, the last. A bar runs from the planned start to the planned end.
// Changes that would overlap stand in rows below each other. The letter on a bar is the
// type of the change, a dashed border says that it is not approved yet, and a cancelled
// change is struck out. A change in conflict has a thick outline and a triangle with an
// exclamation mark. A point at the end of a bar says that the change goes on beyond the
// time shown. A very short change is drawn wider than it lasts, so that it is seen.
//
// The windows stand in a strip of their own above the lanes. Behind a lane there are
// also those that are known to be for it: those for everything, those of a service
// behind its lane, and those of an item behind its lane. Blackouts are hatched in red,
// maintenance windows are a plain green band.
//
// Days begin at the midnights of the zone, so the day on which the clocks change is an
// hour shorter or longer than the others, and says so. The abbreviation beside a time,
// as in CET and CEST, tells which of two equal times on such a day is meant.
//
// # What one can rely on
//
// The same view gives the same output, byte for byte, in whatever order its entries
// come. Texts may hold anything: they are escaped, control characters and those that
// turn the direction of writing around are taken out, and what is too long ends in an
// ellipsis, with the whole of it in a tooltip and in the table. SVG and HTML need
// nothing but themselves, have no scripts and follow the reader's dark or light mode.
// Both are well-formed XML.
//
// A view that contradicts itself is an error matching [ErrInvalid] that lists all that
// is wrong. Nothing here reads the clock or keeps state; a [Schedule] never changes and
// may be used concurrently.
package forward
