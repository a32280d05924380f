package sla_test

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// change is a record as it is from an instant of March 2026 on, in Berlin.
type change struct {
	at    string
	facts sla.Facts
}

// tell prints how the latest clock of a target stands at each change, at a desk
// that is open on working days from nine to five.
func tell(targets []sla.Target, changes ...change) {
	engine, err := sla.NewEngine(targets...)
	if err != nil {
		panic(err)
	}
	var clocks []sla.Clock
	for _, c := range changes {
		if clocks, _, err = engine.Advance(clocks, c.facts, at(c.at), c.facts.HoldReason); err != nil {
			panic(err)
		}
		clock := clocks[len(clocks)-1]
		r, err := engine.Read(clock, at(c.at))
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s  clock %d %s, %v used", c.at, clock.Cycle, r.State, r.Elapsed)
		if !r.Due.IsZero() {
			fmt.Print(", due ", r.Due.In(at(c.at).Location()).Format("Mon 02 15:04"))
		}
		if r.Breached {
			fmt.Print(", breached ", r.BreachAt.In(at(c.at).Location()).Format("Mon 02 15:04"))
		}
		fmt.Println()
	}
}

// resolution is a target of so much time at the desk.
func resolution(d time.Duration) sla.Target {
	return sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(), Goals: []sla.Goal{sla.Within(d, desk())}}
}

var (
	isOpen     = sla.Facts{Category: workflow.CategoryActive, Priority: 3}
	isWaiting  = sla.Facts{Category: workflow.CategoryOnHold, Priority: 3}
	isResolved = sla.Facts{Category: workflow.CategoryResolved, Priority: 3}
)

// Two hours from three o'clock are used up at five, when the desk closes, and are
// due then. They are missed when the desk opens again: what is done in the
// evening costs no business time, so it is in time.
func Example_dueAtClosing() {
	two := []sla.Target{resolution(2 * time.Hour)}
	tell(two, change{"02 15:00", isOpen}, change{"03 08:59", isResolved})
	tell(two, change{"02 15:00", isOpen}, change{"03 09:01", isOpen})
	// Output:
	// 02 15:00  clock 1 running, 0s used, due Mon 02 17:00
	// 03 08:59  clock 1 stopped, 2h0m0s used, due Mon 02 17:00
	// 02 15:00  clock 1 running, 0s used, due Mon 02 17:00
	// 03 09:01  clock 1 running, 2h1m0s used, due Mon 02 17:00, breached Tue 03 09:00
}

// What is done exactly when it is due is in time. Instants decide, to the
// nanosecond, never a rounded percentage.
func Example_exactlyOnTime() {
	tell([]sla.Target{resolution(2 * time.Hour)}, change{"02 10:00", isOpen}, change{"02 12:00", isResolved})
	// Output:
	// 02 10:00  clock 1 running, 0s used, due Mon 02 12:00
	// 02 12:00  clock 1 stopped, 2h0m0s used, due Mon 02 12:00
}

// Waiting over the weekend costs the two hours in which the desk was open. While
// it waits nothing is due.
func Example_pausesCostOpenTime() {
	tell([]sla.Target{resolution(4 * time.Hour)},
		change{"06 15:00", isOpen}, change{"06 16:00", isWaiting}, change{"09 10:00", isOpen})
	// Output:
	// 06 15:00  clock 1 running, 0s used, due Mon 09 11:00
	// 06 16:00  clock 1 paused, 1h0m0s used
	// 09 10:00  clock 1 running, 1h0m0s used, due Mon 09 13:00
}

// A breach is a fact that stays, not a state: the clock goes on, and may be paused
// and stopped like any other.
func Example_breachStays() {
	tell([]sla.Target{resolution(time.Hour)},
		change{"02 10:00", isOpen}, change{"02 12:00", isWaiting}, change{"02 13:00", isResolved})
	// Output:
	// 02 10:00  clock 1 running, 0s used, due Mon 02 11:00
	// 02 12:00  clock 1 paused, 2h0m0s used, due Mon 02 11:00, breached Mon 02 11:00
	// 02 13:00  clock 1 stopped, 2h0m0s used, due Mon 02 11:00, breached Mon 02 11:00
}

