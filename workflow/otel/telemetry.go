package otel

import (
	"context"
	"errors"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
)

const scope = "github.com/itsm-go/itsm/workflow/otel"

// Config sets up a [Telemetry]. The zero Config records nothing.
type Config struct {
	Tracers trace.TracerProvider // default: no traces
	Meters  metric.MeterProvider // default: no metrics
	// Clock measures lags and durations. Default: time.Now.
	Clock func() time.Time
	// Attributes are added to everything, for example the tenant.
	Attributes []attribute.KeyValue
}

// Telemetry makes spans and figures of what it wraps. It is safe for concurrent use.
type Telemetry struct {
	tracer trace.Tracer
	clock  func() time.Time
	common []attribute.KeyValue

	command, store, delivery, lag     metric.Float64Histogram
	retries, claimed, retried, parked metric.Int64Counter
}

// New returns a telemetry, or the error of an instrument that could not be made.
func New(cfg Config) (*Telemetry, error) {
	if cfg.Tracers == nil {
		cfg.Tracers = tracenoop.NewTracerProvider()
	}
	if cfg.Meters == nil {
		cfg.Meters = metricnoop.NewMeterProvider()
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	t := &Telemetry{tracer: cfg.Tracers.Tracer(scope), clock: cfg.Clock, common: cfg.Attributes}
	meter := cfg.Meters.Meter(scope)
	var faults []error
	seconds := func(into *metric.Float64Histogram, name, about string) {
		var err error
		*into, err = meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(about))
		faults = append(faults, err)
	}
	count := func(into *metric.Int64Counter, name, about string) {
		var err error
		*into, err = meter.Int64Counter(name, metric.WithDescription(about))
		faults = append(faults, err)
	}
	seconds(&t.command, "itsm.command.duration", "How long commands take.")
	seconds(&t.store, "itsm.store.duration", "How long calls of the store take.")
	seconds(&t.delivery, "itsm.delivery.duration", "How long handlers take.")
	seconds(&t.lag, "itsm.delivery.lag", "How long after it was due work is delivered.")
	count(&t.retries, "itsm.command.retries", "Times a command was decided again because others were quicker.")
	count(&t.claimed, "itsm.work.claimed", "Timers and messages that were claimed.")
	count(&t.retried, "itsm.work.retried", "Timers and messages that were put off after a failure.")
	count(&t.parked, "itsm.work.parked", "Timers and messages that were given up.")
	return t, errors.Join(faults...)
}

// outcome is how something ended, in one word.
func outcome(err error) string {
	for _, o := range []struct {
		is   error
		word string
	}{
		{nil, "ok"},
		{workflow.ErrUnsure, "unsure"}, {workflow.ErrForbidden, "forbidden"}, {workflow.ErrTransition, "refused"},
		{workflow.ErrConflict, "conflict"}, {workflow.ErrLeaseLost, "lease_lost"}, {workflow.ErrNotFound, "not_found"},
		{workflow.ErrInvalid, "invalid"}, {context.Canceled, "cancelled"}, {context.DeadlineExceeded, "cancelled"},
	} {
		if errors.Is(err, o.is) {
			return o.word
		}
	}
	return "error"
}

// fault reports whether the outcome is one that somebody should look at.
func fault(outcome string) bool { return outcome == "error" || outcome == "unsure" }

// activity is a span with its beginning.
type activity struct {
	t      *Telemetry
	span   trace.Span
	began  time.Time
	labels []attribute.KeyValue
}

func (t *Telemetry) begin(ctx context.Context, name string, kind trace.SpanKind, labels ...attribute.KeyValue) (context.Context, *activity) {
	labels = append(labels, t.common...)
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(labels...))
	return ctx, &activity{t, span, t.clock(), labels}
}

// end closes the span and measures it. How it ended is a word or follows from err.
func (a *activity) end(ctx context.Context, into metric.Float64Histogram, word string, err error) {
	if word == "" {
		word = outcome(err)
	}
	labels := append(a.labels, attribute.String("outcome", word))
	into.Record(ctx, a.t.clock().Sub(a.began).Seconds(), metric.WithAttributes(labels...))
	a.span.SetAttributes(attribute.String("outcome", word))
	if fault(word) {
		a.span.RecordError(err)
		a.span.SetStatus(codes.Error, word)
	}
	a.span.End()
}

// Observe is for [workflow.DeskConfig]: a span for each command.
func (t *Telemetry) Observe(ctx context.Context, cmd workflow.Command) (context.Context, func(workflow.Ending)) {
	label := attribute.String("command", cmd.Name)
	ctx, a := t.begin(ctx, cmd.Name, trace.SpanKindInternal, label)
	return ctx, func(e workflow.Ending) {
		word := ""
		if e.Err == nil && e.Result.Duplicate {
			word = "duplicate"
		}
		if e.Attempts > 1 {
			t.retries.Add(ctx, int64(e.Attempts-1), metric.WithAttributes(append([]attribute.KeyValue{label}, t.common...)...))
		}
		a.span.SetAttributes(attribute.Int("attempts", e.Attempts), attribute.Int("records", len(e.Result.Events)),
			attribute.String("batch", e.Result.Batch.String()))
		a.end(ctx, t.command, word, e.Err)
	}
}
