package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5"
)

// findings are what the books say in the end; there are only those of a fleet in which
// everything is right.
type findings struct {
	Commits   int // that somebody was told of
	Incidents int
	Events    int
	Messages  int
	Alerts    int // of service levels
	Closed    int // by their timers
	Arrivals  int // at the boards
}

func (f findings) String() string {
	return fmt.Sprintf(`
%6d commits were acknowledged, and all of them are there, whole
%6d incidents, whose %d events hold in their hash chains and give the records and clocks stored
%6d alerts of service levels, each once; %d incidents closed by their timers, each once
%6d envelopes had their effect at the boards, each once and in order: %d events, %d messages
       The boards show what the history gives. Nothing waits, nothing is parked.
`, f.Commits, f.Incidents, f.Events, f.Alerts, f.Closed, f.Arrivals, f.Events, f.Messages)
}

// drained waits until nothing is left to do, and all has arrived at the boards.
func (f *fleet) drained(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, f.servers.main.Connection("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return until(ctx, "the work to be done", func(ctx context.Context) (bool, error) {
		var left, missing int
		err := conn.QueryRow(ctx, `SELECT (SELECT count(*) FROM itsm.timers) + (SELECT count(*) FROM itsm.messages),
(SELECT count(*) FROM ledger.messages) + (SELECT count(*) FROM itsm.events e JOIN itsm.kinds k ON k.kind = e.kind AND k.name = 'incident') - (SELECT count(*) FROM board.inbox)`).
			Scan(&left, &missing)
		if err == nil && (left > 0 || missing > 0) {
			err = fmt.Errorf("%d timers and messages wait, %d envelopes have not arrived", left, missing)
		}
		return err == nil, err
	})
}

// books are what the store and the boards have, read once.
type books struct {
	db        *postgres.DB
	store     *postgres.Store
	incidents *incident.Service
	batches   map[workflow.ID][]mark
	history   map[workflow.ID][]workflow.Event // of incidents
	sent      map[workflow.ID][]string         // ids of messages, in order
	topics    map[workflow.ID]map[string]int   // and how many of each topic
}

// verify reads everything and compares it. An error says what is wrong.
func (f *fleet) verify(ctx context.Context) (findings, error) {
	db, err := openDatabase(ctx, f.servers.where)
	if err != nil {
		return findings{}, err
	}
	defer db.Close()
	b, err := readBooks(ctx, db, f.clock)
	if err != nil {
		return findings{}, err
	}
	found := findings{Incidents: len(b.history)}
	if len(b.history) != f.incidents {
		return found, fmt.Errorf("%d incidents were reported and %d are there", f.incidents, len(b.history))
	}
	f.mu.Lock()
	acks := slices.Clone(f.acks)
	f.mu.Unlock()
	if found.Commits, err = b.acknowledged(acks); err != nil {
		return found, err
	}
	checks := []func(context.Context, *findings) error{b.whole, b.chains, b.settled, b.timers, b.arrivals, b.views}
	for _, check := range checks {
		if err := check(ctx, &found); err != nil {
			return found, err
		}
	}
	return found, nil
}

func readBooks(ctx context.Context, db *postgres.DB, c clock) (*books, error) {
	b := &books{db: db, store: db.Tenant(tenant), batches: map[workflow.ID][]mark{}, history: map[workflow.ID][]workflow.Event{},
		sent: map[workflow.ID][]string{}, topics: map[workflow.ID]map[string]int{}}
	var err error
	if b.incidents, err = newIncidents(b.store, c, nil); err != nil {
		return nil, err
	}
	for e, err := range b.store.Events(ctx, "", workflow.Filter{}) {
		if err != nil {
			return nil, err
		}
		b.batches[e.Batch] = append(b.batches[e.Batch], markOf(e))
		if e.Kind == incident.KindName {
			b.history[e.ID] = append(b.history[e.ID], e)
		}
	}
	rows, err := db.Pool().Query(ctx, "SELECT incident, id::text, topic FROM ledger.messages ORDER BY seq")
	if err != nil {
		return nil, err
	}
	var id [16]byte
	var message, topic string
	_, err = pgx.ForEachRow(rows, []any{&id, &message, &topic}, func() error {
		b.sent[id] = append(b.sent[id], message)
		if b.topics[id] == nil {
			b.topics[id] = map[string]int{}
		}
		b.topics[id][topic]++
		return nil
	})
	return b, err
}

// acknowledged: what a process was told of is there, to the last event.
func (b *books) acknowledged(acks []ack) (int, error) {
	distinct := map[workflow.ID]bool{}
	for _, a := range acks {
		distinct[a.Batch] = true
		if want, got := sorted(a.Events), sorted(b.batches[a.Batch]); !slices.Equal(want, got) {
			return 0, fmt.Errorf("batch %v was acknowledged with %v, and there are %v", a.Batch, want, got)
		}
	}
	return len(distinct), nil
}

func sorted(marks []mark) []mark {
	return slices.SortedFunc(slices.Values(marks), func(a, b mark) int { return strings.Compare(a.Ref, b.Ref) })
}

