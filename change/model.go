package change

import (
	"slices"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Model is how changes of one sort are made: their lifecycle, and who approves them
// at which gate (ServiceNow: change model).
type Model struct {
	Name      string              `json:"name"`
	Type      Type                `json:"type"`
	Lifecycle workflow.Definition `json:"lifecycle"`

	// Gates are the approval policies by the state in which they are asked for. A
	// lifecycle leaves such a state by itself, when its guard "approved.<state>" or
	// "rejected.<state>" holds.
	Gates map[string]approval.Policy `json:"gates,omitempty"`

	// Implementation are the states in which the change is being carried out. None is
	// ever reached without every approval, whatever the lifecycle's guards say.
	// Default: "implement" (ServiceNow: allow_implementation).
	Implementation []string `json:"implementation,omitempty"`

	// Templated: its changes are made from templates that were approved, and are
	// neither submitted nor implemented without, see [Config.Templates].
	Templated bool `json:"templated,omitempty"`

	// Retrospective: its changes are recorded by [Service.Report] when the work is done,
	// and approved afterwards. None is closed before that is decided, none is
	// cancelled, and every approval is due at some time.
	Retrospective bool `json:"retrospective,omitempty"`
}

// Models are the four models that are shipped: "standard", "normal" and
// "emergency", with ServiceNow's lifecycles and default approvals, and
// "retrospective", for work that could not wait. A normal change
// is approved by the group that implements it, and by the change advisory board,
// named "cab", unless its risk is low; an emergency change by the emergency board
// "ecab"; a standard change was approved with its
// template, and there is none without. The group is asked by
// the relation "assignment_group".
func Models() []Model {
	return []Model{
		{Name: "standard", Type: Standard, Templated: true, Lifecycle: StandardLifecycle()},
		{Name: "normal", Type: Normal, Lifecycle: NormalLifecycle(), Gates: map[string]approval.Policy{
			StateAssess: {Name: "change-assess", Version: 1, Delegations: 2, Material: Material(), Stages: []approval.Stage{{
				Name: "group", Ask: []approval.Selector{{Kind: approval.Relation, Name: "assignment_group"}}, Approve: approval.Rule{Kind: approval.Any},
			}}},
			StateAuthorize: {Name: "change-authorize", Version: 1, Delegations: 2, NoneNeeded: true, Material: Material(), Stages: []approval.Stage{{
				Name: "cab", Ask: []approval.Selector{{Kind: approval.Board, Name: "cab"}}, Approve: approval.Rule{Kind: approval.Majority},
				When: []approval.Test{{Fact: "risk", Op: approval.NoneOf, Values: []string{"low"}}},
			}}},
		}},
		{Name: "emergency", Type: Emergency, Lifecycle: EmergencyLifecycle(), Gates: map[string]approval.Policy{
			StateAuthorize: {Name: "emergency-authorize", Version: 1, Delegations: 2, Material: Material(), Stages: []approval.Stage{{
				Name: "ecab", Ask: []approval.Selector{{Kind: approval.Board, Name: "ecab"}}, Approve: approval.Rule{Kind: approval.Any},
			}}},
		}},
		retrospective(),
	}
}

// Material names the facts on which the approvals of the shipped models rest. If one
// of them changes, the change is put to its approvers again.
func Material() []string {
	return []string{"title", "risk", "items", "plan", "test_plan", "back_out_plan", "planned_start", "planned_end"}
}

func (m Model) clone() Model {
	m.Lifecycle = m.Lifecycle.Clone()
	gates := map[string]approval.Policy{}
	for state, p := range m.Gates {
		gates[state] = p.Clone()
	}
	m.Gates = gates
	m.Implementation = slices.Clone(m.Implementation)
	if len(m.Implementation) == 0 && !m.Retrospective {
		m.Implementation = []string{StateImplement}
	}
	return m
}

func (m Model) validate(p *workflow.Problems) {
	if m.Name == "" {
		p.Addf("a model has no name")
	}
	if m.Type != Standard && m.Type != Normal && m.Type != Emergency {
		p.Addf("model %q: type %q, want standard, normal or emergency", m.Name, m.Type)
	}
	if m.Retrospective {
		m.validateRetrospective(p)
	}
	has := func(state string) bool {
		return slices.ContainsFunc(m.Lifecycle.States, func(s workflow.State) bool { return s.Name == state })
	}
	for _, state := range sortedKeys(m.Gates) {
		p.Add(m.Gates[state].Validate())
		if !has(state) {
			p.Addf("model %q: there is no state %q to have a gate", m.Name, state)
		}
	}
	for _, state := range m.Implementation {
		if !has(state) {
			p.Addf("model %q: there is no state %q in which it is implemented", m.Name, state)
		}
	}
}
