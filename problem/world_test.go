package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var (
	mia  = workflow.User("mia", problem.RoleManager)
	bob  = workflow.User("bob", problem.RoleCoordinator)
	cleo = workflow.User("cleo") // holds no role; problems can be assigned to her
	tim  = workflow.User("tim", problem.RoleAnalyst)
	ann  = workflow.User("ann", problem.RoleAgent)
	dora = workflow.User("dora") // somebody else
)

// monday is a Monday, 09:00 UTC.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// world is a practice of problems with a clock of its own. When the test ends,
// everything in the store is verified.
type world struct {
	*problem.Service
	t         testing.TB
	store     *memstore.Store
	now       time.Time
	relay     *workflow.Relay
	incidents *incidents
	sent      []sent
}

type sent struct {
	topic string
	problem.Notice
}

func newWorld(t testing.TB, cfg problem.Config) *world {
	w := &world{t: t, store: memstore.New(), now: monday, incidents: newIncidents()}
	clock := func() time.Time { return w.now }
	desk := workflow.NewDesk(w.store, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	cfg.Incidents = w.incidents
	s, err := problem.NewService(desk, cfg)
	require.NoError(t, err)
	w.Service = s
	w.relay, err = workflow.NewRelay(w.store, workflow.Mux{
		Timers: map[string]workflow.Handler{problem.KindName: s},
		Topics: map[string]workflow.Handler{problem.TopicInform: s, problem.TopicMove: s},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			n := sent{topic: d.Message.Topic}
			err := json.Unmarshal(d.Message.Payload, &n.Notice)
			w.sent = append(w.sent, n)
			return err
		}),
	}, workflow.RelayConfig{Clock: clock, Attempts: 5})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := workflow.VerifyStore(context.Background(), w.store, nil, problem.KindName, problem.LinkKind)
		require.NoError(t, err)
	})
	return w
}

func (w *world) deliver() {
	w.t.Helper()
	_, err := w.relay.Drain(w.t.Context())
	require.NoError(w.t, err)
}

// pass lets time go by, hour by hour, and everything due happen.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(min(time.Hour, end.Sub(w.now)))
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

func (w *world) must(p *problem.Problem, err error) *problem.Problem {
	w.t.Helper()
	require.NoError(w.t, err)
	return p
}

// refused expects an error of a class that changed nothing.
func (w *world) refused(id workflow.ID, class error, act func() (*problem.Problem, error)) {
	w.t.Helper()
	before := w.must(w.Get(w.t.Context(), id))
	_, err := act()
	require.ErrorIs(w.t, err, class)
	require.Equal(w.t, before, w.must(w.Get(w.t.Context(), id)), "a refused command changes nothing")
}

func (w *world) open(title string, incidents ...workflow.ID) *problem.Problem {
	w.t.Helper()
	return w.must(w.Open(w.t.Context(), ann, problem.Report{Title: title, Assignee: "cleo", Group: "mail", Incidents: incidents}))
}

// analysed opens a problem and brings it to root cause analysis.
func (w *world) analysed(title string, incidents ...workflow.ID) *problem.Problem {
	w.t.Helper()
	p := w.open(title, incidents...)
	w.must(w.Assess(w.t.Context(), cleo, p.ID, ""))
	return w.must(w.Confirm(w.t.Context(), cleo, p.ID, ""))
}

// fixing opens a problem and brings it to fix in progress.
func (w *world) fixing(title string, incidents ...workflow.ID) *problem.Problem {
	w.t.Helper()
	p := w.analysed(title, incidents...)
	w.must(w.ConfirmCause(w.t.Context(), cleo, p.ID, finding))
	return w.must(w.Fix(w.t.Context(), cleo, p.ID, "rotate the log"))
}

var finding = problem.Finding{Text: "the log fills the disk", Evidence: "df -h on Monday", Factors: []string{"no alarm for full disks"}}

func ids(from, n int) []workflow.ID {
	all := make([]workflow.ID, n)
	for i := range all {
		all[i] = uuid.NewSHA1(uuid.NameSpaceURL, []byte{byte((from + i) >> 16), byte((from + i) >> 8), byte(from + i)})
	}
	return all
}

func (w *world) linked(id workflow.ID) []workflow.ID {
	w.t.Helper()
	var all []workflow.ID
	for incident, err := range w.Incidents(w.t.Context(), id) {
		require.NoError(w.t, err)
		all = append(all, incident)
	}
	return all
}

// incidents is a practice of incidents as problems see it.
type incidents struct {
	stand    map[workflow.ID]problem.Standing
	said     map[workflow.ID][]string
	resolved map[workflow.ID]string
	done     map[string]bool
	fail     map[workflow.ID]error // given back by every call
	failures int                   // so many calls fail by themselves
	calls    int
	quicker  bool // somebody resolves each incident just before the problem does
}

func newIncidents() *incidents {
	return &incidents{stand: map[workflow.ID]problem.Standing{}, said: map[workflow.ID][]string{}, resolved: map[workflow.ID]string{},
		done: map[string]bool{}, fail: map[workflow.ID]error{}}
}

var errDown = errors.New("the service desk is down")

func (in *incidents) Standing(_ context.Context, id workflow.ID) (problem.Standing, error) {
	return in.stand[id], in.fail[id]
}

func (in *incidents) trouble(id workflow.ID) error {
	in.calls++
	if in.failures > 0 && in.calls%3 == 0 {
		in.failures--
		return errDown
	}
	return in.fail[id]
}

func (in *incidents) Say(_ context.Context, key string, id workflow.ID, text string, public bool) error {
	if err := in.trouble(id); err != nil || in.done[key] {
		return err
	}
	in.done[key] = true
	if public {
		text = "public: " + text
	}
	in.said[id] = append(in.said[id], text)
	return nil
}

func (in *incidents) Resolve(_ context.Context, key string, id workflow.ID, code, notes string) error {
	if err := in.trouble(id); err != nil || in.done[key] {
		return err
	}
	if in.quicker {
		in.stand[id] = problem.Standing{Over: true}
	}
	if !in.stand[id].AwaitsProblem {
		return workflow.ErrTransition
	}
	in.done[key] = true
	in.stand[id] = problem.Standing{Over: true}
	in.resolved[id] = code + ": " + notes
	return nil
}
