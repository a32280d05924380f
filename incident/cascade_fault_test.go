package incident_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// Whatever call of the store fails while a large family follows, is overtaken and
// worked on, once the commands are repeated all is as if nothing had failed.
func TestACascadeSurvivesEveryFaultOfItsStore(t *testing.T) {
	var w *cascadeWorld
	var peaceful []string
	open := func() workflow.Store {
		w = &cascadeWorld{t: t, store: memstore.New()}
		return w.store
	}
	run := func(s *faultstore.Store) error { return w.play(s, 1) }
	check := func(r faultstore.Run) error {
		if r.Err != nil && !errors.Is(r.Err, faultstore.ErrInjected) {
			return fmt.Errorf("ended with an error of its own: %w", r.Err)
		}
		if r.Err != nil {
			if err := w.play(w.store, 2); err != nil {
				return err
			}
		}
		if r.Fault.Call == 0 || r.Op == faultstore.OpCommit {
			if _, err := workflow.VerifyStore(t.Context(), w.store, w.s.Verify, incident.KindName); err != nil {
				return err
			}
		}
		story := w.story()
		if r.Fault.Call == 0 {
			peaceful = story
		}
		require.Equal(t, peaceful, story)
		return nil
	}
	calls, err := faultstore.Drive(open, run, check)
	require.NoError(t, err)
	t.Logf("%d calls of the store, each failing in %d ways", calls, len(faultstore.Modes()))
}

type cascadeWorld struct {
	t     *testing.T
	store *memstore.Store
	s     *incident.Service
}

// play resolves a family of three one by one, reopens one by hand, and then all.
func (w *cascadeWorld) play(s workflow.Store, seed uint64) error {
	now, ctx := monday, w.t.Context()
	desk := workflow.NewDesk(s, workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(seed)})
	var err error
	w.s, err = incident.NewService(desk, incident.Config{Chunk: 1, Targets: []sla.Target{resolution(w.t)}})
	require.NoError(w.t, err)
	relay, err := workflow.NewRelay(s.(workflow.Queue), workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: w.s},
		Topics: map[string]workflow.Handler{incident.TopicCascade: w.s},
		Other:  workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
	}, workflow.RelayConfig{Clock: func() time.Time { return now }})
	require.NoError(w.t, err)
	parent, err := w.s.Once("parent").Open(ctx, ann, incident.Report{Title: "Parent", Impact: 2, Urgency: 2})
	if err != nil {
		return err
	}
	var last workflow.ID
	for i := range 3 {
		c, err := w.s.Once(fmt.Sprint("child ", i)).Open(ctx, ann, incident.Report{Title: fmt.Sprint("child ", i), Caller: "carl", Impact: 2, Urgency: 2, Parent: parent.ID})
		if err != nil {
			return err
		}
		last = c.ID
	}
	drain := func() error {
		for range 2 {
			if _, err := relay.Drain(ctx); err != nil {
				return err
			}
			now = now.Add(10 * time.Minute)
		}
		return nil
	}
	if _, err := w.s.Once("resolve").Resolve(ctx, ann, parent.ID, "fixed", "New switch"); err != nil {
		return err
	}
	if err := drain(); err != nil {
		return err
	}
	if _, err := w.s.Once("by hand").Reopen(ctx, carl, last, "not for me"); err != nil {
		return err
	}
	if _, err := w.s.Once("again").Reopen(ctx, ann, parent.ID, "not at all"); err != nil {
		return err
	}
	if _, err := w.s.Once("hold").Hold(ctx, ann, parent.ID, incident.AwaitingVendor, ""); err != nil {
		return err
	}
	return drain()
}

func (w *cascadeWorld) story() []string {
	var lines []string
	for inc, err := range w.s.Find(w.t.Context(), workflow.Query{}) {
		require.NoError(w.t, err)
		events, err := workflow.History(w.t.Context(), w.store, w.s.Kind().Ref(inc.ID))
		require.NoError(w.t, err)
		line := fmt.Sprintf("%s %s %s, reopened %d, resolved %v, followed %d:", inc.Title, inc.State, inc.HoldReason, inc.Reopened, inc.Resolution != nil, inc.Followed)
		for _, e := range events {
			if e.Type == "incident.follow" {
				continue // after a failure they may follow two orders at once
			}
			line += " " + e.Type + " (" + strings.TrimRight(e.Note, "0123456789") + ")"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}
