package incident_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

func TestAProblemIsOpenedFromAnIncident(t *testing.T) {
	schema, err := workflow.NewSchema(workflow.Field{Name: "site", Type: workflow.FieldString})
	require.NoError(t, err)
	var keys []string
	var from incident.Origin
	problem := workflow.Ref{Kind: "problem", ID: workflow.ID{7}}
	open := func(_ context.Context, actor workflow.Actor, key string, o incident.Origin) (workflow.Ref, error) {
		require.Equal(t, "ann", actor.ID)
		keys, from = append(keys, key), o
		return problem, nil
	}
	w := newWorld(t, incident.Config{Fields: schema, Related: map[string]incident.Related{
		"problem": {Link: incident.LinkProblem, Open: open},
		"change":  {Link: incident.LinkChange, Copy: []string{"title", "priority", "cis", "field.site"}, Open: open},
	}})
	ctx := t.Context()
	inc := w.must(w.Open(ctx, carl, incident.Report{Title: "Mail", Category: "mail", CIs: []string{"mx1"}, Impact: 2, Urgency: 3, Fields: map[string]any{"site": "north"}}))
	for range 2 {
		inc = w.must(w.OpenRelated(ctx, ann, inc.ID, "problem"))
		require.Equal(t, []incident.Link{{Type: incident.LinkProblem, To: problem}}, inc.Links, "linked, once")
	}
	require.Equal(t, keys[0], keys[1], "by the same key")
	require.Equal(t, incident.Origin{Incident: w.Kind().Ref(inc.ID), Number: "INC0000001", Values: map[string]any{
		"number": "INC0000001", "title": "Mail", "details": "", "cis": []string{"mx1"}, "impact": "high", "urgency": "medium", "priority": 2,
		"customer": "", "service": "", "category": "mail", "subcategory": ""}}, from)
	w.must(w.OpenRelated(ctx, ann, inc.ID, "change"))
	require.Equal(t, map[string]any{"title": "Mail", "priority": 2, "cis": []string{"mx1"}, "field.site": "north"}, from.Values)
	keys = nil
	w.refused(inc.ID, workflow.ErrForbidden, func() (*incident.Incident, error) { return w.OpenRelated(ctx, carl, inc.ID, "problem") })
	w.refused(inc.ID, workflow.ErrInvalid, func() (*incident.Incident, error) { return w.OpenRelated(ctx, ann, inc.ID, "feast") })
	require.Empty(t, keys)
}

// The services that suffer are no items to be changed, or to be looked into.
func TestWhatFailedIsHandedOverApartFromWhatSuffers(t *testing.T) {
	origins := map[string]incident.Origin{}
	open := func(name string) func(context.Context, workflow.Actor, string, incident.Origin) (workflow.Ref, error) {
		return func(_ context.Context, _ workflow.Actor, _ string, o incident.Origin) (workflow.Ref, error) {
			origins[name] = o
			return workflow.Ref{Kind: name, ID: workflow.ID{7}}, nil
		}
	}
	w := newWorld(t, incident.Config{
		Assess: func(context.Context, []string, []string) (incident.Suggestion, error) {
			return incident.Suggestion{Impact: incident.High, Services: []incident.SufferingService{{ID: workflow.ID{3}, Number: "CI0000003", Name: "Mail", Impact: incident.High}}}, nil
		},
		Related: map[string]incident.Related{
			"problem": {Link: incident.LinkProblem, Open: open("problem")},
			"change":  {Link: incident.LinkChange, Copy: []string{"cis", "affected_cis"}, Open: open("change")},
		},
	})
	ctx := t.Context()
	inc := w.must(w.Open(ctx, ann, incident.Report{Title: "Mail", CIs: []string{"mx1", "mx2"}, Urgency: incident.High}))
	inc = w.must(w.SetCIs(ctx, ann, inc.ID, incident.CINotAffected, "mx2"))
	w.must(w.OpenRelated(ctx, ann, inc.ID, "problem"))
	w.must(w.OpenRelated(ctx, ann, inc.ID, "change"))
	require.Equal(t, []string{"mx1"}, origins["problem"].Values["cis"])
	require.NotContains(t, origins["problem"].Values, "affected_cis")
	require.Equal(t, map[string]any{"cis": []string{"mx1"}, "affected_cis": []string{"mx1", "CI0000003"}}, origins["change"].Values)
	require.Equal(t, []string{"mx1"}, inc.Items(incident.CIManual))
	require.Equal(t, []string{"mx2"}, inc.Items(incident.CINotAffected))
	require.Empty(t, inc.Items())
}

func TestAFollowUpTakesOverWhatTheConfigurationSays(t *testing.T) {
	w := newWorld(t, incident.Config{FollowUp: []string{"category", "cis"}})
	ctx := t.Context()
	inc := w.must(w.Open(ctx, ann, incident.Report{Title: "Mail", Caller: "carl", Category: "mail", Group: "mail team", CIs: []string{"mx1"}, VIP: true, Impact: 2, Urgency: 3}))
	w.must(w.Resolve(ctx, ann, inc.ID, "fixed", "done"))
	w.must(w.Close(ctx, ann, inc.ID))
	again := w.must(w.FollowUp(ctx, carl, inc.ID, "again"))
	require.Equal(t, "mail", again.Category)
	require.Len(t, again.CIs, 1)
	require.Empty(t, again.Group)
	require.False(t, again.VIP)
}

func TestEveryFaultOfTheConfigurationIsNamed(t *testing.T) {
	_, err := incident.NewService(workflow.NewDesk(memstore.New(), workflow.DeskConfig{}), incident.Config{
		Chunk: 501, FollowUp: []string{"colour"},
		Related: map[string]incident.Related{"problem": {Link: "cousin", Copy: []string{"smell", "field.x"}}},
	})
	for _, want := range []string{"a chunk of 501 children, want 1 to 500 with these targets", `no attribute "colour"`, `link type "cousin"`, `no attribute "smell"`, `no attribute "field.x"`} {
		require.ErrorContains(t, err, want)
	}
}
