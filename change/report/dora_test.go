package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/report"
)

// deployed is a deployment of March, 24 hours after its commit.
func deployed(id string, change func(*report.Case)) report.Case {
	return one(func(c *report.Case) {
		c.ID, c.Deployment, c.Commit = id, true, c.Ended.Add(-24*time.Hour)
		if change != nil {
			change(c)
		}
	})
}

func TestHowSoftwareIsDelivered(t *testing.T) {
	down := report.Caused{Incident: "INC1", Priority: 1, At: at("05 00:00"), Restored: at("05 02:00")}
	cases := []report.Case{
		deployed("good", nil),
		deployed("with issues", func(c *report.Case) { c.Outcome = report.SuccessfulWithIssues }),
		deployed("failed", func(c *report.Case) { c.Outcome = report.Unsuccessful }),
		deployed("backed out", func(c *report.Case) { c.BackedOut = true }),
		deployed("broke it", func(c *report.Case) { c.Caused = []report.Caused{down, {Incident: "INC2", At: at("06 00:00")}} }),
		deployed("broke it too", func(c *report.Case) { c.Caused = []report.Caused{down} }),
		deployed("fix", func(c *report.Case) { c.Type, c.Ended, c.Closed = report.Emergency, at("06 00:30"), at("06 08:00") }),
		deployed("rushed", func(c *report.Case) { c.Expedited = true }),
		deployed("not reviewed", func(c *report.Case) { c.Commit, c.Outcome, c.Closed = time.Time{}, "", time.Time{} }),
		deployed("given up", func(c *report.Case) { c.Cancelled, c.Outcome = true, "" }),
		deployed("later", func(c *report.Case) { c.Ended = march().To }),
		one(func(c *report.Case) { c.ID, c.Outcome = "no deployment", report.Unsuccessful }),
	}
	d, err := report.DORA(cases, march())
	require.NoError(t, err)
	require.Equal(t, report.Frequency{Known: true, Deployments: 9, Days: 31, DaysWithAny: 2}, d.Frequency)
	require.InDelta(t, 9.0/31, d.Frequency.PerDay(), 1e-9)
	require.InDelta(t, 63.0/31, d.Frequency.PerWeek(), 1e-9)
	require.Equal(t, report.Share{Known: true, Ratio: report.Ratio{Part: 4, Of: 9}}, d.Failures)
	require.Equal(t, report.Share{Known: true, Ratio: report.Ratio{Part: 2, Of: 9}}, d.Rework)
	require.Equal(t, 24*time.Hour, d.Lead.Median)
	require.Equal(t, 9, d.Lead.Count)
	require.Equal(t, 1, d.Lead.FromRequest)
	require.Equal(t, 2*time.Hour, d.Recovery.Median)
	require.Equal(t, 2, d.Recovery.Incidents, "what two deployments caused together counts once")
	require.Equal(t, 1, d.Recovery.NotRestored)
	require.Equal(t, 1, d.Recovery.Count)
}

func TestWhatTheDataDoNotTell(t *testing.T) {
	none := []report.Case{one(nil)}
	april := []report.Case{deployed("later", func(c *report.Case) { c.Ended = march().To })}
	noStart := []report.Case{deployed("x", func(c *report.Case) { c.Commit, c.Requested = time.Time{}, time.Time{} })}
	causes := func(i report.Caused) []report.Case {
		return []report.Case{deployed("x", func(c *report.Case) { c.Caused = []report.Caused{i} })}
	}
	const marked, deployments = "no change is marked as a deployment", "no deployments in the period"
	for _, test := range []struct {
		name                            string
		cases                           []report.Case
		frequency, lead, fail, recovery string
	}{
		{"no change is a deployment", none, marked, marked, marked, marked},
		{"none in March: that is a frequency", april, "", deployments, deployments, deployments},
		{"nothing broke", []report.Case{deployed("x", nil)}, "", "", "", "no deployment caused an incident"},
		{"no beginning", noStart, "", "no deployment tells when it began", "", "no deployment caused an incident"},
		{"still broken", causes(report.Caused{Incident: "INC1", At: at("05 00:00")}), "", "", "", "none of 1 incidents is restored"},
		{"broken since nobody knows when", causes(report.Caused{Incident: "INC1", Restored: at("05 00:00")}), "", "", "", "no incident tells when it began"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, err := report.DORA(test.cases, march())
			require.NoError(t, err)
			require.Equal(t, []string{test.frequency, test.lead, test.fail, test.fail, test.recovery},
				[]string{d.Frequency.Reason, d.Lead.Reason, d.Failures.Reason, d.Rework.Reason, d.Recovery.Reason})
			require.Equal(t, []bool{test.frequency == "", test.lead == "", test.fail == "", test.fail == "", test.recovery == ""},
				[]bool{d.Frequency.Known, d.Lead.Known, d.Failures.Known, d.Rework.Known, d.Recovery.Known})
			require.NotContains(t, d.String(), "NaN")
		})
	}
}

// March has 31 days in Berlin, although an hour of it is missing.
func TestDaysAreThoseOfTheCalendar(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	period := report.Period{From: time.Date(2026, 3, 1, 0, 0, 0, 0, berlin), To: time.Date(2026, 4, 1, 0, 0, 0, 0, berlin)}
	d, err := report.DORA([]report.Case{
		deployed("before midnight", func(c *report.Case) { c.Ended = at("04 22:30") }),
		deployed("after midnight in Berlin", func(c *report.Case) { c.Ended = at("04 23:30") }),
	}, period)
	require.NoError(t, err)
	require.Equal(t, 31, d.Frequency.Days)
	require.Equal(t, 2, d.Frequency.DaysWithAny)
}
