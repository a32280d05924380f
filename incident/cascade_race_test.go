package incident_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// meddler does something between a search and what is made of it.
type meddler struct {
	*memstore.Store
	meddle func(workflow.Document)
}

func (m *meddler) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	return func(yield func(workflow.Document, error) bool) {
		for doc, err := range m.Store.Find(ctx, q) {
			if err == nil && q.Kind == incident.KindName {
				m.meddle(doc)
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

// Whoever is found for the next chunk may be worked on before it is read, and has followed
// then. The others have not.
func TestACascadeDoesNotEndBecauseSomebodyWasQuicker(t *testing.T) {
	ctx, plain := t.Context(), memstore.New()
	newService := func(store workflow.Store) *incident.Service {
		s, err := incident.NewService(workflow.NewDesk(store, workflow.DeskConfig{}), incident.Config{Chunk: 1})
		require.NoError(t, err)
		return s
	}
	s := newService(plain)
	parent, err := s.Open(ctx, ann, incident.Report{Title: "Parent", Impact: 2, Urgency: 2})
	require.NoError(t, err)
	var children []workflow.ID
	for range 4 {
		c, err := s.Open(ctx, ann, incident.Report{Title: "child", Impact: 2, Urgency: 2, Parent: parent.ID})
		require.NoError(t, err)
		children = append(children, c.ID)
	}
	_, err = s.Resolve(ctx, ann, parent.ID, "fixed", "done")
	require.NoError(t, err)
	slow := newService(&meddler{plain, func(doc workflow.Document) {
		_, err := s.Comment(ctx, ann, doc.ID, "hello")
		require.NoError(t, err)
	}})
	relay, err := workflow.NewRelay(plain, workflow.Mux{
		Topics: map[string]workflow.Handler{incident.TopicCascade: slow},
		Other:  workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
	}, workflow.RelayConfig{})
	require.NoError(t, err)
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	for _, id := range children {
		c, err := s.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, incident.StateResolved, c.State)
	}
}

// Several workers deliver while the parent is resolved and reopened again and again, and
// children are worked on by hand. In the end everybody has followed the last order.
func TestManyWorkersLetAFamilyFollow(t *testing.T) {
	for _, cache := range []int{0, 100} {
		t.Run(fmt.Sprint("records at hand: ", cache), func(t *testing.T) { manyWorkers(t, cache) })
	}
}

func manyWorkers(t *testing.T, cache int) {
	store, ctx := memstore.New(), t.Context()
	s, err := incident.NewService(workflow.NewDesk(store, workflow.DeskConfig{IDs: workflow.SeededIDs(1), Attempts: 1000, Cache: cache}), incident.Config{Chunk: 3})
	require.NoError(t, err)
	parent, err := s.Open(ctx, ann, incident.Report{Title: "Parent", Impact: 2, Urgency: 2})
	require.NoError(t, err)
	var children []workflow.ID
	for i := range 20 {
		c, err := s.Open(ctx, ann, incident.Report{Title: fmt.Sprint("child ", i), Impact: 2, Urgency: 2, Parent: parent.ID})
		require.NoError(t, err)
		children = append(children, c.ID)
	}
	relay := func() *workflow.Relay {
		r, err := workflow.NewRelay(store, workflow.Mux{
			Timers: map[string]workflow.Handler{incident.KindName: s},
			Topics: map[string]workflow.Handler{incident.TopicCascade: s},
			Other:  workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
		}, workflow.RelayConfig{Backoff: func(int) time.Duration { return 0 }, Attempts: 1000})
		require.NoError(t, err)
		return r
	}
	var wg sync.WaitGroup
	errs := make(chan error, 1000)
	run := func(times int, act func(i int) error) {
		wg.Go(func() {
			for i := range times {
				if err := act(i); err != nil && !errors.Is(err, workflow.ErrTransition) {
					errs <- err
				}
			}
		})
	}
	run(20, func(i int) error {
		_, err := s.Resolve(ctx, ann, parent.ID, "fixed", "done")
		return err
	})
	run(20, func(i int) error {
		_, err := s.Reopen(ctx, ann, parent.ID, "again")
		return err
	})
	run(40, func(i int) error {
		_, err := s.Comment(ctx, ann, children[i%len(children)], "hello")
		return err
	})
	for range 2 {
		r := relay()
		run(60, func(int) error { _, err := r.Drain(ctx); return err })
	}
	wg.Wait()
	_, err = relay().Drain(ctx)
	require.NoError(t, err)
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	p, err := s.Get(ctx, parent.ID)
	require.NoError(t, err)
	c, err := s.Cascade(ctx, parent.ID)
	require.NoError(t, err)
	require.Equal(t, incident.CascadeSettled, c.State)
	for _, id := range children {
		child, err := s.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, c.Sequence, child.Followed)
		require.Equal(t, p.State == incident.StateResolved, child.State == incident.StateResolved, "the parent is %s, a child %s", p.State, child.State)
	}
	_, err = workflow.VerifyStore(ctx, store, s.Verify, incident.KindName)
	require.NoError(t, err)
}
