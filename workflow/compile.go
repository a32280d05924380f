package workflow

import (
	"fmt"
	"slices"
	"strings"
)

// Bindings tie the names in a definition to the host's facts. F is what guards
// look at: usually the record, as a pointer. The functions must not change the
// facts and must be safe for concurrent use.
type Bindings[F any] struct {
	Guards map[string]Guard[F]
	Fields map[string]func(F) bool // whether the field is filled in
}

// Guard is a condition on the facts.
type Guard[F any] struct {
	Check   func(F) bool
	Explain string // the condition in words, "every task is closed"; default: the guard's name
}

// Fault is one mistake in a definition.
type Fault struct {
	Where   string `json:"where"`   // `state "new"`, `transition 3 (new to closed by close)`
	Problem string `json:"problem"` // what is wrong, and what would be right
}

// String gives place and problem.
func (f Fault) String() string { return f.Where + ": " + f.Problem }

// DefinitionError lists everything that is wrong with a definition. It matches
// [ErrInvalid].
type DefinitionError struct {
	Name   string
	Faults []Fault
}

// Error names the lifecycle and every fault, a line each.
func (e *DefinitionError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "workflow: lifecycle %.64q: %v: %d faults", e.Name, ErrInvalid, len(e.Faults))
	for _, f := range e.Faults {
		b.WriteString("\n\t" + f.String())
	}
	return b.String()
}

// Unwrap gives [ErrInvalid].
func (e *DefinitionError) Unwrap() error { return ErrInvalid }

// Compile checks a definition and makes a machine of it. All mistakes are told
// at once in a [*DefinitionError]: names that are missing, unknown or twice
// there, states that cannot be reached or have no way to an end, two
// transitions that could fire on the same action, transitions that nobody may
// take, automatic ones without a guard or in a circle, and more.
func Compile[F any](d Definition, b Bindings[F]) (*Machine[F], error) {
	c := checker{
		d:      d,
		guards: make(map[string]bool, len(b.Guards)),
		fields: make(map[string]bool, len(b.Fields)),
	}
	for name, g := range b.Guards {
		c.guards[name] = g.Check != nil
	}
	for name, f := range b.Fields {
		c.fields[name] = f != nil
	}
	if faults := c.check(); len(faults) > 0 {
		return nil, &DefinitionError{Name: d.Name, Faults: faults}
	}
	return build(d.Clone(), b), nil
}

// conditions turns the names of a transition into what is asked of the facts:
// its guards first, then the fields it requires and those its end demands.
func conditions[F any](d *Definition, t *Transition, b Bindings[F]) []condition[F] {
	var all []condition[F]
	for _, name := range t.Guards {
		name, negated := strings.CutPrefix(name, "!")
		g := b.Guards[name]
		why := "must hold: "
		if negated {
			why = "must not hold: "
		}
		if g.Explain == "" {
			g.Explain = name
		}
		all = append(all, condition[F]{check: g.Check, negated: negated, why: why + g.Explain})
	}
	fields := slices.Clone(t.Required)
	to := slices.IndexFunc(d.States, func(s State) bool { return s.Name == t.To })
	for _, f := range d.States[to].Mandatory {
		if !slices.Contains(fields, f) {
			fields = append(fields, f)
		}
	}
	for _, f := range fields {
		all = append(all, condition[F]{check: b.Fields[f], field: f, why: "must be filled in: " + f})
	}
	return all
}

// build lays a faultless definition out as tables.
func build[F any](d Definition, b Bindings[F]) *Machine[F] {
	m := &Machine[F]{
		def:     d,
		states:  newNameIndex(len(d.States), func(i int) string { return d.States[i].Name }),
		actions: newNameIndex(len(d.Actions), func(i int) string { return d.Actions[i].Name }),
		roles:   make(map[string]RoleSet),
		table:   make([]edge[F], len(d.States)*len(d.Actions)),
		auto:    make([][]edge[F], len(d.States)),
		plain:   make([]step, len(d.States)*len(d.Actions)),
		width:   len(d.Actions),
		fields:  b.Fields,
	}
	for i := range d.Transitions {
		t := &d.Transitions[i]
		to, _ := m.State(t.To)
		e := edge[F]{roles: m.intern(t.Roles), when: conditions(&d, t, b), to: to, t: t}
		for _, name := range t.From {
			from, _ := m.State(name)
			m.place(from, e)
		}
	}
	for i, e := range m.table {
		if len(e.when) == 0 {
			m.plain[i] = step{e.roles, e.to}
		}
	}
	return m
}

// intern gives each role its bit.
func (m *Machine[F]) intern(roles []string) RoleSet {
	var set RoleSet
	for _, r := range roles {
		bit, ok := m.roles[r]
		if !ok {
			bit = 1 << len(m.roles)
			if r == Anyone {
				bit = anyoneBit
			} else if _, taken := m.roles[Anyone]; taken {
				bit >>= 1
			}
			m.roles[r] = bit
		}
		set |= bit
	}
	return set
}

// place puts an edge into the table: the first of an action into its cell, more
// behind it.
func (m *Machine[F]) place(from StateID, e edge[F]) {
	if e.t.Automatic {
		m.auto[from] = append(m.auto[from], e)
		return
	}
	act, _ := m.Action(e.t.Action)
	cell := m.cell(from, act)
	if cell.t == nil {
		*cell = e
		return
	}
	for cell.next != nil {
		cell = cell.next
	}
	cell.next = &e
}
