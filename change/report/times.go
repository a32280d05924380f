package report

import (
	"fmt"
	"slices"
	"time"
)

// Times are figures of how long something took, in elapsed time. Cases without one
// of the two instants, or with the second before the first, as of a change that was
// recorded only after it was made, are left out and counted. In JSON, durations
// are nanoseconds.
type Times struct {
	Count   int           `json:"count"` // measured
	LeftOut int           `json:"left_out,omitempty"`
	Mean    time.Duration `json:"mean"`
	Median  time.Duration `json:"median"` // of an even number: halfway between the two in the middle
	P90     time.Duration `json:"p90"`    // the least that nine of ten do not exceed (nearest rank)
}

// Known tells whether anything was measured.
func (t Times) Known() bool { return t.Count > 0 }

// String reads "median 2h0m0s, mean 3h0m0s, p90 8h0m0s of 5, 1 left out".
func (t Times) String() string {
	text := "not known"
	if t.Known() {
		text = fmt.Sprintf("median %v, mean %v, p90 %v of %d", seconds(t.Median), seconds(t.Mean), seconds(t.P90), t.Count)
	}
	if t.LeftOut > 0 {
		text += fmt.Sprintf(", %d left out", t.LeftOut)
	}
	return text
}

func seconds(d time.Duration) time.Duration { return d.Round(time.Second) }

// spans collects durations.
type spans struct {
	all     []time.Duration
	leftOut int
}

func (s *spans) add(from, to time.Time) {
	if from.IsZero() || to.IsZero() || to.Before(from) {
		s.leftOut++
		return
	}
	s.all = append(s.all, to.Sub(from))
}

func (s *spans) times() Times {
	n := len(s.all)
	t := Times{Count: n, LeftOut: s.leftOut}
	if n == 0 {
		return t
	}
	slices.Sort(s.all)
	low, high := s.all[(n-1)/2], s.all[n/2]
	t.Mean, t.Median = mean(s.all), low+(high-low)/2
	t.P90 = s.all[(9*n+9)/10-1]
	return t
}

// mean divides before it adds up: the sum may be more than the 292 years that a
// [time.Duration] holds.
func mean(all []time.Duration) time.Duration {
	var whole, rest time.Duration
	n := time.Duration(len(all))
	for _, d := range all {
		whole += d / n
		rest += d % n
	}
	return whole + rest/n
}
