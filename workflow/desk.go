package workflow

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
)

// DeskConfig sets up a [Desk]. The zero value works.
type DeskConfig struct {
	// Clock tells the time of a command that does not bring its own; it is read
	// once per command. Default: time.Now.
	Clock func() time.Time
	// IDs makes new ids. Default: [RandomIDs] over crypto/rand.
	IDs IDSource
	// Authorize decides who may do what. Default: [AuthorizeByRole].
	Authorize Authorizer
	// Attempts bounds how often a command is decided when others keep changing
	// the same records, and how often an unsure commit is tried. Commands of one
	// desk need few: once they have met on a record they take turns. Default: 10.
	Attempts int
	// Cache is how many records the desk keeps at hand after writing them, to
	// save the next command on them a read. It changes nothing but speed: what is
	// decided on a record at hand counts only if the commit proves that it was up
	// to date, and is decided again on the stored one otherwise. Default: none.
	Cache int
	// Observe is told of every command: when it begins, with the context that the
	// rest of it will have, and, by the function it returns, how it ended. It is for
	// traces and figures, sees everything and decides nothing, and must be safe for
	// concurrent use. Default: nobody is told.
	Observe func(ctx context.Context, cmd Command) (context.Context, func(Ending))
	// Log hears of commands and retries at debug level. Default: nothing is logged.
	Log *slog.Logger
}

// Ending is how a command ended, for [DeskConfig.Observe].
type Ending struct {
	Result   Result
	Attempts int   // how often it was decided; 0 if it was not, as a wrong or repeated one
	Err      error // nil if it was carried out
}

// Desk is the one path by which records change:
//
//	load → authorize → decide → commit → on conflict, load and decide again
//
// A command's records, events, timers and messages are committed together or
// not at all. A Desk starts no goroutine and is safe for concurrent use.
//
// Commands that meet on a record, which a conflict shows, stand in line for it in the
// order in which they come, each until its context ends, so that they do not conflict
// with each other again. When the one whose turn it is has used up half of its attempts,
// newcomers must stand in line, too, before they decide. Where nobody meets there is no
// line, and no cost. Other desks and processes do not stand in it: against them the
// attempts count. The function of one command must not give another to the same desk,
// which might wait for the first.
type Desk struct {
	store    Store
	cfg      DeskConfig
	counters counters
	recent   *recent
	lines    lines
}

