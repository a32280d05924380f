package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// follow advances a record's clocks through a specification and compares how the
// last of them stands.
func follow(t *testing.T, e *sla.Engine, steps []step) []sla.Clock {
	t.Helper()
	var clocks []sla.Clock
	for _, s := range steps {
		at, err := time.Parse("2006-01-02 15:04", "2026-03-"+s.at)
		require.NoError(t, err)
		clocks, _, err = e.Advance(clocks, s.facts, at, "")
		require.NoError(t, err, "at %s", s.at)
		got := "no clock"
		if len(clocks) > 0 {
			r, err := e.Read(clocks[len(clocks)-1], at)
			require.NoError(t, err)
			got = stand(t, r)
		}
		require.Equal(t, s.want, got, "at %s", s.at)
	}
	return clocks
}

func engine(t testing.TB, targets ...sla.Target) *sla.Engine {
	t.Helper()
	e, err := sla.NewEngine(targets...)
	require.NoError(t, err)
	return e
}

func always(d time.Duration) []sla.Goal { return []sla.Goal{sla.Within(d, calendar.Always())} }

// with returns the facts as they are after a change.
func with(f sla.Facts, change func(*sla.Facts)) sla.Facts {
	change(&f)
	return f
}

func TestTheNextReply(t *testing.T) {
	e := engine(t, sla.Target{Name: "next reply", Start: sla.OnWaiting, Stop: sla.AnyOf(sla.Not(sla.OnWaiting), sla.OnResolved),
		OnReopen: sla.NewCycle, Goals: always(2 * time.Hour)})
	asks := with(active, func(f *sla.Facts) { f.Waiting = true })
	clocks := follow(t, e, []step{
		{"02 09:00", active, "no clock"},
		{"02 10:00", asks, "running 0s, due 02 12:00"},
		{"02 11:00", asks, "running 1h0m0s, due 02 12:00"}, // asking again does not make it later
		{"02 11:30", active, "stopped 1h30m0s, due 02 12:00"},
		{"02 15:00", asks, "running 0s, due 02 17:00"},
		{"02 18:00", active, "stopped 3h0m0s, due 02 17:00, breached 02 17:00"},
	})
	require.Len(t, clocks, 2)
	require.Equal(t, 2, clocks[1].Cycle)
}

func TestKeepInformed(t *testing.T) {
	e := engine(t, sla.Target{Name: "keep informed", Stop: sla.OnResolved, ResetOn: []sla.Fact{sla.FactReplies}, Goals: always(4 * time.Hour)})
	replied := func(n int) sla.Facts { return with(active, func(f *sla.Facts) { f.Replies = n }) }
	clocks := follow(t, e, []step{
		{"02 09:00", replied(0), "running 0s, due 02 13:00"},
		{"02 12:00", replied(1), "running 0s, due 02 16:00"},
		{"02 12:00", replied(1), "running 0s, due 02 16:00"}, // looking twice resets once
		{"02 17:00", replied(2), "running 0s, due 02 21:00"},
		{"02 18:00", with(resolved, func(f *sla.Facts) { f.Replies = 3 }), "stopped 1h0m0s, due 02 21:00"},
	})
	require.Len(t, clocks, 3)
	require.False(t, clocks[0].Breached)
	require.True(t, clocks[1].Breached, "an hour late")
	require.Equal(t, sla.StateStopped, clocks[1].State)
}

func TestEachGroupHasItsOwnTime(t *testing.T) {
	mail := with(active, func(f *sla.Facts) { f.Group = "mail" })
	web := with(active, func(f *sla.Facts) { f.Group = "web" })
	ola := sla.Target{Name: "group", Start: sla.AllOf(sla.Open, func(f sla.Facts) bool { return f.Group != "" }),
		Stop: sla.OnResolved, ResetOn: []sla.Fact{sla.FactGroup}, Goals: always(4 * time.Hour)}
	steps := []step{
		{"02 09:00", fresh, "no clock"},
		{"02 10:00", mail, "running 0s, due 02 14:00"},
		{"02 13:00", web, "running 0s, due 02 17:00"},
		{"02 14:00", with(resolved, func(f *sla.Facts) { f.Group = "web" }), "stopped 1h0m0s, due 02 17:00"},
	}
	require.Equal(t, sla.StateStopped, follow(t, engine(t, ola), steps)[0].State)
	ola.OnReset = sla.ResetCancels
	require.Equal(t, sla.StateCancelled, follow(t, engine(t, ola), steps)[0].State)
}