// whole: no commit is there by half.
func (b *books) whole(ctx context.Context, _ *findings) error {
	var half int
	err := b.db.Pool().QueryRow(ctx, `SELECT count(*) FROM itsm.batches b WHERE cardinality(kinds) <>
(SELECT count(*) FROM unnest(b.kinds, b.ids, b.versions) u(k, i, v) JOIN itsm.events e ON e.kind = k AND e.id = i AND e.version = v)`).Scan(&half)
	if err == nil && half > 0 {
		err = fmt.Errorf("%d commits are there by half", half)
	}
	return errors.Join(err, b.db.Check(ctx))
}

// chains: the events prove the records, and give the clocks.
func (b *books) chains(ctx context.Context, found *findings) error {
	v, err := workflow.VerifyStore(ctx, b.store, b.incidents.Verify, incident.KindName)
	found.Events = v.Events
	return err
}

// settled: nothing waits and nothing was given up.
func (b *books) settled(ctx context.Context, _ *findings) error {
	for d, err := range b.store.Parked(ctx) {
		if err != nil {
			return err
		}
		return fmt.Errorf("%s is parked: %s", d.Key(), d.Error)
	}
	return nil
}

// timers: each had its effect once. Alerts are counted in the clocks and in the outbox,
// closings in the history.
func (b *books) timers(ctx context.Context, found *findings) error {
	for inc, err := range b.incidents.Find(ctx, workflow.Query{}) {
		if err != nil {
			return err
		}
		want := map[string]int{incident.TopicOpened: 1, incident.TopicClosed: 1}
		for _, c := range inc.Clocks {
			want[incident.TopicWarning] += len(c.Passed)
			if c.Breached {
				want[incident.TopicBreach]++
			}
		}
		closed := 0
		for _, e := range b.history[inc.ID] {
			for _, c := range e.Changes {
				if c.Path == "/state" && string(c.New) == `"resolved"` {
					want[incident.TopicResolved]++
				}
				if c.Path == "/state" && string(c.New) == `"closed"` && e.Actor.ID == "autoclose" {
					closed++
				}
			}
		}
		if inc.State != incident.StateClosed || closed != 1 {
			return fmt.Errorf("%s is %s, and was closed by its timer %d times", inc.Number, inc.State, closed)
		}
		for topic, n := range want {
			if got := b.topics[inc.ID][topic]; got != n {
				return fmt.Errorf("%s: %d messages %s were sent, want %d", inc.Number, got, topic, n)
			}
		}
		found.Alerts += want[incident.TopicWarning] + want[incident.TopicBreach]
		found.Closed++
	}
	return nil
}

// arrivals: what was sent, and what happened, arrived once and in order.
func (b *books) arrivals(ctx context.Context, found *findings) error {
	rows, err := b.db.Pool().Query(ctx, "SELECT incident, class, id FROM board.arrivals ORDER BY n")
	if err != nil {
		return err
	}
	events, messages := map[workflow.ID][]string{}, map[workflow.ID][]string{}
	var id [16]byte
	var class, envelope string
	_, err = pgx.ForEachRow(rows, []any{&id, &class, &envelope}, func() error {
		into := messages
		if class == string(eventbus.ClassEvent) {
			into = events
		}
		into[id] = append(into[id], envelope)
		found.Arrivals++
		return nil
	})
	if err != nil {
		return err
	}
	if !maps.EqualFunc(messages, b.sent, slices.Equal[[]string]) {
		return fmt.Errorf("the messages that arrived are not those that were sent, in their order: %s", firstDifference(b.sent, messages))
	}
	happened := map[workflow.ID][]string{}
	for id, history := range b.history {
		for _, e := range history {
			happened[id] = append(happened[id], fmt.Sprintf("%v/%d", e.Ref, e.Version))
		}
		found.Messages += len(messages[id])
	}
	if !maps.EqualFunc(events, happened, slices.Equal[[]string]) {
		return fmt.Errorf("the events that arrived are not those that happened, in their order: %s", firstDifference(happened, events))
	}
	return nil
}

func firstDifference(want, got map[workflow.ID][]string) string {
	for id, list := range want {
		if !slices.Equal(list, got[id]) {
			return fmt.Sprintf("incident %v: %v, want %v", id, got[id], list)
		}
	}
	return "there are more"
}

// views: the boards show what the history gives.
func (b *books) views(ctx context.Context, _ *findings) error {
	rows, err := b.db.Pool().Query(ctx, "SELECT id, view FROM board.incidents")
	if err != nil {
		return err
	}
	shown := map[workflow.ID]view{}
	var id [16]byte
	var v view
	if _, err = pgx.ForEachRow(rows, []any{&id, &v}, func() error {
		shown[id], v = v, view{}
		return nil
	}); err != nil {
		return err
	}
	for id, history := range b.history {
		want := newView()
		for _, e := range history {
			if err := want.fold(e); err != nil {
				return err
			}
		}
		if !reflect.DeepEqual(want, shown[id]) {
			return fmt.Errorf("incident %v is on the board as %v, and the history gives %v", id, shown[id], want)
		}
	}
	if len(shown) != len(b.history) {
		return fmt.Errorf("%d incidents are on the board, of %d", len(shown), len(b.history))
	}
	return nil
}
