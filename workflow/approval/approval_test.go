package approval_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/stretchr/testify/require"
)

var (
	monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	board  = []approval.Selector{{Kind: approval.Board, Name: "cab"}}
	host   = approval.People{Behind: map[string][]string{
		"board cab": {"ann", "bob", "cho", "dee", "eve"}, "group dba": {"dan", "bob"}, "group empty": {},
	}}
	person = func(name string) approval.Selector { return approval.Selector{Kind: approval.Person, Name: name} }
)

func policy(stages ...approval.Stage) approval.Policy {
	for i := range stages {
		if stages[i].Name == "" {
			stages[i].Name = "stage" + string(rune('1'+i))
		}
	}
	return approval.Policy{Name: "normal-change", Version: 1, Delegations: 3, Stages: stages}
}

func excluding(names ...string) approval.Case {
	var c approval.Case
	for _, n := range names {
		c.Excluded = append(c.Excluded, approval.Exclusion{Person: n, Why: "requester"})
	}
	return c
}

func open(t *testing.T, p approval.Policy, c approval.Case, h approval.Host) approval.Request {
	t.Helper()
	r, err := approval.Open(p, c, h, monday)
	require.NoError(t, err)
	return r
}

// vote reads "ann+ bob- cho0": approve, reject, abstain.
func vote(t *testing.T, r approval.Request, h approval.Host, votes string) approval.Request {
	t.Helper()
	for _, v := range strings.Fields(votes) {
		name, choice := v[:len(v)-1], map[byte]approval.Choice{'+': approval.Approve, '-': approval.Reject, '0': approval.Abstain}[v[len(v)-1]]
		next, err := r.Vote(approval.Vote{By: name, Choice: choice, Comment: "because"}, h, nil, monday.Add(time.Hour))
		require.NoError(t, err, v)
		r = next
	}
	return r
}

