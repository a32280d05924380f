package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

// edited is a promise of eight hours that becomes one of four on the third of
// March.
func edited(policy sla.ChangePolicy) []sla.Target {
	change := time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)
	return []sla.Target{
		{Name: "resolution", Version: 2, From: change, Stop: sla.OnResolved, OnVersion: policy, Goals: always(4 * time.Hour)},
		{Name: "resolution", Version: 1, Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: always(8 * time.Hour)},
	}
}

func TestAVersionIsPinned(t *testing.T) {
	e := engine(t, edited("")...)
	clocks := follow(t, e, []step{
		{"02 22:00", active, "running 0s, due 03 06:00"},
		{"03 01:00", waiting, "paused 3h0m0s"}, // by the first version, which pauses
		{"03 02:00", active, "running 3h0m0s, due 03 07:00"},
	})
	require.Equal(t, 1, clocks[0].Version)
	clocks = follow(t, e, []step{
		{"03 02:00", active, "running 0s, due 03 06:00"},
		{"03 03:00", waiting, "running 1h0m0s, due 03 06:00"}, // the second does not
	})
	require.Equal(t, 2, clocks[0].Version)
}

func TestAVersionTakesOver(t *testing.T) {
	for policy, steps := range map[sla.ChangePolicy][]step{
		sla.CarryElapsed: {
			{"02 22:00", active, "running 0s, due 03 06:00"},
			{"03 00:00", active, "running 2h0m0s, due 03 02:00"},
			{"03 01:00", waiting, "running 3h0m0s, due 03 02:00"},
		},
		sla.Retroactive: {
			{"02 19:00", active, "running 0s, due 03 03:00"},
			{"03 00:00", active, "running 5h0m0s, due 02 23:00, breached 02 23:00"},
		},
		sla.Restart: {
			{"02 22:00", active, "running 0s, due 03 06:00"},
			{"03 00:00", active, "running 0s, due 03 04:00"},
		},
	} {
		t.Run(string(policy), func(t *testing.T) { follow(t, engine(t, edited(policy)...), steps) })
	}
	e := engine(t, edited(sla.CarryElapsed)...)
	clocks, _, err := e.Advance(nil, waiting, monday, "")
	require.NoError(t, err)
	require.Equal(t, []sla.Alarm{{Name: "sla/resolution", Due: time.Date(2026, 3, 3, 0, 0, 0, 0, time.UTC)}}, e.Alarms(clocks),
		"a paused clock is due to be taken over")
	e = engine(t, edited("")...)
	require.Empty(t, e.Alarms(clocks))
}

func TestAPromiseThatIsNotMadeAnyMore(t *testing.T) {
	e := engine(t, sla.Target{Name: "x", From: monday, Until: monday.Add(time.Hour), Stop: sla.OnResolved, Goals: always(8 * time.Hour)})
	for offset, want := range map[time.Duration]int{-1: 0, 0: 1, time.Hour - 1: 1, time.Hour: 0} {
		clocks, _, err := e.Advance(nil, active, monday.Add(offset), "")
		require.NoError(t, err)
		require.Len(t, clocks, want, "%v", offset)
	}
	clocks, _, err := e.Advance(nil, active, monday, "")
	require.NoError(t, err)
	clocks, alerts, err := e.Advance(clocks, active, monday.Add(24*time.Hour), "")
	require.NoError(t, err)
	require.True(t, clocks[0].Breached, "what was promised is kept to")
	require.Len(t, alerts, 1)
}

func TestVersionsAreChecked(t *testing.T) {
	v := func(n int, from time.Time) sla.Target {
		return sla.Target{Name: "x", Version: n, From: from, Stop: sla.OnResolved, Goals: always(time.Hour)}
	}
	_, err := sla.NewEngine(v(1, monday), v(2, monday))
	require.ErrorContains(t, err, "version 2 does not begin after version 1")
	_, err = sla.NewEngine(v(2, monday), v(2, monday.Add(1)))
	require.ErrorContains(t, err, "twice as version 2")
	bad := v(-1, monday)
	bad.Until, bad.OnVersion, bad.OnReset, bad.ResetOn, bad.Resume = monday, "x", "y", []sla.Fact{"colour", "fields."}, sla.Open
	_, err = sla.NewEngine(bad)
	for _, want := range []string{"want a positive number", `"y" or "x"`, `reset on "colour"`, `reset on "fields."`, "goes with a pause"} {
		require.ErrorContains(t, err, want)
	}
	clocks, _, err := engine(t, v(3, monday)).Advance(nil, active, monday, "")
	require.NoError(t, err)
	_, _, err = engine(t, v(4, monday)).Advance(clocks, active, monday, "")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "pinned to version 3")
}

// A version that takes over does so also when nobody looked until a later one had
// come into force; and nobody is asked to look for ever.
func TestATakeoverThatIsNoticedLate(t *testing.T) {
	v := func(n, day int, hours int, policy sla.ChangePolicy) sla.Target {
		return sla.Target{Name: "x", Version: n, From: time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC), Stop: sla.OnResolved, OnVersion: policy, Goals: always(time.Duration(hours) * time.Hour)}
	}
	e := engine(t, v(1, 1, 100, ""), v(2, 3, 50, sla.CarryElapsed), v(3, 4, 20, ""))
	clocks, _, err := e.Advance(nil, active, monday, "")
	require.NoError(t, err)
	clocks, _, err = e.Advance(clocks, active, time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC), "late")
	require.NoError(t, err)
	require.Equal(t, 2, clocks[0].Version)
	require.Equal(t, monday.Add(50*time.Hour), clocks[0].Due)
	for _, a := range e.Alarms(clocks) {
		require.True(t, a.Due.After(time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)), "%v", a.Due)
	}
}

func TestGoalsHaveLimits(t *testing.T) {
	_, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: always(sla.MaxWithin + 1), Thresholds: []sla.Threshold{{After: sla.MaxWithin + 1}}})
	require.ErrorContains(t, err, "goal 1: at most 87600h0m0s")
	require.ErrorContains(t, err, "threshold 1")
	_, err = sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: []sla.Goal{{Days: sla.MaxDays + 1, Calendar: officeHours(t)}}})
	require.ErrorContains(t, err, "3650 business days")
}
