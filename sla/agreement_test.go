package sla_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

func promise(goals ...sla.Goal) []sla.Target {
	return []sla.Target{{Name: "resolution", Stop: sla.OnResolved, Goals: goals}}
}

func date(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}

// agreements are those of a small provider.
func agreements() []sla.Agreement {
	return []sla.Agreement{
		{ID: "SLA-ACME", Type: sla.TypeSLA, Provider: "us", Customer: "acme", Services: []string{"mail"}, From: date("2026-01-01"), Until: date("2026-07-01"),
			Targets: promise(sla.Within(8*time.Hour, calendar.Always()))},
		{ID: "SLA-ACME", Version: 2, Type: sla.TypeSLA, Provider: "us", Customer: "acme", Services: []string{"mail", "web"}, From: date("2026-07-01"), ReviewBy: date("2027-01-01"),
			Targets: promise(sla.Within(4*time.Hour, calendar.Always()))},
		{ID: "SLA-BASIC", Type: sla.TypeSLA, Provider: "us", Default: true, Targets: promise(sla.Within(24*time.Hour, calendar.Always())), ReviewBy: date("2026-02-01")},
		{ID: "OLA-NET", Type: sla.TypeOLA, Provider: "network", Customer: "desk", Targets: promise(sla.Within(2*time.Hour, calendar.Always()))},
		{ID: "UC-TELCO", Type: sla.TypeUC, Provider: "Telco", Services: []string{"mail"}, Until: date("2026-12-31"), Targets: promise(sla.Within(3*time.Hour, calendar.Always()))},
	}
}

func TestWhichAgreementsApplyAndWhy(t *testing.T) {
	b, err := sla.NewBook(agreements()...)
	require.NoError(t, err)
	for _, test := range []struct {
		facts sla.Facts
		at    string
		want  []string
	}{
		{sla.Facts{Customer: "acme", Service: "mail", Group: "network"}, "2026-03-01", []string{
			`OLA-NET 1 true: group "network" has the record, it covers every service`,
			`SLA-ACME 1 true: it is with customer "acme", it covers service "mail"`,
			`SLA-ACME 2 false: it is valid only from 2026-07-01 on`,
			`SLA-BASIC 1 false: it is a default, and SLA-ACME applies`,
			`UC-TELCO 1 true: it covers service "mail"`,
		}},
		{sla.Facts{Customer: "acme", Service: "web", Group: "desk"}, "2026-03-01", []string{
			`OLA-NET 1 false: it is with group "network", not "desk"`,
			`SLA-ACME 1 false: it covers "mail", not service "web"`,
			`SLA-ACME 2 false: it is valid only from 2026-07-01 on`,
			`SLA-BASIC 1 true: it is for every customer, it covers every service, and no other agreement of its type applies`,
			`UC-TELCO 1 false: it covers "mail", not service "web"`,
		}},
		{sla.Facts{Customer: "other", Service: "mail"}, "2027-03-01", []string{
			`OLA-NET 1 false: it is with group "network", not ""`,
			`SLA-ACME 1 false: it is with customer "acme", not "other"`,
			`SLA-ACME 2 false: it is with customer "acme", not "other"`,
			`SLA-BASIC 1 true: it is for every customer, it covers every service, and no other agreement of its type applies`,
			`UC-TELCO 1 false: it was valid until 2026-12-31`,
		}},
	} {
		var got []string
		for _, m := range b.Apply(test.facts, date(test.at)) {
			got = append(got, m.Agreement.ID+" "+map[int]string{1: "1", 2: "2"}[m.Agreement.Version]+" "+map[bool]string{true: "true", false: "false"}[m.Applies]+": "+m.Why)
		}
		require.Equal(t, test.want, got)
	}
}

