package sla_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
)

var april = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// penal is an agreement by which each breach costs ten.
func penal(until time.Time) sla.Agreement {
	return sla.Agreement{ID: "A", Version: 1, Type: sla.TypeSLA, Provider: "us", Until: until,
		Targets: []sla.Target{{Name: "r", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, calendar.Always())}}},
		Credits: sla.CreditTerms{Fee: decimal.NewFromInt(1000), Breaches: []sla.BreachCredit{{Target: "r", Amount: decimal.NewFromInt(10)}}}}
}

func TestSumsOfManyYears(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: always(time.Hour)})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	c, _ = advanced(t, e, c, resolved, monday.Add(72*time.Hour))
	cases := make([]sla.Case, 40000)
	for i := range cases {
		cases[i] = sla.Case{Clock: c[0]}
	}
	a, err := e.Attainment(cases, sla.Span{From: monday, To: monday.AddDate(1, 0, 0)})
	require.NoError(t, err)
	require.Equal(t, 72*time.Hour, a.Total.MTTR())
}

func TestWhatIsOpenHasNoMonth(t *testing.T) {
	e, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: always(time.Hour)})
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, monday)
	a, err := e.Attainment([]sla.Case{{Clock: c[0]}}, sla.Month(monday), sla.ByMonth(time.UTC))
	require.NoError(t, err)
	require.NotEqual(t, "0001-01", a.Rows[0].Values[0])
}

func TestABreachBehindTheEndOfItsVersionIsPaidOnce(t *testing.T) {
	v1 := penal(april)
	v2 := penal(time.Time{})
	v2.Version, v2.From = 2, april
	b, err := sla.NewBook(v1, v2)
	require.NoError(t, err)
	e, err := sla.NewEngine(b.Targets()...)
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, april.Add(-time.Hour))
	c, _ = advanced(t, e, c, active, april.Add(20*time.Hour))
	c, _ = advanced(t, e, c, resolved, april.Add(30*time.Hour))
	require.True(t, c[0].Breached)
	paid, missed := 0, 0
	for _, a := range b.All() {
		for _, m := range []time.Time{april.AddDate(0, -1, 0), april, april.AddDate(0, 1, 0)} {
			s, err := a.Scorecard(e, []sla.Case{{Record: "I1", Clock: c[0]}}, sla.Month(m), nil, nil, nil)
			require.NoError(t, err)
			paid += len(s.Credits.Lines)
			missed += s.Targets[0].Missed
		}
	}
	require.Equal(t, 1, paid)
	require.Equal(t, 1, missed)
}

func TestABreachAtMidnightIsPaidOnce(t *testing.T) {
	a := penal(time.Time{})
	b, err := sla.NewBook(a)
	require.NoError(t, err)
	e, err := sla.NewEngine(b.Targets()...)
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, april.Add(-4*time.Hour))
	c, _ = advanced(t, e, c, urgent, april)
	c, _ = advanced(t, e, c, resolved, april.Add(time.Hour))
	paid := 0
	for _, m := range []time.Time{april.AddDate(0, -1, 0), april} {
		s, err := a.Scorecard(e, []sla.Case{{Record: "I1", Clock: c[0]}}, sla.Month(m), nil, nil, nil)
		require.NoError(t, err)
		paid += len(s.Credits.Lines)
	}
	require.Equal(t, 1, paid)
}

func TestATakeoverLeavesPastScorecardsAlone(t *testing.T) {
	v1 := penal(april)
	v2 := penal(time.Time{})
	v2.Version, v2.From, v2.Targets[0].OnVersion = 2, april, sla.CarryElapsed
	b, err := sla.NewBook(v1, v2)
	require.NoError(t, err)
	e, err := sla.NewEngine(b.Targets()...)
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, april.Add(-40*time.Hour))
	c, _ = advanced(t, e, c, active, april.Add(-20*time.Hour))
	march := func() int {
		s, err := v1.Scorecard(e, []sla.Case{{Record: "I1", Clock: c[0]}}, sla.Month(april.Add(-1)), nil, nil, nil)
		require.NoError(t, err)
		return len(s.Credits.Lines)
	}
	before := march()
	c, _ = advanced(t, e, c, active, april)
	require.Equal(t, before, march(), "a report on the past stays the same")
}

