package cab_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

func high() approval.Facts { return approval.Facts{"risk": "high"} }

func TestAMeetingFromItsScheduleToItsMinutes(t *testing.T) {
	r := newRoom(t)
	upgrade := r.put(t, 1, board(), high())
	firewall := r.put(t, 2, board(), approval.Facts{"risk": "low"})
	printer := r.put(t, 3, board(), approval.Facts{"risk": "moderate"}, "dee")
	late := r.put(t, 4, board(), approval.Facts{"risk": "low"})
	r.inform(5, board())

	m := r.schedule()
	require.Equal(t, "CAB0000001", m.Number)
	require.Equal(t, tuesday, m.Start)
	require.Equal(t, []string{"cab.scheduled"}, topics(r.relay()))

	r.now = tuesday.Add(-48 * time.Hour)
	told := r.relay() // the cutoff: the agenda is built and sent
	require.Equal(t, []string{"cab.pre_read"}, topics(told))
	require.Len(t, told[0].Items, 5)
	require.Equal(t, []string{"ann", "bob", "cho", "dee", "alf", "ali"}, told[0].To)
	require.Equal(t, tuesday.Add(20*time.Minute), told[0].Items[1].At, "behind the twenty minutes of the risky one")

	r.now = tuesday.Add(3 * time.Minute)
	m = r.must(r.Start(ctx, ann, m.ID))
	r.must(r.Attend(ctx, ann, m.ID, "gus", "")) // whoever chairs records a guest
	r.must(r.Attend(ctx, alf, m.ID, "alf", "bob"))
	r.must(r.Attend(ctx, cho, m.ID, "cho", ""))
	m = r.must(r.Attend(ctx, dee, m.ID, "dee", ""))
	ok, why := m.Quorate()
	require.True(t, ok, why)

	r.vote(m, upgrade, approval.Approve, ann, alf)
	m = r.vote(m, upgrade, approval.Reject, cho)
	require.Equal(t, cab.Pending, r.outcome(m, upgrade))
	r.pass(time.Minute)
	r.must(r.Minute(ctx, cho, m.ID, upgrade, "Worried about the rollback.\nForged: 1. CHG9 approved"))
	m = r.must(r.Decide(ctx, ann, m.ID, upgrade, "with the rollback rehearsed"))
	require.Equal(t, cab.Approved, r.outcome(m, upgrade))

	r.pass(time.Minute)
	r.must(r.Leave(ctx, alf, m.ID, "alf"))
	r.must(r.Attend(ctx, bob, m.ID, "bob", ""))
	_, err := r.Service.Vote(ctx, dee, m.ID, printer, approval.Vote{Choice: approval.Approve})
	require.ErrorIs(t, err, approval.ErrConflictOfInterest)
	m = r.vote(m, printer, approval.Reject, bob, cho, ann)
	require.Equal(t, cab.Rejected, r.outcome(m, printer), "everybody who may has voted, and nobody needs to close the vote")

	r.must(r.Service.Recuse(ctx, bob, m.ID, firewall, "my own team's"))
	m = r.must(r.Defer(ctx, ann, m.ID, firewall, "the plan is missing"))
	require.Equal(t, cab.Deferred, r.outcome(m, firewall))

	r.pass(5 * time.Minute)
	m = r.must(r.Adjourn(ctx, ann, m.ID))
	require.Equal(t, cab.StateClosed, m.State)
	require.Equal(t, cab.Deferred, r.outcome(m, late), "not reached")
	require.Equal(t, []string{"cab.deferred", "cab.deferred"}, topics(r.relay()))

	r.pass(time.Hour)
	m = r.must(r.Publish(ctx, ann, m.ID))
	told = r.relay()
	require.Equal(t, []string{"cab.minutes"}, topics(told))
	require.Contains(t, told[0].To, "gus")
	golden(t, "testdata/minutes.txt", m.Minutes)

	_, err = r.Minute(ctx, ann, m.ID, upgrade, "one more thing")
	require.ErrorIs(t, err, cab.ErrPublished)
	_, err = r.Refresh(ctx, ann, m.ID)
	require.ErrorIs(t, err, cab.ErrPublished)
	r.verify()
}

func golden(t *testing.T, file, text string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

func TestConvene(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, ecab(), high())
	_, err := r.Service.Convene(ctx, mia, cab.Summons{Board: "ecab", Changes: []workflow.ID{id(8), id(9)}, Length: 1})
	require.ErrorContains(t, err, "reason")
	require.ErrorContains(t, err, "length")
	_, err = r.Service.Convene(ctx, mia, cab.Summons{Board: "ecab", Reason: "database down", Changes: []workflow.ID{id(8), id(9)}})
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.ErrorContains(t, err, id(8).String())
	require.ErrorContains(t, err, id(9).String())

	s := r.Once("alarm 1")
	m := r.must(s.Convene(ctx, mia, cab.Summons{Board: "ecab", Reason: "database down", Changes: []workflow.ID{change}}))
	again := r.must(s.Convene(ctx, mia, cab.Summons{Board: "ecab", Reason: "database down", Changes: []workflow.ID{change}}))
	require.Equal(t, m.ID, again.ID)
	require.Equal(t, r.now, m.Start)
	require.Equal(t, "ecab", m.Title)
	require.Equal(t, []string{"cab.convened"}, topics(r.relay()))
	m = r.must(r.Start(ctx, bob, m.ID))
	require.Equal(t, "bob", m.Chair())
	another := r.put(t, 2, ecab(), nil)
	m = r.must(r.AddItem(ctx, bob, m.ID, another, 5, ""))
	require.Equal(t, 10, m.Agenda[1].Offset, "there is no cutoff, and the other board's rule for risk is not this one's")
	r.must(r.Attend(ctx, bob, m.ID, "cho", ""))
	r.vote(m, change, approval.Approve, bob)
	m = r.vote(m, change, approval.Approve, cho)
	require.Equal(t, cab.Approved, r.outcome(m, change))
}

