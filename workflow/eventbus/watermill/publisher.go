// Package watermill carries envelopes to any broker that Watermill has a
// publisher for: Kafka, RabbitMQ, Redis, Google Cloud Pub/Sub, AWS, SQL and others.
//
//	kafka, err := kafka.NewPublisher(…)
//	p, err := watermill.NewPublisher(kafka, watermill.Config{})
//	h, err := eventbus.NewHandler(origin, p, eventbus.HandlerConfig{})
//
// The message's id and its metadata "key" are the envelope's key, its metadata
// "partitionkey" the record: let the broker's marshaler take the partition from
// there, for Kafka
//
//	kafka.NewWithPartitioningMarshaler(func(_ string, m *message.Message) (string, error) {
//		return m.Metadata.Get(watermill.PartitionKey), nil
//	})
//
// Then the order per record is kept. Its payload is the CloudEvent's JSON form, the
// structured content mode, and "content-type" says so.
//
// The publisher must be one that returns when the broker has acknowledged, as
// Watermill's for Kafka does. Few brokers recognise what is sent twice: receivers
// need an [eventbus.Inbox].
package watermill

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"

	"github.com/ThreeDotsLabs/watermill/message"
)

// Metadata of the messages.
const (
	PartitionKey = "partitionkey" // the record
	Key          = "key"          // [eventbus.Envelope.Key]
	contentType  = "content-type"
)

// Config sets up a [Publisher]. The zero value works.
type Config struct {
	// Topic names the broker's topic for an envelope. Default: "itsm" and its class,
	// "itsm.message".
	Topic func(e eventbus.Envelope) string
	// MaxBytes is the most that the broker takes: what is bigger is refused for good,
	// and parked by the relay. Default: what an envelope may have.
	MaxBytes int
}

// Publisher is an [eventbus.Publisher] over one of Watermill's. It is safe for
// concurrent use, and does not close the other.
type Publisher struct {
	next message.Publisher
	cfg  Config
}

// NewPublisher returns a publisher over next.
func NewPublisher(next message.Publisher, cfg Config) (*Publisher, error) {
	var p workflow.Problems
	if next == nil {
		p.Addf("no publisher")
	}
	if cfg.MaxBytes < 0 {
		p.Addf("max bytes is not negative")
	}
	if err := p.Err("watermill: publisher"); err != nil {
		return nil, err
	}
	if cfg.Topic == nil {
		cfg.Topic = func(e eventbus.Envelope) string { return "itsm." + string(e.Class()) }
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = eventbus.MaxEnvelope
	}
	return &Publisher{next, cfg}, nil
}

// Publish sends one envelope after another; see [eventbus.Publisher]. A Watermill
// publisher takes no context: a call that has begun is waited for.
func (p *Publisher) Publish(ctx context.Context, batch []eventbus.Envelope) error {
	return eventbus.PublishInRounds(ctx, batch, func(ctx context.Context, round []eventbus.Envelope) []error {
		errs := make([]error, len(round))
		for i, e := range round {
			errs[i] = p.send(ctx, e)
		}
		return errs
	})
}

func (p *Publisher) send(ctx context.Context, e eventbus.Envelope) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := e.Encode()
	if err != nil {
		return err
	}
	if len(data) > p.cfg.MaxBytes {
		return fmt.Errorf("watermill: %s has %d bytes, at most %d: %w", e.Key(), len(data), p.cfg.MaxBytes, workflow.ErrInvalid)
	}
	m := message.NewMessageWithContext(ctx, e.Key(), data)
	m.Metadata = message.Metadata{PartitionKey: e.Ref.String(), Key: e.Key(), contentType: eventbus.ContentType}
	if err := p.next.Publish(p.cfg.Topic(e), m); err != nil {
		return fmt.Errorf("watermill: %w", err)
	}
	return nil
}

// Envelope reads what [Publisher.Publish] has sent. Deal with it behind an
// [eventbus.Inbox], and acknowledge the message after the transaction.
func Envelope(m *message.Message) (eventbus.Envelope, error) { return eventbus.Decode(m.Payload) }
