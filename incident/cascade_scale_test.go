package incident_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// large is a service with a family of so many children.
func large(t testing.TB, children int) (*incident.Service, *workflow.Relay, workflow.ID) {
	store := memstore.New()
	now := func() time.Time { return monday }
	s, err := incident.NewService(workflow.NewDesk(store, workflow.DeskConfig{Clock: now, IDs: workflow.SeededIDs(1)}), incident.Config{Targets: []sla.Target{resolution(t)}})
	require.NoError(t, err)
	relay, err := workflow.NewRelay(store, workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: s},
		Topics: map[string]workflow.Handler{incident.TopicCascade: s},
		Other:  workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
	}, workflow.RelayConfig{Clock: now})
	require.NoError(t, err)
	parent, err := s.Open(t.Context(), ann, incident.Report{Title: "Parent", Impact: 2, Urgency: 2})
	require.NoError(t, err)
	for range children {
		_, err := s.Open(t.Context(), ann, incident.Report{Title: "child", Caller: "carl", Impact: 2, Urgency: 2, Parent: parent.ID})
		require.NoError(t, err)
	}
	return s, relay, parent.ID
}

// Two thousand are ten chunks, and more than a page of a store's; ten thousand are only
// more of the same, see the benchmark.
func TestThousandsOfChildrenFollow(t *testing.T) {
	t.Parallel()
	s, relay, parent := large(t, 2000)
	ctx := t.Context()
	_, err := s.Resolve(ctx, ann, parent, "fixed", "New switch")
	require.NoError(t, err)
	_, err = relay.Drain(ctx)
	require.NoError(t, err)
	n := 0
	for inc, err := range s.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(incident.IndexParent, workflow.IDKey(parent))}}) {
		require.NoError(t, err)
		require.Equal(t, incident.StateResolved, inc.State)
		n++
	}
	require.Equal(t, 2000, n)
	c, err := s.Cascade(ctx, parent)
	require.NoError(t, err)
	require.Equal(t, 11, c.Chunks, "ten of two hundred, and one that finds nobody")
	entries, err := s.Timeline(ctx, parent)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	require.Equal(t, "child incidents: 2000 joined, 2000 in all", entries[1].Text)
}

// A family of ten thousand is resolved and reopened, messages and all.
func BenchmarkTenThousandChildren(b *testing.B) {
	s, relay, parent := large(b, 10_000)
	for b.Loop() {
		if _, err := s.Resolve(b.Context(), ann, parent, "fixed", "New switch"); err != nil {
			b.Fatal(err)
		}
		if _, err := relay.Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Reopen(b.Context(), ann, parent, "not at all"); err != nil {
			b.Fatal(err)
		}
		if _, err := relay.Drain(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
