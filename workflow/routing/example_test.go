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
		Groups: []routing.Group{{Name: "desk", Strategy: routing.RoundRobin, Members: []routing.Member{
			{Person: "ann"},
			{Person: "bob", Absences: []routing.Absence{{From: day(3), Until: day(5), Reason: "on leave"}}},
			{Person: "cho"}}}}})
	if err != nil {
		panic(err)
	}
	kept := map[string]routing.Turn{}
	for n := 2; n <= 6; n++ { // Monday to Friday
		situation := routing.Situation{At: day(n), Turns: kept}
		d, err := router.Route(routing.Work{}, situation)
		if err != nil {
			panic(err)
		}
		situation.Take(d)
		fmt.Println(day(n).Format("Mon"), d.Person, kept["desk"])
	}
	// Output:
	// Mon ann {ann 0}
	// Tue cho {cho 2}
	// Wed ann {ann 0}
	// Thu bob {bob 1}
	// Fri cho {cho 2}
}

func day(n int) time.Time { return time.Date(2026, 3, n, 9, 0, 0, 0, time.UTC) }

func ExampleRouter_Lint() {
	p := policy
	p.Default = nil
	p.Rules = append(p.Rules, routing.Rule{Name: "wifi", To: routing.Target{Group: "service desk"}, Condition: routing.Condition{When: []routing.Test{
		{Fact: "category", Op: routing.Equals, Values: []string{"network"}}, {Fact: "subcategory", Op: routing.Equals, Values: []string{"wifi"}}}}})
	router, err := routing.New(p)
	if err != nil {
		panic(err)
	}
	for _, f := range router.Lint() {
		fmt.Println(f)
	}
	// Output:
	// incidents: no_default: work that no rule takes is refused
	// wifi: shadowed: rule network takes all that it would take
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

func ExampleTraffic() {
	at := func(h int) time.Time { return time.Date(2026, 3, 2, h, 0, 0, 0, time.UTC) }
	var traffic routing.Traffic
	for range 3 {
		traffic.Add([]routing.Hop{{At: at(8), Group: "desk"}, {At: at(9), Group: "network"}, {At: at(11), Group: "desk"}}, at(12))
	}
	traffic.Add([]routing.Hop{{At: at(8), Group: "desk"}, {At: at(9), Group: "network"}}, at(12))
	worst := traffic.Pairs()[0]
	fmt.Printf("%s sent %s %d, %d came straight back after %v together\n", worst.From, worst.To, worst.Handed, worst.Bounced, worst.Lost)
	// Output:
	// desk sent network 4, 3 came straight back after 6h0m0s together
}

func ExampleWatcher() {
	hours, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Monday, time.Friday, "08:00-18:00"))
	if err != nil {
		panic(err)
	}
	w, err := routing.NewWatcher(routing.Monitor{Name: "nobody works on it", After: routing.Duration(4 * time.Hour),
		Repeat: routing.Duration(2 * time.Hour), Times: 2, Hours: hours, Do: []string{"tell:group"},
		Escalate: []routing.Escalation{{From: 2, Do: []string{"tell:manager"}}}})
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
	// 2026-03-09 11:00:00 +0000 UTC 2 [tell:group tell:manager]
}