// Two business days are not sixteen hours: they are dates on which the desk is
// open, at the same time of day, at closing, or by a time that is agreed on.
func Example_businessDays() {
	for _, g := range []sla.Goal{{Days: 2}, {Days: 2, EndOfDay: true}, {Days: 2, By: 12 * time.Hour}} {
		g.Calendar = desk()
		tell([]sla.Target{{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{g}}}, change{"06 15:30", isOpen})
	}
	// Output:
	// 06 15:30  clock 1 running, 0s used, due Tue 10 15:30
	// 06 15:30  clock 1 running, 0s used, due Tue 10 17:00
	// 06 15:30  clock 1 running, 0s used, due Tue 10 12:00
}

// Of a target's goals the first that fits counts, so the order says which of two
// promises wins.
func Example_firstGoalThatFits() {
	t := resolution(8 * time.Hour)
	t.Goals = append([]sla.Goal{sla.Within(2*time.Hour, calendar.Always(), 1), sla.Within(4*time.Hour, desk(), 1, 2)}, t.Goals...)
	for priority := 1; priority <= 3; priority++ {
		tell([]sla.Target{t}, change{"02 16:00", sla.Facts{Category: workflow.CategoryNew, Priority: priority}})
	}
	// Output:
	// 02 16:00  clock 1 running, 0s used, due Mon 02 18:00
	// 02 16:00  clock 1 running, 0s used, due Tue 03 12:00
	// 02 16:00  clock 1 running, 0s used, due Tue 03 16:00
}

// A goal that becomes shorter than what was used already is missed at once, and
// not before: nobody breaks a promise that was not made yet.
func Example_shorterGoal() {
	t := resolution(8 * time.Hour)
	t.Goals = append([]sla.Goal{sla.Within(time.Hour, desk(), 1)}, t.Goals...)
	urgent := isOpen
	urgent.Priority = 1
	tell([]sla.Target{t}, change{"02 09:00", isOpen}, change{"02 12:00", urgent})
	// Output:
	// 02 09:00  clock 1 running, 0s used, due Mon 02 17:00
	// 02 12:00  clock 1 running, 3h0m0s used, due Mon 02 10:00, breached Mon 02 12:00
}

// What becomes of the clock of a record that is opened again is the target's
// choice: it goes on, the time between being a pause; another one starts; or once
// was enough.
func ExampleReopenPolicy() {
	for _, policy := range []sla.ReopenPolicy{sla.Continue, sla.NewCycle, sla.StayStopped} {
		t := resolution(4 * time.Hour)
		t.OnReopen = policy
		tell([]sla.Target{t}, change{"02 10:00", isOpen}, change{"02 12:00", isResolved}, change{"03 12:00", isOpen})
	}
	// Output:
	// 02 10:00  clock 1 running, 0s used, due Mon 02 14:00
	// 02 12:00  clock 1 stopped, 2h0m0s used, due Mon 02 14:00
	// 03 12:00  clock 1 running, 2h0m0s used, due Tue 03 14:00
	// 02 10:00  clock 1 running, 0s used, due Mon 02 14:00
	// 02 12:00  clock 1 stopped, 2h0m0s used, due Mon 02 14:00
	// 03 12:00  clock 2 running, 0s used, due Tue 03 16:00
	// 02 10:00  clock 1 running, 0s used, due Mon 02 14:00
	// 02 12:00  clock 1 stopped, 2h0m0s used, due Mon 02 14:00
	// 03 12:00  clock 1 stopped, 2h0m0s used, due Mon 02 14:00
}

// A promise of the next reply runs from what the caller says to what he hears, each
// time anew. That he asks again does not make it later.
func ExampleOnWaiting() {
	asks := isOpen
	asks.Waiting = true
	reply := sla.Target{Name: "next reply", Start: sla.OnWaiting, Stop: sla.Not(sla.OnWaiting), OnReopen: sla.NewCycle,
		Goals: []sla.Goal{sla.Within(2*time.Hour, desk())}}
	tell([]sla.Target{reply}, change{"02 10:00", asks}, change{"02 11:00", asks}, change{"02 11:30", isOpen}, change{"02 16:00", asks})
	// Output:
	// 02 10:00  clock 1 running, 0s used, due Mon 02 12:00
	// 02 11:00  clock 1 running, 1h0m0s used, due Mon 02 12:00
	// 02 11:30  clock 1 stopped, 1h30m0s used, due Mon 02 12:00
	// 02 16:00  clock 2 running, 0s used, due Tue 03 10:00
}

