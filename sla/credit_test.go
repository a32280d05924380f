package sla_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

func money(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func monthly() sla.CreditTerms {
	return sla.CreditTerms{
		Fee: money("9999.99"), Cap: money("15"),
		Breaches: []sla.BreachCredit{{Target: "resolution", Percent: money("1"), Grace: 1}, {Target: "response", Amount: money("25.00")}},
		Availability: []sla.AvailabilityCredit{
			{Below: money("99.9"), Percent: money("5")}, {Below: money("95"), Percent: money("10")}},
	}
}

func TestWhatIsGivenBack(t *testing.T) {
	breach := func(target, when, excluded string) sla.Breach {
		return sla.Breach{Target: target, Record: "INC" + when[:2], At: at(when), Excluded: excluded}
	}
	hours := func(down float64) *sla.Availability {
		return &sla.Availability{Service: 1000 * time.Hour, Down: time.Duration(down * float64(time.Hour)), Interruptions: 1}
	}
	for _, test := range []struct {
		name         string
		breaches     []sla.Breach
		availability *sla.Availability
		amounts      []string
		total        string
	}{
		{"nothing was broken", nil, hours(0), nil, "0"},
		{"the first one is free", []sla.Breach{breach("resolution", "02 10:00", "")}, nil, []string{"0"}, "0"},
		{"the first in time is the free one, whatever the order", []sla.Breach{breach("resolution", "05 10:00", ""), breach("resolution", "02 10:00", "")}, nil, []string{"0", "100"}, "100"},
		{"an excluded one does not use up the grace", []sla.Breach{breach("resolution", "02 10:00", "caused by the customer"), breach("resolution", "03 10:00", ""), breach("resolution", "04 10:00", "")}, nil,
			[]string{"0", "0", "100"}, "100"},
		{"an amount", []sla.Breach{breach("response", "02 10:00", "")}, nil, []string{"25"}, "25"},
		{"nothing agreed", []sla.Breach{breach("update", "02 10:00", "")}, nil, []string{"0"}, "0"},
		{"exactly on the tier is not below it", nil, hours(1), nil, "0"},
		{"the first tier", nil, hours(1.5), []string{"500"}, "500"},
		{"the lowest tier counts alone", nil, hours(60), []string{"1000"}, "1000"},
		{"the cap has a line of its own", []sla.Breach{breach("response", "02 10:00", ""), breach("resolution", "02 10:00", ""), breach("resolution", "03 10:00", ""), breach("resolution", "04 10:00", ""),
			breach("resolution", "05 10:00", ""), breach("resolution", "06 10:00", ""), breach("resolution", "09 10:00", "")}, hours(60),
			[]string{"0", "25", "100", "100", "100", "100", "100", "1000", "-25"}, "1500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := monthly().Statement(test.breaches, test.availability)
			require.NoError(t, err)
			var amounts []string
			for _, l := range s.Lines {
				amounts = append(amounts, l.Amount.String())
				require.Equal(t, l.Amount.IsZero(), l.Note != "" && l.What != "availability" && l.What != "cap", "what costs nothing says why")
			}
			require.Equal(t, test.amounts, amounts)
			require.Equal(t, test.total, s.Total.String())
		})
	}
}

func TestCreditTermsAreCheckedAsAWhole(t *testing.T) {
	bad := sla.CreditTerms{
		Fee: money("-1"), Cap: money("101"),
		Breaches:     []sla.BreachCredit{{Percent: money("-1")}, {Target: "a", Amount: money("-1")}, {Target: "a", Grace: -1}},
		Availability: []sla.AvailabilityCredit{{Below: money("99"), Percent: money("10")}, {Below: money("99"), Percent: money("200")}, {Below: money("95"), Percent: money("5")}, {Below: money("0")}},
	}
	_, err := bad.Statement(nil, nil)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"the fee is negative", "cap: 101", `breaches of "": no target`, `breaches of "": -1`, `breaches of "a": no target, or there twice`,
		"negative amount, grace or free time", "below 99 %: there twice", "below 99 %: 200", "below 95 %: worse must not cost less than below 99 %", "below 0 %: want more"} {
		require.ErrorContains(t, err, want)
	}
}

