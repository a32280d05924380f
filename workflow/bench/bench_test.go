package main

import "testing"

// Everybody must take every step of the walk, and twice over, or the figures
// compare different work.
func TestAllContestantsWalkTheWholeWay(t *testing.T) {
	for _, c := range contestants() {
		t.Run(c.name, func(t *testing.T) {
			run, err := c.make()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := run(2 * steps); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestMedian(t *testing.T) {
	for want, ns := range map[float64][]float64{3: {5, 3, 1}, 4: {6, 1, 5, 3}, 7: {7}} {
		if got := median(ns); got != want {
			t.Errorf("median of %v is %v, want %v", ns, got, want)
		}
	}
}

func bench(b *testing.B, maker func() (func(int) error, error)) {
	run, err := maker()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	if err := run(b.N); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkTransition(b *testing.B) {
	for _, c := range contestants() {
		b.Run(c.name, func(b *testing.B) { bench(b, c.make) })
	}
}
