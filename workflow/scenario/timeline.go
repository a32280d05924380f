package scenario

import (
	"context"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// timeline is a store that remembers at which instants something will be due, so
// that a story's clock can go from one to the next.
type timeline struct {
	workflow.Store
	workflow.Queue
	stops []time.Time // ascending; some may have become pointless
}

// Commit notes when the batch's timers are due.
func (s *timeline) Commit(ctx context.Context, b workflow.Batch) error {
	if err := s.Store.Commit(ctx, b); err != nil {
		return err
	}
	for _, t := range b.Timers {
		s.stop(t.Due)
	}
	return nil
}

// Settle notes when failed work is tried again.
func (s *timeline) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	for _, x := range settlements {
		s.stop(x.RetryAt)
	}
	return s.Queue.Settle(ctx, settlements...)
}

func (s *timeline) stop(at time.Time) {
	if at.IsZero() {
		return
	}
	if i, found := slices.BinarySearchFunc(s.stops, at, time.Time.Compare); !found {
		s.stops = slices.Insert(s.stops, i, at)
	}
}

// next takes the first stop up to an instant off the list.
func (s *timeline) next(until time.Time) (time.Time, bool) {
	if len(s.stops) == 0 || s.stops[0].After(until) {
		return time.Time{}, false
	}
	at := s.stops[0]
	s.stops = s.stops[1:]
	return at, true
}
