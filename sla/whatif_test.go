package sla_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// What is said of another goal is what would have been said if the target had
// had it.
func TestWhatIfIsWhatWouldHaveBeen(t *testing.T) {
	office := officeHours(t)
	real := sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("vendor"), Goals: []sla.Goal{sla.Within(8*time.Hour, office)}}
	e, err := sla.NewEngine(real)
	require.NoError(t, err)
	longer, err := calendar.New("UTC", calendar.Named("office hours"), calendar.Weekly(time.Monday, time.Saturday, "07:00-19:00"))
	require.NoError(t, err)
	for _, goal := range []sla.Goal{sla.Within(3*time.Hour, office), sla.Within(20*time.Hour, longer), sla.Within(time.Hour, calendar.Always()),
		{Days: 3, Calendar: longer}, {Days: 1, EndOfDay: true, Calendar: office}} {
		changed := real
		changed.Goals = []sla.Goal{goal}
		would, err := sla.NewEngine(changed)
		require.NoError(t, err)
		for seed := range uint64(40) {
			var is, had []sla.Clock
			var end time.Time
			for _, m := range life(rand.New(rand.NewPCG(seed, 4))) {
				end = m.at
				is, _, err = e.Advance(is, m.facts, m.at, m.cause)
				require.NoError(t, err)
				had, _, err = would.Advance(had, m.facts, m.at, m.cause)
				require.NoError(t, err)
			}
			before := is[0].Clone()
			got, err := e.WhatIf(is[0], goal, end)
			require.NoError(t, err)
			want, err := would.Explain(had[0], end)
			require.NoError(t, err)
			require.Equal(t, want, got, "seed %d", seed)
			require.Equal(t, before, is[0], "nothing is changed")
		}
	}
}

func TestWhatIfRefusesWhatNoTargetCouldHave(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(1, calendar.Always())}})
	require.NoError(t, err)
	clocks, _, err := e.Advance(nil, fresh, monday, "")
	require.NoError(t, err)
	_, err = e.WhatIf(clocks[0], sla.Goal{}, monday)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "has no calendar")
	require.ErrorContains(t, err, "needs either")
	_, err = e.WhatIf(sla.Clock{}, sla.Within(1, calendar.Always()), monday)
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

// Would four hours around the clock have been kept?
func ExampleEngine_WhatIf() {
	engine, err := sla.NewEngine(sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(8*time.Hour, desk())}})
	if err != nil {
		panic(err)
	}
	clocks, _, err := engine.Advance(nil, sla.Facts{Category: workflow.CategoryNew}, at("05 15:00"), "")
	if err == nil {
		clocks, _, err = engine.Advance(clocks, sla.Facts{Category: workflow.CategoryResolved}, at("06 10:00"), "")
	}
	if err != nil {
		panic(err)
	}
	real, err := engine.Explain(clocks[0], at("06 10:00"))
	if err != nil {
		panic(err)
	}
	other, err := engine.WhatIf(clocks[0], sla.Within(4*time.Hour, calendar.Always()), at("06 10:00"))
	if err != nil {
		panic(err)
	}
	fmt.Println("as agreed:", real.Elapsed, "used, breached:", real.Reading.Breached)
	fmt.Println("around the clock:", other.Elapsed, "used, breached:", other.Reading.Breached)
	// Output:
	// as agreed: 3h0m0s used, breached: false
	// around the clock: 19h0m0s used, breached: true
}
