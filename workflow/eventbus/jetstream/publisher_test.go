package jetstream_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"
	"github.com/itsm-go/itsm/workflow/memstore"

	"github.com/nats-io/nats-server/v2/server"
	natsjs "github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
)

var one = jetstream.StreamConfig{Name: "ITSM", Subjects: layout}

func TestSubjectsHoldTenantClassKindPartitionAndTopic(t *testing.T) {
	ref := workflow.Ref{Kind: "incident.major", ID: workflow.ID{1}}
	s := jetstream.Subjects{Root: "org.itsm", Partitions: 1}
	for topic, want := range map[string]string{
		"incident.resolved": "incident.resolved", "notify \"é\"": "notify%20%22%C3%A9%22", "a..b": "a%2E%2Eb", "*": "%2A", ">": "%3E", ".": "%2E", "50%": "50%25",
	} {
		require.Equal(t, "org.itsm.acme%20ltd.message.incident%2Emajor.0."+want,
			s.Subject(eventbus.Envelope{Tenant: "acme ltd", Ref: ref, Topic: topic}), topic)
	}
	require.Contains(t, s.Subject(eventbus.Envelope{Tenant: "a", Ref: ref, Topic: "x", Version: 1}), ".event.")
	used := map[int]int{}
	ids := workflow.SeededIDs(1)
	for range 8000 {
		used[jetstream.Subjects{}.Partition("acme", workflow.Ref{Kind: "incident", ID: ids.NewID(epoch)})]++
	}
	require.Len(t, used, 8)
	for _, n := range used {
		require.InDelta(t, 1000, n, 200, "records spread over the partitions")
	}
}

func TestWhatIsPublishedTwiceIsKeptOnceForEachTenant(t *testing.T) {
	nc := start(t, 1).connect()
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	stream, err := jetstream.EnsureStream(within(t), js, one)
	require.NoError(t, err)
	_, err = jetstream.EnsureStream(within(t), js, one)
	require.NoError(t, err, "again, which changes nothing")
	m := workflow.Message{ID: workflow.ID{1}, Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{2}}, Topic: "x", At: epoch, Payload: []byte("1")}
	mine, err := acme.Message(m)
	require.NoError(t, err)
	other := acme
	other.Tenant, other.Source = "globex", "//itsm.example.com/globex"
	theirs, err := other.Message(m)
	require.NoError(t, err)
	p := publisher(t, nc)
	for range 3 {
		require.NoError(t, p.Publish(within(t), []eventbus.Envelope{mine, theirs, mine}))
	}
	info, err := stream.Info(within(t))
	require.NoError(t, err)
	require.EqualValues(t, 2, info.State.Msgs)
	raw, err := stream.GetMsg(within(t), 1)
	require.NoError(t, err)
	require.Equal(t, mine.Key(), raw.Header.Get("Nats-Msg-Id"))
	require.Equal(t, "application/cloudevents+json", raw.Header.Get("content-type"))
	require.Equal(t, []string{"1"}, kept(t, nc, jetstream.From{}, jetstream.Filter{Tenant: "globex", Class: eventbus.ClassMessage, Kind: "incident", Topics: []string{"x", "x", "y"}}))
}

// The relay's clock is the test's: the outage takes a minute of it.
func TestAServerThatIsDownForAMinuteCostsNothing(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	store := memstore.New()
	now := epoch
	clock := func() time.Time { return now }
	h := handler(t, publisher(t, nc), eventbus.HandlerConfig{Clock: clock})
	r := relay(t, h.Ahead(store, nil), h, workflow.RelayConfig{Clock: clock})
	out := newOutbox(t, store)
	ref := out.ref()
	s.stop(0)
	out.send(ref, "x", "1", "2", "3")
	for range 60 {
		_, err := r.Drain(within(t))
		require.NoError(t, err)
		now = now.Add(time.Second)
	}
	s.start(0)
	s.stream(nc, one) // the client has found the server
	now = now.Add(time.Minute)
	_, err := r.Drain(within(t))
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2", "3"}, kept(t, nc, jetstream.From{}, jetstream.Filter{}))
	for d := range store.Parked(within(t)) {
		require.Fail(t, "parked", d.Error)
	}
}

func TestWhatTheServerNeverTakesIsParkedAndRevived(t *testing.T) {
	s := start(t, 1, func(o *server.Options) { o.MaxPayload = 4096 })
	nc := s.connect()
	stream := s.stream(nc, one)
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	cfg := stream.CachedInfo().Config
	cfg.MaxMsgSize = 2048
	_, err = js.UpdateStream(within(t), cfg)
	require.NoError(t, err)

	store := memstore.New()
	h := handler(t, publisher(t, nc), eventbus.HandlerConfig{})
	r := relay(t, store, h, workflow.RelayConfig{})
	out := newOutbox(t, store)
	ref := out.ref()
	text := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	out.send(ref, "x", "1", text(5000), text(2500), "4")
	ctx := within(t)
	_, err = r.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"1", "4"}, kept(t, nc, jetstream.From{}, jetstream.Filter{}))
	var parked []workflow.Due
	for d := range store.Parked(ctx) {
		parked = append(parked, d)
	}
	require.Len(t, parked, 2)
	require.Contains(t, parked[0].Error, "the server takes at most 4096")
	require.Contains(t, parked[1].Error, "message size exceeds maximum")

	cfg.MaxMsgSize = -1
	_, err = js.UpdateStream(ctx, cfg)
	require.NoError(t, err)
	require.NoError(t, store.Revive(ctx, time.Now(), parked[1].Receipt))
	_, err = r.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"1", "4", text(2500)}, kept(t, nc, jetstream.From{}, jetstream.Filter{}))
}

