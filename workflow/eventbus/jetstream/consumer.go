package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Delivery is an envelope as it comes from the stream.
type Delivery struct {
	eventbus.Envelope
	Sequence uint64    // its place in the stream
	Stored   time.Time // when the stream took it
	Attempt  int       // 1 at the first delivery
	Subject  string
	Raw      []byte // as it was stored; all there is when it could not be decoded
}

// From is a place in a stream to begin at: the sequence, or else the time, or else
// the beginning.
type From struct {
	Sequence uint64    // this one and those behind it
	Time     time.Time // what was stored then or later
}

func (f From) policy() (jetstream.DeliverPolicy, uint64, *time.Time) {
	switch {
	case f.Sequence > 0:
		return jetstream.DeliverByStartSequencePolicy, f.Sequence, nil
	case !f.Time.IsZero():
		return jetstream.DeliverByStartTimePolicy, 0, &f.Time
	}
	return jetstream.DeliverAllPolicy, 0, nil
}

// ConsumerConfig sets up a [Consumer].
type ConsumerConfig struct {
	Stream   string // needed
	Name     string // needed: under it the server remembers how far the consumer is
	Subjects Subjects
	Filter   Filter
	From     From // where to begin, the first time
	// Handle deals with one envelope; it is needed. It may be called more than once
	// for the same one: put the effect behind an [eventbus.Inbox]. An error means
	// that it is tried again, before anything else of the partition.
	Handle func(ctx context.Context, d Delivery) error
	// Park is given what cannot be dealt with: an envelope that cannot be decoded, one
	// for which Handle's error matches [workflow.ErrInvalid], or one that failed
	// Attempts times. It puts it away where somebody will look at it; if it returns
	// nil the consumer goes on behind it. Default: the partition waits, and tries for
	// ever.
	Park     func(ctx context.Context, d Delivery, reason error) error
	Attempts int // deliveries before an envelope is parked; default 10
	// AckWait is the elapsed time after which the server gives an envelope to another
	// process when it has not heard of the one that has it. Handle may take longer: the
	// consumer tells the server that it is at work. Default: 30 seconds.
	AckWait time.Duration
	// Backoff is the elapsed time to wait after a failed attempt, counted from 1.
	// Default: [workflow.DoublingBackoff].
	Backoff func(attempt int) time.Duration
	Log     *slog.Logger // hears of failures; default: nothing is logged
}

// Consumer receives envelopes in order per record: each partition is a durable
// consumer of the server with one envelope out at a time, which holds however many
// processes run a consumer of the same name. Partitions run side by side. It is
// safe for concurrent use.
type Consumer struct {
	js    jetstream.JetStream
	cfg   ConsumerConfig
	parts []jetstream.Consumer
}

// NewConsumer creates the durable consumers in the server, or takes those that are
// there, with their places.
func NewConsumer(ctx context.Context, nc *nats.Conn, cfg ConsumerConfig) (*Consumer, error) {
	cfg.Subjects = cfg.Subjects.withDefaults()
	if err := cfg.check(nc); err != nil {
		return nil, err
	}
	if cfg.Attempts == 0 {
		cfg.Attempts = 10
	}
	if cfg.AckWait == 0 {
		cfg.AckWait = 30 * time.Second
	}
	if cfg.Backoff == nil {
		cfg.Backoff = workflow.DoublingBackoff
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("jetstream: consumer %s: %w", cfg.Name, err)
	}
	c := &Consumer{js: js, cfg: cfg}
	for i := range cfg.Subjects.Partitions {
		part, err := c.ensure(ctx, i)
		if err != nil {
			return nil, fmt.Errorf("jetstream: consumer %s: %w", cfg.Name, err)
		}
		c.parts = append(c.parts, part)
	}
	return c, nil
}

func (cfg ConsumerConfig) check(nc *nats.Conn) error {
	var p workflow.Problems
	cfg.Subjects.check(&p)
	if nc == nil {
		p.Addf("no connection")
	}
	if cfg.Stream == "" {
		p.Addf("no stream")
	}
	if cfg.Name == "" || strings.Contains(escape(cfg.Name), "%") {
		p.Addf("name %.80q: want letters, digits, '-' and '_'", cfg.Name)
	}
	if cfg.Handle == nil {
		p.Addf("no Handle")
	}
	if cfg.Attempts < 0 || cfg.AckWait < 0 {
		p.Addf("attempts and ack wait are not negative")
	}
	return p.Err("jetstream: consumer")
}

