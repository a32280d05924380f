package detect

import (
	"cmp"
	"math"
	"slices"
)

// A finding is a test that came out below the line and is worth a problem.
type finding struct {
	key      int
	window   int // number of the window, trend for a trend
	lnP      float64
	observed int
	expected float64
	whole    int // incidents of the key in the reference
	most     int // in one of its own past windows
	places   []int32
	quiet    bool // of too few days or callers: it explains others, but is not proposed
	own      bool // for a pair: unusual within each of its attributes too
}

const (
	trend      = -1
	mostADay   = 500                // findings that are told apart, the surest first
	lnSpecific = -6.907755278982137 // ln 0.001: a pair is told for itself
)

func (f *finding) excess() float64 { return float64(f.observed) - f.expected }

// findings are the unusual keys of a day, the surest first.
func (s *slide) findings(fam family) []finding {
	var list []finding
	for w := range s.d.cfg.Windows {
		if !s.usable(w) {
			continue
		}
		for k, n := range s.windows[w] {
			if int(n) < s.d.cfg.MinIncidents || !s.tested(k, s.d.cfg.MinIncidents) {
				continue
			}
			if f, ok := s.cluster(k, w, int(n), fam); ok {
				list = append(list, f)
			}
		}
	}
	if s.weeks() >= leastWeeks {
		list = append(list, s.trends(fam)...)
	}
	slices.SortFunc(list, func(a, b finding) int { return s.surer(&a, &b) })
	return list[:min(mostADay, len(list))]
}

// surer orders findings; of equals the more specific and the shorter window come first.
func (s *slide) surer(a, b *finding) int {
	return cmp.Or(cmp.Compare(a.lnP, b.lnP), cmp.Compare(len(s.keys[b.key].name), len(s.keys[a.key].name)),
		slices.CompareFunc(s.keys[a.key].name, s.keys[b.key].name, func(a, b Attribute) int {
			return cmp.Or(cmp.Compare(len(b.Value), len(a.Value)), a.compare(b))
		}), cmp.Compare(a.window, b.window))
}

// cluster tests a key in a window. The cheap conditions come first.
func (s *slide) cluster(k, w, observed int, fam family) (f finding, ok bool) {
	n, K, N := s.size(w), int(s.whole[k]), s.total()
	f = finding{key: k, window: w, observed: observed, whole: K, expected: float64(K-observed) * float64(n) / float64(N-n)}
	if float64(observed) < s.d.cfg.MinRatio*f.expected {
		return f, false
	}
	if f.lnP = lnTail(observed, n, K, N); f.lnP > fam.lnLine {
		return f, false
	}
	if !s.beyondItsPast(&f) {
		return f, false
	}
	f.places = s.between(k, s.cuts[w], s.hi)
	f.own = s.specific(k, w)
	f.quiet = !s.spread(f.places)
	return f, true
}

// beyondItsPast compares the window with the windows of the same length that lie before
// it, end to end: with how far they scatter, and with how often they had as much.
func (s *slide) beyondItsPast(f *finding) bool {
	length := s.d.cfg.Windows[f.window]
	n := s.size(f.window)
	share := f.expected / float64(n)
	var blocks, reached int
	var scatter, sum float64
	for end := s.begin(f.window); end-length >= s.start; end -= length {
		lo, hi := s.from(end-length), s.from(end)
		count := len(s.between(f.key, lo, hi))
		expected := share * float64(hi-lo)
		scatter += (float64(count) - expected) * (float64(count) - expected)
		sum += expected
		blocks++
		f.most = max(f.most, count)
		if count >= f.observed {
			reached++
		}
	}
	if float64(reached) > s.d.cfg.MaxRecurrence*float64(blocks) {
		return false
	}
	dispersion := 1.0
	if blocks > 1 && sum > 0 {
		dispersion = max(1, scatter/sum*float64(blocks)/float64(blocks-1))
	}
	past := float64(s.total() - n)
	deviation := math.Sqrt(dispersion * f.expected * (1 + float64(n)/past))
	return f.excess() >= s.d.cfg.MinDeviation*deviation
}

// specific says of a pair that it is unusual among the incidents of each of its
// attributes: there is more to tell than the attribute alone.
func (s *slide) specific(k, w int) bool {
	p := &s.keys[k]
	for _, parent := range p.parents {
		if p.pair() && lnTail(int(s.windows[w][k]), int(s.windows[w][parent]), int(s.whole[k]), int(s.whole[parent])) > lnSpecific {
			return false
		}
	}
	return true
}

// spread says whether incidents are of enough days and callers.
func (s *slide) spread(places []int32) bool {
	if s.d.cfg.MinDays == 1 && s.d.cfg.MinCallers == 1 {
		return true
	}
	days, callers := s.variety(places)
	return days >= s.d.cfg.MinDays && callers >= s.d.cfg.MinCallers
}

// variety counts the days and the callers of incidents. Each caller who is not known
// counts as one more.
func (s *slide) variety(places []int32) (days, callers int) {
	last := math.MinInt
	who := map[string]bool{}
	for _, i := range places {
		if s.days[i] != last {
			days++
			last = s.days[i]
		}
		if c := s.list[i].Caller; c == "" {
			callers++
		} else {
			who[c] = true
		}
	}
	return days, callers + len(who)
}

// without tests a finding again as if some incidents had never been, and says whether
// it still stands.
func (s *slide) without(f *finding, gone []int32, fam family) bool {
	if f.window == trend {
		return s.trendWithout(f, gone, fam)
	}
	cut := s.cuts[f.window]
	ofWindow := len(gone) - lower(gone, cut)
	observed := f.observed - shared(f.places, gone)
	n, N := s.size(f.window)-ofWindow, s.total()-len(gone)
	K := f.whole - shared(s.between(f.key, s.lo, s.hi), gone)
	if observed < s.d.cfg.MinIncidents || n >= N {
		return false
	}
	expected := float64(K-observed) * float64(n) / float64(N-n)
	return float64(observed) >= s.d.cfg.MinRatio*expected && lnTail(observed, n, K, N) <= fam.lnLine
}

// lower is the index of the first place at or behind a place.
func lower(places []int32, place int) int {
	i, _ := slices.BinarySearch(places, int32(place))
	return i
}

// shared counts the places that two sorted lists share.
func shared(a, b []int32) (n int) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return n
}

// merged are the places of either list.
func merged(a, b []int32) []int32 {
	both := slices.Concat(a, b)
	slices.Sort(both)
	return slices.Compact(both)
}