func TestRules(t *testing.T) {
	rule := func(k approval.RuleKind, n int) approval.Rule { return approval.Rule{Kind: k, N: n} }
	for _, c := range []struct {
		name  string
		stage approval.Stage
		votes string
		want  approval.Status
	}{
		{"any: the first approval", approval.Stage{Approve: rule(approval.Any, 0)}, "ann+", approval.Approved},
		{"any rejection ends it", approval.Stage{Approve: rule(approval.All, 0)}, "ann+ bob-", approval.Rejected},
		{"all: one is missing", approval.Stage{Approve: rule(approval.All, 0)}, "ann+ bob+ cho+ dee+", approval.Requested},
		{"all", approval.Stage{Approve: rule(approval.All, 0)}, "ann+ bob+ cho+ dee+ eve+", approval.Approved},
		{"majority of five is three", approval.Stage{Approve: rule(approval.Majority, 0)}, "ann+ bob+", approval.Requested},
		{"majority of five", approval.Stage{Approve: rule(approval.Majority, 0)}, "ann+ bob+ cho+", approval.Approved},
		{"two of five", approval.Stage{Approve: rule(approval.Count, 2)}, "ann+ bob+", approval.Approved},
		{"50 percent of five, rounded up", approval.Stage{Approve: rule(approval.Percent, 50)}, "ann+ bob+", approval.Requested},
		{"50 percent of five, rounded down", approval.Stage{Approve: approval.Rule{Kind: approval.Percent, N: 50, Round: approval.Down}}, "ann+ bob+", approval.Approved},
		{"30 percent of five, rounded to the nearest", approval.Stage{Approve: approval.Rule{Kind: approval.Percent, N: 30, Round: approval.Nearest}}, "ann+", approval.Requested},
		{"25 percent of five, rounded to the nearest", approval.Stage{Approve: approval.Rule{Kind: approval.Percent, N: 25, Round: approval.Nearest}}, "ann+", approval.Approved},
		{"who abstains is not for it", approval.Stage{Approve: rule(approval.Majority, 0)}, "ann+ bob+ cho0 dee0 eve0", approval.Rejected},
		{"an approval is changed before it counts", approval.Stage{Approve: rule(approval.Count, 2), Reject: rule(approval.Count, 3)}, "ann+ ann- bob+", approval.Requested},
		{"a rejection is taken back", approval.Stage{Approve: rule(approval.Count, 2), Reject: rule(approval.Count, 2)}, "ann- ann+ bob+", approval.Approved},
		{"two rejections of two", approval.Stage{Approve: rule(approval.Count, 2), Reject: rule(approval.Count, 2)}, "ann+ bob- cho-", approval.Rejected},
		{"everybody has to respond first", approval.Stage{Approve: rule(approval.Any, 0), AllRespond: true}, "ann+ bob0 cho0 dee0", approval.Requested},
		{"everybody has responded, any approves", approval.Stage{Approve: rule(approval.Any, 0), AllRespond: true}, "ann+ bob0 cho0 dee0 eve0", approval.Approved},
		{"everybody has responded, one rejects", approval.Stage{Approve: rule(approval.Any, 0), AllRespond: true}, "ann+ bob- cho0 dee0 eve0", approval.Rejected},
		{"the quorum is not reached", approval.Stage{Approve: rule(approval.Any, 0), Quorum: 3}, "ann+ bob0", approval.Requested},
		{"the quorum is reached", approval.Stage{Approve: rule(approval.Any, 0), Quorum: 3}, "ann+ bob0 cho0", approval.Approved},
		{"a mandatory member has not approved", approval.Stage{Approve: rule(approval.Any, 0),
			Ask: []approval.Selector{board[0], {Kind: approval.Person, Name: "eve", Mandatory: true}}}, "ann+ bob+ cho+ dee+", approval.Requested},
		{"the mandatory member approves last", approval.Stage{Approve: rule(approval.Any, 0),
			Ask: []approval.Selector{board[0], {Kind: approval.Person, Name: "eve", Mandatory: true}}}, "ann+ eve+", approval.Approved},
		{"a veto counts more than the rule for rejections", approval.Stage{Approve: rule(approval.Count, 3), Reject: rule(approval.Count, 3),
			Ask: []approval.Selector{board[0], {Kind: approval.Person, Name: "eve", Veto: true}}}, "ann+ eve-", approval.Rejected},
		{"weights", approval.Stage{Approve: rule(approval.Weight, 5), Ask: []approval.Selector{board[0], {Kind: approval.Person, Name: "eve", Weight: 4}}}, "ann+ eve+", approval.Approved},
		{"named by two selectors is one vote", approval.Stage{Approve: rule(approval.Count, 2),
			Ask: []approval.Selector{board[0], {Kind: approval.Group, Name: "dba"}}}, "bob+ bob+", approval.Requested},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.stage.Ask == nil {
				c.stage.Ask = board
			}
			r := vote(t, open(t, policy(c.stage), approval.Case{}, host), host, c.votes)
			require.Equal(t, c.want, r.Status, r.Reason)
			require.Equal(t, c.want == approval.Approved, r.Granted())
		})
	}
}