// Reset by the group, an operational level agreement gives each group the whole
// time. The clock of the group before is stopped.
func ExampleFact() {
	in := func(group string) sla.Facts {
		f := isOpen
		f.Group = group
		return f
	}
	t := resolution(4 * time.Hour)
	t.ResetOn = []sla.Fact{sla.FactGroup}
	tell([]sla.Target{t}, change{"02 09:00", in("desk")}, change{"02 12:00", in("network")}, change{"02 13:00", in("network")})
	// Output:
	// 02 09:00  clock 1 running, 0s used, due Mon 02 13:00
	// 02 12:00  clock 2 running, 0s used, due Mon 02 16:00
	// 02 13:00  clock 2 running, 1h0m0s used, due Mon 02 16:00
}

// A promise is edited by adding a version of it. What was promised before the
// version came into force stays as it was promised.
func Example_versionsArePinned() {
	before, after := resolution(8*time.Hour), resolution(4*time.Hour)
	after.Version, after.From = 2, at("03 00:00")
	both := []sla.Target{before, after}
	tell(both, change{"02 15:00", isOpen}, change{"03 09:00", isOpen})
	tell(both, change{"03 09:00", isOpen})
	// Output:
	// 02 15:00  clock 1 running, 0s used, due Tue 03 15:00
	// 03 09:00  clock 1 running, 2h0m0s used, due Tue 03 15:00
	// 03 09:00  clock 1 running, 0s used, due Tue 03 13:00
}

// A due time that is agreed on by hand stands: no pause and no priority moves it,
// and it counts on weekends as well.
func ExampleOverride() {
	agreed := isOpen
	agreed.Overrides = []sla.Override{{Target: "resolution", Due: at("07 12:00"), At: at("02 10:00"), By: "ann", Reason: "the customer is away until then"}}
	waits := isWaiting
	waits.Overrides = agreed.Overrides
	tell([]sla.Target{resolution(2 * time.Hour)}, change{"02 09:00", isOpen}, change{"02 10:00", agreed}, change{"02 11:00", waits}, change{"07 12:01", waits})
	// Output:
	// 02 09:00  clock 1 running, 0s used, due Mon 02 11:00
	// 02 10:00  clock 1 running, 1h0m0s used, due Sat 07 12:00
	// 02 11:00  clock 1 paused, 2h0m0s used, due Sat 07 12:00
	// 07 12:01  clock 1 paused, 2h0m0s used, due Sat 07 12:00, breached Sat 07 12:00
}

// Hours that float are read on the wall clock of the record's zone: nine to five
// where the caller is.
func Example_floatingHours() {
	t := resolution(time.Hour)
	t.Goals[0].Floating = true
	seoul := isOpen
	seoul.Zone = "Asia/Seoul"
	tell([]sla.Target{t}, change{"02 05:00", isOpen})
	tell([]sla.Target{t}, change{"02 05:00", seoul})
	// Output:
	// 02 05:00  clock 1 running, 0s used, due Mon 02 10:00
	// 02 05:00  clock 1 running, 0s used, due Mon 02 06:00
}

// Cover around the clock has a day of 23 hours when the clocks go forward: three
// hours from one at night are over at five.
func Example_clocksGoForward() {
	cover, err := calendar.New("Europe/Berlin", calendar.Named("cover"), calendar.Weekly(time.Sunday, time.Saturday, "00:00-24:00"))
	if err != nil {
		panic(err)
	}
	t := resolution(time.Hour)
	t.Goals = []sla.Goal{sla.Within(3*time.Hour, cover)}
	tell([]sla.Target{t}, change{"29 01:00", isOpen})
	// Output:
	// 29 01:00  clock 1 running, 0s used, due Sun 29 05:00
}

