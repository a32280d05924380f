package cab_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// afternoon is a meeting from its schedule to its minutes, each command with a key.
func (r *room) afternoon(s *cab.Service) (*cab.Meeting, error) {
	b := board()
	var m *cab.Meeting
	var failed error
	n := 0
	do := func(f func(*cab.Service) (*cab.Meeting, error)) {
		if n++; failed != nil {
			return
		}
		r.now = friday.Add(time.Duration(n) * time.Second)
		if n > 2 {
			r.now = tuesday.Add(time.Duration(n) * time.Second)
		}
		var err error
		if m, err = f(s.Once(fmt.Sprint("step ", n))); err != nil {
			failed = fmt.Errorf("step %d: %w", n, err)
		}
	}
	attend := func(p workflow.Actor, represents string) {
		do(func(s *cab.Service) (*cab.Meeting, error) { return s.Attend(ctx, p, m.ID, p.ID, represents) })
	}
	vote := func(p workflow.Actor, change int, c approval.Choice) {
		do(func(s *cab.Service) (*cab.Meeting, error) {
			return s.Vote(ctx, p, m.ID, id(change), approval.Vote{Choice: c, Comment: "because"})
		})
	}
	do(func(s *cab.Service) (*cab.Meeting, error) { return s.Schedule(ctx, mia, "cab", b.Next(friday, 1)[0]) })
	do(func(s *cab.Service) (*cab.Meeting, error) { return s.BuildAgenda(ctx, mia, m.ID, "") })
	do(func(s *cab.Service) (*cab.Meeting, error) { return s.Start(ctx, ann, m.ID) })
	attend(alf, "bob")
	attend(cho, "")
	vote(ann, 1, approval.Approve)
	vote(alf, 1, approval.Approve)
	vote(cho, 1, approval.Reject)
	do(func(s *cab.Service) (*cab.Meeting, error) { return s.Decide(ctx, ann, m.ID, id(1), "good") })
	attend(dee, "")
	vote(cho, 2, approval.Approve)
	vote(dee, 2, approval.Approve)
	vote(ann, 2, approval.Approve) // decides
	do(func(s *cab.Service) (*cab.Meeting, error) { return s.Adjourn(ctx, ann, m.ID) })
	do(func(s *cab.Service) (*cab.Meeting, error) { return s.Publish(ctx, ann, m.ID) })
	return m, failed
}

// fresh is a room over a store that may fail, with what waits for the board.
func fresh(t *testing.T, store workflow.Store) (*room, *cab.Service) {
	r := &room{t: t, now: friday}
	r.changes = &changes{clock: func() time.Time { return r.now }, all: map[workflow.ID]*waiting{}}
	for n := 1; n <= 3; n++ {
		r.put(t, n, board(), high())
	}
	s := r.serve(store, board(), ecab())
	r.changes.service = s
	return r, s
}

func TestAMeetingSurvivesEveryFailureOfItsStore(t *testing.T) {
	var want string
	var last *room
	open := func() workflow.Store { return memstore.New() }
	run := func(store *faultstore.Store) error {
		var s *cab.Service
		last, s = fresh(t, store)
		_, err := last.afternoon(s)
		return err
	}
	check := func(run faultstore.Run) error {
		if run.Err != nil && !errors.Is(run.Err, faultstore.ErrInjected) && !errors.Is(run.Err, workflow.ErrUnsure) {
			return fmt.Errorf("a fault that is none of the store: %w", run.Err)
		}
		// Once more from the beginning, with a store that works, on the same changes.
		s := last.serve(run.Plain, board(), ecab())
		last.changes.service = s
		m, err := last.afternoon(s)
		if err != nil {
			return err
		}
		minutes := strings.TrimPrefix(m.Minutes, m.Number) // a number whose commit was lost is not used again
		if want == "" {
			want = minutes
		}
		if last.commands != 7 {
			return fmt.Errorf("%d votes and closings have reached the changes, must be 7", last.commands)
		}
		if minutes != want {
			return fmt.Errorf("the minutes differ:\n%s", m.Minutes)
		}
		_, err = workflow.VerifyStore(ctx, run.Plain, nil, cab.KindName)
		return err
	}
	calls, err := faultstore.Drive(open, run, check)
	require.NoError(t, err)
	require.Greater(t, calls, 30)
	require.Contains(t, want, "vote closed by ann")
}
