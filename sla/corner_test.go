package sla_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// advanced moves clocks on.
func advanced(t *testing.T, e *sla.Engine, c []sla.Clock, f sla.Facts, at time.Time) ([]sla.Clock, []sla.Alert) {
	t.Helper()
	c, a, err := e.Advance(c, f, at, "x")
	require.NoError(t, err)
	return c, a
}

// An alarm that was answered does not come again.
func TestAlarmsAreCleared(t *testing.T) {
	v := func(n int, from, until time.Duration, on sla.ChangePolicy) sla.Target {
		x := sla.Target{Name: "x", Version: n, From: monday.Add(from), Stop: sla.OnResolved, Goals: always(1000 * time.Hour), OnVersion: on}
		if until > 0 {
			x.Until = monday.Add(until)
		}
		return x
	}
	for name, ts := range map[string][]sla.Target{
		"superseded": {v(1, 0, 0, ""), v(2, time.Hour, 0, sla.CarryElapsed), v(3, 2*time.Hour, 0, "")},
		"ended":      {v(1, 0, 0, ""), v(2, time.Hour, 2*time.Hour, sla.CarryElapsed)},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := sla.NewEngine(ts...)
			require.NoError(t, err)
			c, _ := advanced(t, e, nil, active, monday)
			at := monday.Add(3 * time.Hour)
			for range 3 {
				c, _ = advanced(t, e, c, active, at)
			}
			require.True(t, e.Alarms(c)[0].Due.After(at), "still %v", e.Alarms(c))
		})
	}
}

func TestABreachIsNotHiddenByATakeover(t *testing.T) {
	v := func(n int, from time.Duration, on sla.ChangePolicy) sla.Target {
		return sla.Target{Name: "x", Version: n, From: monday.Add(from), Stop: sla.OnResolved, Goals: always(8 * time.Hour), OnVersion: on}
	}
	e, err := sla.NewEngine(v(1, 0, ""), v(2, time.Hour, sla.CarryElapsed), v(3, 2*time.Hour, ""))
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	c, _ = advanced(t, e, c, active, monday.Add(3*time.Hour))
	require.Equal(t, monday.Add(8*time.Hour+time.Microsecond), e.Alarms(c)[0].Due)
}

// A clock that is restarted because of its goal goes on being promised, though what
// started it is over.
func TestARestartNeedsNoStart(t *testing.T) {
	isNew := func(f sla.Facts) bool { return f.Category == workflow.CategoryNew }
	e, err := sla.NewEngine(sla.Target{Name: "x", Start: isNew, Stop: sla.OnResolved, OnChange: sla.Restart,
		Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, calendar.Always())}})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, fresh, monday)
	c, _ = advanced(t, e, c, active, monday.Add(time.Minute))
	c, _ = advanced(t, e, c, urgent, monday.Add(2*time.Minute))
	require.Equal(t, sla.StateRunning, c[len(c)-1].State)
}

func TestARestartWhenNoClockStartsAnyMore(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Until: monday.Add(time.Hour), Stop: sla.OnResolved, OnChange: sla.Restart,
		Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, calendar.Always())}})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	c, _ = advanced(t, e, c, urgent, monday.Add(2*time.Hour))
	require.Equal(t, sla.StateRunning, c[len(c)-1].State)
}

func TestNoResetWhenNoClockStartsAnyMore(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Until: monday.Add(time.Hour), Stop: sla.OnResolved, ResetOn: []sla.Fact{sla.FactGroup}, Goals: always(8 * time.Hour)})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	f := active
	f.Group = "net"
	c, _ = advanced(t, e, c, f, monday.Add(2*time.Hour))
	require.Equal(t, sla.StateRunning, c[len(c)-1].State)
}

func TestATakeoverIsNoReset(t *testing.T) {
	ts := edited(sla.CarryElapsed)
	ts[0].Reset = sla.OnHold()
	e, err := sla.NewEngine(ts...)
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	c, _ = advanced(t, e, c, waiting, monday.Add(time.Hour))
	c, _ = advanced(t, e, c, waiting, ts[0].From)
	require.Len(t, c, 1, "%v", c[0].State)
}

