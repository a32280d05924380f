package approval_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/stretchr/testify/require"
)

// model decides a stage by the words of the documentation and nothing else.
type model struct {
	people                []string
	approve, reject       approval.Rule
	quorum                int
	all                   bool
	mandatory, veto, away string
	weight                map[string]int
}

func (m model) reached(r approval.Rule, who []string) bool {
	weigh := 0
	for _, p := range who {
		weigh += max(1, m.weight[p])
	}
	n, of := float64(len(who)), float64(len(m.people))
	switch r.Kind {
	case approval.Any:
		return n >= 1
	case approval.All:
		return n == of && of > 0
	case approval.Majority:
		return n > of/2
	case approval.Count:
		return len(who) >= r.N
	case approval.Weight:
		return weigh >= r.N
	}
	share := float64(r.N) * of / 100
	round := map[approval.Rounding]func(float64) float64{"": math.Ceil, approval.Nearest: func(x float64) float64 { return math.Floor(x + 0.5) }, approval.Down: math.Floor}[r.Round]
	return n >= max(1, round(share))
}

func (m model) says(votes map[string]approval.Choice) approval.Status {
	var yes, no []string
	for _, p := range m.people {
		switch votes[p] {
		case approval.Approve:
			yes = append(yes, p)
		case approval.Reject:
			no = append(no, p)
		}
	}
	mandatory := m.mandatory == "" || slices.Contains(m.people, m.mandatory)
	switch {
	case !m.reached(m.approve, m.people), len(m.people) < m.quorum, !mandatory:
		return approval.Blocked
	case len(votes) < m.quorum, m.all && len(votes) < len(m.people):
		return approval.Requested
	case m.veto != "" && slices.Contains(no, m.veto), m.reached(m.reject, no):
		return approval.Rejected
	case m.reached(m.approve, yes) && (m.mandatory == "" || slices.Contains(yes, m.mandatory)):
		return approval.Approved
	case len(votes) == len(m.people):
		return approval.Rejected
	}
	return approval.Requested
}

// stage is the same as a policy.
func (m model) stage(members []string) approval.Stage {
	s := approval.Stage{Name: "s", Approve: m.approve, Reject: m.reject, Quorum: m.quorum, AllRespond: m.all}
	for _, p := range members {
		s.Ask = append(s.Ask, approval.Selector{Kind: approval.Person, Name: p, Mandatory: p == m.mandatory, Veto: p == m.veto, Weight: m.weight[p]})
	}
	return s
}

// models yields all small policies.
func models(use func(model, []string)) {
	names := []string{"a", "b", "c", "d"}
	rules := []approval.Rule{{Kind: approval.Any}, {Kind: approval.All}, {Kind: approval.Majority}, {Kind: approval.Count, N: 2}, {Kind: approval.Percent, N: 50},
		{Kind: approval.Percent, N: 50, Round: approval.Down}, {Kind: approval.Percent, N: 60, Round: approval.Nearest}, {Kind: approval.Weight, N: 3}}
	for n := 1; n <= 4; n++ {
		for _, approve := range rules {
			for _, reject := range rules[:6] {
				for extra := range 24 {
					m := model{approve: approve, reject: reject, quorum: []int{0, 2, 3}[extra%3], all: extra/3%2 == 1, weight: map[string]int{"b": 2}}
					switch extra / 6 {
					case 1:
						m.mandatory = "a"
					case 2:
						m.veto = "b"
					case 3:
						m.mandatory, m.away = "b", "a" // a is the requester
					}
					m.people = slices.DeleteFunc(slices.Clone(names[:n]), func(p string) bool { return p == m.away })
					if m.mandatory != "" && !slices.Contains(names[:n], m.mandatory) {
						m.mandatory = ""
					}
					use(m, names[:n])
				}
			}
		}
	}
}

func TestAgainstAModelOfAllSmallPolicies(t *testing.T) {
	choices := []approval.Choice{approval.Approve, approval.Reject, approval.Abstain}
	orders, r := 0, rand.New(rand.NewPCG(1, 1))
	models(func(m model, members []string) {
		p := approval.Policy{Name: "p", Version: 1, Stages: []approval.Stage{m.stage(members)}}
		var c approval.Case
		if m.away != "" {
			c.Excluded = []approval.Exclusion{{Person: m.away, Why: "requester"}}
		}
		start, err := approval.Open(p, c, approval.People{}, monday)
		require.NoError(t, err)
		require.Equal(t, m.says(nil), start.Status, "%+v", m)
		// Every way to vote, in some order: what stands does not depend on it.
		for way := range int(math.Pow(3, float64(len(m.people)))) {
			if len(m.people) == 4 && r.IntN(4) > 0 {
				continue // a quarter of them is enough
			}
			order := r.Perm(len(m.people))
			votes, now := map[string]approval.Choice{}, start
			for _, i := range order {
				who, choice := m.people[i], choices[way/int(math.Pow(3, float64(i)))%3]
				next, err := now.Vote(approval.Vote{By: who, Choice: choice, Comment: "x"}, approval.People{}, nil, monday)
				if now.Status != approval.Requested {
					require.Error(t, err, "nobody votes on what is %s", now.Status)
					break
				}
				require.NoError(t, err)
				votes[who], now = choice, next
				require.Equal(t, m.says(votes), now.Status, "%+v %v: %s", m, votes, now.Reason)
			}
			orders++
		}
	})
	t.Logf("%d orders", orders)
}

