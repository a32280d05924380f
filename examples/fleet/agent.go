package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
)

// atOnce is how many incidents an agent's process works on at a time.
const atOnce = 6

// agent works on the incidents that it is ordered to. If it dies, another goes through
// the same steps again: those that happened are not carried out twice.
func agent(ctx context.Context, p part, w *wire) error {
	db, err := openDatabase(ctx, p.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	service, err := newIncidents(db.Tenant(tenant), p.Clock, func(a ack) { w.say(word{Ack: &a}) })
	if err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for {
				select {
				case n := <-w.orders:
					if err := (&story{n, p.Clock, service}).tell(ctx, script(p.Seed, n)); err != nil {
						fail(fmt.Errorf("incident %d: %w", n, err))
						return
					}
					w.say(word{Done: n})
				case <-ctx.Done():
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// story is one incident from its opening to its last resolution.
type story struct {
	n         int
	clock     clock
	incidents *incident.Service
}

// A step is a command that somebody gives so long after the incident was opened.
type step struct {
	after time.Duration
	give  command
}

// A command is given to the practice by somebody about an incident.
type command func(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error)

func (t *story) tell(ctx context.Context, steps []step) error {
	levels := []incident.Level{incident.High, incident.Medium, incident.Low}
	by := workflow.User(fmt.Sprintf("agent-%d", t.n%7), incident.RoleAgent)
	r := incident.Report{Title: titleOf(t.n), Caller: fmt.Sprintf("caller-%d", t.n%31), Impact: levels[t.n%3], Urgency: levels[t.n/3%3]}
	inc, err := t.give(ctx, 0, func(s *incident.Service) (*incident.Incident, error) { return s.Open(ctx, by, r) })
	if err != nil {
		return err
	}
	id, opened := inc.ID, inc.CreatedAt
	for i, x := range steps {
		t.clock.wait(ctx, opened.Add(x.after))
		if _, err := t.give(ctx, i+1, func(s *incident.Service) (*incident.Incident, error) { return x.give(ctx, s, by, id) }); err != nil {
			return err
		}
	}
	return nil
}

// give gives one command until it is known what became of it. The key makes that one
// command however often it is given, and by whichever process. A refusal is an answer
// too: a timer may have closed the incident meanwhile.
func (t *story) give(ctx context.Context, number int, ask func(*incident.Service) (*incident.Incident, error)) (inc *incident.Incident, err error) {
	keyed := t.incidents.Once(fmt.Sprintf("incident %d step %d", t.n, number))
	unanswered := until(ctx, "an answer", func(context.Context) (bool, error) {
		inc, err = ask(keyed)
		return err == nil || answered(err), err
	})
	var refused *workflow.TransitionError
	switch {
	case errors.As(err, &refused):
		return nil, nil
	case answered(err):
		return nil, err
	}
	return inc, unanswered
}

// answered reports whether giving the command again would not change the answer.
func answered(err error) bool {
	for _, final := range []error{workflow.ErrTransition, workflow.ErrOutOfOrder, workflow.ErrInvalid, workflow.ErrForbidden, workflow.ErrNotFound, workflow.ErrTampered} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

func titleOf(n int) string { return fmt.Sprintf("Printer %d is on fire", n) }

// script makes up what happens to an incident: some breach their service levels, some
// wait for a vendor, some are taken up again.
func script(seed uint64, n int) []step {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	var steps []step
	at := time.Duration(0)
	add := func(within time.Duration, give command) {
		at += time.Duration(r.Int64N(int64(within)))
		steps = append(steps, step{at, give})
	}
	add(4*time.Hour, assign(fmt.Sprintf("group-%d", r.IntN(4))))
	add(time.Hour, start)
	for range r.IntN(3) {
		add(time.Hour, comment)
	}
	if r.IntN(3) == 0 {
		add(time.Hour, hold)
		add(3*time.Hour, resume)
	}
	add(8*time.Hour, resolve)
	if r.IntN(5) == 0 {
		add(2*time.Hour, reopen)
		add(2*time.Hour, assign("group-9"))
		add(2*time.Hour, resolve)
	}
	return steps
}

func assign(group string) command {
	return func(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
		return s.Assign(ctx, by, id, group, by.ID)
	}
}

func start(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
	return s.Start(ctx, by, id)
}

func comment(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
	return s.Comment(ctx, by, id, "We are looking for the extinguisher.")
}

func hold(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
	return s.Hold(ctx, by, id, incident.AwaitingVendor, "The vendor sends foam.")
}

func resume(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
	return s.Resume(ctx, by, id, "The foam is there.")
}

func resolve(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
	return s.Resolve(ctx, by, id, "fixed", "The fire is out.")
}

func reopen(ctx context.Context, s *incident.Service, by workflow.Actor, id workflow.ID) (*incident.Incident, error) {
	return s.Reopen(ctx, by, id, "There is smoke again.")
}
