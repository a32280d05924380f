package detect

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// exact is the upper tail of the hypergeometric distribution by counting, in whole
// numbers: each way from the one before it, and all of them as Vandermonde has it.
func exact(k, n, K, N int) float64 {
	lo, hi := max(0, n+K-N), min(n, K)
	if k > hi {
		return 0
	}
	way := new(big.Int).Mul(new(big.Int).Binomial(int64(K), int64(lo)), new(big.Int).Binomial(int64(N-K), int64(n-lo)))
	sum, all := new(big.Int), new(big.Int)
	for x := lo; x <= hi; x++ {
		if all.Add(all, way); x >= k {
			sum.Add(sum, way)
		}
		way.Mul(way, big.NewInt(int64(K-x)*int64(n-x)))
		way.Div(way, big.NewInt(int64(x+1)*int64(N-K-n+x+1)))
	}
	p, _ := new(big.Rat).SetFrac(sum, all).Float64()
	return p
}

func TestTheTailIsExactForEverySmallTable(t *testing.T) {
	for N := 1; N <= 14; N++ {
		for n := 0; n <= N; n++ {
			for K := 0; K <= N; K++ {
				for k := 0; k <= N+1; k++ {
					require.InDelta(t, exact(k, n, K, N), math.Exp(lnTail(k, n, K, N)), 1e-12, "k=%d n=%d K=%d N=%d", k, n, K, N)
				}
			}
		}
	}
}

func TestTheTailIsExactForLargeTables(t *testing.T) {
	for _, c := range [][4]int{
		{12, 350, 40, 25_000}, {40, 9_000, 60, 25_000}, {150, 350, 5_000, 25_000}, {5, 350, 5, 25_000}, {1, 1, 1, 100_000},
		{90, 2_000, 1_200, 60_000}, {30, 2_000, 1_200, 60_000}, {600, 5_000, 700, 6_000},
	} {
		want, got := exact(c[0], c[1], c[2], c[3]), math.Exp(lnTail(c[0], c[1], c[2], c[3]))
		require.InEpsilon(t, want, got, 1e-7, "%v", c)
	}
}

// rises counts, over all ways to give K of the incidents a key, those in which they lie
// as late as they do.
func rises(counts, totals []int) float64 {
	var K, N, T int
	for i, c := range counts {
		K, N, T = K+c, N+totals[i], T+i*c
	}
	ways := map[[2]int]*big.Int{{0, 0}: big.NewInt(1)} // by draws and sum
	for i, n := range totals {
		next := map[[2]int]*big.Int{}
		for at, w := range ways {
			for c := 0; c <= min(n, K-at[0]); c++ {
				to := [2]int{at[0] + c, at[1] + i*c}
				if next[to] == nil {
					next[to] = new(big.Int)
				}
				next[to].Add(next[to], new(big.Int).Mul(w, new(big.Int).Binomial(int64(n), int64(c))))
			}
		}
		ways = next
	}
	sum := new(big.Int)
	for at, w := range ways {
		if at[0] == K && at[1] >= T {
			sum.Add(sum, w)
		}
	}
	p, _ := new(big.Rat).SetFrac(sum, new(big.Int).Binomial(int64(N), int64(K))).Float64()
	return p
}

func TestTheBoundOfATrendIsNeverBelowTheTruthNorFarAbove(t *testing.T) {
	for _, c := range []struct{ counts, totals []int }{
		{[]int{0, 1, 3, 6}, []int{20, 20, 20, 20}},
		{[]int{0, 0, 0, 9}, []int{20, 20, 20, 20}},
		{[]int{5, 5, 5, 5}, []int{20, 20, 20, 20}},
		{[]int{6, 3, 1, 0}, []int{20, 20, 20, 20}},
		{[]int{1, 1, 2, 3, 4, 6, 7, 9, 11}, []int{60, 40, 50, 70, 60, 0, 80, 70, 60}},
		{[]int{0, 0, 0, 0, 2, 0, 4, 12, 14}, []int{30, 30, 30, 30, 30, 30, 30, 30, 30}},
		{[]int{0, 2, 2, 0}, []int{1, 90, 90, 0}},
		{[]int{0, 0, 0}, []int{3, 3, 3}},
		{[]int{0, 0, 3}, []int{0, 0, 3}},
	} {
		truth, bound := rises(c.counts, c.totals), math.Exp(lnRise(c.counts, c.totals))
		require.GreaterOrEqual(t, bound*(1+1e-12), truth, "%v of %v", c.counts, c.totals)
		if truth < 1e-4 {
			require.Less(t, math.Log(bound), 0.7*math.Log(truth), "%v of %v", c.counts, c.totals)
		}
	}
}

func FuzzTails(f *testing.F) {
	f.Add(3, 10, 5, 40)
	f.Fuzz(func(t *testing.T, k, n, K, N int) {
		N = 1 + abs(N)%3000
		n, K, k = abs(n)%(N+1), abs(K)%(N+1), abs(k)%(N+2)
		got := lnTail(k, n, K, N)
		require.False(t, math.IsNaN(got))
		require.LessOrEqual(t, got, 0.0)
		require.LessOrEqual(t, lnTail(k+1, n, K, N), got+1e-9, "less likely with more")
		require.InDelta(t, exact(k, n, K, N), math.Exp(got), 1e-9)
		require.InDelta(t, got, lnTail(k, K, n, N), 1e-7*max(1, -got), "drawing and marking may change places")
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}

// Tarone's division: at most k tests are able to be as sure as level/k, and no smaller
// k will do.
func TestTheLevelIsDividedAmongTheTestsThatCould(t *testing.T) {
	hopes := func(list ...float64) (h []hope) {
		for _, p := range list {
			h = append(h, hope{math.Log(p), 1})
		}
		return h
	}
	for name, c := range map[string]struct {
		hopes []hope
		want  int
	}{
		"none could":             {hopes(0.2, 0.3, 0.5), 1},
		"all could":              {hopes(1e-9, 1e-9, 1e-9, 1e-9), 4},
		"one could":              {hopes(1e-9, 0.2, 0.3, 0.04), 2},
		"counted by how many":    {[]hope{{math.Log(1e-9), 1000}, {math.Log(0.5), 5000}}, 1000},
		"a line between, by ten": {append(hopes(1e-9, 1e-9, 1e-9), hope{math.Log(0.01), 100}), 6},
	} {
		f := divide(c.hopes, 0.05, 1)
		require.Equal(t, c.want, f.tests, name)
		able := func(k int) (n int) {
			for _, h := range c.hopes {
				if h.lnP <= math.Log(0.05)-math.Log(float64(k)) {
					n += h.tests
				}
			}
			return n
		}
		require.LessOrEqual(t, able(f.tests), f.tests, name)
		require.InDelta(t, 0.05, f.adjusted(f.lnLine), 1e-12, name)
	}
}

func TestWordsOfATitle(t *testing.T) {
	require.Equal(t, []string{"printer", "on", "printer on", "floor", "on floor", "jams", "floor jams"}, words("Printer on floor JAMS"))
	require.Equal(t, []string{"drucker", "größe", "drucker größe", "vpn"}, words("Drucker-Größe 4711, vpn"))
	require.Empty(t, words("4711 a 0 !"))
	require.Equal(t, []string{"very", "bad", "very bad", "bad very"}, words("very bad very bad"), "each word once")
}
