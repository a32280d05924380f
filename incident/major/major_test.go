package major_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const minute = major.Duration(time.Minute)

const policy = `{
	"group": "major incidents", "new_parent": true, "review": true, "organisation": "Acme",
	"rules": [{"name": "P1", "active": true, "when": {"priority": 1, "children_over": 5}, "action": "propose", "business_impact": "Much."}],
	"plan": [{"name": "board", "audience": "executives", "channel": "mail", "to": ["cio"], "template": "short", "grace": "5m0s",
		"cadence": [{"every": "30m0s", "until": "mitigated"}, {"every": "2h0m0s", "calendar": "office"}]}],
	"templates": {"short": {"subject": "{{number}}", "body": "{{ text }}"}}
}`

func office(t testing.TB) map[string]*calendar.Calendar {
	c, err := calendar.New("UTC", calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"))
	require.NoError(t, err)
	return map[string]*calendar.Calendar{"office": c}
}

func TestAPolicyIsDataThatRoundTrips(t *testing.T) {
	p, err := major.ParsePolicy([]byte(policy))
	require.NoError(t, err)
	b, err := major.Compile(p, office(t))
	require.NoError(t, err)
	require.Equal(t, p, b.Policy())
	out, err := json.Marshal(b.Policy())
	require.NoError(t, err)
	require.JSONEq(t, policy, string(out))
	for _, bad := range []string{`{"colour": 1}`, `{"rules": [{"when": {"prio": 1}}]}`, `{} {}`, `{"plan": [{"grace": "soon"}]}`, ``} {
		_, err := major.ParsePolicy([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
}

func TestCompilingNamesEveryFaultOfAPolicy(t *testing.T) {
	_, err := major.Compile(major.Policy{
		Rules: []major.Rule{
			{Name: "a", Action: "escalate"},
			{Name: "a", Action: major.ActionPropose, Impact: "x", When: major.Signs{VIP: true, ChildrenOver: -1}},
		},
		Plan: []major.Communication{
			{Name: "a", Audience: "press", Channel: "pigeon", To: []string{"x", "x"}, Priorities: []int{7}, Template: "none", Grace: -1},
			{Name: "a", Audience: major.Customers, Channel: major.ByMail, Cadence: []major.Pace{{Every: 1, Calendar: "moon"}, {Every: 30 * minute, Until: major.Mitigated}}},
		},
		Templates: map[string]major.Template{"t": {Subject: "{{numbr}}", Body: "{{text"}, "u": {Subject: "}} {{number.Title}}", Body: ""}},
	}, nil)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{
		`action "escalate"`, "no sign is asked for", "what to say of the business", "want a name of its own", "a number is negative",
		`audience "press"`, `channel "pigeon"`, `recipient 2, "x"`, "priority 7", `no template "none"`, "a grace of -1ns",
		"0 recipients", "every 1ns", `no calendar "moon"`, "pace 1 lasts until", "pace 2 would never be used",
		`no field "numbr"`, "{{ without }}", "}} without {{", `no field "number.Title"`, "want 1 to 16384 bytes, not 0",
	} {
		require.ErrorContains(t, err, want)
	}
}

func TestSignsMustAllHold(t *testing.T) {
	x := major.Situation{Priority: 2, Children: 21, VIP: true, Service: "shop", Category: "network", Customer: "acme",
		Suffering: []major.Suffering{{Number: "SVC1", Name: "payment", Criticality: "most_critical", Users: 900}}, More: 3}
	for name, c := range map[string]struct {
		signs   major.Signs
		because string
	}{
		"this priority":             {major.Signs{Priority: 2}, "priority 2"},
		"a higher one":              {major.Signs{Priority: 3}, "priority 2"},
		"not a lower one":           {major.Signs{Priority: 1}, ""},
		"more children":             {major.Signs{ChildrenOver: 20}, "21 children"},
		"not as many":               {major.Signs{ChildrenOver: 21}, ""},
		"VIP":                       {major.Signs{VIP: true}, "a VIP suffers"},
		"its service":               {major.Signs{Services: []string{"mail", "shop"}}, "service shop"},
		"a service that suffers":    {major.Signs{Services: []string{"SVC1"}}, "service SVC1"},
		"another service":           {major.Signs{Services: []string{"mail"}}, ""},
		"how critical a service is": {major.Signs{Criticality: []string{"most_critical"}}, "critical service payment"},
		"how many suffer":           {major.Signs{ServicesOver: 3}, "4 services suffer"},
		"how many users":            {major.Signs{UsersOver: 899}, "900 users of a service"},
		"category and customer":     {major.Signs{Categories: []string{"network"}, Customers: []string{"acme"}}, "category network, customer acme"},
		"all or none":               {major.Signs{VIP: true, Priority: 1}, ""},
		"no sign":                   {major.Signs{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			because, ok := c.signs.Holds(x)
			require.Equal(t, c.because, because)
			require.Equal(t, c.because != "", ok)
		})
	}
}

func TestTheStarterRulesAreSoundAndNotActive(t *testing.T) {
	rules := major.StarterRules()
	b, err := major.Compile(major.Policy{Rules: rules}, nil)
	require.NoError(t, err)
	_, _, ok := b.Match(nil, major.Situation{Priority: 1, Children: 100})
	require.False(t, ok)
}

// Whatever happens to a case in whatever order: each communication that applies owes one
// update, and no other owes one; who has a role has it once; nothing else changes.
func TestAnAcceptedCaseOwesWhatThePlanSays(t *testing.T) {
	p, err := major.ParsePolicy([]byte(policy))
	require.NoError(t, err)
	p.Plan = append(p.Plan, major.Communication{Name: "customers", Audience: major.Customers, Channel: major.BySMS, To: []string{"all"}, Priorities: []int{1, 2},
		Cadence: []major.Pace{{Every: 60 * minute}}})
	p.Plan = append(p.Plan, major.Communication{Name: "page", Audience: major.StatusPage, Channel: major.ByPage})
	b, err := major.Compile(p, office(t))
	require.NoError(t, err)
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 3))
		c, now, priority, resolved := &major.Case{State: major.StateAccepted, Impact: "x"}, monday, 3, false
		b.Owes(c, priority, resolved, now)
		for range 100 {
			now = now.Add(time.Duration(r.IntN(100)) * time.Minute)
			switch r.IntN(6) {
			case 0:
				priority = 1 + r.IntN(4)
			case 1:
				resolved = !resolved
			case 2:
				require.NoError(t, c.Mark(major.Mitigated, now, now, ""))
			case 3:
				require.NoError(t, b.Missing(c, now, func(int, []major.Owed) (time.Time, error) { return now.Add(time.Hour), nil }))
			default:
				_, err := b.Post(c, major.Subject{Number: "INC1", Priority: priority, Resolved: resolved}, major.Draft{Text: fmt.Sprint(r.Int())}, "mia", now)
				require.NoError(t, err)
			}
			b.Owes(c, priority, resolved, now)
			before := c.Clone()
			b.Owes(c, priority, resolved, now)
			require.Equal(t, before, c, "asking again changes nothing")
			owed := map[string]int{}
			for _, p := range c.Due {
				owed[p.Communication]++
				require.Equal(t, resolved, p.Last)
				require.False(t, p.Due.Before(monday))
			}
			want := map[string]int{}
			told := func(name string) bool {
				for _, u := range c.Updates {
					if strings.Contains(strings.Join(u.Communications, " "), name) {
						return true
					}
				}
				return false
			}
			switch {
			case !resolved:
				want["board"] = 1
				if priority <= 2 {
					want["customers"] = 1
				}
			case c.Status != major.Resolved:
				for _, name := range []string{"board", "customers", "page"} {
					if told(name) {
						want[name] = 1
					}
				}
			}
			require.Equal(t, want, owed, "resolved %v, priority %d, status %s", resolved, priority, c.Status)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(policy))
	f.Add([]byte(`{"templates": {"a": {"subject": "{{{{}}}}", "body": "{{number}}"}}}`))
	hours := office(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := major.ParsePolicy(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		b, err := major.Compile(p, hours)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		c := &major.Case{State: major.StateAccepted}
		b.Owes(c, 1, false, monday)
		out, err := b.Post(c, major.Subject{Number: "INC1", Priority: 1}, major.Draft{Text: "{{text}}"}, "mia", monday)
		require.NoError(t, err)
		for _, u := range out {
			require.NotContains(t, u.Subject, "\n")
		}
		again, err := json.Marshal(b.Policy())
		require.NoError(t, err)
		_, err = major.ParsePolicy(again)
		require.NoError(t, err)
	})
}
