package graph

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// base is a graph in two arrays a direction. Inside it nodes have other numbers
// than outside: those that are reached together lie together, which is what a walk
// through a large graph spends its time on.
type base struct {
	out, in rows
	gates   []Gate   // nil if no node has one
	inner   []uint32 // by the number outside
	outer   []uint32 // by the number inside
}

// rows are the ends of the edges of each node, one node after the other.
type rows struct {
	start []uint32
	ends  []uint32
}

func (r *rows) of(i uint32) []uint32 { return r.ends[r.start[i]:r.start[i+1]] }

// build checks the parts of a graph and puts them together.
func build(nodes int, edges []Edge, gates map[Node]Gate) (*View, error) {
	if nodes < 0 || nodes > MaxNodes || uint64(len(edges)) > 1<<32-1 {
		return nil, fmt.Errorf("graph: %d nodes and %d edges, at most %d and %d: %w", nodes, len(edges), MaxNodes, uint64(1<<32-1), ErrInvalid)
	}
	var bad []error
	for i, e := range edges {
		if int(e.From) >= nodes || int(e.To) >= nodes {
			if bad = append(bad, fmt.Errorf("graph: edge %d from %d to %d: there are %d nodes: %w", i, e.From, e.To, nodes, ErrInvalid)); len(bad) == 100 {
				break
			}
		}
	}
	if len(bad) > 0 {
		return nil, errors.Join(bad...)
	}
	out := gather(nodes, edges)
	b := &base{}
	b.number(nodes, out.turned())
	b.out = b.renumbered(out)
	b.in = b.out.turned()
	v := &View{base: b, nodes: nodes, edges: len(b.out.ends)}
	for _, n := range sorted(gates) {
		g := gates[n]
		if int(n) >= nodes {
			bad = append(bad, fmt.Errorf("graph: a gate for node %d of %d: %w", n, nodes, ErrInvalid))
			continue
		}
		if b.gates == nil {
			b.gates = make([]Gate, nodes)
		}
		b.gates[b.inner[n]] = g
		bad = append(bad, v.fits(n, g))
	}
	if err := errors.Join(bad...); err != nil {
		return nil, err
	}
	return v, nil
}

func sorted(gates map[Node]Gate) []Node {
	nodes := make([]Node, 0, len(gates))
	for n := range gates {
		nodes = append(nodes, n)
	}
	slices.Sort(nodes)
	return nodes
}

// fits checks that a gate does not ask for more than there is.
func (v *View) fits(n Node, g Gate) error {
	if m := v.Requires(n); g > 0 && int(g) > m {
		return fmt.Errorf("graph: node %d needs %d of the %d nodes that it requires: %w", n, g, m, ErrInvalid)
	}
	return nil
}

// gather sorts edges into rows by where they come from, each edge once.
func gather(nodes int, edges []Edge) rows {
	r := rows{start: make([]uint32, nodes+1), ends: make([]uint32, len(edges))}
	for _, e := range edges {
		r.start[e.From+1]++
	}
	for i := range nodes {
		r.start[i+1] += r.start[i]
	}
	next := slices.Clone(r.start[:nodes])
	for _, e := range edges {
		end := uint32(e.To)
		if e.Soft {
			end |= soft
		}
		r.ends[next[e.From]] = end
		next[e.From]++
	}
	kept := uint32(0)
	for i := range nodes {
		row := unique(r.ends[r.start[i]:r.start[i+1]])
		r.start[i] = kept
		kept += uint32(copy(r.ends[kept:], row))
	}
	r.start[nodes] = kept
	r.ends = r.ends[:kept]
	return r
}

// unique sorts the ends of a row and keeps each node once, hard if it is both.
func unique(row []uint32) []uint32 {
	slices.SortFunc(row, func(a, b uint32) int { return cmp.Or(cmp.Compare(a&^soft, b&^soft), cmp.Compare(a, b)) })
	return slices.CompactFunc(row, func(a, b uint32) bool { return a&^soft == b&^soft })
}

// turned returns the rows by where the edges go to.
func (r *rows) turned() rows {
	n := len(r.start) - 1
	t := rows{start: make([]uint32, n+1), ends: make([]uint32, len(r.ends))}
	for _, e := range r.ends {
		t.start[e&^soft+1]++
	}
	for i := range n {
		t.start[i+1] += t.start[i]
	}
	next := slices.Clone(t.start[:n])
	for i := range uint32(n) {
		for _, e := range r.of(i) {
			to := e &^ soft
			t.ends[next[to]] = i | e&soft
			next[to]++
		}
	}
	return t
}

// number gives the nodes their numbers inside: in the order in which impact
// spreads from those on which most depends.
func (b *base) number(nodes int, in rows) {
	b.inner, b.outer = make([]uint32, nodes), make([]uint32, 0, nodes)
	const unset = 1<<32 - 1
	for i := range b.inner {
		b.inner[i] = unset
	}
	for _, hub := range hubs(nodes, in) {
		if b.inner[hub] != unset {
			continue
		}
		next := len(b.outer)
		b.inner[hub] = uint32(next)
		b.outer = append(b.outer, hub)
		for ; next < len(b.outer); next++ {
			for _, e := range in.of(b.outer[next]) {
				if n := e &^ soft; b.inner[n] == unset {
					b.inner[n] = uint32(len(b.outer))
					b.outer = append(b.outer, n)
				}
			}
		}
	}
}

// hubs sorts the nodes by how many depend on them, the most first.
func hubs(nodes int, in rows) []uint32 {
	most := uint32(0)
	for i := range nodes {
		most = max(most, in.start[i+1]-in.start[i])
	}
	// A counting sort: most nodes have few dependents.
	before := make([]uint32, most+2)
	for i := range nodes {
		before[most-(in.start[i+1]-in.start[i])+1]++
	}
	for d := range most + 1 {
		before[d+1] += before[d]
	}
	list := make([]uint32, nodes)
	for i := range uint32(nodes) {
		d := most - (in.start[i+1] - in.start[i])
		list[before[d]] = i
		before[d]++
	}
	return list
}

// renumbered returns the rows by the numbers inside.
func (b *base) renumbered(r rows) rows {
	n := len(b.outer)
	out := rows{start: make([]uint32, n+1), ends: make([]uint32, 0, len(r.ends))}
	for i, o := range b.outer {
		for _, e := range r.of(o) {
			out.ends = append(out.ends, b.inner[e&^soft]|e&soft)
		}
		out.start[i+1] = uint32(len(out.ends))
	}
	return out
}