// The clocks that run are those of the agreements that apply.
func TestAgreementsRunClocks(t *testing.T) {
	b, err := sla.NewBook(agreements()...)
	require.NoError(t, err)
	e := engine(t, b.Targets()...)
	for _, test := range []struct {
		facts sla.Facts
		at    string
	}{
		{sla.Facts{Customer: "acme", Service: "mail", Group: "network"}, "2026-03-01"},
		{sla.Facts{Customer: "acme", Service: "web", Group: "network"}, "2026-03-01"},
		{sla.Facts{Customer: "acme", Service: "web"}, "2026-08-01"},
		{sla.Facts{Customer: "other", Service: "mail"}, "2027-03-01"},
	} {
		test.facts.Category = workflow.CategoryActive
		clocks, _, err := e.Advance(nil, test.facts, date(test.at), "")
		require.NoError(t, err)
		var want, got []string
		for _, m := range b.Apply(test.facts, date(test.at)) {
			if m.Applies {
				want = append(want, m.Agreement.ID+": resolution")
			}
		}
		for _, c := range clocks {
			got = append(got, c.Target)
			a, target, ok := b.Promise(c)
			require.True(t, ok)
			require.Equal(t, "resolution", target)
			require.Equal(t, c.Target, a.ID+": resolution")
			require.Equal(t, c.Version, a.Version)
		}
		require.ElementsMatch(t, want, got)
	}
	_, _, ok := b.Promise(sla.Clock{Target: "resolution"})
	require.False(t, ok)
	// A clock keeps the version under which it started.
	f := sla.Facts{Category: workflow.CategoryActive, Customer: "acme", Service: "mail"}
	clocks, _, err := e.Advance(nil, f, date("2026-07-01").Add(-time.Hour), "")
	require.NoError(t, err)
	clocks, _, err = e.Advance(clocks, f, date("2026-07-01").Add(time.Hour), "")
	require.NoError(t, err)
	require.Equal(t, date("2026-07-01").Add(7*time.Hour), clocks[0].Due)
}

func TestReviewsAndExpiries(t *testing.T) {
	b, err := sla.NewBook(agreements()...)
	require.NoError(t, err)
	ids := func(list []sla.Agreement) (out []string) {
		for _, a := range list {
			out = append(out, a.ID)
		}
		return out
	}
	require.Empty(t, b.Reviews(date("2026-01-31")))
	require.Equal(t, []string{"SLA-BASIC"}, ids(b.Reviews(date("2026-02-01"))))
	require.Equal(t, []string{"SLA-BASIC", "SLA-ACME"}, ids(b.Reviews(date("2027-02-01"))))
	require.Empty(t, b.Expiring(date("2026-06-01"), date("2026-07-31")), "the next version takes over")
	require.Equal(t, []string{"UC-TELCO"}, ids(b.Expiring(date("2026-12-01"), date("2027-01-01"))))
	a, err := b.At("SLA-ACME", date("2026-08-01"))
	require.NoError(t, err)
	require.Equal(t, 2, a.Version)
	_, err = b.At("SLA-ACME", date("2025-08-01"))
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.Len(t, b.All(), 5)
}

func TestAgreementsAreCheckedAsAWhole(t *testing.T) {
	_, err := sla.NewBook(
		sla.Agreement{ID: "a/b", Version: -1, Type: "pact", Availability: decimal.NewFromInt(101), Attainment: decimal.NewFromInt(-1)},
		sla.Agreement{ID: "X", Type: sla.TypeSLA, Provider: "us", From: date("2026-02-01"), Until: date("2026-01-01"),
			Supports: []sla.Support{{Target: "none"}}, Credits: sla.CreditTerms{Fee: decimal.NewFromInt(-1)}},
		sla.Agreement{ID: "X", Version: 2, Type: sla.TypeOLA, Provider: "us"},
		sla.Agreement{ID: "Y", Type: sla.TypeSLA, Provider: "us", Targets: []sla.Target{{Name: "resolution", Version: 3}},
			Supports: []sla.Support{{Target: "resolution", Steps: []sla.Link{{Agreement: "Y", Target: "resolution"}, {Agreement: "Z", Target: "x"}}}}},
		sla.Agreement{ID: "Y", Version: 2, Type: sla.TypeSLA, Provider: "us"},
		sla.Agreement{ID: "Y", Version: 2, Type: sla.TypeSLA, Provider: "us"},
	)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"an id has 1 to 50", "versions count from 1", `unknown type "pact"`, "nobody provides it", "availability of 101 %", "attainment of -1 %",
		"there are none", "ends before it begins", `support of "none"`, "without steps", "the fee is negative", "is a sla as version 1, and a ola as version 2", "the versions and dates",
		"supported by Y resolution", "supported by Z x", "version 1 is still valid when version 2 begins", "twice as version 2"} {
		require.ErrorContains(t, err, want)
	}
	var at sla.AgreementType
	require.ErrorIs(t, at.UnmarshalText([]byte("pact")), workflow.ErrInvalid)
	require.NoError(t, at.UnmarshalText([]byte("ola")))
}

