// Firstincident opens an incident with a service level in business hours.
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

func main() {
	now := time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC) // time is yours: 15:00 in Berlin
	clock := func() time.Time { return now }
	hours, err := calendar.New("Europe/Berlin", calendar.Named("office hours"),
		calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"),
		calendar.Closed("2026-12-25", "Christmas Day"))
	check(err)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: clock})
	incidents, err := incident.NewService(desk, incident.Config{Targets: []sla.Target{{
		Name: "resolution", Goals: []sla.Goal{sla.Within(4*time.Hour, hours)},
		Stop: sla.OnResolved, Pause: sla.OnHold("awaiting_vendor"),
	}}})
	check(err)
	ctx, ann := context.Background(), workflow.User("ann", incident.RoleAgent)
	inc, err := incidents.Open(ctx, ann, incident.Report{Title: "Mail is down", Impact: incident.High, Urgency: incident.Medium})
	check(err)
	fmt.Println(inc.Number, inc.Priority, inc.State, "due", inc.Clock("resolution").Due)
	_, err = incidents.Close(ctx, ann, inc.ID)
	fmt.Println(err)
	now = now.Add(90 * time.Minute)
	inc, err = incidents.Hold(ctx, ann, inc.ID, incident.AwaitingVendor, "case 4711")
	check(err)
	story, err := incidents.Explain(inc, "resolution", now.AddDate(0, 0, 4))
	check(err)
	fmt.Print(story)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
