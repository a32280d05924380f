package routing_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow/routing"
)

// thousand is a policy of a thousand rules.
func thousand(condition func(i int) routing.Condition) routing.Policy {
	p := routing.Policy{Name: "p", Version: 1, Groups: []routing.Group{{Name: "g"}}}
	for i := range 1000 {
		p.Rules = append(p.Rules, routing.Rule{Name: fmt.Sprint(i), To: to("g"), Condition: condition(i)})
	}
	return p
}

// BenchmarkMatch finds the rule for a ticket among a thousand, the last of them.
func BenchmarkMatch(b *testing.B) {
	for _, bench := range []struct {
		name  string
		rules func(i int) routing.Condition
	}{
		{"by service", func(i int) routing.Condition {
			return routing.Condition{When: []routing.Test{is("category", fmt.Sprint("c", i%50)), is("service", fmt.Sprint("s", i))}, Unless: []routing.Test{is("site", "moon")}}
		}},
		{"by prefix", func(i int) routing.Condition {
			return when(routing.Test{Fact: "ci", Op: routing.Prefix, Values: []string{fmt.Sprintf("mail-%03d-", i)}})
		}},
		{"one of two", func(i int) routing.Condition {
			return routing.Condition{Any: []routing.Test{is("service", fmt.Sprint("s", i)), is("customer", fmt.Sprint("k", i))}}
		}},
		{"reading all", func(i int) routing.Condition {
			return when(routing.Test{Fact: "amount", Op: routing.AtLeast, Values: []string{fmt.Sprint(1999 - i)}})
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			r, err := routing.New(thousand(bench.rules))
			require.NoError(b, err)
			f := routing.Facts{"category": {"c49"}, "service": {"s999"}, "priority": {"2"}, "ci": {"mail-1", "mail-999-b"}, "amount": {"1000.50"}}
			require.Equal(b, 999, r.Match(f))
			b.ReportAllocs()
			for b.Loop() {
				r.Match(f)
			}
		})
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

// BenchmarkBounces looks through a history of a hundred assignments.
func BenchmarkBounces(b *testing.B) {
	var groups []string
	for i := range 100 {
		groups = append(groups, fmt.Sprint("g", i*i%7))
	}
	history, until := hops(groups...), monday.AddDate(1, 0, 0)
	b.ReportAllocs()
	for b.Loop() {
		routing.Bounces(history, routing.BounceRules{}, until)
	}
}
