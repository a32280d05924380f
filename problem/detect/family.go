package detect

import (
	"math"
	"slices"
	"sort"
)

// A family is all tests of a day. Its share of the level is divided among those tests
// that could come out as sure as that: a key with few incidents in the whole reference
// has a smallest possible chance, and where that is above the line the test cannot
// propose anything, wrongly or not (Tarone 1990). Which tests those are depends on
// how many incidents each key and window has, not on which incidents fell into the window.
type family struct {
	tests  int     // that the level is divided among
	lnLine float64 // the chance a test must not exceed, as a logarithm
	lnCost float64 // what a chance is multiplied by for all tests of all days
}

// hopes are the smallest possible chances of tests, each with how many have it.
type hope struct {
	lnP   float64
	tests int
}

// divide finds the smallest k such that at most k tests can be as sure as level/k.
func divide(hopes []hope, level float64, horizon int) family {
	slices.SortFunc(hopes, func(a, b hope) int {
		switch {
		case a.lnP < b.lnP:
			return -1
		case a.lnP > b.lnP:
			return 1
		}
		return 0
	})
	sums := make([]int, len(hopes)+1)
	for i, h := range hopes {
		sums[i+1] = sums[i] + h.tests
	}
	lnLevel := math.Log(level) - math.Log(float64(horizon))
	k := 1 + sort.Search(sums[len(hopes)], func(i int) bool {
		line := lnLevel - math.Log(float64(i+1))
		able := sort.Search(len(hopes), func(j int) bool { return hopes[j].lnP > line })
		return sums[able] <= i+1
	})
	lnK := math.Log(float64(k))
	return family{tests: k, lnLine: lnLevel - lnK, lnCost: lnK + math.Log(float64(horizon))}
}

// family finds the tests of the day. It is empty where no window has a past yet.
func (s *slide) family() family {
	cfg := &s.d.cfg
	counts := map[int]int{} // keys by their incidents in the reference
	for k := range s.keys {
		if s.tested(k, cfg.MinIncidents) {
			counts[int(s.whole[k])]++
		}
	}
	var hopes []hope
	for w := range cfg.Windows {
		if !s.usable(w) {
			continue
		}
		for K, tests := range counts {
			n := s.size(w)
			hopes = append(hopes, hope{lnTail(min(K, n), n, K, s.total()), tests})
		}
	}
	if weeks := s.weeks(); weeks >= leastWeeks {
		// No bound is below that of all incidents in the last week.
		totals := s.totals(weeks)
		var N int
		for _, n := range totals {
			N += n
		}
		for K, tests := range counts {
			if lnP := float64(K) * math.Log(float64(totals[weeks-1])/float64(N)); K >= s.leastTrend() && N > 0 {
				hopes = append(hopes, hope{lnP, tests})
			}
		}
	}
	if len(hopes) == 0 {
		return family{}
	}
	return divide(hopes, cfg.Level, cfg.Horizon)
}

// adjusted is a chance after all tests of all days of the horizon are accounted for.
func (f family) adjusted(lnP float64) float64 { return math.Exp(min(0, lnP+f.lnCost)) }
