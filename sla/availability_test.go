package sla_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

func span(from, to string) sla.Span { return sla.Span{From: at(from), To: at(to)} }

func TestAvailability(t *testing.T) {
	march := sla.Span{From: at("02 00:00"), To: at("07 00:00")} // five days of eight hours
	for _, test := range []struct {
		name        string
		outages     []sla.Outage
		maintenance []sla.Span
		want        sla.Availability
		percent     string
	}{
		{"nothing happens", nil, nil, sla.Availability{Service: 40 * time.Hour}, "100"},
		{"an outage in service hours", []sla.Outage{{Span: span("02 10:00", "02 12:00")}}, nil,
			sla.Availability{Service: 40 * time.Hour, Down: 2 * time.Hour, Interruptions: 1}, "95"},
		{"at night nobody notices", []sla.Outage{{Span: span("02 18:00", "03 08:00")}}, nil, sla.Availability{Service: 40 * time.Hour}, "100"},
		{"into the night, only the evening counts", []sla.Outage{{Span: span("02 16:00", "03 10:00")}}, nil,
			sla.Availability{Service: 40 * time.Hour, Down: 2 * time.Hour, Interruptions: 1}, "95"},
		{"overlapping outages are one", []sla.Outage{{Span: span("02 10:00", "02 12:00")}, {Span: span("02 11:00", "02 13:00")}}, nil,
			sla.Availability{Service: 40 * time.Hour, Down: 3 * time.Hour, Interruptions: 1}, "92.5"},
		{"maintenance is no service time", []sla.Outage{{Span: span("02 10:00", "02 14:00")}}, []sla.Span{span("02 12:00", "02 17:00"), span("02 13:00", "02 22:00")},
			sla.Availability{Service: 35 * time.Hour, Down: 2 * time.Hour, Interruptions: 1}, "94.285714"},
		{"force majeure does not count", []sla.Outage{{Span: span("02 10:00", "02 14:00"), Excluded: "force majeure"}}, nil,
			sla.Availability{Service: 40 * time.Hour}, "100"},
		{"unless something else was broken, too", []sla.Outage{{Span: span("02 10:00", "02 14:00"), Excluded: "force majeure"}, {Span: span("02 13:00", "02 15:00")}}, nil,
			sla.Availability{Service: 40 * time.Hour, Down: 2 * time.Hour, Interruptions: 1}, "95"},
		{"still down", []sla.Outage{{Span: sla.Span{From: at("06 09:00")}}, {Span: sla.Span{From: at("09 09:00")}}}, nil,
			sla.Availability{Service: 40 * time.Hour, Down: 8 * time.Hour, Interruptions: 1}, "80"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := sla.Available(desk(), march, test.outages, test.maintenance)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			percent, ok := got.Percent()
			require.True(t, ok)
			require.Equal(t, test.percent, percent.String())
		})
	}
}

func TestAvailabilityIsCheckedAsAWhole(t *testing.T) {
	back := span("03 00:00", "02 00:00")
	_, err := sla.Available(nil, back, []sla.Outage{{Span: back, ID: "INC7"}}, []sla.Span{back})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"no calendar", "has no length", "outage 1 INC7", "maintenance 1"} {
		require.ErrorContains(t, err, want)
	}
}

func TestATargetIsMetExactlyOrMissedByANanosecond(t *testing.T) {
	target := decimal.RequireFromString("99.9")
	a := sla.Availability{Service: 1000 * time.Hour, Down: time.Hour}
	require.True(t, a.Meets(target))
	allowed, left := a.Budget(target)
	require.Equal(t, time.Hour, allowed)
	require.Zero(t, left)
	a.Down++
	require.False(t, a.Meets(target))
	percent, _ := a.Percent()
	require.Equal(t, "99.9", percent.String(), "a rounded percentage would have hidden it")
	_, left = a.Budget(target)
	require.Equal(t, -time.Nanosecond, left)
	require.True(t, sla.Availability{}.Meets(target))
	_, ok := sla.Availability{}.Percent()
	require.False(t, ok)
	require.Zero(t, sla.Availability{}.MTRS()+sla.Availability{}.MTBF())
}

// Downtime is what a patient person counts who looks every minute.
func TestAvailabilityCountsLikeAPatientPerson(t *testing.T) {
	hours := desk()
	period := sla.Span{From: at("02 00:00"), To: at("14 00:00")}
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 5))
		some := func() sla.Span {
			from := period.From.Add(time.Duration(r.IntN(16*24*60)-2*24*60) * time.Minute)
			return sla.Span{From: from, To: from.Add(time.Duration(r.IntN(20*60)) * time.Minute)}
		}
		var outages []sla.Outage
		var maintenance []sla.Span
		for range r.IntN(8) {
			outages = append(outages, sla.Outage{Span: some(), Excluded: []string{"", "", "force majeure"}[r.IntN(3)]})
			maintenance = append(maintenance, some())
		}
		in := func(s sla.Span, t time.Time) bool { return !t.Before(s.From) && t.Before(s.To) }
		var want sla.Availability
		for m := period.From; m.Before(period.To); m = m.Add(time.Minute) {
			service, down := hours.IsOpen(m), false
			for _, s := range maintenance {
				service = service && !in(s, m)
			}
			for _, o := range outages {
				down = down || o.Excluded == "" && in(o.Span, m)
			}
			if service {
				want.Service += time.Minute
				if down {
					want.Down += time.Minute
				}
			}
		}
		got, err := sla.Available(hours, period, outages, maintenance)
		require.NoError(t, err)
		require.Equal(t, want.Service, got.Service, "seed %d", seed)
		require.Equal(t, want.Down, got.Down, "seed %d", seed)
		require.Equal(t, got.Down > 0, got.Interruptions > 0)
	}
}

// Availability of a service in a week of office hours.
func ExampleAvailable() {
	week := sla.Span{From: at("02 00:00"), To: at("09 00:00")}
	a, err := sla.Available(desk(), week,
		[]sla.Outage{{ID: "INC0000007", Span: span("03 08:00", "03 10:30")}, {ID: "INC0000009", Span: span("05 12:00", "05 12:20")}},
		[]sla.Span{span("06 13:00", "06 17:00")})
	if err != nil {
		panic(err)
	}
	percent, _ := a.Percent()
	allowed, left := a.Budget(decimal.RequireFromString("99"))
	fmt.Println(percent, "% of", a.Service, "with", a.Interruptions, "interruptions")
	fmt.Println("restored in", a.MTRS(), "on average, between failures", a.MTBF())
	fmt.Println("99 % allow", allowed, "and leave", left)
	// Output:
	// 94.907407 % of 36h0m0s with 2 interruptions
	// restored in 55m0s on average, between failures 17h5m0s
	// 99 % allow 21m36s and leave -1h28m24s
}

func TestServiceHoursThatNeverMeetThePeriod(t *testing.T) {
	a, err := sla.Available(calendar.Always(), span("02 00:00", "03 00:00"), []sla.Outage{{Span: span("04 00:00", "05 00:00")}}, nil)
	require.NoError(t, err)
	require.Equal(t, sla.Availability{Service: 24 * time.Hour}, a)
}
