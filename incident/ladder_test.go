package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing/escalation"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// staff is a directory in which hal leads everybody.
type staff struct{}

func (staff) Members(group string) []string {
	return map[string][]string{"board": {"cio", "ceo"}}[group]
}
func (staff) Lead(string) string { return "hal" }
func (staff) Manager(person string) string {
	return map[string]string{"cleo": "hal", "mia": "hal"}[person]
}

func lateUpdates(t *testing.T) (*escalation.Engine, escalation.Directory) {
	engine, err := escalation.Parse([]byte(`{"name": "majors", "version": 1, "default": "late", "ladders": [
		{"name": "late", "rungs": [
			{"name": "lead", "type": "functional", "interval": "5m", "reminders": 1, "tell": [{"kind": "person", "fact": "communications_lead"}]},
			{"name": "absent", "type": "functional", "interval": "7m", "tell": [{"kind": "group", "name": "nobody"}]},
			{"name": "on call", "type": "functional", "interval": "20m", "tell": [{"kind": "on_call", "name": "major incidents"}]},
			{"name": "head", "type": "hierarchical", "interval": "1h", "tell": [{"kind": "lead", "fact": "group"}]}],
		 "end": {"tell": [{"kind": "group", "name": "board"}], "every": "1h"}},
		{"name": "nobody", "rungs": [{"name": "absent", "type": "functional", "interval": "5m", "tell": [{"kind": "group", "name": "nobody"}]}]}]}`))
	require.NoError(t, err)
	rota, err := oncall.ParseRota([]byte(`{"name": "major incidents", "version": 1, "zone": "UTC", "layers": [
		{"name": "all", "participants": ["early", "late"], "rotation": {"every": "day", "at": "09:20", "start": "2026-03-01"}}]}`))
	require.NoError(t, err)
	book, err := oncall.NewBook(rota)
	require.NoError(t, err)
	return engine, escalation.Directory{Rotas: book, People: staff{}}
}

func TestARungIsTheNextTimeThatALadderTellsSomebody(t *testing.T) {
	engine, dir := lateUpdates(t)
	ladder := incident.FromLadder(engine, "late", dir)
	inc := &incident.Incident{Group: "major incidents", Major: &major.Case{State: major.StateAccepted}}
	require.NoError(t, inc.Major.Take(major.Communications, "cleo", "", "", monday))
	at := monday // 9:00; the rota changes hands at 9:20
	for rung, want := range []incident.Rung{
		{To: []string{"cleo"}, Next: 5 * time.Minute},
		{To: []string{"cleo"}, Next: 5 * time.Minute}, // reminded; nobody is in the group of the next rung
		{To: []string{"early"}, Next: 20 * time.Minute},
		{To: []string{"hal"}, Next: time.Hour},
		{To: []string{"cio", "ceo"}},
		{},
	} {
		got, err := ladder(t.Context(), inc, rung, at)
		require.NoError(t, err)
		require.Equal(t, want, got, "rung %d", rung)
		at = at.Add(got.Next)
	}
	got, err := ladder(t.Context(), inc, 2, monday.Add(25*time.Minute))
	require.NoError(t, err)
	require.Equal(t, []string{"late"}, got.To, "who is on call when the rung is come to")
	_, err = incident.FromLadder(engine, "nobody", dir)(t.Context(), inc, 0, monday)
	require.ErrorIs(t, err, escalation.ErrNobody)
	_, err = incident.FromLadder(engine, "unknown", dir)(t.Context(), inc, 0, monday)
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestAnOverdueUpdateClimbsALadder(t *testing.T) {
	engine, dir := lateUpdates(t)
	cfg := planned(t)
	cfg.Ladder = incident.FromLadder(engine, "late", dir)
	w := newWorld(t, cfg)
	inc := w.accepted()
	w.must(w.TakeRole(t.Context(), mia, inc.ID, major.Communications, "cleo", ""))
	w.news()
	var got []string
	for range 4 * 60 {
		w.pass(time.Minute)
		for _, person := range w.people(incident.TopicUpdateOverdue) {
			got = append(got, w.now.Format("15:04 ")+person)
		}
	}
	require.Equal(t, []string{"09:40 cleo", "09:45 cleo", "09:50 late", "10:10 hal", "11:10 cio", "11:10 ceo"}, got)
}
