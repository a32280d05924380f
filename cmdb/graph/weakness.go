package graph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// SinglePoints returns the single points of failure of a node: every other node
// whose failure alone takes it down, ascending. A node that does not exist is an
// error matching [ErrInvalid].
func (v *View) SinglePoints(n Node) ([]Node, error) {
	if err := v.check([]Node{n}); err != nil {
		return nil, err
	}
	target := v.inner(n)
	below := v.requires(target)
	sure := v.certain(target)
	var found []uint32
	var im Impact
	im.reset(v)
	for _, i := range below {
		if i == target {
			continue
		}
		if sure[i] || im.takesDown(i, target) {
			found = append(found, i)
		}
	}
	return im.outside(found), nil
}

// requires returns what a node requires, directly or not, and the node itself.
func (v *View) requires(i uint32) []uint32 {
	seen := map[uint32]bool{i: true}
	list := []uint32{i}
	for next := 0; next < len(list); next++ {
		for _, e := range v.out(list[next]) {
			if e&soft == 0 && !seen[e] {
				seen[e] = true
				list = append(list, e)
			}
		}
	}
	return list
}

// certain returns what a node requires along nodes that need everything: each of
// it is a single point of failure without a look at any gate.
func (v *View) certain(i uint32) map[uint32]bool {
	seen := map[uint32]bool{i: true}
	list := []uint32{i}
	for next := 0; next < len(list); next++ {
		if g := v.gate(list[next]); g != 0 {
			row := v.out(list[next])
			if m := hard(row); g.of(m) < m {
				continue
			}
		}
		for _, e := range v.out(list[next]) {
			if e&soft == 0 && !seen[e] {
				seen[e] = true
				list = append(list, e)
			}
		}
	}
	return seen
}

// takesDown reports whether the failure of one node takes down another.
func (im *Impact) takesDown(i, target uint32) bool {
	im.reset(im.view)
	im.fall(i)
	im.spreadDown()
	return im.down.has(target)
}

// ErrTooMany is matched by the error of a search that found more than it may
// return.
var ErrTooMany = errors.New("too many")

// Limits of a search for cut sets. Their number grows with the power of their size.
const (
	MaxCutSets = 10_000     // that are kept for one node
	maxUnions  = 20_000_000 // sets that are tried in all: some seconds of work
)

// CutSets returns the minimal cut sets of a node with at most so many members: sets
// of other nodes whose failure together takes it down, and without any one of them
// would not. The smallest come first. With one member they are its single points of
// failure. More than [MaxCutSets], of this node or of one that it requires, or a
// search that would take more than some seconds, is an error matching
// [ErrTooMany].
func (v *View) CutSets(n Node, members int) ([][]Node, error) {
	if err := v.check([]Node{n}); err != nil {
		return nil, err
	}
	if members < 1 || members > 8 {
		return nil, fmt.Errorf("graph: cut sets of up to %d nodes, want 1 to 8: %w", members, ErrInvalid)
	}
	target := v.inner(n)
	c := cuts{v: v, most: members, of: map[uint32]family{}}
	if err := c.solve(v.requires(target)); err != nil {
		return nil, fmt.Errorf("graph: cut sets of node %d: %w", n, err)
	}
	var found [][]Node
	for _, s := range c.of[target] {
		if len(s) == 1 && s[0] == target {
			continue
		}
		set := make([]Node, len(s))
		for k, i := range s {
			set[k] = v.outer(i)
		}
		slices.Sort(set)
		found = append(found, set)
	}
	slices.SortFunc(found, func(a, b []Node) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare(a, b)
	})
	return found, nil
}

// family is a list of sets, none of which contains another. A set is ascending.
type family [][]uint32

// cuts finds the cut sets of nodes from those of what they require, again and again
// until nothing changes: the least solution, as impact is.
type cuts struct {
	v    *View
	most int
	of   map[uint32]family
	work int // sets tried so far
}

func (c *cuts) solve(nodes []uint32) error {
	for _, i := range nodes {
		c.of[i] = family{{i}}
	}
	for changed := true; changed; {
		changed = false
		// What is farthest from the target first: most is found in one round.
		for _, i := range slices.Backward(nodes) {
			next, err := c.node(i)
			if err != nil {
				return err
			}
			if !next.equal(c.of[i]) {
				c.of[i], changed = next, true
			}
		}
	}
	return nil
}

// node returns the cut sets of a node: itself, and what takes down more of what it
// requires than it can lose.
func (c *cuts) node(i uint32) (family, error) {
	row := c.v.out(i)
	m := hard(row)
	lose := m - c.v.gate(i).of(m) + 1 // so many down are too many
	if m == 0 || lose > m {
		return family{{i}}, nil
	}
	// at[k] are the sets that take down k of those looked at so far.
	at := make([]family, lose+1)
	at[0] = family{{}}
	for _, e := range row {
		if e&soft != 0 {
			continue
		}
		for k := lose; k >= 1; k-- {
			joined, err := c.joined(at[k-1], c.of[e])
			if err == nil {
				at[k], err = minimal(append(joined, at[k]...))
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return minimal(append(family{{i}}, at[lose]...))
}

// joined returns the unions of a set of each, as far as they are small enough.
func (c *cuts) joined(a, b family) (family, error) {
	var out family
	for _, x := range a {
		for _, y := range b {
			if c.work++; c.work > maxUnions {
				return nil, fmt.Errorf("%w sets to try, at most %d are", ErrTooMany, maxUnions)
			}
			if u := union(x, y); len(u) <= c.most {
				out = append(out, u)
			}
		}
	}
	return out, nil
}

func union(a, b []uint32) []uint32 {
	out := make([]uint32, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case a[0] > b[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// minimal drops the sets that contain another one, and sorts the rest.
func minimal(f family) (family, error) {
	slices.SortFunc(f, func(a, b []uint32) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return slices.Compare(a, b)
	})
	var kept family
	known := map[string]bool{}
	var buf []byte
	for _, s := range f {
		if holdsOne(s, known, &buf) {
			continue
		}
		kept = append(kept, s)
		known[key(s, 1<<len(s)-1, &buf)] = true
		if len(kept) > MaxCutSets {
			return nil, fmt.Errorf("%w cut sets, at most %d are kept", ErrTooMany, MaxCutSets)
		}
	}
	return kept, nil
}

// holdsOne reports whether a set contains one that is known: a set of a few has few
// parts, far fewer than there are sets to compare it with.
func holdsOne(s []uint32, known map[string]bool, buf *[]byte) bool {
	for part := range 1 << len(s) {
		if known[key(s, part, buf)] {
			return true
		}
	}
	return false
}

// key writes the part of a set that the bits choose.
func key(s []uint32, part int, buf *[]byte) string {
	b := (*buf)[:0]
	for k, i := range s {
		if part&(1<<k) != 0 {
			b = binary.LittleEndian.AppendUint32(b, i)
		}
	}
	*buf = b
	return string(b)
}

func (f family) equal(g family) bool {
	return slices.EqualFunc(f, g, slices.Equal)
}
