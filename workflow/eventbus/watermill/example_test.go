package watermill_test

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/eventbus/watermill"

	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
)

// Watermill's channels stand for a broker; for Kafka only the first line changes.
func Example() {
	bus := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: 1}, nil)
	messages, err := bus.Subscribe(context.Background(), "service-desk")
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := watermill.NewPublisher(bus, watermill.Config{Topic: func(eventbus.Envelope) string { return "service-desk" }})
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := acme.Message(workflow.Message{ID: workflow.ID{1}, Ref: workflow.Ref{Kind: "incident", ID: workflow.ID{2}},
		Topic: "incident.resolved", At: epoch, Payload: []byte(`{"number":"INC0000042"}`)})
	if err == nil {
		err = p.Publish(context.Background(), []eventbus.Envelope{e})
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	m := <-messages
	got, err := watermill.Envelope(m)
	fmt.Println(got.Topic, string(got.Data), err)
	fmt.Println(m.Metadata.Get(watermill.PartitionKey))
	m.Ack()
	// Output:
	// incident.resolved {"number":"INC0000042"} <nil>
	// incident/02000000-0000-0000-0000-000000000000
}
