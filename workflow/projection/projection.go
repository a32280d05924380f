package projection

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Host is where the tables and the positions are kept: a database with transactions of
// type Tx.
type Host[Tx any] interface {
	// InTx runs f in one transaction: all that f does happens, or nothing. An error of
	// f undoes it and is returned. When the outcome of the commit is unknown it returns
	// an error; the projection finds out by itself.
	InTx(ctx context.Context, f func(tx Tx) error) error
	// Load returns the position saved under the name, empty if there is none. Until the
	// transaction ends nobody else may save another.
	Load(ctx context.Context, tx Tx, name string) (workflow.Position, error)
	// Save keeps the position under the name.
	Save(ctx context.Context, tx Tx, name string, at workflow.Position) error
}

// Config says what is projected. Name and Apply are needed.
type Config[Tx any] struct {
	// Name is the projection's, and that of its table if there are several: with the
	// name goes the position. "open-tickets/2" is another projection than /1.
	Name string
	// Kinds of records that it is about. Default: all.
	Kinds []string
	// Batch is how many events of the feed are looked at in one transaction. Default
	// 200.
	Batch int
	// Upcast brings an event of an old layout up to date. Default: as it is.
	Upcast func(e workflow.Event) (workflow.Event, error)
	// Apply changes the table. It is called again, in another transaction, when the one
	// it was in came to nothing, so it has no other effects. See [Each] and [Latest].
	Apply func(ctx context.Context, tx Tx, events []workflow.Event) error
	// Clear empties the table, for [Projection.Reset]. It may be nil.
	Clear func(ctx context.Context, tx Tx) error
}

// maxBatch bounds a transaction.
const maxBatch = 10_000

// Projection is one table's way along the feed of one tenant.
type Projection[Tx any] struct {
	store  workflow.Store
	host   Host[Tx]
	cfg    Config[Tx]
	filter workflow.Filter
}

// New checks the configuration and returns the projection. The error lists every fault
// and matches [workflow.ErrInvalid].
func New[Tx any](store workflow.Store, host Host[Tx], cfg Config[Tx]) (*Projection[Tx], error) {
	var p workflow.Problems
	if store == nil || host == nil {
		p.Addf("a store and a host are needed")
	}
	if cfg.Name == "" || len(cfg.Name) > workflow.MaxKey {
		p.Addf("a name of 1 to %d bytes is needed", workflow.MaxKey)
	}
	if cfg.Batch < 0 || cfg.Batch > maxBatch {
		p.Addf("a batch has 1 to %d events", maxBatch)
	}
	if cfg.Apply == nil {
		p.Addf("Apply is missing")
	}
	if err := p.Err(fmt.Sprintf("projection: %.64q", cfg.Name)); err != nil {
		return nil, err
	}
	if cfg.Batch == 0 {
		cfg.Batch = 200
	}
	cfg.Kinds = slices.Clone(cfg.Kinds)
	return &Projection[Tx]{store, host, cfg, workflow.Filter{Kinds: cfg.Kinds}}, nil
}

// Name returns the projection's name.
func (p *Projection[Tx]) Name() string { return p.cfg.Name }

// Step reads one batch of the feed and applies it, and returns how many events it went
// past, its own and others; 0 at the end of the feed. When somebody else was faster it
// has changed nothing and tries again. An error has changed nothing, or everything and
// its answer was lost: the next Step goes on correctly in either case.
func (p *Projection[Tx]) Step(ctx context.Context) (int, error) {
	for {
		n, again, err := p.step(ctx)
		if err != nil {
			return 0, fmt.Errorf("projection: %s: %w", p.cfg.Name, err)
		}
		if !again {
			return n, nil
		}
	}
}

// step reads outside of the transaction, so that the host's locks are held for no
// longer than its own statements take.
func (p *Projection[Tx]) step(ctx context.Context) (n int, again bool, err error) {
	from, err := p.position(ctx)
	if err != nil {
		return 0, false, err
	}
	events, to, n, err := p.read(ctx, from)
	if err != nil || n == 0 {
		return 0, false, err
	}
	err = p.host.InTx(ctx, func(tx Tx) error {
		again = false
		at, err := p.host.Load(ctx, tx, p.cfg.Name)
		if err != nil {
			return err
		}
		if again = at != from; again {
			return nil
		}
		if len(events) > 0 {
			if err := p.cfg.Apply(ctx, tx, events); err != nil {
				return err
			}
		}
		return p.host.Save(ctx, tx, p.cfg.Name, to)
	})
	return n, again, err
}

