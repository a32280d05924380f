package sla_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Whoever held a record, the parts add up to the clock.
func TestAttributionAddsUp(t *testing.T) {
	e := engine(t, manyTargets(t)...)
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 5))
		moments := life(r)
		var clocks []sla.Clock
		var err error
		for _, m := range moments {
			clocks, _, err = e.Advance(clocks, m.facts, m.at, m.cause)
			require.NoError(t, err)
		}
		at := moments[len(moments)-1].at.Add(time.Duration(r.IntN(72)-24) * time.Hour)
		for _, c := range clocks {
			if at.Before(c.Started()) {
				continue
			}
			reading, err := e.Read(c, at)
			require.NoError(t, err)
			held, err := e.Attribution(c, at)
			require.NoError(t, err)
			var sum sla.Held
			breaches := 0
			for i, h := range held {
				sum.Running += h.Running
				sum.Paused += h.Paused
				sum.Actual += h.Actual
				if h.Breached {
					breaches++
				}
				require.False(t, slices.ContainsFunc(held[:i], func(o sla.Held) bool { return o.Group == h.Group && o.Assignee == h.Assignee }))
			}
			require.Equal(t, [3]time.Duration{reading.Elapsed, reading.Paused, reading.Actual}, [3]time.Duration{sum.Running, sum.Paused, sum.Actual}, "seed %d, %s", seed, c.Target)
			require.Equal(t, reading.Breached, breaches == 1, "seed %d, %s", seed, c.Target)
		}
	}
}

func TestWhoHeldTheTicket(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: always(4 * time.Hour)})
	by := func(f sla.Facts, group, person string) sla.Facts {
		return with(f, func(f *sla.Facts) { f.Group, f.Assignee = group, person })
	}
	clocks := follow(t, e, []step{
		{"02 09:00", by(active, "desk", ""), "running 0s, due 02 13:00"},
		{"02 10:00", by(active, "desk", "ann"), "running 1h0m0s, due 02 13:00"},
		{"02 12:00", by(active, "network", "ben"), "running 3h0m0s, due 02 13:00"},
		{"02 12:30", by(waiting, "network", "ben"), "paused 3h30m0s"},
		{"02 14:00", by(active, "network", "ben"), "running 3h30m0s, due 02 14:30"},
		{"02 16:00", by(active, "desk", "ann"), "running 5h30m0s, due 02 14:30, breached 02 14:30"},
		{"02 16:15", by(resolved, "desk", "ann"), "stopped 5h45m0s, due 02 14:30, breached 02 14:30"},
	})
	held, err := e.Attribution(clocks[0], monday.AddDate(0, 0, 1))
	require.NoError(t, err)
	require.Equal(t, []sla.Held{
		{Group: "desk", Running: time.Hour, Actual: time.Hour},
		{Group: "desk", Assignee: "ann", Running: 135 * time.Minute, Actual: 135 * time.Minute},
		{Group: "network", Assignee: "ben", Running: 150 * time.Minute, Paused: 90 * time.Minute, Actual: 150 * time.Minute, Breached: true},
	}, held)
}

// tickets are clocks of a month, each with one goal of four hours.
func tickets(t testing.TB, e *sla.Engine) []sla.Case {
	var cases []sla.Case
	add := func(record, service, group string, priority int, opened, ended string, last sla.Facts) {
		f := sla.Facts{Category: workflow.CategoryActive, Service: service, Group: group, Priority: priority}
		clocks, _, err := e.Advance(nil, f, at(opened), "")
		require.NoError(t, err)
		if ended != "" {
			f.Category = last.Category
			clocks, _, err = e.Advance(clocks, f, at(ended), "")
			require.NoError(t, err)
		}
		cases = append(cases, sla.Case{Record: record, Clock: clocks[0], Service: service, Group: group, Priority: priority, Customer: "acme"})
	}
	add("T1", "mail", "desk", 1, "02 09:00", "02 12:00", resolved)
	add("T2", "mail", "desk", 2, "03 09:00", "03 14:00", resolved) // an hour late
	add("T3", "web", "desk", 2, "03 09:00", "03 13:00", resolved)
	add("T4", "web", "web", 2, "04 09:00", "", resolved)
	add("T5", "web", "web", 2, "04 09:00", "04 10:00", sla.Facts{Category: workflow.CategoryCancelled})
	return cases
}