// A threshold is a part of the goal, or a business time before or after it is due,
// and brings its escalation actions along: they are data, for the host to carry
// out.
func ExampleThreshold() {
	t := resolution(4 * time.Hour)
	t.Thresholds = []sla.Threshold{{Percent: 50}, {Before: time.Hour, Do: []string{"notify:assignee"}}, {Percent: 100, Do: []string{"notify:manager"}}, {After: 2 * time.Hour, Do: []string{"page:manager"}}}
	engine, err := sla.NewEngine(t)
	if err != nil {
		panic(err)
	}
	clocks, _, err := engine.Advance(nil, isOpen, at("02 15:00"), "")
	if err != nil {
		panic(err)
	}
	_, alerts, err := engine.Advance(clocks, isOpen, at("04 09:00"), "")
	if err != nil {
		panic(err)
	}
	for _, a := range alerts {
		fmt.Println(a.At.In(at("01 00:00").Location()).Format("Mon 15:04"), a.Kind, a.Threshold, a.Do)
	}
	// Output:
	// Mon 17:00 warning 50 % []
	// Tue 10:00 warning 1h0m0s before due [notify:assignee]
	// Tue 11:00 breach 100 % [notify:manager]
	// Tue 13:00 overdue 2h0m0s after due [page:manager]
}

// All agreements that match apply side by side, and each has its own clock. One
// that is a default gives way to any other of its type.
func ExampleBook_Apply() {
	target := func(d time.Duration) []sla.Target { return []sla.Target{resolution(d)} }
	book, err := sla.NewBook(
		sla.Agreement{ID: "SLA-ACME", Type: sla.TypeSLA, Provider: "us", Customer: "acme", Targets: target(4 * time.Hour)},
		sla.Agreement{ID: "SLA-BASIC", Type: sla.TypeSLA, Provider: "us", Default: true, Targets: target(16 * time.Hour)},
		sla.Agreement{ID: "OLA-NET", Type: sla.TypeOLA, Provider: "network", Targets: target(2 * time.Hour)},
	)
	if err != nil {
		panic(err)
	}
	facts := sla.Facts{Category: workflow.CategoryNew, Customer: "acme", Service: "mail", Group: "desk"}
	for _, m := range book.Apply(facts, at("02 10:00")) {
		fmt.Println(m.Agreement.ID, m.Applies, "-", m.Why)
	}
	engine, err := sla.NewEngine(book.Targets()...)
	if err != nil {
		panic(err)
	}
	clocks, _, err := engine.Advance(nil, facts, at("02 10:00"), "")
	if err != nil {
		panic(err)
	}
	for _, c := range clocks {
		fmt.Println(c.Target, "is due", c.Due.In(at("02 10:00").Location()).Format("Mon 15:04"))
	}
	// Output:
	// OLA-NET false - it is with group "network", not "desk"
	// SLA-ACME true - it is with customer "acme", it covers every service
	// SLA-BASIC false - it is a default, and SLA-ACME applies
	// SLA-ACME: resolution is due Mon 14:00
}

// A promise is only as good as those beneath it: two hours of the network group and
// four of the supplier are within eight hours by day, and not in the evening, as
// the supplier goes home.
func ExampleBook_BackToBack() {
	book, err := sla.NewBook(
		sla.Agreement{ID: "SLA", Type: sla.TypeSLA, Provider: "us",
			Targets:  []sla.Target{{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(8*time.Hour, calendar.Always())}}},
			Supports: []sla.Support{{Target: "resolution", Steps: []sla.Link{{Agreement: "OLA-NET", Target: "resolution"}, {Agreement: "UC-TELCO", Target: "repair"}}}}},
		sla.Agreement{ID: "OLA-NET", Type: sla.TypeOLA, Provider: "network",
			Targets: []sla.Target{{Name: "resolution", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(2*time.Hour, calendar.Always())}}}},
		sla.Agreement{ID: "UC-TELCO", Type: sla.TypeUC, Provider: "Telco",
			Targets: []sla.Target{{Name: "repair", Stop: sla.OnResolved, Goals: []sla.Goal{sla.Within(4*time.Hour, desk())}}}},
	)
	if err != nil {
		panic(err)
	}
	weak, err := book.BackToBack(sla.Span{From: at("02 00:00"), To: at("09 00:00")})
	if err != nil {
		panic(err)
	}
	for _, w := range weak {
		fmt.Println(w.Link, "breaks with", w.Broken)
		fmt.Println(w.Why)
	}
	// Output:
	// SLA resolution breaks with UC-TELCO repair
	// UC-TELCO repair may take until Mon 2026-03-09 08:00 UTC, the promise is to be kept by Fri 2026-03-06 18:00 UTC
}

