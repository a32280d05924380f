package graph

import (
	"fmt"
	"slices"
)

// State is how an item is.
type State uint8

// The states.
const (
	Up       State = iota
	Degraded       // it works, and something that it depends on does not, or not fully
	Down
)

// String gives "up", "degraded" or "down".
func (s State) String() string {
	switch s {
	case Up:
		return "up"
	case Degraded:
		return "degraded"
	case Down:
		return "down"
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// MarshalText implements [encoding.TextMarshaler].
func (s State) MarshalText() ([]byte, error) {
	if s > Down {
		return nil, fmt.Errorf("graph: %v is no state: %w", s, ErrInvalid)
	}
	return []byte(s.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] and rejects unknown states.
func (s *State) UnmarshalText(text []byte) error {
	for known := Up; known <= Down; known++ {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("graph: state %.32q, want up, degraded or down: %w", text, ErrInvalid)
}

// Query asks what happens when nodes fail.
type Query struct {
	Down []Node // they are down, whatever they depend on
	// Excluded nodes are left out: they stay up, and nothing spreads through them.
	// It is for what is under maintenance, or known to have its own cover. A node
	// that is named in both is down, and nothing spreads from it.
	Excluded []Node
}

// Impact is what stops working. The zero Impact is ready; one that is used again
// needs no new memory. It is for one goroutine at a time.
type Impact struct {
	view     *View
	down     bitset
	degraded bitset
	skip     bitset
	skipped  []uint32 // what is in skip
	order    []uint32 // what is down, in the order in which it went down, then what is degraded
	fallen   int      // how many of them are down
	seeds    int      // how many of those were named
	maybe    []uint32 // may be degraded: something they depend on is down
	lost     map[uint32]int
}

// Of finds what is down and degraded in a view when nodes fail: the least set for
// which every node that has lost more than its gate allows is in it. It does not
// depend on the order of anything. A node that does not exist is an error matching
// [ErrInvalid].
func (im *Impact) Of(v *View, q Query) error {
	if err := v.check(q.Down); err != nil {
		return err
	}
	if err := v.check(q.Excluded); err != nil {
		return err
	}
	im.reset(v)
	for _, n := range q.Excluded {
		im.exclude(v.inner(n))
	}
	for _, n := range q.Down {
		im.fall(v.inner(n))
	}
	im.seeds = len(im.order)
	im.spreadDown()
	im.fallen = len(im.order)
	im.spreadDegraded()
	return nil
}

// reset forgets the last answer: bit by bit if it was small.
func (im *Impact) reset(v *View) {
	words := (v.nodes + 63) / 64
	if len(im.down) < words {
		im.down, im.degraded, im.skip = make(bitset, words), make(bitset, words), make(bitset, words)
	} else if len(im.order) > words {
		clear(im.down)
		clear(im.degraded)
	} else {
		for _, i := range im.order {
			im.down.clear(i)
			im.degraded.clear(i)
		}
	}
	for _, i := range im.skipped {
		im.skip.clear(i)
	}
	clear(im.lost)
	im.view, im.order, im.maybe = v, im.order[:0], im.maybe[:0]
	im.skipped = im.skipped[:0]
}

func (im *Impact) exclude(i uint32) {
	im.skip.set(i)
	im.skipped = append(im.skipped, i)
}

func (im *Impact) fall(i uint32) {
	if !im.down.has(i) {
		im.down.set(i)
		im.order = append(im.order, i)
	}
}

// spreadDown goes through what is down, in the order in which it went down, and
// takes down what cannot do without it.
func (im *Impact) spreadDown() {
	v := im.view
	plain := v.over == nil && v.base.gates == nil
	for next := 0; next < len(im.order); next++ {
		i := im.order[next]
		if im.skip.has(i) {
			continue
		}
		if plain {
			im.spreadPlain(v.base.in.of(i))
			continue
		}
		for _, e := range v.in(i) {
			d := e &^ soft
			if im.down.has(d) || im.skip.has(d) {
				continue
			}
			if e&soft == 0 && im.gone(d) {
				im.fall(d)
			} else {
				im.maybe = append(im.maybe, d)
			}
		}
	}
}

// spreadPlain is what is left of the loop where nothing has a gate or was changed.
func (im *Impact) spreadPlain(in []uint32) {
	for _, e := range in {
		d := e &^ soft
		word, bit := d>>6, uint64(1)<<(d&63)
		if (im.down[word]|im.skip[word])&bit != 0 {
			continue
		}
		if e == d {
			im.down[word] |= bit
			im.order = append(im.order, d)
		} else {
			im.maybe = append(im.maybe, d)
		}
	}
}

// gone counts one more of what a node requires as down, and reports whether it
// cannot do without.
func (im *Impact) gone(i uint32) bool {
	g := im.view.gate(i)
	if g == 0 {
		return true
	}
	if im.lost == nil {
		im.lost = map[uint32]int{}
	}
	lost, counted := im.lost[i]
	if !counted { // how many it may lose
		m := hard(im.view.out(i))
		lost = g.of(m) - m - 1
	}
	lost++
	im.lost[i] = lost
	return lost >= 0
}

// spreadDegraded goes on from what lost something and is not down.
func (im *Impact) spreadDegraded() {
	for _, d := range im.maybe {
		im.degrade(d)
	}
	v := im.view
	for next := im.fallen; next < len(im.order); next++ {
		for _, e := range v.in(im.order[next]) {
			im.degrade(e &^ soft)
		}
	}
}

func (im *Impact) degrade(i uint32) {
	if !im.down.has(i) && !im.degraded.has(i) && !im.skip.has(i) {
		im.degraded.set(i)
		im.order = append(im.order, i)
	}
}

// State is how a node is. One that does not exist is up.
func (im *Impact) State(n Node) State {
	if im.view == nil || !im.view.Has(n) {
		return Up
	}
	switch i := im.view.inner(n); {
	case im.down.has(i):
		return Down
	case im.degraded.has(i):
		return Degraded
	}
	return Up
}

// Counts is how many nodes are down and how many degraded.
func (im *Impact) Counts() (down, degraded int) { return im.fallen, len(im.order) - im.fallen }

// Down returns the nodes that are down, ascending.
func (im *Impact) Down() []Node { return im.outside(im.order[:im.fallen]) }

// Degraded returns the nodes that are degraded, ascending.
func (im *Impact) Degraded() []Node { return im.outside(im.order[im.fallen:]) }

func (im *Impact) outside(inner []uint32) []Node {
	list := make([]Node, len(inner))
	for k, i := range inner {
		list[k] = im.view.outer(i)
	}
	slices.Sort(list)
	return list
}

// bitset has a bit for each number.
type bitset []uint64

func (b bitset) has(i uint32) bool { return b[i>>6]&(1<<(i&63)) != 0 }
func (b bitset) set(i uint32)      { b[i>>6] |= 1 << (i & 63) }
func (b bitset) clear(i uint32)    { b[i>>6] &^= 1 << (i & 63) }
