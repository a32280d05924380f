package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// A fleet is all the processes, and the hand that kills them.
type fleet struct {
	config
	out     io.Writer
	clock   clock
	servers *database
	brokers []brokerage
	lost    func(error) // ends the fleet: a process has died that nobody killed

	mu      sync.Mutex
	running map[string]*process
	todo    []int                   // incidents that nobody works on, the next first
	doing   map[string]map[int]bool // and those that an agent's process does
	done    int
	told    map[string]bool // the agents' commits
	acks    []ack           // everybody's
	moved   chan struct{}   // something of the above has changed
}

// crew are the names of the processes, by role.
func crew() (agents, relays, boards []string) {
	return []string{"agent 1", "agent 2", "agent 3"}, []string{"relay 1", "relay 2"}, []string{"board 1", "board 2"}
}

// run lets the fleet work, kills, and returns what the books say in the end.
func (c config) run(ctx context.Context, out io.Writer) (found findings, err error) {
	dir, err := os.MkdirTemp("", "itsm-fleet-")
	if err != nil {
		return found, err
	}
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	keeper, err := launch(part{Name: "warden", Role: "warden", Dir: dir}, func(word) {}, lost)
	if err != nil {
		return found, errors.Join(err, os.RemoveAll(dir))
	}
	f := &fleet{config: c, out: out, lost: lost, running: map[string]*process{}, doing: map[string]map[int]bool{}, told: map[string]bool{}, moved: make(chan struct{}, 1)}
	defer func() { err = errors.Join(err, f.abandon(), keeper.stop()) }()
	for n := range c.incidents {
		f.todo = append(f.todo, n+1)
	}
	if err := f.begin(ctx, dir); err != nil {
		return found, err
	}
	if err := f.work(ctx); err != nil {
		return found, err
	}
	if err := f.finish(ctx); err != nil {
		return found, err
	}
	found, err = f.verify(ctx)
	if err == nil {
		fmt.Fprint(out, found)
	}
	return found, err
}

// begin starts the servers, the brokers and everybody else.
func (f *fleet) begin(ctx context.Context, dir string) (err error) {
	if f.servers, err = startDatabase(ctx, dir); err != nil {
		return err
	}
	if f.brokers, err = newBrokers(dir, 3); err != nil {
		return err
	}
	for _, b := range f.brokers {
		if err := f.start(part{Name: b.Name, Role: "broker", Node: b}); err != nil {
			return err
		}
	}
	if err := prepareBus(ctx, f.urls()); err != nil {
		return err
	}
	f.clock = clock{Start: time.Now()}
	agents, relays, boards := crew()
	return errors.Join(f.startAll("agent", agents), f.startAll("relay", relays), f.startAll("board", boards))
}

func (f *fleet) urls() (urls []string) {
	for _, b := range f.brokers {
		urls = append(urls, b.url())
	}
	return urls
}

func (f *fleet) startAll(role string, names []string) error {
	for _, name := range names {
		if err := f.start(part{Name: name, Role: role}); err != nil {
			return err
		}
	}
	return nil
}

// start launches a process, and gives an agent's its first incidents.
func (f *fleet) start(p part) error {
	p.Seed, p.Clock, p.Database, p.Nodes = f.seed, f.clock, f.servers.where, f.urls()
	x, err := launch(p, func(w word) { f.hear(p, w) }, f.lost)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running[p.Name] = x
	if p.Role == "agent" {
		f.doing[p.Name] = map[int]bool{}
		for range atOnce {
			f.next(x)
		}
	}
	return nil
}

// next orders an agent's process to work on an incident, if there is one. Who calls it
// holds the lock.
func (f *fleet) next(x *process) {
	if len(f.todo) > 0 {
		n := f.todo[0]
		f.todo = f.todo[1:]
		f.doing[x.part.Name][n] = true
		x.order(n)
	}
}

