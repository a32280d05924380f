package graph

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Availability returns the probability that a node is not down, if each node fails
// by itself with the probability 1 - up(node), independently of the others. It is
// exact, gates, cycles and all that is shared included. A probability outside of 0
// to 1 is an error matching [ErrInvalid]; a graph that is too entangled for an exact
// answer is one matching [ErrTooMany].
func (v *View) Availability(n Node, up func(Node) float64) (float64, error) {
	if err := v.check([]Node{n}); err != nil {
		return 0, err
	}
	nodes := v.deepestFirst(v.inner(n))
	d := diagram{nodes: []decision{{}, {}}, unique: map[decision]int32{}, memo: map[operation]int32{}}
	fails := map[uint32]int32{}
	var bad []error
	for _, i := range nodes {
		p := up(v.outer(i))
		if !(p >= 0 && p <= 1) {
			bad = append(bad, fmt.Errorf("graph: node %d is up with probability %v: %w", v.outer(i), p, ErrInvalid))
		}
		if p < 1 { // what never fails by itself needs no variable
			d.fail = append(d.fail, 1-p)
			fails[i] = d.node(int32(len(d.fail)-1), never, always)
		}
	}
	if err := errors.Join(bad...); err != nil {
		return 0, err
	}
	down, err := d.solve(v, nodes, fails)
	if err != nil {
		return 0, fmt.Errorf("graph: availability of node %d: %w", n, err)
	}
	return 1 - d.probability(down, map[int32]float64{never: 0, always: 1}), nil
}

// deepestFirst returns what a node requires, directly or not, and the node itself:
// each behind what it requires, as far as there are no cycles.
func (v *View) deepestFirst(root uint32) []uint32 {
	type visit struct {
		node uint32
		left []uint32
	}
	seen := map[uint32]bool{root: true}
	var list []uint32
	stack := []visit{{root, v.out(root)}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.left) == 0 {
			list = append(list, top.node)
			stack = stack[:len(stack)-1]
			continue
		}
		e := top.left[0]
		top.left = top.left[1:]
		if e&soft == 0 && !seen[e] {
			seen[e] = true
			stack = append(stack, visit{e, v.out(e)})
		}
	}
	return list
}

// diagram is a reduced ordered binary decision diagram (Bryant, 1986): every
// function of the failures is one number in it.
type diagram struct {
	nodes  []decision // 0 and 1 are the constants
	unique map[decision]int32
	memo   map[operation]int32
	fail   []float64 // by level: how probable it is
	full   bool
}

type decision struct {
	level   int32 // which failure decides
	no, yes int32 // the function if it does not happen, and if it does
}

type operation struct {
	and  bool
	a, b int32
}

const (
	never  int32 = 0
	always int32 = 1
)

// maxDecisions bounds a diagram: some seconds of work.
const maxDecisions = 4_000_000

func (d *diagram) node(level, no, yes int32) int32 {
	if no == yes {
		return no
	}
	key := decision{level, no, yes}
	if i, there := d.unique[key]; there {
		return i
	}
	if len(d.nodes) >= maxDecisions {
		d.full = true
		return never
	}
	d.nodes = append(d.nodes, key)
	i := int32(len(d.nodes) - 1)
	d.unique[key] = i
	return i
}

func (d *diagram) and(a, b int32) int32 {
	switch {
	case a == never || b == never:
		return never
	case a == always || a == b:
		return b
	case b == always:
		return a
	}
	return d.combine(operation{true, min(a, b), max(a, b)})
}

func (d *diagram) or(a, b int32) int32 {
	switch {
	case a == always || b == always:
		return always
	case a == never || a == b:
		return b
	case b == never:
		return a
	}
	return d.combine(operation{false, min(a, b), max(a, b)})
}

func (d *diagram) combine(o operation) int32 {
	if i, there := d.memo[o]; there || d.full {
		return i
	}
	a, b := d.nodes[o.a], d.nodes[o.b]
	level := min(a.level, b.level)
	aNo, aYes, bNo, bYes := o.a, o.a, o.b, o.b
	if a.level == level {
		aNo, aYes = a.no, a.yes
	}
	if b.level == level {
		bNo, bYes = b.no, b.yes
	}
	both := d.or
	if o.and {
		both = d.and
	}
	i := d.node(level, both(aNo, bNo), both(aYes, bYes))
	if len(d.memo) >= maxDecisions {
		d.full = true
		return never
	}
	d.memo[o] = i
	return i
}

// solve returns when the last of the nodes is down: the least solution, found by
// going round until nothing changes.
func (d *diagram) solve(v *View, nodes []uint32, fails map[uint32]int32) (int32, error) {
	down := map[uint32]int32{}
	for changed := true; changed; {
		changed = false
		for _, i := range nodes {
			now := d.or(fails[i], d.lost(v, i, down))
			if d.full {
				return 0, fmt.Errorf("%w cases to tell apart, at most %d are", ErrTooMany, maxDecisions)
			}
			if now != down[i] {
				down[i], changed = now, true
			}
		}
	}
	return down[nodes[len(nodes)-1]], nil
}

// lost tells when a node has lost more of what it requires than it can.
func (d *diagram) lost(v *View, i uint32, down map[uint32]int32) int32 {
	row := v.out(i)
	m := hard(row)
	lose := m - v.gate(i).of(m) + 1
	if m == 0 || lose > m {
		return never
	}
	var parts []int32
	for _, e := range row {
		if e&soft == 0 {
			parts = append(parts, down[e])
		}
	}
	// From the last failure to decide to the first, so that each step adds above what
	// there is instead of taking it apart.
	slices.SortFunc(parts, func(a, b int32) int {
		return cmp.Or(cmp.Compare(d.nodes[b].level, d.nodes[a].level), cmp.Compare(a, b))
	})
	// at[k] is that at least k of those looked at so far are down.
	at := make([]int32, lose+1)
	at[0] = always
	for i, part := range parts {
		for k := min(lose, i+1); k >= max(1, lose-(m-1-i)); k-- { // with fewer it is too late for enough
			at[k] = d.or(at[k], d.and(at[k-1], part))
		}
	}
	return at[lose]
}

func (d *diagram) probability(i int32, known map[int32]float64) float64 {
	if p, ok := known[i]; ok {
		return p
	}
	n := d.nodes[i]
	f := d.fail[n.level]
	p := (1-f)*d.probability(n.no, known) + f*d.probability(n.yes, known)
	known[i] = p
	return p
}
