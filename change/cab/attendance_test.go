package cab_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

func TestAQuorumThroughAnAlternate(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(cho)
	ok, why := m.Quorate()
	require.False(t, ok, why)
	require.Equal(t, "2 of 4 seats taken, 3 needed: ann, cho", why)
	r.vote(m, change, approval.Approve, ann, cho)

	_, err := r.Decide(ctx, ann, m.ID, change, "")
	var quorum *cab.QuorumError
	require.ErrorAs(t, err, &quorum)
	require.ErrorIs(t, err, cab.ErrNoQuorum)
	require.Equal(t, []string{"ann", "cho"}, quorum.Present)
	require.Equal(t, 3, quorum.Needed)
	require.ErrorContains(t, err, "CAB0000001, CHG0000001: no quorum: 2 of 4 seats taken, 3 needed: ann, cho")

	m = r.must(r.Attend(ctx, alf, m.ID, "alf", ""))
	require.Equal(t, "bob", m.Attendance[2].For, "the first seat that is free for him")
	_, err = r.Decide(ctx, ann, m.ID, change, "")
	require.ErrorIs(t, err, approval.ErrQuorum, "he is there, but has not voted")
	m = r.vote(m, change, approval.Reject, alf)
	m = r.must(r.Decide(ctx, ann, m.ID, change, ""))
	it, _ := m.Item(change)
	require.Equal(t, cab.Approved, it.Outcome)
	require.Equal(t, []string{"ann", "alf for bob", "cho"}, it.Decision.Present)
	require.Equal(t, "ann", it.Decision.By)
	require.Equal(t, []string{"bob"}, it.Votes[0].For)
}

func TestAMandatoryMemberIsMissing(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(cho, dee, bob)
	r.vote(m, change, approval.Abstain, bob, cho, dee)
	r.must(r.Leave(ctx, ann, m.ID, "ann"))
	_, err := r.Decide(ctx, ann, m.ID, change, "")
	require.ErrorIs(t, err, cab.ErrNotPresent)
	r.must(r.TakeChair(ctx, bob, m.ID))
	_, err = r.Decide(ctx, bob, m.ID, change, "")
	require.ErrorContains(t, err, "3 of 4 seats taken, 3 needed: bob, cho, dee; without ann nothing is decided")
	_, err = r.Decide(ctx, ann, m.ID, change, "")
	require.ErrorIs(t, err, workflow.ErrForbidden, "bob chairs now")
}

func TestTheMemberTakesHisSeatBack(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin()
	r.must(r.Attend(ctx, ali, m.ID, "ali", "bob"))
	_, err := r.Attend(ctx, cho, m.ID, "cho", "bob")
	require.ErrorIs(t, err, cab.ErrSeatTaken, "nobody takes two seats")
	_, err = r.Attend(ctx, alf, m.ID, "alf", "cho")
	require.ErrorIs(t, err, cab.ErrNotPresent, "he is no alternate of hers")
	r.pass(time.Minute)
	m = r.must(r.Attend(ctx, alf, m.ID, "alf", "bob")) // comes before ali
	require.Equal(t, []string{"ann", "ali for bob", "ali, guest", "alf for bob"}, people(m))
	_, err = r.Attend(ctx, ali, m.ID, "ali", "bob")
	require.ErrorIs(t, err, cab.ErrSeatTaken)

	m = r.vote(m, change, approval.Reject, alf)
	r.pass(time.Minute)
	m = r.must(r.Attend(ctx, bob, m.ID, "bob", ""))
	require.Equal(t, []string{"ann", "ali for bob", "ali, guest", "alf for bob", "alf, guest", "bob"}, people(m))
	_, err = r.Service.Vote(ctx, alf, m.ID, change, approval.Vote{Choice: approval.Approve})
	require.ErrorIs(t, err, cab.ErrNotPresent)
	_, err = r.Attend(ctx, alf, m.ID, "alf", "bob")
	require.ErrorIs(t, err, cab.ErrSeatTaken)
	it, _ := m.Item(change)
	require.Equal(t, "alf", it.Votes[0].By, "what he has voted stands")
	m = r.vote(m, change, approval.Approve, bob)
	it, _ = m.Item(change)
	require.Len(t, it.Votes, 1)
	require.Equal(t, "bob", it.Votes[0].By, "until the member votes himself")

	r.pass(time.Minute)
	r.must(r.Leave(ctx, bob, m.ID, "bob"))
	m = r.must(r.Attend(ctx, alf, m.ID, "alf", ""))
	require.Equal(t, people(m)[:6], people(m), "a guest who comes again stays one")
	m = r.must(r.Attend(ctx, alf, m.ID, "alf", "bob"))
	require.Equal(t, "alf for bob", people(m)[6])
}

func people(m *cab.Meeting) []string {
	var all []string
	for _, a := range m.Attendance {
		all = append(all, a.String())
	}
	return all
}

func TestAlternatesAreDelegatesWhileTheyHaveTheSeat(t *testing.T) {
	r := newRoom(t)
	m := r.begin(alf)
	from := r.now
	until := func(at time.Time) []approval.Delegation {
		ds, err := r.Service.Delegations(ctx, "change-authorize", at)
		require.NoError(t, err)
		return ds
	}
	ds := until(from)
	require.Equal(t, []approval.Delegation{{From: "bob", To: "alf", Start: from, End: m.End, Policies: []string{"change-authorize"}, Asked: []string{"board cab"}, Reason: "alternate at CAB0000001"}}, ds)
	require.NoError(t, approval.CheckDelegations(ds))
	require.Empty(t, until(from.Add(-time.Second)))
	require.Len(t, until(m.End.Add(time.Hour)), 1, "a meeting may run over")
	other, err := r.Service.Delegations(ctx, "access", from)
	require.NoError(t, err)
	require.Empty(t, other, "only in the policies of the board")

	r.pass(30 * time.Minute)
	r.must(r.Adjourn(ctx, ann, m.ID))
	require.Empty(t, until(r.now))
	require.Len(t, until(from.Add(time.Minute)), 1, "of a vote that is recorded later")
}
