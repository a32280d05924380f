package report_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/report"
)

// at is a time in March 2026, "02 15:04", or on another day of 2026, "04-02 15:04".
func at(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	if len(text) == len("02 15:04") {
		text = "03-" + text
	}
	t, err := time.Parse("2006-01-02 15:04", "2026-"+text)
	if err != nil {
		panic(err)
	}
	return t
}

func march() report.Period { return report.Period{From: at("01 00:00"), To: at("04-01 00:00")} }

// one is a case that was closed in March, with what a test changes.
func one(change func(*report.Case)) report.Case {
	c := report.Case{ID: "1", Type: report.Normal, Outcome: report.Successful,
		Requested: at("02 08:00"), Approved: at("03 08:00"), PlannedStart: at("04 22:00"), PlannedEnd: at("04 23:00"),
		Started: at("04 22:00"), Ended: at("04 23:00"), Closed: at("05 09:00")}
	if change != nil {
		change(&c)
	}
	return c
}

// open is a case that nothing has come of yet.
func open(change func(*report.Case)) report.Case {
	return one(func(c *report.Case) {
		c.Started, c.Ended, c.Closed, c.Outcome = time.Time{}, time.Time{}, time.Time{}, ""
		change(c)
	})
}

func TestWhatCounts(t *testing.T) {
	for _, test := range []struct {
		name string
		c    report.Case
		want func(*report.Summary)
	}{
		{"successful", one(nil), func(s *report.Summary) { s.Successful = 1 }},
		{"with issues", one(func(c *report.Case) { c.Outcome = report.SuccessfulWithIssues }), func(s *report.Summary) { s.SuccessfulWithIssues = 1 }},
		{"unsuccessful and backed out", one(func(c *report.Case) { c.Outcome, c.BackedOut = report.Unsuccessful, true }), func(s *report.Summary) { s.Unsuccessful, s.BackedOut = 1, 1 }},
		{"closed without a word", one(func(c *report.Case) { c.Outcome = "" }), func(s *report.Summary) { s.NoOutcome = 1 }},
		{"cancelled: its end is not late", one(func(c *report.Case) { c.Outcome, c.Cancelled, c.Ended = "", true, at("04 23:30") }), func(s *report.Summary) { s.Cancelled, s.Timed = 1, 0 }},
		{"rejected, then cancelled", one(func(c *report.Case) { c.Outcome, c.Cancelled, c.Rejected = "", true, true }), func(s *report.Summary) { s.Rejected, s.Timed = 1, 0 }},
		{"late", one(func(c *report.Case) { c.Ended = at("04 23:01") }), func(s *report.Summary) { s.Successful, s.Late = 1, 1 }},
		{"never planned, so not late", one(func(c *report.Case) { c.PlannedEnd = time.Time{} }), func(s *report.Summary) { s.Successful, s.Timed = 1, 0 }},
		{"what else it was", one(func(c *report.Case) {
			c.Type, c.Unauthorized, c.Expedited, c.Conflicting = report.Emergency, true, true, true
			c.Caused = []report.Caused{{Incident: "a"}, {Incident: "b"}}
		}), func(s *report.Summary) {
			s.Successful, s.Emergency, s.Unauthorized, s.Expedited, s.Tally.Conflicting, s.CausedIncidents = 1, 1, 1, 1, 1, 1
		}},
		{"closed with the first instant", one(func(c *report.Case) { c.Requested, c.Closed = at("02-27 08:00"), march().From }), func(s *report.Summary) { s.Successful, s.Requested = 1, 0 }},
		{"closed when March was over", one(func(c *report.Case) { c.Closed = march().To }), func(s *report.Summary) { s.Closed, s.Timed, s.Backlog.Open = 0, 0, 1 }},
		{"closed before March", one(func(c *report.Case) { c.Requested, c.Closed = at("02-02 08:00"), at("02-27 08:00") }), func(s *report.Summary) { s.Closed, s.Timed, s.Requested = 0, 0, 0 }},
		{"requested after March", open(func(c *report.Case) { c.Requested = march().To }), func(s *report.Summary) { s.Closed, s.Timed, s.Requested = 0, 0, 0 }},
		{"overdue", open(func(*report.Case) {}), func(s *report.Summary) { s.Closed, s.Timed, s.Backlog.Open, s.Backlog.Overdue = 0, 0, 1, 1 }},
		{"started in time", open(func(c *report.Case) { c.Started = at("04 22:00") }), func(s *report.Summary) { s.Closed, s.Timed, s.Backlog.Open = 0, 0, 1 }},
		{"started after March", open(func(c *report.Case) { c.Started = at("04-02 22:00") }), func(s *report.Summary) { s.Closed, s.Timed, s.Backlog.Open, s.Backlog.Overdue = 0, 0, 1, 1 }},
		{"starts when March is over", open(func(c *report.Case) { c.PlannedStart, c.PlannedEnd = march().To, at("04-01 01:00") }), func(s *report.Summary) { s.Closed, s.Timed, s.Backlog.Open = 0, 0, 1 }},
		{"on hold, in conflict", open(func(c *report.Case) { c.PlannedStart, c.OnHold, c.Conflicting = time.Time{}, true, true }), func(s *report.Summary) {
			s.Closed, s.Timed, s.Backlog.Open, s.Backlog.OnHold, s.Backlog.Conflicting = 0, 0, 1, 1, 1
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := report.Summarize([]report.Case{test.c}, march())
			require.NoError(t, err)
			got.Lead, got.Approval, got.Implementation = report.Times{}, report.Times{}, report.Times{}
			want := report.Summary{Period: march(), Requested: 1, Tally: report.Tally{Closed: 1, Timed: 1}}
			test.want(&want)
			require.Equal(t, want, got)
		})
	}
}