func (f *fleet) hear(p part, w word) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.Ack != nil {
		f.acks = append(f.acks, *w.Ack)
		if p.Role == "agent" {
			f.told[w.Ack.Batch.String()] = true
		}
	}
	if w.Done > 0 {
		f.done++
		delete(f.doing[p.Name], w.Done)
		if x := f.running[p.Name]; x != nil {
			f.next(x)
		}
	}
	select {
	case f.moved <- struct{}{}:
	default:
	}
}

// reach waits until the agents were told of so many commits, or all is done.
func (f *fleet) reach(ctx context.Context, commits int) (int, error) {
	for {
		f.mu.Lock()
		n, all := len(f.told), f.done == f.incidents
		f.mu.Unlock()
		if n >= commits || all {
			return n, nil
		}
		select {
		case <-f.moved:
		case <-ctx.Done():
			return n, fmt.Errorf("%d of %d incidents done: %w", f.done, f.incidents, context.Cause(ctx))
		}
	}
}

// work lets the load run, and kills as scheduled.
func (f *fleet) work(ctx context.Context) error {
	commits := 0
	for n := range f.incidents {
		commits += 1 + len(script(f.seed, n+1))
	}
	agents, relays, boards := crew()
	var brokers []string
	for _, b := range f.brokers {
		brokers = append(brokers, b.Name)
	}
	fmt.Fprintf(f.out, "seed %d: %d incidents, %d commands; %d agents, %d relays, %d boards, %d brokers, PostgreSQL and a replica; %d kills\n\n",
		f.seed, f.incidents, commits, len(agents), len(relays), len(boards), len(brokers), f.kills)
	for i, k := range schedule(f.seed, f.kills, commits, agents, relays, boards, brokers) {
		n, err := f.reach(ctx, k.after)
		if err != nil {
			return err
		}
		if err := f.strike(ctx, k.victim); err != nil {
			return fmt.Errorf("kill %d, %s: %w", i+1, k.victim, err)
		}
		fmt.Fprintf(f.out, "kill %3d, after %5d commits: %s\n", i+1, n, k.victim)
	}
	_, err := f.reach(ctx, commits+f.incidents)
	return err
}

// strike kills, and starts what was killed again.
func (f *fleet) strike(ctx context.Context, victim string) error {
	switch victim {
	case theServer:
		return f.servers.restart(ctx, f.servers.main)
	case theReplica:
		return f.servers.restart(ctx, f.servers.replica)
	case theFailover:
		return f.servers.failOver()
	}
	f.mu.Lock()
	x := f.running[victim]
	delete(f.running, victim)
	f.mu.Unlock()
	if err := x.kill(); err != nil {
		return err
	}
	f.mu.Lock()
	f.todo = append(slices.Sorted(maps.Keys(f.doing[victim])), f.todo...)
	f.mu.Unlock()
	return f.start(x.part)
}

// finish lets the agents go home and puts the clock forward by sixty days. Then every
// timer is due; it waits until nothing is left to do and all of it has arrived.
func (f *fleet) finish(ctx context.Context) error {
	agents, relays, boards := crew()
	if err := errors.Join(f.stop(agents...), f.stop(relays...)); err != nil {
		return err
	}
	fmt.Fprintf(f.out, "\nall incidents are resolved at %s; the clock is put forward by 60 days\n", f.clock.now().Format(time.DateTime))
	f.clock.Wound = 60 * 24 * time.Hour
	if err := f.startAll("relay", relays); err != nil {
		return err
	}
	if err := f.drained(ctx); err != nil {
		return err
	}
	return errors.Join(f.stop(relays...), f.stop(boards...))
}

func (f *fleet) stop(names ...string) (err error) {
	for _, name := range names {
		f.mu.Lock()
		x := f.running[name]
		delete(f.running, name)
		f.mu.Unlock()
		err = errors.Join(err, x.stop())
	}
	return err
}

// abandon kills whoever is still running.
func (f *fleet) abandon() (err error) {
	f.mu.Lock()
	left := slices.Collect(maps.Values(f.running))
	f.running = map[string]*process{}
	f.mu.Unlock()
	for _, x := range left {
		err = errors.Join(err, x.kill())
	}
	return err
}
