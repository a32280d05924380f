package jetstream

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// ReplayConfig says what to read again.
type ReplayConfig struct {
	Stream   string
	Subjects Subjects
	Filter   Filter
	From     From
}

// Replay yields what a stream keeps, in its order, from a place to the end that it
// had when the replay began. It moves no consumer, and gives the same every time,
// less what has been removed by age. An envelope that cannot be decoded comes with
// an error, and its bytes in [Delivery.Raw]; the loop may go on behind it. Any other
// error ends it.
func Replay(ctx context.Context, js jetstream.JetStream, cfg ReplayConfig) iter.Seq2[Delivery, error] {
	cfg.Subjects = cfg.Subjects.withDefaults()
	return func(yield func(Delivery, error) bool) {
		fail := func(err error) { yield(Delivery{}, fmt.Errorf("jetstream: replay of %s: %w", cfg.Stream, err)) }
		s, err := js.Stream(ctx, cfg.Stream)
		if err != nil {
			fail(err)
			return
		}
		last := s.CachedInfo().State.LastSeq
		native := jetstream.OrderedConsumerConfig{FilterSubjects: cfg.Subjects.subjects(cfg.Filter, -1), InactiveThreshold: 10 * time.Second}
		native.DeliverPolicy, native.OptStartSeq, native.OptStartTime = cfg.From.policy()
		c, err := s.OrderedConsumer(ctx, native)
		if err != nil {
			fail(err)
			return
		}
		defer forget(ctx, s, c)
		if c.CachedInfo().NumPending == 0 {
			return
		}
		it, err := c.Messages()
		if err != nil {
			fail(err)
			return
		}
		defer it.Stop()
		for {
			m, err := it.Next(jetstream.NextContext(ctx))
			if err != nil {
				fail(err)
				return
			}
			meta, err := m.Metadata()
			if err != nil {
				fail(err)
				return
			}
			if meta.Sequence.Stream > last {
				return
			}
			if !yield(delivery(m)) || meta.NumPending == 0 || meta.Sequence.Stream == last {
				return
			}
		}
	}
}

// forget takes the replay's consumer away, which the server would do by itself
// after a while.
func forget(ctx context.Context, s jetstream.Stream, c jetstream.Consumer) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = s.DeleteConsumer(ctx, c.CachedInfo().Name)
}
