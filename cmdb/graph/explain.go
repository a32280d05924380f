package graph

import (
	"fmt"
	"strings"
)

// Step is a node on the way from a cause to an effect.
type Step struct {
	Node  Node
	State State
	Named bool // it is a cause: it was said to be down
	Soft  bool // it depends softly on the step before

	// Of what it requires, how many are not down, how many it needs, and how many
	// there are.
	Working, Needs, Requires int
}

// Explain returns a way from a node that was named down to a node that is down or
// degraded, the cause first. Of several ways it is the one that began earliest, and
// so has few steps. Nothing comes back for a node that is up.
func (im *Impact) Explain(n Node) []Step {
	if im.State(n) == Up {
		return nil
	}
	place := make(map[uint32]int, len(im.order))
	for k, i := range im.order {
		place[i] = k
	}
	var way []Step
	for i := im.view.inner(n); ; {
		step := im.step(i)
		step.Named = place[i] < im.seeds
		cause, softly, found := im.cause(i, place)
		if step.Named || !found {
			way = append(way, step)
			break
		}
		step.Soft = softly
		way = append(way, step)
		i = cause
	}
	for a, b := 0, len(way)-1; a < b; a, b = a+1, b-1 {
		way[a], way[b] = way[b], way[a]
	}
	return way
}

// cause is the earliest of what a node depends on that did this to it.
func (im *Impact) cause(i uint32, place map[uint32]int) (cause uint32, softly, found bool) {
	isDown := im.down.has(i)
	for _, e := range im.view.out(i) {
		d := e &^ soft
		k, hit := place[d]
		if !hit || k >= place[i] || im.skip.has(d) || isDown && (e&soft != 0 || !im.down.has(d)) {
			continue
		}
		if !found || k < place[cause] {
			cause, softly, found = d, e&soft != 0, true
		}
	}
	return cause, softly, found
}

func (im *Impact) step(i uint32) Step {
	s := Step{Node: im.view.outer(i), State: Degraded}
	if im.down.has(i) {
		s.State = Down
	}
	for _, e := range im.view.out(i) {
		if e&soft == 0 {
			s.Requires++
			if !im.down.has(e) || im.skip.has(e) {
				s.Working++
			}
		}
	}
	s.Needs = im.view.gate(i).of(s.Requires)
	return s
}

// Rescue is what would keep a node from being down: so many of these would have to
// be up, whichever they are.
type Rescue struct {
	Missing int
	Of      []Node // what it requires and is down, ascending
}

// Prevent tells what would have to be up for a node that is down not to be. For a
// node that was named there is nothing else: it itself would have to be. It is not
// ok for a node that is not down.
func (im *Impact) Prevent(n Node) (r Rescue, ok bool) {
	if im.State(n) != Down {
		return Rescue{}, false
	}
	i := im.view.inner(n)
	for _, seed := range im.order[:im.seeds] {
		if seed == i {
			return Rescue{Missing: 1, Of: []Node{n}}, true
		}
	}
	s := im.step(i)
	var lost []uint32
	for _, e := range im.view.out(i) {
		if e&soft == 0 && im.down.has(e) && !im.skip.has(e) {
			lost = append(lost, e)
		}
	}
	return Rescue{Missing: s.Needs - s.Working, Of: im.outside(lost)}, true
}

// String tells the step with the number of its node: "3 is down: 1 of 2 work, it
// needs 2".
func (s Step) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d is %s", s.Node, s.State)
	switch {
	case s.Named:
		b.WriteString(": named")
	case s.State == Down:
		fmt.Fprintf(&b, ": %d of %d work, it needs %d", s.Working, s.Requires, s.Needs)
	}
	return b.String()
}
