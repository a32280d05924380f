package detect

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sort"

	"github.com/itsm-go/itsm/workflow"
)

// A ledger holds incidents by time, with a number for each key that at least
// MinIncidents of them have, and for each key the incidents that have it. Rarer keys
// can never be proposed.
type ledger struct {
	d     *Detector
	list  []Incident // by time
	days  []int      // of each incident
	first int        // day of the first incident the host knows of, even one not listed
	keys  []key
	has   lists // the keys of each incident
	posts lists // the incidents of each key, by time
}

// A key is an attribute, or two.
type key struct {
	name    Key
	parents [2]int32 // the keys of the two attributes, -1 where it has one
}

func (k *key) pair() bool { return k.parents[0] >= 0 }

// lists are many short lists in one.
type lists struct {
	start []int
	items []int32
}

func (l *lists) of(i int) []int32 { return l.items[l.start[i]:l.start[i+1]] }

// open reads a stream, leaves out what is outside of the days that only says, and
// numbers the keys.
func (d *Detector) open(stream iter.Seq[Incident], only func(day int) bool) (*ledger, error) {
	list, err := collect(stream)
	if err != nil {
		return nil, err
	}
	l := &ledger{d: d}
	if len(list) == 0 {
		return l, nil
	}
	if l.first = d.day(list[0].Opened); d.day(list[len(list)-1].Opened)-l.first >= MaxDays {
		return nil, fmt.Errorf("detect: incidents: %w: more than %d days from the first to the last", workflow.ErrInvalid, MaxDays)
	}
	for _, inc := range list {
		if day := d.day(inc.Opened); only(day) {
			l.list, l.days = append(l.list, inc), append(l.days, day)
		}
	}
	l.number()
	return l, nil
}

// number gives keys their numbers.
func (l *ledger) number() {
	attrs, of, counts := l.attributes()
	single := make([]int32, len(attrs)) // the key of an attribute, -1 where it is rare
	for a, n := range counts {
		single[a] = -1
		if n >= l.d.cfg.MinIncidents {
			single[a] = int32(len(l.keys))
			l.keys = append(l.keys, key{Key{attrs[a]}, [2]int32{-1, -1}})
		}
	}
	pairs := l.pairs(attrs, of, single)
	l.has.start = make([]int, 1, len(l.list)+1)
	for i := range l.list {
		for _, a := range of.of(i) {
			if single[a] >= 0 {
				l.has.items = append(l.has.items, single[a])
			}
		}
		for p := range l.twos(attrs, of.of(i), single) {
			if k, ok := pairs[p]; ok {
				l.has.items = append(l.has.items, k)
			}
		}
		l.has.start = append(l.has.start, len(l.has.items))
	}
	l.post()
}

// attributes numbers the attributes of all incidents and counts them.
func (l *ledger) attributes() (attrs []Attribute, of lists, counts []int) {
	ids := map[Attribute]int32{}
	of.start = make([]int, 1, len(l.list)+1)
	add := func(a Attribute) {
		id, ok := ids[a]
		if !ok {
			id = int32(len(attrs))
			ids[a] = id
			attrs, counts = append(attrs, a), append(counts, 0)
		}
		if !slices.Contains(of.items[of.start[len(of.start)-1]:], id) {
			of.items = append(of.items, id)
			counts[id]++
		}
	}
	for i := range l.list {
		for _, a := range l.list[i].Attributes {
			if a.Value != "" && l.d.rank(a.Dimension) >= 0 {
				add(a)
			}
		}
		if !l.d.cfg.NoWords {
			for _, w := range words(l.list[i].Title) {
				add(Attribute{Words, w})
			}
		}
		of.start = append(of.start, len(of.items))
	}
	return attrs, of, counts
}

// rank is the place of a dimension in the configuration, -1 when it is not looked at.
func (d *Detector) rank(dimension string) int {
	if len(d.cfg.Dimensions) == 0 {
		return 0
	}
	return slices.Index(d.cfg.Dimensions, dimension)
}

// order is the order in which a key names its attributes.
func (d *Detector) order(a, b Attribute) int {
	return cmp.Or(cmp.Compare(d.rank(a.Dimension), d.rank(b.Dimension)), a.compare(b))
}

// twos are the pairs of attributes of an incident that could be keys.
func (l *ledger) twos(attrs []Attribute, of, single []int32) iter.Seq[[2]int32] {
	return func(yield func([2]int32) bool) {
		if l.d.cfg.NoPairs {
			return
		}
		for i, a := range of {
			if single[a] < 0 || attrs[a].Dimension == Words {
				continue
			}
			for _, b := range of[i+1:] {
				if single[b] < 0 || attrs[b].Dimension == Words || attrs[a].Dimension == attrs[b].Dimension {
					continue
				}
				if !yield([2]int32{min(a, b), max(a, b)}) {
					return
				}
			}
		}
	}
}

// pairs numbers the pairs that enough incidents have.
func (l *ledger) pairs(attrs []Attribute, of lists, single []int32) map[[2]int32]int32 {
	counts := map[[2]int32]int32{}
	for i := range l.list {
		for p := range l.twos(attrs, of.of(i), single) {
			counts[p]++
		}
	}
	var kept [][2]int32
	for p, n := range counts {
		if int(n) >= l.d.cfg.MinIncidents {
			kept = append(kept, p)
		}
	}
	slices.SortFunc(kept, func(a, b [2]int32) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	numbers := make(map[[2]int32]int32, len(kept))
	for _, p := range kept {
		name := Key{attrs[p[0]], attrs[p[1]]}
		slices.SortFunc(name, l.d.order)
		numbers[p] = int32(len(l.keys))
		l.keys = append(l.keys, key{name, [2]int32{single[p[0]], single[p[1]]}})
	}
	return numbers
}

// post turns the keys of the incidents into the incidents of the keys.
func (l *ledger) post() {
	l.posts.start = make([]int, len(l.keys)+1)
	for _, k := range l.has.items {
		l.posts.start[k+1]++
	}
	for k := range l.keys {
		l.posts.start[k+1] += l.posts.start[k]
	}
	next := slices.Clone(l.posts.start)
	l.posts.items = make([]int32, len(l.has.items))
	for i := range l.list {
		for _, k := range l.has.of(i) {
			l.posts.items[next[k]] = int32(i)
			next[k]++
		}
	}
}

// from is the place of the first incident of a day or a later one.
func (l *ledger) from(day int) int { return sort.SearchInts(l.days, day) }

// between are the incidents of a key from place lo to before place hi.
func (l *ledger) between(k, lo, hi int) []int32 {
	posts := l.posts.of(k)
	i, _ := slices.BinarySearch(posts, int32(lo))
	j, _ := slices.BinarySearch(posts, int32(hi))
	return posts[i:j]
}