// Reopened behind the due time that was agreed on, it is late from then on, and was
// in time before.
func TestReopeningDoesNotChangeThePast(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: always(8 * time.Hour)})
	require.NoError(t, err)
	set := []string{"02 10:00", "02 12:00"}
	c, _ := advanced(t, e, nil, active, monday)
	c, _ = advanced(t, e, c, agreed(active, set...), monday.Add(time.Hour))
	c, _ = advanced(t, e, c, agreed(resolved, set...), monday.Add(2*time.Hour)) // in time
	at := monday.Add(5 * time.Hour)
	before, _ := e.Read(c[0], at)
	c, _ = advanced(t, e, c, agreed(active, set...), monday.Add(9*time.Hour)) // reopened
	after, _ := e.Read(c[0], at)
	require.Equal(t, before, after)
	a, err := e.Attainment([]sla.Case{{Clock: c[0]}}, sla.Span{From: monday, To: at})
	require.NoError(t, err)
	require.Equal(t, 1, a.Total.Met)
}

func TestNothingIsOverdueBeforeItIsDue(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Thresholds: []sla.Threshold{{After: time.Hour}, {Percent: 75}},
		Goals: []sla.Goal{sla.Within(48*time.Hour, calendar.Always(), 1), {Days: 5, Calendar: officeHours(t)}}})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, urgent, monday)
	c, _ = advanced(t, e, c, active, monday.Add(30*time.Hour)) // Tuesday 15:00
	c, al := advanced(t, e, c, active, monday.AddDate(0, 0, 3))
	for _, a := range al {
		require.False(t, a.Kind == sla.AlertOverdue && a.At.Before(c[0].Due), "overdue at %v, due %v", a.At, c[0].Due)
	}
}

func TestADayWithoutBusinessTimeBeforeItIsDue(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Thresholds: []sla.Threshold{{Percent: 150}},
		Goals: []sla.Goal{{Days: 1, By: 9 * time.Hour, Calendar: officeHours(t)}}})
	require.NoError(t, err)
	at := monday.Add(9 * time.Hour)
	c, _ := advanced(t, e, nil, active, at)
	_, al := advanced(t, e, c, active, at.Add(time.Minute))
	require.Empty(t, al)
}

func TestAnEarlierInstantThanTheLastGoal(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved,
		Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, calendar.Always())}})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	c, _ = advanced(t, e, c, urgent, monday.Add(3*time.Hour))
	require.True(t, c[0].Breached)
	c, _, err = e.Advance(c, active, monday.Add(30*time.Minute), "")
	b, _ := json.Marshal(c[0].Was)
	require.ErrorIs(t, err, workflow.ErrOutOfOrder, string(b))
}

// It was set for the clock before; looking twice changes nothing.
func TestADueTimeSetAsTheClockIsReset(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, ResetOn: []sla.Fact{sla.FactGroup}, Goals: always(8 * time.Hour)})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	f := agreed(active, "02 10:00", "02 12:00")
	f.Group = "net"
	at := monday.Add(time.Hour)
	once, _ := advanced(t, e, c, f, at)
	twice, _ := advanced(t, e, once, f, at)
	require.Equal(t, once[1].Due, twice[1].Due)
}

func TestWhyAClockIsPausedAfterItChangedHands(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: always(8 * time.Hour)})
	require.NoError(t, err)
	c, _, _ := e.Advance(nil, active, monday, "new")
	c, _, _ = e.Advance(c, waiting, monday.Add(time.Hour), "waits for vendor")
	f := waiting
	f.Group = "net"
	c, _, _ = e.Advance(c, f, monday.Add(2*time.Hour), "assigned to net")
	s, err := e.Status(c, f, monday.Add(3*time.Hour))
	require.NoError(t, err)
	require.Equal(t, "waits for vendor", s[0].Why)
}

func TestWhatIfKeepsTheZone(t *testing.T) {
	g := []sla.Goal{{Within: time.Hour, Calendar: officeHours(t), Floating: true}}
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: g})
	require.NoError(t, err)
	f := active
	f.Zone = "America/New_York"
	c, _ := advanced(t, e, nil, f, monday)
	x, err := e.WhatIf(c[0], g[0], monday.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, c[0].Due, x.Reading.Due)
}

func TestFieldsThatAreNoScalars(t *testing.T) {
	ts, err := sla.ParseTargets([]byte(`[{"name":"x","goals":[{"within":"1h","calendar":"24x7"}],"stop":{"category":["resolved"]},"start":{"fields":{"a":["b"]}}}]`))
	require.NoError(t, err)
	e, err := sla.NewEngine(ts...)
	require.NoError(t, err)
	f := active
	f.Fields = workflow.Fields{"a": []any{"b"}}
	require.NotPanics(t, func() { e.Advance(nil, f, monday, "") })
}

