package main

import (
	"context"
	"fmt"

	"github.com/looplab/fsm"
	"github.com/qmuntal/stateless"

	"github.com/itsm-go/itsm/workflow"
)

// contestant makes its machine and returns what takes n steps with it.
type contestant struct {
	name string
	make func() (func(n int) error, error)
}

func contestants() []contestant {
	return []contestant{
		{"itsm, ids", byID},
		{"itsm, names", byName},
		{"stateless, queued", func() (func(int) error, error) { return withStateless(stateless.FiringQueued) }},
		{"stateless, immediate", func() (func(int) error, error) { return withStateless(stateless.FiringImmediate) }},
		{"looplab/fsm", withLooplab},
		{"switch by hand", byHand},
	}
}

func astray(e edge, got any) error {
	return fmt.Errorf("%s in %s led to %v, not to %s", e.action, e.from, got, e.to)
}

func machine() (*workflow.Machine[*ticket], error) {
	return workflow.Compile(definition(), workflow.Bindings[*ticket]{
		Guards: map[string]workflow.Guard[*ticket]{"waiting": {Check: func(t *ticket) bool { return t.waiting }}},
	})
}

func byID() (func(int) error, error) {
	m, err := machine()
	if err != nil {
		return nil, err
	}
	type step struct {
		act workflow.ActionID
		to  workflow.StateID
	}
	way, list := walk(), make([]step, steps)
	for i, e := range way {
		list[i].act, _ = m.Action(e.action)
		list[i].to, _ = m.State(e.to)
	}
	fresh, _ := m.State("new")
	working, _ := m.State("in_progress")
	closed, _ := m.State("closed")
	cancelled, _ := m.State("cancelled")
	roles, t := m.Roles("agent"), &ticket{waiting: true}
	return func(n int) error {
		state := fresh
		for i := range n {
			s := &list[i%steps]
			if i%steps == 0 || state == closed || state == cancelled {
				state = fresh
			}
			to, err := m.Fire(state, s.act, roles, t)
			if err != nil || to != s.to {
				return astray(way[i%steps], m.StateName(to))
			}
			if to == working {
				t.started++
			}
			state = to
		}
		return nil
	}, nil
}

func byName() (func(int) error, error) {
	m, err := machine()
	if err != nil {
		return nil, err
	}
	way, roles, t := walk(), m.Roles("agent"), &ticket{waiting: true}
	return func(n int) error {
		state := "new"
		for i := range n {
			e := &way[i%steps]
			if i%steps == 0 || state == "closed" || state == "cancelled" {
				state = "new"
			}
			to, err := m.FireName(state, e.action, roles, t)
			if err != nil || to != e.to {
				return astray(*e, to)
			}
			if to == "in_progress" {
				t.started++
			}
			state = to
		}
		return nil
	}, nil
}

// withStateless keeps the state outside, as a record would, and makes the
// interface values beforehand, so that no conversion is charged to the library. Queued is the mode that
// the library recommends and takes by default.
func withStateless(mode stateless.FiringMode) (func(int) error, error) {
	var state stateless.State = "new"
	t := &ticket{waiting: true}
	m := stateless.NewStateMachineWithExternalStorage(
		func(context.Context) (stateless.State, error) { return state, nil },
		func(_ context.Context, to stateless.State) error { state = to; return nil },
		mode)
	for _, e := range edges {
		var guards []stateless.GuardFunc
		if e.action == "hold" {
			guards = append(guards, func(context.Context, ...any) bool { return t.waiting })
		}
		m.Configure(e.from).Permit(e.action, e.to, guards...)
	}
	m.Configure("in_progress").OnEntry(func(context.Context, ...any) error { t.started++; return nil })
	way, triggers := walk(), make([]stateless.Trigger, steps)
	for i, e := range way {
		triggers[i] = e.action
	}
	var fresh stateless.State = "new"
	return func(n int) error {
		ctx := context.Background()
		for i := range n {
			if i%steps == 0 || state == "closed" || state == "cancelled" {
				state = fresh
			}
			if err := m.FireCtx(ctx, triggers[i%steps]); err != nil || state != way[i%steps].to {
				return astray(way[i%steps], state)
			}
		}
		return nil
	}, nil
}

func withLooplab() (func(int) error, error) {
	var events fsm.Events
	for _, e := range edges {
		events = append(events, fsm.EventDesc{Name: e.action, Src: []string{e.from}, Dst: e.to})
	}
	t := &ticket{waiting: true}
	m := fsm.NewFSM("new", events, fsm.Callbacks{
		"before_hold": func(_ context.Context, e *fsm.Event) {
			if !t.waiting {
				e.Cancel()
			}
		},
		"enter_in_progress": func(context.Context, *fsm.Event) { t.started++ },
	})
	way := walk()
	return func(n int) error {
		ctx := context.Background()
		state := "new"
		for i := range n {
			e := &way[i%steps]
			if i%steps == 0 || state == "closed" || state == "cancelled" {
				m.SetState("new")
			}
			err := m.Event(ctx, e.action)
			state = m.Current()
			if err != nil || state != e.to {
				return astray(*e, state)
			}
		}
		return nil
	}, nil
}