func TestTheFirstVersionNeedsNoNumber(t *testing.T) {
	a := penal(time.Time{})
	a.Version = 0
	b, err := sla.NewBook(a)
	require.NoError(t, err)
	e, err := sla.NewEngine(b.Targets()...)
	require.NoError(t, err)
	c, _ := advanced(t, e, nil, active, april)
	c, _ = advanced(t, e, c, resolved, april.Add(20*time.Hour))
	s, err := a.Scorecard(e, []sla.Case{{Clock: c[0]}}, sla.Month(april), nil, nil, nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Targets[0].Missed)
}

func TestAStepThatEndsBeforeTheRecordComes(t *testing.T) {
	end := monday.Add(2 * time.Hour)
	tgt := func(n string, d time.Duration) []sla.Target {
		return []sla.Target{{Name: n, Stop: sla.OnResolved, Goals: always(d)}}
	}
	b, err := sla.NewBook(
		sla.Agreement{ID: "S", Type: sla.TypeSLA, Provider: "us", Targets: tgt("r", 10*time.Hour), Supports: []sla.Support{{Target: "r", Steps: []sla.Link{{Agreement: "O1", Target: "r"}, {Agreement: "O2", Target: "r"}}}}},
		sla.Agreement{ID: "O1", Type: sla.TypeOLA, Provider: "g1", Targets: tgt("r", 4*time.Hour)},
		sla.Agreement{ID: "O2", Type: sla.TypeOLA, Provider: "g2", Until: end, Targets: tgt("r", 4*time.Hour)})
	require.NoError(t, err)
	w, err := b.BackToBack(sla.Span{From: monday, To: end})
	require.NoError(t, err)
	require.NotEmpty(t, w, "the record comes to O2 four hours later, when O2 is over")
}

func TestAStepForAnotherService(t *testing.T) {
	tgt := func(d time.Duration) []sla.Target {
		return []sla.Target{{Name: "r", Stop: sla.OnResolved, Goals: always(d)}}
	}
	b, err := sla.NewBook(
		sla.Agreement{ID: "S", Type: sla.TypeSLA, Provider: "us", Services: []string{"web"}, Targets: tgt(10 * time.Hour), Supports: []sla.Support{{Target: "r", Steps: []sla.Link{{Agreement: "U", Target: "r"}}}}},
		sla.Agreement{ID: "U", Type: sla.TypeUC, Provider: "s", Services: []string{"mail"}, Targets: tgt(time.Hour)})
	require.NoError(t, err)
	w, err := b.BackToBack(sla.Span{From: monday, To: monday.Add(time.Hour)})
	require.NoError(t, err)
	require.NotEmpty(t, w)
}

func TestThePrioritiesThatAreNotNamed(t *testing.T) {
	two := []sla.Goal{sla.Within(time.Hour, calendar.Always(), 1), sla.Within(2*time.Hour, calendar.Always())}
	b, err := sla.NewBook(
		sla.Agreement{ID: "S", Type: sla.TypeSLA, Provider: "us", Targets: []sla.Target{{Name: "r", Stop: sla.OnResolved, Goals: two}}, Supports: []sla.Support{{Target: "r", Steps: []sla.Link{{Agreement: "U", Target: "r"}}}}},
		sla.Agreement{ID: "U", Type: sla.TypeUC, Provider: "s", Targets: []sla.Target{{Name: "r", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, calendar.Always())}}}})
	require.NoError(t, err)
	w, err := b.BackToBack(sla.Span{From: monday, To: monday.Add(time.Hour)})
	require.NoError(t, err)
	require.NotEmpty(t, w)
}
