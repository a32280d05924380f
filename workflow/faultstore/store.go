package faultstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// ErrInjected is what every error matches that a [Store] makes up.
var ErrInjected = errors.New("injected fault")

// Op names a method of the store or of its queue.
type Op string

// The operations that can fail.
const (
	OpGet    Op = "get"
	OpCommit Op = "commit"
	OpFind   Op = "find"
	OpEvents Op = "events"
	OpClaim  Op = "claim"
	OpSettle Op = "settle"
	OpParked Op = "parked"
	OpRevive Op = "revive"
)

// Mode says where in a call the fault strikes.
type Mode uint8

// The modes.
const (
	// Before: the call has no effect.
	Before Mode = iota + 1
	// After: the call takes effect, and then its answer is lost. The error of a
	// commit matches [workflow.ErrUnsure]. A reader is cut off behind its first
	// record.
	After
	// Down: the call has no effect, and neither has any call behind it: the
	// database is gone.
	Down
	// Lost: the call takes effect, its answer is lost, and no call behind it has
	// any effect.
	Lost
)

// Modes returns every mode.
func Modes() []Mode { return []Mode{Before, After, Down, Lost} }

// String returns the mode's name in small letters.
func (m Mode) String() string {
	names := [...]string{"none", "before", "after", "down", "lost"}
	if int(m) < len(names) {
		return names[m]
	}
	return fmt.Sprintf("mode %d", uint8(m))
}

// Fault says which call fails, and how. The zero Fault never strikes.
type Fault struct {
	Call int // counted from 1 over all operations
	Mode Mode
}

// Store passes everything on to another store, until its fault strikes. It is a
// [workflow.Store] and, where the store behind it is one, a [workflow.Queue]. It
// is as safe for concurrent use as the store behind it; with concurrent callers,
// which of them meets the fault is a matter of chance.
type Store struct {
	plain workflow.Store
	queue workflow.Queue
	fault Fault

	mu     sync.Mutex
	calls  int
	struck Op
}

// New returns a store that passes calls on to another one until the fault
// strikes.
func New(plain workflow.Store, f Fault) *Store {
	q, _ := plain.(workflow.Queue)
	return &Store{plain: plain, queue: q, fault: f}
}

// Calls returns how many calls were made.
func (s *Store) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Struck returns the operation that the fault struck first; empty if it has not.
func (s *Store) Struck() Op {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.struck
}

// call counts a call. It returns the error with which the call is to end at
// once, or the one that is to take the place of its answer.
func (s *Store) call(op Op) (before, after error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	n, f := s.calls, s.fault
	if f.Mode == 0 || f.Call < 1 || n < f.Call || n > f.Call && f.Mode < Down {
		return nil, nil
	}
	if s.struck == "" {
		s.struck = op
	}
	err := fmt.Errorf("faultstore: call %d, %s, fails (%v): %w", n, op, f.Mode, ErrInjected)
	if n > f.Call || f.Mode == Before || f.Mode == Down {
		return err, nil
	}
	if op == OpCommit {
		err = fmt.Errorf("%w: %w", err, workflow.ErrUnsure)
	}
	return nil, err
}

// Get is the store's, unless the fault strikes.
func (s *Store) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	before, after := s.call(OpGet)
	if before != nil {
		return workflow.Document{}, before
	}
	doc, err := s.plain.Get(ctx, ref)
	if err == nil && after != nil {
		return workflow.Document{}, after
	}
	return doc, err
}

// Commit is the store's, unless the fault strikes.
func (s *Store) Commit(ctx context.Context, b workflow.Batch) error {
	before, after := s.call(OpCommit)
	if before != nil {
		return before
	}
	if err := s.plain.Commit(ctx, b); err != nil {
		return err
	}
	return after
}

// Find is the store's, unless the fault strikes. Each loop is one call.
func (s *Store) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	return read(s, OpFind, s.plain.Find(ctx, q))
}

// Events is the store's, unless the fault strikes. Each loop is one call.
func (s *Store) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	return read(s, OpEvents, s.plain.Events(ctx, after, f))
}

// Claim is the queue's, unless the fault strikes. Work whose claim was lost
// comes back when its lease has run out.
func (s *Store) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	if s.queue == nil {
		return nil, errNoQueue(OpClaim)
	}
	before, after := s.call(OpClaim)
	if before != nil {
		return nil, before
	}
	due, err := s.queue.Claim(ctx, now, n, lease)
	if err == nil && after != nil {
		return nil, after
	}
	return due, err
}

// Settle is the queue's, unless the fault strikes.
func (s *Store) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	if s.queue == nil {
		return errNoQueue(OpSettle)
	}
	before, after := s.call(OpSettle)
	if before != nil {
		return before
	}
	if err := s.queue.Settle(ctx, settlements...); err != nil {
		return err
	}
	return after
}

// Parked is the queue's, unless the fault strikes. Each loop is one call.
func (s *Store) Parked(ctx context.Context) iter.Seq2[workflow.Due, error] {
	if s.queue == nil {
		return func(yield func(workflow.Due, error) bool) { yield(workflow.Due{}, errNoQueue(OpParked)) }
	}
	return read(s, OpParked, s.queue.Parked(ctx))
}

// Revive is the queue's, unless the fault strikes.
func (s *Store) Revive(ctx context.Context, at time.Time, receipts ...workflow.Receipt) error {
	if s.queue == nil {
		return errNoQueue(OpRevive)
	}
	before, after := s.call(OpRevive)
	if before != nil {
		return before
	}
	if err := s.queue.Revive(ctx, at, receipts...); err != nil {
		return err
	}
	return after
}

func errNoQueue(op Op) error {
	return fmt.Errorf("faultstore: %s: the store behind this one is no queue: %w", op, workflow.ErrInvalid)
}

// read passes a reader's loop on, and cuts it off where the fault strikes.
func read[T any](s *Store, op Op, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		before, after := s.call(op)
		var none T
		if before != nil {
			yield(none, before)
			return
		}
		n := 0
		for v, err := range seq {
			if n++; err == nil && after != nil && n > 1 {
				break
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
		if after != nil {
			yield(none, after)
		}
	}
}
