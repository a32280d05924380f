package workflow

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Why a lifecycle refuses an action. Every [*TransitionError] matches
// ErrTransition and at least one of the others; one for lack of a role matches
// [ErrForbidden].
var (
	// ErrTransition: the lifecycle does not allow the action now.
	ErrTransition = errors.New("transition refused")
	// ErrNoTransition: the action does not exist in this state.
	ErrNoTransition = errors.New("no such transition")
	// ErrGuard: a condition does not hold.
	ErrGuard = errors.New("guard does not hold")
	// ErrRequired: a field is not filled in.
	ErrRequired = errors.New("required field is empty")
)

// TransitionError tells why an action was refused and what could be done
// instead.
type TransitionError struct {
	Lifecycle LifecycleRef
	From      string   // the state
	Action    string   // what was asked for
	Allowed   []string // the actions that would be accepted there, with the same roles and facts
	Reasons   []string // everything that stands against it
	Guards    []string // the guards among the reasons, as the definition names them: "cause_known", "!on_hold"

	causes []error
}

// Error names the lifecycle, the action, the reasons and the actions allowed.
func (e *TransitionError) Error() string {
	allowed := "none"
	if len(e.Allowed) > 0 {
		allowed = strings.Join(e.Allowed, ", ")
	}
	return fmt.Sprintf("workflow: %s version %d: %.64s in state %.64s: %s (allowed: %s)",
		e.Lifecycle.Name, e.Lifecycle.Version, e.Action, e.From, strings.Join(e.Reasons, "; "), allowed)
}

// Unwrap gives [ErrTransition] and the specific causes.
func (e *TransitionError) Unwrap() []error {
	return append([]error{ErrTransition}, e.causes...)
}

// Option is an action that exists in a state, for a menu.
type Option struct {
	Action  string   `json:"action"`
	Label   string   `json:"label"` // for people
	To      string   `json:"to"`    // the state it leads to, or would
	Allowed bool     `json:"allowed"`
	Needs   []string `json:"needs,omitempty"`   // the fields that must be filled in with it
	Reasons []string `json:"reasons,omitempty"` // why it is not allowed
}

// Options lists what can be done in a state, in the order of the definition,
// and why not where it is not allowed. An action that only wants fields filled in
// is allowed, as a form can ask for them. An unknown state has none.
func (m *Machine[F]) Options(state string, roles RoleSet, facts F) []Option {
	from, ok := m.State(state)
	if !ok {
		return nil
	}
	var options []Option
	for i, a := range m.def.Actions {
		v := m.judge(m.cell(from, ActionID(i)), roles, facts)
		if v.edge == nil {
			continue
		}
		o := Option{Action: a.Name, Label: a.Label, To: v.edge.t.To, Allowed: v.rank >= emptyField, Needs: v.needs}
		if !o.Allowed {
			o.Reasons = v.reasons
		}
		if o.Label == "" {
			o.Label = o.Action
		}
		options = append(options, o)
	}
	return options
}

// The ranks of a verdict: how near the transition came to being taken.
const (
	noTransition = iota
	wrongRole
	badGuard
	emptyField
	accepted
)

// verdict is what becomes of an action, and why.
type verdict[F any] struct {
	rank    int
	edge    *edge[F]
	needs   []string // the empty fields among the reasons
	guards  []string // and the guards
	reasons []string
	causes  []error
}

// judge finds the transition that is taken, or else the one that came nearest,
// with everything that stands against it. Who lacks the role is told no more
// than that.
func (m *Machine[F]) judge(e *edge[F], roles RoleSet, facts F) verdict[F] {
	var best verdict[F]
	for ; e != nil && e.t != nil; e = e.next {
		v := verdict[F]{rank: accepted, edge: e}
		if e.roles&(roles|anyoneBit) == 0 {
			v.rank = wrongRole
			v.because(ErrForbidden, "needs the role "+strings.Join(e.t.Roles, " or "))
		} else {
			v.weigh(facts)
		}
		switch {
		case v.rank > best.rank:
			best = v
		case v.rank == best.rank:
			best.reasons = append(best.reasons, "or: "+strings.Join(v.reasons, "; "))
			for _, c := range v.causes {
				best.because(c, "")
			}
			for _, g := range v.guards {
				if !slices.Contains(best.guards, g) {
					best.guards = append(best.guards, g)
				}
			}
		}
	}
	return best
}

func (v *verdict[F]) weigh(facts F) {
	for i := range v.edge.when {
		c := &v.edge.when[i]
		switch {
		case c.check(facts) != c.negated:
		case c.field != "":
			v.rank = min(v.rank, emptyField)
			v.needs = append(v.needs, c.field)
			v.because(ErrRequired, c.why)
		default:
			v.rank = badGuard
			v.guards = append(v.guards, v.edge.t.Guards[i]) // the guards come first
			v.because(ErrGuard, c.why)
		}
	}
}

func (v *verdict[F]) because(cause error, reason string) {
	if !slices.Contains(v.causes, cause) {
		v.causes = append(v.causes, cause)
	}
	if reason != "" {
		v.reasons = append(v.reasons, reason)
	}
}

// refuse explains, off the fast path, why nothing could be taken.
func (m *Machine[F]) refuse(from StateID, act ActionID, roles RoleSet, facts F) error {
	state, action := fmt.Sprintf("#%d", from), fmt.Sprintf("#%d", act)
	if int(from) >= len(m.def.States) || int(act) >= m.width {
		if int(from) < len(m.def.States) {
			state = m.def.States[from].Name
		}
		if int(act) < m.width {
			action = m.def.Actions[act].Name
		}
		return m.unknown(state, action, roles, facts)
	}
	e := &TransitionError{
		Lifecycle: m.Ref(),
		From:      m.def.States[from].Name,
		Action:    m.def.Actions[act].Name,
		Allowed:   m.allowed(from, roles, facts),
	}
	v := m.judge(m.cell(from, act), roles, facts)
	if v.rank == noTransition {
		v.because(ErrNoTransition, "the action does not exist in this state")
	}
	e.Reasons, e.Guards, e.causes = v.reasons, v.guards, v.causes
	return e
}

// unknown refuses names that the lifecycle does not have.
func (m *Machine[F]) unknown(from, act string, roles RoleSet, facts F) error {
	e := &TransitionError{Lifecycle: m.Ref(), From: from, Action: act, causes: []error{ErrNoTransition}}
	if id, ok := m.State(from); ok {
		e.Allowed = m.allowed(id, roles, facts)
	} else {
		e.Reasons = append(e.Reasons, "the lifecycle has no such state")
	}
	if _, ok := m.Action(act); !ok {
		e.Reasons = append(e.Reasons, "the lifecycle has no such action")
	}
	return e
}

func (m *Machine[F]) allowed(from StateID, roles RoleSet, facts F) []string {
	var names []string
	for i, a := range m.def.Actions {
		if m.Can(from, ActionID(i), roles, facts) {
			names = append(names, a.Name)
		}
	}
	return names
}
