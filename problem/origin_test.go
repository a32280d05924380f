package problem_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem"
	"github.com/itsm-go/itsm/workflow"
)

// whatServiceNowCopies is what a practice of incidents hands over by default.
func whatServiceNowCopies() map[string]any {
	return map[string]any{"number": "INC0000007", "title": "Mail is down", "details": "since nine", "cis": []string{"mx1", "mx2"}, "impact": "high",
		"urgency": "medium", "priority": 2, "customer": "Acme", "service": "mail", "category": "software", "subcategory": "server"}
}

func TestAProblemIsOpenedFromAnIncident(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	from := problem.Source{Incident: ids(0, 1)[0], Number: "INC0000007", Values: whatServiceNowCopies()}
	p := w.must(w.Once("INC0000007/problem").OpenFrom(ctx, ann, from))
	require.Equal(t, []any{"Mail is down", "since nine", "mail", "Acme", "software", "server", "INC0000007"},
		[]any{p.Title, p.Details, p.Service, p.Customer, p.Category, p.Subcategory, p.Origin})
	require.Equal(t, []string{"mx1", "mx2"}, p.Items)
	require.Equal(t, problem.P2, p.Priority, "from impact and urgency")
	behind, err := w.Behind(ctx, from.Incident)
	require.NoError(t, err)
	require.Equal(t, p.ID, behind.ID)
	again := w.must(w.Once("INC0000007/problem").OpenFrom(ctx, ann, from))
	require.Equal(t, p.ID, again.ID)
	_, err = w.OpenFrom(ctx, ann, from)
	require.ErrorIs(t, err, problem.ErrLinked)
}

func TestLevelsThatProblemsDoNotHaveBecomeTheNearest(t *testing.T) {
	w, ctx := newWorld(t, problem.Config{}), t.Context()
	for i, row := range []struct {
		impact, urgency any
		want            [2]problem.Level
	}{
		{"very_high", "very_low", [2]problem.Level{problem.High, problem.Low}},
		{"medium", nil, [2]problem.Level{problem.Medium, problem.Low}},
		{nil, "", [2]problem.Level{problem.Low, problem.Low}},
	} {
		values := map[string]any{"title": "a"}
		if row.impact != nil {
			values["impact"] = row.impact
		}
		if row.urgency != nil {
			values["urgency"] = row.urgency
		}
		p := w.must(w.OpenFrom(ctx, ann, problem.Source{Incident: ids(i, 1)[0], Values: values}))
		require.Equal(t, row.want, [2]problem.Level{p.Impact, p.Urgency})
	}
	wide := problem.ServiceNowMatrix()
	wide.Impacts[1] = problem.VeryLow
	w = newWorld(t, problem.Config{Matrix: wide})
	p := w.must(w.OpenFrom(ctx, ann, problem.Source{Incident: ids(9, 1)[0], Values: map[string]any{"title": "a", "impact": "medium", "urgency": "low"}}))
	require.Equal(t, problem.High, p.Impact, "of two that are as near, the more severe")
}

func TestWhatAnIncidentHandsOverHasAPlace(t *testing.T) {
	schema, err := workflow.NewSchema(workflow.Field{Name: "site", Type: workflow.FieldString}, workflow.Field{Name: "caller", Type: workflow.FieldString})
	require.NoError(t, err)
	w, ctx := newWorld(t, problem.Config{Fields: schema}), t.Context()
	p := w.must(w.OpenFrom(ctx, ann, problem.Source{Incident: ids(0, 1)[0], Values: map[string]any{"title": "a", "field.site": "north", "caller": "carl", "assignee": "cleo"}}))
	require.Equal(t, workflow.Fields{"site": "north", "caller": "carl"}, p.Fields)
	require.Equal(t, "cleo", p.Assignee)
	_, err = w.OpenFrom(ctx, ann, problem.Source{Values: map[string]any{"title": 7, "impact": 1, "urgency": "dire", "cis": "mx1"}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, part := range []string{"title is a string", "impact is a string", "dire", "cis are a list", "has no id"} {
		require.ErrorContains(t, err, part)
	}
	_, err = w.OpenFrom(ctx, ann, problem.Source{Incident: ids(1, 1)[0], Values: map[string]any{"title": "a", "smell": "burnt"}})
	require.ErrorContains(t, err, "smell", "nothing is dropped in silence")
}
