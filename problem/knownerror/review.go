package knownerror

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// TimerReview is the timer that reminds the owner that a known error is to be looked at
// again.
const TimerReview = "review"

var noReview time.Time

// schedule says when the known error is to be looked at again.
func (st *step) schedule(at time.Time) {
	st.k.ReviewAt, st.k.RemindAt, st.k.Reminders = at, at, 0
}

func (s *Service) nextReview(now time.Time) time.Time {
	if s.cfg.ReviewAfter < 0 {
		return noReview
	}
	return now.Add(s.cfg.ReviewAfter)
}

func alarm(k *KnownError) time.Time {
	if k == nil || k.Published == nil {
		return noReview
	}
	return k.RemindAt
}

// Reviewed says that a known error in force was looked at, still holds, and is to be
// looked at again at an instant; the zero time is after [Config.ReviewAfter].
func (s *Service) Reviewed(ctx context.Context, actor workflow.Actor, id workflow.ID, next time.Time, note string) (*KnownError, error) {
	return s.run(ctx, actor, id, "reviewed", func(st *step) error {
		if err := st.keepers(); err != nil {
			return err
		}
		if st.k.Published == nil {
			return fmt.Errorf("knownerror: %s is %s: %w: %w", st.k.Name(), st.k.State, ErrNotPublished, workflow.ErrTransition)
		}
		var p workflow.Problems
		checkText(&p, "the note", note, false)
		switch {
		case next.IsZero():
			next = s.nextReview(st.tx.Now())
		case !next.After(st.tx.Now()):
			p.Addf("the next review, %v, is not after now", next)
		}
		if err := p.Err("knownerror: " + st.k.Name()); err != nil {
			return err
		}
		st.note = note
		st.schedule(next.UTC().Truncate(time.Microsecond))
		return nil
	})
}

// Handle answers the timers that known errors have set. Give it to a [workflow.Mux] under
// [KindName]. It bears repetition.
func (s *Service) Handle(ctx context.Context, d workflow.Due) error {
	if d.Timer == nil || d.Timer.Ref.Kind != KindName || d.Timer.Name != TimerReview {
		return workflow.Permanent(fmt.Errorf("knownerror: %s is not work for known errors: %w", d.Key(), workflow.ErrInvalid))
	}
	// Never before the timer's instant: a clock that goes behind the relay's would find
	// nothing due, and the timer would be gone.
	at := s.desk.Now()
	if at.Before(d.Timer.Due) {
		at = d.Timer.Due
	}
	_, err := s.At(at).run(ctx, workflow.System("known errors"), d.Timer.Ref.ID, TimerReview, func(st *step) error {
		due := alarm(st.k)
		if due.IsZero() || st.tx.Now().Before(due) {
			return nil
		}
		st.k.Reminders++
		st.k.RemindAt = st.tx.Now().Add(s.cfg.RemindEvery)
		return st.tell(TopicReview, "to be looked at since "+st.k.ReviewAt.Format(time.DateOnly), st.k.Owner)
	})
	if errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrInvalid) {
		return workflow.Permanent(err)
	}
	return err
}
