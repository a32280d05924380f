package oncall_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// A weekly rota that hands over on Mondays at nine.
func Example() {
	roster, err := oncall.ParseRota([]byte(`{
		"name": "network", "version": 1, "zone": "Europe/Berlin",
		"layers": [{"name": "primary", "participants": ["ann", "bob", "cho"],
			"rotation": {"every": "week", "on": "monday", "at": "09:00", "start": "2026-01-05"}}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 1, 14, 12, 0, 0, 0, time.UTC)
	duty, _ := roster.OnCall(now)
	fmt.Println(duty)
	next, _ := roster.NextHandover(now)
	fmt.Println(next.At.Format(time.RFC1123), next.From.Person, "to", next.To.Person)
	// Output:
	// bob: turn 2 in layer primary
	// Mon, 19 Jan 2026 09:00:00 CET bob to cho
}

// Sites that hand over to each other, each on its own clock.
func Example_followTheSun() {
	site := func(name, zone, hours string, people ...string) oncall.Layer {
		return oncall.Layer{Name: name, Zone: zone, Participants: people,
			Rotation: oncall.Rotation{Every: oncall.Week, Start: "2026-01-05"},
			Hours:    []calendar.Hours{{From: time.Monday, To: time.Sunday, Spans: []string{hours}}}}
	}
	roster, err := oncall.NewRoster(oncall.Rota{Name: "platform", Version: 1, Zone: "UTC", Layers: []oncall.Layer{
		site("Bengaluru", "Asia/Kolkata", "06:00-14:00", "asha", "ravi"),
		site("Berlin", "Europe/Berlin", "09:00-18:00", "ann", "bob"),
		site("New York", "America/New_York", "10:00-21:00", "kim", "lee"),
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	day := time.Date(2026, 1, 14, 0, 0, 0, 0, time.UTC)
	for s := range roster.Spans(day, day.AddDate(0, 0, 1)) {
		fmt.Println(s.From.Format("15:04"), s.Duty)
	}
	// Output:
	// 00:00 lee: turn 2 in layer New York
	// 00:30 ravi: turn 2 in layer Bengaluru
	// 08:30 bob: turn 2 in layer Berlin
	// 17:00 lee: turn 2 in layer New York
}

// Two people swap a weekend, and somebody takes over for a drill.
func Example_overrideAndSwap() {
	date := func(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, time.UTC) }
	roster, err := oncall.NewRoster(oncall.Rota{Name: "network", Version: 2, Zone: "UTC",
		Layers: []oncall.Layer{{Name: "primary", Participants: []string{"ann", "bob"},
			Rotation: oncall.Rotation{Every: oncall.Week, On: "monday", Start: "2026-01-05"}}},
		Overrides: []oncall.Override{
			{Name: "bob for ann", Kind: oncall.Replace, Person: "bob", For: "ann", From: date(10, 0), Until: date(12, 0)},
			{Name: "ann for bob", Kind: oncall.Replace, Person: "ann", For: "bob", From: date(17, 0), Until: date(19, 0)},
			{Name: "drill", Kind: oncall.Take, Person: "max", From: date(14, 9), Until: date(14, 11)},
		}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for s := range roster.Spans(date(5, 0), date(19, 0)) {
		fmt.Println(s.From.Format("Mon 02 15:04"), s.Duty)
	}
	// Output:
	// Mon 05 00:00 ann: turn 1 in layer primary
	// Sat 10 00:00 bob: turn 1 of ann in layer primary, override bob for ann
	// Mon 12 00:00 bob: turn 2 in layer primary
	// Wed 14 09:00 max: override drill (take)
	// Wed 14 11:00 bob: turn 2 in layer primary
	// Sat 17 00:00 ann: turn 2 of bob in layer primary, override ann for bob
}

// Times without anybody are found before they hurt.
func ExampleRoster_Gaps() {
	roster, err := oncall.NewRoster(oncall.Rota{Name: "office", Version: 1, Zone: "Europe/Berlin", Layers: []oncall.Layer{
		{Name: "day", Participants: []string{"ann"}, Hours: []calendar.Hours{{From: time.Monday, To: time.Sunday, Spans: []string{"08:00-20:00"}}},
			Holidays: []calendar.Day{{Date: "01-06", Name: "Epiphany"}}},
		{Name: "night", Participants: []string{"bob"}, Hours: []calendar.Hours{{From: time.Monday, To: time.Sunday, Spans: []string{"20:00-08:00"}}}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for g := range roster.Gaps(from, from.AddDate(0, 0, 7)) {
		fmt.Println(g.From.Format(time.RFC3339), g.Length())
		fmt.Println(strings.Join(roster.Explain(g.From), "\n"))
	}
	// Output:
	// 2026-01-06T08:00:00+01:00 12h0m0s
	// layer day: closed: holiday Epiphany
	// layer night: closed: outside its hours
	// nobody
}

// Who bears how much in a quarter.
func ExampleRoster_Loads() {
	roster, err := oncall.NewRoster(oncall.Rota{Name: "office", Version: 1, Zone: "Europe/Berlin", Layers: []oncall.Layer{
		{Name: "primary", Participants: []string{"ann", "bob"}, Rotation: oncall.Rotation{Every: oncall.Week, On: "friday", At: "17:00", Start: "2026-01-02"}}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	loads, err := roster.Loads(time.Date(2026, 1, 2, 16, 0, 0, 0, time.UTC), time.Date(2026, 1, 30, 16, 0, 0, 0, time.UTC),
		calendar.Day{Date: "2026-01-06", Name: "Epiphany"})
	for _, l := range loads {
		fmt.Println(l.Person, l.Total, "nights", l.Night, "weekends", l.Weekend, "holidays", l.Holiday)
	}
	fmt.Println(err)
	// Output:
	// ann 336h0m0s nights 112h0m0s weekends 96h0m0s holidays 24h0m0s
	// bob 336h0m0s nights 112h0m0s weekends 96h0m0s holidays 0s
	// <nil>
}