func (c *Consumer) ensure(ctx context.Context, partition int) (jetstream.Consumer, error) {
	native := jetstream.ConsumerConfig{
		Durable: c.cfg.Name + "-" + strconv.Itoa(partition), FilterSubjects: c.cfg.Subjects.subjects(c.cfg.Filter, partition),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.cfg.AckWait, MaxAckPending: 1, MaxDeliver: -1,
	}
	native.DeliverPolicy, native.OptStartSeq, native.OptStartTime = c.cfg.From.policy()
	switch old, err := c.js.Consumer(ctx, c.cfg.Stream, native.Durable); {
	case err == nil:
		was := old.CachedInfo().Config
		native.DeliverPolicy, native.OptStartSeq, native.OptStartTime = was.DeliverPolicy, was.OptStartSeq, was.OptStartTime
	case !errors.Is(err, jetstream.ErrConsumerNotFound):
		return nil, err
	}
	return c.js.CreateOrUpdateConsumer(ctx, c.cfg.Stream, native)
}

// Run receives until the context is done, and then returns its error. It starts a
// goroutine for each partition, and waits for them. A server that is away is waited
// for.
func (c *Consumer) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, part := range c.parts {
		all.Go(func() {
			for ctx.Err() == nil {
				err := c.receive(ctx, part)
				if ctx.Err() == nil {
					c.cfg.Log.WarnContext(ctx, "receiving again", "consumer", c.cfg.Name, "error", err)
					pause(ctx, 250*time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	return ctx.Err()
}

func pause(ctx context.Context, d time.Duration) {
	timed, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-timed.Done()
}

func (c *Consumer) receive(ctx context.Context, part jetstream.Consumer) error {
	// One at a time: a request that waits while an envelope is dealt with would be given
	// that very envelope when it is handed back, by a receiver that has stopped.
	it, err := part.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(5*time.Second), jetstream.PullHeartbeat(time.Second))
	if err != nil {
		return err
	}
	defer it.Stop()
	for {
		m, err := it.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		if err := c.deal(ctx, m); err != nil {
			return err
		}
	}
}

// deal carries one delivery through to its acknowledgement. The error is of the
// connection.
func (c *Consumer) deal(ctx context.Context, m jetstream.Msg) error {
	d, err := delivery(m)
	if err == nil {
		err = c.handle(ctx, m, d)
	}
	if err == nil {
		return m.Ack() // also when the context is done, as the effect is there
	}
	if ctx.Err() != nil {
		return m.Nak() // somebody else has it at once
	}
	c.cfg.Log.WarnContext(ctx, "not dealt with", "consumer", c.cfg.Name, "sequence", d.Sequence, "attempt", d.Attempt, "error", err)
	if c.cfg.Park != nil && (errors.Is(err, workflow.ErrInvalid) || d.Attempt >= c.cfg.Attempts) {
		failed := c.cfg.Park(ctx, d, err)
		if failed == nil {
			return m.TermWithReason("parked")
		}
		c.cfg.Log.ErrorContext(ctx, "not parked", "consumer", c.cfg.Name, "sequence", d.Sequence, "error", failed)
	}
	return m.NakWithDelay(c.cfg.Backoff(d.Attempt))
}

// handle calls the host's function and tells the server meanwhile that it is at
// work. A panic is a failure like others.
func (c *Consumer) handle(ctx context.Context, m jetstream.Msg, d Delivery) (err error) {
	ctx, done := context.WithCancel(ctx)
	var beat sync.WaitGroup
	beat.Go(func() {
		for pause(ctx, c.cfg.AckWait/3); ctx.Err() == nil; pause(ctx, c.cfg.AckWait/3) {
			_ = m.InProgress() // if it does not arrive, the server gives it out again
		}
	})
	defer beat.Wait()
	defer done()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("jetstream: handling %d panicked: %v", d.Sequence, p)
		}
	}()
	return c.cfg.Handle(ctx, d)
}

func delivery(m jetstream.Msg) (Delivery, error) {
	d := Delivery{Subject: m.Subject(), Raw: m.Data()}
	meta, err := m.Metadata()
	if err != nil {
		return d, fmt.Errorf("jetstream: %w", err)
	}
	d.Sequence, d.Stored, d.Attempt = meta.Sequence.Stream, meta.Timestamp.UTC(), int(meta.NumDelivered)
	if d.Envelope, err = eventbus.Decode(d.Raw); err != nil {
		d.Envelope = eventbus.Envelope{}
		return d, fmt.Errorf("jetstream: sequence %d: %w", d.Sequence, err)
	}
	return d, nil
}

// Lag is how far a consumer is behind.
type Lag struct {
	Waiting     uint64 // not yet given out
	Open        int    // given out and not acknowledged
	Redelivered int    // of those, given out more than once
}

// Lag asks the server how far the consumer is behind, over all partitions.
func (c *Consumer) Lag(ctx context.Context) (Lag, error) {
	var l Lag
	for _, part := range c.parts {
		info, err := part.Info(ctx)
		if err != nil {
			return Lag{}, fmt.Errorf("jetstream: lag of %s: %w", c.cfg.Name, err)
		}
		l.Waiting += info.NumPending
		l.Open += info.NumAckPending
		l.Redelivered += info.NumRedelivered
	}
	return l, nil
}
