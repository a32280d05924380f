package cab_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/change/cab"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var (
	ctx = context.Background()
	// The board meets on Tuesdays at 14:00 in Berlin, which is 13:00 UTC in winter.
	friday  = time.Date(2026, 2, 27, 9, 0, 0, 0, time.UTC)
	tuesday = time.Date(2026, 3, 3, 13, 0, 0, 0, time.UTC)

	mia = workflow.User("mia", cab.RoleManager)
	ann = workflow.User("ann") // chairs
	bob = workflow.User("bob") // chairs in her place
	cho = workflow.User("cho")
	dee = workflow.User("dee")
	alf = workflow.User("alf") // bob's first alternate
	ali = workflow.User("ali") // his second
	gus = workflow.User("gus") // has nothing to do with it
)

// board has four members: bob has two alternates, ann must be there.
func board() cab.Board {
	return cab.Board{Name: "cab", Title: "Change Advisory Board", Zone: "Europe/Berlin",
		Members: []cab.Member{{Person: "ann", Mandatory: true}, {Person: "bob", Alternates: []string{"alf", "ali"}}, {Person: "cho"}, {Person: "dee"}},
		Chair:   "ann", ViceChairs: []string{"bob"}, Quorum: 3,
		Meets:  &cab.Recurrence{On: []string{"tuesday"}, EveryWeeks: 1, At: "14:00"},
		Length: approval.Duration(time.Hour), Cutoff: approval.Duration(48 * time.Hour),
		Agenda: cab.Agenda{
			When:   []approval.Test{{Fact: "risk", Op: approval.OneOf, Values: []string{"low", "moderate", "high"}}},
			Longer: []cab.Slot{{When: []approval.Test{{Fact: "risk", Op: approval.Equals, Values: []string{"high"}}}, Minutes: 20}},
		},
		Policies: []string{"change-authorize"}}
}

func ecab() cab.Board {
	return cab.Board{Name: "ecab", Zone: "Europe/Berlin", Members: []cab.Member{{Person: "ann"}, {Person: "bob", Alternates: []string{"alf"}}, {Person: "cho"}},
		Chair: "ann", ViceChairs: []string{"bob"}, Quorum: 2, Emergency: true, Length: approval.Duration(30 * time.Minute)}
}

// changes is a docket over the real approval engine.
type changes struct {
	mu       sync.Mutex
	clock    func() time.Time
	service  *cab.Service
	all      map[workflow.ID]*waiting
	failing  error // what the next command answers, after it has taken effect
	commands int   // votes and closings that took effect
}

type waiting struct {
	cab.Case
	board   string
	request approval.Request
}

func id(n int) workflow.ID { return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)) }

// put adds a change that waits for a board; who is excluded is its requester.
func (c *changes) put(t *testing.T, n int, b cab.Board, facts approval.Facts, excluded ...string) workflow.ID {
	t.Helper()
	w := &waiting{board: b.Name, Case: cab.Case{ID: id(n), Number: fmt.Sprintf("CHG%07d", n), Title: fmt.Sprintf("Change %d", n), Facts: facts}}
	policy := approval.Policy{Name: "change-authorize", Version: 1, Delegations: 1, Stages: []approval.Stage{b.Stage("board")}}
	var out []approval.Exclusion
	for _, person := range excluded {
		out = append(out, approval.Exclusion{Person: person, Why: "the requester"})
	}
	r, err := approval.Open(policy, approval.Case{Facts: facts, Excluded: out}, c, c.clock())
	require.NoError(t, err)
	w.request = r
	c.all[w.ID] = w
	return w.ID
}

func (c *changes) inform(n int, b cab.Board) workflow.ID {
	c.all[id(n)] = &waiting{board: b.Name, Case: cab.Case{ID: id(n), Number: fmt.Sprintf("CHG%07d", n), Title: "Routine", Facts: approval.Facts{"risk": "low"}, PreApproved: true}}
	return id(n)
}

func (c *changes) Members(s approval.Selector) ([]string, error) {
	if c.service == nil {
		if s.Name == "ecab" {
			return ecab().People(), nil
		}
		return board().People(), nil
	}
	b, err := c.service.Board(s.Name)
	return b.People(), err
}

func (c *changes) Delegations(policy string, at time.Time) ([]approval.Delegation, error) {
	if c.service == nil {
		return nil, nil
	}
	return c.service.Delegations(ctx, policy, at)
}

func (c *changes) Due(from time.Time, d approval.Deadline) (time.Time, error) {
	return approval.People{}.Due(from, d)
}

func (c *changes) Waiting(_ context.Context, board string) ([]cab.Case, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var cases []cab.Case
	for _, w := range c.all {
		if w.board == board && (w.PreApproved || !w.request.Status.Final()) {
			cases = append(cases, w.Case)
		}
	}
	return cases, nil
}

func (c *changes) decide(change workflow.ID, f func(*approval.Request) (approval.Request, error)) (cab.Standing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.all[change]
	if w == nil {
		return cab.Standing{}, workflow.ErrNotFound
	}
	r, err := f(&w.request)
	if err != nil {
		return cab.Standing{}, err
	}
	w.request = r
	c.commands++
	if c.failing != nil {
		err, c.failing = c.failing, nil
		return cab.Standing{}, err
	}
	return cab.StandingOf(r, w.board), nil
}

