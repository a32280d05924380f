package workflow_test

import (
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

// A repair is the record of these examples.
type repair struct {
	Solution string
	Parts    int // ordered and not yet there
}

const repairLifecycle = `{
	"name": "repair", "version": 1, "initial": "new",
	"states": [
		{"name": "new",     "category": "new"},
		{"name": "at_work", "category": "active", "label": "At work"},
		{"name": "done",    "category": "closed", "mandatory": ["solution"]}
	],
	"actions": [
		{"name": "start",  "label": "Start"},
		{"name": "finish", "label": "Finish"}
	],
	"transitions": [
		{"from": ["new"],     "action": "start",  "to": "at_work", "roles": ["technician"]},
		{"from": ["at_work"], "action": "finish", "to": "done",    "roles": ["technician"], "guards": ["!parts_missing"]}
	]
}`

func repairMachine() (*workflow.Machine[*repair], error) {
	d, err := workflow.ParseDefinition([]byte(repairLifecycle))
	if err != nil {
		return nil, err
	}
	return workflow.Compile(d, workflow.Bindings[*repair]{
		Guards: map[string]workflow.Guard[*repair]{
			"parts_missing": {Check: func(r *repair) bool { return r.Parts > 0 }, Explain: "parts are still to come"},
		},
		Fields: map[string]func(*repair) bool{
			"solution": func(r *repair) bool { return r.Solution != "" },
		},
	})
}

// A lifecycle is data; the guards and fields it names are functions.
func ExampleCompile() {
	machine, err := repairMachine()
	if err != nil {
		fmt.Println(err)
		return
	}
	technician := machine.Roles("technician")
	r := &repair{Solution: "new fan"}
	state := machine.Initial()
	for _, action := range []string{"start", "finish"} {
		if state, err = machine.FireName(state, action, technician, r); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(action, "leads to", state, "which is", machine.Category(state))
	}
	// Output:
	// start leads to at_work which is active
	// finish leads to done which is closed
}

// All mistakes of a definition are told at once.
func ExampleDefinitionError() {
	_, err := workflow.Compile(workflow.Definition{
		Name: "broken", Version: 1, Initial: "new",
		States: []workflow.State{
			{Name: "new", Category: workflow.CategoryNew},
			{Name: "waiting", Category: workflow.CategoryOnHold},
			{Name: "done", Category: workflow.CategoryClosed},
		},
		Actions: []workflow.Action{{Name: "wait"}},
		Transitions: []workflow.Transition{
			{From: []string{"new"}, Action: "wait", To: "waiting"},
		},
	}, workflow.Bindings[*repair]{})
	var broken *workflow.DefinitionError
	if errors.As(err, &broken) {
		for _, f := range broken.Faults {
			fmt.Println(f)
		}
	}
	// Output:
	// transition 1 (new to waiting by wait): nobody may take it: name a role, or "anyone"
	// state "new": has no way to a closed or cancelled state
	// state "waiting": has no way to a closed or cancelled state
	// state "done": cannot be reached from the initial state
}

// A refusal says everything that stands against the action.
func ExampleTransitionError() {
	machine, err := repairMachine()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = machine.FireName("at_work", "finish", machine.Roles("technician"), &repair{Parts: 2})
	fmt.Println(err)
	fmt.Println(errors.Is(err, workflow.ErrGuard), errors.Is(err, workflow.ErrRequired), errors.Is(err, workflow.ErrForbidden))
	// Output:
	// workflow: repair version 1: finish in state at_work: must not hold: parts are still to come; must be filled in: solution (allowed: none)
	// true true false
}

// Options are what a menu needs.
func ExampleMachine_Options() {
	machine, err := repairMachine()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range machine.Options("new", machine.Roles("visitor"), &repair{}) {
		fmt.Println(o.Label, o.To, o.Allowed, o.Reasons)
	}
	// Output:
	// Start at_work false [needs the role technician]
}

// With ids resolved beforehand a transition costs a few nanoseconds.
func ExampleMachine_Fire() {
	machine, err := repairMachine()
	if err != nil {
		fmt.Println(err)
		return
	}
	start, _ := machine.Action("start")
	from, _ := machine.State("new")
	to, err := machine.Fire(from, start, workflow.AnyRole, &repair{})
	fmt.Println(machine.StateName(to), err)
	// Output:
	// at_work <nil>
}

// A host changes a lifecycle by stating the difference.
func ExampleExtend() {
	base, err := workflow.ParseDefinition([]byte(repairLifecycle))
	if err != nil {
		fmt.Println(err)
		return
	}
	ours, err := workflow.Extend(base, workflow.Extension{
		Name: "our_repair", Version: 1,
		States:  []workflow.State{{Name: "scrapped", Category: workflow.CategoryCancelled}},
		Actions: []workflow.Action{{Name: "scrap", Label: "Scrap"}},
		Transitions: []workflow.Transition{
			{From: []string{"new", "at_work"}, Action: "scrap", To: "scrapped", Roles: []string{"owner"}},
		},
	})
	fmt.Println(len(ours.States), len(base.States), err)
	// Output:
	// 4 3 <nil>
}

// Lifecycles draw themselves.
func ExampleMermaid() {
	d, err := workflow.ParseDefinition([]byte(repairLifecycle))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(workflow.Mermaid(d))
	// Output:
	// stateDiagram-v2
	//     state "new" as s1
	//     state "At work" as s2
	//     state "done" as s3
	//     [*] --> s1
	//     s1 --> s2: Start
	//     s2 --> s3: Finish [!parts_missing]
	//     s3 --> [*]
}
