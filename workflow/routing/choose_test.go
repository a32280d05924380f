package routing_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/routing"
)

func TestWhoCannotTakeWork(t *testing.T) {
	saturday := monday.AddDate(0, 0, 5)
	for _, row := range []struct {
		name   string
		member routing.Member
		target routing.Target
		at     time.Time
		load   int
		reason string
	}{
		{"lacks a skill", routing.Member{}, routing.Target{Needs: []routing.Skill{{Name: "vpn"}}}, monday, 0, "lacks vpn"},
		{"not at the level", routing.Member{Skills: []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: 1}}}},
			routing.Target{Needs: []routing.Skill{{Name: "vpn", Level: 2}}}, monday, 0, "vpn at level 1, needed is 2"},
		{"the certificate has run out", routing.Member{Skills: []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: 3}, Until: monday}}},
			routing.Target{Needs: []routing.Skill{{Name: "vpn", Level: 2}}}, monday, 0, "vpn has run out on 2026-03-02"},
		{"the certificate holds for another nanosecond", routing.Member{Skills: []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: 3}, Until: monday.Add(1)}}},
			routing.Target{Needs: []routing.Skill{{Name: "vpn", Level: 2}}}, monday, 0, ""},
		{"absent", routing.Member{Absences: []routing.Absence{{From: monday, Until: monday.Add(time.Hour), Reason: "at the doctor's"}}},
			routing.Target{}, monday, 0, "at the doctor's until 2026-03-02T10:00:00Z"},
		{"back", routing.Member{Absences: []routing.Absence{{From: monday, Until: monday.Add(time.Hour)}}}, routing.Target{}, monday.Add(time.Hour), 0, ""},
		{"off duty", routing.Member{Hours: "office"}, routing.Target{}, saturday, 0, "off duty until 2026-03-09T07:00:00Z"},
		{"on another clock", routing.Member{Hours: "office", Zone: "America/New_York"}, routing.Target{}, monday, 0, "off duty until 2026-03-02T13:00:00Z"},
		{"on another clock that is on duty", routing.Member{Hours: "office", Zone: "Asia/Kolkata"}, routing.Target{}, monday, 0, ""},
		{"never on duty", routing.Member{Hours: "never"}, routing.Target{}, monday, 0, "never on duty"},
		{"full", routing.Member{Capacity: 3}, routing.Target{}, monday, 2, "full: has 2 of 3, the work is 2"},
		{"just not full", routing.Member{Capacity: 4}, routing.Target{}, monday, 2, ""},
		{"without a limit", routing.Member{}, routing.Target{}, monday, 2_000_000, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.member.Person = "ann"
			p := network(t, routing.InOrder, row.member)
			never, err := calendar.New("UTC")
			require.NoError(t, err)
			p.Calendars["never"] = never
			row.target.Group = "network"
			p.Default = &row.target
			d, err := router(t, p).Route(routing.Work{Weight: 2}, routing.Situation{At: row.at, Loads: map[string]routing.Load{"ann": {Weight: row.load}}})
			require.NoError(t, err)
			if row.reason == "" {
				require.Equal(t, "ann", d.Person)
				return
			}
			require.Empty(t, d.Person)
			require.Equal(t, row.reason, d.Passed[0].Reason())
		})
	}
}