func TestTwoCalendarsOfOneName(t *testing.T) {
	a, _ := calendar.New("UTC", calendar.Named("o"), calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"))
	b, _ := calendar.New("UTC", calendar.Named("o"), calendar.Weekly(time.Monday, time.Friday, "20:00-22:00"))
	_, err := sla.ParseTargets([]byte(`[{"name":"x","goals":[{"within":"1h","calendar":"o"}],"stop":{"category":["resolved"]}}]`), a, b)
	require.Error(t, err)
}

func TestAlertsAreTheCallersOwn(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: always(time.Hour), Thresholds: []sla.Threshold{{Percent: 50, Do: []string{"page"}}}})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	_, a := advanced(t, e, c, active, monday.Add(40*time.Minute))
	a[0].Do[0] = "nothing"
	_, a = advanced(t, e, c, active, monday.Add(40*time.Minute))
	require.Equal(t, "page", a[0].Do[0])
}

func TestPrioritiesAreTheEnginesOwn(t *testing.T) {
	p := []int{3}
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: []sla.Goal{{Priorities: p, Within: time.Hour, Calendar: calendar.Always()}}})
	require.NoError(t, err)
	p[0] = 9
	c, _ := advanced(t, e, nil, active, monday)
	require.Len(t, c, 1)
}

// Whatever happens to a record: no alarm is stale, the parts add up to the reading,
// and the reading is what the clock says.
func TestEverythingAgreesOverALife(t *testing.T) {
	office := officeHours(t)
	goals := []sla.Goal{sla.Within(4*time.Hour, calendar.Always(), 1), {Days: 2, Calendar: office, Priorities: []int{2}}, sla.Within(12*time.Hour, office)}
	ts := manyTargets(t)
	for _, p := range []sla.ChangePolicy{sla.CarryElapsed, sla.Retroactive, sla.Restart} {
		ts = append(ts, sla.Target{Name: "mixed " + string(p), Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: goals, OnChange: p,
			Thresholds: []sla.Threshold{{Percent: 33}, {Before: 3 * time.Hour}, {After: time.Hour}, {Percent: 150}}})
	}
	e, err := sla.NewEngine(ts...)
	require.NoError(t, err)
	bad := map[string]int{}
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 99))
		var c []sla.Clock
		for _, m := range life(r) {
			c, _, err = e.Advance(c, m.facts, m.at, "x")
			require.NoError(t, err)
			c, _, err = e.Advance(c, m.facts, m.at, "x")
			require.NoError(t, err)
			for _, a := range e.Alarms(c) {
				if !a.Due.After(m.at) {
					bad["stale "+a.Name]++
				}
			}
			for _, k := range c {
				at := m.at.Add(time.Duration(r.IntN(100)) * time.Hour)
				rd, err := e.Read(k, at)
				require.NoError(t, err)
				h, err := e.Attribution(k, at)
				require.NoError(t, err)
				var run, pause, act time.Duration
				n := 0
				for _, x := range h {
					run, pause, act = run+x.Running, pause+x.Paused, act+x.Actual
					if x.Breached {
						n++
					}
				}
				if run != rd.Elapsed || pause != rd.Paused || act != rd.Actual {
					bad["attr "+k.Target]++
				}
				if (n == 1) != rd.Breached {
					bad["attrbreach "+k.Target]++
				}
				// read agrees with an advanced clock
				if k.State == sla.StateRunning || k.State == sla.StatePaused {
					now, err := e.Read(k, m.at)
					require.NoError(t, err)
					if now.Breached != k.Breached || now.Breached && !now.BreachAt.Equal(k.BreachedAt) {
						if !(k.Breached && k.BreachedAt.Equal(m.at)) {
							bad["read "+k.Target]++
						}
					}
					if !now.Due.Equal(k.Due) {
						bad["due "+k.Target]++
					}
				}
			}
		}
	}
	require.Empty(t, bad)
}

func TestAnAtBelongsToFloatingHours(t *testing.T) {
	c, err := calendar.New("UTC", calendar.Named("office@UTC"), calendar.Weekly(time.Monday, time.Friday, "20:00-22:00"))
	require.NoError(t, err)
	_, err = sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: []sla.Goal{{Within: time.Hour, Calendar: c}}})
	require.ErrorContains(t, err, "has an @ in its name")
}
