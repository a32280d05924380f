package workflow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

// tiny is the smallest lifecycle without a fault.
func tiny() workflow.Definition {
	return workflow.Definition{
		Name: "tiny", Version: 1, Initial: "new",
		States: []workflow.State{
			{Name: "new", Category: workflow.CategoryNew},
			{Name: "done", Category: workflow.CategoryClosed},
		},
		Actions:     []workflow.Action{{Name: "finish"}},
		Transitions: []workflow.Transition{{From: []string{"new"}, Action: "finish", To: "done", Roles: []string{"agent"}}},
	}
}

func faultsOf(t testing.TB, d workflow.Definition) []string {
	_, err := workflow.Compile(d, factBindings())
	if err == nil {
		return nil
	}
	require.ErrorIs(t, err, workflow.ErrInvalid)
	var de *workflow.DefinitionError
	require.ErrorAs(t, err, &de)
	var faults []string
	for _, f := range de.Faults {
		faults = append(faults, f.String())
		require.Contains(t, err.Error(), f.String())
	}
	return faults
}

func names(n int, format string) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(format, i))
	}
	return all
}

func TestEveryFaultIsFound(t *testing.T) {
	type def = workflow.Definition
	const first = "transition 1 (new to done by finish): "
	again := func(d *def, change func(*workflow.Transition)) {
		next := d.Transitions[0]
		change(&next)
		d.Transitions = append(d.Transitions, next)
	}
	for _, c := range []struct {
		name  string
		spoil func(*def)
		fault string
	}{
		{"no name", func(d *def) { d.Name = "" }, `definition: name "" is not a name`},
		{"a name with a space", func(d *def) { d.Name = "a b" }, `definition: name "a b" is not a name`},
		{"version zero", func(d *def) { d.Version = 0 }, "definition: version 0, versions count from 1"},
		{"no initial state", func(d *def) { d.Initial = "" }, "initial: names no state"},
		{"unknown initial state", func(d *def) { d.Initial = "limbo" }, `initial: unknown state "limbo"`},
		{"initial state of another category", func(d *def) { d.States[0].Category = workflow.CategoryActive }, `initial: state "new" is of category active`},
		{"state without a name", func(d *def) { d.States = append(d.States, workflow.State{Category: workflow.CategoryNew}) }, `state 3: name "" is not a name`},
		{"state twice", func(d *def) { d.States = append(d.States, d.States[0]) }, `state "new": is there twice`},
		{"state without category", func(d *def) { d.States[1].Category = 0 }, `state "done": needs a category`},
		{"state of unknown category", func(d *def) { d.States[1].Category = 99 }, `state "done": needs a category`},
		{"label without end", func(d *def) { d.States[1].Label = strings.Repeat("x", 1025) }, `state "done": label of 1025 bytes`},
		{"unknown mandatory field", func(d *def) { d.States[1].Mandatory = []string{"mood"} }, `state "done": unknown field "mood", bound are assignee, hold_reason, resolution`},
		{"unknown read-only field", func(d *def) { d.States[1].ReadOnly = []string{"mood"} }, `state "done": unknown field "mood"`},
		{"field named twice", func(d *def) { d.States[1].Mandatory = []string{"assignee", "assignee"} }, `state "done": mandatory field "assignee" is named twice`},
		{"field both mandatory and read-only", func(d *def) {
			d.States[1].Mandatory, d.States[1].ReadOnly = []string{"resolution"}, []string{"resolution"}
		}, `state "done": field "resolution" is both mandatory and read-only`},
		{"action without a name", func(d *def) { d.Actions = append(d.Actions, workflow.Action{}) }, `action 2: name "" is not a name`},
		{"action twice", func(d *def) { d.Actions = append(d.Actions, d.Actions[0]) }, `action "finish": is there twice`},
		{"action unused", func(d *def) { d.Actions = append(d.Actions, workflow.Action{Name: "dance"}) }, `action "dance": is used by no transition`},
		{"action undeclared", func(d *def) { d.Actions = nil }, first + `undeclared action "finish"`},
		{"transition from nowhere", func(d *def) { again(d, func(t *workflow.Transition) { t.From = nil }) }, "begins nowhere"},
		{"transition from an unknown state", func(d *def) { d.Transitions[0].From = []string{"new", "limbo"} }, `unknown state "limbo"`},
		{"transition to an unknown state", func(d *def) { d.Transitions[0].To = "limbo" }, `unknown state "limbo"`},
		{"from state named twice", func(d *def) { d.Transitions[0].From = []string{"new", "new"} }, `from state "new" is named twice`},
		{"nobody may take it", func(d *def) { d.Transitions[0].Roles = nil }, first + `nobody may take it: name a role, or "anyone"`},
		{"role that is no name", func(d *def) { d.Transitions[0].Roles = []string{"an agent"} }, first + `role "an agent" is not a name`},
		{"role named twice", func(d *def) { d.Transitions[0].Roles = []string{"agent", "agent"} }, first + `role "agent" is named twice`},
		{"unknown guard", func(d *def) { d.Transitions[0].Guards = []string{"!moon"} }, first + `unknown guard "moon", bound are confirmed, frozen`},
		{"unknown required field", func(d *def) { d.Transitions[0].Required = []string{"mood"} }, first + `unknown field "mood"`},
		{"guards that contradict each other", func(d *def) { d.Transitions[0].Guards = []string{"urgent", "!urgent"} }, first + "can never be taken"},
		{"two transitions for one action", func(d *def) { again(d, func(t *workflow.Transition) { t.Roles = []string{"manager"} }) },
			`transition 2 (new to done by finish): transition 1 can be taken from "new" just as well`},
		{"two guards that may both hold", func(d *def) {
			d.Transitions[0].Guards = []string{"urgent"}
			again(d, func(t *workflow.Transition) { t.Guards = []string{"confirmed"} })
		}, "transition 1 can be taken"},
		{"automatic without a guard", func(d *def) {
			again(d, func(t *workflow.Transition) { *t = workflow.Transition{From: t.From, To: t.To, Automatic: true} })
		}, "transition 2 (new to done automatic): is automatic and has no guard"},
		{"automatic with an action", func(d *def) { d.Transitions[0].Automatic = true }, `is automatic and has an action, "finish"`},
		{"automatic with roles", func(d *def) { d.Transitions[0].Automatic = true }, "is automatic and has roles"},
		{"automatic and back", func(d *def) {
			d.Transitions = append(d.Transitions,
				workflow.Transition{From: []string{"new"}, To: "done", Guards: []string{"confirmed"}, Automatic: true},
				workflow.Transition{From: []string{"done"}, To: "new", Guards: []string{"!confirmed"}, Automatic: true})
		}, "definition: automatic transitions go in a circle through new, done"},
		{"automatic to itself", func(d *def) {
			d.Transitions = append(d.Transitions, workflow.Transition{From: []string{"new"}, To: "new", Guards: []string{"confirmed"}, Automatic: true})
		}, "definition: automatic transitions go in a circle through new"},
		{"state that cannot be reached", func(d *def) {
			d.States = append(d.States, workflow.State{Name: "attic", Category: workflow.CategoryClosed})
		}, `state "attic": cannot be reached from the initial state`},
		{"dead end", func(d *def) {
			d.States = append(d.States, workflow.State{Name: "limbo", Category: workflow.CategoryOnHold})
			d.Actions = append(d.Actions, workflow.Action{Name: "forget"})
			again(d, func(t *workflow.Transition) { t.Action, t.To = "forget", "limbo" })
		}, `state "limbo": has no way to a closed or cancelled state`},
		{"no end at all", func(d *def) { d.States[1].Category = workflow.CategoryResolved }, "definition: has no state of category closed or cancelled"},
		{"too many states", func(d *def) { d.States = make([]workflow.State, 257) }, "definition: 257 states, at most 256"},
		{"too many actions", func(d *def) { d.Actions = make([]workflow.Action, 257) }, "definition: 257 actions, at most 256"},
		{"too many transitions", func(d *def) { d.Transitions = make([]workflow.Transition, 1025) }, "definition: 1025 transitions, at most 1024"},
		{"too many roles", func(d *def) { d.Transitions[0].Roles = names(64, "role%d") }, `definition: 65 roles, at most 64 with "anyone"`},
		{"too many names", func(d *def) { d.Transitions[0].Guards = names(257, "g%d") }, "257 guard names, at most 256"},
		{"nothing at all", func(d *def) { *d = workflow.Definition{} }, "initial: names no state"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := tiny()
			c.spoil(&d)
			faults := faultsOf(t, d)
			require.Contains(t, strings.Join(faults, "\n"), c.fault)
		})
	}
	require.Empty(t, faultsOf(t, tiny()))
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	d := tiny()
	d.Name, d.Version, d.Initial = "", -1, "start"
	d.States[1].Category = 0
	d.Actions = append(d.Actions, workflow.Action{Name: "dance"})
	d.Transitions[0].Roles, d.Transitions[0].Guards = nil, []string{"moon"}
	require.Len(t, faultsOf(t, d), 8)
}

