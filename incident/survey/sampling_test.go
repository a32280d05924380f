package survey_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/workflow"
)

func TestASampleIsAsLargeAsItsRate(t *testing.T) {
	const n = 20_000
	source := workflow.SeededIDs(11)
	records := make([]workflow.Ref, n)
	for i := range records {
		records[i] = workflow.Ref{Kind: "incident", ID: source.NewID(monday)}
	}
	count := func(s *survey.Survey, facts map[string]string) int {
		k := 0
		for _, r := range records {
			if s.Samples(r, facts) {
				k++
			}
		}
		return k
	}
	for _, test := range []struct {
		rate survey.Rate
		want int
	}{{0, 0}, {50, n / 200}, {10_00, n / 10}, {12_50, n / 8}, {50_00, n / 2}, {99_99, n - 2}, {survey.Full, n}} {
		d := definition()
		d.Sampling = &survey.Sampling{Rate: test.rate}
		// Five standard deviations of a binomial sample are at most 354.
		require.InDelta(t, test.want, count(compile(t, d), nil), 354, "%v", test.rate)
		if test.rate == 0 || test.rate == survey.Full {
			require.Equal(t, test.want, count(compile(t, d), nil), "nobody and everybody are exact")
		}
	}
	require.Equal(t, n, count(compile(t, definition()), nil), "no sampling asks on all")

	d := definition()
	d.Sampling = &survey.Sampling{Rate: 10_00, By: "entity", Rates: map[string]survey.Rate{"paris": survey.Full, "rome": 0}}
	s := compile(t, d)
	require.Equal(t, n, count(s, map[string]string{"entity": "paris"}))
	require.Zero(t, count(s, map[string]string{"entity": "rome"}))
	require.InDelta(t, n/10, count(s, map[string]string{"entity": "oslo"}), 354, "all others")
}

func TestAHigherRateAsksOnTheSameRecordsAndMore(t *testing.T) {
	sample := func(rate survey.Rate, seed string) *survey.Survey {
		d := definition()
		d.Sampling = &survey.Sampling{Rate: rate, Seed: seed}
		return compile(t, d)
	}
	low, high, other := sample(20_00, "a"), sample(30_00, "a"), sample(20_00, "b")
	differ := 0
	source := workflow.SeededIDs(12)
	for range 5000 {
		r := workflow.Ref{Kind: "incident", ID: source.NewID(monday)}
		if low.Samples(r, nil) {
			require.True(t, high.Samples(r, nil))
		}
		require.Equal(t, low.Samples(r, nil), low.Samples(r, nil))
		if low.Samples(r, nil) != other.Samples(r, nil) {
			differ++
		}
	}
	require.Greater(t, differ, 1000, "another seed draws another sample")
}

func TestWhenAnInvitationIsSent(t *testing.T) {
	day := 24 * time.Hour
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04", s)
		require.NoError(t, err)
		return v
	}
	holiday := survey.Quiet{Name: "spring holidays", From: at("2026-03-06 00:00"), Until: at("2026-03-16 00:00")}
	next := survey.Quiet{Name: "and after them", From: at("2026-03-16 00:00"), Until: at("2026-03-17 12:00")}
	for _, test := range []struct {
		name, closed, sent string
		change             func(*survey.Definition)
	}{
		{"at once", "2026-03-07 23:30", "2026-03-07 23:30", func(d *survey.Definition) { d.Delay = survey.Delay{} }},
		{"after a day of elapsed time", "2026-03-06 15:00", "2026-03-07 15:00", func(d *survey.Definition) { d.Delay = survey.Delay{Elapsed: survey.Duration(day)} }},
		{"in hours the next morning", "2026-03-06 15:30", "2026-03-09 08:00", func(d *survey.Definition) { d.Hours = officeHours(t) }},
		{"after two business hours", "2026-03-06 15:00", "2026-03-09 09:00", func(d *survey.Definition) {
			d.Hours, d.Delay = officeHours(t), survey.Delay{Business: survey.Duration(2 * time.Hour)}
		}},
		{"after two business days", "2026-03-05 10:00", "2026-03-09 10:00", func(d *survey.Definition) {
			d.Hours, d.Delay = officeHours(t), survey.Delay{BusinessDays: 2}
		}},
		{"after a quiet period", "2026-03-06 09:00", "2026-03-16 00:00", func(d *survey.Definition) { d.Quiet = []survey.Quiet{holiday} }},
		{"after two in a row, in any order", "2026-03-06 09:00", "2026-03-17 12:00", func(d *survey.Definition) { d.Quiet = []survey.Quiet{next, holiday} }},
		{"after a quiet period in hours", "2026-03-06 09:00", "2026-03-16 08:00", func(d *survey.Definition) {
			d.Quiet, d.Hours = []survey.Quiet{holiday}, officeHours(t)
		}},
		{"the end of a quiet period is not in it", "2026-03-15 23:00", "2026-03-16 00:00", func(d *survey.Definition) { d.Quiet = []survey.Quiet{holiday} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := standard(t, test.change)
			w.now = at(test.closed)
			inv := w.invite()
			require.Equal(t, at(test.sent), inv.DueAt)
			w.pass(inv.DueAt.Sub(w.now) - time.Second)
			require.Empty(t, w.sent)
			w.pass(time.Second)
			require.Equal(t, []string{survey.TopicInvited}, w.topics())
			require.Equal(t, at(test.sent), w.get(inv.ID).SentAt)
		})
	}
}
