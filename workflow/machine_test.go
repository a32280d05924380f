package workflow_test

import (
	"errors"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

// facts are what the guards and fields of the tests look at.
type facts map[string]bool

func factBindings() workflow.Bindings[facts] {
	b := workflow.Bindings[facts]{
		Guards: map[string]workflow.Guard[facts]{},
		Fields: map[string]func(facts) bool{},
	}
	for _, g := range []string{"tasks_done", "frozen", "confirmed", "urgent"} {
		b.Guards[g] = workflow.Guard[facts]{Check: func(f facts) bool { return f[g] }}
	}
	b.Guards["tasks_done"] = workflow.Guard[facts]{Check: func(f facts) bool { return f["tasks_done"] }, Explain: "every task is closed"}
	for _, name := range []string{"assignee", "hold_reason", "resolution"} {
		b.Fields[name] = func(f facts) bool { return f[name] }
	}
	return b
}

func requestDefinition(t testing.TB) workflow.Definition {
	raw, err := os.ReadFile("testdata/lifecycle/request.json")
	require.NoError(t, err)
	d, err := workflow.ParseDefinition(raw)
	require.NoError(t, err)
	return d
}

func requestMachine(t testing.TB) *workflow.Machine[facts] {
	m, err := workflow.Compile(requestDefinition(t), factBindings())
	require.NoError(t, err)
	return m
}

func TestWhatALifecycleAllows(t *testing.T) {
	m := requestMachine(t)
	full := facts{"assignee": true, "hold_reason": true, "resolution": true, "tasks_done": true}
	without := func(names ...string) facts {
		f := facts{}
		for k := range full {
			f[k] = !slices.Contains(names, k)
		}
		return f
	}
	for _, c := range []struct {
		name, from, action string
		roles              []string
		facts              facts
		to                 string
		causes             []error
		reasons            []string
		guards             []string
		allowed            []string
	}{
		{name: "an agent starts work", from: "new", action: "start", roles: []string{"agent"}, facts: full, to: "in_progress"},
		{name: "any of the roles will do", from: "new", action: "start", roles: []string{"guest", "manager"}, facts: full, to: "in_progress"},
		{name: "everybody may reopen", from: "resolved", action: "reopen", facts: full, to: "in_progress"},
		{
			name: "no role, no right", from: "new", action: "start", roles: []string{"guest"}, facts: full,
			causes: []error{workflow.ErrForbidden}, reasons: []string{"needs the role agent or manager"},
		},
		{
			name: "an action of another state", from: "new", action: "close", roles: []string{"agent"}, facts: full,
			causes: []error{workflow.ErrNoTransition}, reasons: []string{"the action does not exist in this state"}, allowed: []string{"start"},
		},
		{
			name: "an unknown action", from: "new", action: "explode", roles: []string{"agent"}, facts: full,
			causes: []error{workflow.ErrNoTransition}, reasons: []string{"the lifecycle has no such action"}, allowed: []string{"start"},
		},
		{
			name: "an unknown state", from: "limbo", action: "start", roles: []string{"agent"}, facts: full,
			causes: []error{workflow.ErrNoTransition}, reasons: []string{"the lifecycle has no such state"},
		},
		{
			name: "a mandatory field of the next state is empty", from: "new", action: "start", roles: []string{"agent"}, facts: without("assignee"),
			causes: []error{workflow.ErrRequired}, reasons: []string{"must be filled in: assignee"},
		},
		{
			name: "a field the transition requires is empty", from: "in_progress", action: "hold", roles: []string{"agent"}, facts: without("hold_reason"),
			causes: []error{workflow.ErrRequired}, reasons: []string{"must be filled in: hold_reason"}, allowed: []string{"resolve"},
		},
		{
			name: "everything that stands against it is told at once", from: "in_progress", action: "resolve", roles: []string{"agent"},
			facts:   facts{"frozen": true, "assignee": true, "hold_reason": true},
			causes:  []error{workflow.ErrGuard, workflow.ErrRequired},
			reasons: []string{"must hold: every task is closed", "must not hold: frozen", "must be filled in: resolution"},
			guards:  []string{"tasks_done", "!frozen"},
			allowed: []string{"hold"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			to, err := m.FireName(c.from, c.action, m.Roles(c.roles...), c.facts)
			if c.to != "" {
				require.NoError(t, err)
				require.Equal(t, c.to, to)
				return
			}
			require.Equal(t, c.from, to, "a refusal changes nothing")
			require.ErrorIs(t, err, workflow.ErrTransition)
			for _, cause := range []error{workflow.ErrNoTransition, workflow.ErrForbidden, workflow.ErrGuard, workflow.ErrRequired} {
				require.Equal(t, slices.Contains(c.causes, cause), errors.Is(err, cause), "%v", cause)
			}
			var te *workflow.TransitionError
			require.ErrorAs(t, err, &te)
			require.Equal(t, workflow.LifecycleRef{Name: "request", Version: 1}, te.Lifecycle)
			require.Equal(t, c.from, te.From)
			require.Equal(t, c.action, te.Action)
			require.Equal(t, c.reasons, te.Reasons)
			require.Equal(t, c.guards, te.Guards)
			require.Equal(t, c.allowed, te.Allowed)
			require.ErrorContains(t, err, c.reasons[0])
		})
	}
}

func TestAutomaticTransitionsSettle(t *testing.T) {
	m := requestMachine(t)
	require.Equal(t, "resolved", m.SettleName("resolved", facts{}))
	require.Equal(t, "closed", m.SettleName("resolved", facts{"confirmed": true}))
	require.Equal(t, "new", m.SettleName("new", facts{"confirmed": true}))
	require.Equal(t, "limbo", m.SettleName("limbo", facts{}), "an unknown state stays what it is")
	require.EqualValues(t, 999, m.Settle(999, facts{}))
}

func TestOptionsSayWhyNot(t *testing.T) {
	m := requestMachine(t)
	require.Equal(t, []workflow.Option{
		{Action: "hold", Label: "Put on hold", To: "on_hold", Allowed: true, Needs: []string{"hold_reason"}},
		{Action: "resolve", Label: "Resolve", To: "resolved", Allowed: true},
		{Action: "cancel", Label: "cancel", To: "cancelled", Reasons: []string{"needs the role manager"}},
	}, m.Options("in_progress", m.Roles("agent"), facts{"assignee": true, "tasks_done": true, "resolution": true}))
	require.Empty(t, m.Options("closed", workflow.AnyRole, nil))
	require.Empty(t, m.Options("limbo", workflow.AnyRole, nil))
}

func TestWhatAMachineKnows(t *testing.T) {
	m := requestMachine(t)
	require.Equal(t, "new", m.Initial())
	require.Equal(t, []string{"agent", "manager"}, m.RolesFor("new", "start"))
	require.Equal(t, []string{workflow.Anyone}, m.RolesFor("resolved", "reopen"))
	require.Empty(t, m.RolesFor("new", "close"), "what does not exist admits nobody")
	require.Empty(t, m.RolesFor("limbo", "close"))
	require.Equal(t, []string{"assignee"}, m.Missing("on_hold", facts{}))
	require.Empty(t, m.Missing("on_hold", facts{"assignee": true}))
	require.Equal(t, []string{"assignee", "resolution"}, m.ReadOnly("closed"))
	require.Equal(t, workflow.CategoryOnHold, m.Category("on_hold"))
	require.Zero(t, m.Category("limbo"))
	require.Empty(t, m.StateName(999))

	d := m.Definition()
	require.Equal(t, requestDefinition(t), d)
	d.Transitions[0].Roles[0], d.States[4].ReadOnly[0] = "eve", "nothing"
	require.Equal(t, requestDefinition(t), m.Definition(), "a copy is handed out")
}

func TestIDsThatAreNoneAreRefused(t *testing.T) {
	m := requestMachine(t)
	start, _ := m.Action("start")
	_, err := m.Fire(999, start, workflow.AnyRole, facts{})
	require.ErrorIs(t, err, workflow.ErrNoTransition)
	_, err = m.Fire(0, 999, workflow.AnyRole, facts{})
	require.ErrorIs(t, err, workflow.ErrNoTransition)
	require.False(t, m.Can(999, 999, workflow.AnyRole, facts{}))
}

func TestSuccessAllocatesNothing(t *testing.T) {
	m := requestMachine(t)
	from, ok := m.State("in_progress")
	require.True(t, ok)
	act, ok := m.Action("resolve")
	require.True(t, ok)
	f := facts{"tasks_done": true, "resolution": true, "confirmed": true}
	roles := m.Roles("agent")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		to, err := m.Fire(from, act, roles, f)
		if err != nil || m.StateName(m.Settle(to, f)) != "closed" {
			panic(err)
		}
		if _, err := m.FireName("in_progress", "resolve", m.Roles("agent"), f); err != nil {
			panic(err)
		}
		if m.Can(from, act, roles, nil) {
			panic("taken without its facts")
		}
	}))
}

