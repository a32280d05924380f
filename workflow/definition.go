package workflow

import (
	"slices"
)

// Limits of one lifecycle.
const (
	MaxStates      = 256
	MaxActions     = 256
	MaxTransitions = 1024
	MaxRoles       = 64 // different roles in one lifecycle, [Anyone] included
	maxNames       = 256
)

// Definition is a lifecycle as data: which states a record can be in, what can
// be done in each, and who may do it. It says nothing until [Compile] has
// checked it.
type Definition struct {
	Name        string       `json:"name"`
	Version     int          `json:"version"` // from 1; records stay with the version they began with
	Initial     string       `json:"initial"` // the state of a fresh record, of category new
	States      []State      `json:"states"`
	Actions     []Action     `json:"actions"`
	Transitions []Transition `json:"transitions"`
}

// State is a place in a lifecycle.
type State struct {
	Name      string   `json:"name"`
	Label     string   `json:"label,omitempty"` // for people; default: the name
	Category  Category `json:"category"`
	Mandatory []string `json:"mandatory,omitempty"` // fields without which a record cannot be in this state
	ReadOnly  []string `json:"read_only,omitempty"` // fields that do not change while a record is in this state
}

// Action is something people or programs do to a record.
type Action struct {
	Name  string `json:"name"`
	Label string `json:"label,omitempty"` // for people; default: the name
}

// Transition leads from one of several states to another. It is taken by its
// action, or by itself if it is automatic; then it has neither action nor roles,
// and at least one guard.
type Transition struct {
	From      []string `json:"from"`
	Action    string   `json:"action,omitempty"`
	To        string   `json:"to"`
	Roles     []string `json:"roles,omitempty"`    // any of them may; [Anyone] lets everybody
	Required  []string `json:"required,omitempty"` // fields that must be filled in, besides those mandatory in To
	Guards    []string `json:"guards,omitempty"`   // all must hold; "!name" must not
	Automatic bool     `json:"automatic,omitempty"`
}

// ParseDefinition decodes a definition from JSON. Unknown fields are refused.
// What the definition says is checked by [Compile].
func ParseDefinition(data []byte) (Definition, error) {
	var d Definition
	if err := ParseJSON(data, "workflow: lifecycle", &d); err != nil {
		return Definition{}, err
	}
	return d, nil
}

// Clone returns a copy that shares nothing with d.
func (d Definition) Clone() Definition {
	d.States = slices.Clone(d.States)
	for i := range d.States {
		s := &d.States[i]
		s.Mandatory, s.ReadOnly = slices.Clone(s.Mandatory), slices.Clone(s.ReadOnly)
	}
	d.Actions = slices.Clone(d.Actions)
	d.Transitions = slices.Clone(d.Transitions)
	for i := range d.Transitions {
		t := &d.Transitions[i]
		t.From, t.Roles = slices.Clone(t.From), slices.Clone(t.Roles)
		t.Required, t.Guards = slices.Clone(t.Required), slices.Clone(t.Guards)
	}
	return d
}
