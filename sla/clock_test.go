package sla_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// monday is a Monday, 09:00 UTC.
var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func officeHours(t testing.TB) *calendar.Calendar {
	c, err := calendar.New("UTC", calendar.Named("office hours"),
		calendar.Weekly(time.Monday, time.Friday, "09:00-12:00", "13:00-17:00"), calendar.Closed("2026-03-10", "Founders' Day"))
	require.NoError(t, err)
	return c
}

func nightShift(t testing.TB) *calendar.Calendar {
	c, err := calendar.New("Europe/Berlin", calendar.Named("night shift"), calendar.Weekly(time.Sunday, time.Saturday, "20:00-06:00"))
	require.NoError(t, err)
	return c
}

var (
	fresh    = sla.Facts{Category: workflow.CategoryNew, Priority: 3}
	active   = sla.Facts{Category: workflow.CategoryActive, Priority: 3}
	waiting  = sla.Facts{Category: workflow.CategoryOnHold, HoldReason: "vendor", Priority: 3}
	resolved = sla.Facts{Category: workflow.CategoryResolved, Priority: 3}
	urgent   = sla.Facts{Category: workflow.CategoryActive, Priority: 1}
)

// step is a line of a specification: what becomes of the record, and how its
// clock stands then.
type step struct {
	at    string // March 2026, "02 09:00"
	facts sla.Facts
	want  string
}

func stand(t *testing.T, r sla.Reading) string {
	t.Helper()
	text := string(r.State) + " " + r.Elapsed.String()
	if !r.Due.IsZero() {
		text += ", due " + r.Due.Format("02 15:04")
	}
	if r.Breached {
		text += ", breached " + r.BreachAt.Format("02 15:04")
	}
	return text
}

func TestHowAClockStands(t *testing.T) {
	office := officeHours(t)
	eight := sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("vendor"),
		Goals: []sla.Goal{sla.Within(2*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, office)}}
	with := func(change sla.ChangePolicy, reopen sla.ReopenPolicy) sla.Target {
		c := eight
		c.OnChange, c.OnReopen = change, reopen
		return c
	}
	whileActive := func(f sla.Facts) bool { return f.Category == workflow.CategoryActive }
	stoppedBy := func(stop sla.Condition, reopen sla.ReopenPolicy) sla.Target {
		return sla.Target{Name: "taken up", Stop: stop, OnReopen: reopen, Goals: []sla.Goal{sla.Within(8*time.Hour, office)}}
	}
	for _, test := range []struct {
		name   string
		target sla.Target
		steps  []step
	}{
		{"exactly on time is met", eight, []step{
			{"02 09:00", fresh, "running 0s, due 03 10:00"},
			{"03 10:00", resolved, "stopped 8h0m0s, due 03 10:00"},
		}},
		{"a goal used up at closing time is due then, and late when the door opens again", eight, []step{
			{"02 08:00", fresh, "running 0s, due 03 10:00"},
			{"03 10:01", active, "running 8h1m0s, due 03 10:00, breached 03 10:00"},
		}},
		{"used up in the evening, resolved before the next opening: met", eight, []step{
			{"02 16:00", fresh, "running 0s, due 03 17:00"},
			{"04 08:59", resolved, "stopped 8h0m0s, due 03 17:00"},
		}},
		{"used up in the evening, open the next day: breached when the door opens", eight, []step{
			{"02 16:00", fresh, "running 0s, due 03 17:00"},
			{"04 09:01", active, "running 8h1m0s, due 03 17:00, breached 04 09:00"},
		}},
		{"a pause costs only open time, and nothing is due in it", eight, []step{
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"02 11:00", waiting, "paused 2h0m0s"},
			{"04 11:00", active, "running 2h0m0s, due 05 10:00"},
		}},
		{"a holiday does not count", eight, []step{
			{"09 15:00", fresh, "running 0s, due 11 16:00"},
		}},
		{"a breach stays, whatever happens", eight, []step{
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"03 12:00", active, "running 10h0m0s, due 03 10:00, breached 03 10:00"},
			{"03 13:00", waiting, "paused 10h0m0s, due 03 10:00, breached 03 10:00"},
			{"05 09:00", resolved, "stopped 10h0m0s, due 03 10:00, breached 03 10:00"},
		}},
		{"carry elapsed: the time used goes with the clock", with(sla.CarryElapsed, ""), []step{
			{"02 16:00", active, "running 0s, due 03 17:00"},
			{"03 10:00", urgent, "running 2h0m0s, due 03 10:00"},
			{"03 10:30", urgent, "running 2h30m0s, due 03 10:00, breached 03 10:00"},
		}},
		{"retroactive: as if it had always been so", with(sla.Retroactive, ""), []step{
			{"02 16:00", active, "running 0s, due 03 17:00"},
			{"03 10:00", urgent, "running 18h0m0s, due 02 18:00, breached 02 18:00"},
			{"03 11:00", active, "running 3h0m0s, due 03 17:00"},
		}},
		{"restart: another clock from now on", with(sla.Restart, ""), []step{
			{"02 16:00", active, "running 0s, due 03 17:00"},
			{"03 10:00", urgent, "running 0s, due 03 12:00"},
		}},
		{"continue: reopened goes on, the time resolved being a pause", with("", sla.Continue), []step{
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"02 11:00", resolved, "stopped 2h0m0s, due 03 10:00"},
			{"04 11:00", active, "running 2h0m0s, due 05 10:00"},
		}},
		{"stopped by a state, it goes on in another", stoppedBy(whileActive, ""), []step{
			{"02 09:00", fresh, "running 0s, due 03 10:00"},
			{"02 10:00", active, "stopped 1h0m0s, due 03 10:00"},
			{"02 11:00", waiting, "running 1h0m0s, due 03 11:00"},
			{"02 12:00", active, "stopped 2h0m0s, due 03 11:00"},
		}},
		{"stopped by a state for good, if it says so", stoppedBy(whileActive, sla.StayStopped), []step{
			{"02 10:00", fresh, "running 0s, due 03 11:00"},
			{"02 11:00", active, "stopped 1h0m0s, due 03 11:00"},
			{"02 12:00", waiting, "stopped 1h0m0s, due 03 11:00"},
		}},
		{"new cycle: reopened has all the time again", with("", sla.NewCycle), []step{
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"02 11:00", resolved, "stopped 2h0m0s, due 03 10:00"},
			{"04 11:00", active, "running 0s, due 05 12:00"},
		}},
		{"stay stopped: once is enough", with("", sla.StayStopped), []step{
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"02 11:00", resolved, "stopped 2h0m0s, due 03 10:00"},
			{"04 11:00", active, "stopped 2h0m0s, due 03 10:00"},
		}},
		{"business days", sla.Target{Name: "days", Stop: sla.OnResolved, Goals: []sla.Goal{{Days: 2, Calendar: office}}}, []step{
			{"06 15:30", fresh, "running 0s, due 11 15:30"}, // over the weekend and Founders' Day
		}},
		{"end of the next business day", sla.Target{Name: "days", Stop: sla.OnResolved, Goals: []sla.Goal{{Days: 1, EndOfDay: true, Calendar: office}}}, []step{
			{"06 15:30", fresh, "running 0s, due 09 17:00"},
			{"09 17:00", resolved, "stopped 8h30m0s, due 09 17:00"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := sla.NewEngine(test.target)
			require.NoError(t, err)
			var clocks []sla.Clock
			for _, s := range test.steps {
				at, err := time.Parse("2006-01-02 15:04", "2026-03-"+s.at)
				require.NoError(t, err)
				clocks, _, err = e.Advance(clocks, s.facts, at, "")
				require.NoError(t, err)
				r, err := e.Read(clocks[len(clocks)-1], at)
				require.NoError(t, err)
				require.Equal(t, s.want, stand(t, r), "at %s", s.at)
			}
		})
	}
}

