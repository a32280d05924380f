package workflow_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

// interpreter reads a definition the slow way, as it is written down.
type interpreter struct{ workflow.Definition }

func (in interpreter) state(name string) workflow.State {
	i := slices.IndexFunc(in.States, func(s workflow.State) bool { return s.Name == name })
	return in.States[i]
}

func (in interpreter) open(t workflow.Transition, f facts) bool {
	for _, g := range t.Guards {
		if name, negated := strings.CutPrefix(g, "!"); f[name] == negated {
			return false
		}
	}
	for _, field := range append(slices.Clone(t.Required), in.state(t.To).Mandatory...) {
		if !f[field] {
			return false
		}
	}
	return true
}

func (in interpreter) fire(from, action string, roles []string, f facts) (string, bool) {
	for _, t := range in.Transitions {
		may := slices.ContainsFunc(t.Roles, func(r string) bool { return r == workflow.Anyone || slices.Contains(roles, r) })
		if !t.Automatic && t.Action == action && slices.Contains(t.From, from) && may && in.open(t, f) {
			return t.To, true
		}
	}
	return from, false
}

func (in interpreter) settle(state string, f facts) string {
	for _, t := range in.Transitions {
		if t.Automatic && slices.Contains(t.From, state) && in.open(t, f) {
			return in.settle(t.To, f)
		}
	}
	return state
}

var (
	guardNames = []string{"tasks_done", "frozen", "confirmed", "urgent"}
	fieldNames = []string{"assignee", "hold_reason", "resolution"}
	roleNames  = []string{"agent", "manager", "caller", workflow.Anyone}
)

// some picks each name with a chance of one in n.
func some(r *rand.Rand, names []string, n int) []string {
	var picked []string
	for _, name := range names {
		if r.IntN(n) == 0 {
			picked = append(picked, name)
		}
	}
	return picked
}

func someGuards(r *rand.Rand) []string {
	guards := some(r, guardNames, 2)
	for i := range guards {
		if r.IntN(2) == 0 {
			guards[i] = "!" + guards[i]
		}
	}
	return guards
}

// randomDefinition makes lifecycles that often, not always, are without fault.
func randomDefinition(r *rand.Rand) workflow.Definition {
	d := workflow.Definition{Name: "random", Version: 1, Initial: "s0"}
	n := 2 + r.IntN(5)
	for i := range n {
		s := workflow.State{Name: fmt.Sprintf("s%d", i), Category: workflow.Category(1 + r.IntN(6)), Mandatory: some(r, fieldNames, 6)}
		switch i {
		case 0:
			s.Category = workflow.CategoryNew
		case n - 1:
			s.Category = workflow.CategoryClosed
		}
		d.States = append(d.States, s)
	}
	for i := range 2 + r.IntN(10) {
		t := workflow.Transition{
			From: []string{fmt.Sprintf("s%d", r.IntN(n))}, To: fmt.Sprintf("s%d", r.IntN(n)),
			Action: fmt.Sprintf("a%d", r.IntN(6)), Roles: some(r, roleNames, 2),
			Required: some(r, fieldNames, 5), Guards: someGuards(r),
		}
		if i < n-1 {
			t.From, t.To = []string{fmt.Sprintf("s%d", i)}, fmt.Sprintf("s%d", i+1)
		}
		if len(t.Roles) == 0 && r.IntN(2) == 0 {
			t.Automatic, t.Action = true, ""
		} else if len(t.Roles) == 0 {
			t.Roles = []string{"agent"}
		}
		if name := t.Action; name != "" && !slices.ContainsFunc(d.Actions, func(a workflow.Action) bool { return a.Name == name }) {
			d.Actions = append(d.Actions, workflow.Action{Name: name})
		}
		d.Transitions = append(d.Transitions, t)
	}
	return d
}

func TestMachineDoesWhatTheDefinitionSays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	compiled, taken, refused := 0, 0, 0
	for range 300 {
		d := randomDefinition(r)
		m, err := workflow.Compile(d, factBindings())
		if err != nil {
			continue
		}
		compiled++
		in := interpreter{d}
		for range 40 {
			state := d.States[r.IntN(len(d.States))].Name
			roles := some(r, roleNames[:3], 2)
			f := facts{}
			for _, name := range append(some(r, guardNames, 2), some(r, fieldNames, 2)...) {
				f[name] = true
			}
			require.Equal(t, in.settle(state, f), m.SettleName(state, f))
			var possible []string
			for _, a := range d.Actions {
				if _, ok := in.fire(state, a.Name, roles, f); ok {
					possible = append(possible, a.Name)
				}
			}
			for _, a := range d.Actions {
				want, ok := in.fire(state, a.Name, roles, f)
				got, err := m.FireName(state, a.Name, m.Roles(roles...), f)
				require.Equal(t, want, got)
				require.Equal(t, ok, err == nil)
				if ok {
					taken++
					continue
				}
				refused++
				var te *workflow.TransitionError
				require.True(t, errors.As(err, &te))
				require.Equal(t, possible, te.Allowed)
				require.NotEmpty(t, te.Reasons)
			}
			var offered []string
			for _, o := range m.Options(state, m.Roles(roles...), f) {
				require.Equal(t, o.Allowed, len(o.Reasons) == 0)
				require.True(t, o.Allowed || !slices.Contains(possible, o.Action))
				if o.Allowed && len(o.Needs) == 0 {
					to, _ := in.fire(state, o.Action, roles, f)
					require.Equal(t, to, o.To)
					offered = append(offered, o.Action)
				}
			}
			require.Equal(t, possible, offered)
		}
	}
	t.Logf("%d lifecycles, %d transitions taken, %d refused", compiled, taken, refused)
	require.Greater(t, compiled, 50)
	require.Greater(t, taken, 1000)
	require.Greater(t, refused, 1000)
}