func TestAFullStreamMakesTheOutboxWait(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	small := one
	small.MaxBytes = 4000
	s.stream(nc, small)
	store := memstore.New()
	now := epoch
	clock := func() time.Time { return now }
	h := handler(t, publisher(t, nc), eventbus.HandlerConfig{Clock: clock})
	r := relay(t, store, h, workflow.RelayConfig{Clock: clock})
	out := newOutbox(t, store)
	ref := out.ref()
	var all []string
	for i := range 20 {
		all = append(all, string(rune('a'+i)))
		out.send(ref, "x", `"`+all[i]+`"`)
		all[i] = `"` + all[i] + `"`
	}
	ctx := within(t)
	_, err := r.Drain(ctx)
	require.NoError(t, err)
	first := kept(t, nc, jetstream.From{}, jetstream.Filter{})
	require.Greater(t, len(first), 1)
	require.Less(t, len(first), 20)
	s.stream(nc, one) // more room
	now = now.Add(time.Minute)
	_, err = r.Drain(ctx)
	require.NoError(t, err)
	require.Equal(t, all, kept(t, nc, jetstream.From{}, jetstream.Filter{}))
}

func TestAStreamThatIsNotThereIsABrokerThatIsDown(t *testing.T) {
	nc := start(t, 1).connect()
	e, err := acme.Message(workflow.Message{ID: workflow.ID{1}, Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{2}}, Topic: "x", At: epoch})
	require.NoError(t, err)
	err = publisher(t, nc).Publish(within(t), []eventbus.Envelope{e})
	require.ErrorIs(t, err, eventbus.ErrUnavailable)
	p := publisher(t, nc)
	nc.Close()
	err = p.Publish(within(t), []eventbus.Envelope{e})
	require.ErrorIs(t, err, eventbus.ErrUnavailable)
}

func TestReplayFromAPlaceGivesTheSame(t *testing.T) {
	s := start(t, 1)
	nc := s.connect()
	s.stream(nc, one)
	js, err := natsjs.New(nc)
	require.NoError(t, err)
	require.Empty(t, kept(t, nc, jetstream.From{}, jetstream.Filter{}), "an empty stream ends at once")
	p := publisher(t, nc)
	var batch []eventbus.Envelope
	ids := workflow.SeededIDs(5)
	for i := range 300 {
		e, err := acme.Message(workflow.Message{ID: ids.NewID(epoch), Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{byte(i%7 + 1)}},
			Topic: []string{"a", "b.c"}[i%2], At: epoch, Payload: []byte(strings.Repeat("1", i+1))})
		require.NoError(t, err)
		batch = append(batch, e)
	}
	require.Error(t, p.Publish(within(t), []eventbus.Envelope{{}}), "what is no envelope is not sent")
	require.NoError(t, p.Publish(within(t), batch[:200]))
	all := func(from jetstream.From, f jetstream.Filter) (out []jetstream.Delivery) {
		for d, err := range jetstream.Replay(within(t), js, jetstream.ReplayConfig{Stream: "ITSM", Subjects: layout, Filter: f, From: from}) {
			require.NoError(t, err)
			out = append(out, d)
		}
		return out
	}
	before := all(jetstream.From{}, jetstream.Filter{})
	require.Len(t, before, 200)
	require.Equal(t, before, all(jetstream.From{}, jetstream.Filter{}))
	require.Equal(t, before[100:], all(jetstream.From{Sequence: 101}, jetstream.Filter{}))
	require.NoError(t, p.Publish(within(t), batch[200:]))
	after := all(jetstream.From{Time: before[150].Stored}, jetstream.Filter{})
	require.Equal(t, before[150:], after[:50])
	require.Len(t, after, 150)
	require.Len(t, all(jetstream.From{}, jetstream.Filter{Topics: []string{"b.c"}}), 150)
	require.Empty(t, all(jetstream.From{}, jetstream.Filter{Kind: "problem"}))
	for d, err := range jetstream.Replay(within(t), js, jetstream.ReplayConfig{Stream: "ITSM", Subjects: layout}) {
		require.NoError(t, err)
		require.EqualValues(t, 1, d.Sequence)
		break // leaving early is fine
	}
	for _, err := range jetstream.Replay(within(t), js, jetstream.ReplayConfig{Stream: "NONE"}) {
		require.ErrorIs(t, err, natsjs.ErrStreamNotFound)
	}
}

func TestSettingsAreCheckedAllAtOnce(t *testing.T) {
	bad := jetstream.Subjects{Root: "a..*", Partitions: 1000}
	_, err := jetstream.NewPublisher(nil, jetstream.PublisherConfig{Subjects: bad, MaxPending: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, says := range []string{"root", "1000 partitions", "no connection", "no stream", "max pending"} {
		require.ErrorContains(t, err, says)
	}
	_, err = jetstream.NewConsumer(context.Background(), nil, jetstream.ConsumerConfig{Subjects: bad, Name: "a b", AckWait: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, says := range []string{"root", "no connection", "no stream", "name", "no Handle", "not negative"} {
		require.ErrorContains(t, err, says)
	}
	_, err = jetstream.EnsureStream(context.Background(), nil, jetstream.StreamConfig{Subjects: bad, MaxAge: time.Second, Duplicates: time.Minute, Replicas: -1})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, says := range []string{"root", "no name", "not negative", "longer than the envelopes are kept"} {
		require.ErrorContains(t, err, says)
	}
}
