package incidenttest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/incidenttest"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/scenario"
)

// A host adds a state to the shipped lifecycle, and tries it out line by line. As
// the new state is of the category on hold, the service level pauses in it.
func ExampleNewWorld() {
	lifecycle, err := workflow.Extend(incident.Lifecycle(), workflow.Extension{
		Version: 2,
		States:  []workflow.State{{Name: "security_review", Label: "Awaiting Security Review", Category: workflow.CategoryOnHold}},
		Actions: []workflow.Action{{Name: "review", Label: "Send to security"}},
		Transitions: []workflow.Transition{
			{Action: "review", From: []string{incident.StateInProgress}, To: "security_review", Roles: []string{incident.RoleAgent}},
			{Action: incident.ActionResume, From: []string{"security_review"}, To: incident.StateInProgress, Roles: []string{incident.RoleAgent}},
		},
	})
	if err != nil {
		panic(err)
	}
	w, _, err := incidenttest.NewWorld(incident.Config{
		Lifecycle: lifecycle,
		Targets: []sla.Target{{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(),
			Goals: []sla.Goal{sla.Within(4*time.Hour, calendar.Always())}}},
	}, scenario.Config{})
	if err != nil {
		panic(err)
	}
	for _, line := range []string{
		"actor ann agent",
		`open "Strange logins" by=ann impact=high urgency=high`,
		"start INC0000001 by=ann",
		"act INC0000001 by=ann do=review",
		"advance 48h",
		"resume INC0000001 by=ann",
	} {
		for _, out := range w.Do(context.Background(), line) {
			fmt.Println(out)
		}
	}
	// Output:
	// INC0000001 new P1; resolution running, due Mon 2026-03-02 13:00
	// INC0000001 in_progress P1; resolution running, due Mon 2026-03-02 13:00
	// INC0000001 security_review P1; resolution paused, 4h0m0s left
	// INC0000001 in_progress P1; resolution running, due Wed 2026-03-04 13:00
}
