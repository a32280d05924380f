package incident_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

func TestAHookThatFailsHoldsNothingUp(t *testing.T) {
	cfg := planned(t)
	cfg.Major.Rules = []major.Rule{{Name: "P1", Active: true, Action: major.ActionPromote, Impact: impact, When: major.Signs{Priority: 1}}}
	cfg.OnCall = func(context.Context, string, time.Time) (string, bool, error) {
		return "", false, errors.New("rota is down")
	}
	cfg.Ladder = func(context.Context, *incident.Incident, int, time.Time) (incident.Rung, error) {
		return incident.Rung{}, errors.New("ladder is down")
	}
	w := newWorld(t, cfg)
	inc := w.must(w.Open(t.Context(), carl, incident.Report{Title: "Payment is down", Impact: incident.High, Urgency: incident.High}))
	require.Equal(t, major.StateAccepted, inc.Major.State)
	require.Equal(t, "major incidents/", inc.Group+"/"+inc.Assignee)
	require.Equal(t, "who is on call in major incidents: not known: rota is down", inc.Comments[0].Text)
	w.news()
	w.pass(40 * time.Minute)
	require.Equal(t, []string{"major incidents"}, w.people(incident.TopicUpdateOverdue))
	require.Contains(t, w.must(w.Get(t.Context(), inc.ID)).Comments[1].Text, "ladder is down")
}

func TestWhoTakesAnIncidentThatNobodyWasNamedFor(t *testing.T) {
	w := newWorld(t, incident.Config{Router: func(_ context.Context, inc *incident.Incident, _ time.Time) (incident.Routing, error) {
		if inc.Category == "mail" {
			return incident.Routing{Group: "mail team", Person: "ben", Explanation: "category mail goes to the mail team"}, nil
		}
		return incident.Routing{}, context.DeadlineExceeded
	}})
	ctx := t.Context()
	report := incident.Report{Title: "Mail", Category: "mail", Impact: 2, Urgency: 2}
	inc := w.must(w.Open(ctx, carl, report))
	require.Equal(t, "mail team/ben", inc.Group+"/"+inc.Assignee)
	require.Equal(t, []workflow.Comment{{At: monday, By: "routing", Text: "category mail goes to the mail team"}}, inc.Comments)
	report.Group = "network"
	require.Equal(t, "network/", w.must(w.Open(ctx, ann, report)).Group+"/", "a group that is named stays")
	report.Group, report.Category = "", "printer"
	inc = w.must(w.Open(ctx, carl, report))
	require.Empty(t, inc.Group, "it is opened although routing fails")
	require.Contains(t, inc.Comments[0].Text, "not routed")
}
