package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// agreed returns facts with due times agreed on by hand: pairs of when and until
// when, in March 2026; "" lifts it.
func agreed(f sla.Facts, pairs ...string) sla.Facts {
	parse := func(text string) time.Time {
		t, err := time.Parse("2006-01-02 15:04", "2026-03-"+text)
		if err != nil {
			return time.Time{}
		}
		return t
	}
	for i := 0; i < len(pairs); i += 2 {
		f.Overrides = append(f.Overrides, sla.Override{Target: "resolution", At: parse(pairs[i]), Due: parse(pairs[i+1]), Reason: "agreed by phone", By: "ann"})
	}
	return f
}

func TestADueTimeAgreedOnByHand(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: []sla.Goal{
		sla.Within(2*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, officeHours(t))}})
	set := []string{"02 10:00", "04 12:00"}
	for name, steps := range map[string][]step{
		"neither a pause nor a priority moves it": {
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"02 10:00", agreed(active, set...), "running 1h0m0s, due 04 12:00"},
			{"02 11:00", agreed(waiting, set...), "paused 2h0m0s, due 04 12:00"},
			{"03 11:00", agreed(urgent, set...), "running 2h0m0s, due 04 12:00"},
			{"04 12:00", agreed(resolved, set...), "stopped 10h0m0s, due 04 12:00"},
		},
		"it is missed, also in a pause": {
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"02 10:00", agreed(waiting, set...), "paused 1h0m0s, due 04 12:00"},
			{"04 12:01", agreed(waiting, set...), "paused 1h0m0s, due 04 12:00, breached 04 12:00"},
		},
		"what was missed before stays missed": {
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"03 11:00", agreed(active, "03 11:00", "04 12:00"), "running 9h0m0s, due 04 12:00, breached 03 10:00"},
			{"03 12:00", agreed(resolved, "03 11:00", "04 12:00"), "stopped 10h0m0s, due 04 12:00, breached 03 10:00"},
		},
		"lifted, the goal counts again": {
			{"02 09:00", active, "running 0s, due 03 10:00"},
			{"02 10:00", agreed(active, set...), "running 1h0m0s, due 04 12:00"},
			{"02 11:00", agreed(active, append(set, "02 11:00", "")...), "running 2h0m0s, due 03 10:00"},
			{"02 12:00", agreed(urgent, append(set, "02 11:00", "")...), "running 3h0m0s, due 02 11:00, breached 02 12:00"}, // when it became urgent
		},
	} {
		t.Run(name, func(t *testing.T) { follow(t, e, steps) })
	}
}

func TestThresholdsOfADueTimeAgreedOn(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: always(4 * time.Hour),
		Thresholds: []sla.Threshold{{Percent: 50}, {Before: time.Hour}, {After: time.Hour}, {Percent: 1}}})
	clocks, _, err := e.Advance(nil, active, monday, "")
	require.NoError(t, err)
	late := agreed(waiting, "02 09:30", "02 13:00")
	clocks, _, err = e.Advance(clocks, late, monday.Add(30*time.Minute), "")
	require.NoError(t, err)
	require.Equal(t, []sla.Alarm{{Name: "sla/resolution", Due: monday.Add(2 * time.Hour)}}, e.Alarms(clocks), "half of it, though it is paused")
	_, alerts, err := e.Advance(clocks, late, monday.Add(24*time.Hour), "")
	require.NoError(t, err)
	var told []string
	for _, a := range alerts {
		told = append(told, a.At.Format("15:04 ")+string(a.Kind)+" "+a.Threshold)
	}
	require.Equal(t, []string{"11:00 warning 50 %", "12:00 warning 1h0m0s before due", "13:00 breach 100 %", "14:00 overdue 1h0m0s after due"}, told[len(told)-4:])
}

func TestOverridesAreChecked(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: always(time.Hour)})
	clocks, _, err := e.Advance(nil, active, monday, "")
	require.NoError(t, err)
	good := sla.Override{Target: "resolution", Due: monday.Add(time.Hour), At: monday, By: "ann", Reason: "agreed"}
	require.NoError(t, good.Check(clocks))
	for want, spoil := range map[string]func(*sla.Override){
		"there is no clock":       func(o *sla.Override) { o.Target = "other" },
		"is not after":            func(o *sla.Override) { o.Due = o.At },
		"want a reason":           func(o *sla.Override) { o.Reason = "" },
		"no due time set by hand": func(o *sla.Override) { o.Due = time.Time{} },
	} {
		o := good
		spoil(&o)
		require.ErrorIs(t, o.Check(clocks), workflow.ErrInvalid)
		require.ErrorContains(t, o.Check(clocks), want)
	}
	clocks, _, err = e.Advance(clocks, resolved, monday, "")
	require.NoError(t, err)
	require.ErrorContains(t, good.Check(clocks), "the clock is stopped")
}