func TestStrategies(t *testing.T) {
	loads := map[string]routing.Load{
		"ann": {Weight: 4, Given: monday.Add(-time.Hour)},
		"bob": {Weight: 2, Given: monday.Add(-2 * time.Hour)},
		"cho": {Weight: 2, Given: monday.Add(-3 * time.Hour)},
	}
	members := []routing.Member{{Person: "ann", Capacity: 16}, {Person: "bob", Capacity: 4}, {Person: "cho", Capacity: 4, Skills: []routing.Ability{{Skill: routing.Skill{Name: "german"}}}}}
	for _, row := range []struct {
		strategy routing.Strategy
		target   routing.Target
		before   []string
		turn     string
		want     string
	}{
		{routing.LeastLoaded, routing.Target{}, nil, "", "ann"}, // a quarter of what she can, the others half
		{routing.LongestIdle, routing.Target{}, nil, "", "cho"},
		{routing.InOrder, routing.Target{}, nil, "", "ann"},
		{routing.RoundRobin, routing.Target{}, nil, "", "ann"},
		{routing.RoundRobin, routing.Target{}, nil, "ann", "bob"},
		{routing.RoundRobin, routing.Target{}, nil, "cho", "ann"},
		{routing.RoundRobin, routing.Target{}, nil, "somebody who has left", "ann"},
		{routing.InOrder, routing.Target{Prefers: []routing.Skill{{Name: "german"}}}, nil, "", "cho"},
		{routing.InOrder, routing.Target{Sticky: true}, []string{"zoe", "bob", "cho"}, "", "bob"},
		{routing.InOrder, routing.Target{Strategy: routing.LongestIdle}, nil, "", "cho"},
		{routing.InOrder, routing.Target{Strategy: routing.GroupOnly}, nil, "", ""},
	} {
		p := network(t, row.strategy, members...)
		row.target.Group = "network"
		p.Default = &row.target
		s := routing.Situation{At: monday, Loads: loads, Before: row.before, Turns: map[string]routing.Turn{"network": {Person: row.turn}}}
		d, err := router(t, p).Route(routing.Work{}, s)
		require.NoError(t, err)
		require.Equal(t, row.want, d.Person, "%s %+v", row.strategy, row.target)
		if row.strategy == routing.RoundRobin {
			require.Equal(t, row.want, d.Turn.Person)
		}
	}
}

func TestGroupsOnCallTakeOnlyThoseWhoAre(t *testing.T) {
	p := network(t, routing.InOrder, people("ann", "bob")...)
	p.Groups[0].OnCall = true
	r := router(t, p)
	s := routing.Situation{At: monday, OnCall: func(group string, at time.Time) ([]string, error) {
		require.Equal(t, "network", group)
		require.Equal(t, monday, at)
		return []string{"bob"}, nil
	}}
	d, err := r.Route(routing.Work{}, s)
	require.NoError(t, err)
	require.Equal(t, "bob", d.Person)
	s.OnCall = func(string, time.Time) ([]string, error) { return nil, errors.New("the rota has a gap") }
	d, err = r.Route(routing.Work{}, s)
	require.NoError(t, err)
	require.Equal(t, routing.Decision{Policy: "incidents", Version: 1, Group: "desk", Weight: 1, Why: "the group decides among itself, standing in for network",
		Passed: []routing.Passed{{Group: "network", Cause: routing.NoOnCall, Note: "the rota has a gap"}}}, d)
	d, err = r.Route(routing.Work{}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, "who is on call: there is no rota", d.Passed[0].Reason())
}

// Over n times k assignments each of n people who can take them all gets k, in whichever
// order they stand and whoever was last.
func TestTurnsAreFair(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 50 {
		n, k := 1+r.IntN(12), 1+r.IntN(10)
		var names []string
		for i := range n {
			names = append(names, fmt.Sprint("p", i))
		}
		r.Shuffle(n, func(i, j int) { names[i], names[j] = names[j], names[i] })
		ro := router(t, network(t, routing.RoundRobin, people(names...)...))
		s := routing.Situation{At: monday, Turns: map[string]routing.Turn{"network": {Person: names[r.IntN(n)]}}}
		got := map[string]int{}
		for range n * k {
			d, err := ro.Route(routing.Work{}, s)
			require.NoError(t, err)
			got[d.Person]++
			s.Take(d)
		}
		require.Len(t, got, n)
		for name, times := range got {
			require.Equal(t, k, times, name)
		}
	}
}