func TestOneNanosecondDecides(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always())}})
	require.NoError(t, err)
	for late, want := range map[time.Duration]bool{-1: false, 0: false, 1: true} {
		clocks, _, err := e.Advance(nil, fresh, monday, "")
		require.NoError(t, err)
		clocks, _, err = e.Advance(clocks, resolved, monday.Add(time.Hour+late), "")
		require.NoError(t, err)
		require.Equal(t, want, clocks[0].Breached, "%d ns late", late)
	}
}

func TestAlertsAreDatedByWhenTheyCameDue(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, Thresholds: []sla.Threshold{{Percent: 75}, {Percent: 50}},
		Goals: []sla.Goal{sla.Within(8*time.Hour, officeHours(t))}})
	require.NoError(t, err)
	clocks, alerts, err := e.Advance(nil, fresh, monday, "")
	require.NoError(t, err)
	require.Empty(t, alerts)
	require.Equal(t, []sla.Alarm{{Name: "sla/resolution", Due: monday.Add(5 * time.Hour)}}, e.Alarms(clocks), "four hours and a lunch break")
	clocks, alerts, err = e.Advance(clocks, active, monday.AddDate(0, 0, 7), "noticed a week late")
	require.NoError(t, err)
	require.Equal(t, []sla.Alert{
		{Target: "resolution", Kind: sla.AlertWarning, Threshold: "50 %", Percent: 50, At: monday.Add(5 * time.Hour)},
		{Target: "resolution", Kind: sla.AlertWarning, Threshold: "75 %", Percent: 75, At: monday.Add(7 * time.Hour)},
		{Target: "resolution", Kind: sla.AlertBreach, Threshold: "100 %", Percent: 100, At: monday.Add(25 * time.Hour)},
	}, alerts)
	require.Empty(t, e.Alarms(clocks), "there is nothing more to tell")
	_, alerts, err = e.Advance(clocks, active, monday.AddDate(0, 0, 8), "")
	require.NoError(t, err)
	require.Empty(t, alerts, "everything is told once")
}