func TestWhatCannotBeApprovedIsBlockedAtOnce(t *testing.T) {
	any := approval.Rule{Kind: approval.Any}
	for _, c := range []struct {
		name   string
		policy approval.Policy
		c      approval.Case
		reason string
	}{
		{"no stage applies", approval.Policy{Name: "p", Version: 1, Stages: []approval.Stage{{Name: "s", Ask: board, Approve: any,
			When: []approval.Test{{Fact: "risk", Op: approval.Equals, Values: []string{"high"}}}}}}, approval.Case{}, "no stage"},
		{"an empty group", policy(approval.Stage{Ask: []approval.Selector{{Kind: approval.Group, Name: "empty"}}, Approve: any}), approval.Case{}, "nobody is left"},
		{"only the requester could", policy(approval.Stage{Ask: []approval.Selector{person("ann")}, Approve: any}), excluding("ann"), "ann (requester)"},
		{"the quorum is out of reach", policy(approval.Stage{Ask: board, Approve: any, Quorum: 5}), excluding("ann"), "quorum is 5"},
		{"the rule is out of reach", policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Count, N: 5}}), excluding("ann"), "needs 5 people, only 4"},
		{"the mandatory member is excluded", policy(approval.Stage{Ask: append([]approval.Selector{{Kind: approval.Person, Name: "eve", Mandatory: true}}, board...), Approve: any}),
			excluding("eve"), "person eve must approve"},
		{"a later stage is out of reach", policy(approval.Stage{Ask: board, Approve: any}, approval.Stage{Ask: []approval.Selector{person("ann")}, Approve: any}),
			excluding("ann"), "stage2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := open(t, c.policy, c.c, host)
			require.Equal(t, approval.Blocked, r.Status)
			require.Contains(t, r.Reason, c.reason)
			require.False(t, r.Granted())
		})
	}
	t.Run("a directory that does not answer", func(t *testing.T) {
		_, err := approval.Open(policy(approval.Stage{Ask: []approval.Selector{{Kind: approval.Role, Name: "unknown"}}, Approve: any}), approval.Case{}, host, monday)
		require.ErrorIs(t, err, approval.ErrInvalid)
	})
	t.Run("it goes on when somebody has joined", func(t *testing.T) {
		p := policy(approval.Stage{Ask: []approval.Selector{{Kind: approval.Group, Name: "empty"}}, Approve: any})
		r := open(t, p, approval.Case{}, host)
		r, err := r.Refresh(approval.People{Behind: map[string][]string{"group empty": {"zoe"}}}, monday.Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, approval.Requested, r.Status)
		require.Equal(t, []string{"zoe"}, r.Pending())
	})
}

func TestStagesFollowEachOther(t *testing.T) {
	any := approval.Rule{Kind: approval.Any}
	p := policy(approval.Stage{Name: "technical", Ask: []approval.Selector{{Kind: approval.Group, Name: "dba"}}, Approve: any},
		approval.Stage{Name: "board", Ask: board, Approve: any, When: []approval.Test{{Fact: "risk", Op: approval.OneOf, Values: []string{"moderate", "high"}}}})
	r := open(t, p, approval.Case{Facts: approval.Facts{"risk": "high"}}, host)
	require.Equal(t, "technical", r.Current())
	_, err := r.Vote(approval.Vote{By: "ann", Choice: approval.Approve}, host, nil, monday)
	require.ErrorIs(t, err, approval.ErrNotEligible)
	refusal, ok := approval.IsRefusal(err)
	require.True(t, ok)
	require.Equal(t, []string{"bob", "dan"}, refusal.Allowed)

	r = vote(t, r, host, "dan+")
	require.Equal(t, "board", r.Current())
	r = vote(t, r, host, "bob+")
	require.True(t, r.Granted())
	require.Equal(t, []string{"bob", "dan"}, r.Voters())

	low := vote(t, open(t, p, approval.Case{Facts: approval.Facts{"risk": "low"}}, host), host, "dan+")
	require.True(t, low.Granted(), "the board is not asked about low risks")

	_, err = low.Vote(approval.Vote{By: "bob", Choice: approval.Reject, Comment: "late"}, host, nil, monday.Add(2*time.Hour))
	require.ErrorIs(t, err, approval.ErrNotOpen, "what is decided stays decided")
}

func TestARejectionNeedsAReason(t *testing.T) {
	r := open(t, policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Any}}), approval.Case{}, host)
	_, err := r.Vote(approval.Vote{By: "ann", Choice: approval.Reject, Comment: " "}, host, nil, monday)
	require.ErrorIs(t, err, approval.ErrComment)
}

