package detect_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/detect"
)

var firstDay = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) // a Monday

func at(day, minute int) time.Time {
	return firstDay.AddDate(0, 0, day).Add(time.Duration(minute) * time.Minute)
}

func attr(dimension, value string) detect.Attribute { return detect.Attribute{dimension, value} }

// noise is a log in which the time of an incident tells nothing of what it is about,
// although there are more and more incidents, few at weekends, and values of all
// frequencies.
func noise(r *rand.Rand, days, perDay int) []detect.Incident {
	var list []detect.Incident
	for day := range days {
		n := perDay*2/3 + perDay*2*day/(3*days)
		if day%7 >= 5 {
			n /= 5
		}
		for range n {
			list = append(list, about(r, len(list), at(day, r.IntN(1440))))
		}
	}
	return list
}

// about makes an incident: items belong to a category, the first of all are common.
func about(r *rand.Rand, n int, opened time.Time) detect.Incident {
	category := skewed(r, 12)
	item := fmt.Sprintf("%d-%d", category, skewed(r, 6))
	return detect.Incident{
		ID: fmt.Sprintf("i%06d", n), Opened: opened, Caller: fmt.Sprint(r.IntN(400)), Cost: int64(r.IntN(1000)),
		Attributes: []detect.Attribute{
			attr("category", fmt.Sprint("c", category)), attr("ci", item), attr("site", fmt.Sprint("s", skewed(r, 8))),
		},
	}
}

func skewed(r *rand.Rand, n int) int { return min(r.IntN(n), r.IntN(n)) }

// plant adds incidents of an item of its own category at a site: an outage.
func plant(r *rand.Rand, list []detect.Incident, from, days, n int) []detect.Incident {
	for range n {
		inc := about(r, len(list), at(from+r.IntN(days), r.IntN(1440)))
		inc.Attributes = []detect.Attribute{attr("category", "c2"), attr("ci", "planted"), attr("site", fmt.Sprint("s", skewed(r, 8)))}
		list = append(list, inc)
	}
	return list
}

func shuffled(r *rand.Rand, list []detect.Incident) []detect.Incident {
	list = slices.Clone(list)
	r.Shuffle(len(list), func(i, j int) { list[i].Opened, list[j].Opened = list[j].Opened, list[i].Opened })
	return list
}

func random(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 9)) }

func detector(t testing.TB, c detect.Config) *detect.Detector {
	t.Helper()
	d, err := detect.New(c)
	require.NoError(t, err)
	return d
}

func scan(t testing.TB, d *detect.Detector, list []detect.Incident) detect.Report {
	t.Helper()
	r, err := d.Scan(slices.Values(list))
	require.NoError(t, err)
	return r
}

func run(t testing.TB, d *detect.Detector, day int, list []detect.Incident, known ...detect.Known) detect.Day {
	t.Helper()
	r, err := d.Run(at(day, 0), slices.Values(list), known...)
	require.NoError(t, err)
	return r
}

// has says whether one of the proposals is about an attribute.
func has(list []detect.Proposal, a detect.Attribute) bool {
	return slices.ContainsFunc(list, func(p detect.Proposal) bool { return slices.Contains(p.Key, a) })
}

func values(list []detect.Incident) func(func(detect.Incident) bool) { return slices.Values(list) }
