// Package jetstream carries envelopes through NATS JetStream: a publisher, the
// stream that keeps them, consumers that receive in order per record, replay, and
// the place of a follower.
//
//	nc, err := nats.Connect(urls, nats.MaxReconnects(-1), nats.ReconnectBufSize(-1))
//	_, err = jetstream.EnsureStream(ctx, js, jetstream.StreamConfig{Name: "ITSM", Replicas: 3})
//	p, err := jetstream.NewPublisher(nc, jetstream.PublisherConfig{Stream: "ITSM"})
//
// # Publishing
//
// [Subjects] lays out the subjects by tenant, class, kind, partition and topic. The
// message's Nats-Msg-Id is [eventbus.Envelope.Key], so that the stream keeps once what
// is published twice within its window, [StreamConfig].Duplicates; beyond it the
// receiver's inbox has to. A stream that is full refuses what is new, and the outbox
// waits. A server answers for what it has written to its files but not necessarily to
// the disk: set its sync_interval to "always" where a power failure of most of a
// cluster must lose nothing.
//
// # Receiving
//
// A [Consumer] has a durable consumer in the server for each partition, with one
// envelope out at a time. So the order per record holds with any number of processes,
// one that dies is replaced after AckWait, and what fails is tried again before
// anything else of its partition. Handle with an [eventbus.Inbox]:
//
//	Handle: func(ctx context.Context, d jetstream.Delivery) error {
//		tx, err := db.BeginTx(ctx, nil)
//		…
//		_, err = eventbus.Once(ctx, inbox{tx}, d.Envelope, func(ctx context.Context) error { return book(ctx, tx, d) })
//		…
//		return tx.Commit()
//	}
//
// A slow receiver is behind, which [Consumer.Lag] tells, and holds up neither the
// publisher nor other consumers: the stream keeps what waits, as long as its limits
// of age allow. [Replay] reads a stream again from a sequence or a time.
//
// # Following
//
// [Progress] keeps an [eventbus.Follower]'s position in a key-value bucket. After a
// crash between publishing and saving, the last batch is published again, and the
// stream keeps it once if the follower is back within the window.
package jetstream
