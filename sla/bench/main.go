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
	rounds := flag.Int("rounds", 7, "how often everything is measured; the best is printed")
	length := flag.Duration("length", 100*time.Millisecond, "how long one measurement takes, about")
	running := flag.Int("clocks", 1_000_000, "how many clocks are running")
	flag.Parse()
	err := flag.Set("test.benchtime", length.String())
	if err == nil {
		err = report(os.Stdout, max(1, *rounds))
	}
	if err == nil {
		fmt.Println()
		err = clocks(os.Stdout, max(1, *running), max(1, *rounds))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// report measures in interleaved rounds and prints a table.
func report(out io.Writer, rounds int) error {
	field, err := contestants()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "ns/op\t")
	for _, c := range field {
		fmt.Fprintf(w, "%s\t", c.name)
	}
	fmt.Fprintln(w, "allocs\trickar/itsm\tsearch/itsm\t")
	for _, op := range operations() {
		if err := agree(field, op); err != nil {
			return err
		}
		times := make([][]float64, len(field))
		var allocs int64
		for range rounds {
			for i, c := range field {
				r := testing.Benchmark(func(b *testing.B) { b.ReportAllocs(); op.run(c, b.N) })
				times[i] = append(times[i], float64(r.T.Nanoseconds())/float64(r.N))
				if i == 0 {
					allocs = r.AllocsPerOp()
				}
			}
		}
		fmt.Fprintf(w, "%s\t", op.name)
		for i := range field {
			fmt.Fprintf(w, "%.1f\t", slices.Min(times[i]))
		}
		ours := slices.Min(times[0])
		fmt.Fprintf(w, "%d\t%.0fx\t%.2fx\t\n", allocs, slices.Min(times[3])/ours, slices.Min(times[2])/ours)
	}
	return w.Flush()
}
