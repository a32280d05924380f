package cab_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

func TestDecidedBetweenMeetings(t *testing.T) {
	r := newRoom(t)
	change, gone, open := r.put(t, 1, board(), high()), r.put(t, 2, board(), high()), r.put(t, 3, board(), high())
	m := r.schedule()
	r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	for _, who := range []string{"bob", "cho", "dee"} {
		_, err := r.changes.Vote(ctx, workflow.User(who), change, approval.Vote{By: who, Choice: approval.Approve})
		require.NoError(t, err)
	}
	_, err := r.decide(gone, func(a *approval.Request) (approval.Request, error) { return a.Cancel("not needed", r.now) })
	require.NoError(t, err)
	for range 2 {
		m = r.must(r.Refresh(ctx, mia, m.ID))
		require.Equal(t, cab.DecidedElsewhere, r.outcome(m, change))
		require.Equal(t, cab.Withdrawn, r.outcome(m, gone))
		require.Equal(t, cab.Pending, r.outcome(m, open))
	}
	it, _ := m.Item(change)
	require.Equal(t, approval.Approved, it.Decision.Status)
	require.Len(t, it.Votes, 3)

	m = r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	require.Len(t, m.Agenda, 3, "they stay to be seen")
	require.Equal(t, open, m.Agenda[0].Change.ID)
	require.Zero(t, m.Agenda[1].Minutes, "and need no time")
	r.now = m.Start
	r.must(r.Start(ctx, ann, m.ID))
	_, err = r.Service.Vote(ctx, ann, m.ID, change, approval.Vote{Choice: approval.Approve})
	require.ErrorIs(t, err, cab.ErrDecided)
	_, err = r.Decide(ctx, ann, m.ID, gone, "")
	require.ErrorIs(t, err, cab.ErrDecided)
}

// Somebody who is not there votes while the meeting is on, and decides.
func TestDecidedFromOutsideDuringTheMeeting(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(cho)
	r.vote(m, change, approval.Approve, ann, cho)
	r.pass(time.Minute)
	_, err := r.changes.Vote(ctx, dee, change, approval.Vote{By: "dee", Choice: approval.Approve})
	require.NoError(t, err)
	m = r.must(r.Refresh(ctx, ann, m.ID))
	require.Equal(t, cab.DecidedElsewhere, r.outcome(m, change))
}

func TestAnswersThatWereLost(t *testing.T) {
	r := newRoom(t)
	change, second := r.put(t, 1, board(), high()), r.put(t, 2, board(), high())
	m := r.begin(cho, dee)
	v := approval.Vote{Choice: approval.Approve, Comment: "because"}
	r.failing = errLost
	_, err := r.Service.Vote(ctx, ann, m.ID, change, v)
	require.ErrorIs(t, err, errLost)
	m = r.must(r.Service.Vote(ctx, ann, m.ID, change, v))
	m = r.must(r.Service.Vote(ctx, ann, m.ID, change, v))
	require.Equal(t, 1, r.commands, "it is cast once")
	it, _ := m.Item(change)
	require.Len(t, it.Votes, 1)

	r.vote(m, change, approval.Reject, cho)
	r.vote(m, change, approval.Abstain, dee)
	r.failing = errLost
	_, err = r.Decide(ctx, ann, m.ID, change, "")
	require.ErrorIs(t, err, errLost)
	m = r.must(r.Decide(ctx, ann, m.ID, change, "a tie"))
	require.Equal(t, cab.Rejected, r.outcome(m, change))
	m = r.must(r.Decide(ctx, ann, m.ID, change, ""))
	it, _ = m.Item(change)
	require.Equal(t, "a tie", it.Decision.Comment)
	require.Equal(t, "ann", it.Decision.By)
	m = r.must(r.Service.Vote(ctx, ann, m.ID, change, v))
	require.Equal(t, cab.Rejected, r.outcome(m, change), "repeating a vote after the decision changes nothing")

	// The deciding vote is cast, its answer lost, and the meeting adjourned.
	r.vote(m, second, approval.Approve, ann, cho)
	r.pass(time.Minute)
	r.failing = errLost
	_, err = r.Service.Vote(ctx, dee, m.ID, second, v)
	require.ErrorIs(t, err, errLost)
	m = r.must(r.Adjourn(ctx, ann, m.ID))
	it, _ = m.Item(second)
	require.Equal(t, cab.Approved, it.Outcome)
	require.Equal(t, []string{"ann", "cho", "dee"}, it.Decision.Present)
}

