package storetest_test

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

type work = []workflow.Due

func onClaim(f func(s *memstore.Store, ctx ctxt, now time.Time, n int, lease time.Duration) (work, error)) func() hooks {
	return func() hooks { return hooks{claim: f} }
}

func onSettle(f func(s *memstore.Store, ctx ctxt, all []workflow.Settlement) error) func() hooks {
	return func() hooks { return hooks{settle: f} }
}

// onTimers changes the timers of every batch.
func onTimers(f func(timers []workflow.Timer) []workflow.Timer) func() hooks {
	return onCommit(func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
		if b.Timers = f(slices.Clone(b.Timers)); len(b.Writes)+len(b.Timers)+len(b.Messages) == 0 {
			return nil
		}
		return s.Commit(ctx, b)
	})
}

var brokenQueues = []broken{
	{"rounds due times down to the second", []string{"timer/not-before-due"},
		onTimers(func(timers []workflow.Timer) []workflow.Timer {
			for i := range timers {
				timers[i].Due = timers[i].Due.Truncate(time.Second)
			}
			return timers
		})},
	{"hands out the last deadline first", []string{"timer/order"},
		onClaim(func(s *memstore.Store, ctx ctxt, now time.Time, n int, lease time.Duration) (work, error) {
			due, err := s.Claim(ctx, now, n, lease)
			slices.Reverse(due)
			return due, err
		})},
	{"keeps payloads as text", []string{"timer/exact"},
		onTimers(func(timers []workflow.Timer) []workflow.Timer {
			for i := range timers {
				timers[i].Payload = []byte(string([]rune(string(timers[i].Payload))))
			}
			return timers
		})},
	{"keeps the first setting of a timer", []string{"timer/set-again"}, func() hooks {
		set := map[string]bool{}
		return onTimers(func(timers []workflow.Timer) []workflow.Timer {
			return slices.DeleteFunc(timers, func(t workflow.Timer) bool {
				again := set[t.Ref.String()+t.Name]
				set[t.Ref.String()+t.Name] = true
				return again
			})
		})()
	}},
	{"forgets to cancel timers", []string{"timer/cancel"},
		onTimers(func(timers []workflow.Timer) []workflow.Timer {
			return slices.DeleteFunc(timers, func(t workflow.Timer) bool { return t.Due.IsZero() })
		})},
	{"gives out several timers of a record", []string{"timer/one-out-per-record"}, func() hooks { return scattered(true, false) }},
	{"delivers messages of a record side by side", []string{"message/order-per-record", "lease/no-double"},
		func() hooks { return scattered(false, true) }},
	{"gives each delivery an id of its own", []string{"message/exact"},
		onClaim(func(s *memstore.Store, ctx ctxt, now time.Time, n int, lease time.Duration) (work, error) {
			due, err := s.Claim(ctx, now, n, lease)
			for _, d := range due {
				if d.Message != nil {
					d.Message.ID[0] ^= byte(d.Attempt)
				}
			}
			return due, err
		})},
	{"retries at once", []string{"message/retry-keeps-the-order"},
		onSettle(func(s *memstore.Store, ctx ctxt, all []workflow.Settlement) error {
			all = slices.Clone(all)
			for i := range all {
				all[i].RetryAt = time.Time{}
			}
			return s.Settle(ctx, all...)
		})},
	{"lets a poison message hold up its record", []string{"message/parked-holds-nothing-up"},
		onSettle(func(s *memstore.Store, ctx ctxt, all []workflow.Settlement) error {
			all = slices.Clone(all)
			for i := range all {
				if all[i].Outcome == workflow.Park {
					all[i].Outcome, all[i].RetryAt = workflow.Retry, time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
				}
			}
			return s.Settle(ctx, all...)
		})},
	{"revives at once", []string{"message/revive"}, func() hooks {
		return hooks{revive: func(s *memstore.Store, ctx ctxt, at time.Time, receipts []workflow.Receipt) error {
			return s.Revive(ctx, at.Add(-24*time.Hour), receipts...)
		}}
	}},
	{"leases twice", []string{"lease/exclusive-until-it-ends", "lease/no-double"},
		onClaim(func(s *memstore.Store, ctx ctxt, now time.Time, n int, lease time.Duration) (work, error) {
			due, err := s.Claim(ctx, now, n, 1)
			if err == nil && len(due) < n {
				again, err := s.Claim(ctx, now.Add(1), n-len(due), 1)
				return append(due, again...), err
			}
			return due, err
		})},
	{"refuses a late settlement", []string{"lease/late-settlement"}, refusesLate},
	{"takes any receipt", []string{"lease/lost"},
		onSettle(func(s *memstore.Store, ctx ctxt, all []workflow.Settlement) error {
			if err := s.Settle(ctx, all...); !errors.Is(err, workflow.ErrLeaseLost) {
				return err
			}
			return nil
		})},
	{"reads a clock of its own", []string{"lease/only-the-time-passed-in"},
		onClaim(func(s *memstore.Store, ctx ctxt, _ time.Time, n int, lease time.Duration) (work, error) {
			return s.Claim(ctx, time.Now(), n, lease)
		})},
	{"takes an unknown outcome for done", []string{"lease/invalid-settlement"},
		onSettle(func(s *memstore.Store, ctx ctxt, all []workflow.Settlement) error {
			all = slices.Clone(all)
			for i := range all {
				if all[i].Outcome == 0 {
					all[i].Outcome = workflow.Done
				}
			}
			return s.Settle(ctx, all...)
		})},
}

