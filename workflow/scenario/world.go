package scenario

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Config sets up a [World].
type Config struct {
	// Store keeps the records; it must be a [workflow.Queue] too, and empty.
	Store workflow.Store
	// Desk is used for everything but its clock and ids, which are the world's.
	Desk workflow.DeskConfig
	// Zone is where the story plays: times are read and printed there. Default:
	// UTC.
	Zone *time.Location
	// Timers answers the timers of each kind of record.
	Timers map[string]workflow.Handler
	// Deliver is given every message; it may fail, and is then given it again.
	// Default: all are delivered.
	Deliver workflow.Handler
	// Word puts a message into words for the command messages. Default: its
	// topic and payload.
	Word func(workflow.Message) string
	// Kinds of record that the command verify checks.
	Kinds []string
	// Check is asked about every record by verify, beside its history. Optional.
	Check func(workflow.Document, []workflow.Event) error
}

// World is where a story plays: a clock that stands still until it is told to
// go on, a store, a desk, a relay, and the commands that the story may use. It
// is for one goroutine.
type World struct {
	cfg      Config
	store    *timeline
	desk     *workflow.Desk
	relay    *workflow.Relay
	now      time.Time
	begun    bool // something may have happened, so time only goes forward
	commands map[string]command
	actors   map[string]workflow.Actor
	sent     []string
}

type command struct {
	usage string
	run   func(*Call) error
}

// start is where a story's clock stands until it says otherwise: a Monday.
var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// NewWorld returns a world, or an error that names everything missing from its
// configuration. A handler that needs the world's desk is added by [World.Handle].
func NewWorld(cfg Config) (*World, error) {
	var p workflow.Problems
	queue, ok := cfg.Store.(workflow.Queue)
	if !ok {
		p.Addf("a store is needed that is a queue as well")
	}
	if err := p.Err("scenario: world"); err != nil {
		return nil, err
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Timers = maps.Clone(cfg.Timers); cfg.Timers == nil {
		cfg.Timers = map[string]workflow.Handler{}
	}
	if cfg.Word == nil {
		cfg.Word = func(m workflow.Message) string { return m.Topic + " " + string(m.Payload) }
	}
	w := &World{cfg: cfg, store: &timeline{Store: cfg.Store, Queue: queue}, now: start,
		commands: map[string]command{}, actors: map[string]workflow.Actor{}}
	cfg.Desk.Clock, cfg.Desk.IDs = w.Now, workflow.SeededIDs(1)
	w.desk = workflow.NewDesk(w.store, cfg.Desk)
	var err error
	w.relay, err = workflow.NewRelay(w.store, workflow.Mux{Timers: cfg.Timers, Other: workflow.HandlerFunc(w.deliver)},
		workflow.RelayConfig{Clock: w.Now})
	if err != nil {
		return nil, err
	}
	return w, w.builtIn()
}

// Desk is the desk that the story's services work with.
func (w *World) Desk() *workflow.Desk { return w.desk }

// Store is the store behind the desk.
func (w *World) Store() workflow.Store { return w.store }

// Now is what the clock says.
func (w *World) Now() time.Time { return w.now }

// Handle gives the timers of a kind of record to a handler, which is usually the
// service that sets them.
func (w *World) Handle(kind string, h workflow.Handler) { w.cfg.Timers[kind] = h }

// Define adds a command. The usage is shown when it is used wrongly. A name is
// taken once; a second command of a name is an error.
func (w *World) Define(name, usage string, run func(*Call) error) error {
	if _, taken := w.commands[name]; taken || name == "" || strings.ContainsAny(name, " \t\"=#") || run == nil {
		return fmt.Errorf("scenario: command %q: the name is taken, or it is no word, or there is nothing to run: %w", name, workflow.ErrInvalid)
	}
	w.commands[name] = command{strings.TrimSpace(name + " " + usage), run}
	return nil
}

func (w *World) usage(name string) string { return w.commands[name].usage }

// Zone is where the story plays.
func (w *World) Zone() *time.Location { return w.cfg.Zone }

// Time writes an instant as the story shows it, in its zone.
func (w *World) Time(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	t = t.In(w.cfg.Zone)
	layout := "Mon 2006-01-02 15:04"
	if t.Second() != 0 || t.Nanosecond() != 0 {
		layout = "Mon 2006-01-02 15:04:05.999999999"
	}
	return t.Format(layout)
}

// ParseTime reads an instant: 2026-03-02 09:00, with seconds if needed, in the
// story's zone, or in RFC 3339.
func (w *World) ParseTime(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, w.cfg.Zone); err == nil {
			return t.UTC(), nil
		}
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return t, fmt.Errorf("scenario: %q is not a time like 2026-03-02 09:00: %w", s, workflow.ErrInvalid)
	}
	return t.UTC(), nil
}

// Advance lets time pass until an instant. The clock stops wherever something
// may be due, and what is due is carried out.
func (w *World) Advance(ctx context.Context, until time.Time) error {
	if until.Before(w.now) {
		return fmt.Errorf("scenario: %s is in the past, it is %s: %w", w.Time(until), w.Time(w.now), workflow.ErrOutOfOrder)
	}
	for {
		if _, err := w.relay.Drain(ctx); err != nil {
			return err
		}
		at, ok := w.store.next(until)
		if !ok {
			break
		}
		if at.After(w.now) {
			w.now = at
		}
	}
	w.now = until
	_, err := w.relay.Drain(ctx)
	return err
}

func (w *World) deliver(ctx context.Context, d workflow.Due) error {
	if w.cfg.Deliver != nil {
		if err := w.cfg.Deliver.Handle(ctx, d); err != nil {
			return err
		}
	}
	w.sent = append(w.sent, w.Time(w.now)+"  "+w.cfg.Word(*d.Message))
	return nil
}

// Do carries out one line of a story and returns what it prints, which is its
// error if it fails.
func (w *World) Do(ctx context.Context, line string) []string {
	words, err := split(line)
	if err != nil {
		return lines("error: " + err.Error())
	}
	if len(words) == 0 {
		return nil
	}
	c := &Call{World: w, Name: words[0].value, named: map[string]string{}, asked: map[string]bool{}, ctx: ctx}
	for _, x := range words[1:] {
		if x.name == "" {
			c.args = append(c.args, x.value)
			continue
		}
		if c.Given(x.name) {
			c.Fail("%s= is given twice", x.name)
		}
		c.named[x.name] = x.value
	}
	cmd, ok := w.commands[c.Name]
	if !ok {
		return lines(fmt.Sprintf("error: no command %q, there are %s", c.Name, strings.Join(w.names(), ", ")))
	}
	err = cmd.run(c)
	w.begun = w.begun || c.Name != "actor"
	if err == nil {
		_, err = w.relay.Drain(ctx)
	}
	if err != nil {
		c.Printf("%serror: %v", class(err), err)
	}
	return lines(c.out.String())
}

// lines takes an output apart. Empty lines are left out, as one ends a block.
func lines(text string) []string {
	var out []string
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimRight(l, " \t\r"); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func (w *World) names() []string {
	var names []string
	for name := range w.commands {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// class names what an error is matched by, as that is what programs see of it.
func class(err error) string {
	for _, c := range []struct {
		err  error
		name string
	}{
		{workflow.ErrForbidden, "forbidden "}, {workflow.ErrNotFound, "not found "}, {workflow.ErrConflict, "conflict "},
		{workflow.ErrOutOfOrder, "out of order "}, {workflow.ErrTransition, "transition "}, {workflow.ErrTampered, "tampered "},
		{workflow.ErrInvalid, "invalid "},
	} {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return ""
}
