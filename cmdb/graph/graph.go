package graph

import (
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
)

// ErrInvalid is matched by every error about what a graph was given.
var ErrInvalid = errors.New("invalid graph")

// Node is an item, numbered from 0 without gaps.
type Node uint32

// MaxNodes is the most items a graph has.
const MaxNodes = 1<<31 - 1

// Edge says that From depends on To.
type Edge struct {
	From, To Node
	Soft     bool // From is degraded without To, and never down for it
}

// Graph is a dependency graph that is read while it is changed. It is safe for
// concurrent use: readers take a [View] and are never held up, writers come one
// after the other. The zero Graph is empty and ready for use.
type Graph struct {
	writing sync.Mutex
	head    atomic.Pointer[View]
}

// New returns a graph of so many nodes with the edges, and the gates of those nodes
// that do not need everything. An edge that is there twice counts once; as a hard
// and as a soft one it is hard. All that is wrong is told at once, in an error
// matching [ErrInvalid].
func New(nodes int, edges []Edge, gates map[Node]Gate) (*Graph, error) {
	v, err := build(nodes, edges, gates)
	if err != nil {
		return nil, err
	}
	g := &Graph{}
	g.head.Store(v)
	return g, nil
}

// View returns the graph as it is now. It stays so, whatever is changed later.
func (g *Graph) View() *View {
	if v := g.head.Load(); v != nil {
		return v
	}
	nothing := rows{start: []uint32{0}}
	return &View{base: &base{out: nothing, in: nothing}}
}

// Update changes the graph. Readers see all of the changes or none; if change
// returns an error, or leaves a gate that cannot be, it is returned and nothing is
// changed. The edit is of no use afterwards.
func (g *Graph) Update(change func(*Edit) error) error {
	g.writing.Lock()
	defer g.writing.Unlock()
	v, err := g.View().edited(change, true)
	if err == nil {
		g.head.Store(v.settled())
	}
	return err
}

// View is a graph at one moment. It never changes, and is safe for concurrent use.
type View struct {
	base  *base
	over  *overlay // the rows that were changed since, nil if none were
	nodes int
	edges int
}

// WhatIf returns the view as it would be after changes. The view itself and the
// graph it comes from stay as they are.
func (v *View) WhatIf(change func(*Edit) error) (*View, error) { return v.edited(change, false) }

// Nodes is how many nodes there are.
func (v *View) Nodes() int { return v.nodes }

// Edges is how many edges there are.
func (v *View) Edges() int { return v.edges }

// Has reports whether the node exists.
func (v *View) Has(n Node) bool { return int(n) < v.nodes }

// Dependencies yields what a node depends on, and whether it does so softly, in no
// particular order. A node that does not exist depends on nothing.
func (v *View) Dependencies(n Node) iter.Seq2[Node, bool] {
	return func(yield func(Node, bool) bool) {
		if v.Has(n) {
			v.yield(v.out(v.inner(n)), yield)
		}
	}
}

// Dependents yields what depends on a node, as [View.Dependencies] does.
func (v *View) Dependents(n Node) iter.Seq2[Node, bool] {
	return func(yield func(Node, bool) bool) {
		if v.Has(n) {
			v.yield(v.in(v.inner(n)), yield)
		}
	}
}

func (v *View) yield(ends []uint32, use func(Node, bool) bool) {
	for _, e := range ends {
		if !use(v.outer(e&^soft), e&soft != 0) {
			return
		}
	}
}

// Gate is how many of what it requires a node needs.
func (v *View) Gate(n Node) Gate {
	if !v.Has(n) {
		return 0
	}
	return v.gate(v.inner(n))
}

// Requires is how many nodes a node depends on that are not soft.
func (v *View) Requires(n Node) int {
	if !v.Has(n) {
		return 0
	}
	return hard(v.out(v.inner(n)))
}

// check reports nodes that do not exist.
func (v *View) check(nodes []Node) error {
	for _, n := range nodes {
		if !v.Has(n) {
			return fmt.Errorf("graph: there is no node %d of %d: %w", n, v.nodes, ErrInvalid)
		}
	}
	return nil
}

// soft marks an end of a soft edge.
const soft = 1 << 31

// hard counts the ends of edges that are not soft.
func hard(ends []uint32) int {
	n := 0
	for _, e := range ends {
		if e&soft == 0 {
			n++
		}
	}
	return n
}
