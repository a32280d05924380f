package rca_test

import (
	"fmt"
	"os"
	"time"

	"github.com/itsm-go/itsm/problem/rca"
)

func Example() {
	a, err := rca.Parse([]byte(`{
		"title": "Mail stops every Monday",
		"whys": {"problem": "Mail cannot be sent", "answers": [
			{"text": "The disk is full", "verdict": "confirmed", "evidence": "df", "because": [
				{"text": "Nobody rotates the log", "verdict": "confirmed", "evidence": "logrotate has no entry"},
				{"text": "Somebody stores films there", "verdict": "refuted", "evidence": "There are none"}
			]}
		]}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range a.RootCauses() {
		fmt.Printf("%s, after %d steps; evidence: %s\n", c.Text, len(c.Way), c.Evidence)
	}
	a.Whys.Text(os.Stdout)
	// Output:
	// Nobody rotates the log, after 2 steps; evidence: logrotate has no entry
	//   Mail cannot be sent
	//     + The disk is full [df]
	//       + Nobody rotates the log [logrotate has no entry]
	//       - Somebody stores films there [There are none]
}

// Two sites share their power: it stands in the tree twice, and is counted once.
func ExampleFaultTree_Solve() {
	tree := rca.FaultTree{
		Top: "outage",
		Gates: []rca.Gate{
			{ID: "outage", Text: "The shop is down", Kind: rca.And, Inputs: []string{"north", "south"}},
			{ID: "north", Kind: rca.Or, Inputs: []string{"server-n", "power"}},
			{ID: "south", Kind: rca.Or, Inputs: []string{"server-s", "power"}},
		},
		Events: []rca.Event{
			{ID: "server-n", Probability: rca.Chance(0.1)},
			{ID: "server-s", Probability: rca.Chance(0.1)},
			{ID: "power", Probability: rca.Chance(0.002)},
		},
	}
	s, err := tree.Solve()
	if err != nil {
		fmt.Println(err)
		return
	}
	p, _ := s.Probability()
	fmt.Printf("%.4f\n", p)
	sets, _ := s.CutSets(10)
	for _, c := range sets {
		fmt.Println(c.Events)
	}
	list, _ := s.Importance()
	for _, x := range list {
		fmt.Printf("%s: %.0f %% of it goes away without this event, %v times as much if it is certain\n", x.Event, 100*x.Criticality, x.RiskAchievement)
	}
	// Output:
	// 0.0120
	// [power]
	// [server-n server-s]
	// server-n: 83 % of it goes away without this event, 8.5 times as much if it is certain
	// server-s: 83 % of it goes away without this event, 8.5 times as much if it is certain
	// power: 17 % of it goes away without this event, 83.5 times as much if it is certain
}

func ExampleFishbone_Add() {
	f := rca.NewFishbone("Mail cannot be sent", rca.FourDimensions()...)
	f.Add("Information and technology", rca.Cause{Text: "The disk is full"})
	fmt.Println(f.Add("Weather", rca.Cause{Text: "It rains"}))
	fmt.Println(f.Open())
	// Output:
	// rca: category "Weather" is not one of ["Organizations and people" "Information and technology" "Partners and suppliers" "Value streams and processes"]: invalid
	// [The disk is full]
}

func ExampleTimeline_Phases() {
	at := func(hour, minute int) time.Time { return time.Date(2026, 3, 16, hour, minute, 0, 0, time.UTC) }
	t := rca.Timeline{Facts: []rca.Fact{
		{At: at(8, 55), Kind: rca.Began, Text: "The disk is full", Source: "journal"},
		{At: at(9, 12), Kind: rca.Detected, Text: "First call", Source: "INC0004711"},
		{At: at(10, 20), Kind: rca.Diagnosed, Text: "Somebody looks at the disk"},
		{At: at(10, 47), Kind: rca.Restored, Text: "All mail is out"},
	}}
	for _, p := range t.Phases() {
		fmt.Println(p.Name, p.Took)
	}
	fmt.Println(t.Silences(time.Hour)[0].Took, "without a word")
	// Output:
	// detection 17m0s
	// diagnosis 1h8m0s
	// recovery 27m0s
	// 1h8m0s without a word
}