func TestDelegation(t *testing.T) {
	at := monday.Add(time.Hour)
	by := func(from, to string, policies ...string) approval.Delegation {
		return approval.Delegation{From: from, To: to, Start: monday, End: monday.AddDate(0, 0, 1), Policies: policies}
	}
	with := func(ds ...approval.Delegation) approval.People {
		h := host
		h.Deputed = ds
		return h
	}
	two := policy(approval.Stage{Ask: []approval.Selector{person("ann"), person("bob")}, Approve: approval.Rule{Kind: approval.All}})
	cast := func(h approval.Host, c approval.Case, by string) (approval.Request, error) {
		r := open(t, two, c, h)
		return r.Vote(approval.Vote{By: by, Choice: approval.Approve}, h, nil, at)
	}
	t.Run("a deputy votes", func(t *testing.T) {
		r, err := cast(with(by("ann", "zoe")), approval.Case{}, "zoe")
		require.NoError(t, err)
		require.Equal(t, []string{"bob"}, r.Pending())
		require.Equal(t, []string{"ann"}, r.Panels[0].Ballots[0].For)
	})
	t.Run("over a chain, as long as the policy allows", func(t *testing.T) {
		_, err := cast(with(by("ann", "x"), by("x", "y"), by("y", "zoe")), approval.Case{}, "zoe")
		require.NoError(t, err)
		_, err = cast(with(by("ann", "w"), by("w", "x"), by("x", "y"), by("y", "zoe")), approval.Case{}, "zoe")
		require.ErrorIs(t, err, approval.ErrNotEligible)
	})
	t.Run("only while it holds, and for what it was given", func(t *testing.T) {
		_, err := cast(with(by("ann", "zoe", "purchase")), approval.Case{}, "zoe")
		require.ErrorIs(t, err, approval.ErrNotEligible)
		over := by("ann", "zoe")
		over.End = at
		_, err = cast(with(over), approval.Case{}, "zoe")
		require.ErrorIs(t, err, approval.ErrNotEligible)
	})
	t.Run("only for the seat to which it is narrowed", func(t *testing.T) {
		narrow := func(from, to string) approval.Delegation {
			d := by(from, to)
			d.Asked = []string{"board cab"}
			return d
		}
		asks := func(ask ...approval.Selector) approval.Policy {
			return policy(approval.Stage{Ask: ask, Approve: approval.Rule{Kind: approval.All}})
		}
		for _, c := range []struct {
			name   string
			policy approval.Policy
			ds     []approval.Delegation
			may    []string // for whom zoe votes
		}{
			{"asked as a member of the board", asks(board...), []approval.Delegation{narrow("bob", "zoe")}, []string{"bob"}},
			{"asked in person", asks(person("bob")), []approval.Delegation{narrow("bob", "zoe")}, nil},
			{"asked as both", asks(person("bob"), board[0]), []approval.Delegation{narrow("bob", "zoe")}, []string{"bob"}},
			{"asked in another group", asks(approval.Selector{Kind: approval.Group, Name: "dba"}), []approval.Delegation{narrow("bob", "zoe")}, nil},
			{"what others have delegated is not passed on", asks(board...), []approval.Delegation{narrow("bob", "zoe"), by("ann", "bob")}, []string{"bob"}},
			{"nor is the seat passed on first", asks(board...), []approval.Delegation{narrow("bob", "x"), by("x", "zoe")}, []string{"bob"}},
			{"a wide one goes as far as ever", asks(board...), []approval.Delegation{narrow("bob", "zoe"), by("bob", "zoe"), by("ann", "bob")}, []string{"ann", "bob"}},
			{"whatever their order", asks(board...), []approval.Delegation{by("ann", "bob"), by("bob", "zoe"), narrow("bob", "zoe")}, []string{"ann", "bob"}},
		} {
			h := with(c.ds...)
			for _, who := range []string{"ann", "bob", "cho", "dan"} {
				r := open(t, c.policy, approval.Case{}, h)
				_, err := r.Vote(approval.Vote{By: "zoe", For: []string{who}, Choice: approval.Approve}, h, nil, at)
				if slices.Contains(c.may, who) {
					require.NoError(t, err, "%s: for %s", c.name, who)
				} else {
					require.ErrorIs(t, err, approval.ErrNotEligible, "%s: for %s", c.name, who)
				}
			}
		}
		d := narrow("mia", "bob")
		r := open(t, asks(board...), excluding("mia"), with(d))
		require.NotContains(t, r.Pending(), "bob", "who acts for the requester in one thing decides on none of his")
		d.Asked = []string{""}
		require.ErrorContains(t, approval.CheckDelegations([]approval.Delegation{d}), "asked")
	})
	t.Run("not to the requester", func(t *testing.T) {
		_, err := cast(with(by("ann", "zoe")), excluding("zoe"), "zoe")
		require.ErrorIs(t, err, approval.ErrConflictOfInterest)
	})
	t.Run("not over the requester", func(t *testing.T) {
		_, err := cast(with(by("ann", "mia"), by("mia", "zoe")), excluding("mia"), "zoe")
		require.ErrorIs(t, err, approval.ErrConflictOfInterest)
	})
	t.Run("who acts for the requester does not decide", func(t *testing.T) {
		r := open(t, two, excluding("mia"), with(by("mia", "x"), by("x", "ann")))
		require.Equal(t, approval.Requested, r.Status, "all who are left: bob")
		require.Equal(t, []string{"bob"}, r.Pending())
	})
	t.Run("one person is one vote", func(t *testing.T) {
		h := with(by("ann", "bob"))
		p := policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Count, N: 2}})
		r := open(t, p, approval.Case{}, h)
		r, err := r.Vote(approval.Vote{By: "bob", Choice: approval.Approve, For: []string{"ann", "bob"}}, h, nil, at)
		require.NoError(t, err)
		require.Equal(t, approval.Requested, r.Status)
		r, err = r.Vote(approval.Vote{By: "ann", Choice: approval.Approve}, h, nil, at)
		require.NoError(t, err)
		require.Equal(t, approval.Approved, r.Status, "ann votes herself: two people")
	})
	t.Run("a delegate does not take the vote back from who has voted himself", func(t *testing.T) {
		h := with(by("ann", "zoe"))
		r := open(t, two, approval.Case{}, h)
		r, err := r.Vote(approval.Vote{By: "ann", Choice: approval.Abstain}, h, nil, at)
		require.NoError(t, err)
		_, err = r.Vote(approval.Vote{By: "zoe", Choice: approval.Approve}, h, nil, at)
		require.ErrorIs(t, err, approval.ErrNotEligible)
	})
	t.Run("delegating to an approver afterwards is noticed", func(t *testing.T) {
		r := vote(t, open(t, two, excluding("mia"), host), host, "ann+ bob+")
		require.True(t, r.Granted())
		drift, err := r.Check(excluding("mia"), with(by("mia", "bob")), at)
		require.NoError(t, err)
		require.Equal(t, []string{"bob"}, drift.People)
	})
}

