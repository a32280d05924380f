package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// hours is how far the clocks are advanced, an hour at a time.
const hours = 24

// clocks measures what it costs to know which of very many running clocks are
// due: with a schedule, and by looking at each.
func clocks(out io.Writer, count, rounds int) error {
	dues, now, err := runningClocks(count)
	if err != nil {
		return err
	}
	ids := make([]workflow.ID, count)
	r := rand.New(rand.NewPCG(2, 2))
	for i := range ids {
		ids[i] = workflow.ID{byte(r.Uint32()), byte(r.Uint32()), byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
	}
	before := inUse()
	s := sla.NewSchedule[workflow.ID](0)
	built, err := once(func() error { return setAll(s, ids, dues) })
	if err != nil {
		return err
	}
	size := float64(inUse()-before) / float64(count)

	var next, move, taken, scan []float64
	due := 0
	for range rounds {
		n, err := once(func() error {
			for range asked {
				s.Next()
			}
			return nil
		})
		if err != nil {
			return err
		}
		m, err := once(func() error {
			for i := range asked {
				k := i % count
				if err := s.Set(ids[k], dues[k].Add(time.Duration(i%3)*time.Hour)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		next, move = append(next, float64(n)/asked), append(move, float64(m)/asked)
		if err := setAll(s, ids, dues); err != nil {
			return err
		}
		a, b, found, err := day(s, dues, now)
		if err != nil {
			return err
		}
		taken, scan, due = append(taken, a), append(scan, b), found
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d running clocks\tschedule\tlooking at each\tratio\t\n", count)
	fmt.Fprintf(w, "which is due next, ns\t%.1f\t%.0f\t%.0fx\t\n", slices.Min(next), slices.Min(scan), slices.Min(scan)/slices.Min(next))
	perHour := float64(due) / hours
	fmt.Fprintf(w, "advance by an hour, µs (%.0f due)\t%.0f\t%.0f\t%.0fx\t\n", perHour, slices.Min(taken)/1e3, slices.Min(scan)/1e3, slices.Min(scan)/slices.Min(taken))
	fmt.Fprintf(w, "of that for each due, ns\t%.0f\t\t\t\n", slices.Min(taken)/perHour)
	fmt.Fprintf(w, "another due time, ns\t%.0f\t\t\t\n", slices.Min(move))
	fmt.Fprintf(w, "made anew from stored timers, ms\t%.0f\t\t\t\n", float64(built.Microseconds())/1e3)
	fmt.Fprintf(w, "bytes a clock\t%.0f\t\t\t\n", size)
	runtime.KeepAlive(dues)
	return w.Flush()
}

// runningClocks starts so many clocks in the last days before an instant, and
// returns when they are due. All of them are still running then.
func runningClocks(count int) ([]time.Time, time.Time, error) {
	office, err := calendar.New("Europe/Berlin", calendar.Named("office"), calendar.Weekly(time.Monday, time.Friday, "09:00-17:30"))
	if err != nil {
		return nil, time.Time{}, err
	}
	engine, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved,
		Goals: []sla.Goal{sla.Within(24*time.Hour, calendar.Always(), 1), sla.Within(80*time.Hour, office)}})
	if err != nil {
		return nil, time.Time{}, err
	}
	now := time.Date(2026, 3, 11, 9, 0, 0, 0, time.UTC)
	r := rand.New(rand.NewPCG(1, 1))
	dues := make([]time.Time, 0, count)
	for len(dues) < count {
		facts := sla.Facts{Category: workflow.CategoryActive, Priority: 1 + r.IntN(4)}
		opened := now.Add(-time.Duration(r.Int64N(int64(7 * 24 * time.Hour))))
		clocks, _, err := engine.Advance(nil, facts, opened, "")
		if err != nil {
			return nil, now, err
		}
		if clocks[0].Due.After(now) {
			dues = append(dues, clocks[0].Due)
		}
	}
	return dues, now, nil
}

// day advances by an hour at a time, with the schedule and by looking at each
// clock, and returns how many nanoseconds an hour took and how many were due in
// the day. Both must find the same.
func day(s *sla.Schedule[workflow.ID], dues []time.Time, now time.Time) (taken, scan float64, due int, err error) {
	a, err := once(func() error {
		for h := range hours {
			for range s.Due(now.Add(time.Duration(h+1) * time.Hour)) {
				due++
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, 0, err
	}
	found := 0
	b, err := once(func() error {
		for h := range hours {
			from, to := now.Add(time.Duration(h)*time.Hour), now.Add(time.Duration(h+1)*time.Hour)
			for _, at := range dues {
				if at.After(from) && !at.After(to) {
					found++
				}
			}
		}
		return nil
	})
	if err == nil && found != due {
		err = fmt.Errorf("the schedule found %d clocks due, looking at each %d", due, found)
	}
	return float64(a) / hours, float64(b) / hours, due, err
}

// setAll says of every clock when it is due.
func setAll(s *sla.Schedule[workflow.ID], ids []workflow.ID, dues []time.Time) error {
	for i, due := range dues {
		if err := s.Set(ids[i], due); err != nil {
			return err
		}
	}
	return nil
}

// asked is how often a quick answer is asked for in one measurement.
const asked = 1_000_000

// once measures one run, with the clock of package testing.
func once(run func() error) (time.Duration, error) {
	err := flag.Set("test.benchtime", "1x")
	if err != nil {
		return 0, err
	}
	took := testing.Benchmark(func(*testing.B) { err = run() }).T
	return took, err
}

// inUse is the memory that is reachable.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
