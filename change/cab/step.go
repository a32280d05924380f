package cab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// step is a command at work on one meeting: the copy it changes.
type step struct {
	s      *Service
	tx     *workflow.Tx
	m      *Meeting
	reason string
}

func (s *Service) command(actor workflow.Actor, name string) workflow.Command {
	return workflow.Command{Name: "cab." + name, Actor: actor, Key: s.key, At: s.at}
}

// run carries out a command on a meeting.
func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*Meeting, error) {
	var m *Meeting
	res, err := s.desk.Do(ctx, s.command(actor, name), func(tx *workflow.Tx) error {
		var err error
		if m, err = s.kind.Get(tx, id); err != nil {
			return err
		}
		st := &step{s: s, tx: tx, m: m}
		if err := decide(st); err != nil {
			return err
		}
		return s.kind.Put(tx, m, workflow.Entry{Note: st.reason})
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, id)
	}
	return m, nil
}

// consult carries out a command that asks the docket: it checks whether the command is
// allowed, asks, which may change a change, and then writes down in the meeting what
// came of it. The desk may decide the writing more than once, but nothing is asked
// twice for it.
func (s *Service) consult(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, check func(*step) error, ask func(*Meeting) error, write func(*step) error) (*Meeting, error) {
	var m *Meeting
	res, err := s.desk.Do(ctx, s.command(actor, name), func(tx *workflow.Tx) error {
		var err error
		if m, err = s.kind.Get(tx, id); err != nil {
			return err
		}
		return check(&step{s: s, tx: tx, m: m})
	})
	switch {
	case err != nil:
		return nil, err
	case res.Duplicate:
		return s.Get(ctx, id)
	}
	if err := ask(m); err != nil {
		return nil, err
	}
	return s.run(ctx, actor, id, name, write)
}

// fire takes the meeting through an action of its lifecycle.
func (st *step) fire(action string) error {
	machine, err := st.s.machine(st.m)
	if err != nil {
		return err
	}
	if roles := machine.RolesFor(st.m.State, action); len(roles) > 0 {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	facts := Facts{Meeting: st.m, Actor: st.tx.Actor(), Reason: st.reason}
	to, err := machine.Admit(st.m.State, action, facts, func(roles []string) error { return st.authorize(roles...) })
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = st.offered(machine, facts)
		}
		return fmt.Errorf("cab: %s: %w", st.m.Name(), err)
	}
	st.m.State = machine.SettleName(to, facts)
	if missing := machine.Missing(st.m.State, facts); len(missing) > 0 {
		return fmt.Errorf("cab: %s: state %s needs %s: %w", st.m.Name(), st.m.State, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	return nil
}

// offered lists the actions there are in the meeting's state, for somebody who was
// refused.
func (st *step) offered(machine *workflow.Machine[Facts], facts Facts) []string {
	var names []string
	for _, o := range machine.Options(st.m.State, workflow.AnyRole, facts) {
		if !slices.Contains(names, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}

func (st *step) authorize(roles ...string) error {
	return st.tx.Authorize(workflow.Access{Ref: st.s.kind.Ref(st.m.ID), State: st.m.State, Roles: roles, Relations: relations(st.m, st.tx.Actor())})
}

// office asks for the right to prepare the meeting.
func (st *step) office() error { return st.authorize(st.s.officeRoles()...) }

func (s *Service) officeRoles() []string {
	return append(slices.Clone(s.cfg.OfficeRoles), RoleChair, RoleViceChair, workflow.RoleSystem)
}

// in asks that the meeting is in one of the states.
func (st *step) in(states ...string) error {
	switch {
	case slices.Contains(states, st.m.State):
		return nil
	case st.m.State == StatePublished:
		return fmt.Errorf("cab: %s: %w: it would have to be %s", st.m.Name(), ErrPublished, strings.Join(states, " or "))
	}
	return fmt.Errorf("cab: %s is %s, and not %s: %w", st.m.Name(), st.m.State, strings.Join(states, " or "), workflow.ErrTransition)
}

// presiding asks that the meeting is in session and that the actor chairs it.
func (st *step) presiding() error {
	if err := st.in(StateInSession); err != nil {
		return err
	}
	return st.authorize(RolePresiding)
}

// find returns the item of a change.
func (st *step) find(change workflow.ID) (*Item, error) {
	if it := st.m.item(change); it != nil {
		return it, nil
	}
	return nil, fmt.Errorf("cab: %s has %v not on its agenda: %w", st.m.Name(), change, workflow.ErrNotFound)
}

// pending returns the item of a change that has no outcome yet.
func (st *step) pending(change workflow.ID) (*Item, error) {
	it, err := st.find(change)
	if err == nil && it.Outcome != Pending {
		err = it.decidedError(st.m)
	}
	return it, err
}

func (it *Item) decidedError(m *Meeting) error {
	return fmt.Errorf("cab: %s, %s is %s: %w", m.Name(), it.Number, words(it.Outcome), ErrDecided)
}

// because takes the reason for a command, which must be given.
func (st *step) because(reason string) error {
	if !validNote(reason) {
		return fmt.Errorf("cab: %s: a reason has 1 to %d bytes of text, not %d: %w", st.m.Name(), MaxNote, len(reason), workflow.ErrInvalid)
	}
	st.reason = reason
	return nil
}

func words(o Outcome) string { return strings.ReplaceAll(string(o), "_", " ") }