// scattered puts every timer or message into a record of its own, and gives it
// its right record back when it is claimed.
func scattered(timers, messages bool) hooks {
	var home sync.Map
	var mu sync.Mutex
	ids := workflow.SeededIDs(99)
	away := func(ref *workflow.Ref) {
		mu.Lock()
		other := workflow.Ref{Kind: ref.Kind, ID: ids.NewID(time.Unix(0, 0))}
		mu.Unlock()
		home.Store(other, *ref)
		*ref = other
	}
	back := func(ref *workflow.Ref) {
		if r, ok := home.Load(*ref); ok {
			*ref = r.(workflow.Ref)
		}
	}
	return hooks{
		commit: func(s *memstore.Store, ctx ctxt, b workflow.Batch) error {
			b.Timers, b.Messages = slices.Clone(b.Timers), slices.Clone(b.Messages)
			for i := range b.Timers {
				if timers {
					away(&b.Timers[i].Ref)
				}
			}
			for i := range b.Messages {
				if messages {
					away(&b.Messages[i].Ref)
				}
			}
			return s.Commit(ctx, b)
		},
		claim: func(s *memstore.Store, ctx ctxt, now time.Time, n int, lease time.Duration) (work, error) {
			due, err := s.Claim(ctx, now, n, lease)
			for _, d := range due {
				if d.Timer != nil {
					back(&d.Timer.Ref)
				} else {
					back(&d.Message.Ref)
				}
			}
			return due, err
		},
	}
}

// refusesLate refuses a receipt whose lease has ended, though nobody else was
// given the work.
func refusesLate() hooks {
	var latest time.Time
	ends := map[workflow.Receipt]time.Time{}
	return hooks{
		claim: func(s *memstore.Store, ctx ctxt, now time.Time, n int, lease time.Duration) (work, error) {
			if now.After(latest) {
				latest = now
			}
			due, err := s.Claim(ctx, now, n, lease)
			for _, d := range due {
				ends[d.Receipt] = now.Add(lease)
			}
			return due, err
		},
		settle: func(s *memstore.Store, ctx ctxt, all []workflow.Settlement) error {
			for _, x := range all {
				if !ends[x.Receipt].After(latest) {
					return workflow.ErrLeaseLost
				}
			}
			return s.Settle(ctx, all...)
		},
	}
}
