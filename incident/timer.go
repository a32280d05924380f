package incident

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Handle answers the timers that incidents have set: service levels that come
// due, closing after the resolution, and what is owed in a major incident; and it carries out [TopicCascade], by which
// the children of a large family follow their parent. Give it to a [workflow.Mux]
// under [KindName] and under the topic. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	var err error
	switch {
	case d.Timer != nil && d.Timer.Ref.Kind == KindName:
		err = s.alarm(ctx, d.Timer)
	case d.Message != nil && d.Message.Topic == TopicCascade:
		err = s.follow(ctx, d.Message)
	default:
		err = fmt.Errorf("incident: %s is not work for incidents: %w", d.Key(), workflow.ErrInvalid)
	}
	if errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrInvalid) {
		return workflow.Permanent(err)
	}
	return err
}

func (s *Service) alarm(ctx context.Context, t *workflow.Timer) error {
	// Never before the timer's instant: a clock that goes behind the relay's
	// would find nothing due, and the timer would be gone.
	at := s.desk.Now()
	if at.Before(t.Due) {
		at = t.Due
	}
	var err error
	switch {
	case t.Name == TimerAutoClose:
		_, err = s.At(at).autoClose(ctx, t.Ref.ID)
	case strings.HasPrefix(t.Name, "sla/"):
		_, err = s.At(at).run(ctx, workflow.System("service-levels"), t.Ref.ID, "clock", func(*step) error { return nil })
	case strings.HasPrefix(t.Name, timerInactive):
		_, err = s.At(at).run(ctx, workflow.System("inactivity"), t.Ref.ID, commandInactive, func(*step) error { return nil })
	case strings.HasPrefix(t.Name, timerMajor):
		_, err = s.At(at).run(ctx, workflow.System("major-incident"), t.Ref.ID, "remind", (*step).remind)
	default:
		err = fmt.Errorf("incident: unknown timer %q: %w", t.Name, workflow.ErrInvalid)
	}
	return err
}

// autoClose closes an incident whose time after the resolution is over. One that
// was reopened meanwhile, or resolved again, is left alone.
func (s *Service) autoClose(ctx context.Context, id workflow.ID) (*Incident, error) {
	return s.run(ctx, workflow.System("autoclose"), id, ActionClose, func(st *step) error {
		due, ok := s.alarms(st.inc)[TimerAutoClose]
		if !ok || st.tx.Now().Before(due) {
			return nil
		}
		st.reason = fmt.Sprintf("%d business days after its resolution", s.cfg.AutoClose)
		return st.close()
	})
}
