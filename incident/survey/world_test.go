package survey_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/survey"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var (
	ctx    = context.Background()
	carl   = workflow.User("carl")
	dora   = workflow.User("dora")
	mia    = workflow.User("mia", survey.RoleManager)
	portal = workflow.System("portal")
	// monday is a Monday, 09:00 UTC.
	monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

func en(s string) survey.Text { return survey.Text{"en": s} }

// definition is a survey after incidents: a rating, why a bad one, whether the caller
// would recommend the desk.
func definition() survey.Definition {
	return survey.Definition{
		Name: "csat", Version: 1, Languages: []string{"en"}, Title: en("How did we do?"),
		Questions: []survey.Question{
			{Name: "overall", Kind: survey.Rating, Scale: 5, Text: en("How satisfied are you?"), Required: true},
			{Name: "why", Kind: survey.Choice, Text: en("What went wrong?"), Required: true, If: &survey.Given{Question: "overall", In: []string{"1", "2"}},
				Options: []survey.Option{{Name: "slow", Text: en("Too slow")}, {Name: "unsolved", Text: en("Not solved")}}},
			{Name: "recommend", Kind: survey.NPS, Text: en("Would you recommend us?")},
			{Name: "solved", Kind: survey.YesNo, Text: en("Was it solved?")},
			{Name: "words", Kind: survey.Words, Text: en("Anything else?")},
		},
		Trigger:  survey.Trigger{Kinds: []string{"incident"}, On: []string{"closed"}, Ask: []string{"caller"}},
		Keep:     []string{"group", "priority"},
		Delay:    survey.Delay{Elapsed: survey.Duration(time.Hour)},
		Remind:   []survey.Duration{survey.Duration(48 * time.Hour), survey.Duration(96 * time.Hour)},
		Expires:  survey.Duration(7 * 24 * time.Hour),
		FollowUp: []survey.FollowUp{{Given: survey.Given{Question: "overall", In: []string{"1", "2"}}, Tell: []string{"service-owner"}}},
	}
}

func compile(t testing.TB, d survey.Definition) *survey.Survey {
	s, err := survey.Compile(d)
	require.NoError(t, err)
	return s
}

func officeHours(t testing.TB) *calendar.Calendar {
	c, err := calendar.New("UTC", calendar.Named("office"), calendar.Weekly(time.Monday, time.Friday, "08:00-16:00"))
	require.NoError(t, err)
	return c
}

var ids = workflow.SeededIDs(3)

// event is an incident that was closed for carl.
func event(id workflow.ID, at time.Time) survey.Event {
	return survey.Event{Record: workflow.Ref{Kind: "incident", ID: id}, Number: "INC0000042", Title: "Mail is down", On: "closed", At: at,
		Facts: map[string]string{"group": "mail", "priority": "P2"}, People: map[string][]string{"caller": {"carl"}, "assignee": {"ben"}}}
}

// sent is a message that was delivered.
type sent struct {
	topic   string
	at      time.Time
	Notice  survey.Notice
	Finding survey.Finding
}

// world is a practice of surveys with a clock of its own. When the test ends, everything
// in the store is verified.
type world struct {
	*survey.Service
	t     testing.TB
	store *memstore.Store
	now   time.Time
	relay *workflow.Relay
	sent  []sent
}

func newWorld(t testing.TB, cfg survey.Config) *world {
	w := &world{t: t, store: memstore.New(), now: monday}
	clock := func() time.Time { return w.now }
	desk := workflow.NewDesk(w.store, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	s, err := survey.NewService(desk, cfg)
	require.NoError(t, err)
	w.Service = s
	w.relay, err = workflow.NewRelay(w.store, workflow.Mux{
		Timers: map[string]workflow.Handler{survey.KindName: s},
		Topics: map[string]workflow.Handler{survey.TopicCollect: s},
		Other: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			m := sent{topic: d.Message.Topic, at: d.Message.At}
			w.sent = append(w.sent, m)
			last := &w.sent[len(w.sent)-1]
			if m.topic == survey.TopicFollowUp {
				return json.Unmarshal(d.Message.Payload, &last.Finding)
			}
			return json.Unmarshal(d.Message.Payload, &last.Notice)
		}),
	}, workflow.RelayConfig{Clock: clock})
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := workflow.VerifyStore(ctx, w.store, nil)
		require.NoError(t, err)
		for d := range w.store.Parked(ctx) {
			require.Failf(t, "parked", "%s: %s", d.Key(), d.Error)
		}
	})
	return w
}

func standard(t testing.TB, change ...func(*survey.Definition)) *world {
	d := definition()
	for _, c := range change {
		c(&d)
	}
	return newWorld(t, survey.Config{Surveys: []survey.Definition{d}})
}

// pass lets time go on, hour by hour, and delivers what comes due.
func (w *world) pass(d time.Duration) {
	for end := w.now.Add(d); ; w.now = w.now.Add(time.Hour) {
		if w.now.After(end) {
			w.now = end
		}
		_, err := w.relay.Drain(ctx)
		require.NoError(w.t, err)
		if !w.now.Before(end) {
			return
		}
	}
}

func (w *world) occurred(e survey.Event) survey.Result {
	w.t.Helper()
	r, err := w.Occurred(ctx, e)
	require.NoError(w.t, err)
	return r
}

// invite closes a new incident of carl's and returns his invitation.
func (w *world) invite() *survey.Invitation {
	w.t.Helper()
	r := w.occurred(event(ids.NewID(w.now), w.now))
	require.Len(w.t, r.Invited, 1)
	return r.Invited[0]
}

// asked is an invitation that was sent.
func (w *world) asked() *survey.Invitation {
	w.t.Helper()
	inv := w.invite()
	w.pass(time.Hour)
	return w.get(inv.ID)
}

func (w *world) get(id workflow.ID) *survey.Invitation {
	w.t.Helper()
	inv, err := w.Get(ctx, id)
	require.NoError(w.t, err)
	return inv
}

func (w *world) must(inv *survey.Invitation, err error) *survey.Invitation {
	w.t.Helper()
	require.NoError(w.t, err)
	return inv
}

// topics lists what was delivered.
func (w *world) topics() []string {
	list := []string{}
	for _, m := range w.sent {
		list = append(list, m.topic)
	}
	return list
}

var good = survey.Answers{"overall": "5", "recommend": "9"}
