package detect_test

import (
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/detect"
)

// most is the largest rate that is not refuted at 95 % by so many of n (Clopper and
// Pearson).
func most(hits, n int) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		p := (lo + hi) / 2
		below := 0.0
		for x := 0; x <= hits; x++ {
			a, _ := math.Lgamma(float64(n + 1))
			b, _ := math.Lgamma(float64(x + 1))
			c, _ := math.Lgamma(float64(n - x + 1))
			below += math.Exp(a - b - c + float64(x)*math.Log(p) + float64(n-x)*math.Log1p(-p))
		}
		if below > 0.05 {
			lo = p
		} else {
			hi = p
		}
	}
	return hi
}

// bare has no guards: what is left is the statistics alone.
func bare() detect.Config {
	return detect.Config{MinIncidents: 3, MinRatio: 1, MinDeviation: 1e-9, MaxRecurrence: 1, MinGrowth: 1, MaxShare: 1}
}

// The share of shuffled logs from which anything at all is proposed, on any day, by any
// key and window, is at most the level. Real bursts are in the log before it is shuffled,
// so that keys are as uneven as they are in life.
func TestFewerShuffledLogsThanTheLevelPropose(t *testing.T) {
	log := noise(random(1), 110, 14)
	log = plant(random(2), log, 60, 1, 25)
	log = plant(random(3), log, 80, 20, 60)
	for name, c := range map[string]struct {
		cfg    detect.Config
		logs   int
		needed float64
	}{
		"with the defaults": {detect.Config{}, 240, 0.05},
		"without guards":    {bare(), 240, 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			d := detector(t, c.cfg)
			require.NotEmpty(t, scan(t, d, log).Proposals, "the log as it is has something to tell")
			var wg sync.WaitGroup
			alarm := make([]bool, c.logs)
			for half := range 2 {
				wg.Go(func() {
					for i := half; i < c.logs; i += 2 {
						r, err := d.Scan(values(shuffled(random(1000+i), log)))
						alarm[i] = err != nil || len(r.Proposals) > 0
					}
				})
			}
			wg.Wait()
			wrong := 0
			for _, bad := range alarm {
				if bad {
					wrong++
				}
			}
			t.Logf("%d of %d shuffled logs propose something, at most %.4f of all", wrong, c.logs, most(wrong, c.logs))
			require.LessOrEqual(t, most(wrong, c.logs), c.needed)
		})
	}
}

// More of everything is no problem of anything.
func TestGrowthThatAllShareProposesNothing(t *testing.T) {
	for seed := range 20 {
		r := random(50 + seed)
		var log []detect.Incident
		for day := range 110 {
			for range 4 + day*day/300 { // ten times as many in the end
				log = append(log, about(r, len(log), at(day, r.IntN(1440))))
			}
		}
		require.Empty(t, scan(t, detector(t, detect.Config{}), log).Proposals, "seed %d", seed)
	}
}

// recall is in how many of so many logs what was planted is found on the evening of its
// last day, by an item with so many incidents a week before.
func recall(t *testing.T, logs, days, n int, weekly float64) int {
	d := detector(t, detect.Config{})
	found := 0
	for seed := range logs {
		r := random(7000 + seed)
		log := noise(r, 105, 25)
		log = plant(r, log, 0, 105, int(weekly*15+0.5))
		from := 94 - days // to a Wednesday: few incidents on a Sunday would make one day easy
		log = plant(r, log, from, days, n)
		if has(run(t, d, 93, log).Proposals, attr("ci", "planted")) {
			found++
		}
	}
	return found
}

// The table of the documentation.
func TestWhatIsPlantedIsFound(t *testing.T) {
	for _, c := range []struct {
		days   int
		weekly float64
		n      int
		least  int // of 40
	}{
		{1, 0, 4, 0}, {1, 0, 5, 38}, {1, 0, 8, 38}, {1, 2, 6, 0}, {1, 2, 8, 8}, {1, 2, 12, 38},
		{7, 0, 6, 0}, {7, 0, 10, 38}, {7, 2, 10, 0}, {7, 2, 16, 18}, {7, 2, 24, 38}, {7, 10, 20, 0}, {7, 10, 40, 38},
		{28, 2, 24, 0}, {28, 2, 40, 25}, {28, 10, 60, 0}, {28, 10, 90, 25},
	} {
		t.Run(fmt.Sprintf("%d days, %v a week before, %d more", c.days, c.weekly, c.n), func(t *testing.T) {
			t.Parallel()
			got := recall(t, 40, c.days, c.n, c.weekly)
			t.Logf("found in %d of 40", got)
			require.GreaterOrEqual(t, got, c.least)
		})
	}
}
