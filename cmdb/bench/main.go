package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/itsm-go/itsm/cmdb/graph"
)

func main() {
	nodes := flag.Int("nodes", 1_000_000, "how many items the graph has")
	rounds := flag.Int("rounds", 5, "how often each thing is measured; the best is printed")
	testing.Init()
	flag.Parse()
	if err := report(os.Stdout, max(100, *nodes), max(1, *rounds)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// contestant is a library with the graph loaded.
type contestant struct {
	name   string
	load   time.Duration
	bytes  float64               // an edge
	impact func(node uint32) int // how many items depend on it, itself not counted
}

// report measures everything on a graph of so many items, and on a tenth of it.
func report(out io.Writer, nodes, rounds int) error {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	for _, size := range []int{nodes / 10, nodes} {
		on, err := generate(size)
		if err != nil {
			return err
		}
		field := []func(*world) (contestant, error){ours, limit, gonumGraph}
		if size != nodes {
			field = append(field, dominikbraun)
		}
		fmt.Fprintf(w, "%d items, %d relations\tload, ms\tbytes/relation\thub, ms\tratio\ttypical, ns\tratio\t\n", size, len(on.edges))
		var hub, typical float64
		for i, load := range field {
			c, err := load(on)
			if err != nil {
				return err
			}
			times, err := repeats(c, on)
			if err != nil {
				return err
			}
			h, n, err := best(rounds, 1, func() int { return c.impact(on.hub) })
			if err != nil {
				return err
			}
			t, m, err := best(rounds, times, func() int { return c.impact(on.typical) })
			if err != nil {
				return err
			}
			if i == 0 {
				hub, typical = h, t
				on.hubSize, on.typicalSize = n, m
			}
			if n != on.hubSize || m != on.typicalSize {
				return fmt.Errorf("%s finds %d and %d items, ours %d and %d", c.name, n, m, on.hubSize, on.typicalSize)
			}
			fmt.Fprintf(w, "%s\t%.0f\t%.1f\t%.2f\t%.2fx\t%.0f\t%.1fx\t\n", c.name, float64(c.load.Microseconds())/1e3, c.bytes, h/1e6, h/hub, t, t/typical)
		}
		fmt.Fprintf(w, "the hub carries %d, the typical item %d\t\t\t\t\t\t\t\n", on.hubSize, on.typicalSize)
		if err := more(w, on, rounds); err != nil {
			return err
		}
		fmt.Fprintln(w, "\t\t\t\t\t\t\t")
	}
	return w.Flush()
}

// repeats is how often a quick answer is asked for in one measurement.
func repeats(c contestant, w *world) (int, error) {
	took, err := once(func() { c.impact(w.typical) })
	return int(min(max(50*time.Millisecond/max(took, 1), 1), 100_000)), err
}

// once measures one run, with the clock of package testing.
func once(run func()) (time.Duration, error) {
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		return 0, err
	}
	return testing.Benchmark(func(*testing.B) { run() }).T, nil
}

// best returns the nanoseconds of the best round, and what was found.
func best(rounds, repeats int, run func() int) (nanoseconds float64, found int, err error) {
	var all []float64
	for range rounds {
		took, err := once(func() {
			for range repeats {
				found = run()
			}
		})
		if err != nil {
			return 0, 0, err
		}
		all = append(all, float64(took)/float64(repeats))
	}
	return slices.Min(all), found, nil
}

// more measures what only this library does.
func more(w io.Writer, on *world, rounds int) error {
	g, err := graph.New(on.nodes, on.edges, nil)
	if err != nil {
		return err
	}
	var im graph.Impact
	if err := im.Of(g.View(), graph.Query{Down: []graph.Node{graph.Node(on.typical)}}); err != nil {
		return err
	}
	k := 0
	var failed error
	add, _, err := best(rounds, 100, func() int {
		k++
		failed = errors.Join(failed, g.Update(func(e *graph.Edit) error {
			return e.AddEdge(graph.Edge{From: graph.Node(k * 7919 % on.nodes), To: graph.Node(k % on.nodes)})
		}), im.Of(g.View(), graph.Query{Down: []graph.Node{graph.Node(on.typical)}}))
		return 0
	})
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	fmt.Fprintf(w, "one relation added, and the typical impact, µs\t\t\t\t\t%.1f\t\t\n", add/1e3)
	points, err := cluster()
	if err != nil {
		return err
	}
	single, _, err := best(rounds, 1, func() int { list, err := points.SinglePoints(0); failed = err; return len(list) })
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	cuts, n, err := best(rounds, 1, func() int { list, err := points.CutSets(0, 3); failed = err; return len(list) })
	if err := errors.Join(err, failed); err != nil {
		return err
	}
	fmt.Fprintf(w, "single points of failure of a service over %d items, ms\t\t\t%.2f\t\t\t\t\n", points.Nodes(), single/1e6)
	fmt.Fprintf(w, "its %d cut sets of up to 3, ms\t\t\t%.2f\t\t\t\t\n", n, cuts/1e6)
	return nil
}

// measured loads a library, and finds how long that takes and how much memory it
// needs.
func measured(name string, edges int, load func() (func(uint32) int, error)) (contestant, error) {
	c := contestant{name: name}
	before := inUse()
	var failed, err error
	c.load, err = once(func() { c.impact, failed = load() })
	c.bytes = float64(inUse()-before) / float64(edges)
	return c, errors.Join(err, failed)
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
