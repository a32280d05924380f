// Command bench measures the dependency graph beside other graph libraries, in one
// run, and prints how many times longer they take:
//
//	go run ./cmdb/bench
//
// The graph is seeded and grows by a power law: an item of age v depends on one to
// nine others, mostly old ones, so that a few hubs carry nearly everything; numbers
// and edges are shuffled. The impact of an item is everything that depends on it,
// directly or not, which all of the libraries must agree on. The hub is the oldest
// item; a typical item is the one in the middle of those that carry anything.
//
// The limit to measure against is what a careful programmer writes for this one
// purpose: two flat arrays and a bitset, in the order given. dominikbraun/graph is
// measured on a tenth of the graph, as it needs minutes for the whole; its row says
// so, and its ratios are to ours on that graph.
package main
