package announce_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var (
	ctx  = context.Background()
	mia  = workflow.User("mia", announce.RoleCommunicator)
	edi  = workflow.User("edi", announce.RoleEditor)
	abe  = workflow.User("abe", announce.RoleApprover)
	carl = workflow.User("carl")
	dora = workflow.User("dora")
	// monday is a Monday, 09:00 UTC.
	monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	mail   = id("mail")
	shop   = id("shop")
)

// id is the id of an item of the configuration.
func id(name string) workflow.ID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)) }

// town is a directory and who consumes what.
type town struct {
	mu     sync.Mutex
	groups map[announce.Party][]string
	uses   map[workflow.ID][]announce.Party
	down   error
}

func newTown() *town {
	return &town{groups: map[announce.Party][]string{
		{Kind: announce.Everybody}:             {"carl", "dora", "emil", "fay", "gus"},
		{Kind: announce.Group, Name: "sales"}:  {"carl", "dora"},
		{Kind: announce.Group, Name: "ops"}:    {"emil", "fay"},
		{Kind: announce.Site, Name: "Hamburg"}: {"dora", "gus"},
	}, uses: map[workflow.ID][]announce.Party{
		mail: {{Kind: announce.Group, Name: "sales"}, {Kind: announce.Person, Name: "carl"}},
		shop: {{Kind: announce.Site, Name: "Hamburg"}},
	}}
}

func (w *town) Members(_ context.Context, p announce.Party) ([]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.groups[p]), w.down
}

func (w *town) Parties(_ context.Context, person string) ([]announce.Party, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []announce.Party
	for p, members := range w.groups {
		if slices.Contains(members, person) {
			list = append(list, p)
		}
	}
	return list, w.down
}

func (w *town) Consumers(_ context.Context, item workflow.ID) ([]announce.Party, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.uses[item]), w.down
}

// letter is one word that reached one person.
type letter struct {
	person string
	announce.Told
	why, channels []string
	digest        bool
}

// world is a practice of keeping people informed with a clock of its own. When the test
// ends, everything in the store is verified.
type world struct {
	*announce.Service
	*town
	t       testing.TB
	store   *memstore.Store
	now     time.Time
	relay   *workflow.Relay
	mu      sync.Mutex
	letters []letter
	batches []int // how many people each notice was for
}

func newWorld(t testing.TB, change ...func(*announce.Config)) *world {
	w := &world{t: t, town: newTown(), store: memstore.New(), now: monday}
	cfg := announce.Config{Directory: w.town, Consumers: w.town, Direct: []announce.Kind{announce.Information}}
	for _, c := range change {
		c(&cfg)
	}
	w.Service = w.serve(w.store, cfg)
	var err error
	w.relay, err = workflow.NewRelay(w.store, w.mux(w.Service), workflow.RelayConfig{Clock: w.clock})
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

func (w *world) clock() time.Time { return w.now }

func (w *world) serve(store workflow.Store, cfg announce.Config) *announce.Service {
	desk := workflow.NewDesk(store, workflow.DeskConfig{Clock: w.clock, IDs: workflow.SeededIDs(1)})
	s, err := announce.NewService(desk, cfg)
	require.NoError(w.t, err)
	return s
}

func (w *world) mux(s *announce.Service) workflow.Mux {
	return workflow.Mux{
		Timers: map[string]workflow.Handler{announce.KindAnnouncement: s, announce.KindProfile: s},
		Topics: map[string]workflow.Handler{announce.TopicSpread: s},
		Other:  workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error { return w.deliver(*d.Message) }),
	}
}

// deliver is what a host does with a message: a letter to each.
func (w *world) deliver(m workflow.Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch m.Topic {
	case announce.TopicNotice:
		var n announce.Notice
		if err := json.Unmarshal(m.Payload, &n); err != nil {
			return err
		}
		w.batches = append(w.batches, len(n.To))
		for _, r := range n.To {
			w.letters = append(w.letters, letter{r.Person, n.Told, r.Why, r.Channels, false})
		}
	case announce.TopicDigest:
		var d announce.Digest
		if err := json.Unmarshal(m.Payload, &d); err != nil {
			return err
		}
		for _, it := range d.Items {
			w.letters = append(w.letters, letter{d.To.Person, it, d.To.Why, d.To.Channels, true})
		}
	default:
		return workflow.Permanent(errors.New("unknown topic " + m.Topic))
	}
	return nil
}

// pass lets time go on, half hour by half hour, and delivers what comes due.
func (w *world) pass(d time.Duration) {
	w.t.Helper()
	for end := w.now.Add(d); ; w.now = w.now.Add(30 * time.Minute) {
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

// told lists what was delivered since the last time, sorted: "carl reported".
func (w *world) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := []string{}
	for _, l := range w.letters {
		text := fmt.Sprintf("%s %s", l.person, l.Stage)
		if l.digest {
			text += " by digest"
		}
		list = append(list, text)
	}
	w.letters = nil
	slices.Sort(list)
	return list
}

func words(title string) announce.Words { return announce.Words{"en": {Title: title}} }

func outage(items ...workflow.ID) announce.Report {
	r := announce.Report{Kind: announce.Outage, Severity: announce.High, Words: words("Something is down"),
		About: announce.About{Ref: workflow.Ref{Kind: "incident", ID: id("incident")}, Number: "INC0000007"}}
	for _, it := range items {
		name := map[workflow.ID]string{mail: "mail", shop: "shop"}[it]
		r.Harms = append(r.Harms, announce.Harm{Item: it, Name: name, State: graph.Down, Path: "disk 7 → " + name})
	}
	return r
}

func (w *world) report(r announce.Report) *announce.Bulletin {
	w.t.Helper()
	return w.must(w.Report(ctx, mia, r))
}

func (w *world) must(b *announce.Bulletin, err error) *announce.Bulletin {
	w.t.Helper()
	require.NoError(w.t, err)
	return b
}

func (w *world) ok(a *announce.Announcement, err error) *announce.Announcement {
	w.t.Helper()
	require.NoError(w.t, err)
	return a
}

func (w *world) prefer(person string, f announce.Preferences) {
	w.t.Helper()
	_, err := w.Prefer(ctx, workflow.User(person), person, f)
	require.NoError(w.t, err)
}

func hours(t testing.TB, spans ...string) *calendar.Calendar {
	c, err := calendar.New("UTC", calendar.Named("hours"), calendar.Weekly(time.Monday, time.Sunday, spans...))
	require.NoError(t, err)
	return c
}

func person(name string) announce.Party { return announce.Party{Kind: announce.Person, Name: name} }
func group(name string) announce.Party  { return announce.Party{Kind: announce.Group, Name: name} }
