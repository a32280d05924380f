package jetstream_test

import (
	"context"
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

const benchMessages = 20_000

// The outbox through relays into a stream of one server, beside bare publishing of
// the same bytes into it, both in the same run. "one by one" waits for every
// acknowledgement, "together" has up to 256 in flight.
func BenchmarkRelay(b *testing.B) {
	for _, memory := range []bool{true, false} {
		b.Run(fmt.Sprintf("memory=%t", memory), func(b *testing.B) {
			s := start(b, 1)
			nc := s.connect()
			cfg := one
			cfg.Memory = memory
			stream := s.stream(nc, cfg)
			rate := func(f func() time.Duration) float64 {
				require.NoError(b, stream.Purge(context.Background()))
				d := f()
				info, err := stream.Info(context.Background())
				require.NoError(b, err)
				require.EqualValues(b, benchMessages, info.State.Msgs)
				return benchMessages / d.Seconds()
			}
			run := 0
			for b.Loop() {
				run++
				bareSingle := rate(func() time.Duration { return bare(b, nc, 1, fmt.Sprint("a", run)) })
				single := rate(func() time.Duration { return relayed(b, nc, 1, 0, run*4) })
				bareMany := rate(func() time.Duration { return bare(b, nc, 256, fmt.Sprint("b", run)) })
				many := rate(func() time.Duration { return relayed(b, nc, 1, 256, run*4+1) })
				three := rate(func() time.Duration { return relayed(b, nc, 3, 256, run*4+2) })
				b.ReportMetric(single, "single/s")
				b.ReportMetric(single/bareSingle, "single/bare")
				b.ReportMetric(many, "together/s")
				b.ReportMetric(three, "3relays/s")
				b.ReportMetric(bareMany, "bare/s")
				b.ReportMetric(many/bareMany, "together/bare")
			}
		})
	}
}

// bare publishes encoded envelopes with the client alone.
func bare(b *testing.B, nc *nats.Conn, pending int, run string) time.Duration {
	js, err := natsjs.New(nc, natsjs.WithPublishAsyncMaxPending(pending))
	require.NoError(b, err)
	data := make([][]byte, benchMessages)
	for i := range data {
		e, err := acme.Message(workflow.Message{ID: workflow.ID{1}, Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{2}}, Topic: "incident.updated", At: epoch, Payload: []byte(benchPayload)})
		require.NoError(b, err)
		data[i], err = e.Encode()
		require.NoError(b, err)
	}
	subject := layout.Subject(eventbus.Envelope{Tenant: "acme", Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{2}}, Topic: "incident.updated"})
	begin := time.Now()
	for i, d := range data {
		id := natsjs.WithMsgID(fmt.Sprint(run, " ", i))
		if pending == 1 {
			_, err = js.Publish(context.Background(), subject, d, id)
		} else {
			_, err = js.PublishAsync(subject, d, id, natsjs.WithStallWait(time.Minute))
		}
		require.NoError(b, err)
	}
	<-js.PublishAsyncComplete()
	return time.Since(begin)
}

const benchPayload = `{"number":"INC0004711","to":"ann","text":"The printer on the third floor is out of paper, again."}`

// relayed publishes an outbox with relays, of which each claims a batch.
func relayed(b *testing.B, nc *nats.Conn, relays, ahead, seed int) time.Duration {
	store := memstore.New()
	ids := workflow.SeededIDs(uint64(seed))
	for n := 0; n < benchMessages; {
		batch := workflow.Batch{ID: ids.NewID(epoch)}
		for ; len(batch.Messages) < 1000; n++ {
			batch.Messages = append(batch.Messages, workflow.Message{ID: ids.NewID(epoch), Ref: workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)},
				Topic: "incident.updated", At: epoch, Payload: []byte(benchPayload)})
		}
		require.NoError(b, store.Commit(context.Background(), batch))
	}
	p, err := jetstream.NewPublisher(nc, jetstream.PublisherConfig{Stream: "ITSM", Subjects: layout})
	require.NoError(b, err)
	h := handler(b, p, eventbus.HandlerConfig{Timeout: time.Minute})
	var queue workflow.Queue = store
	if ahead > 0 {
		queue = h.Ahead(store, nil)
	}
	begin := time.Now()
	var all sync.WaitGroup
	for range relays {
		r := relay(b, queue, h, workflow.RelayConfig{Batch: max(16, ahead)})
		all.Go(func() { _, _ = r.Drain(context.Background()) })
	}
	all.Wait()
	return time.Since(begin)
}