func TestHowLongThingsTake(t *testing.T) {
	hours := func(all ...int) []report.Case {
		var cases []report.Case
		for i, h := range all {
			cases = append(cases, one(func(c *report.Case) {
				c.ID, c.Ended = fmt.Sprint(i), c.Started.Add(time.Duration(h)*time.Hour)
			}))
		}
		return cases
	}
	for _, test := range []struct {
		name  string
		cases []report.Case
		want  report.Times
	}{
		{"none", nil, report.Times{}},
		{"one is all of them", hours(3), report.Times{Count: 1, Mean: 3 * time.Hour, Median: 3 * time.Hour, P90: 3 * time.Hour}},
		{"an even number, in any order", hours(9, 1, 4, 2), report.Times{Count: 4, Mean: 4 * time.Hour, Median: 3 * time.Hour, P90: 9 * time.Hour}},
		{"nine of ten do not exceed 9", hours(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), report.Times{Count: 10, Mean: 330 * time.Minute, Median: 330 * time.Minute, P90: 9 * time.Hour}},
		{"without a start it is left out", []report.Case{one(func(c *report.Case) { c.Started = time.Time{} })}, report.Times{LeftOut: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := report.Summarize(test.cases, march())
			require.NoError(t, err)
			require.Equal(t, test.want, s.Implementation)
		})
	}
	t.Run("recorded after it was made", func(t *testing.T) {
		s, err := report.Summarize([]report.Case{one(func(c *report.Case) { c.Requested = at("05 08:00") })}, march())
		require.NoError(t, err)
		require.Equal(t, report.Times{LeftOut: 1}, s.Lead)
	})
	t.Run("together longer than a duration holds", func(t *testing.T) {
		var cases []report.Case
		for i := range 5 {
			cases = append(cases, one(func(c *report.Case) { c.ID, c.Requested = fmt.Sprint(i), c.Started.AddDate(-200, 0, 0) }))
		}
		s, err := report.Summarize(cases, march())
		require.NoError(t, err)
		require.Equal(t, s.Lead.Median, s.Lead.Mean)
	})
}

func TestARatioOfNothing(t *testing.T) {
	s, err := report.Summarize(nil, march())
	require.NoError(t, err)
	for _, r := range []report.Ratio{s.Success(), s.Clean(), s.EmergencyShare(), s.UnauthorizedShare(), s.BackedOutShare(), s.LateShare()} {
		require.False(t, r.Known())
		require.Zero(t, r.Percent())
		require.Equal(t, "none of 0", r.String())
	}
	require.Equal(t, "1 of 3 (33.3 %)", report.Ratio{Part: 1, Of: 3}.String())
}

