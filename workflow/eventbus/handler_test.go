package eventbus_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/memstore"

	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

// broker is a publisher whose faults the test decides on. It recognises nothing:
// what comes twice is there twice.
type broker struct {
	mu    sync.Mutex
	got   []string // payloads, in the order of their arrival
	keys  []string
	calls int
	most  int // envelopes in one call
	fault func(e eventbus.Envelope) error
}

func (b *broker) Publish(ctx context.Context, batch []eventbus.Envelope) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	b.most = max(b.most, len(batch))
	return eventbus.PublishInRounds(ctx, batch, func(_ context.Context, round []eventbus.Envelope) []error {
		errs := make([]error, len(round))
		for i, e := range round {
			if b.fault != nil {
				errs[i] = b.fault(e)
			}
			if errs[i] == nil {
				b.got, b.keys = append(b.got, string(e.Data)), append(b.keys, e.Key())
			}
		}
		return errs
	})
}

func away(eventbus.Envelope) error {
	return fmt.Errorf("connection refused: %w", eventbus.ErrUnavailable)
}

// world is an outbox with a broker, a clock and a relay between.
type world struct {
	t      *testing.T
	now    time.Time
	store  *memstore.Store
	broker *broker
	h      *eventbus.Handler
	relay  *workflow.Relay
}

func newWorld(t *testing.T, cfg workflow.RelayConfig) *world {
	w := &world{t: t, now: epoch, store: memstore.New(), broker: &broker{}}
	cfg.Clock = func() time.Time { return w.now }
	var err error
	w.h, err = eventbus.NewHandler(acme, w.broker, eventbus.HandlerConfig{Clock: cfg.Clock})
	require.NoError(t, err)
	w.relay, err = workflow.NewRelay(w.store, w.h, cfg)
	require.NoError(t, err)
	return w
}

func (w *world) send(ref workflow.Ref, payloads ...string) {
	for _, p := range payloads {
		w.commit(workflow.Batch{Messages: []workflow.Message{{ID: ids.NewID(epoch), Ref: ref, Topic: "incident.updated", At: epoch, Payload: []byte(p)}}})
	}
}

func (w *world) commit(b workflow.Batch) {
	b.ID = ids.NewID(epoch)
	require.NoError(w.t, w.store.Commit(ctx, b))
}

func (w *world) drain() {
	_, err := w.relay.Drain(ctx)
	require.NoError(w.t, err)
}

func (w *world) parked() []workflow.Due {
	var out []workflow.Due
	for d, err := range w.store.Parked(ctx) {
		require.NoError(w.t, err)
		out = append(out, d)
	}
	return out
}

func TestABrokerThatIsDownForAMinuteCostsNothing(t *testing.T) {
	w := newWorld(t, workflow.RelayConfig{})
	w.broker.fault = away
	other := workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)}
	w.send(inc, "1", "2", "3")
	w.send(other, "10", "20")
	for end := w.now.Add(time.Minute); w.now.Before(end); w.now = w.now.Add(time.Second) {
		w.drain()
	}
	require.Empty(t, w.broker.got)
	require.Empty(t, w.parked())
	w.broker.fault = nil
	for range 5 {
		w.now = w.now.Add(time.Minute)
		w.drain()
	}
	require.Equal(t, []string{"1", "10", "2", "20", "3"}, w.broker.got)
}

func TestAnOutageLongerThanTheAttemptsParksAndIsRevived(t *testing.T) {
	w := newWorld(t, workflow.RelayConfig{}) // ten attempts, about 8½ minutes
	w.broker.fault = away
	w.send(inc, "1")
	for range 1000 {
		w.now = w.now.Add(time.Second)
		w.drain()
	}
	parked := w.parked()
	require.Len(t, parked, 1)
	require.Contains(t, parked[0].Error, "connection refused")
	w.broker.fault = nil
	require.NoError(t, w.store.Revive(ctx, w.now, parked[0].Receipt))
	w.now = w.now.Add(time.Minute)
	w.drain()
	require.Equal(t, []string{"1"}, w.broker.got)
}

func TestWithUnlimitedAttemptsAnOutageMayLastForEver(t *testing.T) {
	w := newWorld(t, workflow.RelayConfig{Attempts: math.MaxInt, Backoff: func(n int) time.Duration { return min(time.Minute, workflow.DoublingBackoff(n)) }})
	w.broker.fault = away
	w.send(inc, "1", "2")
	for range 24 * 60 {
		w.now = w.now.Add(time.Minute)
		w.drain()
	}
	require.Empty(t, w.parked())
	w.broker.fault = nil
	w.now = w.now.Add(time.Minute)
	w.drain()
	require.Equal(t, []string{"1", "2"}, w.broker.got)
}

func TestWhileTheBrokerIsAwayItIsNotAskedForEveryMessage(t *testing.T) {
	w := newWorld(t, workflow.RelayConfig{Batch: 100})
	w.broker.fault = away
	for range 50 {
		w.send(workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)}, "1")
	}
	w.commit(workflow.Batch{Timers: []workflow.Timer{{Ref: inc, Name: "remind", Due: epoch}}})
	w.drain()
	require.Equal(t, 1, w.broker.calls, "the others fail at once and do not wait for a timeout")
	require.Len(t, w.parked(), 1, "a timer is not for the bus")
}

