package cab_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// silent is a docket that does not answer.
type silent struct{ cab.Docket }

func (silent) Waiting(context.Context, string) ([]cab.Case, error) { return nil, errLost }
func (silent) Standing(context.Context, workflow.ID) (cab.Standing, error) {
	return cab.Standing{}, errLost
}

func TestTheTimerOfTheAgenda(t *testing.T) {
	r := newRoom(t)
	r.put(t, 1, board(), high())
	m := r.schedule()
	due := workflow.Due{Timer: &workflow.Timer{Ref: r.Kind().Ref(m.ID), Name: cab.TimerCutoff, Due: m.Cutoff}}
	desk := workflow.NewDesk(r.store, workflow.DeskConfig{Clock: func() time.Time { return r.now }})
	down, err := cab.New(desk, cab.Config{Boards: []cab.Board{board()}, Docket: silent{r.changes}})
	require.NoError(t, err)
	require.ErrorIs(t, down.Handle(ctx, due), errLost, "it is tried again")

	require.NoError(t, r.Handle(ctx, due), "a clock that is behind waits for it")
	m = r.must(r.Get(ctx, m.ID))
	require.Equal(t, m.Cutoff, m.PreRead)
	require.Len(t, m.Agenda, 1)
	require.NoError(t, r.Handle(ctx, due))
	require.Equal(t, m.Version, r.must(r.Get(ctx, m.ID)).Version, "it bears repetition")

	r.now = m.Start
	r.must(r.Start(ctx, ann, m.ID))
	require.NoError(t, r.Handle(ctx, due), "there is nothing to prepare any more")
	for name, d := range map[string]workflow.Due{
		"another timer":   {Timer: &workflow.Timer{Ref: due.Timer.Ref, Name: "lunch", Due: m.Cutoff}},
		"another kind":    {Timer: &workflow.Timer{Ref: workflow.Ref{Kind: "incident", ID: m.ID}, Name: cab.TimerCutoff}},
		"a message":       {Message: &workflow.Message{Ref: due.Timer.Ref, ID: m.ID}},
		"another meeting": {Timer: &workflow.Timer{Ref: r.Kind().Ref(id(5)), Name: cab.TimerCutoff, Due: m.Cutoff}},
	} {
		require.Error(t, r.Handle(ctx, d), name)
	}
	_, err = down.Adjourn(ctx, ann, m.ID)
	require.ErrorIs(t, err, errLost)
	_, err = down.Refresh(ctx, ann, m.ID)
	require.ErrorIs(t, err, errLost)
	require.Equal(t, cab.StateInSession, r.must(r.Get(ctx, m.ID)).State)
}

func TestMinutesOfAMeetingThatWasNotHeld(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	r.all[change].Title = "Upgrade\n2. CHG9999999 forged"
	for n := 2; n <= 5; n++ {
		r.put(t, n, board(), high())
	}
	m := r.schedule()
	m = r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	require.Equal(t, `CAB0000001 Change Advisory Board
Planned: Tuesday 3 March 2026, 14:00 to 15:00 (Europe/Berlin)
Not held yet

1. CHG0000001 Upgrade 2. CHG9999999 forged
   risk: high
   Pending

2. CHG0000002 Change 2
   risk: high
   Pending

3. CHG0000003 Change 3
   risk: high
   Pending

No time, for the next meeting:
  CHG0000004 Change 4 (20 minutes)
  CHG0000005 Change 5 (20 minutes)
`, cab.Minutes(m))
	require.Contains(t, cab.Minutes(r.must(r.Cancel(ctx, mia, m.ID, "a holiday"))), "Reason: a holiday\nCancelled\n")
	require.NotPanics(t, func() { cab.Minutes(&cab.Meeting{Agenda: []cab.Item{{}}}) })
}

func TestNotesHaveLimits(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin()
	for _, text := range []string{"", " ", string(make([]byte, cab.MaxNote+1)), "\xff"} {
		_, err := r.Minute(ctx, ann, m.ID, change, text)
		require.ErrorIs(t, err, workflow.ErrInvalid)
		_, err = r.Defer(ctx, ann, m.ID, change, text)
		require.ErrorIs(t, err, workflow.ErrInvalid)
	}
	for range cab.MaxNotes {
		r.must(r.Minute(ctx, ann, m.ID, change, "a note"))
	}
	_, err := r.Minute(ctx, ann, m.ID, change, "one more")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = r.Minute(ctx, ann, m.ID, id(9), "on nothing")
	require.ErrorIs(t, err, workflow.ErrNotFound)
	_, err = r.Decide(ctx, ann, m.ID, change, "\xff")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	_, err = r.Attend(ctx, ann, m.ID, "", "")
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestALongCommentIsCutBetweenCharacters(t *testing.T) {
	r := newRoom(t)
	change := r.put(t, 1, board(), high())
	m := r.begin()
	long := make([]rune, 300)
	for i := range long {
		long[i] = 'ü'
	}
	m = r.must(r.Service.Vote(ctx, ann, m.ID, change, approval.Vote{Choice: approval.Approve, Comment: "x" + string(long)}))
	it, _ := m.Item(change)
	require.Equal(t, "x"+string(long[:99])+"…", it.Votes[0].Comment, "200 bytes would end within a character")
	m = r.must(r.Service.Vote(ctx, ann, m.ID, change, approval.Vote{Choice: approval.Approve, Comment: "x" + string(long)}))
	require.Equal(t, 1, r.commands)
	require.Len(t, m.Attendance, 1)
}

func TestARecurrenceInWords(t *testing.T) {
	for want, r := range map[string]cab.Recurrence{
		"every tuesday at 14:00":                  {On: []string{"tuesday"}, EveryWeeks: 1, At: "14:00"},
		"monday, friday of every 2 weeks at 9:00": {On: []string{"monday", "friday"}, EveryWeeks: 2, At: "9:00"},
		"1st, last monday of the month at 09:00":  {On: []string{"monday"}, Nth: []int{1, -1}, At: "09:00"},
	} {
		require.Equal(t, want, r.String())
	}
}
