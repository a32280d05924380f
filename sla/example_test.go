package sla_test

import (
	"fmt"
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// desk is open on working days from nine to five.
func desk() *calendar.Calendar {
	c, err := calendar.New("Europe/Berlin", calendar.Named("service desk"), calendar.Weekly(time.Monday, time.Friday, "09:00-17:00"))
	if err != nil {
		panic(err)
	}
	return c
}

// at reads an instant of March 2026 on a clock in Berlin.
func at(text string) time.Time {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-03-"+text, berlin)
	if err != nil {
		panic(err)
	}
	return t
}

// A record's clocks follow its facts. Keep them with the record, and advance
// them with each of its changes.
func Example() {
	engine, err := sla.NewEngine(sla.Target{
		Name:  "resolution",
		Stop:  sla.OnResolved,
		Pause: sla.OnHold("vendor"),
		Goals: []sla.Goal{sla.Within(8*time.Hour, desk())},
	})
	if err != nil {
		panic(err)
	}
	var clocks []sla.Clock
	for _, change := range []struct {
		at    string
		facts sla.Facts
	}{
		{"06 15:00", sla.Facts{Category: workflow.CategoryNew}},
		{"06 16:00", sla.Facts{Category: workflow.CategoryOnHold, HoldReason: "vendor"}},
		{"09 11:00", sla.Facts{Category: workflow.CategoryActive}},
		{"10 09:30", sla.Facts{Category: workflow.CategoryResolved}},
	} {
		if clocks, _, err = engine.Advance(clocks, change.facts, at(change.at), change.facts.HoldReason); err != nil {
			panic(err)
		}
		r, err := engine.Read(clocks[0], at(change.at))
		if err != nil {
			panic(err)
		}
		due := "nothing is due"
		if !r.Due.IsZero() {
			due = "due " + r.Due.In(at("01 00:00").Location()).Format("Mon 15:04")
		}
		fmt.Printf("%s %-8s %5v used, %s\n", change.at, r.State, r.Elapsed, due)
	}
	// Output:
	// 06 15:00 running     0s used, due Mon 15:00
	// 06 16:00 paused   1h0m0s used, nothing is due
	// 09 11:00 running  1h0m0s used, due Tue 10:00
	// 10 09:30 stopped  7h30m0s used, due Tue 10:00
}

// Between two changes of a record, its clocks are looked at when they ask for it:
// set a timer for each alarm. Noticing late changes nothing but when one hears of
// it.
func ExampleEngine_Alarms() {
	engine, err := sla.NewEngine(sla.Target{
		Name: "response", Stop: sla.OnResponded, Thresholds: []sla.Threshold{{Percent: 50}},
		Goals: []sla.Goal{sla.Within(time.Hour, desk())},
	})
	if err != nil {
		panic(err)
	}
	open := sla.Facts{Category: workflow.CategoryNew}
	clocks, _, err := engine.Advance(nil, open, at("02 16:30"), "")
	for err == nil {
		alarms := engine.Alarms(clocks)
		if len(alarms) == 0 {
			break
		}
		var alerts []sla.Alert
		clocks, alerts, err = engine.Advance(clocks, open, alarms[0].Due, "")
		for _, a := range alerts {
			fmt.Println(a.Kind, a.Percent, "%", a.At.Format("Mon 15:04 MST"))
		}
	}
	// Output:
	// warning 50 % Mon 16:00 UTC
	// breach 100 % Tue 08:30 UTC
}

// What a higher priority means for the time already used is the target's choice.
func ExampleChangePolicy() {
	for _, policy := range []sla.ChangePolicy{sla.CarryElapsed, sla.Retroactive, sla.Restart} {
		engine, err := sla.NewEngine(sla.Target{
			Name: "resolution", Stop: sla.OnResolved, OnChange: policy,
			Goals: []sla.Goal{sla.Within(4*time.Hour, calendar.Always(), 1), sla.Within(8*time.Hour, desk())},
		})
		if err != nil {
			panic(err)
		}
		clocks, _, err := engine.Advance(nil, sla.Facts{Category: workflow.CategoryNew, Priority: 3}, at("02 15:00"), "")
		if err != nil {
			panic(err)
		}
		// By the next morning at ten, three hours of the desk have passed, and
		// nineteen on the clock.
		clocks, _, err = engine.Advance(clocks, sla.Facts{Category: workflow.CategoryNew, Priority: 1}, at("03 10:00"), "")
		if err != nil {
			panic(err)
		}
		c := clocks[len(clocks)-1]
		fmt.Printf("%-13s due %s\n", policy, c.Due.In(at("01 00:00").Location()).Format("Mon 15:04"))
	}
	// Output:
	// carry_elapsed due Tue 11:00
	// retroactive   due Mon 19:00
	// restart       due Tue 14:00
}

// An explanation accounts for every minute, for the customer who asks why.
func ExampleEngine_Explain() {
	engine, err := sla.NewEngine(sla.Target{
		Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold(),
		Goals: []sla.Goal{sla.Within(4*time.Hour, desk())},
	})
	if err != nil {
		panic(err)
	}
	clocks, _, err := engine.Advance(nil, sla.Facts{Category: workflow.CategoryNew}, at("05 15:00"), "")
	if err == nil {
		clocks, _, err = engine.Advance(clocks, sla.Facts{Category: workflow.CategoryOnHold}, at("06 09:30"), "spare part ordered")
	}
	if err == nil {
		clocks, _, err = engine.Advance(clocks, sla.Facts{Category: workflow.CategoryActive}, at("06 14:00"), "spare part there")
	}
	if err != nil {
		panic(err)
	}
	story, err := engine.Explain(clocks[0], at("06 15:00"))
	if err != nil {
		panic(err)
	}
	fmt.Print(story)
	// Output:
	// resolution: goal 4h0m0s by service desk
	//             +2h0m0s  Thu 5 Mar 2026 15:00:00 to Thu 5 Mar 2026 17:00:00  open hours
	//         not counted  Thu 5 Mar 2026 17:00:00 to Fri 6 Mar 2026 09:00:00  closed: outside service desk
	//              +30m0s  Fri 6 Mar 2026 09:00:00 to Fri 6 Mar 2026 09:30:00  open hours
	//         not counted  Fri 6 Mar 2026 09:30:00 to Fri 6 Mar 2026 14:00:00  paused: spare part ordered
	//             +1h0m0s  Fri 6 Mar 2026 14:00:00 to Fri 6 Mar 2026 15:00:00  open hours
	//             3h30m0s  used: due at Fri 6 Mar 2026 15:30:00
}
