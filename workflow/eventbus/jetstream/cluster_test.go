package jetstream_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"
	"github.com/itsm-go/itsm/workflow/memstore"

	"github.com/stretchr/testify/require"
)

// receiver has effects behind an inbox, and says how far it is.
type receiver struct {
	inbox eventbus.MemoryInbox
	mu    sync.Mutex
	log   map[workflow.Ref][]string
	total int
	again int // deliveries of what the inbox had seen
	moved chan struct{}
}

func newReceiver() *receiver {
	return &receiver{log: map[workflow.Ref][]string{}, moved: make(chan struct{}, 1)}
}

func (r *receiver) handle(ctx context.Context, d jetstream.Delivery) error {
	return r.inbox.Transact(func(in eventbus.Inbox) error {
		first, err := eventbus.Once(ctx, in, d.Envelope, func(context.Context) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.log[d.Ref] = append(r.log[d.Ref], string(d.Data))
			r.total++
			select {
			case r.moved <- struct{}{}:
			default:
			}
			return nil
		})
		if err == nil && !first {
			r.mu.Lock()
			r.again++
			r.mu.Unlock()
		}
		return err
	})
}

// reach waits until so many effects are there, and returns how many.
func (r *receiver) reach(tb testing.TB, ctx context.Context, n int) {
	for {
		r.mu.Lock()
		total := r.total
		r.mu.Unlock()
		if total >= n {
			return
		}
		select {
		case <-r.moved:
		case <-ctx.Done():
			require.Fail(tb, "too few effects", "%d of %d", total, n)
		}
	}
}

var (
	failuresWanted = flag.Int("failures", 2, "how often servers of the cluster are stopped")
	failuresSeed   = flag.Uint64("seed", 1, "which ones")
)

// Three relays share one outbox, two processes receive, and the three servers
// between are stopped and started at random, every other time two at once. One of
// the receivers goes away, too, and another takes its place.
func TestAClusterThatFailsLosesDoublesAndReordersNothing(t *testing.T) {
	const records, each = 12, 12
	random := rand.New(rand.NewPCG(*failuresSeed, 2))
	cluster := start(t, 3)
	cluster.stream(cluster.connect(), jetstream.StreamConfig{Name: "ITSM", Subjects: layout, Replicas: 3})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	store := memstore.New()
	var failures atomic.Int64
	failed := make(chan struct{}, 1)
	for range 3 {
		p := publisher(t, cluster.connect())
		h := handler(t, eventbus.PublisherFunc(func(ctx context.Context, batch []eventbus.Envelope) error {
			err := p.Publish(ctx, batch)
			if errors.Is(err, eventbus.ErrUnavailable) {
				failures.Add(1)
				select {
				case failed <- struct{}{}:
				default:
				}
			}
			return err
		}), eventbus.HandlerConfig{Timeout: time.Second, Pause: 100 * time.Millisecond})
		r := relay(t, h.Ahead(store, nil), h, workflow.RelayConfig{Batch: 8, Lease: 4 * time.Second, Attempts: 1000, Poll: 20 * time.Millisecond,
			Backoff: func(int) time.Duration { return 100 * time.Millisecond }})
		running.Go(func() { _ = r.Run(ctx) })
	}
	rec := newReceiver()
	receive := func(ctx context.Context) {
		c, err := jetstream.NewConsumer(ctx, cluster.connect(), jetstream.ConsumerConfig{Stream: "ITSM", Name: "erp", Subjects: layout,
			Handle: rec.handle, AckWait: time.Second})
		require.NoError(t, err)
		running.Go(func() { _ = c.Run(ctx) })
	}
	receive(ctx)
	first, leave := context.WithCancel(ctx)
	defer leave()
	receive(first)

	out := newOutbox(t, store)
	var refs []workflow.Ref
	for range records {
		refs = append(refs, out.ref())
	}
	sent := 0
	load := func(rounds int) { // every record's next messages, numbered
		for range rounds {
			for _, ref := range refs {
				out.send(ref, "incident.updated", strconv.Itoa(sent/records))
				sent++
			}
		}
	}
	for step := range *failuresWanted {
		load(each)
		rec.reach(t, ctx, sent-records*each/2) // under way
		if step == 0 {
			leave()
			receive(ctx)
		}
		down := []int{random.IntN(3)}
		if step%2 == 1 { // no majority: nobody can publish
			down = append(down, (down[0]+1)%3)
		}
		before := failures.Load()
		for _, i := range down {
			cluster.stop(i)
		}
		load(1)
		for len(down) > 1 && failures.Load() == before { // until a relay has noticed
			select {
			case <-failed:
			case <-ctx.Done():
				require.Fail(t, "nobody noticed that the cluster is down")
			}
		}
		for _, i := range down {
			cluster.start(i)
		}
		load(1)
	}
	rec.reach(t, ctx, sent)

	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, ref := range refs {
		require.Len(t, rec.log[ref], sent/records)
		for i, got := range rec.log[ref] {
			require.Equal(t, strconv.Itoa(i), got, "order of %v: %v", ref, rec.log[ref])
		}
	}
	require.Equal(t, sent, rec.inbox.Len())
	for d := range store.Parked(ctx) {
		require.Fail(t, "parked", "%s: %s", d.Key(), d.Error)
	}
	t.Logf("%d envelopes, %d publishes failed, %d delivered again", sent, failures.Load(), rec.again)
}
