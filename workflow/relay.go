package workflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Handler carries out one piece of work: it delivers a message or answers a
// timer. It may be called more than once for the same piece, so its effect must
// bear repetition; a handler that issues a command puts the message's id, or
// [Due.Key], into [Command.Key], and the effect happens once. An error means
// that the work is tried again later; [Permanent] says that trying again is no
// use.
type Handler interface {
	Handle(ctx context.Context, d Due) error
}

// HandlerFunc makes a function a [Handler].
type HandlerFunc func(ctx context.Context, d Due) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, d Due) error { return f(ctx, d) }

// Mux is a [Handler] that gives timers to the handler of their record's kind,
// and messages to that of their topic or, failing that, to Other. Work nobody is
// responsible for is parked.
type Mux struct {
	Timers map[string]Handler // by kind of record
	Topics map[string]Handler // by message topic
	Other  Handler            // for topics not listed
}

// Handle passes the work on.
func (m Mux) Handle(ctx context.Context, d Due) error {
	h := m.Other
	if d.Timer != nil {
		h = m.Timers[d.Timer.Ref.Kind]
	} else if t, ok := m.Topics[d.Message.Topic]; ok {
		h = t
	}
	if h == nil {
		return Permanent(fmt.Errorf("workflow: nobody handles %s: %w", d.Key(), ErrInvalid))
	}
	return h.Handle(ctx, d)
}

// Key names the piece of work, the same at every delivery: a message's id, or a
// timer's record, name and instant.
func (d Due) Key() string {
	if d.Timer != nil {
		return d.Timer.Ref.String() + "/" + d.Timer.Name + "@" + d.Timer.Due.UTC().Format(time.RFC3339Nano)
	}
	return d.Message.ID.String()
}

// Permanent wraps a handler's error to say that the work can never succeed: it
// is parked at once instead of being tried again.
func Permanent(err error) error { return &permanentError{err} }

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// RelayConfig sets up a [Relay]. The zero value works.
type RelayConfig struct {
	Clock    func() time.Time // default: time.Now
	Batch    int              // pieces of work claimed at a time; default 16
	Lease    time.Duration    // elapsed time a handler has for a batch; default one minute
	Attempts int              // deliveries before the work is parked; default 10
	// Backoff is the elapsed time to wait after a failed attempt, counted from
	// 1. Default: one second, doubling, at most one hour.
	Backoff func(attempt int) time.Duration
	// Poll is how often [Relay.Run] looks for work when there was none. Default
	// one second.
	Poll time.Duration
	Log  *slog.Logger // hears of failures; default: nothing is logged
}

// Relay delivers what commands have put into timers and messages, after their
// commit: at least once, in order per record, with back-off, and a place for
// dead letters. The host starts it by calling [Relay.Run] in a goroutine of its
// own, or drives it step by step with [Relay.Step]. Any number of relays, in
// any number of processes, may share one queue. It is safe for concurrent use.
type Relay struct {
	queue   Queue
	handler Handler
	cfg     RelayConfig
}

// NewRelay returns a relay that gives the queue's work to the handler.
func NewRelay(q Queue, h Handler, cfg RelayConfig) (*Relay, error) {
	var p Problems
	if q == nil {
		p.Addf("no queue")
	}
	if h == nil {
		p.Addf("no handler")
	}
	if cfg.Batch < 0 || cfg.Lease < 0 || cfg.Attempts < 0 || cfg.Poll < 0 {
		p.Addf("batch, lease, attempts and poll are not negative")
	}
	if err := p.Err("workflow: relay"); err != nil {
		return nil, err
	}
	setDefault(&cfg.Batch, 16)
	setDefault(&cfg.Lease, time.Minute)
	setDefault(&cfg.Attempts, 10)
	setDefault(&cfg.Poll, time.Second)
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Backoff == nil {
		cfg.Backoff = DoublingBackoff
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Relay{q, h, cfg}, nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// DoublingBackoff waits one second after the first failure, twice as long after
// each further one, and never more than an hour.
func DoublingBackoff(attempt int) time.Duration {
	if attempt > 12 {
		return time.Hour
	}
	return min(time.Hour, time.Second<<max(0, attempt-1))
}

// Step claims what is due now, carries it out, and returns how many pieces of
// work it was given. Zero means that nothing is due. A handler's failure is not
// an error of Step: the work is tried again later or parked.
func (r *Relay) Step(ctx context.Context) (int, error) {
	due, err := r.queue.Claim(ctx, stamp(r.cfg.Clock()), r.cfg.Batch, r.cfg.Lease)
	if err != nil {
		return 0, fmt.Errorf("workflow: relay: %w", err)
	}
	var settled []Settlement
	for _, d := range due {
		if ctx.Err() != nil {
			break // the leases run out and somebody else takes over
		}
		settled = append(settled, r.deliver(ctx, d))
	}
	return len(due), r.settle(ctx, settled)
}

// Drain steps until nothing is due any more.
func (r *Relay) Drain(ctx context.Context) (int, error) {
	for total := 0; ; {
		n, err := r.Step(ctx)
		total += n
		if n == 0 || err != nil {
			return total, err
		}
	}
}

// Run delivers until the context is done, and then returns its error. A queue
// that fails is tried again after the poll interval.
func (r *Relay) Run(ctx context.Context) error {
	for {
		n, err := r.Step(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.cfg.Log.ErrorContext(ctx, "relay", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		if err := wait(ctx, r.cfg.Poll); err != nil {
			return err
		}
	}
}

// wait lets real time pass: only a relay that the host has started does so.
func wait(ctx context.Context, d time.Duration) error {
	timeout, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-timeout.Done()
	return ctx.Err()
}

func (r *Relay) deliver(ctx context.Context, d Due) Settlement {
	err := r.handle(ctx, d)
	if err == nil {
		return Settlement{Receipt: d.Receipt, Outcome: Done}
	}
	s := r.failed(d, err)
	r.cfg.Log.WarnContext(ctx, "delivery failed", "work", d.Key(), "attempt", d.Attempt, "outcome", s.Outcome, "error", err)
	return s
}

// settle reports a batch's outcomes together. It does so even when the context
// is done, as the effects are there.
func (r *Relay) settle(ctx context.Context, settled []Settlement) error {
	if len(settled) == 0 {
		return ctx.Err()
	}
	err := r.queue.Settle(context.WithoutCancel(ctx), settled...)
	if errors.Is(err, ErrLeaseLost) {
		// A handler was slower than its lease, or the command it issued has
		// set the timer anew. Either way that work is no longer ours.
		r.cfg.Log.DebugContext(ctx, "lease lost", "error", err)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("workflow: relay: %w", err)
	}
	return ctx.Err()
}

// handle turns a panic of the handler into an error, so that one poisonous
// piece of work does not stop all others.
func (r *Relay) handle(ctx context.Context, d Due) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("workflow: handling %s panicked: %v", d.Key(), p)
		}
	}()
	return r.handler.Handle(ctx, d)
}

func (r *Relay) failed(d Due, err error) Settlement {
	s := Settlement{Receipt: d.Receipt, Outcome: Retry, Error: err.Error()}
	var permanent *permanentError
	if errors.As(err, &permanent) || d.Attempt >= r.cfg.Attempts {
		s.Outcome = Park
		return s
	}
	s.RetryAt = stamp(r.cfg.Clock()).Add(r.cfg.Backoff(d.Attempt))
	return s
}
