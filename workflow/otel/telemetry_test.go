package otel_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/otel"
	"github.com/itsm-go/itsm/workflow/storetest"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

type ticket struct{ workflow.Record }

var (
	monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	ann    = workflow.User("ann", "agent")
)

// desk is a desk with telemetry, and what came of it.
type desk struct {
	*workflow.Desk
	now    time.Time
	t      *otel.Telemetry
	queue  workflow.Queue
	kind   *workflow.Kind[*ticket]
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
}

func newDesk(t *testing.T) *desk {
	d := &desk{now: monday, spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	var err error
	d.t, err = otel.New(otel.Config{
		Tracers:    sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(d.spans)),
		Meters:     sdkmetric.NewMeterProvider(sdkmetric.WithReader(d.reader)),
		Clock:      func() time.Time { return d.now },
		Attributes: []attribute.KeyValue{attribute.String("tenant", "acme")},
	})
	require.NoError(t, err)
	s := memstore.New()
	d.queue = d.t.Queue(s)
	d.Desk = workflow.NewDesk(d.t.Store(s), workflow.DeskConfig{
		Clock: func() time.Time { return d.now }, IDs: workflow.SeededIDs(1), Observe: d.t.Observe})
	d.kind, err = workflow.NewKind(workflow.KindConfig[*ticket]{Name: "ticket", New: func() *ticket { return new(ticket) }})
	require.NoError(t, err)
	return d
}

func (d *desk) open(ctx context.Context, key string) (workflow.Result, error) {
	return d.Do(ctx, workflow.Command{Name: "ticket.open", Actor: ann, Key: key}, func(tx *workflow.Tx) error {
		x := &ticket{Record: workflow.Record{Title: "Mail is down", State: "new"}}
		if err := d.kind.Create(tx, x, workflow.Entry{}); err != nil {
			return err
		}
		ref := d.kind.Ref(x.ID)
		tx.SetTimer(ref, "remind", d.now.Add(time.Hour))
		return tx.Send(ref, "notify", "ann")
	})
}

// figures are the numbers of a metric by the text of its attributes: how many were
// measured and their sum, or how much was counted.
func (d *desk) figures(t *testing.T, name string) map[string][2]float64 {
	var all metricdata.ResourceMetrics
	require.NoError(t, d.reader.Collect(context.Background(), &all))
	found := map[string][2]float64{}
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					found[text(p.Attributes)] = [2]float64{float64(p.Count), p.Sum}
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					found[text(p.Attributes)] = [2]float64{float64(p.Value)}
				}
			}
		}
	}
	return found
}

func text(set attribute.Set) string { return set.Encoded(attribute.DefaultEncoder()) }

func TestCommandIsASpanWithItsStoreCallsBelow(t *testing.T) {
	d := newDesk(t)
	res, err := d.open(t.Context(), "")
	require.NoError(t, err)
	byName := map[string]sdktrace.ReadOnlySpan{}
	for _, s := range d.spans.Ended() {
		byName[s.Name()] = s
	}
	command, commit := byName["ticket.open"], byName["store commit"]
	require.Equal(t, command.SpanContext().SpanID(), commit.Parent().SpanID())
	require.Contains(t, command.Attributes(), attribute.String("batch", res.Batch.String()))
	require.Contains(t, command.Attributes(), attribute.String("tenant", "acme"))
	require.Contains(t, commit.Attributes(), attribute.Int("messages", 1))
	for _, a := range command.Attributes() {
		require.NotContains(t, a.Value.String(), "ann", "no person is told of")
	}
	require.Equal(t, map[string][2]float64{"command=ticket.open,outcome=ok,tenant=acme": {1, 0}}, d.figures(t, "itsm.command.duration"))
}

func TestRefusalIsAnAnswerAndNoFault(t *testing.T) {
	for _, x := range []struct {
		err   error
		word  string
		fault bool
	}{
		{workflow.ErrTransition, "refused", false},
		{workflow.ErrForbidden, "forbidden", false},
		{fmt.Errorf("wrapped: %w", workflow.ErrInvalid), "invalid", false},
		{workflow.ErrNotFound, "not_found", false},
		{context.Canceled, "cancelled", false},
		{fmt.Errorf("%w: %w", workflow.ErrUnsure, context.Canceled), "unsure", true},
		{errors.New("the disk is full"), "error", true},
	} {
		d := newDesk(t)
		_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.close", Actor: ann}, func(*workflow.Tx) error { return x.err })
		require.ErrorIs(t, err, x.err)
		span := d.spans.Ended()[0]
		require.Contains(t, span.Attributes(), attribute.String("outcome", x.word))
		require.Equal(t, x.fault, span.Status().Code == codes.Error, x.word)
	}
}

