package incident_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// An incident with service levels in business hours, no database needed.
func Example() {
	hours, err := calendar.New("Europe/Berlin", calendar.Named("office hours"),
		calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"),
		calendar.Closed("2026-12-25", "Christmas Day"))
	if err != nil {
		log.Fatal(err)
	}
	now := time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC) // 15:00 in Berlin
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	incidents, err := incident.NewService(desk, incident.Config{Targets: []sla.Target{
		{Name: "response", Stop: sla.OnAssigned, Goals: []sla.Goal{sla.Within(30*time.Minute, hours)}},
		{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("awaiting_vendor"), Goals: []sla.Goal{
			sla.Within(2*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, hours)}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, ann := context.Background(), workflow.User("ann", incident.RoleAgent)
	inc, err := incidents.Open(ctx, ann, incident.Report{Title: "Mail is slow", Impact: incident.Medium, Urgency: incident.Medium})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inc.Number, inc.Priority, "due", inc.Clock("resolution").Due.Format("2 Jan 15:04"))

	now = now.Add(90 * time.Minute)
	inc, err = incidents.Hold(ctx, ann, inc.ID, incident.AwaitingVendor, "case 4711 with the provider")
	if err != nil {
		log.Fatal(err)
	}
	story, err := incidents.Explain(inc, "resolution", now.Add(24*time.Hour))
	fmt.Print(inc.State, ", ", inc.Clock("resolution").State, "\n", story)
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// INC0000001 P3 due 28 Dec 14:30
	// on_hold, paused
	// resolution: goal 8h0m0s by office hours
	//            +1h30m0s  Thu 24 Dec 2026 15:00:00 to Thu 24 Dec 2026 16:30:00  open hours
	//         not counted  Thu 24 Dec 2026 16:30:00 to Fri 25 Dec 2026 16:30:00  paused: awaiting vendor
	//             1h30m0s  used: paused, so nothing is due
}