// supported returns a book of an SLA over an OLA and a contract with a supplier.
func supported(t *testing.T, top, ola, contract sla.Goal) *sla.Book {
	b, err := sla.NewBook(
		sla.Agreement{ID: "SLA", Type: sla.TypeSLA, Provider: "us", Targets: promise(top),
			Supports: []sla.Support{{Target: "resolution", Steps: []sla.Link{{Agreement: "OLA", Target: "resolution"}, {Agreement: "UC", Target: "resolution"}}}}},
		sla.Agreement{ID: "OLA", Type: sla.TypeOLA, Provider: "network", Targets: promise(ola)},
		sla.Agreement{ID: "UC", Type: sla.TypeUC, Provider: "Telco", Until: date("2026-06-01"), Targets: promise(contract)},
	)
	require.NoError(t, err)
	return b
}

func TestBackToBack(t *testing.T) {
	office, always := officeHours(t), calendar.Always()
	week := sla.Span{From: date("2026-03-02"), To: date("2026-03-14")}
	for _, test := range []struct {
		name          string
		top, ola, uc  sla.Goal
		broken, start string
		why           string
	}{
		{"just enough", sla.Within(8*time.Hour, office), sla.Within(2*time.Hour, office), sla.Within(6*time.Hour, office), "", "", ""},
		{"the sum is too long", sla.Within(8*time.Hour, always), sla.Within(3*time.Hour, always), sla.Within(6*time.Hour, always), "UC resolution", "2026-03-02 00:00",
			"UC resolution may take until Mon 2026-03-02 09:00 UTC, the promise is to be kept by Mon 2026-03-02 08:00 UTC"},
		{"the first alone is too long", sla.Within(8*time.Hour, always), sla.Within(9*time.Hour, always), sla.Within(time.Hour, always), "OLA resolution", "2026-03-02 00:00", "OLA resolution may take until"},
		{"the supplier does not work at night", sla.Within(12*time.Hour, always), sla.Within(2*time.Hour, always), sla.Within(2*time.Hour, office), "UC resolution", "2026-03-06 13:00",
			"UC resolution may take until Mon 2026-03-09 09:00 UTC"}, // it has until 17:00 on Friday, and is late only when Monday begins
		{"by the end of the next day", sla.Goal{Days: 1, EndOfDay: true, Calendar: office}, sla.Within(time.Minute, always), sla.Within(8*time.Hour, office), "UC resolution", "",
			"UC resolution may take until Mon 2026-03-09 10:00"}, // eight hours are more than a day has
		{"nothing is promised for such records", sla.Within(8*time.Hour, always), sla.Within(time.Hour, always, 2), sla.Within(time.Hour, always), "OLA resolution", "2026-03-02 00:00", "OLA resolution promises nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			weak, err := supported(t, test.top, test.ola, test.uc).BackToBack(week)
			require.NoError(t, err)
			if test.broken == "" {
				require.Empty(t, weak)
				return
			}
			require.Len(t, weak, 1)
			w := weak[0]
			require.Equal(t, test.broken, w.Broken.String())
			require.Contains(t, w.Why, test.why)
			require.Positive(t, w.Failures)
			require.LessOrEqual(t, w.Failures, w.Starts)
			if test.start != "" {
				require.Equal(t, test.start, w.Start.Format("2006-01-02 15:04"))
			}
		})
	}
	// The contract ends, and the promise goes on.
	b := supported(t, sla.Within(8*time.Hour, always), sla.Within(time.Hour, always), sla.Within(time.Hour, always))
	weak, err := b.BackToBack(sla.Span{From: date("2026-05-25"), To: date("2026-06-05")}, sla.Facts{Customer: "acme", Priority: 3})
	require.NoError(t, err)
	require.Len(t, weak, 1)
	require.Equal(t, "UC resolution is not valid on 2026-06-01", weak[0].Why)
	require.Equal(t, (4*24+1)*60*2, weak[0].Failures, "also of what comes to the contract an hour after its start, when that has ended")
	_, err = b.BackToBack(sla.Span{From: date("2026-01-01"), To: date("2028-01-01")})
	require.ErrorIs(t, err, workflow.ErrInvalid)
}