func TestTargetsAreCheckedAsAWhole(t *testing.T) {
	shut, err := calendar.New("UTC", calendar.Named("shut"))
	if err == nil {
		_, err = sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(1, shut)}})
	}
	require.Error(t, err, "a calendar that never opens is of no use")
	_, err = sla.NewEngine(
		sla.Target{Name: "a/b", Stop: sla.OnResolved},
		sla.Target{Name: "twice", Goals: []sla.Goal{sla.Within(0, nil)}},
		sla.Target{Name: "twice", Stop: sla.OnResolved, OnChange: "later", Thresholds: []sla.Threshold{{}, {Percent: 50}, {Percent: 50}}, Goals: []sla.Goal{
			sla.Within(1, calendar.Always()), {Within: 1, Days: 1, Calendar: calendar.Always()}, {Within: 1, EndOfDay: true, Calendar: calendar.Always()}}},
	)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{`"a/b": a name has`, `"a/b": 0 goals`, `"twice": no stop condition`, "is there twice as version 1", "goal 1 has no calendar",
		"goal 1 needs either", `unknown policy "later"`, "threshold 1: want 1 to 1000 percent", "threshold 50 % is there twice", "goal 2 is never reached", "goal 2 needs either", "goal 3: the end or the time of the day"} {
		require.ErrorContains(t, err, want)
	}
}

func TestTimeDoesNotGoBack(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always())}})
	require.NoError(t, err)
	clocks, _, err := e.Advance(nil, fresh, monday, "")
	require.NoError(t, err)
	same, _, err := e.Advance(clocks, resolved, monday.Add(-1), "")
	require.ErrorIs(t, err, workflow.ErrOutOfOrder)
	require.Equal(t, clocks, same)
}

func TestAClockThatNoEngineMadeIsRefused(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always())}})
	require.NoError(t, err)
	require.Zero(t, sla.Clock{}.Started())
	require.Empty(t, e.Alarms([]sla.Clock{{Target: "resolution", State: sla.StateRunning}}))
	err = sla.Clock{State: "odd", Goal: sla.Pinned{Within: -1}}.Validate()
	for _, want := range []string{"no target", "neither", "no periods"} {
		require.ErrorContains(t, err, want)
	}
	c := sla.Clock{Target: "resolution", State: "odd", Goal: sla.Pinned{Within: 1, Calendar: "nowhere"},
		Periods: []sla.Period{{From: monday, State: "odd"}, {From: monday.Add(-1), State: sla.StateRunning}}}
	for _, want := range []string{`unknown state "odd"`, "begins before", `its state is "odd", that of its last period "running"`} {
		require.ErrorContains(t, c.Validate(), want)
	}
	for _, use := range []func(sla.Clock) error{
		func(c sla.Clock) error { _, err := e.Read(c, monday); return err },
		func(c sla.Clock) error { _, err := e.Explain(c, monday); return err },
		func(c sla.Clock) error { _, _, err := e.Advance([]sla.Clock{c}, active, monday, ""); return err },
	} {
		require.ErrorIs(t, use(c), workflow.ErrInvalid)
		known := sla.Clock{Target: "resolution", State: sla.StateRunning, Goal: sla.Pinned{Within: 1, Calendar: "nowhere"},
			Periods: []sla.Period{{From: monday, State: sla.StateRunning, Calendar: "nowhere"}}}
		require.ErrorContains(t, use(known), `calendar "nowhere"`)
	}
}

// Whatever is read from a store, nothing panics, and what was accepted is the
// same when it is stored and read again.
func FuzzClock(f *testing.F) {
	e, err := sla.NewEngine(manyTargets(f)...)
	require.NoError(f, err)
	clocks, _, err := e.Advance(nil, waiting, monday, "vendor")
	require.NoError(f, err)
	clocks, _, err = e.Advance(clocks, active, monday.Add(time.Hour), "back")
	require.NoError(f, err)
	for _, c := range clocks {
		b, err := json.Marshal(c)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(`{"target":"days","state":"running","goal":{"days":9223372036854775807,"calendar":"office hours"},"periods":[{"from":"0001-01-01T00:00:00Z","state":"running","calendar":"office hours"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c sla.Clock
		if json.Unmarshal(b, &c) != nil {
			return
		}
		_, cannotRead := e.Read(c, monday)
		_, cannotExplain := e.Explain(c, monday)
		for _, err := range []error{cannotRead, cannotExplain} {
			require.True(t, err == nil || errors.Is(err, workflow.ErrInvalid), err)
		}
		e.Alarms([]sla.Clock{c})
		if advanced, _, err := e.Advance([]sla.Clock{c}, waiting, monday.AddDate(1, 0, 0), "x"); err == nil && c.Validate() == nil {
			stored, err := json.Marshal(advanced)
			require.NoError(t, err)
			var again []sla.Clock
			require.NoError(t, json.Unmarshal(stored, &again))
			restored, err := json.Marshal(again)
			require.NoError(t, err)
			require.JSONEq(t, string(stored), string(restored))
		}
	})
}
