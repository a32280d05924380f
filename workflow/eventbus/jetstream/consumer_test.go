package jetstream_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"
	"github.com/itsm-go/itsm/workflow/memstore"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

// publish sends payloads of one record straight to the stream.
func publish(tb testing.TB, nc *nats.Conn, ref workflow.Ref, payloads ...string) {
	var batch []eventbus.Envelope
	for _, p := range payloads {
		e, err := acme.Message(workflow.Message{ID: ref.ID, Ref: ref, Topic: "x", At: epoch, Payload: []byte(p)})
		require.NoError(tb, err)
		e.ID = ref.String() + p
		batch = append(batch, e)
	}
	require.NoError(tb, publisher(tb, nc).Publish(within(tb), batch))
}

func quick(int) time.Duration { return 10 * time.Millisecond }

// run receives until the deliveries are what done wants.
func run(tb testing.TB, nc *nats.Conn, cfg jetstream.ConsumerConfig) (c *jetstream.Consumer, stop func()) {
	cfg.Stream, cfg.Subjects = "ITSM", layout
	if cfg.Backoff == nil {
		cfg.Backoff = quick
	}
	c, err := jetstream.NewConsumer(within(tb), nc, cfg)
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			require.ErrorIs(tb, <-done, context.Canceled)
		})
	}
	tb.Cleanup(stop)
	return c, stop
}

func next[T any](tb testing.TB, c <-chan T) T {
	select {
	case v := <-c:
		return v
	case <-within(tb).Done():
		require.Fail(tb, "nothing came")
		panic("not reached")
	}
}

func TestAFailureHoldsUpItsPartitionUntilItSucceeds(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	ref := workflow.Ref{Kind: "incident", ID: workflow.ID{1}}
	publish(t, nc, ref, "1", "2", "3")
	got := make(chan string, 100)
	run(t, nc, jetstream.ConsumerConfig{Name: "erp", Handle: func(_ context.Context, d jetstream.Delivery) error {
		got <- fmt.Sprintf("%s/%d", d.Data, d.Attempt)
		switch {
		case string(d.Data) == "1" && d.Attempt == 1:
			return errors.New("busy")
		case string(d.Data) == "1" && d.Attempt == 2:
			panic("worse")
		}
		return nil
	}})
	for _, want := range []string{"1/1", "1/2", "1/3", "2/1", "3/1"} {
		require.Equal(t, want, next(t, got))
	}
}

func TestWhatCannotBeDealtWithIsParkedAndTheRestFlows(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	ref := workflow.Ref{Kind: "incident", ID: workflow.ID{1}}
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	junk := fmt.Sprintf("itsm.acme.message.incident.%d.x", layout.Partition("acme", ref))
	_, err = js.Publish(within(t), junk, []byte("no cloud event"))
	require.NoError(t, err)
	publish(t, nc, ref, "1", "2", "3")
	events := make(chan string, 100)
	var refused int
	run(t, nc, jetstream.ConsumerConfig{Name: "erp", Attempts: 3, Handle: func(_ context.Context, d jetstream.Delivery) error {
		events <- "handle " + string(d.Data)
		switch string(d.Data) {
		case "1":
			return fmt.Errorf("unknown customer: %w", workflow.ErrInvalid)
		case "2":
			return errors.New("never")
		}
		return nil
	}, Park: func(_ context.Context, d jetstream.Delivery, reason error) error {
		if refused++; refused == 1 {
			return errors.New("nowhere to put it yet") // asked again
		}
		events <- fmt.Sprintf("park %.14s after %d", d.Raw[max(0, len(d.Raw)-14):], d.Attempt)
		return nil
	}})
	for _, want := range []string{"park no cloud event after 2", "handle 1", `park son","data":1} after 1`, "handle 2", "handle 2", "handle 2", `park son","data":2} after 3`, "handle 3"} {
		require.Equal(t, want, next(t, events))
	}
}

// A receiver that dies after its effect and before the acknowledgement gets the
// envelope again, and its inbox knows it.
func TestAnAcknowledgementThatIsLostDoublesNoEffect(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	ref := workflow.Ref{Kind: "incident", ID: workflow.ID{1}}
	publish(t, nc, ref, "1", "2", "3", "4")
	rec := newReceiver()
	died := 0
	run(t, nc, jetstream.ConsumerConfig{Name: "erp", Handle: func(ctx context.Context, d jetstream.Delivery) error {
		if err := rec.handle(ctx, d); err != nil {
			return err
		}
		if d.Attempt == 1 {
			died++
			return errors.New("died before acknowledging")
		}
		return nil
	}})
	rec.reach(t, within(t), 4)
	require.Equal(t, []string{"1", "2", "3", "4"}, rec.log[ref])
}