func TestAttainment(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: always(4 * time.Hour)})
	cases := tickets(t, e)
	march := sla.Month(at("15 00:00"))
	a, err := e.Attainment(cases, march, sla.ByService(), sla.ByPriority())
	require.NoError(t, err)
	require.Equal(t, `service  priority  met  missed  overdue  kept      mean used  MTTR
mail     1         1    0       0        100.00 %  3h0m0s     3h0m0s
mail     2         0    1       0        0.00 %    5h0m0s     5h0m0s
web      2         1    0       1        100.00 %  4h0m0s     4h0m0s
in all             2    1       1        66.67 %   4h0m0s     4h0m0s

held by  running   paused  missed in their hands
web      662h0m0s  0s      1
desk     12h0m0s   0s      1
`, a.String())
	require.True(t, a.Total.Meets(decimal.RequireFromString("66.666")))
	require.False(t, a.Total.Meets(decimal.RequireFromString("66.67")), "the counts decide, not what is rounded")
	for _, by := range []sla.Dimension{sla.ByTarget(), sla.ByGroup(), sla.ByCustomer(), sla.ByMonth(time.UTC)} {
		a, err := e.Attainment(cases, march, by)
		require.NoError(t, err)
		met := 0
		for _, r := range a.Rows {
			met += r.Met
		}
		require.Equal(t, 2, met, by.Name)
	}
	// On the third, at half past one, three were done and none overdue.
	a, err = e.Attainment(cases, sla.Span{From: at("01 00:00"), To: at("03 13:30")})
	require.NoError(t, err)
	require.Equal(t, [3]int{2, 0, 1}, [3]int{a.Total.Met, a.Total.Missed, a.Total.Overdue}, "the past is reported as it was")
	empty, err := e.Attainment(nil, march)
	require.NoError(t, err)
	_, ok := empty.Total.Percent()
	require.False(t, ok)
	require.True(t, empty.Total.Meets(decimal.NewFromInt(100)))
	require.Zero(t, empty.Total.MTTR())
}

func TestForecast(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: always(10 * time.Hour)})
	var cases []sla.Case
	open := func(record, group, opened string, then sla.Facts, at2 string) {
		clocks, _, err := e.Advance(nil, active, at(opened), "")
		require.NoError(t, err)
		if at2 != "" {
			clocks, _, err = e.Advance(clocks, then, at(at2), "")
			require.NoError(t, err)
		}
		cases = append(cases, sla.Case{Record: record, Group: group, Clock: clocks[0]})
	}
	// Two were solved in the last eight hours: four hours for each.
	open("done 1", "desk", "02 08:00", resolved, "02 10:00")
	open("done 2", "desk", "02 08:00", resolved, "02 16:00")
	open("third", "desk", "02 12:00", active, "")
	open("second", "desk", "02 11:00", active, "")
	open("first", "desk", "02 10:00", active, "")
	open("late", "desk", "02 06:00", active, "")
	open("paused", "desk", "02 06:00", waiting, "02 07:00")
	open("stuck", "web", "02 16:30", active, "")
	all, err := e.Forecast(cases, desk(), sla.Span{From: at("02 09:00"), To: at("02 17:00")})
	require.NoError(t, err)
	var got []string
	for _, p := range all {
		expected := "never"
		if !p.Expected.IsZero() {
			expected = p.Expected.In(at("01 00:00").Location()).Format("02 15:04")
		}
		got = append(got, fmt.Sprintf("%s: %d in %s, expected %s, breached %v, breaches %v at %s", p.Record, p.Place, p.Group, expected, p.Breached, p.Breaches,
			p.BreachAt.In(at("01 00:00").Location()).Format("02 15:04")))
	}
	require.Equal(t, []string{
		"late: 1 in desk, expected 03 13:00, breached true, breaches true at 02 16:00",
		"first: 2 in desk, expected 03 17:00, breached false, breaches true at 02 20:00",
		"second: 3 in desk, expected 04 13:00, breached false, breaches true at 02 21:00",
		"third: 4 in desk, expected 04 17:00, breached false, breaches true at 02 22:00",
		"stuck: 1 in web, expected never, breached false, breaches true at 03 02:30",
	}, got)
	_, err = e.Forecast(cases, nil, sla.Span{})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestForecastOfAQueueThatKeepsUp(t *testing.T) {
	e := engine(t, sla.Target{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(8*time.Hour, desk())}})
	var cases []sla.Case
	for i := range 8 {
		clocks, _, err := e.Advance(nil, active, at("02 09:00"), "")
		require.NoError(t, err)
		clocks, _, err = e.Advance(clocks, resolved, at("02 16:00"), "")
		require.NoError(t, err)
		cases = append(cases, sla.Case{Record: fmt.Sprint("done", i), Clock: clocks[0]})
	}
	for i := range 10 {
		clocks, _, err := e.Advance(nil, active, at("02 16:00"), "")
		require.NoError(t, err)
		cases = append(cases, sla.Case{Record: fmt.Sprintf("open %02d", i), Clock: clocks[0]})
	}
	all, err := e.Forecast(cases, desk(), sla.Span{From: at("02 09:00"), To: at("02 17:00")})
	require.NoError(t, err)
	require.Len(t, all, 10)
	for _, p := range all {
		// An hour for each, and seven hours are left of the goal; the breach is
		// after 16:00 of the next day.
		require.Equal(t, p.Place > 7, p.Breaches, "%+v", p)
	}
	require.Equal(t, []int{8, 9, 10}, []int{all[0].Place, all[1].Place, all[2].Place}, "those that breach come first")
}

func TestBurnRate(t *testing.T) {
	day := sla.Span{From: monday, To: monday.Add(24 * time.Hour)}
	a, err := sla.Available(calendar.Always(), day, []sla.Outage{{Span: sla.Span{From: monday, To: monday.Add(144 * time.Minute)}}}, nil)
	require.NoError(t, err)
	rate, ok := a.BurnRate(decimal.RequireFromString("99"))
	require.True(t, ok)
	require.Equal(t, "10", rate.String(), "a tenth of the time is ten times one percent")
	_, ok = a.BurnRate(decimal.NewFromInt(100))
	require.False(t, ok)
	_, ok = sla.Availability{}.BurnRate(decimal.NewFromInt(99))
	require.False(t, ok)
}
