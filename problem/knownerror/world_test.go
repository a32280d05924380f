package knownerror_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var (
	ctx = context.Background()
	mia = workflow.User("mia", knownerror.RoleManager)
	bob = workflow.User("bob", knownerror.RoleCoordinator)
	ann = workflow.User("ann", knownerror.RoleAgent)
	ben = workflow.User("ben", knownerror.RoleAgent)
	eve = workflow.User("eve") // holds no role
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is a practice of known errors with a clock of its own. When the test ends,
// everything in the store is verified, and the catalogue is what a new one would be.
type world struct {
	*knownerror.Service
	t         testing.TB
	store     *memstore.Store
	catalogue *knownerror.Catalogue
	now       time.Time
	relay     *workflow.Relay
	sent      []sent
	changed   []knownerror.Changed
}

type sent struct {
	topic string
	knownerror.Notice
}

func newWorld(t testing.TB, cfg knownerror.Config) *world {
	w := &world{t: t, store: memstore.New(), now: monday}
	clock := func() time.Time { return w.now }
	desk := workflow.NewDesk(w.store, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	var err error
	w.catalogue, err = knownerror.NewCatalogue(w.store, knownerror.CatalogueConfig{})
	require.NoError(t, err)
	w.Service, err = knownerror.NewService(desk, cfg)
	require.NoError(t, err)
	w.relay, err = workflow.NewRelay(w.store, workflow.Mux{
		Timers: map[string]workflow.Handler{knownerror.KindName: w.Service},
		Topics: map[string]workflow.Handler{knownerror.TopicChanged: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			c, err := knownerror.ParseChanged(d.Message.Payload)
			w.changed = append(w.changed, c)
			return err
		})},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			n := sent{topic: d.Message.Topic}
			err := json.Unmarshal(d.Message.Payload, &n.Notice)
			w.sent = append(w.sent, n)
			return err
		}),
	}, workflow.RelayConfig{Clock: clock})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := workflow.VerifyStore(ctx, w.store, nil, knownerror.KindName, knownerror.UseKind)
		require.NoError(t, err)
	})
	return w
}

func (w *world) deliver() {
	w.t.Helper()
	_, err := w.relay.Drain(ctx)
	require.NoError(w.t, err)
}

// pass lets days go by, and everything due happen.
func (w *world) pass(days int) {
	w.t.Helper()
	for range days {
		w.now = w.now.AddDate(0, 0, 1)
		w.deliver()
	}
}

// news returns what was told to whom since the last call.
func (w *world) news() []string {
	w.t.Helper()
	w.deliver()
	var all []string
	for _, s := range w.sent {
		line := s.topic
		for _, to := range s.To {
			line += " " + to
		}
		all = append(all, line)
	}
	w.sent = nil
	return all
}

func (w *world) must(k *knownerror.KnownError, err error) *knownerror.KnownError {
	w.t.Helper()
	require.NoError(w.t, err)
	return k
}

// refused expects an error of a class that changed nothing.
func (w *world) refused(id workflow.ID, class error, act func() (*knownerror.KnownError, error)) {
	w.t.Helper()
	before := w.must(w.Get(ctx, id))
	_, err := act()
	require.ErrorIs(w.t, err, class)
	require.Equal(w.t, before, w.must(w.Get(ctx, id)), "a refused command changes nothing")
}

func outlook() knownerror.Content {
	return knownerror.Content{
		Title: "Outlook disconnects from the mail server", Symptom: "Outlook shows Disconnected and asks for the password again and again",
		Cause: "The token cache of the client is corrupt", Workaround: "Delete the cached credentials", Codes: []string{"0x80070035"},
		Vendor: "Microsoft", Model: "Outlook", Versions: knownerror.Versions{From: "16.0", Fixed: "16.9"},
		Items: []string{"mail01"}, Services: []string{"mail"}, Categories: []string{"email"},
	}
}

func (w *world) publish(c knownerror.Content) *knownerror.KnownError {
	w.t.Helper()
	k := w.must(w.Draft(ctx, ann, c))
	w.must(w.Submit(ctx, ann, k.ID))
	return w.must(w.Publish(ctx, mia, k.ID, ""))
}

func inc(n int) workflow.Ref {
	return workflow.Ref{Kind: "incident", ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte{byte(n >> 8), byte(n)})}
}

// suggest brings the catalogue up to date and asks it.
func (w *world) suggest(q knownerror.Case) []knownerror.Suggestion {
	w.t.Helper()
	require.NoError(w.t, w.catalogue.Refresh(ctx))
	found, err := w.catalogue.Suggest(ctx, q)
	require.NoError(w.t, err)
	return found
}
