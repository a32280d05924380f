package main

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"

	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
)

// relay carries out what commands have left to do: timers go to the incidents, messages
// to the bus. Beside that it publishes the events. Any number of relays share the work.
func relay(ctx context.Context, p part, w *wire) error {
	db, err := openDatabase(ctx, p.Database)
	if err != nil {
		return err
	}
	defer db.Close()
	nc, err := dial(p.Nodes)
	if err != nil {
		return err
	}
	defer nc.Close()
	store := db.Tenant(tenant)
	incidents, err := newIncidents(store, p.Clock, func(a ack) { w.say(word{Ack: &a}) })
	if err != nil {
		return err
	}
	publisher, err := jetstream.NewPublisher(nc, jetstream.PublisherConfig{Stream: stream, Subjects: subjects()})
	if err != nil {
		return err
	}
	outbox, err := newOutbox(store, incidents, publisher, p.Clock)
	if err != nil {
		return err
	}
	feed, err := newFeed(ctx, store, publisher, nc)
	if err != nil {
		return err
	}
	var both sync.WaitGroup
	both.Go(func() { _ = outbox.Run(ctx) })
	both.Go(func() { _ = feed.Run(ctx) })
	both.Wait()
	return ctx.Err()
}

// origin is the desk as receivers know it.
func origin() eventbus.Origin {
	return eventbus.Origin{Tenant: tenant, Source: "//desk.example.com/acme", Prefix: "com.example.desk"}
}

// newOutbox returns the relay of messages and timers. An outage of the brokers may last:
// it never gives up, and tries again soon. A lease is longer than the brokers may take.
func newOutbox(q workflow.Queue, incidents *incident.Service, p eventbus.Publisher, c clock) (*workflow.Relay, error) {
	h, err := eventbus.NewHandler(origin(), p, eventbus.HandlerConfig{Timeout: 2 * time.Second, Pause: 2 * pace})
	if err != nil {
		return nil, err
	}
	published := func(m workflow.Message) bool { return m.Topic != incident.TopicCascade }
	return workflow.NewRelay(h.Ahead(q, published), workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: incidents},
		Topics: map[string]workflow.Handler{incident.TopicCascade: incidents},
		Other:  h,
	}, workflow.RelayConfig{
		Clock: c.now, Poll: pace, Lease: inFleet(4 * time.Second),
		Attempts: math.MaxInt, Backoff: func(int) time.Duration { return inFleet(2 * pace) },
	})
}

// newFeed returns the follower of the incidents' events. How far it is, the brokers keep.
func newFeed(ctx context.Context, s workflow.Store, p eventbus.Publisher, nc *nats.Conn) (*eventbus.Follower, error) {
	js, err := natsjs.New(nc)
	if err != nil {
		return nil, err
	}
	kv, err := insist(ctx, "the bucket of positions", func(ctx context.Context) (natsjs.KeyValue, error) {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return js.KeyValue(ctx, bucket)
	})
	if err != nil {
		return nil, err
	}
	return eventbus.NewFollower(s, origin(), p, jetstream.NewProgress(kv, tenant), eventbus.FollowerConfig{
		Filter: workflow.Filter{Kinds: []string{incident.KindName}}, Poll: pace, Timeout: 4 * time.Second,
	})
}
