package otel

import (
	"context"
	"iter"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Store returns a store that passes everything on and tells how long it took.
func (t *Telemetry) Store(next workflow.Store) workflow.Store { return &store{t, next} }

type store struct {
	t    *Telemetry
	next workflow.Store
}

func (s *store) call(ctx context.Context, operation string, more ...attribute.KeyValue) (context.Context, *activity) {
	ctx, a := s.t.begin(ctx, "store "+operation, trace.SpanKindClient, attribute.String("operation", operation))
	a.span.SetAttributes(more...)
	return ctx, a
}

func (s *store) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	ctx, a := s.call(ctx, "get", attribute.String("kind", ref.Kind))
	doc, err := s.next.Get(ctx, ref)
	a.end(ctx, s.t.store, "", err)
	return doc, err
}

func (s *store) Commit(ctx context.Context, b workflow.Batch) error {
	ctx, a := s.call(ctx, "commit", attribute.String("batch", b.ID.String()), attribute.Int("writes", len(b.Writes)),
		attribute.Int("timers", len(b.Timers)), attribute.Int("messages", len(b.Messages)))
	err := s.next.Commit(ctx, b)
	a.end(ctx, s.t.store, "", err)
	return err
}

func (s *store) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	return watch(s, ctx, "find", q.Kind, func(ctx context.Context) iter.Seq2[workflow.Document, error] { return s.next.Find(ctx, q) })
}

func (s *store) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	return watch(s, ctx, "events", f.Record.Kind, func(ctx context.Context) iter.Seq2[workflow.Event, error] { return s.next.Events(ctx, after, f) })
}

// watch measures the time that a loop spends in the store: not that of its body.
func watch[T any](s *store, ctx context.Context, operation, kind string, read func(context.Context) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, a := s.call(ctx, operation, attribute.String("kind", kind))
		var failed error
		n := 0
		defer func() {
			a.span.SetAttributes(attribute.Int("results", n))
			a.end(ctx, s.t.store, "", failed)
		}()
		for v, err := range read(ctx) {
			if err != nil {
				failed = err
			} else {
				n++
			}
			left := s.t.clock()
			more := yield(v, err)
			a.began = a.began.Add(s.t.clock().Sub(left))
			if !more {
				return
			}
		}
	}
}

// Queue returns a queue that passes everything on, and counts.
func (t *Telemetry) Queue(next workflow.Queue) workflow.Queue { return &queue{next, &store{t: t}} }

type queue struct {
	workflow.Queue
	s *store
}

func (q *queue) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	ctx, a := q.s.call(ctx, "claim")
	due, err := q.Queue.Claim(ctx, now, n, lease)
	a.span.SetAttributes(attribute.Int("results", len(due)))
	a.end(ctx, q.s.t.store, "", err)
	if len(due) > 0 {
		q.s.t.claimed.Add(ctx, int64(len(due)), metric.WithAttributes(q.s.t.common...))
	}
	return due, err
}

func (q *queue) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	ctx, a := q.s.call(ctx, "settle")
	err := q.Queue.Settle(ctx, settlements...)
	a.end(ctx, q.s.t.store, "", err)
	counts := map[workflow.Outcome]int64{}
	for _, x := range settlements {
		counts[x.Outcome]++
	}
	with := metric.WithAttributes(q.s.t.common...)
	if n := counts[workflow.Retry]; n > 0 {
		q.s.t.retried.Add(ctx, n, with)
	}
	if n := counts[workflow.Park]; n > 0 {
		q.s.t.parked.Add(ctx, n, with)
	}
	return err
}

// Handler returns a handler that passes work on and tells how late it came and how
// long it took.
func (t *Telemetry) Handler(next workflow.Handler) workflow.Handler {
	return workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) (err error) {
		labels := []attribute.KeyValue{attribute.String("kind", d.Ref().Kind)}
		var due time.Time
		if d.Timer != nil {
			labels, due = append(labels, attribute.String("timer", d.Timer.Name)), d.Timer.Due
		} else {
			labels, due = append(labels, attribute.String("topic", d.Message.Topic)), d.Message.At
		}
		ctx, a := t.begin(ctx, "deliver", trace.SpanKindConsumer, labels...)
		a.span.SetAttributes(attribute.String("work", d.Key()), attribute.Int("attempt", d.Attempt))
		if d.Attempt <= 1 { // what comes again is late for another reason
			t.lag.Record(ctx, a.began.Sub(due).Seconds(), metric.WithAttributes(a.labels...))
		}
		word := "error"
		defer func() { a.end(ctx, t.delivery, word, err) }() // also of a handler that panics
		err = next.Handle(ctx, d)
		word = ""
		return err
	})
}
