package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// post sends one message for each text, each in a command of its own.
func post(t *testing.T, d *workflow.Desk, k *workflow.Kind[*ticket], id workflow.ID, texts ...string) {
	t.Helper()
	for _, text := range texts {
		_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.post", Actor: ann}, func(tx *workflow.Tx) error {
			return tx.Send(k.Ref(id), text, nil)
		})
		require.NoError(t, err)
	}
}

func TestRelayRetriesInOrderAndParksWhatIsPoison(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Relay")
	post(t, d, k, rec.ID, "flaky", "poison", "hopeless", "fine")

	now := t0
	var log []string
	relay, err := workflow.NewRelay(s, workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
		log = append(log, fmt.Sprintf("%s %s#%d", now.Sub(t0), d.Message.Topic, d.Attempt))
		switch {
		case d.Message.Topic == "flaky" && d.Attempt < 3, d.Message.Topic == "hopeless":
			return errors.New("gateway down")
		case d.Message.Topic == "poison":
			panic("poison")
		}
		return nil
	}), workflow.RelayConfig{Clock: func() time.Time { return now }, Attempts: 3})
	require.NoError(t, err)
	for range 20 {
		_, err := relay.Drain(t.Context())
		require.NoError(t, err)
		now = now.Add(time.Second)
	}
	require.Equal(t, []string{
		"0s flaky#1", "1s flaky#2", "3s flaky#3",
		"3s poison#1", "4s poison#2", "6s poison#3",
		"6s hopeless#1", "7s hopeless#2", "9s hopeless#3", "9s fine#1",
	}, log)

	var parked []string
	for d, err := range s.Parked(t.Context()) {
		require.NoError(t, err)
		parked = append(parked, d.Message.Topic+": "+d.Error)
	}
	require.Len(t, parked, 2)
	require.Contains(t, parked[0], "panicked: poison")
	require.Equal(t, "hopeless: gateway down", parked[1])
}

func TestPermanentFailureIsParkedAtOnce(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	post(t, d, k, open(t, d, k, "Permanent").ID, "gone")
	calls := 0
	relay, err := workflow.NewRelay(s, workflow.HandlerFunc(func(context.Context, workflow.Due) error {
		calls++
		return workflow.Permanent(errors.New("no such mailbox"))
	}), workflow.RelayConfig{Clock: func() time.Time { return t0 }})
	require.NoError(t, err)
	_, err = relay.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, calls)
}

// forgetful is a queue whose settlements get lost, as when a worker dies after
// the effect and before it could say so.
type forgetful struct{ workflow.Queue }

func (f forgetful) Settle(context.Context, ...workflow.Settlement) error { return nil }

func TestCommandKeyedByTheWorkHappensOnce(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Once")
	post(t, d, k, rec.ID, "add")
	handler := workflow.HandlerFunc(func(ctx context.Context, w workflow.Due) error {
		_, err := d.Do(ctx, workflow.Command{Name: "ticket.add", Actor: workflow.System("relay"), Key: w.Key()}, add(k, rec.ID))
		return err
	})
	now := t0
	relay, err := workflow.NewRelay(forgetful{s}, handler, workflow.RelayConfig{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	for range 5 {
		n, err := relay.Step(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n, "the message comes again and again")
		now = now.Add(time.Hour)
	}
	got, err := k.Load(t.Context(), s, rec.ID)
	require.NoError(t, err)
	require.Equal(t, 1, got.Count)
}

func TestTimerSetAnewByItsHandlerSurvivesTheSettlement(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Timer")
	set := func(ctx context.Context, due time.Time) error {
		_, err := d.Do(ctx, workflow.Command{Name: "ticket.remind", Actor: ann}, func(tx *workflow.Tx) error {
			tx.SetTimer(k.Ref(rec.ID), "remind", due)
			return nil
		})
		return err
	}
	require.NoError(t, set(t.Context(), t0))
	fired := 0
	now := t0
	relay, err := workflow.NewRelay(s, workflow.HandlerFunc(func(ctx context.Context, w workflow.Due) error {
		fired++
		return set(ctx, w.Timer.Due.Add(time.Hour))
	}), workflow.RelayConfig{Clock: func() time.Time { return now }})
	require.NoError(t, err)
	for range 3 {
		_, err := relay.Drain(t.Context())
		require.NoError(t, err)
		now = now.Add(time.Hour)
	}
	require.Equal(t, 3, fired)
}

func TestRunDeliversUntilItIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, k := memstore.New(), ticketKind(t)
		d := workflow.NewDesk(s, workflow.DeskConfig{})
		rec := open(t, d, k, "Run")
		ctx, cancel := context.WithCancel(t.Context())
		delivered := make(chan string)
		relay, err := workflow.NewRelay(s, workflow.HandlerFunc(func(_ context.Context, w workflow.Due) error {
			delivered <- w.Message.Topic
			return nil
		}), workflow.RelayConfig{})
		require.NoError(t, err)
		stopped := make(chan error)
		go func() { stopped <- relay.Run(ctx) }()
		post(t, d, k, rec.ID, "one")
		require.Equal(t, "one", <-delivered)
		post(t, d, k, rec.ID, "two")
		require.Equal(t, "two", <-delivered)
		cancel()
		require.ErrorIs(t, <-stopped, context.Canceled)
	})
}

func TestRelayNeedsAQueueAndAHandler(t *testing.T) {
	_, err := workflow.NewRelay(nil, nil, workflow.RelayConfig{Batch: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"no queue", "no handler", "not negative"} {
		require.ErrorContains(t, err, want)
	}
}

func TestMuxParksWhatNobodyHandles(t *testing.T) {
	var got []string
	note := func(name string) workflow.Handler {
		return workflow.HandlerFunc(func(context.Context, workflow.Due) error { got = append(got, name); return nil })
	}
	mux := workflow.Mux{
		Timers: map[string]workflow.Handler{"ticket": note("timer")},
		Topics: map[string]workflow.Handler{"mail": note("mail")},
	}
	ticketTimer := workflow.Due{Timer: &workflow.Timer{Ref: workflow.Ref{Kind: "ticket"}, Name: "x"}}
	require.NoError(t, mux.Handle(t.Context(), ticketTimer))
	require.NoError(t, mux.Handle(t.Context(), workflow.Due{Message: &workflow.Message{Topic: "mail"}}))
	require.ErrorIs(t, mux.Handle(t.Context(), workflow.Due{Message: &workflow.Message{Topic: "fax"}}), workflow.ErrInvalid)
	require.ErrorIs(t, mux.Handle(t.Context(), workflow.Due{Timer: &workflow.Timer{Ref: workflow.Ref{Kind: "change"}}}), workflow.ErrInvalid)
	mux.Other = note("other")
	require.NoError(t, mux.Handle(t.Context(), workflow.Due{Message: &workflow.Message{Topic: "fax"}}))
	require.Equal(t, []string{"timer", "mail", "other"}, got)
}
