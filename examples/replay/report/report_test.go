package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/examples/replay/report"
	"github.com/itsm-go/itsm/examples/replay/snlog"
	"github.com/itsm-go/itsm/problem/detect"
)

var update = flag.Bool("update", false, "write the golden files anew")

// invented are figures of no log at all, with every part of a report in them.
func invented() report.Figures {
	day := 24 * time.Hour
	pace := func(n int, h float64) report.Pace {
		e := time.Duration(h * float64(time.Hour))
		return report.Pace{
			Elapsed:  report.Spread{Count: n, Mean: 4 * e, Median: e, P90: 9 * e},
			Business: report.Spread{Count: n, Mean: e, Median: e / 4, P90: 3 * e},
		}
	}
	return report.Figures{
		Source: report.Source{
			Name: "sample", From: time.Date(2025, 3, 3, 6, 42, 0, 0, time.UTC), To: time.Date(2025, 9, 9, 9, 42, 0, 0, time.UTC),
			Calendar: "Monday to Friday, 08:00 to 18:00 UTC", Goals: "resolution: 4 hours (1), 30 office hours (others)",
		},
		Logged: snlog.Logged{
			Incidents: 2000, Events: 11479, MalformedRows: 3,
			EventsByState: map[string]int{"New": 2916, "Active": 3157, "Awaiting User Info": 1238, "Resolved": 2073, "Closed": 2008, "-100": 87},
			Reopened:      33, Reassigned: 904, ByPriority: map[string]int{"1": 24, "2": 37, "3": 1877, "4": 62},
			MadeSLA: snlog.Verdicts{True: 1248, False: 752},
		},
		Replayed: &report.Replayed{
			Incidents: 2000, Events: 11360, Reopened: 31, Reassigned: 904,
			EventsByState: map[string]int{"New": 2916, "Active": 3155, "Awaiting User Info": 1238, "Resolved": 2050, "Closed": 2001},
			ByPriority:    map[string]int{"1": 24, "2": 37, "3": 1877, "4": 62},
			MadeSLA:       snlog.Verdicts{True: 1230, False: 770},
			Messages:      map[string]int{"incident.opened": 2000, "incident.sla_breach": 839},
			Targets: map[string]report.Target{
				"response": {Verdicts: report.Verdicts{Met: 1710, Breached: 262, Open: 28}, ByPriority: map[string]report.Verdicts{
					"1": {Met: 20, Breached: 4}, "2": {Met: 30, Breached: 7}, "3": {Met: 1605, Breached: 244, Open: 28}, "4": {Met: 55, Breached: 7}}},
				"resolution": {Verdicts: report.Verdicts{Met: 1422, Breached: 577, Open: 1}, ByPriority: map[string]report.Verdicts{
					"1": {Met: 3, Breached: 21}, "2": {Met: 9, Breached: 28}, "3": {Met: 1360, Breached: 516, Open: 1}, "4": {Met: 50, Breached: 12}}},
			},
			Months: []report.Month{
				{Month: "2025-03", Opened: 650, Resolved: 498, Closed: 420, Backlog: 152}, {Month: "2025-04", Opened: 677, Resolved: 640, Closed: 610, Backlog: 189},
				{Month: "2025-05", Opened: 646, Resolved: 655, Closed: 668, Backlog: 180}, {Month: "2025-06", Opened: 27, Resolved: 122, Closed: 190, Backlog: 85},
				{Month: "2025-07", Resolved: 51, Closed: 66, Backlog: 34}, {Month: "2025-08", Resolved: 25, Closed: 31, Backlog: 9}, {Month: "2025-09", Resolved: 9, Closed: 15},
			},
			Assign: pace(1950, .1), Resolve: pace(1999, 46),
			ResolveBy: map[string]report.Pace{"1": pace(24, 79), "2": pace(37, 36), "3": pace(1876, 21.6), "4": pace(62, 5)},
			Holds: []report.Hold{
				{Reason: "Awaiting User Info", Incidents: 470, Spells: 512, Elapsed: 4300 * day, Business: 1250 * day},
				{Reason: "Awaiting Vendor", Incidents: 22, Spells: 23, Elapsed: 900 * day, Business: 265 * day},
				{Reason: "Awaiting Problem", Incidents: 19, Spells: 20, Elapsed: 310 * day, Business: 90 * day},
				{Reason: "Awaiting Evidence", Incidents: 2, Spells: 2, Elapsed: 40 * day, Business: 12 * day},
			},
			Held: []report.Held{
				{Target: "resolution", Group: "Service Desk", Business: 30 * day, Breaches: 300}, {Target: "resolution", Group: "Workplace North", Business: 10 * day, Breaches: 270},
				{Target: "response", Group: "", Business: 4 * day},
			},
			Groups: []report.Busy{
				{Name: "Service Desk", Incidents: 781, Reopened: 12, Median: report.Spread{Count: 760, Median: 30 * time.Hour}},
				{Name: "Workplace North", Incidents: 122, Reopened: 2, Median: report.Spread{Count: 120, Median: 51 * time.Hour}},
				{Incidents: 97, Median: report.Spread{Count: 90, Median: 45 * time.Minute}},
			},
			Categories: []report.Busy{
				{Name: "Account and password", Incidents: 290, Reopened: 4, Median: report.Spread{Count: 290, Median: 20 * time.Hour}},
				{Name: "R&D <lab>", Incidents: 4, Median: report.Spread{Median: 90 * time.Hour}},
			},
		},
		Problems: &report.Problems{
			From: time.Date(2025, 4, 7, 0, 0, 0, 0, time.UTC), To: time.Date(2025, 9, 9, 0, 0, 0, 0, time.UTC), Days: 156, Tests: 41200, Level: .05,
			Proposals: []report.Proposal{
				{Kind: detect.Cluster, Key: "item switch-7", Found: time.Date(2025, 5, 6, 0, 0, 0, 0, time.UTC), Evenings: 2, Observed: 40, Expected: .3, Chance: 2e-11,
					Evidence: "item switch-7: 40 incidents in the 1 day of 6 May 2025, where the 64 days before let expect 0.3."},
				{Kind: detect.Trend, Key: "category R&D <lab>", Found: time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), Evenings: 5, Observed: 1101, Expected: 339, Chance: .004,
					Evidence: "category R&D <lab> grows: 1,101 incidents in the 4 weeks from 5 May to 1 June 2025."},
			},
			Shuffled: &report.Shuffled{Logs: 100, WithAny: 1, Proposals: 2},
			Pareto: []report.Pareto{{Pareto: detect.Pareto{Dimension: "category", Total: 10, Vital: 1, Gini: .3,
				Rows: []detect.ParetoRow{{Value: "R&D <lab>", Amount: 8, Share: .8, Cumulative: .8}, {Value: "other", Amount: 2, Share: .2, Cumulative: 1}}}}},
		},
		Refused: map[string]int{"unknown state -100": 87, "closed is final": 29, "event is older than the one before it": 3},
		Breach:  "INC0000007, P3\nresolution: goal 4h0m0s by office hours\n  +5h0m0s  Mon to Mon  open hours & more\n",
	}
}