func TestRecusal(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(cho, dee, bob)
	for range 2 {
		m = r.must(r.Service.Recuse(ctx, bob, m.ID, change, "it is for my team"))
	}
	it, _ := m.Item(change)
	require.Len(t, it.Recusals, 1)
	_, err := r.Service.Vote(ctx, bob, m.ID, change, approval.Vote{Choice: approval.Approve})
	require.ErrorIs(t, err, approval.ErrConflictOfInterest)
	r.must(r.Leave(ctx, bob, m.ID, "bob"))
	r.must(r.Attend(ctx, alf, m.ID, "alf", "bob"))
	_, err = r.Service.Vote(ctx, alf, m.ID, change, approval.Vote{Choice: approval.Approve})
	require.ErrorIs(t, err, approval.ErrConflictOfInterest, "nor does his alternate")
	m = r.vote(m, change, approval.Approve, ann, cho, dee)
	require.Equal(t, cab.Approved, r.outcome(m, change))
	other := r.put(t, 2, board(), high())
	r.must(r.AddItem(ctx, ann, m.ID, other, 0, "urgent"))
	r.vote(m, other, approval.Approve, cho)
	r.must(r.Service.Recuse(ctx, ann, m.ID, other, "I wrote it"))
	_, err = r.Decide(ctx, ann, m.ID, other, "")
	require.ErrorIs(t, err, approval.ErrConflictOfInterest, "nor does he close the vote")
	_, err = r.Service.Recuse(ctx, dee, m.ID, change, "mine as well")
	require.ErrorIs(t, err, cab.ErrDecided)
	_, err = r.Service.Recuse(ctx, gus, m.ID, change, "me too")
	require.ErrorIs(t, err, workflow.ErrForbidden)
}

// Everybody votes at once: the desk decides again where they meet.
func TestVotesAtTheSameTime(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(bob, cho, dee)
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i, p := range []workflow.Actor{ann, bob, cho, dee} {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, errs[i] = r.Service.Vote(ctx, p, m.ID, change, approval.Vote{Choice: approval.Approve})
		}()
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, cab.ErrDecided) && !errors.Is(err, approval.ErrNotOpen) {
			require.NoError(t, err)
		}
	}
	m = r.must(r.Refresh(ctx, ann, m.ID))
	require.Equal(t, cab.Approved, r.outcome(m, change))
	it, _ := m.Item(change)
	require.Len(t, it.Votes, 3, "the fourth comes too late")
	r.verify()
}

// between is a docket in front of which somebody else acts.
type between struct {
	cab.Docket
	first func()
}

func (b between) Waiting(ctx context.Context, board string) ([]cab.Case, error) {
	b.first()
	return b.Docket.Waiting(ctx, board)
}

func (b between) Vote(ctx context.Context, actor workflow.Actor, change workflow.ID, v approval.Vote) (cab.Standing, error) {
	s, err := b.Docket.Vote(ctx, actor, change, v)
	b.first()
	return s, err
}

func (b between) CloseVote(ctx context.Context, actor workflow.Actor, change workflow.ID) (cab.Standing, error) {
	s, err := b.Docket.CloseVote(ctx, actor, change)
	b.first()
	return s, err
}

