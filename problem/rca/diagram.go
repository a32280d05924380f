package rca

// diagram is a reduced ordered binary decision diagram (Bryant, 1986): every function
// of the events is one number in it. Its functions are monotone.
type diagram struct {
	nodes  []decision // 0 and 1 are the constants; what a decision leads to comes before it
	unique map[decision]int32
	memo   map[operation]int32
	limit  int
	full   bool // it has become too large: what was made since does not count
}

type decision struct {
	level   int32 // which event decides
	no, yes int32 // the function if it does not happen, and if it does
}

type operation struct {
	and  bool
	a, b int32
}

const (
	never  int32 = 0
	always int32 = 1

	leaf = 1 << 30 // the level of the constants
)

// maxDecisions bounds a diagram: about a second of work, and some 100 megabytes.
const maxDecisions = 500_000

func newDiagram() *diagram {
	return &diagram{limit: maxDecisions, nodes: []decision{{level: leaf}, {level: leaf}}, unique: map[decision]int32{}, memo: map[operation]int32{}}
}

func (d *diagram) node(level, no, yes int32) int32 {
	if no == yes {
		return no
	}
	return d.add(decision{level, no, yes})
}

func (d *diagram) add(key decision) int32 {
	if i, there := d.unique[key]; there {
		return i
	}
	if len(d.nodes) >= d.limit {
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
	if len(d.memo) >= 4*d.limit {
		d.full = true
		return never
	}
	d.memo[o] = i
	return i
}

// atLeast returns when k of the parts happen. They are sorted from the last event to
// decide to the first, so that each step adds above what there is.
func (d *diagram) atLeast(k int, parts []int32) int32 {
	at := make([]int32, k+1) // at[j] is that j of those looked at so far happen
	at[0] = always
	for i, part := range parts {
		for j := min(k, i+1); j >= max(1, k-(len(parts)-1-i)); j-- { // with fewer it is too late for enough
			at[j] = d.or(at[j], d.and(at[j-1], part))
		}
	}
	return at[k]
}

// family is a set of sets of events in a decision diagram without zeros (Minato, 1993).
// The constant never is the empty family, always the family of the empty set alone.
type family struct {
	diagram
	minimal map[int32]int32    // by function
	less    map[[2]int32]int32 // by the families subtracted
}

func newFamily() *family {
	return &family{diagram: *newDiagram(), minimal: map[int32]int32{never: never, always: always}, less: map[[2]int32]int32{}}
}

func (f *family) set(level, no, yes int32) int32 {
	if yes == never {
		return no
	}
	return f.add(decision{level, no, yes})
}

// minimize returns the minimal sets of events for which a monotone function holds (after
// Rauzy, 1993). What suffices without an event suffices with it too, so of the minimal
// sets with it those are no news that are minimal without it; another of them cannot
// hold one of those, or it would not be minimal.
func (f *family) minimize(d *diagram, fn int32) int32 {
	if i, there := f.minimal[fn]; there || f.full {
		return i
	}
	n := d.nodes[fn]
	no := f.minimize(d, n.no)
	i := f.set(n.level, no, f.minus(f.minimize(d, n.yes), no))
	f.minimal[fn] = i
	return i
}

// minus returns the sets of a that are not in b. Neither holds the empty set beside
// others.
func (f *family) minus(a, b int32) int32 {
	switch {
	case a == b:
		return never
	case a <= always || b <= always:
		return a
	}
	key := [2]int32{a, b}
	if i, there := f.less[key]; there || f.full {
		return i
	}
	x, y := f.nodes[a], f.nodes[b]
	var i int32
	switch {
	case x.level < y.level:
		i = f.set(x.level, f.minus(x.no, b), x.yes)
	case x.level > y.level:
		i = f.minus(a, y.no)
	default:
		i = f.set(x.level, f.minus(x.no, y.no), f.minus(x.yes, y.yes))
	}
	if len(f.less) >= 4*f.limit {
		f.full = true
		return never
	}
	f.less[key] = i
	return i
}
