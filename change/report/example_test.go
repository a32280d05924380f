package report_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/change/report"
)

// month is three changes of March and one that is still to come.
func month() ([]report.Case, report.Period) {
	day := func(d, hour int) time.Time { return time.Date(2026, 3, d, hour, 0, 0, 0, time.UTC) }
	cases := []report.Case{
		{ID: "1", Number: "CHG0000001", Type: report.Normal, Team: "database", Requested: day(2, 8), Approved: day(4, 8), PlannedStart: day(6, 22), PlannedEnd: day(6, 23),
			Started: day(6, 22), Ended: day(6, 23), Closed: day(9, 9), Outcome: report.Successful, Deployment: true, Commit: day(5, 23)},
		{ID: "2", Number: "CHG0000002", Type: report.Normal, Team: "network", Requested: day(3, 8), Approved: day(3, 20), PlannedStart: day(10, 20), PlannedEnd: day(10, 22),
			Started: day(10, 20), Ended: day(10, 23), Closed: day(11, 9), Outcome: report.Unsuccessful, BackedOut: true, Deployment: true, Commit: day(9, 23),
			Caused: []report.Caused{{Incident: "INC0000007", Priority: 1, At: day(10, 21), Restored: day(10, 23)}}},
		{ID: "3", Number: "CHG0000003", Type: report.Emergency, Team: "network", Requested: day(11, 8), Approved: day(11, 9), Started: day(11, 10), Ended: day(11, 11),
			Closed: day(12, 9), Outcome: report.SuccessfulWithIssues, Deployment: true, Commit: day(11, 9)},
		{ID: "4", Number: "CHG0000004", Type: report.Standard, Team: "database", Requested: day(20, 8), PlannedStart: day(30, 22), OnHold: true},
	}
	return cases, report.Period{From: day(1, 0), To: day(32, 0)}
}

// A month of changes, in figures.
func Example() {
	cases, march := month()
	s, err := report.Summarize(cases, march)
	if err != nil {
		panic(err)
	}
	fmt.Print(s)
	// Output:
	// Changes, 2026-03-01 00:00 UTC to 2026-04-01 00:00 UTC
	// requested               4
	// closed                  3
	//   successful            1
	//   with issues           1
	//   unsuccessful          1
	//   without an outcome    0
	//   cancelled             0
	//   rejected              0
	// success                 2 of 3 (66.7 %)
	// success without issues  1 of 3 (33.3 %)
	// emergency               1 of 3 (33.3 %)
	// expedited               0 of 3 (0.0 %)
	// unauthorized            0 of 3 (0.0 %)
	// backed out              1 of 3 (33.3 %)
	// conflicting             0 of 3 (0.0 %)
	// caused incidents        1 of 3 (33.3 %)
	// ended late              1 of 2 (50.0 %)
	// until the start         median 110h0m0s, mean 97h20m0s, p90 180h0m0s of 3
	// until approval          median 12h0m0s, mean 20h20m0s, p90 48h0m0s of 3
	// implementation          median 1h0m0s, mean 1h40m0s, p90 3h0m0s of 3
	// open at the end         1
	//   overdue               1
	//   on hold               1
	//   conflicting           0
}

// Who makes changes well.
func ExampleBy() {
	cases, march := month()
	teams, err := report.By(cases, march, report.ByTeam())
	if err != nil {
		panic(err)
	}
	fmt.Print(teams)
	// Output:
	// team      closed  successful  with issues  unsuccessful  success  emergency  backed out  late
	// database  1       1           0            0             100.0 %  0.0 %      0.0 %       0.0 %
	// network   2       0           1            1             50.0 %   50.0 %     50.0 %      100.0 %
	// in all    3       1           1            1             66.7 %   33.3 %     33.3 %      50.0 %
}

// Week by week, also those in which nothing was closed.
func ExampleOver() {
	cases, march := month()
	march.To = march.From.AddDate(0, 0, 20)
	weeks, err := report.Over(cases, march, report.Week, time.UTC)
	if err != nil {
		panic(err)
	}
	fmt.Print(weeks)
	// Output:
	// week      closed  successful  with issues  unsuccessful  success  emergency  backed out  late
	// 2026-W09  0       0           0            0             -        -          -           -
	// 2026-W10  0       0           0            0             -        -          -           -
	// 2026-W11  3       1           1            1             66.7 %   33.3 %     33.3 %      50.0 %
	// 2026-W12  0       0           0            0             -        -          -           -
	// in all    3       1           1            1             66.7 %   33.3 %     33.3 %      50.0 %
}

// How software is delivered.
func ExampleDORA() {
	cases, march := month()
	d, err := report.DORA(cases, march)
	if err != nil {
		panic(err)
	}
	fmt.Print(d)
	// Output:
	// Delivery, 2026-03-01 00:00 UTC to 2026-04-01 00:00 UTC
	// deployment frequency             0.10 a day, 0.68 a week: 3 on 3 of 31 days
	// change lead time                 median 24h0m0s, mean 16h40m0s, p90 24h0m0s of 3
	// change fail rate                 1 of 3 (33.3 %)
	// failed deployment recovery time  median 2h0m0s, mean 2h0m0s, p90 2h0m0s of 1
	// deployment rework rate           1 of 3 (33.3 %)
}

// What a risk assessment wants to know of the team's experience.
func ExampleHistory() {
	cases, _ := month()
	h, err := report.History(cases, func(c report.Case) bool { return c.Team == "network" })
	if err != nil {
		panic(err)
	}
	fmt.Printf("%+v\n", h)
	// Output:
	// {Successful:0 SuccessfulWithIssues:1 Unsuccessful:1 P1Caused:1 P2Caused:0 P3Caused:0}
}
