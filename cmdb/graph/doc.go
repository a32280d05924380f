// Package graph answers, for a graph of a million items in milliseconds: what
// stops working when something fails, and what single thing can take a service
// down.
//
// An [Edge] says that one item depends on another. What follows from a failure is
// worked out by an [Impact]:
//
//	g, err := graph.New(nodes, edges, gates)
//	var impact graph.Impact
//	err = impact.Of(g.View(), graph.Query{Down: []graph.Node{switch7}})
//	impact.State(mail)   // up, degraded or down
//	impact.Explain(mail) // the way from the switch to there
//
// # What it means
//
//   - An item is down if it is named, or if of the items that it requires fewer
//     are not down than its [Gate] asks for: all of them, a number such as one of
//     two, or a percentage rounded up.
//   - An item is degraded if it is not down, and something that it depends on is
//     down or degraded. A soft edge does only that: its end is not required.
//   - Down is the least set for which this holds, so cycles are no problem: two
//     items that need each other are up unless something else takes one down. The
//     answer does not depend on the order in which anything was added or named.
//   - An excluded item stays up, and nothing spreads through it.
//
// A worked example: a shop needs the network and one of two databases; both
// databases need the storage; a newsletter is nice to have, so the shop depends on
// it softly.
//
//	fails              the shop is
//	one database       degraded: it has lost something, and can do without
//	both databases     down
//	the storage        down: it takes both databases with it
//	the newsletter     degraded
//	the network        down
//
// The storage and the network are the single points of failure
// ([View.SinglePoints]); the two databases together are a minimal cut set of two
// ([View.CutSets]). If the shop and both databases are down, the storage explains
// all three ([View.Causes]).
//
// # Changing it
//
// A [View] is a graph at one moment; taking one costs nothing, and it never
// changes. [Graph.Update] makes the next one, all or nothing, while readers go on
// with theirs. [View.WhatIf] tries changes out on a view and leaves the graph as it
// is. Keeping views is keeping history: they share what they have in common.
//
// # Cost
//
// Inside, nodes are numbered so that those which are reached together lie
// together, in two flat arrays a direction. An impact touches what it finds and
// nothing else, and an Impact that is used again allocates nothing. A change copies
// a few small tables and the rows of the nodes it touches; when a quarter of the
// rows have been changed the arrays are made anew, within the change that does so.
package graph
