package detect

import "math"

const (
	leastWeeks = 9                  // three for each third
	lnSteady   = -6.907755278982137 // ln 0.001: what is left of a trend without its best week
)

// leastTrend is how many incidents a trend has.
func (s *slide) leastTrend() int { return 4 * s.d.cfg.MinIncidents }

// weeks is how many whole weeks, Monday to Sunday, the reference has when the day is a
// Sunday. Trends are tested on Sundays alone: more often would tell no more of slow
// growth, and cost some of the level.
func (s *slide) weeks() int {
	const sunday = 3 // 1970-01-01, day 0, was a Thursday
	if s.d.cfg.NoTrends || (s.day%7+7)%7 != sunday {
		return 0
	}
	return (s.day - s.start + 1) / 7
}

// week is the number of the week of a place, negative before the first.
func (s *slide) week(place int32, weeks int) int {
	fromEnd := (s.day - s.days[place]) / 7
	return weeks - 1 - fromEnd
}

func (s *slide) totals(weeks int) []int {
	totals := make([]int, weeks)
	for i := range totals {
		end := s.day - 7*(weeks-1-i)
		totals[i] = s.from(end+1) - s.from(end-6)
	}
	return totals
}

func (s *slide) weekly(places []int32, weeks int) (counts []int, all int) {
	counts = make([]int, weeks)
	for _, i := range places {
		if w := s.week(i, weeks); w >= 0 {
			counts[w]++
			all++
		}
	}
	return counts, all
}

// trends are the keys whose share of all incidents grows.
func (s *slide) trends(fam family) []finding {
	weeks := s.weeks()
	totals := s.totals(weeks)
	var list []finding
	for k, n := range s.whole {
		if !s.tested(k, s.leastTrend()) {
			continue
		}
		posts := s.between(k, s.lo, s.hi)
		counts, all := s.weekly(posts, weeks)
		if all < s.leastTrend() {
			continue
		}
		f := finding{key: k, window: trend, whole: int(n)}
		f.observed, f.expected = growth(counts, totals)
		if !s.grows(&f, counts, totals, fam) {
			continue
		}
		f.own = s.own(k, counts, weeks)
		f.places = s.between(k, s.from(s.day-7*(weeks/3)+1), s.hi)
		f.quiet = !s.spread(f.places)
		list = append(list, f)
	}
	return list
}

// own says of a pair that it grows within each of its attributes too.
func (s *slide) own(k int, counts []int, weeks int) bool {
	p := &s.keys[k]
	for _, parent := range p.parents {
		if !p.pair() {
			return true
		}
		of, _ := s.weekly(s.between(int(parent), s.lo, s.hi), weeks)
		if lnRise(counts, of) > lnSpecific {
			return false
		}
	}
	return true
}

// growth compares the last third of the weeks with what the share of the first third
// would have made of it.
func growth(counts, totals []int) (observed int, expected float64) {
	third := len(counts) / 3
	var before, beforeAll, afterAll int
	for i := range third {
		before += counts[i]
		beforeAll += totals[i]
		observed += counts[len(counts)-1-i]
		afterAll += totals[len(counts)-1-i]
	}
	if beforeAll == 0 {
		return observed, math.Inf(1)
	}
	return observed, float64(before) * float64(afterAll) / float64(beforeAll)
}

// grows says whether a key grows enough, surely enough, and not by one week alone.
func (s *slide) grows(f *finding, counts, totals []int, fam family) bool {
	if f.observed < s.d.cfg.MinIncidents || float64(f.observed) < s.d.cfg.MinGrowth*f.expected {
		return false
	}
	if f.lnP = lnRise(counts, totals); f.lnP > fam.lnLine {
		return false
	}
	best := 0
	for i, c := range counts {
		if f.most = max(f.most, c); c > counts[best] {
			best = i
		}
	}
	rest, restOf := append([]int(nil), counts...), append([]int(nil), totals...)
	rest[best], restOf[best] = 0, 0
	return lnRise(rest, restOf) <= lnSteady
}

func (s *slide) trendWithout(f *finding, gone []int32, fam family) bool {
	weeks := s.weeks()
	totals := s.totals(weeks)
	left, _ := s.weekly(gone, weeks)
	for i := range totals {
		totals[i] -= left[i]
	}
	var places []int32
	for _, i := range s.between(f.key, s.lo, s.hi) {
		if j := lower(gone, int(i)); j == len(gone) || gone[j] != i {
			places = append(places, i)
		}
	}
	counts, all := s.weekly(places, weeks)
	if all < s.leastTrend() {
		return false
	}
	rest := *f
	rest.observed, rest.expected = growth(counts, totals)
	return s.grows(&rest, counts, totals, fam)
}
