package workflow

import "slices"

// StateID is a state of one machine: its place in the definition.
type StateID uint16

// ActionID is an action of one machine: its place in the definition.
type ActionID uint16

// RoleSet is a set of roles of one machine, made by [Machine.Roles].
type RoleSet uint64

// AnyRole holds every role: for callers that have asked about rights elsewhere.
const AnyRole RoleSet = 1<<64 - 1

// anyoneBit is the role everybody holds.
const anyoneBit RoleSet = 1 << 63

// Machine is a compiled [Definition]. It keeps no state of its own: one machine
// serves all records of its lifecycle. It never changes and is safe for
// concurrent use.
//
// Its methods come by name, for convenience, and by id, for speed. Ids hold for
// this machine alone.
type Machine[F any] struct {
	def     Definition
	states  nameIndex
	actions nameIndex
	roles   map[string]RoleSet // the bit of each role
	table   []edge[F]          // by state, then action; one without roles is none
	plain   []step             // the same, of what depends on nothing but the role
	auto    [][]edge[F]        // by state
	width   int                // actions
	fields  map[string]func(F) bool
}

// edge is a transition from one state.
type edge[F any] struct {
	roles RoleSet
	when  []condition[F]
	next  *edge[F] // another one of the same action
	t     *Transition
	to    StateID
}

// step is an edge without conditions, in 16 bytes. One without roles is none.
type step struct {
	roles RoleSet
	to    StateID
}

// condition is what a guard or a field asks of the facts.
type condition[F any] struct {
	check   func(F) bool
	negated bool
	field   string // that must be filled in; empty for a guard
	why     string
}

func (e *edge[F]) open(facts F) bool {
	for i := range e.when {
		if c := &e.when[i]; c.check(facts) == c.negated {
			return false
		}
	}
	return true
}

// State returns the id of a state, and whether there is such a state.
func (m *Machine[F]) State(name string) (StateID, bool) {
	id, ok := m.states.find(name)
	return StateID(id), ok
}

// Action returns the id of an action, and whether there is such an action.
func (m *Machine[F]) Action(name string) (ActionID, bool) {
	id, ok := m.actions.find(name)
	return ActionID(id), ok
}

// StateName returns the name of a state, or the empty string for an id that is
// none.
func (m *Machine[F]) StateName(id StateID) string {
	if int(id) < len(m.def.States) {
		return m.def.States[id].Name
	}
	return ""
}

// Roles returns the set of the named roles. Roles that the lifecycle does not
// know give no right in it and are left out.
func (m *Machine[F]) Roles(names ...string) RoleSet {
	set := anyoneBit
	for _, n := range names {
		set |= m.roles[n]
	}
	return set
}

// at returns the place in the tables, or their length for ids that are none.
func (m *Machine[F]) at(from StateID, act ActionID) int {
	if int(act) >= m.width {
		return len(m.plain)
	}
	return int(from)*m.width + int(act)
}

// cell returns where the transitions of an action from a state begin, or nil.
func (m *Machine[F]) cell(from StateID, act ActionID) *edge[F] {
	if i := m.at(from, act); i < len(m.table) {
		return &m.table[i]
	}
	return nil
}

// Fire takes the action in a state and returns the state it leads to. If the
// action is not possible there, not for these roles, or not with these facts, it
// returns the state unchanged and a [*TransitionError]. It allocates nothing
// when it succeeds. Automatic transitions are left to [Machine.Settle], because
// the facts may change between.
func (m *Machine[F]) Fire(from StateID, act ActionID, roles RoleSet, facts F) (StateID, error) {
	if i := m.at(from, act); i < len(m.plain) && m.plain[i].roles&(roles|anyoneBit) != 0 {
		return m.plain[i].to, nil
	}
	return m.fire(from, act, roles, facts)
}

func (m *Machine[F]) fire(from StateID, act ActionID, roles RoleSet, facts F) (StateID, error) {
	if e := m.find(from, act, roles, facts); e != nil {
		return e.to, nil
	}
	return from, m.refuse(from, act, roles, facts)
}

