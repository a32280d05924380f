package routing_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/routing"
)

var policy = routing.Policy{
	Name: "incidents", Version: 1,
	Rules: []routing.Rule{
		{Name: "vpn", Condition: routing.Condition{When: []routing.Test{{Fact: "ci", Op: routing.Prefix, Values: []string{"vpn-"}}}},
			To: routing.Target{Group: "network", Needs: []routing.Skill{{Name: "vpn", Level: 2}}}},
		{Name: "network", Condition: routing.Condition{When: []routing.Test{{Fact: "category", Op: routing.Equals, Values: []string{"network"}}}},
			To: routing.Target{Group: "network"}},
	},
	Default: &routing.Target{Group: "service desk"},
	Groups: []routing.Group{
		{Name: "network", Strategy: routing.LeastLoaded, Members: []routing.Member{
			{Person: "ann", Capacity: 4, Skills: []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: 3}}}},
			{Person: "bob", Capacity: 8},
		}},
		{Name: "service desk"},
	},
}

func ExampleRouter_Route() {
	router, err := routing.New(policy)
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	loads := map[string]routing.Load{"ann": {Weight: 3}, "bob": {Weight: 2}}
	for _, facts := range []routing.Facts{
		{"category": {"network"}},
		{"category": {"network"}, "ci": {"vpn-7"}},
		{"category": {"printer"}},
	} {
		d, err := router.Route(routing.Work{Facts: facts}, routing.Situation{At: now, Loads: loads})
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s %q: %s\n", d.Group, d.Person, d.Why)
	}
	// Output:
	// network "bob": has the least to do
	// network "ann": has the least to do
	// service desk "": the group decides among itself
}

func ExampleRouter_Explain() {
	router, err := routing.New(policy)
	if err != nil {
		panic(err)
	}
	work := routing.Work{Facts: routing.Facts{"category": {"network"}}, Weight: 2}
	d, err := router.Route(work, routing.Situation{At: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		Loads: map[string]routing.Load{"ann": {Weight: 3}}})
	if err != nil {
		panic(err)
	}
	fmt.Print(router.Explain(work, d))
	// Output:
	// rule vpn: not so: ci begins with vpn-
	// rule network holds
	// ann of network: full: has 3 of 4, the work is 2
	// goes to bob of network: has the least to do
}

// Whose turn it was is kept by the host, for example in the record of the group.
func ExampleTurn() {
	router, err := routing.New(routing.Policy{Name: "desk", Version: 1, Default: &routing.Target{Group: "desk"},
		Groups: []routing.Group{{Name: "desk", Strategy: routing.RoundRobin, Members: []routing.Member{{Person: "ann"}, {Person: "bob"}, {Person: "cho"}}}}})
	if err != nil {
		panic(err)
	}
	turns := map[string]routing.Turn{}
	day := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for range 5 {
		d, err := router.Route(routing.Work{}, routing.Situation{At: day, Turns: turns})
		if err != nil {
			panic(err)
		}
		turns[d.Group] = *d.Turn
		fmt.Println(day.Format("Mon"), d.Person)
		day = day.AddDate(0, 0, 1)
	}
	// Output:
	// Mon ann
	// Tue bob
	// Wed cho
	// Thu ann
	// Fri bob
}

func ExampleBounces() {
	at := func(h int) time.Time { return time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC) }
	history := []routing.Hop{{At: at(8), Group: "desk"}, {At: at(9), Group: "network"}, {At: at(11), Group: "server"}, {At: at(15), Group: "network"}}
	for _, b := range routing.Bounces(history, routing.BounceRules{}, at(16)) {
		fmt.Println(b)
	}
	// Output:
	// return: network > server > network in 4h0m0s
}

func ExampleWatcher() {
	hours, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Monday, time.Friday, "08:00-18:00"))
	if err != nil {
		panic(err)
	}
	w, err := routing.NewWatcher(routing.Monitor{Name: "nobody works on it", After: routing.Duration(4 * time.Hour),
		Repeat: routing.Duration(2 * time.Hour), Times: 2, Hours: hours, Do: []string{"tell:group"}})
	if err != nil {
		panic(err)
	}
	friday := time.Date(2026, 3, 6, 15, 0, 0, 0, time.UTC) // 16:00 in Berlin
	watch := w.Touch(routing.Watch{}, "open", nil, friday)
	fmt.Println("look again at", watch.Next) // set a timer
	watch, alerts := w.Advance(watch, friday.AddDate(0, 0, 7))
	for _, a := range alerts {
		fmt.Println(a.At, a.Times, a.Do)
	}
	// Output:
	// look again at 2026-03-09 09:00:00 +0000 UTC
	// 2026-03-09 09:00:00 +0000 UTC 1 [tell:group]
	// 2026-03-09 11:00:00 +0000 UTC 2 [tell:group]
}