func TestCheckDelegations(t *testing.T) {
	d := func(from, to string, day int, policies ...string) approval.Delegation {
		return approval.Delegation{From: from, To: to, Start: monday.AddDate(0, 0, day), End: monday.AddDate(0, 0, day+2), Policies: policies}
	}
	require.NoError(t, approval.CheckDelegations([]approval.Delegation{d("a", "b", 0), d("b", "c", 1), d("c", "a", 5)}), "not at the same time")
	require.NoError(t, approval.CheckDelegations([]approval.Delegation{d("a", "b", 0, "x"), d("b", "a", 0, "y")}), "not for the same policy")
	require.ErrorContains(t, approval.CheckDelegations([]approval.Delegation{d("a", "b", 0), d("b", "c", 1), d("c", "a", 1)}), "circle: [a b c]")
	err := approval.CheckDelegations([]approval.Delegation{{From: "a", To: "a", Start: monday, End: monday}})
	require.ErrorIs(t, err, approval.ErrInvalid)
	require.ErrorContains(t, err, "to oneself")
	require.ErrorContains(t, err, "not after its start")
}

func TestRecusing(t *testing.T) {
	p := policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.All}})
	r := vote(t, open(t, p, approval.Case{}, host), host, "ann+ bob+ cho+ dee+")
	r, err := r.Recuse("eve", "my brother sells it", host, monday.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, approval.Approved, r.Status, "all who are left have approved")

	r = vote(t, open(t, p, approval.Case{}, host), host, "ann+")
	r, err = r.Recuse("ann", "I wrote it", host, monday.Add(2*time.Hour))
	require.NoError(t, err)
	require.Empty(t, r.Panels[0].Ballots)
	_, err = r.Vote(approval.Vote{By: "ann", Choice: approval.Approve}, host, nil, monday.Add(3*time.Hour))
	require.ErrorIs(t, err, approval.ErrConflictOfInterest)

	again, err := r.Recuse("ann", "as I said", host, monday.Add(3*time.Hour))
	require.NoError(t, err, "the answer was lost, and it is said again")
	require.Equal(t, r.Panels, again.Panels)
	_, err = r.Recuse("zoe", "I know nothing of it", host, monday.Add(3*time.Hour))
	require.ErrorIs(t, err, approval.ErrNotEligible)
}