func (c *changes) Vote(_ context.Context, actor workflow.Actor, change workflow.ID, v approval.Vote) (cab.Standing, error) {
	return c.decide(change, func(r *approval.Request) (approval.Request, error) { return r.Vote(v, c, nil, c.clock()) })
}

func (c *changes) CloseVote(_ context.Context, actor workflow.Actor, change workflow.ID) (cab.Standing, error) {
	return c.decide(change, func(r *approval.Request) (approval.Request, error) { return r.Close(actor.ID, c, c.clock()) })
}

func (c *changes) Recuse(_ context.Context, actor workflow.Actor, change workflow.ID, reason string) (cab.Standing, error) {
	return c.decide(change, func(r *approval.Request) (approval.Request, error) { return r.Recuse(actor.ID, reason, c, c.clock()) })
}

func (c *changes) Standing(_ context.Context, change workflow.ID) (cab.Standing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.all[change]
	if w == nil {
		return cab.Standing{}, workflow.ErrNotFound
	}
	return cab.StandingOf(w.request, w.board), nil
}

// room is a board, its changes, and a clock that the test moves.
type room struct {
	*cab.Service
	*changes
	t     *testing.T
	now   time.Time
	store *memstore.Store
}

func newRoom(t *testing.T, boards ...cab.Board) *room {
	t.Helper()
	if len(boards) == 0 {
		boards = []cab.Board{board(), ecab()}
	}
	r := &room{t: t, now: friday, store: memstore.New()}
	r.changes = &changes{clock: func() time.Time { return r.now }, all: map[workflow.ID]*waiting{}}
	r.Service = r.serve(r.store, boards...)
	r.changes.service = r.Service
	return r
}

func (r *room) serve(store workflow.Store, boards ...cab.Board) *cab.Service {
	r.t.Helper()
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: func() time.Time { return r.now }, IDs: workflow.SeededIDs(1)})
	s, err := cab.New(desk, cab.Config{Boards: boards, Docket: r.changes})
	require.NoError(r.t, err)
	return s
}

func (r *room) pass(d time.Duration) { r.now = r.now.Add(d) }

// must takes the meeting out of a command that has to succeed.
func (r *room) must(m *cab.Meeting, err error) *cab.Meeting {
	r.t.Helper()
	require.NoError(r.t, err)
	return m
}

func (r *room) schedule() *cab.Meeting {
	r.t.Helper()
	b := board()
	return r.must(r.Schedule(ctx, mia, "cab", b.Next(r.now, 1)[0]))
}

// begin schedules a meeting, builds its agenda and starts it with some people there.
func (r *room) begin(people ...workflow.Actor) *cab.Meeting {
	r.t.Helper()
	m := r.schedule()
	r.must(r.BuildAgenda(ctx, mia, m.ID, ""))
	r.now = m.Start
	m = r.must(r.Start(ctx, ann, m.ID))
	for _, p := range people {
		m = r.must(r.Attend(ctx, p, m.ID, p.ID, ""))
	}
	return m
}

func (r *room) vote(m *cab.Meeting, change workflow.ID, choice approval.Choice, people ...workflow.Actor) *cab.Meeting {
	r.t.Helper()
	for _, p := range people {
		r.pass(time.Minute)
		m = r.must(r.Service.Vote(ctx, p, m.ID, change, approval.Vote{Choice: choice, Comment: "because"}))
	}
	return m
}

func (r *room) outcome(m *cab.Meeting, change workflow.ID) cab.Outcome {
	r.t.Helper()
	it, ok := m.Item(change)
	require.True(r.t, ok, "not on the agenda")
	return it.Outcome
}

// relay delivers everything that is due, and returns the notices.
func (r *room) relay() []cab.Notice {
	r.t.Helper()
	var told []cab.Notice
	relay, err := workflow.NewRelay(r.store, workflow.Mux{Timers: map[string]workflow.Handler{cab.KindName: r.Service},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			var n cab.Notice
			require.NoError(r.t, workflow.ParseJSON(d.Message.Payload, "notice", &n))
			n.Text = d.Message.Topic + ": " + n.Text
			told = append(told, n)
			return nil
		})}, workflow.RelayConfig{Clock: func() time.Time { return r.now }})
	require.NoError(r.t, err)
	_, err = relay.Drain(ctx)
	require.NoError(r.t, err)
	for d, err := range r.store.Parked(ctx) {
		require.NoError(r.t, err)
		require.Fail(r.t, "parked", "%s: %s", d.Key(), d.Error)
	}
	return told
}

func topics(told []cab.Notice) []string {
	var names []string
	for _, n := range told {
		name, _, _ := strings.Cut(n.Text, ": ")
		names = append(names, name)
	}
	return names
}

var errLost = errors.New("the answer was lost")

// verify checks that the history is whole.
func (r *room) verify() {
	r.t.Helper()
	_, err := workflow.VerifyStore(ctx, r.store, nil, cab.KindName)
	require.NoError(r.t, err)
}