func TestFaultsWithoutNumberAreCutShort(t *testing.T) {
	d := tiny()
	d.Transitions = nil
	for range 8 {
		d.Transitions = append(d.Transitions, workflow.Transition{From: names(200, "nowhere%d")})
	}
	_, err := workflow.Compile(d, factBindings())
	var de *workflow.DefinitionError
	require.ErrorAs(t, err, &de)
	require.Len(t, de.Faults, 1001)
	require.Equal(t, "definition: has more faults than these", de.Faults[1000].String())
}

func TestTransitionsToldApartByAGuardAreFine(t *testing.T) {
	d := tiny()
	d.States = append(d.States, workflow.State{Name: "dropped", Category: workflow.CategoryCancelled})
	d.Transitions[0].Guards = []string{"urgent"}
	d.Transitions[0].Required = []string{"resolution"}
	d.Transitions = append(d.Transitions, workflow.Transition{
		From: []string{"new"}, Action: "finish", To: "dropped", Roles: []string{"agent", "caller"}, Guards: []string{"!urgent", "!frozen"},
	})
	m, err := workflow.Compile(d, factBindings())
	require.NoError(t, err)
	for _, c := range []struct {
		role    string
		facts   facts
		to      string
		reasons []string
	}{
		{"agent", facts{"urgent": true, "resolution": true}, "done", nil},
		{"agent", facts{}, "dropped", nil},
		{"caller", facts{}, "dropped", nil},
		{"agent", facts{"urgent": true}, "new", []string{"must be filled in: resolution"}},
		{"caller", facts{"urgent": true}, "new", []string{"must not hold: urgent"}},
		{"guest", facts{}, "new", []string{"needs the role agent", "or: needs the role agent or caller"}},
	} {
		to, err := m.FireName("new", "finish", m.Roles(c.role), c.facts)
		require.Equal(t, c.to, to)
		if c.reasons != nil {
			var te *workflow.TransitionError
			require.ErrorAs(t, err, &te)
			require.Equal(t, c.reasons, te.Reasons)
		}
	}
	require.Equal(t, []string{"agent", "caller"}, m.RolesFor("new", "finish"))
}

