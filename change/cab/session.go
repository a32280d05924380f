package cab

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

// Start opens the meeting. Who does so, the chair of the board or one of the vice
// chairs, chairs it, and is there.
func (s *Service) Start(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Meeting, error) {
	return s.run(ctx, actor, id, ActionStart, func(st *step) error {
		if err := st.fire(ActionStart); err != nil {
			return err
		}
		st.m.Began = st.tx.Now()
		st.tx.ClearTimer(s.kind.Ref(id), TimerCutoff)
		return st.preside()
	})
}

// TakeChair hands the chair of a meeting in session to the chair of the board or one of
// the vice chairs, who takes it.
func (s *Service) TakeChair(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Meeting, error) {
	return s.run(ctx, actor, id, "take_chair", func(st *step) error {
		if err := st.in(StateInSession); err != nil {
			return err
		}
		if err := st.authorize(RoleChair, RoleViceChair); err != nil {
			return err
		}
		return st.preside()
	})
}

// maxChairs is how often the chair of one meeting changes hands.
const maxChairs = 100

func (st *step) preside() error {
	person := st.tx.Actor().ID
	switch {
	case st.m.Chair() == person:
	case len(st.m.Chairs) >= maxChairs:
		return fmt.Errorf("cab: %s: the chair has changed %d times, the most it may: %w", st.m.Name(), maxChairs, workflow.ErrInvalid)
	default:
		st.m.Chairs = append(st.m.Chairs, person)
	}
	return st.attend(person, "")
}

// Adjourn ends the meeting. What was decided meanwhile is written down, and what was not
// reached is deferred to the next meeting. The minutes are a draft from then on.
func (s *Service) Adjourn(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Meeting, error) {
	var standings map[workflow.ID]Standing
	ask := func(m *Meeting) (err error) {
		standings, err = s.standings(ctx, m)
		return err
	}
	check := func(st *step) error { return st.fire(ActionAdjourn) }
	return s.consult(ctx, actor, id, ActionAdjourn, check, ask, func(st *step) error {
		if err := st.fire(ActionAdjourn); err != nil {
			return err
		}
		now := st.tx.Now()
		var deferred []NoticeItem
		for i := range st.m.Agenda {
			it := &st.m.Agenda[i]
			if standing, asked := standings[it.Change.ID]; asked {
				st.settle(it, standing, false)
			}
			if it.Outcome == Pending {
				st.postpone(it, notReached)
				deferred = append(deferred, it.announced(st.m.Start))
			}
		}
		for i := range st.m.Attendance {
			if a := &st.m.Attendance[i]; a.Left.IsZero() {
				a.Left = now
			}
		}
		st.m.Ended = now
		if len(deferred) == 0 {
			return nil
		}
		return st.tell(TopicDeferred, notReached+"; "+st.nextMeeting(), []string{st.m.Board.Chair}, deferred...)
	})
}

const notReached = "not reached"

// Publish makes the minutes read-only and sends them to everybody who sits on the board
// or was there.
func (s *Service) Publish(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Meeting, error) {
	return s.run(ctx, actor, id, ActionPublish, func(st *step) error {
		if err := st.fire(ActionPublish); err != nil {
			return err
		}
		st.m.PublishedAt, st.m.PublishedBy = st.tx.Now(), actor.ID
		st.m.Minutes = Minutes(st.m)
		to := st.m.Board.audience()
		for _, a := range st.m.Attendance {
			to = append(to, a.Person)
		}
		return st.tell(TopicMinutes, st.m.Minutes, to, st.m.announced()...)
	})
}
