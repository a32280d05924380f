package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow/routing"
)

func TestLintFindsWhatIsNotMeant(t *testing.T) {
	skill := func(name string) []routing.Skill { return []routing.Skill{{Name: name, Level: 2}} }
	r := router(t, routing.Policy{Name: "p", Version: 1,
		Rules: []routing.Rule{
			{Name: "network", Condition: when(is("category", "network", "wifi")), To: to("network")},
			{Name: "wifi", Condition: when(is("category", "wifi"), is("site", "hq")), To: to("network")},
			{Name: "never", Condition: when(is("category", "mail"), routing.Test{Fact: "category", Op: routing.NotSet}), To: to("network")},
			{Name: "never either", Condition: routing.Condition{When: []routing.Test{is("a", "1")}, Unless: []routing.Test{is("a", "1", "2")}}, To: to("network")},
			{Name: "many", Condition: when(routing.Test{Fact: "n", Op: routing.AtLeast, Values: []string{"5"}}), To: to("network")},
			{Name: "very many", Condition: when(routing.Test{Fact: "n", Op: routing.AtLeast, Values: []string{"10"}}), To: to("network")},
			{Name: "ten", Condition: when(is("n", "4.50", "10")), To: to("network")},
			{Name: "twelve", Condition: when(is("n", "12")), To: to("network")},
			{Name: "both", Condition: when(is("site", "hq"), is("site", "lab")), To: to("network")},
			{Name: "between", Condition: when(routing.Test{Fact: "n", Op: routing.Below, Values: []string{"2"}}, routing.Test{Fact: "n", Op: routing.AtLeast, Values: []string{"2.0"}}), To: to("network")},
			{Name: "nobody", Condition: when(is("site", "lab"), is("service", "x")), To: routing.Target{Group: "lonely", Strategy: routing.InOrder}},
			{Name: "few", Condition: when(routing.Test{Fact: "n", Op: routing.Below, Values: []string{"3"}}), To: routing.Target{Group: "network", Needs: skill("vpn")}},
		},
		Groups: []routing.Group{
			{Name: "network", Strategy: routing.RoundRobin, Members: []routing.Member{{Person: "ann", Skills: []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: 1}}}}}, Fallback: "a"},
			{Name: "a", Fallback: "b"}, {Name: "b", Fallback: "a", Strategy: routing.InOrder}, {Name: "lonely"}, {Name: "unused"},
		},
	})
	var got []string
	for _, f := range r.Lint() {
		got = append(got, string(f.Kind)+" "+f.Where)
	}
	require.Equal(t, []string{"no_default p", "shadowed wifi", "never_holds never", "never_holds never either", "shadowed very many", "shadowed twelve",
		"several both", "several between", "empty_group nobody", "unskilled few", "fallback a", "empty_group b", "fallback b", "unused_group unused"}, got)
}
