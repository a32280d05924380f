package detect

import "slices"

// A group is one happening: the finding that tells it best, and the keys that show the
// same incidents.
type group struct {
	finding
	also []int
}

// groups tells the findings of a day apart. The surest is told first, by the most
// specific key that explains it; then everything else is tested again without its
// incidents. What does not stand without them was the same happening seen from
// elsewhere; what still stands is another.
func (s *slide) groups(list []finding, fam family) []group {
	var groups []group
	var gone []int32
	for len(list) > 0 {
		at := s.leader(list)
		g := group{finding: list[at]}
		list = slices.Delete(list, at, at+1)
		gone = merged(gone, g.places)
		var rest []finding
		for i := range list {
			f := &list[i]
			switch {
			case s.without(f, gone, fam):
				rest = append(rest, *f)
			case f.key != g.key && !slices.Contains(g.also, f.key) && shared(f.places, g.places) > 0:
				g.also = append(g.also, f.key)
			}
		}
		list = rest
		groups = append(groups, g)
	}
	return groups
}

// leader is the place of the finding that is told next: the surest, or a pair that is
// special in itself and has at least half of what is too much in it. Pairs that are
// not special come last: one of their attributes tells as much.
func (s *slide) leader(list []finding) int {
	best := slices.IndexFunc(list, func(f finding) bool { return f.own })
	if best < 0 {
		return 0
	}
	for i, f := range list {
		parents := s.keys[f.key].parents
		if b := &list[best]; f.own && f.window == b.window && !s.keys[b.key].pair() && slices.Contains(parents[:], int32(b.key)) && 2*f.excess() >= b.excess() {
			return i
		}
	}
	return best
}
