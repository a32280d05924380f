// Package draw makes pictures of a configuration, and of what a failure does to it.
//
// A [Picture] is plain data: the items, how each of them is, and who depends on
// whom. It is written as SVG to be looked at, as DOT for Graphviz, or as Mermaid for
// a page that renders it:
//
//	p := draw.Picture{
//		Title: "The storage fails",
//		Items: []draw.Item{
//			{ID: "san", Name: "Storage", Class: "storage", State: graph.Down, Cause: true},
//			{ID: "db", Name: "Database", Class: "server", State: graph.Down},
//			{ID: "shop", Name: "Online shop", Class: "service", State: graph.Degraded},
//		},
//		Links: []draw.Link{
//			{From: "db", To: "san", Label: "stores on"},
//			{From: "shop", To: "db", Soft: true},
//		},
//	}
//	err := p.SVG(file)
//
// # What one sees
//
// Causes stand on the left and what depends on them to the right of them, so arrows
// run from what fails to what suffers: against the direction of a [Link], which says
// who depends on whom. Colour tells how an item is, and so does a mark or a word, for
// whoever does not see the colour. A soft link is dashed.
//
// In SVG the lines that leave one item run together until they part, and have a
// colour of their own, which helps the eye and means nothing else. Two links between
// the same items are one line. A line that must run back, because it closes a cycle,
// is drawn in purple and leaves its box on the left. Text too long for its place ends
// in an ellipsis; the whole of it, and the label of a link, show when the pointer
// rests on it. A column with too many boxes is broken into several.
//
// # What one can rely on
//
// The same picture is drawn the same, byte for byte. Names and ids may hold any text.
// A picture that contradicts itself is an [ErrInvalid] that lists all that is wrong,
// and then nothing is written. A picture of 60 items takes a few hundredths of a
// second, one of 2,000 items and 5,000 links less than one.
package draw