// A clock counts in the period in which it was stopped. One that is overdue and
// still runs is shown apart, a cancelled one promised nothing. The time is told of
// those in whose hands it went by.
func ExampleEngine_Attainment() {
	engine, err := sla.NewEngine(resolution(4 * time.Hour))
	if err != nil {
		panic(err)
	}
	ticket := func(record, ended string) sla.Case {
		first, second := isOpen, isOpen
		first.Group, second.Group = "desk", "network"
		clocks, _, err := engine.Advance(nil, first, at("02 09:00"), "")
		if err == nil {
			clocks, _, err = engine.Advance(clocks, second, at("02 11:00"), "")
		}
		if err == nil && ended != "" {
			clocks, _, err = engine.Advance(clocks, isResolved, at(ended), "")
		}
		if err != nil {
			panic(err)
		}
		return sla.Case{Record: record, Clock: clocks[0], Service: "mail"}
	}
	report, err := engine.Attainment([]sla.Case{ticket("T1", "02 12:00"), ticket("T2", "02 15:00"), ticket("T3", "")},
		sla.Span{From: at("01 00:00"), To: at("03 00:00")}, sla.ByService())
	if err != nil {
		panic(err)
	}
	fmt.Print(report)
	// Output:
	// service  met  missed  overdue  kept     mean used  MTTR
	// mail     1    1       1        50.00 %  4h30m0s    4h30m0s
	// in all   1    1       1        50.00 %  4h30m0s    4h30m0s
	//
	// held by  running  paused  missed in their hands
	// network  11h0m0s  0s      2
	// desk     6h0m0s   0s      0
}

// At the pace of the last day, an hour for each, the first three of four will be
// done in time.
func ExampleEngine_Forecast() {
	engine, err := sla.NewEngine(resolution(4 * time.Hour))
	if err != nil {
		panic(err)
	}
	var cases []sla.Case
	for i := range 12 {
		opened := at("02 13:00")
		if i >= 8 {
			opened = at("02 16:00").Add(time.Duration(i) * time.Minute)
		}
		clocks, _, err := engine.Advance(nil, isOpen, opened, "")
		if err == nil && i < 8 {
			clocks, _, err = engine.Advance(clocks, isResolved, at("02 14:00"), "")
		}
		if err != nil {
			panic(err)
		}
		cases = append(cases, sla.Case{Record: fmt.Sprint("T", i+1), Clock: clocks[0]})
	}
	predictions, err := engine.Forecast(cases, desk(), sla.Span{From: at("02 09:00"), To: at("02 17:00")})
	if err != nil {
		panic(err)
	}
	for _, p := range predictions {
		zone := at("02 09:00").Location()
		fmt.Println(p.Record, "expected", p.Expected.In(zone).Format("Mon 15:04"), "due", p.Due.In(zone).Format("Mon 15:04"), "breaches:", p.Breaches)
	}
	// Output:
	// T12 expected Tue 13:00 due Tue 12:11 breaches: true
	// T9 expected Tue 10:00 due Tue 12:08 breaches: false
	// T10 expected Tue 11:00 due Tue 12:09 breaches: false
	// T11 expected Tue 12:00 due Tue 12:10 breaches: false
}

// An error budget that is used ten times too fast is gone after a tenth of the
// period.
func ExampleAvailability_BurnRate() {
	day := sla.Span{From: at("02 00:00"), To: at("03 00:00")}
	a, err := sla.Available(calendar.Always(), day, []sla.Outage{{Span: sla.Span{From: at("02 10:00"), To: at("02 10:15")}}}, nil)
	if err != nil {
		panic(err)
	}
	rate, _ := a.BurnRate(decimal.RequireFromString("99.9"))
	fmt.Println(rate)
	// Output: 10.42
}
