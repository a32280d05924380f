package eventbus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// HandlerConfig sets up a [Handler]. The zero value works.
type HandlerConfig struct {
	// Timeout is the elapsed time that the broker has for an answer. Keep it well
	// below the relay's lease. Default: 5 seconds.
	Timeout time.Duration
	// Pause is the elapsed time for which nothing is sent once the broker did not
	// answer: what is claimed meanwhile fails at once, so that timers and other work
	// of the same relay do not wait for every message's timeout. Default: one second.
	Pause time.Duration
	// InFlight bounds the calls of the publisher at a time, over all relays that share
	// the handler. Default: 64.
	InFlight int
	// Clock measures the pause. Default: time.Now.
	Clock func() time.Time
}

// Handler publishes the outbox: give it to a [workflow.Relay], alone or as a part
// of a [workflow.Mux]. A message is done when the broker has acknowledged it, and
// is tried again with the relay's back-off otherwise. One that can never be
// published, as it is too big for the broker or no CloudEvent can hold it, is
// parked at once with the reason; it can be revived once the broker takes it.
//
// It holds nothing: a relay waits for the acknowledgement before it takes more,
// so a slow broker slows the claims, and what waits, waits in the store. It is
// safe for concurrent use, and starts no goroutine.
type Handler struct {
	origin    Origin
	publisher Publisher
	cfg       HandlerConfig
	slots     chan struct{}

	mu    sync.Mutex
	until time.Time // nothing is sent before
	cause error
	ahead map[workflow.Receipt]result
}

// NewHandler returns a handler that publishes messages of the origin.
func NewHandler(o Origin, p Publisher, cfg HandlerConfig) (*Handler, error) {
	var bad workflow.Problems
	bad.Add(o.Validate())
	if p == nil {
		bad.Addf("no publisher")
	}
	if cfg.Timeout < 0 || cfg.Pause < 0 || cfg.InFlight < 0 {
		bad.Addf("timeout, pause and in-flight are not negative")
	}
	if err := bad.Err("eventbus: handler"); err != nil {
		return nil, err
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.Pause == 0 {
		cfg.Pause = time.Second
	}
	if cfg.InFlight == 0 {
		cfg.InFlight = 64
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Handler{origin: o, publisher: p, cfg: cfg, slots: make(chan struct{}, cfg.InFlight), ahead: map[workflow.Receipt]result{}}, nil
}

// Handle publishes one message. A timer is an error: it is not for others.
func (h *Handler) Handle(ctx context.Context, d workflow.Due) error {
	if d.Message == nil {
		return workflow.Permanent(fmt.Errorf("eventbus: %s is a timer, and only messages are published: %w", d.Key(), workflow.ErrInvalid))
	}
	if err, known := h.known(d.Receipt); known {
		return settle(err)
	}
	e, err := h.origin.Message(*d.Message)
	if err != nil {
		return settle(err)
	}
	return settle(Outcome(h.publish(ctx, []Envelope{e}), 0))
}

// settle tells the relay whether trying again is of use.
func settle(err error) error {
	if errors.Is(err, workflow.ErrInvalid) {
		return workflow.Permanent(err)
	}
	return err
}

func (h *Handler) publish(ctx context.Context, batch []Envelope) error {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.Timeout)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return fmt.Errorf("eventbus: waiting for others that are being published: %w", ctx.Err())
	}
	if err := h.paused(); err != nil {
		return err
	}
	err := h.publisher.Publish(ctx, batch)
	if errors.Is(err, ErrUnavailable) || err != nil && ctx.Err() == context.DeadlineExceeded {
		h.pause(err)
	}
	return err
}

func (h *Handler) paused() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cfg.Clock().Before(h.until) {
		return fmt.Errorf("eventbus: not sent, as the broker did not answer just before (%v): %w", h.cause, ErrUnavailable)
	}
	return nil
}

func (h *Handler) pause(cause error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until, h.cause = h.cfg.Clock().Add(h.cfg.Pause), cause
}