func TestClosingAVote(t *testing.T) {
	s := approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Majority}, Reject: approval.Rule{Kind: approval.Majority}, Quorum: 3}
	later := monday.Add(2 * time.Hour)
	for _, c := range []struct {
		votes string
		want  approval.Status
	}{
		{"ann+ bob+ cho-", approval.Approved}, {"ann+ bob- cho-", approval.Rejected}, {"ann+ bob- cho0", approval.Rejected},
	} {
		r := vote(t, open(t, policy(s), approval.Case{}, host), host, c.votes)
		require.Equal(t, approval.Requested, r.Status)
		closed, err := r.Close("ann", host, later)
		require.NoError(t, err)
		require.Equal(t, c.want, closed.Status, "%s: %s", c.votes, closed.Reason)
	}
	r := vote(t, open(t, policy(s), excluding("eve"), host), host, "ann+ bob+")
	_, err := r.Close("ann", host, later)
	require.ErrorIs(t, err, approval.ErrQuorum)
	_, err = r.Close("eve", host, later)
	require.ErrorIs(t, err, approval.ErrConflictOfInterest)

	s.Ask = []approval.Selector{board[0], {Kind: approval.Person, Name: "eve", Mandatory: true}}
	r = vote(t, open(t, policy(s), approval.Case{}, host), host, "ann+ bob+ cho-")
	_, err = r.Close("ann", host, later)
	require.ErrorIs(t, err, approval.ErrQuorum, "eve has to vote")
}

func TestDeadlines(t *testing.T) {
	within := func(at approval.AtDue, who string) approval.Policy {
		return policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Count, N: 2}, Reject: approval.Rule{Kind: approval.Count, N: 3},
			Deadline: &approval.Deadline{Within: approval.Duration(48 * time.Hour), AtDue: at, Accountable: who, Remind: []approval.Duration{approval.Duration(24 * time.Hour)}}})
	}
	due := monday.Add(48 * time.Hour)
	for _, c := range []struct {
		name   string
		policy approval.Policy
		c      approval.Case
		votes  string
		want   approval.Status
		reason string
	}{
		{"escalates", within("", ""), approval.Case{}, "ann+", approval.Requested, ""},
		{"rejects", within(approval.RejectAtDue, ""), approval.Case{}, "ann+", approval.Rejected, "not decided in time"},
		{"approves, and somebody is accountable", within(approval.ApproveAtDue, "mia"), approval.Case{}, "", approval.Approved, "mia is accountable"},
		{"a rejection is no silence", within(approval.ApproveAtDue, "mia"), approval.Case{}, "ann-", approval.Requested, ""},
		{"the requester cannot answer for it", within(approval.ApproveAtDue, "mia"), excluding("mia"), "", approval.Requested, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := vote(t, open(t, c.policy, c.c, host), host, c.votes)
			require.Equal(t, []approval.Alarm{{Stage: "stage1", Kind: approval.AlarmRemind, At: monday.Add(24 * time.Hour)}, {Stage: "stage1", Kind: approval.AlarmDue, At: due}}, r.Alarms())
			_, err := r.Expire(host, due.Add(-time.Nanosecond))
			require.ErrorIs(t, err, approval.ErrNotDue)
			r, err = r.Expire(host, due)
			require.NoError(t, err)
			require.Equal(t, c.want, r.Status)
			require.Contains(t, r.Panels[0].Reason, c.reason)
			require.Empty(t, r.Alarms())
			require.Equal(t, c.want == approval.Requested, r.Panels[0].Overdue)
		})
	}
}