// loggedOnly are the same figures before anything was replayed.
func loggedOnly() report.Figures {
	f := invented()
	f.Replayed, f.Problems, f.Refused, f.Breach = nil, nil, nil, ""
	return f
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestTextForATerminal(t *testing.T) {
	for name, f := range map[string]report.Figures{"replayed.txt": invented(), "logged.txt": loggedOnly()} {
		var out bytes.Buffer
		require.NoError(t, f.WriteText(&out))
		golden(t, name, out.Bytes())
	}
}

func TestOneJSONObject(t *testing.T) {
	got, err := invented().JSON()
	require.NoError(t, err)
	golden(t, "replayed.json", got)
}

// A page is read as XML, which is stricter than any browser: every element is
// closed, every attribute quoted, every name escaped.
func TestThePageIsWellFormedAndNeedsNothingElse(t *testing.T) {
	for name, f := range map[string]report.Figures{"replayed": invented(), "logged only": loggedOnly(), "nothing": {}} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, f.WriteHTML(&out))
			page := out.String()
			d := xml.NewDecoder(&out)
			d.Entity = xml.HTMLEntity
			depth := 0
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				switch e := token.(type) {
				case xml.StartElement:
					depth++
					require.NotContains(t, []string{"script", "link", "img", "iframe", "object"}, e.Name.Local)
					for _, a := range e.Attr {
						require.NotContains(t, []string{"src", "href", "onload", "onclick"}, a.Name.Local)
					}
				case xml.EndElement:
					depth--
				}
			}
			require.Zero(t, depth)
			require.NotContains(t, page, "url(")
			require.NotContains(t, page, "@import")
			require.NotContains(t, page, "rgb", "every colour of a chart has a role")
			require.NotContains(t, page, "NaN")
		})
	}
}

func TestEveryChartHasANameAndATable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, invented().WriteHTML(&out))
	page := out.String()
	charts := strings.Count(page, "<svg ")
	require.Equal(t, 8, charts)
	require.Equal(t, charts, strings.Count(page, `role="img" aria-label="`))
	require.GreaterOrEqual(t, strings.Count(page, "<table>"), charts)
	require.Contains(t, page, "R&amp;D &lt;lab&gt;")
	require.Contains(t, page, "prefers-color-scheme: dark")
	require.Contains(t, page, "@media print")
}

func TestNoMedianOfNothing(t *testing.T) {
	f := invented()
	f.Replayed.Assign, f.Replayed.Resolve = report.Pace{}, report.Pace{}
	var out bytes.Buffer
	require.NoError(t, f.WriteHTML(&out))
	require.Contains(t, out.String(), "assigned within – and resolved within –; one in ten took longer than –.")
}

