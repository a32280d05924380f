package graph

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// overlay holds the rows that differ from the base, in a tree of tables that
// views share: a change copies one table of each kind.
type overlay struct {
	root []*middle
	rows int // that it holds
}

type (
	middle [256]*leaf
	leaf   [256]*row
)

// row is all there is of a node. Later views may put more ends behind those that
// this one has, in the same memory.
type row struct {
	out, in []uint32
	gate    Gate
}

// at returns a row, or nil if the base has it.
func (o *overlay) at(i uint32) *row {
	if m := o.root[i>>16]; m != nil {
		if l := m[i>>8&255]; l != nil {
			return l[i&255]
		}
	}
	return nil
}

func (v *View) inner(n Node) uint32 {
	if int(n) < len(v.base.inner) {
		return v.base.inner[n]
	}
	return uint32(n)
}

func (v *View) outer(i uint32) Node {
	if int(i) < len(v.base.outer) {
		return Node(v.base.outer[i])
	}
	return Node(i)
}

func (v *View) out(i uint32) []uint32 {
	if v.over != nil {
		if r := v.over.at(i); r != nil {
			return r.out
		}
	}
	return v.base.out.of(i)
}

func (v *View) in(i uint32) []uint32 {
	if v.over != nil {
		if r := v.over.at(i); r != nil {
			return r.in
		}
	}
	return v.base.in.of(i)
}

func (v *View) gate(i uint32) Gate {
	if v.over != nil {
		if r := v.over.at(i); r != nil {
			return r.gate
		}
	}
	if v.base.gates == nil {
		return 0
	}
	return v.base.gates[i]
}

// Edit is a set of changes to a graph. It is for one goroutine.
type Edit struct {
	v       View
	grows   bool              // rows may be continued in the memory they have
	own     map[*leaf]bool    // made by this edit
	ownMid  map[*middle]bool  // made by this edit
	touched map[Node]struct{} // whose gate may have become one that cannot be
	over    bool
}

// edited returns the view with changes. Only one view may grow from another in its
// memory: the next one of the graph.
func (v *View) edited(change func(*Edit) error, grows bool) (*View, error) {
	e := &Edit{v: *v, grows: grows, own: map[*leaf]bool{}, ownMid: map[*middle]bool{}, touched: map[Node]struct{}{}}
	err := change(e)
	e.over = true
	if err != nil {
		return nil, err
	}
	var bad []error
	for _, n := range slices.Sorted(maps.Keys(e.touched)) {
		bad = append(bad, e.v.fits(n, e.v.Gate(n)))
	}
	if err := errors.Join(bad...); err != nil {
		return nil, err
	}
	next := e.v
	return &next, nil
}

// settled makes a base of the view when many rows differ from the one it has, so
// that each change pays for a small part of that.
func (v *View) settled() *View {
	if v.over == nil || v.over.rows < 1_000+v.nodes/4 {
		return v
	}
	edges := make([]Edge, 0, v.edges)
	gates := map[Node]Gate{}
	for n := range Node(v.nodes) {
		for to, soft := range v.Dependencies(n) {
			edges = append(edges, Edge{n, to, soft})
		}
		if g := v.Gate(n); g != 0 {
			gates[n] = g
		}
	}
	fresh, err := build(v.nodes, edges, gates)
	if err != nil {
		return v // it is as good as before, only slower
	}
	return fresh
}

// AddNode adds a node and returns its number.
func (e *Edit) AddNode() (Node, error) {
	if err := e.usable(); err != nil {
		return 0, err
	}
	if e.v.nodes == MaxNodes {
		return 0, fmt.Errorf("graph: %d nodes, the most there may be: %w", MaxNodes, ErrInvalid)
	}
	n := Node(e.v.nodes)
	e.v.nodes++
	*e.row(uint32(n)) = row{}
	return n, nil
}

// AddEdge adds an edge. One that is there already stays as it is, or becomes hard
// if it is now.
func (e *Edit) AddEdge(edge Edge) error {
	if err := e.both(edge); err != nil {
		return err
	}
	from, to := e.v.inner(edge.From), e.v.inner(edge.To)
	i := slices.IndexFunc(e.v.out(from), func(end uint32) bool { return end&^soft == to })
	if i >= 0 {
		if edge.Soft || e.v.out(from)[i]&soft == 0 {
			return nil
		}
		e.remove(from, to)
	}
	mark := uint32(0)
	if edge.Soft {
		mark = soft
	}
	r := e.row(from)
	r.out = e.with(r.out, to|mark)
	r = e.row(to)
	r.in = e.with(r.in, from|mark)
	e.v.edges++
	e.touched[edge.From] = struct{}{}
	return nil
}