func TestScorecardOfASupplier(t *testing.T) {
	hundred := decimal.NewFromInt(100)
	telco := sla.Agreement{ID: "UC-TELCO", Type: sla.TypeUC, Provider: "Telco", Hours: calendar.Always(),
		Targets:      promise(sla.Within(4*time.Hour, calendar.Always())),
		Availability: decimal.RequireFromString("99.9"), Attainment: decimal.NewFromInt(60),
		Credits: sla.CreditTerms{Fee: decimal.NewFromInt(1000), Cap: hundred,
			Breaches:     []sla.BreachCredit{{Target: "resolution", Amount: decimal.NewFromInt(45), PerHour: decimal.NewFromInt(5)}},
			Availability: []sla.AvailabilityCredit{{Below: decimal.RequireFromString("99.9"), Percent: decimal.NewFromInt(10)}}}}
	b, err := sla.NewBook(telco)
	require.NoError(t, err)
	telco = b.All()[0]
	e := engine(t, b.Targets()...)
	cases := tickets(t, e)
	outage := sla.Outage{Span: sla.Span{From: at("10 10:00"), To: at("10 11:00")}}
	card, err := telco.Scorecard(e, cases, sla.Month(at("15 00:00")), []sla.Outage{outage}, nil, func(c sla.Case) string {
		if c.Record == "T4" {
			return "caused by us"
		}
		return ""
	})
	require.NoError(t, err)
	require.Equal(t, `UC-TELCO Telco (underpinning_contract) version 1, 2026-03-01 to 2026-04-01: broken
  resolution: 66.67 % (2 met, 1 missed, 1 overdue): kept
  availability: 99.86541 %: broken
     50.00  resolution, T2, 2026-03-03 12:00 UTC, 1h0m0s beyond the goal
      0.00  resolution, T4, 2026-03-04 12:00 UTC, excluded: caused by us
    100.00  availability, 99.86541 % is below 99.9 %
    150.00  in all
`, card.String())
	// In April T4 is still overdue, and its breach is paid for only once.
	card, err = telco.Scorecard(e, cases, sla.Month(at("15 00:00").AddDate(0, 1, 0)), nil, nil, nil)
	require.NoError(t, err)
	require.Equal(t, "0.00", card.Credits.Total.StringFixed(2))
	require.Equal(t, 1, card.Targets[0].Overdue)
	require.True(t, card.Kept)
}

func TestABookIsItsOwn(t *testing.T) {
	given := agreements()
	b, err := sla.NewBook(given...)
	require.NoError(t, err)
	spoil := func(list []sla.Agreement) {
		for _, a := range list {
			for i := range a.Services {
				a.Services[i] = "spoilt"
			}
			for i := range a.Targets {
				a.Targets[i].Name = "spoilt"
				a.Targets[i].Goals[0] = sla.Goal{}
			}
		}
	}
	spoil(given)
	spoil(b.All())
	spoil(b.Reviews(date("2027-02-01")))
	for _, m := range b.Apply(sla.Facts{}, date("2026-03-01")) {
		spoil([]sla.Agreement{m.Agreement})
	}
	a, err := b.At("SLA-ACME", date("2026-03-01"))
	require.NoError(t, err)
	require.Equal(t, []string{"mail"}, a.Services)
	require.Equal(t, "resolution", a.Targets[0].Name)
	require.Equal(t, 8*time.Hour, a.Targets[0].Goals[0].Within)
}

// A group answers for the time in which it has the record, and a record that was
// put down to the wrong service owes nothing to that.
func TestAgreementsFollowTheRecord(t *testing.T) {
	b, err := sla.NewBook(agreements()...)
	require.NoError(t, err)
	e := engine(t, b.Targets()...)
	f := sla.Facts{Category: workflow.CategoryActive, Customer: "acme", Service: "mail", Group: "network"}
	var clocks []sla.Clock
	stand := func(hour int) map[string]string {
		t.Helper()
		at := date("2026-03-02").Add(time.Duration(hour) * time.Hour)
		clocks, _, err = e.Advance(clocks, f, at, "")
		require.NoError(t, err)
		all := map[string]string{}
		for _, c := range clocks {
			r, err := e.Read(c, at)
			require.NoError(t, err)
			all[c.Target] = string(r.State) + " " + r.Elapsed.String()
		}
		return all
	}
	stand(0)
	f.Group = "web"
	require.Equal(t, "stopped 1h0m0s", stand(1)["OLA-NET: resolution"])
	f.Group = "network"
	require.Equal(t, "running 1h0m0s", stand(5)["OLA-NET: resolution"])
	f.Service = "web"
	got := stand(6)
	require.Equal(t, "cancelled 6h0m0s", got["SLA-ACME: resolution"])
	require.Equal(t, "cancelled 6h0m0s", got["UC-TELCO: resolution"])
	require.Equal(t, "running 0s", got["SLA-BASIC: resolution"], "the default applies where no other does")
	f.Service = "mail"
	got = stand(7)
	require.Equal(t, "running 0s", got["SLA-ACME: resolution"], "it was mail after all")
	require.Equal(t, "cancelled 1h0m0s", got["SLA-BASIC: resolution"])
}
