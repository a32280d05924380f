package routing_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
)

func watcher(t testing.TB, m routing.Monitor) *routing.Watcher {
	m.Name = "nobody works on it"
	w, err := routing.NewWatcher(m)
	require.NoError(t, err)
	return w
}

var open = routing.Facts{"state": {"open"}}

func TestAMonitorFiresWhenNobodyTakesCare(t *testing.T) {
	h := routing.Duration(time.Hour)
	watched := when(is("state", "open"))
	type act struct {
		after time.Duration
		kind  string
		facts routing.Facts
	}
	for _, row := range []struct {
		name    string
		monitor routing.Monitor
		acts    []act
		want    []time.Duration // of the alerts, from the beginning
	}{
		{"once", routing.Monitor{After: 4 * h}, []act{{0, "open", open}}, []time.Duration{4 * time.Hour}},
		{"and again", routing.Monitor{After: 4 * h, Repeat: 2 * h, Times: 3}, []act{{0, "open", open}}, []time.Duration{4 * time.Hour, 6 * time.Hour, 8 * time.Hour}},
		{"a touch begins anew", routing.Monitor{After: 4 * h}, []act{{0, "open", open}, {3 * time.Hour, "note", open}}, []time.Duration{7 * time.Hour}},
		{"what is ignored does not", routing.Monitor{After: 4 * h, Ignored: []string{"sync"}}, []act{{0, "open", open}, {3 * time.Hour, "sync", open}}, []time.Duration{4 * time.Hour}},
		{"what is not listed does not", routing.Monitor{After: 4 * h, TouchedBy: []string{"note"}}, []act{{0, "open", open}, {3 * time.Hour, "assign", open}}, []time.Duration{4 * time.Hour}},
		{"what stops being watched is quiet", routing.Monitor{After: 4 * h, Condition: watched}, []act{{0, "open", open}, {3 * time.Hour, "hold", routing.Facts{"state": {"hold"}}}}, nil},
		{"and begins anew when it is again", routing.Monitor{After: 4 * h, Condition: watched},
			[]act{{0, "open", open}, {3 * time.Hour, "hold", routing.Facts{"state": {"hold"}}}, {10 * time.Hour, "resume", open}}, []time.Duration{14 * time.Hour}},
		{"a reset begins anew whatever else happens", routing.Monitor{After: 4 * h, Reset: []routing.Test{is("answered", "yes")}, TouchedBy: []string{"note"}},
			[]act{{0, "open", open}, {time.Hour, "mail", routing.Facts{"state": {"open"}, "answered": {"yes"}}}, {2 * time.Hour, "mail", routing.Facts{"state": {"open"}, "answered": {"yes"}}}},
			[]time.Duration{5 * time.Hour}},
		{"at the instant it is too late", routing.Monitor{After: 4 * h}, []act{{0, "open", open}, {4 * time.Hour, "note", open}}, []time.Duration{4 * time.Hour, 8 * time.Hour}},
		{"a touch after an alert begins anew", routing.Monitor{After: 4 * h, Repeat: h, Times: 2}, []act{{0, "open", open}, {4*time.Hour + 30*time.Minute, "note", open}},
			[]time.Duration{4 * time.Hour, 8*time.Hour + 30*time.Minute, 9*time.Hour + 30*time.Minute}},
		{"in working time", routing.Monitor{After: 10 * h, Hours: officeHours(t)}, []act{{0, "open", open}}, []time.Duration{24 * time.Hour}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, x := watcher(t, row.monitor), routing.Watch{}
			var got []time.Duration
			advance := func(to time.Time) {
				var alerts []routing.Alert
				x, alerts = w.Advance(x, to)
				for _, a := range alerts {
					got = append(got, a.At.Sub(monday))
				}
			}
			for _, a := range row.acts {
				advance(monday.Add(a.after))
				x = w.Touch(x, a.kind, a.facts, monday.Add(a.after))
			}
			advance(monday.AddDate(0, 0, 3))
			require.Equal(t, row.want, got)
			require.Equal(t, len(row.want), x.Total)
		})
	}
}

