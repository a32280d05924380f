package request_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// story is a few days of a shop over a store that may fail, each command with a key. The
// programs that provision accounts answer through the relay.
type story struct {
	t       *testing.T
	catalog *catalog.Catalog
	now     time.Time
	jobs    map[workflow.ID]int // what programs were asked to do, and how often
	seed    uint64              // of the ids, which are not made twice
}

func (y *story) serve(store workflow.Store) *request.Service {
	y.seed++
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return y.now }, IDs: workflow.SeededIDs(y.seed)})
	s, err := request.NewService(desk, request.Config{Catalog: y.catalog, Directory: newHouse(), AutoClose: 1, AutoCloseCalendar: alwaysOpen,
		Children: request.UniversalRequest("incident")})
	require.NoError(y.t, err)
	return s
}

func (y *story) deliver(s *request.Service, q workflow.Queue) error {
	var failed error
	relay, err := workflow.NewRelay(q, workflow.Mux{
		Timers: map[string]workflow.Handler{request.KindName: s},
		Other: workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
			if len(d.Message.Topic) < len(request.TopicAutomation) || d.Message.Topic[:len(request.TopicAutomation)] != request.TopicAutomation {
				return nil
			}
			var j request.Job
			if err := json.Unmarshal(d.Message.Payload, &j); err != nil || j.Cancel {
				return err
			}
			y.jobs[j.ID]++
			_, err := s.Report(ctx, robo, j.Request, request.Report{Job: j.ID, Results: map[string]string{"made": j.Name}})
			if errors.Is(err, request.ErrStaleJob) {
				return nil
			}
			failed = errors.Join(failed, err)
			return err
		}),
	}, workflow.RelayConfig{Clock: func() time.Time { return y.now }, Backoff: func(int) time.Duration { return 0 }})
	require.NoError(y.t, err)
	if _, err = relay.Drain(ctx); err != nil {
		return err
	}
	return failed
}

func (y *story) tell(s *request.Service, q workflow.Queue) (*request.Request, error) {
	var r *request.Request
	var failed error
	y.now = monday
	n := 0
	do := func(f func(*request.Service) (*request.Request, error)) *request.Request {
		if n++; failed != nil {
			return nil
		}
		y.now = y.now.Add(time.Hour)
		got, err := f(s.Once(fmt.Sprint("step ", n)))
		if err != nil {
			failed = fmt.Errorf("step %d: %w", n, err)
			return nil
		}
		if failed = y.deliver(s, q); failed != nil {
			return nil
		}
		return got
	}
	r = do(func(s *request.Service) (*request.Request, error) {
		return s.Draft(ctx, carl, request.Order{For: "ann", Lines: []catalog.Line{one("desk"), one("account"), laptop()}})
	})
	do(func(s *request.Service) (*request.Request, error) {
		return s.Revise(ctx, carl, r.ID, func(o *request.Order) { o.Lines = append(o.Lines, one("phone")) })
	})
	do(func(s *request.Service) (*request.Request, error) { return s.Submit(ctx, carl, r.ID) })
	do(func(s *request.Service) (*request.Request, error) {
		return s.Vote(ctx, fred, r.ID, "1", approval.Vote{Choice: approve})
	})
	do(func(s *request.Service) (*request.Request, error) {
		return s.Vote(ctx, bob, r.ID, "3", approval.Vote{Choice: reject, Comment: "there is one"})
	})
	do(func(s *request.Service) (*request.Request, error) {
		return s.Hold(ctx, carl, r.ID, request.AwaitingRequester, "Which colour?")
	})
	do(func(s *request.Service) (*request.Request, error) { return s.Comment(ctx, ann, r.ID, "Black.") })
	do(func(s *request.Service) (*request.Request, error) { return s.CancelItem(ctx, mia, r.ID, "4", "no") })
	for _, task := range []string{"1.1", "1.2", "reopen", "1.3"} {
		do(func(s *request.Service) (*request.Request, error) {
			if task == "reopen" {
				return s.Reopen(ctx, ann, r.ID, "it is blue", "1")
			}
			return s.EndTask(ctx, carl, r.ID, task, request.Done{State: request.TaskComplete})
		})
	}
	for range 2 { // what a lost claim holds back is free the second time
		y.now = y.now.Add(48 * time.Hour)
		if failed == nil {
			failed = y.deliver(s, q)
		}
	}
	if failed != nil {
		return nil, failed
	}
	return s.Get(ctx, r.ID)
}

func TestARequestSurvivesEveryFailureOfItsStore(t *testing.T) {
	t.Parallel()
	c, err := catalog.Compile(nil, definition(t))
	require.NoError(t, err)
	var y *story
	run := func(store *faultstore.Store) error {
		y = &story{t: t, catalog: c, jobs: map[workflow.ID]int{}}
		_, err := y.tell(y.serve(store), store)
		return err
	}
	check := func(run faultstore.Run) error {
		if run.Err != nil && !errors.Is(run.Err, faultstore.ErrInjected) && !errors.Is(run.Err, workflow.ErrUnsure) {
			return fmt.Errorf("a fault that is none of the store: %w", run.Err)
		}
		// Once more from the beginning, with a store that works.
		s := y.serve(run.Plain)
		r, err := y.tell(s, run.Plain.(workflow.Queue))
		if err != nil {
			return err
		}
		if r.State != request.StateClosed || r.Outcome != request.Complete || r.Reopened != 1 || r.Items[2].State != request.ItemRejected || r.Items[3].State != request.ItemCancelled {
			return fmt.Errorf("%s is %s, %s, reopened %d times", r.Number, r.State, r.Outcome, r.Reopened)
		}
		if r.Quote().Total().String() != "310" || len(y.jobs) != 2 {
			return fmt.Errorf("it costs %v, and programs had %d jobs, want 2", r.Quote().Total(), len(y.jobs))
		}
		n := 0
		for _, err := range s.Find(ctx, workflow.Query{}) {
			if err != nil {
				return err
			}
			n++
		}
		if n != 1 {
			return fmt.Errorf("there are %d requests, want 1", n)
		}
		var holds func(workflow.Document, []workflow.Event) error
		if run.Op == faultstore.OpCommit || run.Err == nil { // reading the rest would find the same
			holds = historyHolds(s)
		}
		_, err = workflow.VerifyStore(ctx, run.Plain, holds, request.KindName)
		return err
	}
	calls, err := faultstore.Drive(func() workflow.Store { return memstore.New() }, run, check)
	require.NoError(t, err)
	require.Greater(t, calls, 60)
}