func TestOnHold(t *testing.T) {
	p := policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Count, N: 2}, Deadline: &approval.Deadline{Days: 1}})
	r := vote(t, open(t, p, approval.Case{}, host), host, "ann+")
	r, err := r.Suspend(monday.Add(2 * time.Hour))
	require.NoError(t, err)
	require.Empty(t, r.Pending())
	require.Empty(t, r.Alarms())
	_, err = r.Vote(approval.Vote{By: "bob", Choice: approval.Approve}, host, nil, monday.Add(3*time.Hour))
	require.ErrorIs(t, err, approval.ErrSuspended)
	back := monday.AddDate(0, 0, 7)
	r, err = r.Resume(host, back)
	require.NoError(t, err)
	require.Equal(t, back.AddDate(0, 0, 1), r.Panels[0].Due, "the whole of their time")
	r, err = r.Vote(approval.Vote{By: "bob", Choice: approval.Approve}, host, nil, back)
	require.NoError(t, err)
	require.True(t, r.Granted())
	r, err = r.Suspend(back)
	require.NoError(t, err)
	require.False(t, r.Granted(), "what was approved is not granted while on hold")
	r, err = r.Resume(host, back)
	require.NoError(t, err)
	require.True(t, r.Granted())
}

func TestWhatWasApprovedIsKept(t *testing.T) {
	p := policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Any}})
	p.Material = []string{"plan", "risk"}
	c := approval.Case{Facts: approval.Facts{"plan": "upgrade", "risk": "low", "colour": "red"}}
	r := vote(t, open(t, p, c, host), host, "ann+")
	c.Facts = approval.Facts{"plan": "upgrade", "risk": "low", "colour": "blue"}
	drift, err := r.Check(c, host, monday)
	require.NoError(t, err)
	require.False(t, drift.Any(), "the colour is not material")
	require.Equal(t, r.Digest, approval.Digest(c.Facts, p.Material))
	c.Facts = approval.Facts{"plan": "upgrade and more", "risk": "low"}
	drift, err = r.Check(c, host, monday)
	require.NoError(t, err)
	require.Equal(t, []string{"plan"}, drift.Facts)
	again, err := r.Reset(p, c, host, monday.Add(3*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, again.Round)
	require.Equal(t, approval.Requested, again.Status)
	_, err = again.Vote(approval.Vote{By: "ann", Choice: approval.Approve, Round: 1}, host, nil, monday.Add(4*time.Hour))
	require.ErrorIs(t, err, approval.ErrNotOpen, "a vote meant for what there was before")
}

func TestSignatures(t *testing.T) {
	r := open(t, policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Any}, Signed: true}), approval.Case{}, host)
	verify := func(s approval.Statement, signature string) error {
		if signature != s.By+" signs "+s.Digest {
			return errors.New("forged")
		}
		return nil
	}
	for _, signature := range []string{"", "forged"} {
		_, err := r.Vote(approval.Vote{By: "ann", Choice: approval.Approve, Signature: signature}, host, verify, monday)
		require.ErrorIs(t, err, approval.ErrSignature)
	}
	signed := approval.Vote{By: "ann", Choice: approval.Approve, Signature: "ann signs " + r.Digest}
	_, err := r.Vote(signed, host, nil, monday)
	require.ErrorIs(t, err, approval.ErrSignature, "nothing to verify it with")
	r, err = r.Vote(signed, host, verify, monday)
	require.NoError(t, err)
	require.True(t, r.Granted())
}

func TestCancelling(t *testing.T) {
	r := open(t, policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Any}}), approval.Case{}, host)
	r, err := r.Cancel("not needed any more", monday)
	require.NoError(t, err)
	require.Equal(t, approval.Cancelled, r.Status)
	require.Equal(t, approval.NoLongerNeeded, r.Panels[0].Status)
	require.Empty(t, r.Pending())
	_, err = r.Vote(approval.Vote{By: "ann", Choice: approval.Approve}, host, nil, monday)
	require.ErrorIs(t, err, approval.ErrNotOpen)
}

func TestARequestIsData(t *testing.T) {
	r := vote(t, open(t, policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Count, N: 3}}), excluding("dee"), host), host, "ann+ bob0")
	raw, err := json.Marshal(r)
	require.NoError(t, err)
	var back approval.Request
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, r, back)
	before := r.Clone()
	_ = vote(t, r, host, "ann- ")
	require.Equal(t, before, r, "a command leaves what it was given alone")
}

