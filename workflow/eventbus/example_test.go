package eventbus_test

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// The outbox is published by a relay. In place of the function stands a broker's
// publisher, such as that of package jetstream.
func ExampleHandler() {
	ctx := context.Background()
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{})
	incident := workflow.Ref{Kind: "incident", ID: workflow.SeededIDs(1).NewID(epoch)}
	_, err := desk.Do(ctx, workflow.Command{Name: "incident.resolve", Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
		return tx.Send(incident, "incident.resolved", map[string]string{"number": "INC0000042"})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	broker := eventbus.PublisherFunc(func(_ context.Context, batch []eventbus.Envelope) error {
		for _, e := range batch {
			fmt.Println(e.Type, e.Ref.Kind, string(e.Data))
		}
		return nil // all acknowledged
	})
	h, err := eventbus.NewHandler(eventbus.Origin{Tenant: "acme", Source: "//itsm.example.com/acme", Prefix: "com.example.itsm"}, broker, eventbus.HandlerConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	relay, err := workflow.NewRelay(store, h, workflow.RelayConfig{
		Attempts: math.MaxInt, // an outage may last; what is poison is parked at once all the same
		Backoff:  func(n int) time.Duration { return min(time.Minute, workflow.DoublingBackoff(n)) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	n, err := relay.Drain(ctx)
	fmt.Println(n, "published", err)
	// Output:
	// com.example.itsm.message.incident.resolved incident {"number":"INC0000042"}
	// 1 published <nil>
}

// A follower publishes every event of a store, with its hash chain, from where the
// last one stopped.
func ExampleFollower() {
	ctx := context.Background()
	store := memstore.New()
	desk := workflow.NewDesk(store, workflow.DeskConfig{})
	kind, err := workflow.NewKind(workflow.KindConfig[*ticket]{Name: "ticket", New: func() *ticket { return new(ticket) }})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = desk.Do(ctx, workflow.Command{Name: "ticket.open", Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
		return kind.Create(tx, &ticket{Record: workflow.Record{Title: "Mail is down"}}, workflow.Entry{})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	broker := eventbus.PublisherFunc(func(_ context.Context, batch []eventbus.Envelope) error {
		for _, e := range batch {
			event, err := e.History() // as a receiver does
			fmt.Println(e.Type, "version", event.Version, "by", event.Actor, err)
		}
		return nil
	})
	var progress eventbus.MemoryProgress // in a program: one that lasts
	for range 2 {
		f, err := eventbus.NewFollower(store, eventbus.Origin{Tenant: "acme", Source: "//itsm.example.com/acme"}, broker, &progress, eventbus.FollowerConfig{})
		if err != nil {
			fmt.Println(err)
			return
		}
		n, err := f.Drain(ctx)
		fmt.Println(n, "published", err)
	}
	// Output:
	// itsm.event.ticket.open version 1 by user ann <nil>
	// 1 published <nil>
	// 0 published <nil>
}

// A receiver's effect happens once, however often an envelope is delivered.
func ExampleOnce() {
	ctx := context.Background()
	var inbox eventbus.MemoryInbox // in a program: a table of the receiver's database
	e := eventbus.Envelope{Source: "//itsm.example.com/acme", ID: "01890a5d-ac96-774b-bcce-b302099a8057", Data: []byte(`"INC0000042"`)}
	for range 3 {
		err := inbox.Transact(func(in eventbus.Inbox) error {
			first, err := eventbus.Once(ctx, in, e, func(context.Context) error {
				fmt.Println("booked", string(e.Data))
				return nil
			})
			fmt.Println("first:", first)
			return err
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// booked "INC0000042"
	// first: true
	// first: false
	// first: false
}

// What comes in is read strictly.
func ExampleDecode() {
	_, err := eventbus.Decode([]byte(`{"specversion": "0.3", "id": "1", "source": "/acme", "type": "x", "subject": "incident", "color": "red"}`))
	fmt.Println(err)
	// Output:
	// eventbus: decode: invalid: attribute tenant is missing or empty
	// attribute topic is missing or empty
	// specversion "0.3", want 1.0
	// attribute partitionkey is missing or empty
	// attribute kind is missing or empty
	// workflow: "incident" is not a record reference, want kind/id: invalid
	// attribute time is missing or empty
	// unknown attribute "color"
}
