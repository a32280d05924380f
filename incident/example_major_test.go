package incident_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// A rule proposes a major incident, a manager accepts it, people are told, and once it is
// resolved it is reviewed. The policy is data, here as JSON.
func ExampleService_AcceptMajor() {
	policy, err := major.ParsePolicy([]byte(`{
		"group": "major incidents",
		"rules": [{"name": "priority 1", "active": true, "when": {"priority": 1}, "action": "propose",
			"business_impact": "The business stands still."}],
		"plan": [{"name": "board", "audience": "executives", "channel": "mail", "to": ["cio"], "template": "short",
			"cadence": [{"every": "30m", "until": "mitigated"}, {"every": "2h"}]}],
		"templates": {"short": {"subject": "{{number}}: {{status}}", "body": "{{text}} Next update: {{next_update}}."}}
	}`))
	if err != nil {
		log.Fatal(err)
	}
	now, store := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), memstore.New()
	clock := func() time.Time { return now }
	s, err := incident.NewService(workflow.NewDesk(store, workflow.DeskConfig{Clock: clock}), incident.Config{Major: policy})
	if err != nil {
		log.Fatal(err)
	}
	must := func(inc *incident.Incident, err error) *incident.Incident {
		if err != nil {
			log.Fatal(err)
		}
		return inc
	}
	ctx, mia := context.Background(), workflow.User("mia", incident.RoleAgent, incident.RoleMajorManager)

	inc := must(s.Open(ctx, workflow.User("carl"), incident.Report{Title: "Nobody can pay", Impact: incident.High, Urgency: incident.High}))
	fmt.Printf("%s %s: %s\n", inc.Number, inc.Major.State, inc.Major.Reason)
	inc = must(s.AcceptMajor(ctx, mia, inc.ID, "the shops call"))
	fmt.Println(inc.Major.State, "with", inc.Group, inc.Assignee, "- update due", inc.Major.Due[0].Due.Format("15:04"))

	now = now.Add(20 * time.Minute)
	must(s.PostUpdate(ctx, mia, inc.ID, major.Draft{Text: "We look at the network."}))
	now = now.Add(40 * time.Minute)
	must(s.Resolve(ctx, mia, inc.ID, "fixed", "New router"))

	_, err = s.FinishReview(ctx, mia, inc.ID)
	fmt.Println(err)

	relay, err := workflow.NewRelay(store, workflow.Mux{
		Timers: map[string]workflow.Handler{incident.KindName: s},
		Topics: map[string]workflow.Handler{
			incident.TopicCascade: s,
			incident.TopicMajorUpdate: workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
				var b major.Bulletin
				if err := json.Unmarshal(d.Message.Payload, &b); err != nil {
					return err
				}
				fmt.Println(b.Channel, "to", b.Bcc, b.Subject+".", b.Body)
				return nil
			}),
		},
		Other: workflow.HandlerFunc(func(context.Context, workflow.Due) error { return nil }),
	}, workflow.RelayConfig{Clock: clock})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := relay.Drain(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// INC0000001 proposed: rule priority 1: priority 1
	// accepted with major incidents mia - update due 09:30
	// incident: INC0000001: major: finishing the review: invalid: overview: not written yet
	// findings: not written yet
	// resolution: not written yet
	// mail to [cio] INC0000001: investigating. We look at the network. Next update: 2 Mar 2026 09:50 UTC.
}

// The report after a major incident, as text; HTML writes the same as a page.
func ExampleService_MajorReport() {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }})
	s, err := incident.NewService(desk, incident.Config{})
	if err != nil {
		log.Fatal(err)
	}
	ctx, mia := context.Background(), workflow.User("mia", incident.RoleAgent, incident.RoleMajorManager)
	inc, err := s.CreateMajor(ctx, mia, incident.Report{Title: "Nobody can pay", Impact: incident.High, Urgency: incident.High},
		"the shops call", "The shops take cash only.")
	if err != nil {
		log.Fatal(err)
	}
	now = now.Add(time.Hour)
	if _, err = s.Resolve(ctx, mia, inc.ID, "fixed", "New router"); err != nil {
		log.Fatal(err)
	}
	lessons := "A second line costs less than an hour without one."
	if _, err = s.WriteReview(ctx, mia, inc.ID, major.Words{Lessons: &lessons}); err != nil {
		log.Fatal(err)
	}
	report, err := s.MajorReport(ctx, inc.ID, time.UTC)
	if err != nil {
		log.Fatal(err)
	}
	if err := report.Text(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// INC0000001: Nobody can pay
	// Report after a major incident. The review is not finished.
	//
	// Overview
	// --------
	// The overview is not written yet.
	// Priority                     P1
	// State                        resolved
	// Business impact              The shops take cash only.
	// Child incidents              0
	// Why it was a major incident  the shops call
	//
	// Key figures
	// -----------
	// Figure            Took   From                     Until
	// time to detect    0 min  2026-03-02 09:00:00 UTC  2026-03-02 09:00:00 UTC
	// time to identify  0 min  2026-03-02 09:00:00 UTC  2026-03-02 09:00:00 UTC
	// time to engage    0 min  2026-03-02 09:00:00 UTC  2026-03-02 09:00:00 UTC
	// time to mitigate  1 h    2026-03-02 09:00:00 UTC  2026-03-02 10:00:00 UTC
	// time to resolve   1 h    2026-03-02 09:00:00 UTC  2026-03-02 10:00:00 UTC
	//
	// Findings
	// --------
	// The findings are not written yet.
	//
	// Contributing factors
	// --------------------
	// No contributing factors are written down.
	//
	// Resolution
	// ----------
	// New router
	//
	// Lessons
	// -------
	// A second line costs less than an hour without one.
	//
	// Actions
	// -------
	// There are no actions.
	//
	// People
	// ------
	// Role     Person  From                     Until  Note
	// manager  mia     2026-03-02 09:00:00 UTC
	//
	// Updates
	// -------
	// No updates were sent.
	//
	// Timeline
	// --------
	// Time                     Kind   By   What happened
	// 2026-03-02 09:00:00 UTC  state  mia  opened: Nobody can pay
	// 2026-03-02 09:00:00 UTC  crew   mia  assigned to mia
	// 2026-03-02 09:00:00 UTC  state  mia  accepted as a major incident: the shops call
	// 2026-03-02 09:00:00 UTC  crew   mia  mia is manager
	// 2026-03-02 10:00:00 UTC  state  mia  resolved: New router
}