// Turning to approval never makes less of what is approved.
func TestApprovalIsMonotone(t *testing.T) {
	models(func(m model, members []string) {
		for way := range int(math.Pow(4, float64(len(m.people)))) {
			votes := map[string]approval.Choice{}
			for i, p := range m.people {
				if c := way / int(math.Pow(4, float64(i))) % 4; c < 3 {
					votes[p] = []approval.Choice{approval.Approve, approval.Reject, approval.Abstain}[c]
				}
			}
			if m.says(votes) != approval.Approved {
				continue
			}
			for _, p := range m.people {
				more := maps.Clone(votes)
				more[p] = approval.Approve
				require.Equal(t, approval.Approved, m.says(more), "%+v %v, and %s approves", m, votes, p)
			}
		}
	})
}

// Whatever people delegate to each other and whoever votes for whom: nobody who is
// part of it, or acts for somebody who is, has a say, nobody counts twice, and no
// mandatory member is passed over.
func TestSeparationOfDutiesHoldsThroughEveryDelegation(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f", "g"}
	granted, refused := 0, 0
	for seed := range uint64(4_000) {
		r := rand.New(rand.NewPCG(seed, 7))
		pick := func() string { return names[r.IntN(len(names))] }
		var host approval.People
		for range r.IntN(7) {
			start := monday.Add(time.Duration(r.IntN(4)) * time.Hour)
			host.Deputed = append(host.Deputed, approval.Delegation{From: pick(), To: pick(), Start: start, End: start.Add(time.Duration(1+r.IntN(6)) * time.Hour)})
		}
		p := approval.Policy{Name: "p", Version: 1, Delegations: r.IntN(4), Stages: []approval.Stage{{Name: "s",
			Approve: []approval.Rule{{Kind: approval.Count, N: 1 + r.IntN(3)}, {Kind: approval.Majority}, {Kind: approval.All}}[r.IntN(3)],
			Reject:  approval.Rule{Kind: approval.Count, N: 3}, Quorum: r.IntN(3)}}}
		s := &p.Stages[0]
		for i, n := range names[:3+r.IntN(3)] {
			s.Ask = append(s.Ask, approval.Selector{Kind: approval.Person, Name: n, Mandatory: i == 0 && r.IntN(2) == 0})
		}
		requester := pick()
		c := approval.Case{Excluded: []approval.Exclusion{{Person: requester, Why: "requester"}}}
		now, err := approval.Open(p, c, host, monday)
		require.NoError(t, err)
		for step := range 12 {
			at := monday.Add(time.Duration(step) * 30 * time.Minute)
			v := approval.Vote{By: pick(), Choice: []approval.Choice{approval.Approve, approval.Approve, approval.Abstain, approval.Reject}[r.IntN(4)], Comment: "x"}
			for range r.IntN(3) {
				v.For = append(v.For, pick())
			}
			next, err := now.Vote(v, host, nil, at)
			switch r.IntN(9) {
			case 0:
				next, err = now.Close(pick(), host, at)
			case 1:
				next, err = now.Recuse(pick(), "x", host, at)
			case 2:
				next, err = now.Refresh(host, at)
			}
			if err != nil {
				refused++
				continue
			}
			now = next
			acting := actsFor(requester, host.Deputed, at)
			seats := map[string]bool{}
			for i, b := range now.Panels[0].Ballots {
				require.NotEmpty(t, b.For)
				for _, o := range now.Panels[0].Ballots[:i] {
					require.NotEqual(t, o.By, b.By, "one person, one vote")
				}
				for _, seat := range b.For {
					require.False(t, seats[seat], "a seat is voted for once")
					seats[seat] = true
				}
				if b.At.Equal(at) {
					for _, person := range append(append([]string{b.By}, b.Via...), b.For...) {
						require.False(t, acting[person], "seed %d: %s acts for the requester", seed, person)
					}
				}
			}
			if now.Granted() {
				granted++
				yes := map[string]bool{}
				for _, b := range now.Panels[0].Ballots {
					for _, seat := range b.For {
						yes[seat] = b.Choice == approval.Approve
					}
				}
				require.True(t, !s.Ask[0].Mandatory || yes[s.Ask[0].Name], "the mandatory member has approved")
			}
		}
	}
	require.Greater(t, granted, 200, fmt.Sprint(refused, " refused"))
}

// actsFor closes "may vote for" over any number of steps, one pair at a time.
func actsFor(person string, ds []approval.Delegation, at time.Time) map[string]bool {
	set := map[string]bool{person: true}
	for range ds {
		for _, d := range ds {
			if set[d.From] && !at.Before(d.Start) && at.Before(d.End) {
				set[d.To] = true
			}
		}
	}
	return set
}