// Whatever happened, the lines add up, nothing exceeds the cap, and more breaches
// never cost less.
func TestStatementsAddUp(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 6))
		terms := monthly()
		var breaches []sla.Breach
		last := decimal.Zero
		for range r.IntN(30) {
			breaches = append(breaches, sla.Breach{Target: []string{"resolution", "response", "other"}[r.IntN(3)], At: monday.Add(time.Duration(r.IntN(1000)) * time.Hour),
				Excluded: []string{"", "", "force majeure"}[r.IntN(3)]})
			s, err := terms.Statement(breaches, &sla.Availability{Service: time.Hour, Down: time.Duration(r.Int64N(int64(time.Hour)) / 1000)})
			require.NoError(t, err)
			sum := decimal.Zero
			for _, l := range s.Lines {
				sum = sum.Add(l.Amount)
				require.True(t, l.Amount.Equal(l.Amount.Round(2)))
			}
			require.True(t, sum.Equal(s.Total))
			require.True(t, s.Total.LessThanOrEqual(money("1500.00")))
			without, err := terms.Statement(breaches, nil)
			require.NoError(t, err)
			require.True(t, without.Total.GreaterThanOrEqual(last))
			last = without.Total
		}
	}
}

func TestCreditTermsAreData(t *testing.T) {
	b, err := json.Marshal(monthly())
	require.NoError(t, err)
	var again sla.CreditTerms
	require.NoError(t, workflow.ParseJSON(b, "terms", &again))
	require.NoError(t, again.Validate())
	c, err := json.Marshal(again)
	require.NoError(t, err)
	require.JSONEq(t, string(b), string(c))
}

// What a month costs the provider, line by line.
func ExampleCreditTerms_Statement() {
	terms := sla.CreditTerms{
		Fee: decimal.NewFromInt(12_000), Cap: decimal.NewFromInt(20),
		Breaches:     []sla.BreachCredit{{Target: "resolution", Percent: decimal.NewFromInt(2), Grace: 1}},
		Availability: []sla.AvailabilityCredit{{Below: decimal.RequireFromString("99.5"), Percent: decimal.NewFromInt(5)}},
	}
	statement, err := terms.Statement([]sla.Breach{
		{Target: "resolution", Record: "INC0000007", At: at("03 12:00").UTC()},
		{Target: "resolution", Record: "INC0000011", At: at("09 15:30").UTC(), Excluded: "caused by the customer"},
		{Target: "resolution", Record: "INC0000012", At: at("10 09:00").UTC()},
	}, &sla.Availability{Service: 200 * time.Hour, Down: 2 * time.Hour, Interruptions: 1})
	if err != nil {
		panic(err)
	}
	fmt.Print(statement)
	// Output:
	//     0.00  resolution, INC0000007, 2026-03-03 11:00 UTC, 1 of 1 that cost nothing
	//     0.00  resolution, INC0000011, 2026-03-09 14:30 UTC, excluded: caused by the customer
	//   240.00  resolution, INC0000012, 2026-03-10 08:00 UTC
	//   600.00  availability, 99 % is below 99.5 %
	//   840.00  in all
}

func TestPenaltiesByTheHour(t *testing.T) {
	terms := sla.CreditTerms{Breaches: []sla.BreachCredit{{Target: "resolution", Amount: money("10"), PerHour: money("60"), Free: 30 * time.Minute, Most: money("200")}}}
	for _, test := range []struct {
		over       time.Duration
		want, note string
	}{
		{0, "10.00", ""},
		{30 * time.Minute, "10.00", ""},
		{30*time.Minute + time.Second - 1, "10.00", ""}, // to the second
		{31 * time.Minute, "11.00", "1m0s beyond the goal"},
		{2 * time.Hour, "100.00", "1h30m0s beyond the goal"},
		{30*time.Minute + 20*time.Second, "10.33", "20s beyond the goal"},
		{10 * time.Hour, "200.00", "at most 200 for a breach"},
	} {
		s, err := terms.Statement([]sla.Breach{{Target: "resolution", Record: "T1", At: monday, Over: test.over}}, nil)
		require.NoError(t, err)
		require.Equal(t, test.want, s.Total.StringFixed(2), "%v", test.over)
		require.Equal(t, test.note, s.Lines[0].Note, "%v", test.over)
	}
	require.ErrorIs(t, sla.CreditTerms{Breaches: []sla.BreachCredit{{Target: "x", PerHour: money("-1"), Free: -1}}}.Validate(), workflow.ErrInvalid)
}