func TestBindingsWithoutAFunctionAreUnknown(t *testing.T) {
	d := tiny()
	d.Transitions[0].Guards, d.Transitions[0].Required = []string{"empty"}, []string{"empty"}
	b := factBindings()
	b.Guards["empty"], b.Fields["empty"] = workflow.Guard[facts]{}, nil
	_, err := workflow.Compile(d, b)
	require.ErrorContains(t, err, `unknown guard "empty"`)
	require.ErrorContains(t, err, `unknown field "empty"`)
}

func TestSixtyFourRolesFit(t *testing.T) {
	for _, at := range []int{0, 30, 63} {
		d := tiny()
		roles := names(64, "role%d")
		roles[at] = workflow.Anyone
		for i, r := range roles {
			action := fmt.Sprintf("act%d", i)
			d.Actions = append(d.Actions, workflow.Action{Name: action})
			d.Transitions = append(d.Transitions, workflow.Transition{From: []string{"new"}, Action: action, To: "done", Roles: []string{r}})
		}
		d.Actions, d.Transitions = d.Actions[1:], d.Transitions[1:]
		m, err := workflow.Compile(d, factBindings())
		require.NoError(t, err)
		for i := range roles {
			for j, r := range roles {
				_, err := m.FireName("new", fmt.Sprintf("act%d", i), m.Roles(r), nil)
				require.Equal(t, i == j || i == at, err == nil, "%s takes the step of %s", r, roles[i])
			}
		}
	}
}

func TestParseDefinitionIsStrict(t *testing.T) {
	for _, text := range []string{
		``, `[]`, `{"nam":"x"}`, `{"name":"x"} {}`, `{"name":"x"}}`, `{"name":"x"}]`, `{"states":[{"category":"asleep"}]}`, `{"version":"1"}`,
		strings.Repeat(" ", workflow.MaxBody+1),
	} {
		_, err := workflow.ParseDefinition([]byte(text))
		require.ErrorIs(t, err, workflow.ErrInvalid, "%.40q", text)
	}
	d := requestDefinition(t)
	raw, err := json.Marshal(d)
	require.NoError(t, err)
	again, err := workflow.ParseDefinition(raw)
	require.NoError(t, err)
	require.Equal(t, d, again)
}

func TestCategoriesHaveNames(t *testing.T) {
	for c := workflow.CategoryNew; c.Valid(); c++ {
		text, err := c.MarshalText()
		require.NoError(t, err)
		var again workflow.Category
		require.NoError(t, again.UnmarshalText(text))
		require.Equal(t, c, again)
		require.Equal(t, c == workflow.CategoryClosed || c == workflow.CategoryCancelled, c.Final())
	}
	_, err := workflow.Category(0).MarshalText()
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.Equal(t, "category(9)", workflow.Category(9).String())
	var c workflow.Category
	require.ErrorIs(t, c.UnmarshalText([]byte("category(0)")), workflow.ErrInvalid)
}

func FuzzParseDefinition(f *testing.F) {
	raw, err := json.Marshal(requestDefinition(f))
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte(`{"name":"x","version":1,"initial":"a","states":[{"name":"a","category":"new"}]}`))
	f.Add([]byte(`{"transitions":[{"from":["a","a"],"to":"b","automatic":true,"guards":["!","!!x"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := workflow.ParseDefinition(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		m, err := workflow.Compile(d, factBindings())
		if err != nil {
			var de *workflow.DefinitionError
			require.True(t, errors.As(err, &de) && len(de.Faults) > 0, err)
			return
		}
		for _, s := range d.States {
			m.SettleName(s.Name, nil)
			m.Options(s.Name, workflow.AnyRole, nil)
		}
	})
}
