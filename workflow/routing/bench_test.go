package routing_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow/routing"
)

// BenchmarkMatch finds the rule for a ticket among a thousand.
func BenchmarkMatch(b *testing.B) {
	p := routing.Policy{Name: "p", Version: 1, Groups: []routing.Group{{Name: "g"}}}
	for i := range 1000 {
		p.Rules = append(p.Rules, routing.Rule{Name: fmt.Sprint(i), To: to("g"), Condition: routing.Condition{
			When:   []routing.Test{is("category", fmt.Sprint("c", i%50)), is("service", fmt.Sprint("s", i))},
			Unless: []routing.Test{is("site", "moon")}}})
	}
	r, err := routing.New(p)
	require.NoError(b, err)
	f := routing.Facts{"category": {"c49"}, "service": {"s999"}, "priority": {"2"}, "ci": {"mail-1", "mail-2"}}
	require.Equal(b, 999, r.Match(f))
	b.ReportAllocs()
	for b.Loop() {
		r.Match(f)
	}
}

// BenchmarkChoose takes one of a thousand people.
func BenchmarkChoose(b *testing.B) {
	var members []routing.Member
	loads := map[string]routing.Load{}
	for i := range 1000 {
		m := routing.Member{Person: fmt.Sprint("p", i), Capacity: 10, Hours: "office", Skills: []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: i % 3}}}}
		members = append(members, m)
		loads[m.Person] = routing.Load{Weight: i % 9}
	}
	p := network(b, routing.LeastLoaded, members...)
	p.Default.Needs = []routing.Skill{{Name: "vpn", Level: 2}}
	r := router(b, p)
	b.ReportAllocs()
	for b.Loop() {
		d, err := r.Route(routing.Work{}, routing.Situation{At: monday, Loads: loads})
		if err != nil || d.Person == "" {
			b.Fatal(err, d)
		}
	}
}