// NewDesk returns a desk over a store.
func NewDesk(store Store, cfg DeskConfig) *Desk {
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.IDs == nil {
		cfg.IDs = RandomIDs(rand.Reader)
	}
	if cfg.Authorize == nil {
		cfg.Authorize = AuthorizeByRole
	}
	if cfg.Attempts < 1 {
		cfg.Attempts = 10
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{store: store, cfg: cfg, recent: newRecent(cfg.Cache)}
}

// Store returns the store behind the desk, for reading.
func (d *Desk) Store() Store { return d.store }

// Now reads the desk's clock, in UTC and to the microsecond, which is what every
// store can keep.
func (d *Desk) Now() time.Time { return stamp(d.cfg.Clock()) }

func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Access is a question to the authorization hook: may this actor carry out this
// command on this record?
type Access struct {
	Actor   Actor
	Command string   // "incident.resolve"
	Ref     Ref      // the record; its ID is zero when it is being created
	State   string   // the state it is in; empty when it is being created
	Roles   []string // the lifecycle admits holders of any of these

	// Relations are the roles the actor has towards this record alone, such as
	// being its caller.
	Relations []string
}

// Authorizer answers a question of access: nil to let the command go on, or an
// error that wraps [ErrForbidden] and says what would have been needed. A host
// puts its own permission system here. It may be asked several times for one
// command, and must be safe for concurrent use.
type Authorizer func(ctx context.Context, a Access) error

// Anyone is the role that every actor holds: a lifecycle that names it for a
// step lets everybody take the step.
const Anyone = "anyone"

// AuthorizeByRole is the default: the actor must hold one of the roles the
// lifecycle names. No role named means nobody may.
func AuthorizeByRole(_ context.Context, a Access) error {
	for _, r := range a.Roles {
		if r == Anyone || a.Actor.HasRole(r) || slices.Contains(a.Relations, r) {
			return nil
		}
	}
	record := a.Ref.String()
	if a.Ref.ID == (ID{}) {
		record = "a new " + a.Ref.Kind
	}
	return fmt.Errorf("workflow: %s on %s: %v holds roles %q, needs one of %q: %w",
		a.Command, record, a.Actor, slices.Concat(a.Actor.Roles, a.Relations), a.Roles, ErrForbidden)
}

// Command is what somebody asks for.
type Command struct {
	Name  string // "incident.resolve": the type of the events it makes
	Actor Actor

	// Key makes the command idempotent: a command with the name and key of one
	// that was committed before changes nothing. A relay's handler puts the
	// message's id here, and the effect happens once however often the message
	// is delivered. Empty: every call is a command of its own.
	Key string

	// At is when the command happens, for imports and replays. Zero: now, by
	// the desk's clock.
	At time.Time
}

// Result is what a command did.
type Result struct {
	Batch     ID
	At        time.Time
	Duplicate bool    // the command's key was committed before; Events are those of that time
	Events    []Event // one for each record that changed; none when nothing did
}

// commandSpace is the namespace of batch ids made from command keys.
var commandSpace = uuid.MustParse("5b0e5f7c-3f0c-5c8e-9d55-1f4b5d2f8a61")

// Do carries out a command. decide reads and writes records through the [Tx] it
// is given; it must not keep the Tx, has no other side effects, and may be
// called again when another command got in between. An error of decide is
// returned as it is. When the attempts are used up the error matches
// [ErrConflict]. An error has changed nothing, unless it matches [ErrUnsure]:
// then the store's answer was lost, and a command with a key settles it by being
// given again.
func (d *Desk) Do(ctx context.Context, cmd Command, decide func(*Tx) error) (Result, error) {
	ended := func(Ending) {}
	if d.cfg.Observe != nil {
		ctx, ended = d.cfg.Observe(ctx, cmd)
	}
	var e Ending
	defer func() { ended(e) }() // also of a command that panics
	e.Result, e.Err = d.do(ctx, cmd, decide, &e.Attempts)
	if d.cfg.Log.Enabled(ctx, slog.LevelDebug) {
		d.cfg.Log.DebugContext(ctx, "command", "command", cmd.Name, "actor", cmd.Actor.ID, "batch", e.Result.Batch,
			"records", len(e.Result.Events), "attempts", e.Attempts, "error", e.Err)
	}
	return e.Result, e.Err
}

func (d *Desk) do(ctx context.Context, cmd Command, decide func(*Tx) error, attempts *int) (Result, error) {
	res, err := d.begin(ctx, cmd)
	if err != nil || res.Duplicate {
		return res, err
	}
	numbers := &numbersTaken{desk: d}
	defer numbers.giveBack()
	turns := &held{lines: &d.lines}
	defer turns.release()
	stored := d.cfg.Cache <= 0 // read from the store, not what is at hand
	for attempt := 1; ; attempt++ {
		*attempts = attempt
		tx := newTx(ctx, d, cmd, res, numbers, stored, turns)
		b, err := tx.decide(decide)
		if len(tx.queued) > 0 {
			if err := turns.queue(ctx, tx.queued...); err != nil {
				return Result{}, fmt.Errorf("workflow: %s: %w", cmd.Name, err)
			}
			attempt-- // nothing was decided
			continue
		}
		if tx.unproven(b, err) {
			d.recent.forget(tx.open)
			stored = true
			attempt-- // nobody got in between as far as we know
			continue
		}
		if err != nil {
			return Result{}, err
		}
		if b.empty() {
			return res, nil
		}
		if err = d.commit(ctx, b); err == nil {
			numbers.keep()
			d.recent.put(b.Writes)
			return d.settled(ctx, cmd, res, b)
		}
		d.recent.forget(tx.open)
		stored = true
		if !errors.Is(err, ErrConflict) {
			if errors.Is(err, ErrUnsure) {
				numbers.keep()
			}
			return Result{}, fmt.Errorf("workflow: %s: %w", cmd.Name, err)
		}
		if attempt >= d.cfg.Attempts {
			return Result{}, fmt.Errorf("workflow: %s: others changed the record in each of %d attempts: %w", cmd.Name, attempt, err)
		}
		d.cfg.Log.DebugContext(ctx, "deciding again", "command", cmd.Name, "attempt", attempt, "error", err)
		if err := turns.queue(ctx, contended(b, err)...); err != nil {
			return Result{}, fmt.Errorf("workflow: %s: %w", cmd.Name, err)
		}
		if 2*attempt > d.cfg.Attempts {
			turns.insist()
		}
	}
}

// begin checks the command, fixes its instant and batch id, and looks whether
// its key was committed before.
func (d *Desk) begin(ctx context.Context, cmd Command) (Result, error) {
	var p Problems
	if !validName(cmd.Name) {
		p.Addf("%.64q is not a command's name: want letters, digits, '.', '_' or '-'", cmd.Name)
	}
	if len(cmd.Key) > MaxKey {
		p.Addf("the key has %d bytes, at most %d", len(cmd.Key), MaxKey)
	}
	p.Add(cmd.Actor.validate())
	if err := p.Err("workflow: command"); err != nil {
		return Result{}, err
	}
	res := Result{At: stamp(cmd.At)}
	if cmd.At.IsZero() {
		res.At = d.Now()
	}
	if cmd.Key == "" {
		res.Batch = d.cfg.IDs.NewID(res.At)
		return res, nil
	}
	res.Batch = derivedID(commandSpace, cmd.Name+"\x00"+cmd.Key)
	return d.recall(ctx, res)
}

// recall fills in what a batch that was committed before did.
func (d *Desk) recall(ctx context.Context, res Result) (Result, error) {
	events, err := collect(d.store.Events(ctx, "", Filter{Batch: res.Batch}))
	if err == nil && len(events) > 0 {
		res.Duplicate, res.Events, res.At = true, events, events[0].At
	}
	return res, err
}

// commit submits the batch, and submits it again while the store is unsure: the
// batch's id makes that safe. Once the store has been unsure, only a success or a
// refusal of the batch itself tells what happened.
func (d *Desk) commit(ctx context.Context, b Batch) error {
	unsure := false
	for attempt := 1; ; attempt++ {
		err := d.store.Commit(ctx, b)
		if err == nil || errors.Is(err, ErrConflict) || errors.Is(err, ErrInvalid) {
			return err
		}
		if errors.Is(err, ErrUnsure) {
			unsure = true
		} else if unsure {
			err = fmt.Errorf("%w: %w", ErrUnsure, err)
		}
		if !unsure || attempt >= d.cfg.Attempts || ctx.Err() != nil {
			return err
		}
		d.cfg.Log.DebugContext(ctx, "committing again", "batch", b.ID, "attempt", attempt, "error", err)
	}
}

// settled completes the result. With a key, another call may have committed the
// same command between our look and our commit; then what it did counts.
func (d *Desk) settled(ctx context.Context, cmd Command, res Result, b Batch) (Result, error) {
	for _, w := range b.Writes {
		res.Events = append(res.Events, w.Event)
	}
	if cmd.Key == "" || len(b.Writes) == 0 {
		return res, nil
	}
	stored, err := d.recall(ctx, Result{Batch: res.Batch, At: res.At})
	if err == nil && len(stored.Events) > 0 && stored.Events[0].Hash != res.Events[0].Hash {
		return stored, nil
	}
	if err != nil {
		return Result{}, fmt.Errorf("workflow: %s: reading back what was committed: %w: %w", cmd.Name, ErrUnsure, err)
	}
	return res, nil
}
