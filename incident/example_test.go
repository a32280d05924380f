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

// service is a service desk for an example.
func service(cfg incident.Config, desk workflow.DeskConfig) *incident.Service {
	desk.Clock = func() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }
	s, err := incident.NewService(workflow.NewDesk(memstore.New(), desk), cfg)
	if err != nil {
		log.Fatal(err)
	}
	return s
}

// Options are what a form or a menu shows: what can be done, what it asks for,
// and why the rest cannot be done.
func ExampleService_Options() {
	s := service(incident.Config{}, workflow.DeskConfig{})
	carl := workflow.User("carl")
	inc, err := s.Open(context.Background(), carl, incident.Report{Title: "No sound", Impact: incident.Low, Urgency: incident.Low})
	if err != nil {
		log.Fatal(err)
	}
	options, err := s.Options(inc, carl)
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range options {
		fmt.Println(o.Label, o.Allowed, o.Needs, o.Reasons)
	}
	// Output:
	// Assign false [] [needs the role agent or manager or system]
	// Start work false [] [needs the role agent or manager or system]
	// Put on hold false [] [needs the role agent or manager or system]
	// Resolve false [] [needs the role agent or manager or system]
	// Cancel true [reason] []
	// Merge as duplicate false [] [needs the role agent or manager or system]
}

// Templates fill in what comes up again and again; custom fields are declared
// and checked.
func ExampleConfig_templates() {
	fields, err := workflow.NewSchema(workflow.Field{Name: "floor", Type: workflow.FieldNumber, Required: true})
	if err != nil {
		log.Fatal(err)
	}
	s := service(incident.Config{
		Fields:    fields,
		Templates: map[string]incident.Report{"printer": {Title: "Printer out of order", Category: "hardware", Group: "printers", Impact: incident.Low, Urgency: incident.Medium}},
	}, workflow.DeskConfig{})
	ctx, carl := context.Background(), workflow.User("carl")
	_, err = s.Open(ctx, carl, incident.Report{Template: "printer"})
	fmt.Println(err)
	inc, err := s.Open(ctx, carl, incident.Report{Template: "printer", Fields: map[string]any{"floor": 4}})
	fmt.Println(inc.Title, inc.Group, inc.Priority, err)
	// Output:
	// incident: report: invalid: workflow: custom fields: invalid: field floor is required
	// Printer out of order printers P4 <nil>
}

// A host asks its own permission system. What it refuses does not happen.
func ExampleService_authorize() {
	s := service(incident.Config{}, workflow.DeskConfig{Authorize: func(ctx context.Context, a workflow.Access) error {
		if a.Command == "incident.cancel" && a.Actor.ID != "boss" {
			return fmt.Errorf("only the boss cancels: %w", workflow.ErrForbidden)
		}
		return workflow.AuthorizeByRole(ctx, a)
	}})
	ctx, ann := context.Background(), workflow.User("ann", incident.RoleAgent)
	inc, err := s.Open(ctx, ann, incident.Report{Title: "A test", Impact: incident.Low, Urgency: incident.Low})
	if err != nil {
		log.Fatal(err)
	}
	_, err = s.Cancel(ctx, ann, inc.ID, "only a test")
	fmt.Println(err)
	inc, err = s.Cancel(ctx, workflow.User("boss", incident.RoleManager), inc.ID, "only a test")
	fmt.Println(inc.State, err)
	// Output:
	// only the boss cancels: forbidden
	// cancelled <nil>
}