func TestResetByACondition(t *testing.T) {
	urgentNow := func(f sla.Facts) bool { return f.Priority == 1 }
	e := engine(t, sla.Target{Name: "x", Stop: sla.OnResolved, Reset: urgentNow, Goals: always(4 * time.Hour)})
	follow(t, e, []step{
		{"02 09:00", active, "running 0s, due 02 13:00"},
		{"02 10:00", urgent, "running 0s, due 02 14:00"},
		{"02 11:00", urgent, "running 1h0m0s, due 02 14:00"}, // it still holds: that is no news
		{"02 11:30", active, "running 1h30m0s, due 02 14:00"},
		{"02 12:00", urgent, "running 0s, due 02 16:00"},
	})
	follow(t, e, []step{
		{"02 09:00", urgent, "running 0s, due 02 13:00"}, // it held when the clock started
		{"02 10:00", urgent, "running 1h0m0s, due 02 13:00"},
	})
}

func TestAResumeConditionHoldsAPauseUntilThen(t *testing.T) {
	e := engine(t, sla.Target{Name: "x", Stop: sla.OnResolved, Pause: sla.OnHold(), Resume: sla.OnResponded, Goals: always(4 * time.Hour)})
	follow(t, e, []step{
		{"02 09:00", active, "running 0s, due 02 13:00"},
		{"02 10:00", waiting, "paused 1h0m0s"},
		{"02 11:00", active, "paused 1h0m0s"},
		{"02 12:00", with(active, func(f *sla.Facts) { f.Responded = true }), "running 1h0m0s, due 02 15:00"},
		{"02 13:00", with(waiting, func(f *sla.Facts) { f.Responded = true }), "running 2h0m0s, due 02 15:00"}, // resume wins
	})
}

func TestByATimeOfTheDay(t *testing.T) {
	e := engine(t, sla.Target{Name: "x", Stop: sla.OnResolved, Pause: sla.OnHold(),
		Goals: []sla.Goal{{Days: 1, By: 16 * time.Hour, Calendar: officeHours(t)}}})
	follow(t, e, []step{
		{"05 15:00", active, "running 0s, due 06 16:00"},
		{"06 15:00", waiting, "paused 7h0m0s"},
		{"06 16:30", active, "running 7h0m0s, due 09 09:30"}, // an hour and a half of pause
	})
}

func TestHoursOnTheCallersClock(t *testing.T) {
	office, err := calendar.New("Europe/Berlin", calendar.Named("office"), calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"))
	require.NoError(t, err)
	e := engine(t, sla.Target{Name: "x", Stop: sla.OnResolved, Goals: []sla.Goal{{Within: 2 * time.Hour, Calendar: office, Floating: true}}})
	in := func(zone string) sla.Facts { return with(active, func(f *sla.Facts) { f.Zone = zone }) }
	follow(t, e, []step{{"02 06:00", in(""), "running 0s, due 02 10:00"}})
	follow(t, e, []step{{"02 06:00", in("Asia/Seoul"), "running 0s, due 02 08:00"}})
	clocks := follow(t, e, []step{
		{"02 06:00", in("America/New_York"), "running 0s, due 02 16:00"},
		{"02 15:00", in("Asia/Seoul"), "running 1h0m0s, due 03 01:00"}, // the caller is elsewhere: the hour used is kept
	})
	require.Equal(t, "office@Asia/Seoul", clocks[0].Goal.Calendar)
	_, _, err = e.Advance(nil, in("Nowhere/Land"), monday, "")
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "office@Nowhere/Land")
}
