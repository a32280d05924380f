package watermill_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/watermill"
	"github.com/itsm-go/itsm/workflow/memstore"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/stretchr/testify/require"
)

var (
	epoch = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	acme  = eventbus.Origin{Tenant: "acme", Source: "//itsm.example.com/acme"}
)

func outbox(tb testing.TB, records, each int) *memstore.Store {
	store := memstore.New()
	ids := workflow.SeededIDs(1)
	refs := make([]workflow.Ref, records)
	for n := range each {
		for i := range refs {
			if n == 0 {
				refs[i] = workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)}
			}
			require.NoError(tb, store.Commit(context.Background(), workflow.Batch{ID: ids.NewID(epoch), Messages: []workflow.Message{{
				ID: ids.NewID(epoch), Ref: refs[i], Topic: "incident.updated", At: epoch, Payload: fmt.Append(nil, n)}}}))
		}
	}
	return store
}

func drain(tb testing.TB, store *memstore.Store, p eventbus.Publisher) {
	h, err := eventbus.NewHandler(acme, p, eventbus.HandlerConfig{})
	require.NoError(tb, err)
	now := epoch
	r, err := workflow.NewRelay(h.Ahead(store, nil), h, workflow.RelayConfig{Clock: func() time.Time { return now }})
	require.NoError(tb, err)
	for range 20 {
		_, err = r.Drain(context.Background())
		require.NoError(tb, err)
		now = now.Add(time.Minute)
	}
}

// The channel hands a message over only when the one before was acknowledged, and
// again when it was not.
func TestTheOutboxGoesThroughAWatermillPublisherInOrder(t *testing.T) {
	bus := gochannel.NewGoChannel(gochannel.Config{BlockPublishUntilSubscriberAck: true}, nil)
	in, err := bus.Subscribe(context.Background(), "itsm.message")
	require.NoError(t, err)
	p, err := watermill.NewPublisher(bus, watermill.Config{})
	require.NoError(t, err)
	var inbox eventbus.MemoryInbox
	got := map[string][]string{}
	done := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			m, open := <-in
			if !open {
				done <- nil
				return
			}
			e, err := watermill.Envelope(m)
			if err == nil && (m.Metadata.Get(watermill.PartitionKey) != e.Ref.String() || m.UUID != e.Key()) {
				err = errors.New("the metadata is not the envelope's")
			}
			if err != nil {
				done <- err
				return
			}
			err = inbox.Transact(func(in eventbus.Inbox) error {
				_, err := eventbus.Once(m.Context(), in, e, func(context.Context) error {
					got[m.Metadata.Get(watermill.PartitionKey)] = append(got[m.Metadata.Get(watermill.PartitionKey)], string(e.Data))
					return nil
				})
				return err
			})
			if err != nil || n%7 == 0 { // after the effect
				m.Nack()
				continue
			}
			m.Ack()
		}
	}()
	drain(t, outbox(t, 5, 10), p)
	require.NoError(t, bus.Close())
	require.NoError(t, <-done)
	require.Len(t, got, 5)
	for ref, seen := range got {
		require.Equal(t, strings.Split("0 1 2 3 4 5 6 7 8 9", " "), seen, ref)
	}
}

// flaky is a Watermill publisher that fails, as brokers do, without saying whether
// the message has arrived.
type flaky struct {
	n   int
	got map[string][]string
}

func (f *flaky) Publish(topic string, messages ...*message.Message) error {
	for _, m := range messages {
		f.n++
		if f.n%3 == 1 {
			return errors.New("leader not available")
		}
		ref := topic + " " + m.Metadata.Get(watermill.PartitionKey)
		f.got[ref] = append(f.got[ref], m.UUID)
		if f.n%3 == 2 {
			return errors.New("the connection broke")
		}
	}
	return nil
}

func (f *flaky) Close() error { return nil }

func TestFailuresOfABrokerLoseAndReorderNothing(t *testing.T) {
	f := &flaky{got: map[string][]string{}}
	p, err := watermill.NewPublisher(f, watermill.Config{Topic: func(e eventbus.Envelope) string { return e.Topic }})
	require.NoError(t, err)
	store := outbox(t, 3, 4)
	drain(t, store, p)
	require.Len(t, f.got, 3)
	for ref, keys := range f.got {
		require.True(t, strings.HasPrefix(ref, "incident.updated "))
		var distinct []string
		seen := map[string]bool{}
		for _, k := range keys {
			if !seen[k] {
				distinct = append(distinct, k)
			}
			seen[k] = true
		}
		require.Len(t, distinct, 4)
		require.IsIncreasing(t, distinct, "ids ascend in the order of their commits")
	}
	for d := range store.Parked(context.Background()) {
		require.Fail(t, "parked", d.Error)
	}
}

func TestWhatIsTooBigForTheBrokerIsRefusedForGood(t *testing.T) {
	p, err := watermill.NewPublisher(&flaky{}, watermill.Config{MaxBytes: 100})
	require.NoError(t, err)
	e, err := acme.Message(workflow.Message{ID: workflow.ID{1}, Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{2}}, Topic: "x", At: epoch})
	require.NoError(t, err)
	require.ErrorIs(t, p.Publish(context.Background(), []eventbus.Envelope{e}), workflow.ErrInvalid)
	done, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, p.Publish(done, []eventbus.Envelope{e}), context.Canceled)
	_, err = watermill.NewPublisher(nil, watermill.Config{MaxBytes: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}
