package workflow

import (
	"fmt"
	"maps"
	"slices"
)

// Extension changes a lifecycle that somebody else has defined, such as the one
// a practice ships, without a copy of it: a host states the difference, and gets
// the next edition of the base with it.
type Extension struct {
	Name        string              `json:"name,omitempty"` // default: the base's
	Version     int                 `json:"version"`
	States      []State             `json:"states,omitempty"`
	Actions     []Action            `json:"actions,omitempty"`
	Transitions []Transition        `json:"transitions,omitempty"`
	Remove      []TransitionRef     `json:"remove,omitempty"`
	Mandatory   map[string][]string `json:"mandatory,omitempty"` // by state, fields besides those mandatory there
}

// ParseExtension decodes an extension from JSON. Unknown fields are refused.
func ParseExtension(data []byte) (Extension, error) {
	var x Extension
	if err := ParseJSON(data, "workflow: lifecycle extension", &x); err != nil {
		return Extension{}, err
	}
	return x, nil
}

// TransitionRef points at the transitions of an action from one state to
// another. The action is empty for automatic ones.
type TransitionRef struct {
	From   string `json:"from"`
	Action string `json:"action,omitempty"`
	To     string `json:"to"`
}

// String names both states and the action.
func (r TransitionRef) String() string {
	by := "by " + r.Action
	if r.Action == "" {
		by = "automatic"
	}
	return fmt.Sprintf("(%.64s to %.64s %.64s)", r.From, r.To, by)
}

// Extend applies an extension to a base and leaves the base as it is. First
// transitions are removed, and with them the actions and states that nothing
// uses any longer; then states, actions, transitions and mandatory fields are
// added. A reference to what is not there gives a [*DefinitionError] with every
// fault. Name or version must differ from the base's, because records name the
// lifecycle they live by. The result is checked by [Compile] like any other.
func Extend(base Definition, x Extension) (Definition, error) {
	d := base.Clone()
	var c checker
	if x.Name != "" {
		d.Name = x.Name
	}
	d.Version = x.Version
	if d.Name == base.Name && d.Version == base.Version {
		c.fault("extension", "has name and version of the base, %.64s version %d: give it another name or a later version", base.Name, base.Version)
	}
	for _, r := range x.Remove {
		if !d.remove(r) {
			c.fault("remove "+r.String(), "there is no such transition")
		}
	}
	if len(x.Remove) > 0 {
		d.prune(base)
	}
	more := Definition{States: x.States, Actions: x.Actions, Transitions: x.Transitions}.Clone()
	d.States = append(d.States, more.States...)
	d.Actions = append(d.Actions, more.Actions...)
	d.Transitions = append(d.Transitions, more.Transitions...)
	c.addMandatory(&d, x.Mandatory)
	if len(c.faults) > 0 {
		return Definition{}, &DefinitionError{Name: d.Name, Faults: c.faults}
	}
	return d, nil
}

// remove takes the from state out of every transition meant, and transitions
// that begin nowhere then out of the definition.
func (d *Definition) remove(r TransitionRef) bool {
	found := false
	for i := range d.Transitions {
		t := &d.Transitions[i]
		if at := slices.Index(t.From, r.From); at >= 0 && t.Action == r.Action && t.To == r.To {
			t.From = slices.Delete(t.From, at, at+1)
			found = true
		}
	}
	d.Transitions = slices.DeleteFunc(d.Transitions, func(t Transition) bool { return found && len(t.From) == 0 })
	return found
}

// prune drops what the base used and d uses no longer. The initial state stays.
func (d *Definition) prune(base Definition) {
	d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool {
		return base.usesAction(a.Name) && !d.usesAction(a.Name)
	})
	d.States = slices.DeleteFunc(d.States, func(s State) bool {
		return s.Name != d.Initial && base.usesState(s.Name) && !d.usesState(s.Name)
	})
}

func (d *Definition) usesAction(name string) bool {
	return slices.ContainsFunc(d.Transitions, func(t Transition) bool { return t.Action == name })
}

func (d *Definition) usesState(name string) bool {
	return slices.ContainsFunc(d.Transitions, func(t Transition) bool {
		return t.To == name || slices.Contains(t.From, name)
	})
}

// addMandatory adds the fields to their states; a field that is mandatory there
// already stays so.
func (c *checker) addMandatory(d *Definition, mandatory map[string][]string) {
	unknown := make(map[string]bool, len(mandatory))
	for name := range mandatory {
		unknown[name] = true
	}
	for i := range d.States {
		s := &d.States[i]
		delete(unknown, s.Name)
		for _, f := range mandatory[s.Name] {
			if !slices.Contains(s.Mandatory, f) {
				s.Mandatory = append(s.Mandatory, f)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		c.fault("mandatory", "unknown state %.64q", name)
	}
}
