package escalation_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow/routing/escalation"
	"github.com/itsm-go/itsm/workflow/routing/oncall"
)

// company is the host's directory.
type company struct{}

func (company) Members(group string) []string {
	return map[string][]string{"network": {"ann", "bob"}}[group]
}
func (company) Lead(group string) string     { return map[string]string{"network": "lea"}[group] }
func (company) Manager(person string) string { return map[string]string{"lea": "max"}[person] }

func exampleDirectory() escalation.Directory {
	roster, err := oncall.ParseRota([]byte(`{"name": "network", "version": 1, "zone": "UTC", "layers": [
		{"name": "primary", "participants": ["ann", "bob"], "rotation": {"every": "week", "on": "monday", "start": "2026-01-05"}}]}`))
	if err != nil {
		panic(err)
	}
	book, err := oncall.NewBook(roster)
	if err != nil {
		panic(err)
	}
	return escalation.Directory{Rotas: book, People: company{}}
}

const examplePolicy = `{
	"name": "desk", "version": 1,
	"ladders": [{"name": "standard",
		"rungs": [
			{"name": "on call", "type": "functional", "reminders": 2, "interval": "10m", "tell": [{"kind": "on_call", "fact": "group"}]},
			{"name": "lead", "type": "hierarchical", "interval": "1h", "tell": [{"kind": "lead", "fact": "group"}]},
			{"name": "head", "type": "hierarchical", "interval": "1h", "tell": [{"kind": "told"}]}]}],
	"choices": [{"name": "majors", "when": {"priority": ["1", "2"]}, "ladder": "standard"}]
}`

// A ladder from who is on call to the head of the department, stopped by an
// acknowledgement.
func Example() {
	engine, err := escalation.Parse([]byte(examplePolicy))
	if err != nil {
		fmt.Println(err)
		return
	}
	directory := exampleDirectory()
	now := time.Date(2026, 1, 13, 9, 0, 0, 0, time.UTC)
	e, steps, err := engine.Start(escalation.Facts{"group": "network", "priority": "1"}, directory, now)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(steps[0], "because", steps[0].Tell[0].Why)
	fmt.Println("next at", e.Next.Format(time.TimeOnly))
	e, steps, err = engine.Advance(e, directory, now.Add(30*time.Minute))
	for _, s := range steps {
		fmt.Println(s)
	}
	if err != nil {
		fmt.Println(err)
	}
	e, err = e.Acknowledge("lea", now.Add(33*time.Minute))
	fmt.Println(e.State, "by", e.By, err)
	// Output:
	// 2026-01-13T09:00:00Z tell rung 1 (on call): bob because rota network: turn 2 in layer primary
	// next at 09:10:00
	// 2026-01-13T09:10:00Z remind rung 1 (on call), attempt 2: bob
	// 2026-01-13T09:20:00Z remind rung 1 (on call), attempt 3: bob
	// 2026-01-13T09:30:00Z tell rung 2 (lead): lea
	// acknowledged by lea <nil>
}

// What would happen if nobody acknowledged.
func ExampleEngine_Preview() {
	engine, err := escalation.Parse([]byte(examplePolicy))
	if err != nil {
		fmt.Println(err)
		return
	}
	steps, err := engine.Preview("standard", escalation.Facts{"group": "network"}, exampleDirectory(), time.Date(2026, 1, 13, 9, 0, 0, 0, time.UTC))
	for _, s := range steps {
		fmt.Println(s)
	}
	_, err = engine.Preview("standard", escalation.Facts{"group": "printers"}, exampleDirectory(), time.Date(2026, 1, 13, 9, 0, 0, 0, time.UTC))
	fmt.Println(errors.Is(err, escalation.ErrNobody))
	// Output:
	// 2026-01-13T09:00:00Z tell rung 1 (on call): bob
	// 2026-01-13T09:10:00Z remind rung 1 (on call), attempt 2: bob
	// 2026-01-13T09:20:00Z remind rung 1 (on call), attempt 3: bob
	// 2026-01-13T09:30:00Z tell rung 2 (lead): lea
	// 2026-01-13T10:30:00Z tell rung 3 (head): max
	// 2026-01-13T11:30:00Z finish
	// true
}

// Another assignment group ends what was begun for the first.
func ExampleEngine_Reassign() {
	engine, err := escalation.Parse([]byte(examplePolicy))
	if err != nil {
		fmt.Println(err)
		return
	}
	now := time.Date(2026, 1, 13, 9, 0, 0, 0, time.UTC)
	e, _, err := engine.Start(escalation.Facts{"group": "network", "priority": "1"}, exampleDirectory(), now)
	if err != nil {
		fmt.Println(err)
		return
	}
	e, _, err = engine.Reassign(e, escalation.Facts{"group": "facilities", "priority": "4"}, exampleDirectory(), now.Add(5*time.Minute))
	fmt.Println(e.State, e.Reason, err)
	// Output:
	// cancelled the assignment group changed from "network" to "facilities", and no ladder matches <nil>
}
