package problem_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// A house that watches for longer than before, or has a holiday more, still watches the
// problems that it had.
func TestATimerThatComesTooEarlyIsSetAgain(t *testing.T) {
	watched := func(d time.Duration) problem.Config {
		return problem.Config{Inactivity: map[string]time.Duration{problem.StateNew: d}}
	}
	w, ctx := newWorld(t, watched(24*time.Hour)), t.Context()
	p := w.open("mail stops")
	desk := workflow.NewDesk(w.store, workflow.DeskConfig{Clock: func() time.Time { return w.now }, IDs: workflow.SeededIDs(2)})
	later, err := problem.NewService(desk, watched(72*time.Hour))
	require.NoError(t, err)
	told := 0
	relay, err := workflow.NewRelay(w.store, workflow.Mux{
		Timers: map[string]workflow.Handler{problem.KindName: later},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			if d.Message.Topic == problem.TopicInactive {
				told++
			}
			return nil
		}),
	}, workflow.RelayConfig{Clock: func() time.Time { return w.now }})
	require.NoError(t, err)
	for range 71 {
		w.now = w.now.Add(time.Hour)
		_, err := relay.Drain(ctx)
		require.NoError(t, err)
	}
	require.Zero(t, told, "not yet")
	w.now = w.now.Add(time.Hour)
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, 1, told)
	require.Equal(t, 1, w.must(w.Get(ctx, p.ID)).Nudges)
}
