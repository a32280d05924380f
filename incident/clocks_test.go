package incident_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

func TestServiceLevelsWarnAndBreachByThemselves(t *testing.T) {
	w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}})
	ctx := t.Context()
	inc := w.open("Slow")
	w.must(w.Assign(ctx, ann, inc.ID, "network", "ben"))
	w.news()
	w.pass(5 * time.Hour)
	require.Empty(t, w.news())
	w.pass(time.Hour) // 15:00, six of eight hours
	require.Equal(t, sent{incident.TopicWarning, incident.Notice{ID: inc.ID, Number: inc.Number, Title: inc.Title, State: "new",
		Priority: incident.P3, To: []string{"network", "ben"}, Target: "resolution", Threshold: "75 %", Percent: 75, At: monday.Add(6 * time.Hour)}}, w.sent[0])
	require.Equal(t, []string{incident.TopicWarning}, w.news())
	w.pass(24 * time.Hour) // past Monday 17:00, but late is what comes after Tuesday 09:00
	require.Equal(t, []string{incident.TopicBreach}, w.news())
	got := w.must(w.Get(ctx, inc.ID))
	require.True(t, got.Breached())
	require.Equal(t, monday.Add(24*time.Hour), got.Clock("resolution").BreachedAt)
	r, err := w.Reading(got, "resolution", w.now)
	require.NoError(t, err)
	require.Equal(t, 14*time.Hour, r.Elapsed)
	_, err = w.Reading(got, "nonesuch", w.now)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	n := 0
	for range w.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(incident.IndexBreached, workflow.BoolKey(true))}}) {
		n++
	}
	require.Equal(t, 1, n)
}

func TestAPauseOverTheWeekendCostsNothing(t *testing.T) {
	w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}})
	ctx := t.Context()
	w.now = monday.Add(4*24*time.Hour + 7*time.Hour) // Friday 16:00
	inc := w.open("Weekend")
	w.must(w.Hold(ctx, ann, inc.ID, incident.AwaitingVendor, ""))
	w.now = monday.Add(7*24*time.Hour + time.Hour) // Monday 10:00
	inc = w.must(w.Resume(ctx, ann, inc.ID, ""))
	r, err := w.Reading(inc, "resolution", w.now)
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, r.Paused, "one hour on Friday and one on Monday")
	require.Equal(t, time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC), r.Due)
}

func TestResolvedIncidentsCloseThemselves(t *testing.T) {
	w := newWorld(t, incident.Config{AutoClose: 3, AutoCloseCalendar: officeHours(t)})
	ctx := t.Context()
	w.now = monday.Add(3 * 24 * time.Hour) // Thursday 09:00
	a, b, c := w.open("A"), w.open("B"), w.open("C")
	for _, inc := range []*incident.Incident{a, b, c} {
		w.must(w.Resolve(ctx, ann, inc.ID, "fixed", "done"))
	}
	w.must(w.Reopen(ctx, carl, b.ID, "no"))
	w.must(w.Reopen(ctx, carl, c.ID, "no"))
	w.pass(24 * time.Hour)
	w.must(w.Resolve(ctx, ann, c.ID, "fixed", "really"))
	w.pass(4*24*time.Hour - time.Minute) // Tuesday 08:59
	require.Equal(t, incident.StateResolved, w.must(w.Get(ctx, a.ID)).State)
	w.pass(time.Minute)
	closed := w.must(w.Get(ctx, a.ID))
	require.Equal(t, incident.StateClosed, closed.State, "three business days later")
	events, err := workflow.History(ctx, w.store, w.Kind().Ref(a.ID))
	require.NoError(t, err)
	require.Equal(t, workflow.ActorSystem, events[len(events)-1].Actor.Type)
	require.Equal(t, incident.StateInProgress, w.must(w.Get(ctx, b.ID)).State)
	require.Equal(t, incident.StateResolved, w.must(w.Get(ctx, c.ID)).State, "its days count from the second resolution")
	w.pass(24 * time.Hour)
	require.Equal(t, incident.StateClosed, w.must(w.Get(ctx, c.ID)).State)
}

