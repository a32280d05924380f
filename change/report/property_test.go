package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/report"
)

// anything is n cases of every kind, around March.
func anything(n int, seed uint64) []report.Case {
	r := rand.New(rand.NewPCG(seed, 1))
	often := func() bool { return r.IntN(4) > 0 }
	some := func(t time.Time) time.Time {
		if often() {
			return t
		}
		return time.Time{}
	}
	cases := make([]report.Case, n)
	for i := range cases {
		requested := at("02-15 00:00").Add(time.Duration(r.IntN(60*24)) * time.Hour)
		started := requested.Add(time.Duration(r.IntN(200)) * time.Hour)
		ended := started.Add(time.Duration(r.IntN(20)) * time.Hour)
		c := report.Case{ID: fmt.Sprint(i), Type: []report.Type{report.Standard, report.Normal, report.Emergency}[r.IntN(3)],
			Team: fmt.Sprint("team ", r.IntN(20)), Requested: some(requested), Approved: some(requested.Add(time.Hour)),
			PlannedStart: some(started), PlannedEnd: some(started.Add(10 * time.Hour)), Started: some(started), Ended: some(ended), Closed: some(ended.Add(time.Hour)),
			BackedOut: !often(), Unauthorized: !often(), Expedited: !often(), Conflicting: !often(), OnHold: !often(), Deployment: often(), Commit: some(requested)}
		switch {
		case !often():
			c.Cancelled, c.Rejected = r.IntN(2) > 0, r.IntN(2) > 0
		case often():
			c.Outcome = []report.Outcome{report.Successful, report.SuccessfulWithIssues, report.Unsuccessful}[r.IntN(3)]
		}
		if !often() {
			c.Caused = []report.Caused{{Incident: fmt.Sprint("INC", r.IntN(n)), Priority: r.IntN(5), At: some(ended), Restored: some(ended.Add(2 * time.Hour))}}
		}
		cases[i] = c
	}
	return cases
}

// Whatever the cases: nothing is lost or counted twice, no part is more than its
// whole, and all reports agree with one another.
func TestReportsAddUp(t *testing.T) {
	for seed := range uint64(100) {
		cases := anything(200, seed)
		s, err := report.Summarize(cases, march())
		require.NoError(t, err)
		require.Equal(t, s.Closed, s.Judged()+s.NoOutcome+s.Cancelled+s.Rejected)
		require.Equal(t, s.Closed, s.Lead.Count+s.Lead.LeftOut)
		require.LessOrEqual(t, s.Backlog.Overdue, s.Backlog.Open)
		for _, r := range []report.Ratio{s.Success(), s.Clean(), s.EmergencyShare(), s.BackedOutShare(), s.LateShare(), s.UnauthorizedShare()} {
			require.LessOrEqual(t, r.Part, r.Of)
			require.GreaterOrEqual(t, r.Float(), 0.0)
		}
		require.LessOrEqual(t, s.Lead.Median, s.Lead.P90)

		teams, err := report.By(cases, march(), report.ByTeam())
		require.NoError(t, err)
		weeks, err := report.Over(cases, march(), report.Week, time.UTC)
		require.NoError(t, err)
		for _, rows := range [][]report.Row{teams.Rows, weeks.Rows} {
			closed, judged := 0, 0
			for _, r := range rows {
				closed, judged = closed+r.Closed, judged+r.Judged()
			}
			require.Equal(t, []int{s.Closed, s.Judged()}, []int{closed, judged})
		}
		require.Equal(t, s.Tally, teams.Total)
		require.Equal(t, s.Tally, weeks.Total)

		d, err := report.DORA(cases, march())
		require.NoError(t, err)
		require.LessOrEqual(t, d.Frequency.DaysWithAny, min(d.Frequency.Days, d.Frequency.Deployments))
		require.LessOrEqual(t, d.Failures.Part, d.Failures.Of)
		require.Equal(t, d.Recovery.Incidents, d.Recovery.NotRestored+d.Recovery.Count+d.Recovery.LeftOut)
	}
}

// The order of the cases does not matter, and they stay as they are.
func TestTheOrderDoesNotMatter(t *testing.T) {
	cases := anything(300, 7)
	before := slices.Clone(cases)
	s, err := report.Summarize(cases, march())
	require.NoError(t, err)
	require.Equal(t, before, cases)
	slices.Reverse(cases)
	again, err := report.Summarize(cases, march())
	require.NoError(t, err)
	require.Equal(t, s, again)
}

// Neither figures nor tables break, whatever the instants and the names are.
func FuzzReports(f *testing.F) {
	f.Add(int64(1772400000), int64(0), int64(3600), int64(2_678_400), "network", "successful")
	f.Add(int64(-62135596800), int64(1), int64(-1), int64(1), "a\tb\nc", "")
	f.Fuzz(func(t *testing.T, from, requested, ended, length int64, name, outcome string) {
		start := time.Unix(from, 0).UTC()
		period := report.Period{From: start, To: start.Add(time.Duration(length))}
		cases := []report.Case{{ID: name, Team: name, Type: report.Normal, Outcome: report.Outcome(outcome), Deployment: true,
			Requested: start.Add(time.Duration(requested)), Started: start, Ended: start.Add(time.Duration(ended)), Closed: start.Add(time.Duration(ended))}}
		s, err := report.Summarize(cases, period)
		if err != nil {
			require.ErrorIs(t, err, report.ErrInvalid)
			require.Equal(t, report.Summary{}, s)
			return
		}
		b, err := report.By(cases, period, report.ByTeam())
		require.NoError(t, err)
		d, err := report.DORA(cases, period)
		require.NoError(t, err)
		require.NotContains(t, s.String()+b.String()+d.String(), "NaN")
		trend, err := report.Over(cases, period, report.Month, time.UTC)
		if err == nil {
			require.Equal(t, s.Tally, trend.Total)
		}
	})
}

func BenchmarkReport(b *testing.B) {
	cases := anything(100_000, 1)
	b.Run("summarize", func(b *testing.B) {
		for b.Loop() {
			_, _ = report.Summarize(cases, march())
		}
	})
	b.Run("by team", func(b *testing.B) {
		for b.Loop() {
			_, _ = report.By(cases, march(), report.ByTeam())
		}
	})
	b.Run("by week", func(b *testing.B) {
		for b.Loop() {
			_, _ = report.Over(cases, march(), report.Week, time.UTC)
		}
	})
	b.Run("dora", func(b *testing.B) {
		for b.Loop() {
			_, _ = report.DORA(cases, march())
		}
	})
}
