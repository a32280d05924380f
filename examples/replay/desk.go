package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// The service levels that the replay holds the incidents to.
const (
	targetOwn     = "time to own"
	targetResolve = "resolution"
)

// store is where the replay keeps its records: a store with its queue.
type store interface {
	workflow.Store
	workflow.Queue
}

// serviceDesk is the library set up as a small service desk: its opening hours,
// its service levels, and a clock that the log winds.
type serviceDesk struct {
	store     store
	hours     *calendar.Calendar
	incidents *incident.Service
	relay     *workflow.Relay
	workers   int          // that drain the relay, at least one
	clock     atomic.Int64 // nanoseconds since 1970

	mu   sync.Mutex
	told map[string]int // messages delivered, by topic
}

const hoursInWords = "Monday to Friday, 08:00 to 18:00"

func newServiceDesk(s store, zone *time.Location, workers int) (*serviceDesk, error) {
	hours, err := calendar.New(zone.String(), calendar.Named("office hours"),
		calendar.Weekly(time.Monday, time.Friday, "08:00-18:00"))
	if err != nil {
		return nil, err
	}
	d := &serviceDesk{store: s, hours: hours, workers: workers, told: map[string]int{}}
	desk := workflow.NewDesk(s, workflow.DeskConfig{Clock: d.now, Cache: 10_000})
	d.incidents, err = incident.NewService(desk, incident.Config{Matrix: logMatrix(), Targets: targets(hours)})
	if err != nil {
		return nil, err
	}
	claims := 500
	if workers > 1 {
		claims = 25 // so that there is something left for the others
	}
	d.relay, err = workflow.NewRelay(s, workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: d.incidents},
		Other:  workflow.HandlerFunc(d.tell),
	}, workflow.RelayConfig{Clock: d.now, Batch: claims, Lease: 24 * time.Hour})
	return d, err
}

func (d *serviceDesk) now() time.Time { return time.Unix(0, d.clock.Load()).UTC() }

// tell is where a host would send mail; the replay counts.
func (d *serviceDesk) tell(_ context.Context, w workflow.Due) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told[w.Message.Topic]++
	return nil
}

// windTo moves the clock on, never back, and lets everything happen that comes
// due until then, hour by hour.
func (d *serviceDesk) windTo(ctx context.Context, t time.Time) error {
	const step = time.Hour
	if now := d.now(); t.Truncate(step).After(now) {
		d.clock.Store(t.Truncate(step).UnixNano())
		if err := d.drain(ctx); err != nil {
			return err
		}
	}
	if t.After(d.now()) {
		d.clock.Store(t.UnixNano())
	}
	return nil
}

// drain lets the workers carry out together what is due.
func (d *serviceDesk) drain(ctx context.Context) error {
	errs := make([]error, d.workers)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = d.relay.Drain(ctx) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// logMatrix is the priority matrix by which the published log was kept: it
// differs from the one ServiceNow ships in having no fifth priority.
func logMatrix() incident.Matrix {
	m := incident.ServiceNowMatrix()
	m.Cells[2][2] = incident.P4
	return m
}

// targets are the service levels: urgent incidents around the clock, the others
// in office hours. Waiting for the caller or a vendor stops the resolution clock.
func targets(hours *calendar.Calendar) []sla.Target {
	always := calendar.Always()
	return []sla.Target{{
		Name: targetOwn,
		Stop: sla.AnyOf(sla.OnAssigned, sla.OnResolved),
		Goals: []sla.Goal{
			sla.Within(15*time.Minute, always, 1),
			sla.Within(30*time.Minute, always, 2),
			sla.Within(4*time.Hour, hours),
		},
	}, {
		Name:  targetResolve,
		Stop:  sla.OnResolved,
		Pause: sla.OnHold(string(incident.AwaitingCaller), string(incident.AwaitingVendor)),
		Goals: []sla.Goal{
			sla.Within(4*time.Hour, always, 1),
			sla.Within(8*time.Hour, always, 2),
			sla.Within(30*time.Hour, hours, 3),
			sla.Within(50*time.Hour, hours),
		},
		OnChange:   sla.CarryElapsed,
		Thresholds: []sla.Threshold{{Percent: 75}},
	}}
}

func goalsInWords() string {
	return fmt.Sprintf("%s: 15 minutes (priority 1), 30 minutes (2), 4 office hours (others); "+
		"%s: 4 hours (1), 8 hours (2), 30 office hours (3), 50 office hours (4)", targetOwn, targetResolve)
}
