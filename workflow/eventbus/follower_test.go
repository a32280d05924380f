package eventbus_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/memstore"

	"github.com/stretchr/testify/require"
)

type ticket struct {
	workflow.Record
	Steps int `json:"steps"`
}

func tickets(tb testing.TB) *workflow.Kind[*ticket] {
	k, err := workflow.NewKind(workflow.KindConfig[*ticket]{Name: "ticket", New: func() *ticket { return new(ticket) }})
	require.NoError(tb, err)
	return k
}

// history makes n records with the number of events each, in turn, and returns
// the store.
func history(tb testing.TB, n, events int) *memstore.Store {
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{IDs: workflow.SeededIDs(1)})
	kind := tickets(tb)
	var made []workflow.ID
	for v := range events {
		for i := range n {
			_, err := desk.Do(ctx, workflow.Command{Name: "ticket.step", Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
				if v == 0 {
					tk := &ticket{}
					err := kind.Create(tx, tk, workflow.Entry{})
					made = append(made, tk.ID)
					return err
				}
				tk, err := kind.Get(tx, made[i])
				if err != nil {
					return err
				}
				tk.Steps = v
				return kind.Put(tx, tk, workflow.Entry{})
			})
			require.NoError(tb, err)
		}
	}
	return store
}

func follower(tb testing.TB, s workflow.Store, p eventbus.Publisher, at eventbus.Progress, cfg eventbus.FollowerConfig) *eventbus.Follower {
	f, err := eventbus.NewFollower(s, acme, p, at, cfg)
	require.NoError(tb, err)
	return f
}

// inOrder checks that every record's versions came in order, those that came
// again left out, and returns how many there are.
func inOrder(tb testing.TB, keys []string) int {
	next := map[string]int{}
	seen := map[string]bool{}
	for _, k := range keys {
		if seen[k] {
			continue
		}
		seen[k] = true
		i := strings.LastIndexByte(k, '/')
		v, err := strconv.Atoi(k[i+1:])
		require.NoError(tb, err)
		next[k[:i]]++
		require.Equal(tb, next[k[:i]], v, k)
	}
	return len(seen)
}

func TestAFollowerPublishesTheWholeFeedOnce(t *testing.T) {
	store := history(t, 5, 20)
	b, at := &broker{}, &eventbus.MemoryProgress{}
	n, err := follower(t, store, b, at, eventbus.FollowerConfig{Batch: 7}).Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, 100, n)
	require.Len(t, b.keys, 100)
	require.Equal(t, 100, inOrder(t, b.keys))
	n, err = follower(t, store, b, at, eventbus.FollowerConfig{}).Drain(ctx)
	require.NoError(t, err)
	require.Zero(t, n, "another one goes on where the first stopped")
	n, err = follower(t, store, b, &eventbus.MemoryProgress{}, eventbus.FollowerConfig{Filter: workflow.Filter{Kinds: []string{"problem"}}}).Drain(ctx)
	require.NoError(t, err)
	require.Zero(t, n)
}

// Whatever call of the broker or of the progress fails, before or after its
// effect, the feed arrives in order, and only under ids that came before if twice.
func TestAFollowerSurvivesAnyFailure(t *testing.T) {
	store := history(t, 3, 8)
	for call := range 30 {
		for _, after := range []bool{false, true} {
			b := &broker{}
			calls := 0
			fails := func(effect func() error) error {
				calls++
				if calls-1 != call {
					return effect()
				}
				if after {
					_ = effect()
				}
				return errors.New("crash")
			}
			at := &faultyProgress{fails: fails}
			p := eventbus.PublisherFunc(func(ctx context.Context, batch []eventbus.Envelope) error {
				return fails(func() error { return b.Publish(ctx, batch) })
			})
			for restarts := 0; ; restarts++ {
				require.Less(t, restarts, 3)
				if _, err := follower(t, store, p, at, eventbus.FollowerConfig{Batch: 4}).Drain(ctx); err == nil {
					break
				}
			}
			require.Equal(t, 24, inOrder(t, b.keys), "call %d", call)
			require.LessOrEqual(t, len(b.keys), 24+4, "one batch at most is repeated")
		}
	}
}

type faultyProgress struct {
	eventbus.MemoryProgress
	fails func(func() error) error
}

func (f *faultyProgress) Save(ctx context.Context, from, to workflow.Position) error {
	return f.fails(func() error { return f.MemoryProgress.Save(ctx, from, to) })
}

func TestOfABatchThatFailsInPartTheBeginningCounts(t *testing.T) {
	store := history(t, 4, 1)
	b, at := &broker{}, &eventbus.MemoryProgress{}
	n := 0
	b.fault = func(eventbus.Envelope) error {
		if n++; n == 3 {
			return errors.New("not now")
		}
		return nil
	}
	f := follower(t, store, b, at, eventbus.FollowerConfig{})
	done, err := f.Step(ctx)
	require.Error(t, err)
	require.Equal(t, 2, done)
	done, err = f.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, done)
	require.Equal(t, 4, inOrder(t, b.keys))
}

func TestAnEventThatTheBrokerNeverTakesStopsTheFollowerUnlessTheHostLeavesItOut(t *testing.T) {
	store := history(t, 1, 4)
	b, at := &broker{}, &eventbus.MemoryProgress{}
	b.fault = func(e eventbus.Envelope) error {
		if e.Version == 2 {
			return fmt.Errorf("too big: %w", workflow.ErrInvalid)
		}
		return nil
	}
	f := follower(t, store, b, at, eventbus.FollowerConfig{})
	_, err := f.Drain(ctx)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "version 2 of ticket/")
	_, err = f.Drain(ctx)
	require.ErrorIs(t, err, workflow.ErrInvalid, "it stays where it is")
	require.Len(t, b.keys, 1)

	var left []int64
	f = follower(t, store, b, at, eventbus.FollowerConfig{Refused: func(_ context.Context, ev workflow.Event, _ error) error {
		left = append(left, ev.Version)
		return nil
	}})
	_, err = f.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, []int64{2}, left)
	require.Len(t, b.keys, 3)
}

func TestOfTwoFollowersTheOneBehindIsToldAndGoesOn(t *testing.T) {
	store := history(t, 2, 10)
	b, at := &broker{}, &eventbus.MemoryProgress{}
	one, two := follower(t, store, b, at, eventbus.FollowerConfig{Batch: 3}), follower(t, store, b, at, eventbus.FollowerConfig{Batch: 3})
	_, err := two.Step(ctx)
	require.NoError(t, err)
	_, err = one.Step(ctx)
	require.NoError(t, err)
	_, err = two.Step(ctx)
	require.ErrorIs(t, err, workflow.ErrConflict)
	_, err = two.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, 20, inOrder(t, b.keys))
}

func TestAFollowerRunsUntilItIsStopped(t *testing.T) {
	store := history(t, 2, 3)
	timed, stop := context.WithCancel(ctx)
	got := 0
	f := follower(t, store, eventbus.PublisherFunc(func(_ context.Context, batch []eventbus.Envelope) error {
		if got += len(batch); got == 6 {
			stop()
		}
		return nil
	}), &eventbus.MemoryProgress{}, eventbus.FollowerConfig{Batch: 1})
	require.ErrorIs(t, f.Run(timed), context.Canceled)
	require.Equal(t, 6, got)
}
