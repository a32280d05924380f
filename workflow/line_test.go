package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// Everybody who writes one record of one desk at once succeeds with the attempts that a
// desk has by default, and nothing is lost.
func TestManyWritersOfOneRecordTakeTurns(t *testing.T) {
	for _, cache := range []int{0, 10} {
		t.Run(fmt.Sprintf("cache %d", cache), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // it fails if a goroutine is left behind
				const writers, each = 64, 10
				s, k := memstore.New(), ticketKind(t)
				var attempts sync.Map
				d := workflow.NewDesk(&gate{Store: s, of: writers, open: make(chan struct{})}, workflow.DeskConfig{Cache: cache,
					Observe: func(ctx context.Context, cmd workflow.Command) (context.Context, func(workflow.Ending)) {
						return ctx, func(e workflow.Ending) { attempts.Store(cmd.Key, e.Attempts) }
					}})
				rec := open(t, workflow.NewDesk(s, workflow.DeskConfig{}), k, "Popular")
				var all sync.WaitGroup
				for w := range writers {
					all.Go(func() {
						for n := range each {
							_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann, Key: fmt.Sprint(w*each + n)}, add(k, rec.ID))
							require.NoError(t, err)
						}
					})
				}
				all.Wait()
				got, err := k.Load(t.Context(), s, rec.ID)
				require.NoError(t, err)
				require.Equal(t, writers*each, got.Count)
				met := 0
				for n := range writers * each {
					a, _ := attempts.Load(fmt.Sprint(n))
					if a.(int) > 1 {
						met++
					}
				}
				require.GreaterOrEqual(t, met, writers-1, "they have met")
			})
		})
	}
}

// gate lets the first commits through only when so many have come, so that all of them
// were decided on the same version.
type gate struct {
	workflow.Store
	mu   sync.Mutex
	of   int
	open chan struct{}
}

func (g *gate) Commit(ctx context.Context, b workflow.Batch) error {
	g.mu.Lock()
	if g.of--; g.of == 0 {
		close(g.open)
	}
	g.mu.Unlock()
	<-g.open
	return g.Store.Commit(ctx, b)
}

// Two records written in opposite orders by many: nobody waits for ever.
func TestTurnsOnSeveralRecordsDoNotBlockEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writers, each = 32, 20
		s, k := memstore.New(), ticketKind(t)
		d := workflow.NewDesk(&gate{Store: s, of: writers, open: make(chan struct{})}, workflow.DeskConfig{Attempts: 20})
		plain := workflow.NewDesk(s, workflow.DeskConfig{})
		a, b := open(t, plain, k, "a"), open(t, plain, k, "b")
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				first, second := a.ID, b.ID
				if w%2 == 1 {
					first, second = second, first
				}
				for range each {
					_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, func(tx *workflow.Tx) error {
						if err := add(k, first)(tx); err != nil {
							return err
						}
						return add(k, second)(tx)
					})
					require.NoError(t, err)
				}
			})
		}
		all.Wait()
		for _, id := range []workflow.ID{a.ID, b.ID} {
			got, err := k.Load(t.Context(), s, id)
			require.NoError(t, err)
			require.Equal(t, writers*each, got.Count)
		}
	})
}

// holding conflicts once, and then keeps its turn until it is let go.
type holding struct {
	workflow.Store
	mu      sync.Mutex
	commits int
	let     chan struct{}
}

func (h *holding) Commit(ctx context.Context, b workflow.Batch) error {
	h.mu.Lock()
	h.commits++
	n := h.commits
	h.mu.Unlock()
	ref := b.Writes[0].Document.Ref
	switch n {
	case 1, 3: // the first has its turn then; the second meets it
		return &workflow.ConflictError{Ref: ref}
	case 2:
		<-h.let
	}
	return h.Store.Commit(ctx, b)
}

func TestWhoWaitsForHisTurnHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, k := memstore.New(), ticketKind(t)
		rec := open(t, workflow.NewDesk(s, workflow.DeskConfig{}), k, "Slow")
		h := &holding{Store: s, let: make(chan struct{})}
		d := workflow.NewDesk(h, workflow.DeskConfig{})
		ended := map[string]chan error{}
		begin := func(name string, ctx context.Context) {
			ended[name] = make(chan error, 1)
			go func() {
				_, err := d.Do(ctx, workflow.Command{Name: "ticket.add", Actor: ann}, add(k, rec.ID))
				ended[name] <- err
			}()
			synctest.Wait() // until it stands
		}
		impatient, leave := context.WithCancelCause(t.Context())
		begin("first", t.Context())
		begin("impatient", impatient)
		require.Equal(t, 3, h.commits)
		leave(errors.New("the caller hung up"))
		err := <-ended["impatient"]
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, k.Ref(rec.ID).String(), "it says what it waited for")
		close(h.let)
		require.NoError(t, <-ended["first"])
		begin("next", t.Context())
		require.NoError(t, <-ended["next"], "nobody is in the way")
		got, err := k.Load(t.Context(), s, rec.ID)
		require.NoError(t, err)
		require.Equal(t, 2, got.Count)
	})
}

// A command that panics in its turn leaves it.
func TestAPanicEndsTheTurn(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d, other := workflow.NewDesk(s, workflow.DeskConfig{}), workflow.NewDesk(s, workflow.DeskConfig{})
	rec := open(t, d, k, "Panic")
	add := add(k, rec.ID)
	tries := 0
	require.Panics(t, func() {
		_, _ = d.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, func(tx *workflow.Tx) error {
			if tries++; tries == 2 {
				panic("in its turn")
			}
			err := add(tx)
			_, fast := other.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, add)
			return errors.Join(err, fast)
		})
	})
	tries = 2
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, func(tx *workflow.Tx) error {
		if tries++; tries == 3 {
			err := add(tx)
			_, fast := other.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, add)
			return errors.Join(err, fast)
		}
		return add(tx)
	})
	require.NoError(t, err)
	require.Equal(t, 4, tries, "it stood in line, and nobody was there")
}