func TestVerifyFindsAClockThatWasMeddledWith(t *testing.T) {
	w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}})
	ctx := t.Context()
	inc := w.open("Meddled")
	w.pass(30 * time.Hour)
	ref := w.Kind().Ref(inc.ID)
	events, err := workflow.History(ctx, w.store, ref)
	require.NoError(t, err)
	doc, err := w.store.Get(ctx, ref)
	require.NoError(t, err)
	require.NoError(t, w.Verify(doc, events))

	// A careful forger mends the hashes, but not what the calendar says.
	prev := workflow.Hash{}
	found := false
	for i := range events {
		for j, c := range events[i].Changes {
			forged := bytes.Replace(c.New, []byte("2026-03-03T09:00:00Z"), []byte("2026-03-04T09:00:00Z"), 1)
			found = found || !bytes.Equal(forged, c.New)
			events[i].Changes[j].New = forged
		}
		events[i].Prev = prev
		require.NoError(t, events[i].Seal())
		prev = events[i].Hash
	}
	require.True(t, found)
	require.NoError(t, workflow.VerifyChain(events))
	require.ErrorIs(t, w.Verify(doc, events), workflow.ErrTampered)
}

func TestForeignTimersAreParked(t *testing.T) {
	w := newWorld(t, incident.Config{})
	inc := w.open("Timers")
	for _, timer := range []workflow.Timer{
		{Ref: workflow.Ref{Kind: "change", ID: inc.ID}, Name: "sla/x", Due: monday},
		{Ref: w.Kind().Ref(inc.ID), Name: "unknown", Due: monday},
		{Ref: w.Kind().Ref(workflow.ID{9}), Name: "autoclose", Due: monday},
	} {
		err := w.Handle(t.Context(), workflow.Due{Timer: &timer})
		require.Error(t, err)
	}
}

func TestReportsOnServiceLevels(t *testing.T) {
	w := newWorld(t, incident.Config{Targets: []sla.Target{resolution(t)}})
	ctx := t.Context()
	a, b := w.open("A"), w.open("B")
	w.must(w.Assign(ctx, ann, a.ID, "network", "ben"))
	w.now = w.now.Add(3 * time.Hour)
	w.must(w.Resolve(ctx, ann, a.ID, "fixed", "done"))
	w.must(w.SetDue(ctx, ann, b.ID, "resolution", w.now.Add(time.Hour), "agreed"))
	levels, err := w.ServiceLevels(w.must(w.Get(ctx, b.ID)), w.now)
	require.NoError(t, err)
	require.Equal(t, "new", levels[0].Why)
	require.Equal(t, w.now.Add(time.Hour), levels[0].Reading.Due)
	w.pass(2 * time.Hour)

	var cases []sla.Case
	for inc, err := range w.Find(ctx, workflow.Query{}) {
		require.NoError(t, err)
		cases = append(cases, w.Cases(inc)...)
	}
	report, err := w.Engine().Attainment(cases, sla.Month(w.now), sla.ByGroup())
	require.NoError(t, err)
	require.Equal(t, [3]int{1, 0, 1}, [3]int{report.Total.Met, report.Total.Missed, report.Total.Overdue})
	require.Equal(t, []string{"network"}, report.Rows[1].Values)
	require.Equal(t, 1, report.Rows[1].Met)

	_, err = w.SetDue(ctx, carl, b.ID, "resolution", w.now.Add(time.Hour), "please")
	require.ErrorIs(t, err, workflow.ErrForbidden)
	_, err = w.SetDue(ctx, ann, b.ID, "response", w.now.Add(time.Hour), "")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, `there is no clock "response"`)
	require.ErrorContains(t, err, "want a reason")
	inc := w.must(w.SetDue(ctx, ann, b.ID, "resolution", time.Time{}, "a mistake"))
	require.True(t, inc.Breached(), "what was missed stays missed")
	require.True(t, inc.Clock("resolution").Due.After(w.now), "and the goal counts again")
}
