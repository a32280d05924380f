package problem_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// practice is a practice of problems over a store that may fail, in a world whose
// incidents stay.
type practice struct {
	*problem.Service
	store     workflow.Store
	incidents *incidents
	now       time.Time
	chunk     int
}

func (p *practice) over(t *testing.T, store workflow.Store) {
	p.store = store
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return p.now }, IDs: workflow.SeededIDs(1)})
	s, err := problem.NewService(desk, problem.Config{Incidents: p.incidents, Chunk: p.chunk})
	require.NoError(t, err)
	p.Service = s
}

// story is a problem with many incidents from the report to the end, and a duplicate of
// it. Every command has a key.
func (p *practice) story(linked []workflow.ID) error {
	ctx := context.Background()
	n := 0
	var failed error
	do := func(f func(*problem.Service) (*problem.Problem, error)) *problem.Problem {
		if n++; failed != nil {
			return &problem.Problem{}
		}
		p.now = monday.Add(time.Duration(n) * time.Second)
		x, err := f(p.Once(fmt.Sprint("step ", n)))
		if err != nil {
			failed = fmt.Errorf("step %d: %w", n, err)
			return &problem.Problem{}
		}
		return x
	}
	open := func(title string) *problem.Problem {
		return do(func(s *problem.Service) (*problem.Problem, error) {
			return s.Open(ctx, ann, problem.Report{Title: title, Assignee: "cleo"})
		})
	}
	second := open("mail is slow")
	for from := 0; from < len(linked); from += problem.MaxLinked {
		do(func(s *problem.Service) (*problem.Problem, error) {
			return s.Link(ctx, ann, second.ID, linked[from:min(len(linked), from+problem.MaxLinked)]...)
		})
	}
	first := open("mail stops")
	do(func(s *problem.Service) (*problem.Problem, error) {
		return s.MarkDuplicate(ctx, cleo, second.ID, first.ID, "")
	})
	if failed == nil {
		failed = p.drain(&n, len(linked)/problem.MaxLinked+5)
	}
	do(func(s *problem.Service) (*problem.Problem, error) { return s.Assess(ctx, cleo, first.ID, "") })
	do(func(s *problem.Service) (*problem.Problem, error) { return s.Confirm(ctx, cleo, first.ID, "") })
	do(func(s *problem.Service) (*problem.Problem, error) {
		return s.ConfirmCause(ctx, cleo, first.ID, finding)
	})
	do(func(s *problem.Service) (*problem.Problem, error) {
		return s.Fix(ctx, cleo, first.ID, "rotate the log")
	})
	do(func(s *problem.Service) (*problem.Problem, error) { return s.Resolve(ctx, cleo, first.ID, "rotated") })
	if failed == nil {
		failed = p.drain(&n, 5)
	}
	return failed
}

func (p *practice) titled(title string) (*problem.Problem, error) {
	for x, err := range p.Find(context.Background(), workflow.Query{}) {
		if err != nil || x.Title == title {
			return x, err
		}
	}
	return nil, fmt.Errorf("no problem is titled %q", title)
}

// drain relays what is due. A store that fails ends it, as the death of the process
// would, and the work is taken up when its lease is over.
func (p *practice) drain(n *int, rounds int) error {
	*n += 10_000
	p.now = monday.Add(time.Duration(*n) * time.Second)
	queue, ok := p.store.(workflow.Queue)
	if !ok {
		return errors.New("the store has no queue")
	}
	relay, err := workflow.NewRelay(queue, workflow.Mux{
		Topics: map[string]workflow.Handler{problem.TopicInform: p.Service, problem.TopicMove: p.Service},
		Other:  workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
	}, workflow.RelayConfig{Clock: func() time.Time { return p.now }, Backoff: func(int) time.Duration { return time.Second }})
	if err != nil {
		return err
	}
	for range rounds {
		p.now = p.now.Add(2 * time.Minute)
		if _, err := relay.Drain(context.Background()); err != nil {
			return err
		}
	}
	return nil
}

