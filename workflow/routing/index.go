package routing

import (
	"maps"
	"slices"
)

// index finds the rules that may hold for a work without reading all of them. Each rule
// is filed under what one of its tests asks for; those that ask for nothing by name are
// looked at every time.
type index struct {
	lookups []lookup
	loose   []int32 // in order
}

// lookup leads from the values of a fact to the rules that are filed under them, in
// order.
type lookup struct {
	fact    string
	exact   map[string][]int32
	prefix  map[string][]int32
	lengths []int // of the prefixes, ascending
}

// key is what a rule can be filed under.
type key struct {
	fact, value string
	prefix      bool
}

// ways lists the sets of keys of which one must be met for the condition to hold: those of
// each test that must pass, and those of a whole list of which one must.
func (c *condition) ways() (all [][]key) {
	for i := range c.when {
		if keys := c.when[i].keys(); keys != nil {
			all = append(all, keys)
		}
	}
	var either []key
	for i := range c.any {
		keys := c.any[i].keys()
		if keys == nil {
			return all
		}
		either = append(either, keys...)
	}
	if either != nil {
		all = append(all, either)
	}
	return all
}

// keys are what the test asks for, nil if that cannot be listed.
func (t *test) keys() (all []key) {
	if t.Op == Equals || t.Op == OneOf || t.Op == Prefix {
		for _, v := range t.Values {
			all = append(all, key{t.Fact, v, t.Op == Prefix})
		}
	}
	return all
}

// newIndex files each rule where it is among the fewest others.
func newIndex(rules []condition) index {
	company := map[key]int{}
	for i := range rules {
		for _, way := range rules[i].ways() {
			for _, k := range way {
				company[k]++
			}
		}
	}
	var x index
	filed := map[key][]int32{}
	for i := range rules {
		best, least := []key(nil), 0
		for _, way := range rules[i].ways() {
			n := 0
			for _, k := range way {
				n += company[k]
			}
			if best == nil || n < least {
				best, least = way, n
			}
		}
		if best == nil {
			x.loose = append(x.loose, int32(i))
		}
		for _, k := range best {
			if list := filed[k]; len(list) == 0 || list[len(list)-1] != int32(i) {
				filed[k] = append(list, int32(i))
			}
		}
	}
	x.build(filed)
	return x
}

func (x *index) build(filed map[key][]int32) {
	byFact := map[string]*lookup{}
	for k, list := range filed {
		l := byFact[k.fact]
		if l == nil {
			l = &lookup{fact: k.fact, exact: map[string][]int32{}, prefix: map[string][]int32{}}
			byFact[k.fact] = l
		}
		if k.prefix {
			l.prefix[k.value] = list
		} else {
			l.exact[k.value] = list
		}
	}
	for _, fact := range slices.Sorted(maps.Keys(byFact)) {
		l := byFact[fact]
		for p := range l.prefix {
			l.lengths = append(l.lengths, len(p))
		}
		slices.Sort(l.lengths)
		l.lengths = slices.Compact(l.lengths)
		x.lookups = append(x.lookups, *l)
	}
}

// first returns the place of the first rule that holds, or -1. It does not allocate.
func (x *index) first(rules []condition, f Facts) int {
	none := int32(len(rules))
	best := earliest(rules, x.loose, f, none)
	for i := range x.lookups {
		l := &x.lookups[i]
		for _, v := range f[l.fact] {
			best = earliest(rules, l.exact[v], f, best)
			for _, n := range l.lengths {
				if n > len(v) {
					break
				}
				best = earliest(rules, l.prefix[v[:n]], f, best)
			}
		}
	}
	if best == none {
		return -1
	}
	return int(best)
}

// earliest is the first rule of the list that holds, if it comes before best.
func earliest(rules []condition, list []int32, f Facts, best int32) int32 {
	for _, i := range list {
		if i >= best {
			break
		}
		if rules[i].holds(f) {
			return i
		}
	}
	return best
}
