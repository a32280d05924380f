package otel_test

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/otel"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func Example() {
	spans := tracetest.NewSpanRecorder() // in a program: an exporter
	t, err := otel.New(otel.Config{Tracers: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))})
	if err != nil {
		panic(err)
	}
	desk := workflow.NewDesk(t.Store(memstore.New()), workflow.DeskConfig{Observe: t.Observe})
	kind, err := workflow.NewKind(workflow.KindConfig[*ticket]{Name: "ticket", New: func() *ticket { return new(ticket) }})
	if err != nil {
		panic(err)
	}
	_, err = desk.Do(context.Background(), workflow.Command{Name: "ticket.open", Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
		return kind.Create(tx, &ticket{Record: workflow.Record{Title: "Mail is down", State: "new"}}, workflow.Entry{})
	})
	if err != nil {
		panic(err)
	}
	for _, s := range spans.Ended() {
		fmt.Println(s.Name())
	}
	// Output:
	// store commit
	// ticket.open
}
