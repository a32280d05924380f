package detect

// A slide is what one day looks at: the reference, which is the window and its past
// together, and the windows. It moves from day to day and counts as it goes.
type slide struct {
	*ledger
	day     int
	start   int   // first day of the reference
	lo, hi  int   // the places of the reference in the ledger
	cuts    []int // for each window, the place where it begins
	whole   []int32
	windows [][]int32 // for each window and key
}

func (l *ledger) slide() *slide {
	s := &slide{ledger: l, whole: make([]int32, len(l.keys))}
	s.cuts = make([]int, len(l.d.cfg.Windows))
	for range l.d.cfg.Windows {
		s.windows = append(s.windows, make([]int32, len(l.keys)))
	}
	return s
}

// to moves on to a later day.
func (s *slide) to(day int) {
	s.day, s.start = day, max(s.first, day-s.d.cfg.Lookback+1)
	for ; s.hi < len(s.list) && s.days[s.hi] <= day; s.hi++ {
		for _, k := range s.has.of(s.hi) {
			s.whole[k]++
			for _, counts := range s.windows {
				counts[k]++
			}
		}
	}
	for ; s.lo < s.hi && s.days[s.lo] < s.start; s.lo++ {
		s.drop(s.whole, s.lo)
	}
	for w, counts := range s.windows {
		for ; s.cuts[w] < s.hi && s.days[s.cuts[w]] < s.begin(w); s.cuts[w]++ {
			s.drop(counts, s.cuts[w])
		}
	}
}

func (s *slide) drop(counts []int32, place int) {
	for _, k := range s.has.of(place) {
		counts[k]--
	}
}

// begin is the first day of a window.
func (s *slide) begin(window int) int { return s.day - s.d.cfg.Windows[window] + 1 }

// usable says whether a window has enough past to be compared with.
func (s *slide) usable(window int) bool {
	past := s.begin(window) - s.start
	return past >= max(s.d.cfg.MinPast, s.d.cfg.Windows[window]) && s.cuts[window] > s.lo && s.cuts[window] < s.hi
}

// size is how many incidents a window has, total how many the reference has.
func (s *slide) size(window int) int { return s.hi - s.cuts[window] }
func (s *slide) total() int          { return s.hi - s.lo }

// tested says whether a key is tested at all: it has enough incidents in the reference,
// but not most of them, and it is no pair that says as little as one of its attributes.
func (s *slide) tested(k, least int) bool {
	n := int(s.whole[k])
	return n >= least && float64(n) <= s.d.cfg.MaxShare*float64(s.total()) && !s.redundant(k)
}

// redundant is a pair that all incidents of one of its attributes have: it says no
// more than that attribute.
func (s *slide) redundant(k int) bool {
	p := &s.keys[k]
	return p.pair() && (s.whole[k] == s.whole[p.parents[0]] || s.whole[k] == s.whole[p.parents[1]])
}
