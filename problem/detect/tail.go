package detect

import "math"

// lnTail is the logarithm of the chance that k or more of n incidents have a key, when
// the n are drawn blindly from a whole of N of which K have it: the upper tail of the
// hypergeometric distribution, which is Fisher's exact test on one side.
//
// The first term comes from logarithms of factorials, the others from the ratio of
// neighbours; the relative error of the chance is about N·log(N)·1e-16.
func lnTail(k, n, K, N int) float64 {
	lo, hi := max(0, n+K-N), min(n, K)
	switch {
	case k <= lo:
		return 0
	case k > hi:
		return math.Inf(-1)
	case float64(k)*float64(N) <= float64(n)*float64(K): // below the mean: the other tail is short
		return math.Log1p(-math.Exp(lnBelow(k-1, n, K, N, lo)))
	}
	sum, term := 1.0, 1.0
	for x := k; x < hi; x++ {
		term *= float64(K-x) / float64(x+1) * (float64(n-x) / float64(N-K-n+x+1))
		if sum += term; term < sum*1e-17 {
			break
		}
	}
	return min(0, lnDraw(k, n, K, N)+math.Log(sum))
}

// lnBelow is the logarithm of the chance of k or fewer, for k below the mean.
func lnBelow(k, n, K, N, lo int) float64 {
	sum, term := 1.0, 1.0
	for x := k; x > lo; x-- {
		term *= float64(x) / float64(K-x+1) * (float64(N-K-n+x) / float64(n-x+1))
		if sum += term; term < sum*1e-17 {
			break
		}
	}
	return min(0, lnDraw(k, n, K, N)+math.Log(sum))
}

// lnDraw is the logarithm of the chance of exactly k.
func lnDraw(k, n, K, N int) float64 { return lnChoose(K, k) + lnChoose(N-K, n-k) - lnChoose(N, n) }

func lnChoose(n, k int) float64 {
	if k == 0 || k == n {
		return 0
	}
	return lnFactorial(n) - lnFactorial(k) - lnFactorial(n-k)
}

func lnFactorial(n int) float64 {
	l, _ := math.Lgamma(float64(n) + 1)
	return l
}

// lnRise bounds the logarithm of the chance that the incidents of a key lie as late as
// they do, or later: counts says how many there are in each week, totals how many
// incidents of any kind. The statistic is the sum of the numbers of their weeks, which
// is the score test of a Poisson regression on time with the total volume as exposure.
//
// Blind times make it a sum of draws without replacement. By Hoeffding (1963, theorem
// 4) its moment generating function is at most that of draws with replacement, so
// Chernoff's bound holds for it, at any size: the bound is never below the true chance.
func lnRise(counts, totals []int) float64 {
	var K, N, T, S, last int
	for i, c := range counts {
		K += c
		N += totals[i]
		T += i * c
		S += i * totals[i]
		if totals[i] > 0 {
			last = i
		}
	}
	if K == 0 || T*N <= K*S {
		return 0
	}
	if T == K*last {
		return float64(K) * math.Log(float64(totals[last])/float64(N))
	}
	mean := float64(T) / float64(K)
	lo, hi := 0.0, 1.0
	for tilted(totals, last, hi) < mean && hi < 1e3 {
		lo, hi = hi, 2*hi
	}
	for range 50 {
		if mid := (lo + hi) / 2; tilted(totals, last, mid) < mean {
			lo = mid
		} else {
			hi = mid
		}
	}
	var m float64
	for i, n := range totals[:last+1] {
		m += float64(n) / float64(N) * math.Exp(lo*float64(i-last))
	}
	return min(0, float64(K)*math.Log(m)+lo*float64(K*last-T))
}

// tilted is the mean week when weeks weigh e^(tilt·week) more.
func tilted(totals []int, last int, tilt float64) float64 {
	var sum, weight float64
	for i, n := range totals[:last+1] {
		w := float64(n) * math.Exp(tilt*float64(i-last))
		sum += w * float64(i)
		weight += w
	}
	return sum / weight
}