// Between what a command asks of the changes and what it writes down, the meeting goes
// on.
func TestTheMeetingGoesOnBetweenTheTwoCommits(t *testing.T) {
	r := newRoom(t)
	change, other := r.put(t, 1, board(), high()), r.put(t, 2, board(), high())
	slow := func(first func()) *cab.Service {
		desk := workflow.NewDesk(r.store, workflow.DeskConfig{Clock: func() time.Time { return r.now }})
		s, err := cab.New(desk, cab.Config{Boards: []cab.Board{board()}, Docket: between{r.changes, first}})
		require.NoError(t, err)
		return s
	}
	m := r.schedule()
	m = r.must(slow(func() {
		r.must(r.RemoveItem(ctx, mia, r.must(r.AddItem(ctx, mia, m.ID, change, 0, "")).ID, change, ""))
	}).BuildAgenda(ctx, mia, m.ID, ""))
	require.Equal(t, "2@0+20", listed(m), "what was taken off meanwhile stays off")
	r.must(r.AddItem(ctx, mia, m.ID, change, 0, ""))

	r.now = m.Start
	r.must(r.Start(ctx, ann, m.ID))
	r.must(r.Attend(ctx, bob, m.ID, "bob", ""))
	r.must(r.Attend(ctx, cho, m.ID, "cho", ""))
	r.vote(m, change, approval.Approve, ann, bob)
	r.pass(time.Minute)
	// The deciding vote is cast, and before it is written down the meeting is over.
	m = r.must(slow(func() { r.must(r.Adjourn(ctx, ann, m.ID)) }).Vote(ctx, cho, m.ID, change, approval.Vote{Choice: approval.Approve}))
	require.Equal(t, cab.Approved, r.outcome(m, change))
	require.Equal(t, cab.Deferred, r.outcome(m, other))
	it, _ := m.Item(change)
	require.Equal(t, []string{"ann", "bob", "cho"}, it.Decision.Present)
	r.verify()
}

// A vote that decides comes back after the meeting has deferred the item: the change was
// decided here, and the minutes say so once they are refreshed.
func TestADeferralThatWasOvertaken(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(bob, cho)
	r.vote(m, change, approval.Reject, ann, bob)
	r.pass(time.Minute)
	r.failing = errLost
	_, err := r.Service.Vote(ctx, cho, m.ID, change, approval.Vote{Choice: approval.Reject, Comment: "no"})
	require.ErrorIs(t, err, errLost)
	m = r.must(r.Defer(ctx, ann, m.ID, change, "no quorum, we think"))
	require.Equal(t, cab.Deferred, r.outcome(m, change))
	for range 2 {
		m = r.must(r.Refresh(ctx, ann, m.ID))
		require.Equal(t, cab.Rejected, r.outcome(m, change))
	}
}

// What was deferred and is decided later between meetings stays deferred in these
// minutes.
func TestADeferralStays(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(bob, cho)
	r.must(r.Defer(ctx, ann, m.ID, change, "not ready"))
	r.must(r.Adjourn(ctx, ann, m.ID))
	r.pass(time.Hour)
	for _, who := range []string{"bob", "cho", "dee"} {
		_, err := r.changes.Vote(ctx, workflow.User(who), change, approval.Vote{By: who, Choice: approval.Approve})
		require.NoError(t, err)
	}
	m = r.must(r.Refresh(ctx, ann, m.ID))
	require.Equal(t, cab.Deferred, r.outcome(m, change))
}

// What is stored as JSON is what the service hands out.
func TestAMeetingIsReadBackAsItWas(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin(bob, cho)
	r.must(r.Minute(ctx, cho, m.ID, change, "a note"))
	r.vote(m, change, approval.Approve, ann, bob, cho)
	r.must(r.Adjourn(ctx, ann, m.ID))
	m = r.must(r.Get(ctx, m.ID))
	var events []workflow.Event
	for e, err := range r.store.Events(ctx, "", workflow.Filter{Record: r.Kind().Ref(m.ID)}) {
		require.NoError(t, err)
		events = append(events, e)
	}
	back, err := r.Kind().Replay(events)
	require.NoError(t, err)
	require.Equal(t, m, back)
}