// find returns the transition that is taken, or nil.
func (m *Machine[F]) find(from StateID, act ActionID, roles RoleSet, facts F) *edge[F] {
	for e := m.cell(from, act); e != nil; e = e.next {
		if e.roles&(roles|anyoneBit) != 0 && e.open(facts) {
			return e
		}
	}
	return nil
}

// FireName is [Machine.Fire] by names.
func (m *Machine[F]) FireName(from, act string, roles RoleSet, facts F) (string, error) {
	s, ok := m.State(from)
	a, known := m.Action(act)
	if !ok || !known {
		return from, m.unknown(from, act, roles, facts)
	}
	to, err := m.Fire(s, a, roles, facts)
	if err != nil {
		return from, err
	}
	return m.def.States[to].Name, nil
}

// Admit takes an action for somebody whose rights are decided elsewhere: of the
// transitions that the facts open, in the order of the definition, the first that
// admit lets through, given the roles of that transition. When it lets none through
// its first error is returned, and when the facts open none a [*TransitionError].
func (m *Machine[F]) Admit(from, act string, facts F, admit func(roles []string) error) (string, error) {
	s, ok := m.State(from)
	a, known := m.Action(act)
	if !ok || !known {
		return from, m.unknown(from, act, AnyRole, facts)
	}
	var refused error
	for e := m.cell(s, a); e != nil; e = e.next {
		if e.roles == 0 || !e.open(facts) {
			continue
		}
		err := admit(slices.Clone(e.t.Roles))
		if err == nil {
			return m.def.States[e.to].Name, nil
		}
		if refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return from, refused
	}
	return from, m.refuse(s, a, AnyRole, facts)
}

// Can reports whether [Machine.Fire] would succeed. It allocates nothing.
func (m *Machine[F]) Can(from StateID, act ActionID, roles RoleSet, facts F) bool {
	return m.find(from, act, roles, facts) != nil
}

// Settle follows automatic transitions for as long as one is open and returns
// the state in which the record comes to rest. It ends, because [Compile]
// refuses circles.
func (m *Machine[F]) Settle(state StateID, facts F) StateID {
	for int(state) < len(m.auto) {
		i := slices.IndexFunc(m.auto[state], func(e edge[F]) bool { return e.open(facts) })
		if i < 0 {
			break
		}
		state = m.auto[state][i].to
	}
	return state
}

// SettleName is [Machine.Settle] by name. An unknown state stays as it is.
func (m *Machine[F]) SettleName(state string, facts F) string {
	id, ok := m.State(state)
	if !ok {
		return state
	}
	return m.StateName(m.Settle(id, facts))
}

// RolesFor returns the roles of which one is needed to take the action in the
// state, in the order of the definition. It is empty if the action does not
// exist there, so that a check against it fails closed.
func (m *Machine[F]) RolesFor(from, act string) []string {
	s, ok := m.State(from)
	a, known := m.Action(act)
	if !ok || !known {
		return nil
	}
	var roles []string
	for e := m.cell(s, a); e != nil && e.t != nil; e = e.next {
		for _, r := range e.t.Roles {
			if !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
	}
	return roles
}

// Missing returns the fields that are mandatory in the state and not filled in.
func (m *Machine[F]) Missing(state string, facts F) []string {
	var missing []string
	for _, f := range m.state(state).Mandatory {
		if !m.fields[f](facts) {
			missing = append(missing, f)
		}
	}
	return missing
}

// ReadOnly returns the fields that must not change while a record is in the
// state.
func (m *Machine[F]) ReadOnly(state string) []string {
	return slices.Clone(m.state(state).ReadOnly)
}

// Category returns the category of the state, or 0 for an unknown state.
func (m *Machine[F]) Category(state string) Category { return m.state(state).Category }

func (m *Machine[F]) state(name string) State {
	if id, ok := m.State(name); ok {
		return m.def.States[id]
	}
	return State{}
}

// Initial returns the state of a fresh record.
func (m *Machine[F]) Initial() string { return m.def.Initial }

// Definition returns a copy of what was compiled.
func (m *Machine[F]) Definition() Definition { return m.def.Clone() }

// Ref returns the name and version that records of this lifecycle keep.
func (m *Machine[F]) Ref() LifecycleRef {
	return LifecycleRef{Name: m.def.Name, Version: m.def.Version}
}