func TestMistakesAreToldTogether(t *testing.T) {
	cases := []report.Case{
		{}, one(nil), one(nil),
		one(func(c *report.Case) {
			c.ID, c.Type, c.Outcome, c.Cancelled, c.Team = "2", "big", "fine", true, "\xff"
			c.Ended, c.PlannedEnd = at("01 00:00"), at("01 00:00")
			c.Caused = []report.Caused{{Incident: "INC1", Priority: -1, At: at("02 00:00"), Restored: at("01 00:00")}}
		}),
		one(func(c *report.Case) { c.ID, c.Caused = "3", make([]report.Caused, report.MaxCaused+1) }),
	}
	_, err := report.By(cases, report.Period{From: at("02 00:00"), To: at("02 00:00")}, report.Dimension{Name: "x"})
	require.ErrorIs(t, err, report.ErrInvalid)
	for _, want := range []string{"case 1: has no id", `case "1": is there twice`, `type "big"`, `outcome "fine"`, "cancelled or rejected, and has an outcome", `"\xff" must be text`,
		"started 2026-03-04T22:00:00Z, after it ended", "planned to start", `incident "INC1" began`, "priority of 0 or more", "caused 10001 incidents", "has no length", `"x" has no function`} {
		require.ErrorContains(t, err, want)
	}
	require.ErrorIs(t, report.Validate(cases), report.ErrInvalid)
	for name, call := range map[string]func() error{
		"summary": func() error { _, err := report.Summarize(cases, march()); return err },
		"dora":    func() error { _, err := report.DORA(cases, march()); return err },
		"history": func() error { _, err := report.History(cases, nil); return err },
		"trend":   func() error { _, err := report.Over(nil, march(), "year", nil); return err },
		"too long": func() error {
			_, err := report.Over(nil, report.Period{From: at("01 00:00").AddDate(-2000, 0, 0), To: at("01 00:00")}, report.Month, time.UTC)
			return err
		},
		"too late": func() error {
			_, err := report.Summarize(nil, report.Period{From: at("01 00:00"), To: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)})
			return err
		},
	} {
		require.ErrorIs(t, call(), report.ErrInvalid, name)
	}
	many := make([]report.Case, 1000)
	require.ErrorContains(t, report.Validate(many), "and more")
}

func TestByADimension(t *testing.T) {
	cases := []report.Case{
		one(func(c *report.Case) { c.ID, c.Team, c.Model, c.Risk, c.Service = "a", "network", "m2", "low", "mail" }),
		one(func(c *report.Case) { c.ID, c.Team, c.Outcome = "b", "database", report.Unsuccessful }),
		one(func(c *report.Case) { c.ID, c.Team, c.Type = "c", "network", report.Standard }),
		one(func(c *report.Case) { c.ID, c.Team, c.Closed = "d", "mainframe", at("04-02 00:00") }),
	}
	for _, test := range []struct {
		by   report.Dimension
		want string
	}{
		{report.ByTeam(), "database 1 network 2 "}, {report.ByType(), "normal 2 standard 1 "}, {report.ByModel(), " 2 m2 1 "},
		{report.ByRisk(), " 2 low 1 "}, {report.ByService(), " 2 mail 1 "},
	} {
		b, err := report.By(cases, march(), test.by)
		require.NoError(t, err)
		got := ""
		for _, r := range b.Rows {
			got += fmt.Sprint(r.Name, " ", r.Closed, " ")
		}
		require.Equal(t, test.want, got, test.by.Name)
		require.Equal(t, 3, b.Total.Closed)
	}
}

func TestHistoryIsWhatCameOut(t *testing.T) {
	caused := []report.Caused{{Priority: 1}, {Priority: 2}, {Priority: 2}, {Priority: 3}, {Priority: 4}, {}}
	cases := []report.Case{
		one(func(c *report.Case) { c.ID, c.Team = "a", "network" }),
		one(func(c *report.Case) { c.ID, c.Team, c.Outcome, c.Caused = "b", "network", report.Unsuccessful, caused }),
		one(func(c *report.Case) { c.ID, c.Team, c.Outcome = "c", "network", report.SuccessfulWithIssues }),
		one(func(c *report.Case) { c.ID, c.Team, c.Outcome, c.Caused = "d", "network", "", caused }),
		one(func(c *report.Case) { c.ID, c.Team = "e", "database" }),
	}
	h, err := report.History(cases, func(c report.Case) bool { return c.Team == "network" })
	require.NoError(t, err)
	require.Equal(t, report.Counts{Successful: 1, SuccessfulWithIssues: 1, Unsuccessful: 1, P1Caused: 1, P2Caused: 2, P3Caused: 1}, h)
	all, err := report.History(cases, nil)
	require.NoError(t, err)
	require.Equal(t, 2, all.Successful)
}

func TestJSONIsSnakeCaseAndWhole(t *testing.T) {
	c := one(func(c *report.Case) { c.Caused = []report.Caused{{Incident: "INC1", Priority: 1, At: at("05 10:00")}} })
	data, err := json.Marshal(c)
	require.NoError(t, err)
	var again report.Case
	require.NoError(t, json.Unmarshal(data, &again))
	require.Equal(t, c, again)
	d, err := report.DORA([]report.Case{one(func(c *report.Case) { c.Deployment = true })}, march())
	require.NoError(t, err)
	data, err = json.Marshal(d)
	require.NoError(t, err)
	require.Contains(t, string(data), `"change_fail_rate":{"known":true,"part":0,"of":1}`)
}
