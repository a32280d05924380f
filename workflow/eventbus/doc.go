// Package eventbus tells other systems what happens: it publishes the messages of
// the outbox and the events of the feed to a broker, as CloudEvents 1.0.
//
//	origin := eventbus.Origin{Tenant: "acme", Source: "//itsm.example.com/acme", Prefix: "com.example.itsm"}
//	p, err := jetstream.NewPublisher(nc, jetstream.PublisherConfig{Stream: "ITSM"})
//	h, err := eventbus.NewHandler(origin, p, eventbus.HandlerConfig{})
//	relay, err := workflow.NewRelay(store, workflow.Mux{Topics: map[string]workflow.Handler{"notify": mailer}, Other: h}, workflow.RelayConfig{})
//
// # Two things leave
//
// A message is an effect that a command asked for, with [workflow.Tx.Send]: a
// [Handler] publishes it for a [workflow.Relay], which claims it, waits for the
// broker and settles it. An event is what happened to a record, field by field: a
// [Follower] reads the feed from where it stopped and publishes all of it. Both
// become an [Envelope]:
//
//	id            the message's id; of an event the record and its version
//	source        the tenant's, see Origin
//	type          prefix, class and topic: "com.example.itsm.message.incident.resolved"
//	subject       the record: "incident/01890a5d-ac96-774b-bcce-b302099a8057"
//	time          when the command happened
//	tenant, kind, topic, partitionkey (the record), of events recordversion and batch
//	data          the message's payload; of an event its canonical encoding, hash and all
//
// [Envelope.Encode] writes the JSON format, [Decode] reads it and nothing else, and
// [Envelope.Event] and [FromEvent] are for those who use the CloudEvents SDK. A
// message has no record version, as the outbox does not keep one.
//
// # What is promised
//
// At least once: nothing is settled, and no position saved, before the broker has
// acknowledged. In order per record: the queue gives out one message of a record at a
// time, a follower sends nothing behind an event that was not acknowledged, and any
// number of relays share the work by their leases. What arrives twice has the same
// [Envelope.Key]; a receiver that keeps an [Inbox] in the transaction of its effect,
// or answers with a desk's [Command], has the effect once.
//
// What outlives its lease is given to another relay, and may arrive once more,
// later than what followed it: the inbox drops it. Keep [HandlerConfig.Timeout] well
// below the lease.
//
// # When something fails
//
//   - The broker is away for a minute: messages wait in the store and are tried again
//     with the relay's back-off. While it does not answer it is not asked for each
//     message, so timers of the same relay are not held up.
//   - It is away for longer than the relay's attempts (the default, ten, lasts for 8½
//     minutes): messages are parked, with their error, and flow again when they are
//     revived; those of a record that were sent meanwhile have then overtaken them.
//     Where that must not be, set [workflow.RelayConfig].Attempts to math.MaxInt
//     and cap its Backoff: then an outage may last for ever. What never can succeed is
//     parked at once all the same.
//   - A poison message, too big for the broker or not to be expressed as a CloudEvent,
//     is parked at the first attempt, and others of its record flow.
//   - An event that is too big stops the follower, unless [FollowerConfig].Refused
//     leaves it out.
//   - The broker is slow: a relay waits before it claims more, so what waits, waits in
//     the store. Memory holds a batch for each relay.
//
// # Much at once
//
// A relay waits for the broker at each message. [Handler.Ahead] publishes all that a
// claim brings together, which costs one wait for a batch.
//
// # Brokers
//
// Package jetstream is for NATS JetStream, with streams, consumers in order per
// record, replay and lag; package watermill is for all that Watermill has a publisher
// for, Kafka among them; a [Publisher] of one's own is one method.
package eventbus