func TestCommandThatIsGivenAgainIsADuplicate(t *testing.T) {
	d := newDesk(t)
	for range 2 {
		_, err := d.open(t.Context(), "mail 4711")
		require.NoError(t, err)
	}
	require.Contains(t, d.figures(t, "itsm.command.duration"), "command=ticket.open,outcome=duplicate,tenant=acme")
}

func TestLagIsFromWhenWorkWasDue(t *testing.T) {
	d := newDesk(t)
	_, err := d.open(t.Context(), "")
	require.NoError(t, err)
	fail := true
	relay, err := workflow.NewRelay(d.queue, d.t.Handler(workflow.HandlerFunc(func(ctx context.Context, due workflow.Due) error {
		d.now = d.now.Add(2 * time.Second) // the handler takes its time
		if fail {
			fail = false
			return errors.New("the mail server is away")
		}
		return nil
	})), workflow.RelayConfig{Clock: func() time.Time { return d.now }, Attempts: 2})
	require.NoError(t, err)

	d.now = monday.Add(5 * time.Second)
	_, err = relay.Drain(t.Context())
	require.NoError(t, err)
	d.now = monday.Add(time.Hour + time.Minute)
	_, err = relay.Drain(t.Context())
	require.NoError(t, err)

	lag := d.figures(t, "itsm.delivery.lag")
	require.Equal(t, [2]float64{1, 5}, lag["kind=ticket,tenant=acme,topic=notify"], "the second attempt is late for another reason")
	timer := lag["kind=ticket,tenant=acme,timer=remind"]
	require.EqualValues(t, 1, timer[0])
	require.GreaterOrEqual(t, timer[1], 60.0)
	took := d.figures(t, "itsm.delivery.duration")
	require.Equal(t, [2]float64{1, 2}, took["kind=ticket,outcome=error,tenant=acme,topic=notify"])
	require.Equal(t, [2]float64{1, 2}, took["kind=ticket,outcome=ok,tenant=acme,topic=notify"])
	require.Equal(t, map[string][2]float64{"tenant=acme": {1}}, d.figures(t, "itsm.work.retried"))
	require.Equal(t, map[string][2]float64{"tenant=acme": {3}}, d.figures(t, "itsm.work.claimed"))
	require.Empty(t, d.figures(t, "itsm.work.parked"))
}

func TestPanicOfAHandlerEndsItsSpan(t *testing.T) {
	d := newDesk(t)
	h := d.t.Handler(workflow.HandlerFunc(func(context.Context, workflow.Due) error { panic("poison") }))
	require.Panics(t, func() {
		_ = h.Handle(t.Context(), workflow.Due{Message: &workflow.Message{Topic: "notify", At: monday}})
	})
	require.Len(t, d.spans.Ended(), 1)
}

func TestLoopIsMeasuredWithoutItsBody(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		_, err := d.open(t.Context(), "")
		require.NoError(t, err)
	}
	for _, err := range d.Store().Find(t.Context(), workflow.Query{Kind: "ticket"}) {
		require.NoError(t, err)
		d.now = d.now.Add(time.Minute)
	}
	require.Equal(t, [2]float64{1, 0}, d.figures(t, "itsm.store.duration")["operation=find,outcome=ok,tenant=acme"])
}

// What is wrapped is still a store.
func TestConformance(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Backend {
		tel, err := otel.New(otel.Config{})
		require.NoError(t, err)
		stores := map[string]*memstore.Store{}
		of := func(tenant string) *memstore.Store {
			if stores[tenant] == nil {
				stores[tenant] = memstore.New()
			}
			return stores[tenant]
		}
		return storetest.Backend{
			Store: func(tenant string) workflow.Store { return tel.Store(of(tenant)) },
			Queue: func(tenant string) workflow.Queue { return tel.Queue(of(tenant)) },
		}
	})
}