func TestTurnsGoOnWhereSomebodyHasLeft(t *testing.T) {
	s := routing.Situation{At: monday}
	first := router(t, network(t, routing.RoundRobin, people("ann", "bob", "cho", "dee")...))
	for range 2 {
		d, err := first.Route(routing.Work{}, s)
		require.NoError(t, err)
		s.Take(d)
	}
	require.Equal(t, routing.Turn{Person: "bob", Place: 1}, s.Turns["network"])
	d, err := router(t, network(t, routing.RoundRobin, people("ann", "cho", "dee")...)).Route(routing.Work{}, s)
	require.NoError(t, err)
	require.Equal(t, "cho", d.Person, "who came behind bob")
	d, err = router(t, network(t, routing.RoundRobin, people("ann")...)).Route(routing.Work{}, s)
	require.NoError(t, err)
	require.Equal(t, "ann", d.Person)
}

func TestWorkThatSticksIsNobodysTurn(t *testing.T) {
	p := network(t, routing.RoundRobin, people("ann", "bob", "cho")...)
	p.Default.Sticky = true
	s := routing.Situation{At: monday, Before: []string{"cho"}, Turns: map[string]routing.Turn{"network": {Person: "ann"}}}
	d, err := router(t, p).Route(routing.Work{}, s)
	require.NoError(t, err)
	require.Equal(t, "cho", d.Person)
	s.Take(d)
	require.Equal(t, "ann", s.Turns["network"].Person)
}

func TestANamedPersonComesFirst(t *testing.T) {
	p := network(t, routing.InOrder, routing.Member{Person: "ann"}, routing.Member{Person: "max", Capacity: 1})
	p.Default.Person = "max"
	full := routing.Situation{At: monday, Loads: map[string]routing.Load{"max": {Weight: 1}}}
	for _, row := range []struct {
		strategy  routing.Strategy
		situation routing.Situation
		person    string
		why       string
		passed    []string
	}{
		{routing.InOrder, routing.Situation{At: monday}, "max", "named by the default", nil},
		{routing.GroupOnly, routing.Situation{At: monday}, "max", "named by the default", nil},
		{routing.InOrder, full, "ann", "is the first in the list", []string{"max of network: full: has 1 of 1, the work is 1"}},
		{routing.GroupOnly, full, "", "the group decides among itself", []string{"max of network: full: has 1 of 1, the work is 1"}},
	} {
		p.Groups[0].Strategy = row.strategy
		d, err := router(t, p).Route(routing.Work{}, row.situation)
		require.NoError(t, err)
		require.Equal(t, []string{"network", row.person, row.why}, []string{d.Group, d.Person, d.Why})
		var passed []string
		for _, x := range d.Passed {
			passed = append(passed, x.String())
		}
		require.Equal(t, row.passed, passed)
	}
}

func TestWorkWeighsWhatThePolicySays(t *testing.T) {
	p := network(t, routing.InOrder, routing.Member{Person: "ann", Capacity: 4})
	p.Weights = []routing.Weight{
		{Condition: when(is("priority", "1")), Weight: 5},
		{Condition: when(routing.Test{Fact: "priority", Op: routing.Below, Values: []string{"3"}}), Weight: 3},
	}
	r := router(t, p)
	for priority, want := range map[string]int{"1": 5, "2": 3, "4": 1} {
		d, err := r.Route(routing.Work{Facts: routing.Facts{"priority": {priority}}}, routing.Situation{At: monday})
		require.NoError(t, err)
		require.Equal(t, want, d.Weight)
		require.Equal(t, want <= 4, d.Person == "ann", "it fits")
	}
	d, err := r.Route(routing.Work{Facts: routing.Facts{"priority": {"1"}}, Weight: 2}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, 2, d.Weight, "its own weight counts before")
}

