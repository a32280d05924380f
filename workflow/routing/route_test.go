package routing_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
)

// monday is a Monday, 10:00 in Berlin.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func is(fact string, values ...string) routing.Test {
	if len(values) == 1 {
		return routing.Test{Fact: fact, Op: routing.Equals, Values: values}
	}
	return routing.Test{Fact: fact, Op: routing.OneOf, Values: values}
}

func when(tests ...routing.Test) routing.Condition { return routing.Condition{When: tests} }

func to(group string) routing.Target { return routing.Target{Group: group} }

func officeHours(t testing.TB) *calendar.Calendar {
	c, err := calendar.New("Europe/Berlin", calendar.Weekly(time.Monday, time.Friday, "08:00-18:00"))
	require.NoError(t, err)
	return c
}

// network is a policy with one group that people are chosen from.
func network(t testing.TB, strategy routing.Strategy, members ...routing.Member) routing.Policy {
	return routing.Policy{Name: "incidents", Version: 1, Default: &routing.Target{Group: "network"},
		Groups: []routing.Group{
			{Name: "network", Strategy: strategy, Members: members, Fallback: "desk"},
			{Name: "desk"},
		},
		Calendars: map[string]*calendar.Calendar{"office": officeHours(t)}}
}

func people(names ...string) (all []routing.Member) {
	for _, n := range names {
		all = append(all, routing.Member{Person: n})
	}
	return all
}

func router(t testing.TB, p routing.Policy) *routing.Router {
	r, err := routing.New(p)
	require.NoError(t, err)
	return r
}

func TestTheFirstRuleThatHoldsCounts(t *testing.T) {
	r := router(t, routing.Policy{Name: "p", Version: 1, Default: &routing.Target{Group: "desk"},
		Rules: []routing.Rule{
			{Name: "vip", Condition: when(is("vip", "true")), To: routing.Target{Group: "desk", Person: "max"}},
			{Name: "vpn", Condition: when(is("category", "network"), routing.Test{Fact: "ci", Op: routing.Prefix, Values: []string{"vpn-"}}), To: to("network")},
			{Name: "urgent network", Condition: when(is("category", "network"), routing.Test{Fact: "priority", Op: routing.Below, Values: []string{"3"}}), To: to("duty")},
			{Name: "network", Condition: routing.Condition{When: []routing.Test{is("category", "network", "wifi")}, Unless: []routing.Test{is("site", "moon")}}, To: to("network")},
			{Name: "either", Condition: routing.Condition{Any: []routing.Test{is("service", "mail"), is("category", "mail")}}, To: to("mail")},
			{Name: "unowned", Condition: when(routing.Test{Fact: "service", Op: routing.NotSet}, routing.Test{Fact: "category", Op: routing.Set}), To: to("duty")},
		},
		Groups: []routing.Group{{Name: "desk", Members: people("max")}, {Name: "network"}, {Name: "duty"}, {Name: "mail"}},
	})
	for _, row := range []struct {
		facts routing.Facts
		rule  string
		group string
	}{
		{routing.Facts{"category": {"network"}, "ci": {"sw-1", "vpn-7"}}, "vpn", "network"},
		{routing.Facts{"category": {"network"}, "priority": {"2"}}, "urgent network", "duty"},
		{routing.Facts{"category": {"network"}, "priority": {"3"}}, "network", "network"},
		{routing.Facts{"category": {"network"}, "priority": {"high"}}, "network", "network"},
		{routing.Facts{"category": {"wifi"}, "site": {"moon"}, "service": {"x"}}, "", "desk"},
		{routing.Facts{"service": {"mail"}}, "either", "mail"},
		{routing.Facts{"category": {"printer"}}, "unowned", "duty"},
		{routing.Facts{"vip": {"true"}, "category": {"network"}}, "vip", "desk"},
		{routing.Facts{"category": {""}, "service": {""}}, "", "desk"}, // no value is none
		{nil, "", "desk"},
	} {
		d, err := r.Route(routing.Work{Facts: row.facts}, routing.Situation{At: monday})
		require.NoError(t, err)
		require.Equal(t, row.rule, d.Rule, row.facts)
		require.Equal(t, row.group, d.Group, row.facts)
	}
}

