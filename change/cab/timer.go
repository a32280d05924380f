package cab

import (
	"context"
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

// TimerCutoff is the timer at which an agenda is closed: it is built a last time, and
// the pre-read is sent.
const TimerCutoff = "cutoff"

// Handle answers the timers that meetings have set. Give it to a [workflow.Mux] under
// [KindName]. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	t := d.Timer
	if t == nil || t.Ref.Kind != KindName || t.Name != TimerCutoff {
		return workflow.Permanent(fmt.Errorf("cab: %s is not a timer of a meeting: %w", d.Key(), workflow.ErrInvalid))
	}
	// Never before the timer's instant, should this clock be behind the relay's.
	at := s.desk.Now()
	if at.Before(t.Due) {
		at = t.Due
	}
	_, err := s.At(at).closeAgenda(ctx, workflow.System("cab-agenda"), t.Ref.ID)
	switch {
	case errors.Is(err, workflow.ErrTransition):
		return nil // the meeting has begun or was cancelled meanwhile
	case errors.Is(err, workflow.ErrNotFound):
		return workflow.Permanent(err)
	}
	return err
}
