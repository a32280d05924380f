package knownerror_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// yearOver is a year in the life of a known error, each command with a key, and a
// catalogue that follows.
func yearOver(store workflow.Store) (workflow.ID, error) {
	now := monday
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(1)})
	catalogue, err := knownerror.NewCatalogue(store, knownerror.CatalogueConfig{})
	if err != nil {
		return workflow.ID{}, err
	}
	s, err := knownerror.NewService(desk, knownerror.Config{Duplicates: catalogue.Duplicates})
	if err != nil {
		return workflow.ID{}, err
	}
	first, err := s.Once("first").Draft(ctx, ann, outlook())
	if err != nil {
		return workflow.ID{}, err
	}
	id, other := first.ID, workflow.ID{}
	steps := []func(*knownerror.Service) (*knownerror.KnownError, error){
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Submit(ctx, ann, id) },
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Publish(ctx, mia, id, "") },
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return nil, s.Suggested(ctx, ann, inc(1), id)
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Link(ctx, ann, id, inc(1)) },
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Link(ctx, ben, id, inc(2)) },
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return s.Rate(ctx, ann, id, inc(1), knownerror.Helped, "")
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return s.Revise(ctx, ann, id, func(c *knownerror.Content) { c.Workaround = "Restart" })
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Submit(ctx, ann, id) },
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Publish(ctx, mia, id, "") },
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return s.Unlink(ctx, ben, id, inc(2), "another")
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return s.Reviewed(ctx, ann, id, time.Time{}, "")
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			k, err := s.Draft(ctx, ben, outlook())
			if err == nil {
				other = k.ID
			}
			return k, err
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Submit(ctx, ben, other) },
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return s.Distinguish(ctx, mia, other, id, "phones")
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) { return s.Publish(ctx, mia, other, "") },
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return s.Retire(ctx, mia, id, "twice", other)
		},
		func(s *knownerror.Service) (*knownerror.KnownError, error) {
			return nil, catalogue.Refresh(ctx)
		},
	}
	for n, step := range steps {
		now = monday.Add(time.Duration(n+1) * time.Hour)
		if _, err := step(s.Once(fmt.Sprint("step ", n))); err != nil {
			return id, fmt.Errorf("step %d: %w", n+1, err)
		}
	}
	return id, nil
}

// outcome is what must be the same whatever fails on the way.
func outcome(store *memstore.Store, id workflow.ID) (string, error) {
	s, err := knownerror.NewService(workflow.NewDesk(store, workflow.DeskConfig{}), knownerror.Config{})
	if err != nil {
		return "", err
	}
	k, err := s.Get(ctx, id)
	if err != nil {
		return "", err
	}
	usage, err := s.Usage(ctx, id)
	if err != nil {
		return "", err
	}
	text := fmt.Sprint(k.State, " ", k.Revision, " ", k.Linked, " ", k.Retirement.Reason, " ", usage)
	catalogue, err := knownerror.NewCatalogue(store, knownerror.CatalogueConfig{})
	if err != nil {
		return "", err
	}
	if err := catalogue.Refresh(ctx); err != nil {
		return "", err
	}
	found, err := catalogue.Suggest(ctx, knownerror.Case{Items: []string{"mail01"}})
	if err != nil {
		return "", err
	}
	text += fmt.Sprint(" ", len(found), " ", found[0].Why(), " ", catalogue.Usage(id))
	told := map[string]int{}
	relay, err := workflow.NewRelay(store, workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
		if d.Message != nil && d.Message.Topic == knownerror.TopicChanged {
			var c knownerror.Changed
			if err := json.Unmarshal(d.Message.Payload, &c); err != nil {
				return err
			}
			for _, l := range c.Cases {
				told[fmt.Sprint(c.What, l.Case)]++
			}
		}
		return nil
	}), workflow.RelayConfig{Clock: func() time.Time { return monday.AddDate(0, 0, 2) }})
	if err != nil {
		return "", err
	}
	_, err = relay.Drain(ctx)
	return text + fmt.Sprint(" ", told), err
}

func TestAKnownErrorSurvivesEveryFailureOfItsStore(t *testing.T) {
	var want string
	open := func() workflow.Store { return memstore.New() }
	run := func(store *faultstore.Store) error {
		_, err := yearOver(store)
		return err
	}
	check := func(run faultstore.Run) error {
		if run.Err != nil && !errors.Is(run.Err, faultstore.ErrInjected) && !errors.Is(run.Err, workflow.ErrUnsure) {
			return fmt.Errorf("a fault that is none of the store: %w", run.Err)
		}
		id, err := yearOver(run.Plain) // once more from the beginning
		if err != nil {
			return err
		}
		got, err := outcome(run.Plain.(*memstore.Store), id)
		if err != nil {
			return err
		}
		if want == "" {
			want = got
		}
		if got != want {
			return fmt.Errorf("it ended otherwise:\n%s\n%s", got, want)
		}
		_, err = workflow.VerifyStore(ctx, run.Plain, nil, knownerror.KindName, knownerror.UseKind)
		return err
	}
	calls, err := faultstore.Drive(open, run, check)
	require.NoError(t, err)
	require.Greater(t, calls, 50)
	require.Contains(t, want, "retired 2 1 twice {1 1 1 0} 1 shares mail01")
}

// A refresh that fails leaves the catalogue where it can go on.
func TestARefreshThatFailsIsTriedAgain(t *testing.T) {
	w := newWorld(t, knownerror.Config{})
	k := w.publish(outlook())
	w.must(w.Link(ctx, ann, k.ID, inc(1)))
	w.must(w.Rate(ctx, ann, k.ID, inc(1), knownerror.Helped, ""))
	w.must(w.Draft(ctx, ann, outlook()))
	for call := 1; ; call++ {
		store := &flaky{Store: w.store, left: call}
		catalogue, err := knownerror.NewCatalogue(store, knownerror.CatalogueConfig{})
		require.NoError(t, err)
		err = catalogue.Refresh(ctx)
		if err == nil {
			require.Greater(t, call, 6)
			return
		}
		require.ErrorIs(t, err, errFlaky)
		require.Zero(t, catalogue.Usage(k.ID), "all of it or nothing")
		require.NoError(t, catalogue.Refresh(ctx))
		require.Equal(t, knownerror.Usage{Linked: 1, Helped: 1}, catalogue.Usage(k.ID))
		require.Equal(t, 1, catalogue.Len())
	}
}

var errFlaky = errors.New("the connection broke")

// flaky is a store that fails once: at the so-many-th record or event that is read.
type flaky struct {
	workflow.Store
	left int
}

func (f *flaky) fails() bool {
	f.left--
	return f.left == 0
}

func (f *flaky) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	if f.fails() {
		return workflow.Document{}, errFlaky
	}
	return f.Store.Get(ctx, ref)
}

func (f *flaky) Events(ctx context.Context, after workflow.Position, filter workflow.Filter) iter.Seq2[workflow.Event, error] {
	return func(yield func(workflow.Event, error) bool) {
		for e, err := range f.Store.Events(ctx, after, filter) {
			if f.fails() {
				e, err = workflow.Event{}, errFlaky
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
