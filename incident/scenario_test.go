package incident_test

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/incidenttest"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/scenario"
)

var update = flag.Bool("update", false, "rewrite the stories to say what happens")

// gold customers are promised replies.
func gold(f sla.Facts) bool { return f.Customer == "gold" }

// The stories play at a service desk in Berlin with office hours, a response
// target by calendar, and resolution targets by priority.
func TestStories(t *testing.T) {
	scenario.Run(t, "testdata/scenario/*.txt", *update, func(t testing.TB) *scenario.World {
		berlin, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		hours, err := calendar.New("Europe/Berlin", calendar.Named("office hours"),
			calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:30"),
			calendar.Closed("2026-04-03", "Good Friday"), calendar.Closed("2026-04-06", "Easter Monday"))
		require.NoError(t, err)
		w, _, err := incidenttest.NewWorld(incident.Config{
			Targets: []sla.Target{
				{Name: "response", Stop: sla.OnResponded, Goals: []sla.Goal{sla.Within(30*time.Minute, hours)}},
				{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("awaiting_caller", "awaiting_vendor"), Thresholds: []sla.Threshold{{Percent: 75}},
					Goals: []sla.Goal{sla.Within(4*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, hours, 2), sla.Within(16*time.Hour, hours)}},
				{Name: "next reply", Start: sla.AllOf(sla.OnWaiting, gold), Stop: sla.Not(sla.OnWaiting), OnReopen: sla.NewCycle,
					Goals:      []sla.Goal{{Within: 2 * time.Hour, Calendar: hours, Floating: true}},
					Thresholds: []sla.Threshold{{Before: 30 * time.Minute, Do: []string{"page:ann"}}, {After: time.Hour, Do: []string{"call:manager"}}}},
			},
			AutoClose: 3, AutoCloseCalendar: hours,
			Major: major.Policy{Group: "major incidents", Review: true, Organisation: "Acme",
				Rules: []major.Rule{{Name: "families", Active: true, Action: major.ActionPropose, Impact: "Many suffer.", When: major.Signs{ChildrenOver: 2}}},
				Plan: []major.Communication{
					{Name: "board", Audience: major.Executives, Channel: major.ByMail, To: []string{"cio", "ceo"},
						Cadence: []major.Pace{{Every: major.Duration(30 * time.Minute), Until: major.Mitigated}, {Every: major.Duration(2 * time.Hour), Calendar: "office"}}},
					{Name: "page", Audience: major.StatusPage, Channel: major.ByPage},
				}},
			Calendars:       map[string]*calendar.Calendar{"office": hours},
			Chunk:           2,
			ResolutionCodes: []string{"fixed", "workaround", "not reproducible"},
		}, scenario.Config{Zone: berlin})
		require.NoError(t, err)
		return w
	})
}
