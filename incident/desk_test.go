package incident_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var (
	ann  = workflow.User("ann", incident.RoleAgent) // works at the service desk
	ben  = workflow.User("ben", incident.RoleAgent)
	carl = workflow.User("carl") // a caller
	dora = workflow.User("dora") // somebody else
)

// monday is a Monday, 09:00 UTC.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is a service desk with a clock of its own. When the test ends,
// everything in the store is verified: chains, replay, clocks.
type world struct {
	*incident.Service
	t     *testing.T
	store *memstore.Store
	now   time.Time
	relay *workflow.Relay
	sent  []sent

	updates []major.Bulletin // of major incidents
}

// sent is a notice as it was delivered.
type sent struct {
	topic string
	incident.Notice
}

func officeHours(t testing.TB) *calendar.Calendar {
	c, err := calendar.New("UTC", calendar.Named("office hours"), calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"))
	require.NoError(t, err)
	return c
}

func newWorld(t *testing.T, cfg incident.Config) *world {
	w := &world{t: t, store: memstore.New(), now: monday}
	clock := func() time.Time { return w.now }
	desk := workflow.NewDesk(w.store, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	s, err := incident.NewService(desk, cfg)
	require.NoError(t, err)
	w.Service = s
	w.relay, err = workflow.NewRelay(w.store, workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: s},
		Topics: map[string]workflow.Handler{incident.TopicCascade: s},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			if d.Message.Topic == incident.TopicMajorUpdate {
				w.updates = append(w.updates, major.Bulletin{})
				return json.Unmarshal(d.Message.Payload, &w.updates[len(w.updates)-1])
			}
			n := sent{topic: d.Message.Topic}
			w.sent = append(w.sent, n)
			return json.Unmarshal(d.Message.Payload, &w.sent[len(w.sent)-1].Notice)
		}),
	}, workflow.RelayConfig{Clock: clock})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := workflow.VerifyStore(context.Background(), w.store, s.Verify, incident.KindName)
		require.NoError(t, err)
		_, err = workflow.VerifyStore(context.Background(), w.store, nil, incident.CascadeKind)
		require.NoError(t, err)
	})
	return w
}

// pass lets time go by, minute by minute, and everything due happen.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(min(time.Minute, end.Sub(w.now)))
		w.deliver()
	}
}

func (w *world) deliver() {
	w.t.Helper()
	_, err := w.relay.Drain(w.t.Context())
	require.NoError(w.t, err)
}

// news returns the topics delivered since the last call.
func (w *world) news() []string {
	w.t.Helper()
	w.deliver()
	var topics []string
	for _, s := range w.sent {
		topics = append(topics, s.topic)
	}
	w.sent = nil
	return topics
}

func (w *world) open(title string) *incident.Incident {
	w.t.Helper()
	return w.must(w.Open(w.t.Context(), ann, incident.Report{Title: title, Caller: "carl", Impact: incident.Medium, Urgency: incident.Medium}))
}

func (w *world) must(inc *incident.Incident, err error) *incident.Incident {
	w.t.Helper()
	require.NoError(w.t, err)
	return inc
}

// refused expects an error of a class that changed nothing.
func (w *world) refused(id workflow.ID, class error, act func() (*incident.Incident, error)) error {
	w.t.Helper()
	before := w.must(w.Get(w.t.Context(), id))
	_, err := act()
	require.ErrorIs(w.t, err, class)
	require.Equal(w.t, before, w.must(w.Get(w.t.Context(), id)), "a refused command changes nothing")
	return err
}

// resolution is a target of eight office hours, four for P1 around the clock.
func resolution(t testing.TB) sla.Target {
	return sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("awaiting_caller", "awaiting_vendor"), Thresholds: []sla.Threshold{{Percent: 75}},
		Goals: []sla.Goal{sla.Within(4*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, officeHours(t))}}
}

func to[T any](v T) *T { return &v }