func TestLint(t *testing.T) {
	any := approval.Rule{Kind: approval.Any}
	risk := func(op approval.Op, v ...string) []approval.Test {
		return []approval.Test{{Fact: "risk", Op: op, Values: v}}
	}
	for _, c := range []struct {
		name   string
		policy approval.Policy
		want   []string
	}{
		{"nothing", policy(approval.Stage{Ask: board, Approve: any}), nil},
		{"a gap", policy(approval.Stage{Ask: board, Approve: any, When: risk(approval.OneOf, "moderate", "high")}), []string{"gap: no stage applies"}},
		{"a gap between numbers", policy(approval.Stage{Ask: board, Approve: any, When: []approval.Test{{Fact: "cost", Op: approval.Below, Values: []string{"100"}}}},
			approval.Stage{Ask: board, Approve: any, When: []approval.Test{{Fact: "cost", Op: approval.AtLeast, Values: []string{"101"}}}},
			approval.Stage{Ask: board, Approve: any, When: []approval.Test{{Fact: "cost", Op: approval.NotSet}}}),
			[]string{"gap: no stage applies, for example with cost 100"}},
		{"unreachable", policy(approval.Stage{Ask: board, Approve: any}, approval.Stage{Ask: []approval.Selector{person("zoe")}, Approve: any, When: append(risk(approval.Equals, "low"), risk(approval.Equals, "high")...)}),
			[]string{"stage stage2: unreachable: no facts make it apply"}},
		{"repeated", policy(approval.Stage{Ask: board, Approve: any}, approval.Stage{Ask: board, Approve: any, When: risk(approval.Equals, "high")}),
			[]string{"stage stage2: repeated: stage stage1 has asked the same people the same"}},
		{"by silence", policy(approval.Stage{Ask: board, Approve: any, Deadline: &approval.Deadline{Days: 1, AtDue: approval.ApproveAtDue, Accountable: "mia"}}),
			[]string{"stage stage1: approved_by_silence: mia is accountable"}},
		{"unsatisfiable", policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Count, N: 6}}), []string{"stage stage1: unsatisfiable: approval needs 6 people, only 5 may decide"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := approval.Lint(c.policy, host)
			require.NoError(t, err)
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			require.Len(t, got, len(c.want), "%q", got)
			for i := range got {
				require.True(t, strings.HasPrefix(got[i], c.want[i]), "%q", got[i])
			}
		})
	}
}

func TestMistakesAreToldTogether(t *testing.T) {
	_, err := approval.Parse([]byte(`{"name":"a b","version":0,"stages":[{"name":"s","ask":[{"kind":"team","name":"x"}],"approve":{"rule":"percent","n":0},
		"deadline":{"within":"1h","days":2,"at_due":"approve"}},{"name":"s","ask":[],"approve":{"rule":"any","n":2,"round":"down"}}]}`))
	require.ErrorIs(t, err, approval.ErrInvalid)
	for _, want := range []string{"name", "version 0", "kind \"team\"", "1 to 100 percent", "either within or days", "accountable", "there twice", "asks nobody", "takes no n", "only a percentage"} {
		require.ErrorContains(t, err, want)
	}
	for _, bad := range []string{"", "null", "{}", `{"name":"a","version":1,"none_needed":true} 1`, `{"name":"a","version":1,"none_needed":true,"colour":1}`} {
		_, err := approval.Parse([]byte(bad))
		require.ErrorIs(t, err, approval.ErrInvalid, bad)
	}
}

func FuzzParse(f *testing.F) {
	raw, _ := json.Marshal(policy(approval.Stage{Ask: board, Approve: approval.Rule{Kind: approval.Percent, N: 50}, Quorum: 2,
		Deadline: &approval.Deadline{Days: 2, AtDue: approval.RejectAtDue}, When: []approval.Test{{Fact: "cost", Op: approval.AtLeast, Values: []string{"0.5"}}}}))
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := approval.Parse(data)
		if err != nil {
			return
		}
		raw, err := json.Marshal(p)
		require.NoError(t, err)
		again, err := approval.Parse(raw)
		require.NoError(t, err)
		require.Equal(t, p.Clone(), again.Clone())
		if len(p.Stages) < 4 {
			_, err = approval.Lint(p, nil)
			require.NoError(t, err)
		}
	})
}