func TestWhoHasNoLimitIsAsStrongAsTheStrongest(t *testing.T) {
	loads := map[string]routing.Load{"ann": {Weight: 4}, "bob": {Weight: 2}, "cho": {Weight: 3}}
	members := []routing.Member{{Person: "ann", Capacity: 16}, {Person: "bob", Capacity: 4}, {Person: "cho"}}
	for range 3 { // whoever stands first
		members = append(members[1:], members[0])
		d, err := router(t, network(t, routing.LeastLoaded, members...)).Route(routing.Work{}, routing.Situation{At: monday, Loads: loads})
		require.NoError(t, err)
		require.Equal(t, "cho", d.Person)
	}
	huge := map[string]routing.Load{"ann": {Weight: math.MaxInt}, "bob": {Weight: math.MaxInt - 1}}
	d, err := router(t, network(t, routing.LeastLoaded, people("ann", "bob")...)).Route(routing.Work{}, routing.Situation{At: monday, Loads: huge})
	require.NoError(t, err)
	require.Equal(t, "bob", d.Person)
}

func TestWhoHasFewerPreferredSkillsIsTold(t *testing.T) {
	p := network(t, routing.InOrder, routing.Member{Person: "ann"}, routing.Member{Person: "bob", Skills: []routing.Ability{{Skill: routing.Skill{Name: "german"}}}})
	p.Default.Prefers = []routing.Skill{{Name: "german"}, {Name: "sign"}}
	d, err := router(t, p).Route(routing.Work{}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, "is the first in the list, with 1 of 2 preferred skills", d.Why)
	require.Equal(t, "ann of network: could have taken it, with 0 preferred skills where others have 1", d.Passed[0].String())
}

// Whatever comes, nobody gets more than his capacity, and work waits only if nobody has
// room.
func TestCapacityIsNeverExceeded(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, strategy := range []routing.Strategy{routing.LeastLoaded, routing.RoundRobin, routing.LongestIdle, routing.InOrder} {
		members := people("ann", "bob", "cho")
		for i := range members {
			members[i].Capacity = 3 + r.IntN(6)
		}
		p := network(t, strategy, members...)
		p.Groups[0].Fallback = ""
		ro := router(t, p)
		loads, turns := map[string]routing.Load{}, map[string]routing.Turn{}
		for step := range 500 {
			at := monday.Add(time.Duration(step) * time.Minute)
			w := routing.Work{Weight: 1 + r.IntN(3)}
			d, err := ro.Route(w, routing.Situation{At: at, Loads: loads, Turns: turns})
			require.NoError(t, err)
			if d.Person != "" {
				loads[d.Person] = routing.Load{Weight: loads[d.Person].Weight + w.Weight, Given: at}
			}
			if d.Turn != nil {
				turns[d.Group] = *d.Turn
			}
			for _, m := range members {
				load := loads[m.Person]
				require.LessOrEqual(t, load.Weight, m.Capacity)
				if d.Person == "" {
					require.Greater(t, load.Weight+w.Weight, m.Capacity, "%s had room", m.Person)
				}
				if r.IntN(4) == 0 {
					load.Weight = 0
					loads[m.Person] = load
				}
			}
		}
	}
}

// Whatever the situation's maps look like inside, and however often it is asked, the
// decision is the same.
func TestTheSameInputGivesTheSameDecision(t *testing.T) {
	var members []routing.Member
	for i := range 60 {
		members = append(members, routing.Member{Person: fmt.Sprint("p", i), Capacity: i % 4, Skills: []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: i % 3}}}})
	}
	for _, strategy := range []routing.Strategy{routing.LeastLoaded, routing.RoundRobin, routing.LongestIdle, routing.InOrder} {
		p := network(t, strategy, members...)
		p.Default.Prefers = []routing.Skill{{Name: "vpn", Level: 2}}
		var want routing.Decision
		for try := range 20 {
			s := routing.Situation{At: monday, Loads: map[string]routing.Load{}}
			for i := range members {
				j := (i*7 + try) % len(members) // filled in another order each time
				s.Loads[members[j].Person] = routing.Load{Weight: j % 3}
			}
			d, err := router(t, p).Route(routing.Work{}, s)
			require.NoError(t, err)
			if try == 0 {
				want = d
			}
			require.Equal(t, want, d)
			require.Len(t, d.Passed, len(members)-1, "everybody else is accounted for")
		}
	}
}