func TestAFailingWriterIsReported(t *testing.T) {
	r, w := io.Pipe()
	require.NoError(t, r.Close())
	require.ErrorIs(t, invented().WriteText(w), io.ErrClosedPipe)
	require.ErrorIs(t, invented().WriteHTML(w), io.ErrClosedPipe)
}

func TestATallyAddsUpRecords(t *testing.T) {
	at := func(month, day, hour int) time.Time {
		return time.Date(2025, time.Month(month), day, hour, 0, 0, 0, time.UTC)
	}
	met, missed := report.Verdict{Target: "resolution", Met: true}, report.Verdict{Target: "resolution", Met: true, Breached: true}
	var tally report.Tally
	tally.Event("New")
	tally.Event("Resolved")
	tally.Event("Resolved")
	tally.Add(report.Record{
		Opened: at(3, 1, 8), Assigned: at(3, 1, 9), Resolved: at(3, 1, 18), Closed: at(3, 6, 18), AssignBusiness: time.Hour, ResolveBusiness: 9 * time.Hour,
		Priority: 3, Group: "A", Category: "x", Reassignment: 2, Targets: []report.Verdict{met},
		Held:  []report.Hand{{"resolution", "A", 9 * time.Hour, false}},
		Holds: []report.Spell{{"User", 3 * time.Hour, time.Hour}, {"User", time.Hour, time.Hour}, {"Vendor", time.Hour, 0}},
	})
	tally.Add(report.Record{
		Opened: at(3, 31, 8), Resolved: at(4, 1, 8), Closed: at(5, 1, 0), ResolveBusiness: 10 * time.Hour, Priority: 3, Group: "B", Category: "x", Reopens: 1,
		Targets: []report.Verdict{missed}, Held: []report.Hand{{"resolution", "A", time.Hour, false}, {"resolution", "B", 11 * time.Hour, true}, {"response", "", 0, false}},
	})
	tally.Add(report.Record{Opened: at(4, 2, 0), Priority: 1, Group: "B", Category: "y", Targets: []report.Verdict{{Target: "resolution"}}})
	got := tally.Replayed()

	require.Equal(t, 3, got.Incidents)
	require.Equal(t, 3, got.Events)
	require.Equal(t, map[string]int{"New": 1, "Resolved": 2}, got.EventsByState)
	require.Equal(t, map[string]int{"1": 1, "3": 2}, got.ByPriority)
	require.Equal(t, 1, got.Reopened)
	require.Equal(t, 1, got.Reassigned)
	require.Equal(t, snlog.Verdicts{True: 2, False: 1}, got.MadeSLA)
	require.Equal(t, map[string]report.Target{"resolution": {
		Verdicts:   report.Verdicts{Met: 1, Breached: 1, Open: 1},
		ByPriority: map[string]report.Verdicts{"1": {Open: 1}, "3": {Met: 1, Breached: 1}},
	}}, got.Targets)
	require.Equal(t, []report.Month{
		{Month: "2025-03", Opened: 2, Resolved: 1, Closed: 1, Backlog: 1},
		{Month: "2025-04", Opened: 1, Resolved: 1, Backlog: 1},
		{Month: "2025-05", Closed: 1, Backlog: 1},
	}, got.Months)
	require.Equal(t, report.Spread{Count: 1, Mean: time.Hour, Median: time.Hour, P90: time.Hour}, got.Assign.Elapsed)
	require.Equal(t, report.Spread{Count: 2, Mean: 17 * time.Hour, Median: 10 * time.Hour, P90: 24 * time.Hour}, got.Resolve.Elapsed)
	require.Equal(t, 10*time.Hour, got.ResolveBy["3"].Business.P90)
	require.Equal(t, []report.Hold{
		{Reason: "User", Incidents: 1, Spells: 2, Elapsed: 4 * time.Hour, Business: 2 * time.Hour},
		{Reason: "Vendor", Incidents: 1, Spells: 1, Elapsed: time.Hour},
	}, got.Holds)
	require.Equal(t, []report.Held{{Target: "resolution", Group: "B", Business: 11 * time.Hour, Breaches: 1}, {Target: "resolution", Group: "A", Business: 10 * time.Hour}, {Target: "response"}}, got.Held)
	require.Equal(t, "B", got.Groups[0].Name)
	require.Equal(t, report.Busy{Name: "x", Incidents: 2, Reopened: 1, Median: report.Spread{Count: 2, Mean: 17 * time.Hour, Median: 10 * time.Hour, P90: 24 * time.Hour}}, got.Categories[0])
}

func TestMonthsAreThoseOfTheZone(t *testing.T) {
	tally := report.Tally{Zone: time.FixedZone("UTC+9", 9*60*60)}
	tally.Add(report.Record{Opened: time.Date(2025, 3, 31, 20, 0, 0, 0, time.UTC)})
	require.Equal(t, []report.Month{{Month: "2025-04", Opened: 1, Backlog: 1}}, tally.Replayed().Months)
}