func TestOneMachineServesEverybodyAtOnce(t *testing.T) {
	m := requestMachine(t)
	f := facts{"assignee": true, "hold_reason": true, "resolution": true, "tasks_done": true}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				state := m.Initial()
				for _, action := range []string{"start", "hold", "close", "resume", "resolve"} {
					next, err := m.FireName(state, action, m.Roles("agent"), f)
					assert.Equal(t, action == "close", err != nil)
					state = next
				}
				assert.Equal(t, "resolved", m.SettleName(state, f))
				assert.Len(t, m.Options(state, m.Roles("manager"), f), 2)
			}
		})
	}
	wg.Wait()
}

// Of two transitions of one action, told apart by a guard, each has its own roles: the
// facts choose the transition, and its roles decide.
func TestAdmitAsksForTheRolesOfTheTransitionThatIsOpen(t *testing.T) {
	m, err := workflow.Compile(workflow.Definition{
		Name: "door", Version: 1, Initial: "open",
		States:  []workflow.State{{Name: "open", Category: workflow.CategoryNew}, {Name: "shut", Category: workflow.CategoryClosed}},
		Actions: []workflow.Action{{Name: "shut"}},
		Transitions: []workflow.Transition{
			{From: []string{"open"}, Action: "shut", To: "shut", Roles: []string{"guest"}, Guards: []string{"day"}},
			{From: []string{"open"}, Action: "shut", To: "shut", Roles: []string{"guard"}, Guards: []string{"!day"}},
		},
	}, workflow.Bindings[bool]{Guards: map[string]workflow.Guard[bool]{"day": {Check: func(day bool) bool { return day }}}})
	require.NoError(t, err)
	var asked []string
	admit := func(roles []string) error {
		asked = roles
		if roles[0] == "guest" {
			return nil
		}
		return workflow.ErrForbidden
	}
	to, err := m.Admit("open", "shut", true, admit)
	require.NoError(t, err)
	require.Equal(t, "shut", to)
	to, err = m.Admit("open", "shut", false, admit)
	require.ErrorIs(t, err, workflow.ErrForbidden)
	require.Equal(t, "open", to)
	require.Equal(t, []string{"guard"}, asked)
	_, err = m.Admit("shut", "shut", true, admit)
	require.ErrorIs(t, err, workflow.ErrTransition)
	_, err = m.Admit("open", "paint", true, admit)
	require.ErrorIs(t, err, workflow.ErrTransition)
}