func TestWorkIsNeverLostInSilence(t *testing.T) {
	p := network(t, routing.InOrder)
	p.Default = nil
	_, err := router(t, p).Route(routing.Work{}, routing.Situation{At: monday})
	require.ErrorIs(t, err, routing.ErrNoRule)

	d, err := router(t, network(t, routing.InOrder)).Route(routing.Work{}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, "desk", d.Group, "nobody is in the group: the one that stands in has it")
	require.Empty(t, d.Person)
	require.Equal(t, "it has no members", d.Passed[0].Reason())

	p = network(t, routing.InOrder, routing.Member{Person: "ann", Capacity: 1})
	p.Groups[0].Fallback = ""
	d, err = router(t, p).Route(routing.Work{}, routing.Situation{At: monday, Loads: map[string]routing.Load{"ann": {Weight: 1}}})
	require.NoError(t, err)
	require.Equal(t, "network", d.Group, "without one the group itself keeps it")
	require.Equal(t, "nobody can take it now", d.Why)
}

func TestGroupsThatFallBackOnEachOtherEnd(t *testing.T) {
	p := network(t, routing.InOrder)
	p.Groups[1] = routing.Group{Name: "desk", Strategy: routing.InOrder, Fallback: "network"}
	d, err := router(t, p).Route(routing.Work{}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, "network", d.Group)
}

func TestADecisionExplainsItself(t *testing.T) {
	p := network(t, routing.LeastLoaded, routing.Member{Person: "ann", Capacity: 1}, routing.Member{Person: "bob"}, routing.Member{Person: "cho"})
	p.Rules = []routing.Rule{
		{Name: "mail", Condition: when(is("service", "mail")), To: to("desk")},
		{Name: "lab", Condition: routing.Condition{When: []routing.Test{is("category", "network")}, Unless: []routing.Test{is("site", "hq")}}, To: to("desk")},
		{Name: "either", Condition: routing.Condition{Any: []routing.Test{is("site", "lab"), {Fact: "vip", Op: routing.Set}}}, To: to("desk")},
		{Name: "network", Condition: when(is("category", "network")), To: to("network")},
	}
	r := router(t, p)
	w := routing.Work{Facts: routing.Facts{"category": {"network"}, "site": {"hq"}}}
	d, err := r.Route(w, routing.Situation{At: monday, Loads: map[string]routing.Load{"ann": {Weight: 1}, "cho": {Weight: 2}}})
	require.NoError(t, err)
	require.Equal(t, `rule mail: not so: service is equal to mail
rule lab: excepted: site is equal to hq
rule either: none of these is so: site is equal to lab; vip is set
rule network holds
ann of network: full: has 1 of 1, the work is 1
cho of network: could have taken it, has 2
goes to bob of network: has the least to do
`, r.Explain(w, d).String())
}