func (p *Projection[Tx]) position(ctx context.Context) (at workflow.Position, err error) {
	err = p.host.InTx(ctx, func(tx Tx) error {
		at, err = p.host.Load(ctx, tx, p.cfg.Name)
		return err
	})
	return at, err
}

// read returns the events of the projection among the next of the feed. It goes past
// the others too, so that they are looked at once.
func (p *Projection[Tx]) read(ctx context.Context, from workflow.Position) (events []workflow.Event, to workflow.Position, n int, err error) {
	for e, err := range p.store.Events(ctx, from, workflow.Filter{}) {
		if err != nil {
			return nil, "", 0, err
		}
		n, to = n+1, e.Position
		if p.filter.Matches(e) {
			if p.cfg.Upcast != nil {
				if e, err = p.cfg.Upcast(e); err != nil {
					return nil, "", 0, fmt.Errorf("event %d of %v: %w", e.Version, e.Ref, err)
				}
			}
			events = append(events, e)
		}
		if n == p.cfg.Batch {
			break
		}
	}
	return events, to, n, nil
}

// CatchUp steps until the end of the feed, and returns how many events it went past.
func (p *Projection[Tx]) CatchUp(ctx context.Context) (int, error) {
	for total := 0; ; {
		n, err := p.Step(ctx)
		if total += n; err != nil || n == 0 {
			return total, err
		}
	}
}

// Lag is how far a table is behind.
type Lag struct {
	Events int       // of the feed that it has yet to go past
	More   bool      // there are more than were counted
	Since  time.Time // when the first of them happened; zero if there are none
}

// Lag counts what the table is behind, up to limit events.
func (p *Projection[Tx]) Lag(ctx context.Context, limit int) (Lag, error) {
	var l Lag
	from, err := p.position(ctx)
	if err == nil {
		for e, eventErr := range p.store.Events(ctx, from, workflow.Filter{}) {
			if err = eventErr; err != nil {
				break
			}
			if l.More = l.Events >= limit; l.More {
				break
			}
			if l.Events++; l.Events == 1 {
				l.Since = e.At
			}
		}
	}
	if err != nil {
		return Lag{}, fmt.Errorf("projection: %s: %w", p.cfg.Name, err)
	}
	return l, nil
}

// Reset empties the table and goes back to the beginning of the feed, in one
// transaction. It is for a table that nobody reads meanwhile, and after a tenant was
// erased, when positions are void; see [Replace] for the others.
func (p *Projection[Tx]) Reset(ctx context.Context) error {
	err := p.host.InTx(ctx, func(tx Tx) error {
		if _, err := p.host.Load(ctx, tx, p.cfg.Name); err != nil {
			return err
		}
		if p.cfg.Clear != nil {
			if err := p.cfg.Clear(ctx, tx); err != nil {
				return err
			}
		}
		return p.host.Save(ctx, tx, p.cfg.Name, "")
	})
	if err != nil {
		return fmt.Errorf("projection: %s: %w", p.cfg.Name, err)
	}
	return nil
}

// replaceRounds is how often a rebuilt table may be overtaken before Replace gives up.
const replaceRounds = 100

// Replace lets fresh catch up beside the projection in use and then calls swap, in one
// transaction in which neither moves and fresh is not behind old: that is the moment
// for the host to have its readers read the other table. old may go on running until
// then, here or elsewhere. After an error Replace may be called again and goes on; swap
// happens once for each Replace that succeeds. When fresh is overtaken again and again
// the error matches [workflow.ErrConflict].
func Replace[Tx any](ctx context.Context, old, fresh *Projection[Tx], swap func(ctx context.Context, tx Tx) error) error {
	for range replaceRounds {
		if _, err := fresh.CatchUp(ctx); err != nil {
			return err
		}
		swapped := false
		err := fresh.host.InTx(ctx, func(tx Tx) error {
			was, err := old.host.Load(ctx, tx, old.cfg.Name)
			if err != nil {
				return err
			}
			is, err := fresh.host.Load(ctx, tx, fresh.cfg.Name)
			if err != nil {
				return err
			}
			if was != is {
				// Positions do not compare. But old stands still now, and where nothing is
				// behind fresh it cannot be ahead.
				if _, _, n, err := fresh.read(ctx, is); err != nil || n > 0 {
					return err
				}
			}
			swapped = true
			return swap(ctx, tx)
		})
		if err != nil {
			return fmt.Errorf("projection: replacing %s by %s: %w", old.cfg.Name, fresh.cfg.Name, err)
		}
		if swapped {
			return nil
		}
	}
	return fmt.Errorf("projection: replacing %s by %s: events keep coming faster: %w", old.cfg.Name, fresh.cfg.Name, workflow.ErrConflict)
}