// Thousands of incidents are handed over and resolved some at a time. Whatever call of
// the store fails, before its effect or after it, going on from there ends in the same
// world: each incident belongs to the surviving problem and was resolved once.
func TestCascadesSurviveEveryFailureOfTheStore(t *testing.T) {
	linked := ids(0, 7)
	p := &practice{chunk: 3}
	fresh := func() {
		p.incidents, p.now = newIncidents(), monday
		for _, id := range linked {
			p.incidents.stand[id] = problem.Standing{AwaitsProblem: true}
		}
	}
	run := func(store *faultstore.Store) error {
		fresh()
		p.over(t, store)
		return p.story(linked)
	}
	check := func(run faultstore.Run) error {
		if run.Err != nil && !errors.Is(run.Err, faultstore.ErrInjected) && !errors.Is(run.Err, workflow.ErrUnsure) {
			return fmt.Errorf("a fault that is none of the store: %w", run.Err)
		}
		p.over(t, run.Plain)
		if err := p.story(linked); err != nil { // once more from the beginning, with a store that works
			return err
		}
		survivor, err := p.titled("mail stops")
		if err != nil {
			return err
		}
		if survivor.Incidents != len(linked) {
			return fmt.Errorf("%s has %d incidents of %d", survivor.Name(), survivor.Incidents, len(linked))
		}
		for _, id := range linked {
			if behind, err := p.Behind(context.Background(), id); err != nil || behind.ID != survivor.ID {
				return fmt.Errorf("incident %s does not belong to the surviving problem: %w", id, err)
			}
			if !strings.HasSuffix(p.incidents.resolved[id], "rotated") {
				return fmt.Errorf("incident %s was not resolved: %q", id, p.incidents.resolved[id])
			}
		}
		_, err = workflow.VerifyStore(context.Background(), run.Plain, nil, problem.KindName, problem.LinkKind)
		return err
	}
	calls, err := faultstore.Drive(func() workflow.Store { return memstore.New() }, run, check)
	require.NoError(t, err)
	require.Greater(t, calls, 30)
}

// A process that dies again and again, in the midst of handing over and resolving ten
// thousand incidents, leaves whole chunks behind at every death, and comes to the end.
func TestTenThousandIncidentsSurviveCrashAfterCrash(t *testing.T) {
	linked := ids(0, 10_000)
	r := rand.New(rand.NewPCG(1, 10_000))
	p := &practice{incidents: newIncidents(), now: monday}
	for _, id := range linked {
		p.incidents.stand[id] = problem.Standing{AwaitsProblem: true}
	}
	plain, crashes := memstore.New(), 0
	for ; ; crashes++ {
		require.Less(t, crashes, 200, "it never comes to its end")
		p.over(t, faultstore.New(plain, faultstore.Fault{Call: 1 + r.IntN(5_000*(crashes+1)), Mode: faultstore.Modes()[2+r.IntN(2)]}))
		err := p.story(linked)
		p.over(t, plain)
		require.NoError(t, countLinks(p))
		if err == nil {
			break
		}
		require.True(t, errors.Is(err, faultstore.ErrInjected) || errors.Is(err, workflow.ErrUnsure), "%v", err)
	}
	t.Log(crashes, "crashes")
	require.Greater(t, crashes, 2)
	survivor, err := p.titled("mail stops")
	require.NoError(t, err)
	require.Equal(t, len(linked), survivor.Incidents)
	require.Len(t, p.incidents.resolved, len(linked))
	_, err = workflow.VerifyStore(t.Context(), plain, nil, problem.KindName, problem.LinkKind)
	require.NoError(t, err)
}

// countLinks reports whether every problem counts the incidents that are linked to it.
func countLinks(p *practice) error {
	for x, err := range p.Find(context.Background(), workflow.Query{}) {
		if err != nil {
			return err
		}
		n := 0
		for _, err := range p.Incidents(context.Background(), x.ID) {
			if err != nil {
				return err
			}
			n++
		}
		if n != x.Incidents || n%problem.MaxLinked != 0 {
			return fmt.Errorf("%s counts %d incidents and has %d", x.Name(), x.Incidents, n)
		}
	}
	return nil
}
