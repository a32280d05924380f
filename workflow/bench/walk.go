package main

import (
	"math/rand/v2"

	"github.com/itsm-go/itsm/workflow"
)

// edge is a transition of the lifecycle that everybody walks through.
type edge struct{ from, action, to string }

var edges = [...]edge{
	{"new", "start", "in_progress"},
	{"new", "resolve", "resolved"},
	{"new", "cancel", "cancelled"},
	{"in_progress", "hold", "on_hold"}, // guarded
	{"in_progress", "resolve", "resolved"},
	{"in_progress", "cancel", "cancelled"},
	{"on_hold", "resume", "in_progress"},
	{"on_hold", "resolve", "resolved"},
	{"on_hold", "cancel", "cancelled"},
	{"resolved", "reopen", "in_progress"},
	{"resolved", "close", "closed"},
}

// ticket is what guards and entry actions see.
type ticket struct {
	waiting bool // the guard of hold
	started int  // how often in_progress was entered
}

// steps is the length of the walk, a power of two.
const steps = 4096

// walk returns the same way through the lifecycle every time. A step whose
// from is new while the one before it did not lead there starts afresh.
func walk() []edge {
	r := rand.New(rand.NewPCG(1, 1))
	way := make([]edge, 0, steps)
	for state := "new"; len(way) < steps; {
		var possible []edge
		for _, e := range edges {
			if e.from == state {
				possible = append(possible, e)
			}
		}
		if len(possible) == 0 {
			state = "new"
			continue
		}
		e := possible[r.IntN(len(possible))]
		way = append(way, e)
		state = e.to
	}
	return way
}

// definition is the lifecycle as data.
func definition() workflow.Definition {
	d := workflow.Definition{
		Name: "ticket", Version: 1, Initial: "new",
		States: []workflow.State{
			{Name: "new", Category: workflow.CategoryNew},
			{Name: "in_progress", Category: workflow.CategoryActive},
			{Name: "on_hold", Category: workflow.CategoryOnHold},
			{Name: "resolved", Category: workflow.CategoryResolved},
			{Name: "closed", Category: workflow.CategoryClosed},
			{Name: "cancelled", Category: workflow.CategoryCancelled},
		},
	}
	for _, name := range []string{"start", "hold", "resume", "resolve", "reopen", "close", "cancel"} {
		d.Actions = append(d.Actions, workflow.Action{Name: name})
	}
	for _, e := range edges {
		t := workflow.Transition{From: []string{e.from}, Action: e.action, To: e.to, Roles: []string{"agent"}}
		if e.action == "hold" {
			t.Guards = []string{"waiting"}
		}
		d.Transitions = append(d.Transitions, t)
	}
	return d
}
