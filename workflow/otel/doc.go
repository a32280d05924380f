// Package otel gives traces and metrics of commands, of the store and of the relay to
// OpenTelemetry.
//
//	t, err := otel.New(otel.Config{Tracers: tracerProvider, Meters: meterProvider})
//	store := t.Store(db.Tenant("acme"))
//	desk := workflow.NewDesk(store, workflow.DeskConfig{Observe: t.Observe})
//	relay, err := workflow.NewRelay(t.Queue(db.Tenant("acme")), t.Handler(handlers), workflow.RelayConfig{})
//
// A command is a span named after it, with the calls of the store below it; a delivery
// is a span of its own, and what the handler commands is below that. A batch's id is an
// attribute of the command that made it and of its commit.
//
// # Metrics
//
//	itsm.command.duration   seconds by command and outcome
//	itsm.command.retries    times a command was decided again
//	itsm.store.duration     seconds by operation and outcome
//	itsm.delivery.duration  seconds by topic or name of timer, and outcome
//	itsm.delivery.lag       seconds from when work was due until its delivery began
//	itsm.work.claimed       pieces of work given to this process
//	itsm.work.retried       put off after a failure
//	itsm.work.parked        given up
//
// Outcomes are "ok", "duplicate", "refused" (a lifecycle or rule said no), "forbidden",
// "invalid", "not_found", "conflict", "lease_lost", "unsure", "cancelled" and "error".
// A refusal is an answer and no fault: its span has no error status.
//
// Attributes hold names of commands, kinds and topics, and ids of batches: nothing of
// what records say, and no person.
package otel