// RemoveEdge takes an edge away, whether it is soft or not. One that is not there
// is an error matching [ErrInvalid].
func (e *Edit) RemoveEdge(from, to Node) error {
	if err := e.both(Edge{From: from, To: to}); err != nil {
		return err
	}
	if !e.remove(e.v.inner(from), e.v.inner(to)) {
		return fmt.Errorf("graph: there is no edge from %d to %d: %w", from, to, ErrInvalid)
	}
	e.touched[from] = struct{}{}
	return nil
}

// Isolate takes all edges of a node away, as when it is retired; its number stays
// taken.
func (e *Edit) Isolate(n Node) error {
	if err := e.both(Edge{From: n, To: n}); err != nil {
		return err
	}
	i := e.v.inner(n)
	for _, end := range slices.Clone(e.v.out(i)) {
		e.remove(i, end&^soft)
	}
	for _, end := range slices.Clone(e.v.in(i)) {
		e.remove(end&^soft, i)
		e.touched[e.v.outer(end&^soft)] = struct{}{}
	}
	e.touched[n] = struct{}{}
	return nil
}

// SetGate says how many of what it requires a node needs.
func (e *Edit) SetGate(n Node, g Gate) error {
	if err := e.both(Edge{From: n, To: n}); err != nil {
		return err
	}
	e.row(e.v.inner(n)).gate = g
	e.touched[n] = struct{}{}
	return nil
}

func (e *Edit) usable() error {
	if e.over {
		return fmt.Errorf("graph: the edit is over: %w", ErrInvalid)
	}
	return nil
}

// both checks that the edit can be used and that both nodes exist.
func (e *Edit) both(edge Edge) error {
	if err := e.usable(); err != nil {
		return err
	}
	return e.v.check([]Node{edge.From, edge.To})
}

func (e *Edit) remove(from, to uint32) bool {
	i := slices.IndexFunc(e.v.out(from), func(end uint32) bool { return end&^soft == to })
	if i < 0 {
		return false
	}
	r := e.row(from)
	r.out = without(r.out, i)
	r = e.row(to)
	r.in = without(r.in, slices.IndexFunc(r.in, func(end uint32) bool { return end&^soft == from }))
	e.v.edges--
	return true
}

// with puts an end behind the others; where the memory cannot be continued, or is
// not this edit's to continue, in a copy with room for more.
func (e *Edit) with(ends []uint32, end uint32) []uint32 {
	if e.grows && cap(ends) > len(ends) {
		return append(ends, end)
	}
	more := make([]uint32, len(ends), len(ends)+len(ends)/4+4)
	copy(more, ends)
	return append(more, end)
}

func without(ends []uint32, i int) []uint32 {
	fewer := make([]uint32, 0, len(ends)-1)
	return append(append(fewer, ends[:i]...), ends[i+1:]...)
}

// row returns the row of a node, for this edit to change.
func (e *Edit) row(i uint32) *row {
	l := e.leaf(i)
	r := l[i&255]
	if r == nil {
		e.v.over.rows++
		r = &row{}
		if int(i) < len(e.v.base.outer) {
			// The base's memory is not to be continued.
			out, in := e.v.base.out.of(i), e.v.base.in.of(i)
			r.out, r.in = out[:len(out):len(out)], in[:len(in):len(in)]
			if e.v.base.gates != nil {
				r.gate = e.v.base.gates[i]
			}
		}
	} else {
		c := *r
		r = &c
	}
	l[i&255] = r
	return r
}

// leaf returns the table with a row, for this edit to change.
func (e *Edit) leaf(i uint32) *leaf {
	o := &overlay{}
	if e.v.over != nil {
		*o = *e.v.over
	}
	o.root = slices.Clone(o.root)
	for len(o.root) <= int(i>>16) || len(o.root) < (e.v.nodes+65535)>>16 {
		o.root = append(o.root, nil)
	}
	m := o.root[i>>16]
	if !e.ownMid[m] {
		c := &middle{}
		if m != nil {
			*c = *m
		}
		m = c
		e.ownMid[m] = true
		o.root[i>>16] = m
	}
	l := m[i>>8&255]
	if !e.own[l] {
		c := &leaf{}
		if l != nil {
			*c = *l
		}
		l = c
		e.own[l] = true
		m[i>>8&255] = l
	}
	e.v.over = o
	return l
}