func TestEverythingThatIsWrongIsTold(t *testing.T) {
	_, err := routing.New(routing.Policy{
		Rules: []routing.Rule{
			{Name: "a", Condition: when(routing.Test{Fact: "x", Op: "like", Values: []string{"y"}}, routing.Test{Fact: "n", Op: routing.AtLeast, Values: []string{"1e9"}}), To: to("nowhere")},
			{Name: "a", Condition: when(is("")), To: routing.Target{Group: "g", Person: "zoe"}},
		},
		Groups: []routing.Group{{Name: "g", Strategy: "dice", Fallback: "h", Members: []routing.Member{
			{Person: "ann", Capacity: -1, Hours: "night"}, {Person: "ann", Zone: "Asia/Tokyo"}, {Person: "bob", Hours: "office", Zone: "Mars"},
			{Person: "cho", Absences: []routing.Absence{{From: monday, Until: monday}}, Skills: []routing.Ability{{Skill: routing.Skill{Name: "x", Level: -1}}, {Skill: routing.Skill{Name: "x"}}}}}}},
		Weights:   []routing.Weight{{Weight: 0}},
		Calendars: map[string]*calendar.Calendar{"office": officeHours(t), "none": nil},
	})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, text := range []string{"the name", "version 0", `"like"`, `"1e9" is not a number`, `"nowhere"`, `rule "a" is there twice`, "one_of takes 1", `"zoe", who is not in group g`,
		`"dice"`, `falls back on group "h"`, "capacity -1", `calendar "night"`, "member ann is there twice",
		`zone "Asia/Tokyo" without hours`, `"Mars"`, "has no length", "level -1", `skill "x" is there twice`, "weight 1: 0", `calendar "none" is missing`} {
		require.ErrorContains(t, err, text)
	}
	_, err = router(t, network(t, routing.InOrder)).Route(routing.Work{Weight: -1}, routing.Situation{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestInputHasLimits(t *testing.T) {
	tests := func(n int) []routing.Test { return slices.Repeat([]routing.Test{is("a", "1")}, n) }
	for want, change := range map[string]func(p *routing.Policy){
		"10001 rules": func(p *routing.Policy) { p.Rules = make([]routing.Rule, routing.MaxRules+1) },
		"101 tests in one list": func(p *routing.Policy) {
			p.Rules = []routing.Rule{{Name: "r", Condition: when(tests(101)...), To: to("desk")}}
		},
		"takes 1 to 1000 values": func(p *routing.Policy) {
			p.Rules = []routing.Rule{{Name: "r", Condition: when(is("a", make([]string, 1001)...)), To: to("desk")}}
		},
		"set takes 0 to 0 values": func(p *routing.Policy) {
			p.Rules = []routing.Rule{{Name: "r", Condition: when(routing.Test{Fact: "a", Op: routing.Set, Values: []string{"1"}}), To: to("desk")}}
		},
		"2001 members": func(p *routing.Policy) { p.Groups[0].Members = make([]routing.Member, routing.MaxMembers+1) },
		"101 skills":   func(p *routing.Policy) { p.Default.Needs = make([]routing.Skill, 101) },
		"1001 absences": func(p *routing.Policy) {
			p.Groups[0].Members = []routing.Member{{Person: "ann", Absences: make([]routing.Absence, 1001)}}
		},
		"want 1 to 512 bytes":         func(p *routing.Policy) { p.Name = strings.Repeat("x", 513) },
		`group "desk" is there twice`: func(p *routing.Policy) { p.Groups = append(p.Groups, routing.Group{Name: "desk"}) },
		"the reason of an absence": func(p *routing.Policy) {
			p.Groups[0].Members = []routing.Member{{Person: "ann", Absences: []routing.Absence{{From: monday, Until: monday.Add(1), Reason: "\xff"}}}}
		},
	} {
		p := network(t, routing.InOrder)
		change(&p)
		_, err := routing.New(p)
		require.ErrorIs(t, err, workflow.ErrInvalid, want)
		require.ErrorContains(t, err, want)
	}
	_, err := router(t, network(t, routing.InOrder)).Route(routing.Work{Weight: routing.MaxWeight + 1}, routing.Situation{At: monday})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestInputIsReadStrictly(t *testing.T) {
	p, err := routing.Parse([]byte(`{
	  "name": "incidents", "version": 1,
	  "rules": [{"name": "vpn", "when": [{"fact": "category", "op": "equals", "values": ["network"]}, {"fact": "ci", "op": "prefix", "values": ["vpn-"]}],
	             "to": {"group": "network", "needs": [{"name": "vpn", "level": 2}]}}],
	  "default": {"group": "service desk"},
	  "groups": [{"name": "network", "strategy": "least_loaded", "fallback": "service desk",
	    "members": [{"person": "ann", "capacity": 8, "hours": "office", "skills": [{"name": "vpn", "level": 3, "until": "2027-01-01T00:00:00Z"}]}]},
	    {"name": "service desk"}],
	  "calendars": {"office": {"zone": "Europe/Berlin", "weekly": [{"days": "monday-friday", "spans": ["08:00-18:00"]}]}}
	}`))
	require.NoError(t, err)
	d, err := router(t, p).Route(routing.Work{Facts: routing.Facts{"category": {"network"}, "ci": {"vpn-1"}}}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, "ann", d.Person)
	for _, bad := range []string{`{"name": "p", "version": 1, "rulez": []}`, `{`, `[]`, `{"name": "p", "version": 1, "rules": [{"name": "r", "to": {"group": "x"}}]}`} {
		_, err := routing.Parse([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

func TestAPolicySurvivesJSON(t *testing.T) {
	p := network(t, routing.RoundRobin, routing.Member{Person: "ann", Capacity: 3, Hours: "office", Zone: "Asia/Tokyo",
		Skills:   []routing.Ability{{Skill: routing.Skill{Name: "vpn", Level: 2}, Until: monday}},
		Absences: []routing.Absence{{From: monday, Until: monday.Add(time.Hour), Reason: "leave"}}})
	p.Rules = []routing.Rule{{Name: "r", Condition: routing.Condition{When: []routing.Test{is("a", "1", "2")}, Any: []routing.Test{is("b", "1")}, Unless: []routing.Test{is("c", "1")}},
		To: routing.Target{Group: "network", Person: "ann", Strategy: routing.LongestIdle, Needs: []routing.Skill{{Name: "vpn"}}, Prefers: []routing.Skill{{Name: "german"}}, Sticky: true}}}
	p.Weights = []routing.Weight{{Condition: when(is("a", "1")), Weight: 3}}
	raw, err := json.Marshal(p)
	require.NoError(t, err)
	again, err := routing.Parse(raw)
	require.NoError(t, err)
	rawAgain, err := json.Marshal(router(t, again).Policy())
	require.NoError(t, err)
	require.Equal(t, string(raw), string(rawAgain))
	again.Calendars = p.Calendars
	require.Equal(t, p, again)
}

func TestADecisionOfAnotherVersionIsNotToldByTheseRules(t *testing.T) {
	p := network(t, routing.GroupOnly)
	p.Rules = []routing.Rule{{Name: "all", To: to("desk")}}
	r := router(t, p)
	d, err := r.Route(routing.Work{}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, "rule all holds\ngoes to desk: the group decides among itself\n", r.Explain(routing.Work{}, d).String())
	p.Version, p.Rules = 2, nil
	require.Equal(t, "rule all of incidents version 1 held\ngoes to desk: the group decides among itself\n", router(t, p).Explain(routing.Work{}, d).String())
}

// Numbers compare as numbers, as a library that knows them says.
func TestNumbersCompareAsNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	random := func() string {
		s := strings.Repeat("0", r.IntN(3)) + fmt.Sprint(r.IntN(200))
		if r.IntN(2) == 0 {
			s += fmt.Sprintf(".%0*d%s", 1+r.IntN(3), r.IntN(30), strings.Repeat("0", r.IntN(3)))
		}
		return strings.Repeat("-", r.IntN(2)) + s
	}
	rule := func(limit string) *routing.Router {
		return router(t, routing.Policy{Name: "p", Version: 1, Groups: []routing.Group{{Name: "g"}}, Rules: []routing.Rule{
			{Name: "r", Condition: when(routing.Test{Fact: "n", Op: routing.AtLeast, Values: []string{limit}}), To: to("g")}}})
	}
	for range 2000 {
		limit, have := random(), random()
		l, ok := new(big.Rat).SetString(limit)
		require.True(t, ok)
		h, ok := new(big.Rat).SetString(have)
		require.True(t, ok)
		require.Equal(t, h.Cmp(l) >= 0, rule(limit).Match(routing.Facts{"n": {have}}) == 0, "%s at least %s", have, limit)
	}
	for _, none := range []string{"", "-", ".", "1.", ".5", "+1", "1e3", "0x1", "1_000", " 1", "1-2", "٣", strings.Repeat("1", 65)} {
		require.Equal(t, -1, rule("-1000").Match(routing.Facts{"n": {none}}), none)
	}
}

func TestMatchingDoesNotAllocate(t *testing.T) {
	r := router(t, thousand(func(i int) routing.Condition {
		return routing.Condition{When: []routing.Test{is("category", fmt.Sprint("c", i%50)), {Fact: "amount", Op: routing.AtLeast, Values: []string{fmt.Sprint(1000 - i)}}},
			Any: []routing.Test{is("site", "a", "b", "c", "d", "e", "f", "g", "h"), {Fact: "ci", Op: routing.Prefix, Values: []string{"vpn-", "mail-"}}}}
	}))
	f := routing.Facts{"category": {"c7"}, "amount": {"12.50"}, "ci": {"mail-1"}}
	require.Equal(t, -1, r.Match(f), "it is not enough")
	f["amount"] = []string{"93.00"}
	require.Equal(t, 907, r.Match(f), "the first of category 7 that asks for no more")
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Match(f) }))
}

func TestEditingThePolicyAfterwardsChangesNothing(t *testing.T) {
	p := network(t, routing.InOrder, people("ann", "bob")...)
	r := router(t, p)
	p.Groups[0].Members[0].Person = "eve"
	r.Policy().Groups[0].Members[0].Person = "eve"
	d, err := r.Route(routing.Work{}, routing.Situation{At: monday})
	require.NoError(t, err)
	require.Equal(t, "ann", d.Person)
}

// A naive reading of random rules, one after the other, finds the same.
func TestMatchAgreesWithReadingEveryRule(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	facts, values := []string{"a", "b", "c"}, []string{"1", "2", "3", "10", "x", "xy"}
	random := func() routing.Test {
		t := routing.Test{Fact: facts[r.IntN(3)], Op: []routing.Op{routing.Equals, routing.OneOf, routing.NoneOf, routing.Prefix, routing.AtLeast, routing.Below, routing.Set, routing.NotSet}[r.IntN(8)]}
		switch t.Op {
		case routing.Equals:
			t.Values = []string{values[r.IntN(6)]}
		case routing.AtLeast, routing.Below:
			t.Values = []string{values[r.IntN(4)]}
		case routing.OneOf, routing.NoneOf, routing.Prefix:
			for range 1 + r.IntN(12) {
				t.Values = append(t.Values, values[r.IntN(6)])
			}
		}
		return t
	}
	some := func(most int) (all []routing.Test) {
		for range r.IntN(most) {
			all = append(all, random())
		}
		return all
	}
	matched, shadowed := 0, 0
	for range 300 {
		p := routing.Policy{Name: "p", Version: 1, Groups: []routing.Group{{Name: "g"}}}
		for i := range 1 + r.IntN(20) {
			p.Rules = append(p.Rules, routing.Rule{Name: fmt.Sprint(i), Condition: routing.Condition{When: some(4), Any: some(3), Unless: some(2)}, To: to("g")})
		}
		ro := router(t, p)
		dead := map[string]bool{}
		for _, f := range ro.Lint() {
			dead[f.Where] = f.Kind == routing.FindShadowed || f.Kind == routing.FindNever || dead[f.Where]
		}
		for range 30 {
			f := routing.Facts{}
			for _, name := range facts {
				for range r.IntN(3) {
					f[name] = append(f[name], []string{"1", "2", "3", "10", "x", "xy", ""}[r.IntN(7)])
				}
			}
			want := slices.IndexFunc(p.Rules, func(x routing.Rule) bool { return naive(x.Condition, f) })
			require.Equal(t, want, ro.Match(f), "%+v on %v", p.Rules, f)
			if want >= 0 {
				matched++
				require.False(t, dead[p.Rules[want].Name], "rule %+v was called dead and takes %v", p.Rules[want], f)
			}
		}
		shadowed += len(dead)
	}
	require.Greater(t, matched, 5000)
	require.Greater(t, shadowed, 300)
}

func naive(c routing.Condition, f routing.Facts) bool {
	holds := func(t routing.Test) bool {
		some := func(ok func(v string) bool) bool { return slices.ContainsFunc(f[t.Fact], ok) }
		listed := func(v string) bool { return slices.Contains(t.Values, v) }
		var n, limit int
		isNumber := func(v string) bool { _, err := fmt.Sscanf(v+"|", "%d|", &n); return err == nil }
		switch t.Op {
		case routing.Set:
			return some(func(v string) bool { return v != "" })
		case routing.NotSet:
			return !some(func(v string) bool { return v != "" })
		case routing.NoneOf:
			return !some(listed)
		case routing.Prefix:
			return some(func(v string) bool {
				return slices.ContainsFunc(t.Values, func(p string) bool { return strings.HasPrefix(v, p) })
			})
		case routing.AtLeast, routing.Below:
			_, _ = fmt.Sscan(t.Values[0], &limit)
			return some(func(v string) bool { return isNumber(v) && (n < limit) == (t.Op == routing.Below) })
		}
		return some(listed)
	}
	for _, t := range c.When {
		if !holds(t) {
			return false
		}
	}
	for _, t := range c.Unless {
		if holds(t) {
			return false
		}
	}
	return len(c.Any) == 0 || slices.ContainsFunc(c.Any, holds)
}
