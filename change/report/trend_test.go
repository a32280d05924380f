package report_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/report"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func TestRowsOfATrend(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	year := func(from, to time.Time) report.Period { return report.Period{From: from, To: to} }
	for _, test := range []struct {
		name   string
		zone   *time.Location
		every  report.Interval
		period report.Period
		want   []string
	}{
		{"months, cut off at both ends", berlin, report.Month, year(time.Date(2026, 2, 10, 0, 0, 0, 0, berlin), time.Date(2026, 4, 2, 0, 0, 0, 0, berlin)), []string{
			"2026-02 2026-02-10T00:00:00+01:00", "2026-03 2026-03-01T00:00:00+01:00", "2026-04 2026-04-01T00:00:00+02:00"}},
		{"weeks over the new year and the change of the clocks", berlin, report.Week, year(time.Date(2026, 3, 18, 0, 0, 0, 0, berlin), time.Date(2026, 4, 7, 0, 0, 0, 0, berlin)), []string{
			"2026-W12 2026-03-18T00:00:00+01:00", "2026-W13 2026-03-23T00:00:00+01:00", "2026-W14 2026-03-30T00:00:00+02:00", "2026-W15 2026-04-06T00:00:00+02:00"}},
		{"the ISO year", time.UTC, report.Week, year(at("01-01 00:00"), at("01-06 00:00")), []string{"2026-W01 2026-01-01T00:00:00Z", "2026-W02 2026-01-05T00:00:00Z"}},
		// Lebanon's clocks went from 24:00 to 01:00 on the last day of a March.
		{"a day without midnight", zone(t, "Asia/Beirut"), report.Month, year(time.Date(2001, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2001, 5, 1, 0, 0, 0, 0, time.UTC)), []string{
			"2001-03 2001-03-01T02:00:00+02:00", "2001-04 2001-04-01T00:00:00+03:00", "2001-05 2001-05-01T00:00:00+03:00"}},
		// Cuba's clocks went from 01:00 back to 00:00 on Sunday 1 November 2026.
		{"a day with two midnights", zone(t, "America/Havana"), report.Month, year(time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)), []string{
			"2026-10 2026-10-30T20:00:00-04:00", "2026-11 2026-11-01T00:00:00-04:00"}},
		// Paraguay's clocks went from 24:00 to 01:00 on Sunday 1 October 2017.
		{"a month without its first midnight", zone(t, "America/Asuncion"), report.Month, year(time.Date(2017, 9, 30, 12, 0, 0, 0, time.UTC), time.Date(2017, 10, 2, 0, 0, 0, 0, time.UTC)), []string{
			"2017-09 2017-09-30T08:00:00-04:00", "2017-10 2017-10-01T01:00:00-03:00"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			trend, err := report.Over(nil, test.period, test.every, test.zone)
			require.NoError(t, err)
			var got []string
			for i, r := range trend.Rows {
				got = append(got, r.Name+" "+r.Period.From.Format(time.RFC3339))
				if i > 0 {
					require.True(t, trend.Rows[i-1].Period.To.Equal(r.Period.From), "without a gap")
				}
			}
			require.Equal(t, test.want, got)
			require.True(t, trend.Rows[0].Period.From.Equal(test.period.From))
			require.True(t, trend.Rows[len(trend.Rows)-1].Period.To.Equal(test.period.To))
		})
	}
}

// Midnight belongs to the new month, on the calendar of the zone.
func TestWhatIsClosedAtMidnight(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	midnight := time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)
	var cases []report.Case
	for i, closed := range []time.Time{midnight.Add(-1), midnight, midnight.Add(time.Hour)} {
		cases = append(cases, one(func(c *report.Case) { c.ID, c.Closed = fmt.Sprint(i), closed.UTC() }))
	}
	trend, err := report.Over(cases, report.Period{From: at("01 00:00"), To: at("05-01 00:00")}, report.Month, berlin)
	require.NoError(t, err)
	require.Equal(t, 1, trend.Rows[0].Closed)
	require.Equal(t, 2, trend.Rows[1].Closed)
	require.Equal(t, 3, trend.Total.Closed)
}
