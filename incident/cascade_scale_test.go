package incident_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var family = flag.Int("family", 2000, "how many children a large family has; a multiple of 200")

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

// Two thousand are ten chunks, and more than a page of a store's; -family asks for more.
func TestThousandsOfChildrenFollow(t *testing.T) {
	t.Parallel()
	s, relay, parent := large(t, *family)
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
	require.Equal(t, *family, n)
	c, err := s.Cascade(ctx, parent)
	require.NoError(t, err)
	require.Equal(t, *family/200+1, c.Chunks, "two hundred each, and one that finds nobody")
	entries, err := s.Timeline(ctx, parent)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	require.Equal(t, fmt.Sprintf("child incidents: %d joined, %[1]d in all", *family), entries[1].Text)
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
