package jetstream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// PublisherConfig sets up a [Publisher].
type PublisherConfig struct {
	Stream   string // needed: envelopes go there or nowhere
	Subjects Subjects
	// MaxPending bounds the envelopes that wait for an acknowledgement at a time, over
	// all callers. Default: 256.
	MaxPending int
}

// Publisher publishes into a stream. The id of an envelope is the message's
// Nats-Msg-Id, so that a repetition is acknowledged and not kept again, as long as
// the stream remembers the id. It implements [eventbus.Publisher].
//
// Connect with nats.ReconnectBufSize(-1): then publishing fails at once while the
// connection is lost, and nothing waits in the client's memory to be sent later.
type Publisher struct {
	nc  *nats.Conn
	js  jetstream.JetStream
	cfg PublisherConfig
}

// NewPublisher returns a publisher. It does not ask the server: a stream that is
// not there is found out when publishing, and is the same as a broker that is down.
func NewPublisher(nc *nats.Conn, cfg PublisherConfig) (*Publisher, error) {
	cfg.Subjects = cfg.Subjects.withDefaults()
	var p workflow.Problems
	cfg.Subjects.check(&p)
	if nc == nil {
		p.Addf("no connection")
	}
	if cfg.Stream == "" {
		p.Addf("no stream")
	}
	if cfg.MaxPending < 0 {
		p.Addf("max pending is not negative")
	}
	if err := p.Err("jetstream: publisher"); err != nil {
		return nil, err
	}
	if cfg.MaxPending == 0 {
		cfg.MaxPending = 256
	}
	// The timeout frees what nobody waits for any more, as its context is done.
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(cfg.MaxPending), jetstream.WithPublishAsyncTimeout(time.Minute))
	if err != nil {
		return nil, fmt.Errorf("jetstream: publisher: %w", err)
	}
	return &Publisher{nc, js, cfg}, nil
}

// Publish sends the batch and waits until the stream has acknowledged it; see
// [eventbus.Publisher]. In a stream with replicas an acknowledgement says that most
// of them have it.
func (p *Publisher) Publish(ctx context.Context, batch []eventbus.Envelope) error {
	return eventbus.PublishInRounds(ctx, batch, p.round)
}

func (p *Publisher) round(ctx context.Context, round []eventbus.Envelope) []error {
	errs := make([]error, len(round))
	acks := make([]jetstream.PubAckFuture, len(round))
	for i, e := range round {
		if acks[i], errs[i] = p.send(ctx, e); errors.Is(errs[i], eventbus.ErrUnavailable) {
			for k := i + 1; k < len(round); k++ {
				errs[k] = errs[i]
			}
			break
		}
	}
	for i, ack := range acks {
		if ack == nil {
			continue
		}
		select {
		case <-ack.Ok():
		case err := <-ack.Err():
			errs[i] = explain(err)
		case <-ctx.Done():
			errs[i] = explain(ctx.Err())
		}
	}
	return errs
}

func (p *Publisher) send(ctx context.Context, e eventbus.Envelope) (jetstream.PubAckFuture, error) {
	data, err := e.Encode()
	if err != nil {
		return nil, err
	}
	m := &nats.Msg{Subject: p.cfg.Subjects.Subject(e), Data: data, Header: nats.Header{"content-type": {eventbus.ContentType}}}
	if !p.nc.IsConnected() {
		return nil, explain(nats.ErrDisconnected)
	}
	if most := p.nc.MaxPayload(); int64(len(data)) > most {
		return nil, fmt.Errorf("jetstream: %s has %d bytes, the server takes at most %d: %w", e.Key(), len(data), most, workflow.ErrInvalid)
	}
	if err := ctx.Err(); err != nil {
		return nil, explain(err)
	}
	wait := 5 * time.Second
	if end, ok := ctx.Deadline(); ok {
		wait = max(time.Millisecond, time.Until(end))
	}
	ack, err := p.js.PublishMsgAsync(m, jetstream.WithMsgID(e.Key()), jetstream.WithExpectStream(p.cfg.Stream), jetstream.WithStallWait(wait))
	if err != nil {
		return nil, explain(err)
	}
	return ack, nil
}

// explain sorts the client's errors: an envelope too big for the stream will always
// be, and where nobody answers the broker is down for everybody.
func explain(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, jetstream.ErrStreamMessageExceedsMaximum):
		return fmt.Errorf("jetstream: %w: %w", err, workflow.ErrInvalid)
	case errors.As(err, &api) && api.Code < 500:
		return fmt.Errorf("jetstream: %w", err)
	default:
		return fmt.Errorf("jetstream: %w: %w", err, eventbus.ErrUnavailable)
	}
}