func TestAMonitorThatIsWrongIsTold(t *testing.T) {
	_, err := routing.NewWatcher(routing.Monitor{After: -1, Times: 2, Ignored: []string{"note"}, TouchedBy: []string{"note"}, Reset: []routing.Test{{Fact: "x", Op: "?"}},
		Escalate: []routing.Escalation{{From: 2, Do: []string{"call"}}, {From: 1}}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, text := range []string{"the name", "after -1ns", "2 times, and not", `"note" counts and is ignored`, "escalation 1, from time 2", "escalation 2, from time 1", `op "?"`} {
		require.ErrorContains(t, err, text)
	}
	m, err := routing.ParseMonitor([]byte(`{"name": "quiet", "when": [{"fact": "state", "op": "one_of", "values": ["new", "in_progress"]}],
		"after": "4h", "repeat": "2h", "times": 5, "touched_by": ["comment"], "do": ["tell:group"]}`))
	require.NoError(t, err)
	require.Equal(t, routing.Duration(4*time.Hour), m.After)
	_, err = routing.ParseMonitor([]byte(`{"name": "quiet", "after": "4h", "often": true}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestWhoDoesNotHearIsEscalated(t *testing.T) {
	w := watcher(t, routing.Monitor{After: routing.Duration(time.Hour), Repeat: routing.Duration(time.Hour), Times: 4, Do: []string{"tell:assignee"},
		Escalate: []routing.Escalation{{From: 2, Do: []string{"tell:group"}}, {From: 4, Do: []string{"tell:manager"}}}})
	_, alerts := w.Replay([]routing.Activity{{At: monday, Kind: "open"}}, monday.AddDate(0, 0, 1))
	var got []string
	for _, a := range alerts {
		got = append(got, fmt.Sprint(a.Times, a.Do))
	}
	require.Equal(t, []string{"1 [tell:assignee]", "2 [tell:assignee tell:group]", "3 [tell:assignee tell:group]", "4 [tell:assignee tell:group tell:manager]"}, got)
}

func TestAMonitorInHoursThatNeverComeIsQuiet(t *testing.T) {
	never, err := calendar.New("UTC")
	require.NoError(t, err)
	x, alerts := watcher(t, routing.Monitor{After: 1, Hours: never}).Replay([]routing.Activity{{At: monday}}, monday.AddDate(100, 0, 0))
	require.Empty(t, alerts)
	require.Equal(t, routing.Watch{Watched: true, Since: monday}, x)
}

func TestAMonitorWithoutEndEnds(t *testing.T) {
	w := watcher(t, routing.Monitor{After: 1, Repeat: 1})
	x, alerts := w.Replay([]routing.Activity{{At: monday}}, monday.AddDate(100, 0, 0))
	require.Len(t, alerts, routing.MaxTimes)
	require.Zero(t, x.Next)
}

func TestATouchOutOfOrderDoesNotSetTheClockBack(t *testing.T) {
	w := watcher(t, routing.Monitor{After: routing.Duration(time.Hour)})
	x := w.Touch(routing.Watch{}, "open", nil, monday)
	require.Equal(t, x, w.Touch(x, "note", nil, monday.Add(-time.Minute)))
}

func TestAWatchIsKeptAsJSON(t *testing.T) {
	w := watcher(t, routing.Monitor{After: routing.Duration(time.Hour), Repeat: routing.Duration(time.Hour), Hours: officeHours(t)})
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	x := w.Touch(routing.Watch{}, "open", nil, monday.In(berlin))
	raw, err := json.Marshal(x)
	require.NoError(t, err)
	var kept routing.Watch
	require.NoError(t, json.Unmarshal(raw, &kept))
	require.Equal(t, x, kept)
	require.True(t, x == kept, "and compares")
}

// Advancing in parts, at whatever instants, gives the alerts of replaying it all.
func TestReplayIsWhatHappened(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	hour := routing.Duration(time.Hour)
	fired, hours := 0, officeHours(t)
	for range 300 {
		m := routing.Monitor{After: routing.Duration(1+r.IntN(20)) * hour, Repeat: routing.Duration(r.IntN(5)) * hour, Condition: when(is("state", "open")),
			Reset: []routing.Test{is("answered", "yes")}, Ignored: []string{"sync"}}
		if r.IntN(2) == 0 {
			m.Hours = hours
		}
		if m.Repeat > 0 {
			m.Times = r.IntN(4)
		}
		w := watcher(t, m)
		var x routing.Watch
		var history []routing.Activity
		var got []routing.Alert
		at := monday
		for range 10 {
			next := at.Add(time.Duration(r.IntN(100)) * time.Hour)
			for now := at; ; now = now.Add(time.Duration(1+r.IntN(2000)) * time.Minute) {
				if now.After(next) {
					now = next
				}
				var due []routing.Alert
				x, due = w.Advance(x, now)
				got = append(got, due...)
				if now.Equal(next) {
					break
				}
			}
			at = next
			a := routing.Activity{At: at, Kind: []string{"note", "sync"}[r.IntN(2)], Facts: routing.Facts{}}
			if r.IntN(3) > 0 {
				a.Facts["state"] = []string{"open"}
			}
			if r.IntN(3) == 0 {
				a.Facts["answered"] = []string{"yes"}
			}
			x = w.Touch(x, a.Kind, a.Facts, at)
			history = append(history, a)
			wantWatch, want := w.Replay(history, at)
			require.Equal(t, wantWatch, x)
			require.Equal(t, want, got)
			if !x.Next.IsZero() {
				require.True(t, x.Next.After(at), "the next is still to come")
			}
		}
		fired += x.Total
		require.Len(t, got, x.Total)
	}
	require.Greater(t, fired, 1000)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"name": "p", "version": 1, "rules": [{"name": "r", "when": [{"fact": "a", "op": "at_least", "values": ["-1.5"]}], "to": {"group": "g"}}], "groups": [{"name": "g", "strategy": "round_robin", "members": [{"person": "ann"}]}]}`))
	f.Add([]byte(`{"name": "p", "version": 1, "calendars": {"x": null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := routing.Parse(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		r := router(t, p)
		r.Lint()
		w := routing.Work{Facts: routing.Facts{"a": {"1"}}}
		if d, err := r.Route(w, routing.Situation{At: monday}); err == nil {
			require.NotEmpty(t, d.Group)
			require.NotEmpty(t, r.Explain(w, d).String())
		} else {
			require.ErrorIs(t, err, routing.ErrNoRule)
		}
	})
}

func FuzzParseMonitor(f *testing.F) {
	f.Add([]byte(`{"name": "quiet", "after": "4h", "repeat": "1ns"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := routing.ParseMonitor(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		w, err := routing.NewWatcher(m)
		require.NoError(t, err)
		x, alerts := w.Advance(w.Touch(routing.Watch{}, "note", open, monday), monday.AddDate(2, 0, 0))
		require.Len(t, alerts, x.Total)
		require.LessOrEqual(t, x.Total, routing.MaxTimes)
	})
}
