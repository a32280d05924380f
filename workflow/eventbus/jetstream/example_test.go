package jetstream_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/jetstream"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	natsjs "github.com/nats-io/nats.go/jetstream"
)

// From the outbox to a receiver, through a server within the process.
func Example() {
	if err := throughAStream(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// itsm.acme.message.incident.0.incident.resolved
	// booked {"number":"INC0000042"}
	// replayed {"number":"INC0000042"}
}

func throughAStream() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "jetstream")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	srv, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	if err != nil {
		return err
	}
	srv.Start()
	defer srv.Shutdown()
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.ReconnectBufSize(-1))
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := natsjs.New(nc)
	if err != nil {
		return err
	}
	subjects := jetstream.Subjects{Partitions: 2}
	if _, err = jetstream.EnsureStream(ctx, js, jetstream.StreamConfig{Name: "ITSM", Subjects: subjects}); err != nil {
		return err
	}

	p, err := jetstream.NewPublisher(nc, jetstream.PublisherConfig{Stream: "ITSM", Subjects: subjects})
	if err != nil {
		return err
	}
	origin := eventbus.Origin{Tenant: "acme", Source: "//itsm.example.com/acme"}
	e, err := origin.Message(workflow.Message{ID: workflow.ID{1}, Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{2}},
		Topic: "incident.resolved", At: epoch, Payload: []byte(`{"number":"INC0000042"}`)})
	if err != nil {
		return err
	}
	fmt.Println(subjects.Subject(e))
	for range 2 { // the second is recognised
		if err := p.Publish(ctx, []eventbus.Envelope{e}); err != nil {
			return err
		}
	}

	receiving, enough := context.WithCancel(ctx)
	defer enough()
	c, err := jetstream.NewConsumer(ctx, nc, jetstream.ConsumerConfig{Stream: "ITSM", Name: "erp", Subjects: subjects,
		Filter: jetstream.Filter{Class: eventbus.ClassMessage, Topics: []string{"incident.resolved"}},
		Handle: func(_ context.Context, d jetstream.Delivery) error {
			fmt.Println("booked", string(d.Data))
			enough()
			return nil
		}})
	if err != nil {
		return err
	}
	if err := c.Run(receiving); receiving.Err() == nil {
		return err
	}
	for d, err := range jetstream.Replay(ctx, js, jetstream.ReplayConfig{Stream: "ITSM", Subjects: subjects}) {
		if err != nil {
			return err
		}
		fmt.Println("replayed", string(d.Data))
	}
	return nil
}