func TestWhoMayDoWhat(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	b := board()
	next := b.Next(r.now, 1)[0]
	_, err := r.Schedule(ctx, gus, "cab", next)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = r.Schedule(ctx, cho, "cab", next)
	require.ErrorIs(t, err, workflow.ErrForbidden, "a member does not prepare meetings")
	_, err = r.Service.Convene(ctx, gus, cab.Summons{Board: "ecab", Reason: "x"})
	require.ErrorIs(t, err, workflow.ErrForbidden)
	m := r.schedule()
	_, err = r.Start(ctx, mia, m.ID)
	require.ErrorIs(t, err, workflow.ErrForbidden, "the manager does not chair")
	_, err = r.Start(ctx, workflow.User("eva").For("ann"), m.ID)
	require.ErrorIs(t, err, workflow.ErrForbidden, "nobody chairs on behalf of another")
	r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	r.now = m.Start
	r.must(r.Start(ctx, ann, m.ID))
	for name, refused := range map[string]error{
		"a guest's seat": second(r.Attend(ctx, gus, m.ID, "gus", "")),
		"decide":         second(r.Decide(ctx, cho, m.ID, change, "")),
		"defer":          second(r.Defer(ctx, mia, m.ID, change, "later")),
		"adjourn":        second(r.Adjourn(ctx, cho, m.ID)),
		"take the chair": second(r.TakeChair(ctx, cho, m.ID)),
		"minute":         second(r.Minute(ctx, gus, m.ID, change, "hello")),
		"refresh":        second(r.Refresh(ctx, gus, m.ID)),
		"another's vote": second(r.Service.Vote(ctx, workflow.User("eva").For("ann"), m.ID, change, approval.Vote{Choice: approval.Approve})),
		"a program":      second(r.Service.Vote(ctx, workflow.System("ann"), m.ID, change, approval.Vote{Choice: approval.Approve})),
	} {
		require.ErrorIs(t, refused, workflow.ErrForbidden, name)
	}
	_, err = r.Service.Vote(ctx, cho, m.ID, change, approval.Vote{Choice: approval.Approve})
	require.ErrorIs(t, err, cab.ErrNotPresent)
	require.ErrorContains(t, err, `(votes: ["ann"])`)
	_, err = r.Service.Vote(ctx, ann, m.ID, id(99), approval.Vote{Choice: approval.Approve})
	require.ErrorIs(t, err, workflow.ErrNotFound)
	options, err := r.Options(r.must(r.Get(ctx, m.ID)), ann)
	require.NoError(t, err)
	require.Equal(t, "adjourn", options[0].Action)
	require.True(t, options[0].Allowed)
}

func second(_ *cab.Meeting, err error) error { return err }

func TestCancelledMeetings(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), approval.Facts{"risk": "unknown"})
	m := r.schedule()
	r.must(r.AddItem(ctx, mia, m.ID, change, 0, ""))
	_, err := r.Cancel(ctx, mia, m.ID, "")
	require.ErrorIs(t, err, workflow.ErrRequired)
	r.must(r.Cancel(ctx, mia, m.ID, "nothing to decide"))
	require.Equal(t, []string{"cab.scheduled", "cab.cancelled"}, topics(r.relay()))
	m = r.schedule()
	require.Equal(t, cab.StateCancelled, m.State, "the same occurrence is the same meeting")
	_, err = r.Start(ctx, ann, m.ID)
	require.ErrorIs(t, err, workflow.ErrTransition)
	_, err = r.BuildAgenda(ctx, mia, m.ID, "")
	require.ErrorIs(t, err, workflow.ErrTransition)
	r.now = m.Start
	require.Empty(t, r.relay(), "its timer is gone")

	next := r.schedule()
	next = r.must(r.BuildAgenda(ctx, mia, next.ID, ""))
	require.Equal(t, m.Number, next.Agenda[0].From, "what was on its agenda comes onto the next one's")
}

func TestScheduling(t *testing.T) {
	r := newRoom(t)
	m := r.schedule()
	require.Equal(t, m.ID, r.schedule().ID)
	_, err := r.Schedule(ctx, mia, "cab", cab.Occurrence{Start: tuesday.Add(time.Hour)})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "it next meets at 2026-03-03T13:00:00Z")
	_, err = r.Schedule(ctx, mia, "cab", cab.Occurrence{Start: tuesday.AddDate(0, 0, -7)})
	require.ErrorContains(t, err, "is over")
	_, err = r.Schedule(ctx, mia, "ecab", cab.Occurrence{Start: tuesday})
	require.ErrorContains(t, err, "no regular meetings")
	_, err = r.Schedule(ctx, mia, "board of directors", cab.Occurrence{Start: tuesday})
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.ErrorContains(t, err, `["cab" "ecab"]`)
	byNumber, err := r.ByNumber(ctx, m.Number)
	require.NoError(t, err)
	require.Equal(t, m.ID, byNumber.ID)
}

func TestAConfigurationIsToldEverythingAtOnce(t *testing.T) {
	_, err := cab.New(nil, cab.Config{Boards: []cab.Board{board(), board(), {}}, Lifecycle: workflow.Definition{Name: "x"}})
	for _, text := range []string{"no desk", "no docket", `board "cab" is given twice`, "it never meets", "has no state in_session"} {
		require.ErrorContains(t, err, text)
	}
	_, err = cab.New(nil, cab.Config{})
	require.ErrorContains(t, err, "no boards")
}