func TestASlowReceiverIsSeenInItsLagAndHoldsUpNobodyElse(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	refs := []workflow.Ref{{Kind: "incident", ID: workflow.ID{1}}, {Kind: "incident", ID: workflow.ID{1}}}
	for b := byte(2); layout.Partition("acme", refs[0]) == layout.Partition("acme", refs[1]); b++ {
		refs[1].ID = workflow.ID{b}
	}
	inside, release := make(chan struct{}, 10), make(chan struct{})
	slow, _ := run(t, nc, jetstream.ConsumerConfig{Name: "slow", AckWait: 300 * time.Millisecond, Handle: func(_ context.Context, d jetstream.Delivery) error {
		if d.Ref == refs[0] {
			inside <- struct{}{}
			<-release
		}
		return nil
	}})
	got := make(chan string, 100)
	quickOne, _ := run(t, nc, jetstream.ConsumerConfig{Name: "quick", Handle: func(_ context.Context, d jetstream.Delivery) error {
		got <- string(d.Data)
		return nil
	}})
	publish(t, nc, refs[0], "1", "2", "3", "4", "5")
	publish(t, nc, refs[1], "6", "7")
	for range 7 {
		next(t, got)
	}
	next(t, inside)
	lag := func(c *jetstream.Consumer, want jetstream.Lag) {
		ctx := within(t)
		for {
			l, err := c.Lag(ctx)
			require.NoError(t, err, "last %+v", l)
			if l == want {
				return
			}
		}
	}
	lag(quickOne, jetstream.Lag{})
	lag(slow, jetstream.Lag{Waiting: 4, Open: 1}) // the other partition has gone on
	timed, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
	defer cancel()
	<-timed.Done() // longer than AckWait: the server has been told that it is at work
	require.Empty(t, inside, "nobody else was given it")
	close(release)
	lag(slow, jetstream.Lag{})
}

func TestAConsumerGoesOnWhereItStoppedAndStartsWhereItIsTold(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	ref := workflow.Ref{Kind: "incident", ID: workflow.ID{1}}
	publish(t, nc, ref, "1", "2", "3")
	got := make(chan string, 100)
	cfg := jetstream.ConsumerConfig{Name: "erp", From: jetstream.From{Sequence: 2}, Handle: func(_ context.Context, d jetstream.Delivery) error {
		got <- string(d.Data)
		return nil
	}}
	c, stop := run(t, nc, cfg)
	require.Equal(t, "2", next(t, got))
	require.Equal(t, "3", next(t, got))
	ctx := within(t)
	for l, err := c.Lag(ctx); l != (jetstream.Lag{}); l, err = c.Lag(ctx) {
		require.NoError(t, err)
	}
	stop()
	publish(t, nc, ref, "4")
	cfg.From = jetstream.From{} // means nothing any more
	run(t, nc, cfg)
	require.Equal(t, "4", next(t, got))
}

// Whoever is stopped while at work gives the envelope back at once, and another
// process has it.
func TestAReceiverThatIsStoppedHandsItsWorkOver(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	publish(t, nc, workflow.Ref{Kind: "incident", ID: workflow.ID{1}}, "1")
	inside := make(chan struct{})
	_, stop := run(t, nc, jetstream.ConsumerConfig{Name: "erp", AckWait: time.Hour, Handle: func(ctx context.Context, _ jetstream.Delivery) error {
		close(inside)
		<-ctx.Done()
		return ctx.Err()
	}})
	next(t, inside)
	stop()
	got := make(chan int, 1)
	run(t, s.connect(), jetstream.ConsumerConfig{Name: "erp", AckWait: time.Hour, Handle: func(_ context.Context, d jetstream.Delivery) error {
		got <- d.Attempt
		return nil
	}})
	require.Equal(t, 2, next(t, got))
}

func TestTheFeedIsFollowedAcrossRestartsWithItsPositionInTheBroker(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	ctx := within(t)
	kv, err := js.CreateKeyValue(ctx, natsjs.KeyValueConfig{Bucket: "followers"})
	require.NoError(t, err)
	at := jetstream.NewProgress(kv, "acme feed")

	store := memstore.New()
	kind, err := workflow.NewKind(workflow.KindConfig[*ticket]{Name: "ticket", New: func() *ticket { return new(ticket) }})
	require.NoError(t, err)
	desk := workflow.NewDesk(store, workflow.DeskConfig{})
	open := func(n int) {
		for range n {
			_, err := desk.Do(ctx, workflow.Command{Name: "ticket.open", Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
				return kind.Create(tx, &ticket{}, workflow.Entry{})
			})
			require.NoError(t, err)
		}
	}
	follow := func(p eventbus.Publisher, at eventbus.Progress) (int, error) {
		f, err := eventbus.NewFollower(store, acme, p, at, eventbus.FollowerConfig{Batch: 10})
		require.NoError(t, err)
		return f.Drain(ctx)
	}
	open(25)
	n, err := follow(publisher(t, nc), at)
	require.NoError(t, err)
	require.Equal(t, 25, n)
	open(5)
	// It dies after publishing and before saving its position.
	_, err = follow(publisher(t, nc), unsaved{at})
	require.Error(t, err)
	n, err = follow(publisher(t, nc), at)
	require.NoError(t, err)
	require.Equal(t, 5, n)

	var versions int
	for d, err := range jetstream.Replay(ctx, js, jetstream.ReplayConfig{Stream: "ITSM", Subjects: layout, Filter: jetstream.Filter{Class: eventbus.ClassEvent}}) {
		require.NoError(t, err)
		ev, err := d.History()
		require.NoError(t, err)
		require.EqualValues(t, 1, ev.Version)
		versions++
	}
	require.Equal(t, 30, versions, "each event once")

	pos, err := at.Load(ctx)
	require.NoError(t, err)
	require.ErrorIs(t, at.Save(ctx, pos+"x", "y"), workflow.ErrConflict)
	require.NoError(t, at.Save(ctx, pos, pos+"x"))
}

type ticket struct{ workflow.Record }

type unsaved struct{ *jetstream.Progress }

func (unsaved) Save(context.Context, workflow.Position, workflow.Position) error {
	return errors.New("died")
}