func TestAPoisonMessageIsParkedAndTheOthersFlow(t *testing.T) {
	w := newWorld(t, workflow.RelayConfig{})
	w.broker.fault = func(e eventbus.Envelope) error {
		if strings.Contains(string(e.Data), "big") {
			return fmt.Errorf("1 MB at most: %w", workflow.ErrInvalid)
		}
		return nil
	}
	w.send(inc, "1", `"big"`, "3")
	w.commit(workflow.Batch{Messages: []workflow.Message{{ID: ids.NewID(epoch), Ref: inc, Topic: "bell\x07", At: epoch}}})
	w.drain()
	require.Equal(t, []string{"1", "3"}, w.broker.got)
	parked := w.parked()
	require.Len(t, parked, 2)
	require.Contains(t, parked[0].Error, "1 MB at most")
	require.Equal(t, 1, parked[0].Attempt, "at once: trying again is no use")
	require.Contains(t, parked[1].Error, "control characters")

	w.broker.fault = nil // the limit was raised
	require.NoError(t, w.store.Revive(ctx, w.now, parked[0].Receipt))
	w.drain()
	require.Equal(t, []string{"1", "3", `"big"`}, w.broker.got)
	require.Len(t, w.parked(), 1)
}

func TestPublishingAheadSendsAClaimTogether(t *testing.T) {
	w := newWorld(t, workflow.RelayConfig{})
	var refs []workflow.Ref
	for range 30 {
		refs = append(refs, workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)})
		w.send(refs[len(refs)-1], "1", "2")
	}
	w.commit(workflow.Batch{Timers: []workflow.Timer{{Ref: inc, Name: "remind", Due: epoch}},
		Messages: []workflow.Message{{ID: ids.NewID(epoch), Ref: inc, Topic: "notify", At: epoch}}})
	var elsewhere []string
	note := workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
		elsewhere = append(elsewhere, d.Ref().Kind)
		return nil
	})
	relay, err := workflow.NewRelay(w.h.Ahead(w.store, func(m workflow.Message) bool { return m.Topic != "notify" }),
		workflow.Mux{Timers: map[string]workflow.Handler{"incident": note}, Topics: map[string]workflow.Handler{"notify": note}, Other: w.h},
		workflow.RelayConfig{Batch: 100, Clock: func() time.Time { return w.now }})
	require.NoError(t, err)

	fails := 0
	w.broker.fault = func(e eventbus.Envelope) error {
		if e.Ref == refs[3] && string(e.Data) == "1" && fails < 2 {
			fails++
			return errors.New("not now")
		}
		return nil
	}
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, 2, w.broker.calls, "one for each round of messages")
	require.Equal(t, 30, w.broker.most)
	require.Len(t, w.broker.got, 58, "the record that failed waits")
	require.Len(t, elsewhere, 2)
	for range 3 {
		w.now = w.now.Add(time.Minute)
		_, err = relay.Drain(ctx)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"1", "2"}, w.broker.got[58:], "in its order")
	require.Empty(t, w.parked())
}

// A failure that was noticed on one batch says nothing good about the next.
func TestWhatIsNotSentDuringAPauseIsNotAcknowledged(t *testing.T) {
	w := newWorld(t, workflow.RelayConfig{})
	w.broker.fault = away
	relay, err := workflow.NewRelay(w.h.Ahead(w.store, nil), w.h, workflow.RelayConfig{Batch: 8, Clock: func() time.Time { return w.now }})
	require.NoError(t, err)
	w.send(inc, "0")
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	for i := range 8 {
		w.send(workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)}, fmt.Sprint(i+1))
	}
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, w.broker.calls)
	w.broker.fault = nil
	w.now = w.now.Add(time.Minute)
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	require.Len(t, w.broker.got, 9)
}

func TestWhatWaitsWaitsInTheStore(t *testing.T) {
	inside, release := make(chan struct{}), make(chan struct{})
	slow := eventbus.PublisherFunc(func(ctx context.Context, batch []eventbus.Envelope) error {
		inside <- struct{}{}
		<-release
		return nil
	})
	h, err := eventbus.NewHandler(acme, slow, eventbus.HandlerConfig{InFlight: 1, Timeout: time.Hour})
	require.NoError(t, err)
	store := memstore.New()
	w := &world{t: t, store: store}
	for range 100 {
		w.send(workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)}, "1")
	}
	done := make(chan error)
	for range 2 {
		r, err := workflow.NewRelay(store, h, workflow.RelayConfig{Batch: 4, Clock: func() time.Time { return epoch }})
		require.NoError(t, err)
		go func() { _, err := r.Step(ctx); done <- err }()
	}
	<-inside // one call is in the broker, the other relay waits, and both have claimed a batch at most
	left, err := store.Claim(ctx, epoch, 1000, time.Minute)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(left), 92, "all others wait in the store")
	close(release)
	for n := 0; n < 2; {
		select {
		case <-inside:
		case err := <-done:
			require.NoError(t, err)
			n++
		}
	}
}

func TestAHandlerIsCheckedWhenItIsMade(t *testing.T) {
	_, err := eventbus.NewHandler(eventbus.Origin{}, nil, eventbus.HandlerConfig{Timeout: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, says := range []string{"tenant", "source", "no publisher", "not negative"} {
		require.ErrorContains(t, err, says)
	}
	_, err = eventbus.NewFollower(nil, eventbus.Origin{}, nil, nil, eventbus.FollowerConfig{Batch: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, says := range []string{"tenant", "a store, a publisher and a progress", "not negative"} {
		require.ErrorContains(t, err, says)
	}
}
