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
	hours, _ := calendar.New("Europe/Berlin", calendar.Named("office hours"), calendar.Closed("2026-12-25", "Christmas Day"),
		calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"))
	now := time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC) // time is yours
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	incidents, err := incident.NewService(desk, incident.Config{Targets: []sla.Target{{
		Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("awaiting_vendor"),
		Goals: []sla.Goal{sla.Within(4*time.Hour, hours)},
	}}}) // wrong configuration, the calendar's too, is reported here, all at once
	if err != nil {
		panic(err)
	}
	ctx, ann := context.Background(), workflow.User("ann", incident.RoleAgent)
	inc, _ := incidents.Open(ctx, ann, incident.Report{Title: "Mail is down", Impact: incident.High, Urgency: incident.Low})
	fmt.Println(inc.Number, inc.Priority, "due", inc.Clock("resolution").Due)
	now = now.Add(90 * time.Minute)
	inc, _ = incidents.Hold(ctx, ann, inc.ID, incident.AwaitingVendor, "case 4711")
	story, _ := incidents.Explain(inc, "resolution", now.AddDate(0, 0, 4))
	fmt.Print(story)
}
