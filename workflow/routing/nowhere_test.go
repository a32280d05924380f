package routing_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
)

// hops makes a history in which each group follows the one before after an hour.
func hops(groups ...string) (all []routing.Hop) {
	for i, g := range groups {
		all = append(all, routing.Hop{At: monday.Add(time.Duration(i) * time.Hour), Group: g, By: "ann"})
	}
	return all
}

func TestPingPongIsFound(t *testing.T) {
	later := monday.AddDate(0, 0, 1)
	for _, row := range []struct {
		name    string
		history []routing.Hop
		rules   routing.BounceRules
		want    []string
	}{
		{"there and back", hops("desk", "network", "desk"), routing.BounceRules{}, []string{"return: desk > network > desk in 1h0m0s"}},
		{"onwards only", hops("desk", "network", "mail"), routing.BounceRules{}, nil},
		{"another person of the group is no hop", hops("desk", "desk", "network", "network"), routing.BounceRules{}, nil},
		{"in a circle", hops("desk", "network", "mail", "desk"), routing.BounceRules{}, []string{"cycle: desk > network > mail > desk in 2h0m0s"}},
		{"again and again", hops("a", "b", "a", "b"), routing.BounceRules{}, []string{"return: a > b > a in 1h0m0s", "return: b > a > b in 1h0m0s"}},
		{"fewer returns than count", hops("a", "b", "a"), routing.BounceRules{Returns: 2}, nil},
		{"as many as count", hops("a", "b", "a", "b"), routing.BounceRules{Returns: 2}, []string{"return: a > b > a in 1h0m0s", "return: b > a > b in 1h0m0s"}},
		{"a desk passes work on by its nature", hops("desk", "network", "desk", "mail"), routing.BounceRules{Ignore: []string{"desk"}}, nil},
		{"nobody's for a time is no group", hops("a", "", "a"), routing.BounceRules{}, nil},
		{"too many hands", hops("a", "b", "c", "d", "e"), routing.BounceRules{Hops: 2, Within: routing.Duration(150 * time.Minute)},
			[]string{"too many hops: a > b > c > d in 2h0m0s"}},
		{"as many as are good", hops("a", "b", "c"), routing.BounceRules{Hops: 2, Within: routing.Duration(150 * time.Minute)}, nil},
		{"slowly enough", hops("a", "b", "c", "d"), routing.BounceRules{Hops: 2, Within: routing.Duration(2 * time.Hour)}, nil},
		{"nothing", nil, routing.BounceRules{}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.NoError(t, row.rules.Validate())
			var got []string
			for _, b := range routing.Bounces(row.history, row.rules, later) {
				got = append(got, b.String())
			}
			require.Equal(t, row.want, got)
		})
	}
	require.ErrorIs(t, routing.BounceRules{Returns: -1, Hops: 1}.Validate(), workflow.ErrInvalid)
}

func TestPingPongIsFoundAsItWasThen(t *testing.T) {
	history := hops("desk", "network", "desk")
	require.Empty(t, routing.Bounces(history, routing.BounceRules{}, monday.Add(90*time.Minute)), "it has not come back yet")
	r := rand.New(rand.NewPCG(1, 1))
	want := routing.Bounces(history, routing.BounceRules{}, monday.AddDate(0, 0, 1))
	r.Shuffle(len(history), func(i, j int) { history[i], history[j] = history[j], history[i] })
	require.Equal(t, want, routing.Bounces(history, routing.BounceRules{}, monday.AddDate(0, 0, 1)), "in any order")
}

func TestTimeIsCountedWhereItWasHeld(t *testing.T) {
	require.Equal(t, map[string]time.Duration{"desk": 2 * time.Hour, "network": 3 * time.Hour},
		routing.Travelled(hops("desk", "network", "network", "desk", "network"), false, nil, monday.Add(5*time.Hour)).Held)
}

func TestTrafficShowsWhoSendsWhomWhatIsNotTheirs(t *testing.T) {
	var traffic routing.Traffic
	for range 3 {
		traffic.Add(hops("desk", "network", "desk", "mail"), monday.Add(4*time.Hour))
	}
	traffic.Add(hops("desk", "mail"), monday.Add(4*time.Hour))
	all, bounced := traffic.Records()
	require.Equal(t, []int{4, 3}, []int{all, bounced})
	require.Equal(t, []routing.Pair{
		{From: "desk", To: "network", Handed: 3, Bounced: 3, Lost: 3 * time.Hour},
		{From: "desk", To: "mail", Handed: 4},
		{From: "network", To: "desk", Handed: 3},
	}, traffic.Pairs())
}

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
	_, err := routing.NewWatcher(routing.Monitor{After: -1, Times: 2, Ignored: []string{"note"}, TouchedBy: []string{"note"}, Reset: []routing.Test{{Fact: "x", Op: "?"}}})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, text := range []string{"the name", "after -1ns", "2 times, and not", `"note" counts and is ignored`, `op "?"`} {
		require.ErrorContains(t, err, text)
	}
	m, err := routing.ParseMonitor([]byte(`{"name": "quiet", "when": [{"fact": "state", "op": "one_of", "values": ["new", "in_progress"]}],
		"after": "4h", "repeat": "2h", "times": 5, "touched_by": ["comment"], "do": ["tell:group"]}`))
	require.NoError(t, err)
	require.Equal(t, routing.Duration(4*time.Hour), m.After)
	_, err = routing.ParseMonitor([]byte(`{"name": "quiet", "after": "4h", "often": true}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

// Advancing in parts, at whatever instants, gives the alerts of advancing at once.
func TestAdvancingInPartsIsAdvancingAtOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		m := routing.Monitor{After: routing.Duration(1+r.IntN(20)) * routing.Duration(time.Hour), Repeat: routing.Duration(r.IntN(5)) * routing.Duration(time.Hour), Condition: when(is("state", "open"))}
		if r.IntN(2) == 0 {
			m.Hours = officeHours(t)
		}
		if m.Repeat > 0 {
			m.Times = r.IntN(4)
		}
		w := watcher(t, m)
		once, parts := routing.Watch{}, routing.Watch{}
		var a, b []routing.Alert
		at := monday
		for range 10 {
			next := at.Add(time.Duration(r.IntN(100)) * time.Hour)
			var more []routing.Alert
			once, more = w.Advance(once, next)
			a = append(a, more...)
			for mid := at; mid.Before(next); mid = mid.Add(time.Duration(1+r.IntN(2000)) * time.Minute) {
				parts, more = w.Advance(parts, mid)
				b = append(b, more...)
			}
			parts, more = w.Advance(parts, next)
			b = append(b, more...)
			at = next
			facts := open
			if r.IntN(3) == 0 {
				facts = nil
			}
			once, parts = w.Touch(once, "note", facts, at), w.Touch(parts, "note", facts, at)
			require.Equal(t, once, parts)
		}
		require.Equal(t, a, b)
	}
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
		require.Equal(t, len(alerts), x.Total)
	})
}
