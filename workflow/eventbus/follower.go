package eventbus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Progress keeps how far a [Follower] has come. Package jetstream keeps it beside
// the stream; a host may keep it in a table. It is no record of a desk's: to save
// it would make an event, which would have to be followed. It is safe for
// concurrent use.
type Progress interface {
	// Load returns the position behind the last event published, and the empty
	// one at first.
	Load(ctx context.Context) (workflow.Position, error)
	// Save moves it. When it is no longer at from, somebody else has moved it, and
	// the error matches [workflow.ErrConflict].
	Save(ctx context.Context, from, to workflow.Position) error
}

// FollowerConfig sets up a [Follower]. The zero value works.
type FollowerConfig struct {
	Filter workflow.Filter // which events; the zero Filter: all
	Batch  int             // events published together; default 64
	// Timeout is the elapsed time that the broker has for a batch. Default: 30 seconds.
	Timeout time.Duration
	// Poll is the elapsed time after which Run looks again when there was nothing to
	// publish, or after a failure. Default: one second.
	Poll time.Duration
	// Refused decides about an event that the broker will never take. Returning nil
	// leaves it out; an error stops the follower before it, so that nothing is lost
	// unseen. Default: stop.
	Refused func(ctx context.Context, ev workflow.Event, reason error) error
	Log     *slog.Logger // hears of failures; default: nothing is logged
}

// Follower publishes what happens: every event of a store's feed, in order per
// record, from where it stopped. After a crash between publishing and saving its
// position it publishes the last batch once more, under the same ids, which a
// broker recognises as long as it remembers them, and an [Inbox] for ever.
//
// One follower for a feed is enough. Two do no harm: the one that falls behind
// is told by its [Progress] and goes on where the other is. It is safe for
// concurrent use, and starts no goroutine; the host calls Run in one of its own.
type Follower struct {
	store     workflow.Store
	origin    Origin
	publisher Publisher
	progress  Progress
	cfg       FollowerConfig

	mu    sync.Mutex
	at    workflow.Position
	ready bool // at is what progress holds, as far as we know
}

// NewFollower returns a follower of the store's feed.
func NewFollower(s workflow.Store, o Origin, p Publisher, at Progress, cfg FollowerConfig) (*Follower, error) {
	var bad workflow.Problems
	bad.Add(o.Validate())
	if s == nil || p == nil || at == nil {
		bad.Addf("a store, a publisher and a progress are needed")
	}
	if cfg.Batch < 0 || cfg.Timeout < 0 || cfg.Poll < 0 {
		bad.Addf("batch, timeout and poll are not negative")
	}
	if err := bad.Err("eventbus: follower"); err != nil {
		return nil, err
	}
	if cfg.Batch == 0 {
		cfg.Batch = 64
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 30 * time.Second
	}
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	if cfg.Refused == nil {
		cfg.Refused = func(_ context.Context, _ workflow.Event, reason error) error { return reason }
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Follower{store: s, origin: o, publisher: p, progress: at, cfg: cfg}, nil
}

// Step publishes one batch and saves the position behind it. It returns how many
// events it has dealt with; zero without an error means that there is nothing new.
// With an error, those before the first that was not acknowledged are done.
func (f *Follower) Step(ctx context.Context) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.ready {
		at, err := f.progress.Load(ctx)
		if err != nil {
			return 0, fmt.Errorf("eventbus: follower: %w", err)
		}
		f.at, f.ready = at, true
	}
	events, batch, readErr := f.read(ctx)
	if len(events) == 0 {
		return 0, readErr
	}
	n, err := f.send(ctx, events, batch)
	if n > 0 {
		to := events[n-1].Position
		if saveErr := f.progress.Save(ctx, f.at, to); saveErr != nil {
			f.ready = false // somebody else moved it, or perhaps we did
			return 0, errors.Join(err, fmt.Errorf("eventbus: follower: position %q: %w", to, saveErr))
		}
		f.at = to
	}
	if err == nil {
		err = readErr
	}
	return n, err
}

func (f *Follower) read(ctx context.Context) ([]workflow.Event, []Envelope, error) {
	var events []workflow.Event
	var batch []Envelope
	size := 0
	for ev, err := range f.store.Events(ctx, f.at, f.cfg.Filter) {
		if err != nil {
			return events, batch, fmt.Errorf("eventbus: follower: %w", err)
		}
		e, err := f.origin.Event(ev)
		if err != nil {
			if len(events) > 0 {
				break // those before it first
			}
			if err := f.cfg.Refused(ctx, ev, err); err != nil {
				return nil, nil, fmt.Errorf("eventbus: follower: version %d of %v: %w", ev.Version, ev.Ref, err)
			}
			return []workflow.Event{ev}, nil, nil
		}
		events, batch, size = append(events, ev), append(batch, e), size+len(e.Data)
		if len(batch) == f.cfg.Batch || size > MaxData {
			break
		}
	}
	return events, batch, nil
}

// send publishes the batch and returns how many events from its beginning are
// dealt with.
func (f *Follower) send(ctx context.Context, events []workflow.Event, batch []Envelope) (int, error) {
	if len(batch) == 0 {
		return len(events), nil // one that is left out
	}
	timed, cancel := context.WithTimeout(ctx, f.cfg.Timeout)
	defer cancel()
	failed := f.publisher.Publish(timed, batch)
	if failed == nil {
		return len(events), nil
	}
	for i, ev := range events {
		err := Outcome(failed, i)
		if errors.Is(err, workflow.ErrInvalid) {
			err = f.cfg.Refused(ctx, ev, err)
		}
		if errors.Is(err, ErrHeldBack) && i > 0 {
			return i, nil // behind one that was left out: it goes with the next batch
		}
		if err != nil {
			return i, fmt.Errorf("eventbus: follower: version %d of %v: %w", ev.Version, ev.Ref, err)
		}
	}
	return len(events), nil
}

// Drain steps until there is nothing new.
func (f *Follower) Drain(ctx context.Context) (int, error) {
	for total := 0; ; {
		n, err := f.Step(ctx)
		total += n
		if n == 0 || err != nil {
			return total, err
		}
	}
}

// Run publishes until the context is done, and then returns its error. What fails
// is tried again after the poll interval.
func (f *Follower) Run(ctx context.Context) error {
	for {
		n, err := f.Step(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			f.cfg.Log.WarnContext(ctx, "feed not published", "error", err)
		}
		if n > 0 && err == nil {
			continue
		}
		wait := time.NewTimer(f.cfg.Poll)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
}

// MemoryProgress is a [Progress] that lasts as long as the process, for tests and
// for feeds that are published anew at every start. The zero value is at the
// beginning.
type MemoryProgress struct {
	mu sync.Mutex
	at workflow.Position
}

// Load returns the position.
func (m *MemoryProgress) Load(ctx context.Context) (workflow.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at, ctx.Err()
}

// Save moves the position.
func (m *MemoryProgress) Save(ctx context.Context, from, to workflow.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.at != from {
		return fmt.Errorf("eventbus: progress is at %q and not at %q: %w", m.at, from, workflow.ErrConflict)
	}
	m.at = to
	return nil
}
