package request_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var (
	ctx = context.Background()

	ann  = workflow.User("ann") // works in Berlin, for whom things are ordered
	bob  = workflow.User("bob") // her manager
	carl = workflow.User("carl", request.RoleAgent)
	mia  = workflow.User("mia", request.RoleManager)
	fay  = workflow.User("fay")  // of finance
	fred = workflow.User("fred") // owns the facilities
	dora = workflow.User("dora") // somebody else
	robo = workflow.System("provisioning")
)

// monday is a Monday, 09:00 UTC.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// house is a host's directory.
type house struct {
	people      map[string]catalog.Person
	members     map[string][]string
	delegations []approval.Delegation
}

func newHouse() *house {
	person := func(id, customer, location string, groups ...string) catalog.Person {
		return catalog.Person{ID: id, Customer: customer, Attributes: map[string][]string{"group": groups, "location": {location}}}
	}
	h := &house{people: map[string]catalog.Person{}, members: map[string][]string{
		"relation manager": {"bob"}, "group finance": {"fay", "carl"}, "relation owner": {"olga"},
	}}
	for _, p := range []catalog.Person{person("ann", "acme", "berlin", "staff"), person("bob", "acme", "berlin", "staff"), person("carl", "acme", "oslo", "staff"),
		person("cora", "acme", "oslo", "contractors"), person("tim", "tiny", "oslo", "staff"), person("nobody", "", "oslo", "staff")} {
		h.people[p.ID] = p
	}
	return h
}

func (h *house) Person(_ context.Context, id string) (catalog.Person, error) {
	p, ok := h.people[id]
	if !ok {
		return p, fmt.Errorf("nobody is called %q: %w", id, workflow.ErrNotFound)
	}
	return p, nil
}

func (h *house) Members(_ context.Context, s approval.Selector, _ *request.Request, _ string) ([]string, error) {
	return h.members[s.String()], nil
}

func (h *house) Delegations(_ context.Context, policy string, at time.Time) ([]approval.Delegation, error) {
	return h.delegations, nil
}

// sent is a message as it was delivered.
type sent struct {
	id    workflow.ID
	topic string
	request.Notice
	job request.Job
}

// world is a shop with a clock of its own. When the test ends, everything in the store is
// verified: chains, replay, and what holds of requests at any time.
type world struct {
	*request.Service
	t     testing.TB
	house *house
	store *memstore.Store
	desk  *workflow.Desk
	now   time.Time
	relay *workflow.Relay
	sent  []sent
}

func definition(t testing.TB) catalog.Definition {
	data, err := os.ReadFile("catalog/testdata/workplace.json")
	require.NoError(t, err)
	d, err := catalog.Parse(data)
	require.NoError(t, err)
	return d
}

func newWorld(t testing.TB, change ...func(*request.Config)) *world {
	w := &world{t: t, house: newHouse(), store: memstore.New(), now: monday}
	clock := func() time.Time { return w.now }
	w.desk = workflow.NewDesk(w.store, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	c, err := catalog.Compile(nil, definition(t))
	require.NoError(t, err)
	cfg := request.Config{Catalog: c, Directory: w.house}
	for _, f := range change {
		f(&cfg)
	}
	w.Service, err = request.NewService(w.desk, cfg)
	require.NoError(t, err)
	w.relay, err = workflow.NewRelay(w.store, workflow.Mux{
		Timers: map[string]workflow.Handler{request.KindName: w.Service},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			s := sent{id: d.Message.ID, topic: d.Message.Topic}
			var err error
			if len(s.topic) > len(request.TopicAutomation) && s.topic[:len(request.TopicAutomation)] == request.TopicAutomation {
				err = json.Unmarshal(d.Message.Payload, &s.job)
			} else {
				err = json.Unmarshal(d.Message.Payload, &s.Notice)
			}
			w.sent = append(w.sent, s)
			return err
		}),
	}, workflow.RelayConfig{Clock: clock})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := workflow.VerifyStore(ctx, w.store, historyHolds(w.Service), request.KindName)
		require.NoError(t, err)
	})
	return w
}

func (w *world) must(r *request.Request, err error) *request.Request {
	w.t.Helper()
	require.NoError(w.t, err)
	return r
}

// refused expects an error of a class that changed nothing.
func (w *world) refused(r *request.Request, class error, act func() (*request.Request, error)) error {
	w.t.Helper()
	before := w.must(w.Get(ctx, r.ID))
	_, err := act()
	require.ErrorIs(w.t, err, class)
	require.Equal(w.t, before, w.must(w.Get(ctx, r.ID)), "a refused command changes nothing")
	return err
}

func (w *world) deliver() {
	w.t.Helper()
	_, err := w.relay.Drain(ctx)
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

// news returns what was delivered since the last call.
func (w *world) news() []sent {
	w.t.Helper()
	w.deliver()
	s := w.sent
	w.sent = nil
	return s
}

// told returns to whom the messages of a topic went since the last call.
func (w *world) told(topic string) []string {
	var to []string
	for _, s := range w.news() {
		if s.topic == topic {
			to = append(to, s.To...)
		}
	}
	return to
}

func one(name string, answers ...any) catalog.Line {
	l := catalog.Line{Item: name}
	for i := 0; i < len(answers); i += 2 {
		if l.Answers == nil {
			l.Answers = map[string]any{}
		}
		l.Answers[answers[i].(string)] = answers[i+1]
	}
	return l
}

func laptop() catalog.Line { return one("laptop", "data", "public") }

// place orders as ann, for herself.
func (w *world) place(lines ...catalog.Line) *request.Request {
	w.t.Helper()
	return w.must(w.Place(ctx, ann, request.Order{Lines: lines}))
}

// do ends tasks, one after the other.
func (w *world) do(r *request.Request, state request.TaskState, tasks ...string) *request.Request {
	w.t.Helper()
	for _, task := range tasks {
		r = w.must(w.EndTask(ctx, carl, r.ID, task, request.Done{State: state, Note: "as told"}))
	}
	return r
}

func (w *world) vote(who workflow.Actor, r *request.Request, item string, c approval.Choice) *request.Request {
	w.t.Helper()
	return w.must(w.Vote(ctx, who, r.ID, item, approval.Vote{Choice: c, Comment: "because"}))
}

func states(r *request.Request) []request.ItemState {
	var all []request.ItemState
	for _, it := range r.Items {
		all = append(all, it.State)
	}
	return all
}

func taskStates(it request.Item) []request.TaskState {
	var all []request.TaskState
	for _, t := range it.Tasks {
		all = append(all, t.State)
	}
	return all
}

const approve, reject = approval.Approve, approval.Reject
