package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"text/tabwriter"
	"time"
)

func main() {
	testing.Init()
	rounds := flag.Int("rounds", 7, "how often each contestant runs; medians are printed")
	length := flag.Duration("length", 200*time.Millisecond, "how long one run takes, about")
	flag.Parse()
	err := flag.Set("test.benchtime", length.String())
	if err == nil {
		err = report(os.Stdout, contestants(), max(1, *rounds))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// report measures in interleaved rounds and prints a table.
func report(out io.Writer, field []contestant, rounds int) error {
	times := make([][]float64, len(field))
	allocs := make([]int64, len(field))
	for range rounds {
		for i, c := range field {
			r, err := c.measure()
			if err != nil {
				return err
			}
			times[i] = append(times[i], float64(r.T.Nanoseconds())/float64(r.N))
			allocs[i] = r.AllocsPerOp()
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "one guarded transition\tns/op\tallocs\tagainst ids\tagainst names\t")
	for i, c := range field {
		fmt.Fprintf(w, "%s\t%.1f\t%d\t%.1fx\t%.1fx\t\n", c.name, median(times[i]), allocs[i],
			median(times[i])/median(times[0]), median(times[i])/median(times[1]))
	}
	return w.Flush()
}

// measure runs the contestant once, and tells if it went astray.
func (c contestant) measure() (testing.BenchmarkResult, error) {
	run, err := c.make()
	if err != nil {
		return testing.BenchmarkResult{}, fmt.Errorf("%s: %w", c.name, err)
	}
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		if e := run(b.N); e != nil {
			err = fmt.Errorf("%s: %w", c.name, e)
			b.FailNow()
		}
	})
	return r, err
}

func median(ns []float64) float64 {
	sorted := slices.Sorted(slices.Values(ns))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
