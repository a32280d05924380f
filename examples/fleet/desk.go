package main

import (
	"context"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"
)

const tenant = "acme"

// clock is the fleet's time, the same in every process: it began on a Monday morning
// when the fleet started, and goes faster than the one on the wall.
type clock struct {
	Start time.Time     // on the wall
	Wound time.Duration // by how much it was put forward, in the fleet's time
}

// faster is how many of the fleet's seconds one on the wall has.
const faster = 6 * 3600

// inFleet is how long something on the wall takes in the fleet's time.
func inFleet(onWall time.Duration) time.Duration { return faster * onWall }

func (c clock) now() time.Time {
	monday := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	return monday.Add(c.Wound + inFleet(time.Since(c.Start)))
}

// wait lets the fleet's time pass until an instant.
func (c clock) wait(ctx context.Context, t time.Time) {
	ctx, cancel := context.WithTimeout(ctx, t.Sub(c.now())/faster)
	defer cancel()
	<-ctx.Done()
}

// ack is a commit that a process was told of: the events that it made.
type ack struct {
	Batch  workflow.ID `json:"batch"`
	Events []mark      `json:"events"`
}

// mark is enough of an event to know it again.
type mark struct {
	Ref     string        `json:"ref"`
	Version int64         `json:"version"`
	Hash    workflow.Hash `json:"hash"`
}

// newIncidents is the practice that every process carries out commands through. What it
// is told of goes to acknowledged, which may be nil.
func newIncidents(s workflow.Store, c clock, acknowledged func(ack)) (*incident.Service, error) {
	cfg := workflow.DeskConfig{Clock: c.now}
	if acknowledged != nil {
		cfg.Observe = func(ctx context.Context, _ workflow.Command) (context.Context, func(workflow.Ending)) {
			return ctx, func(e workflow.Ending) {
				if e.Err == nil && len(e.Result.Events) > 0 {
					acknowledged(ackOf(e.Result))
				}
			}
		}
	}
	always := calendar.Always()
	return incident.NewService(workflow.NewDesk(s, cfg), incident.Config{
		Targets: []sla.Target{
			{Name: "time to own", Stop: sla.AnyOf(sla.OnAssigned, sla.OnResolved), Goals: []sla.Goal{sla.Within(2*time.Hour, always)}},
			{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(string(incident.AwaitingVendor)),
				Goals:      []sla.Goal{sla.Within(6*time.Hour, always, 1, 2), sla.Within(10*time.Hour, always)},
				Thresholds: []sla.Threshold{{Percent: 75}}},
		},
		AutoClose: 2, AutoCloseCalendar: always,
	})
}

func ackOf(r workflow.Result) ack {
	a := ack{Batch: r.Batch}
	for _, e := range r.Events {
		a.Events = append(a.Events, markOf(e))
	}
	return a
}

func markOf(e workflow.Event) mark { return mark{e.Ref.String(), e.Version, e.Hash} }

// openDatabase connects to the server that may be written, as soon as there is one.
func openDatabase(ctx context.Context, connection string) (*postgres.DB, error) {
	return insist(ctx, "the database", func(ctx context.Context) (*postgres.DB, error) {
		return postgres.Open(ctx, connection, postgres.Config{})
	})
}
