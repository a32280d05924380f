package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/workflow"
)

// step is a command at work on one change.
type step struct {
	s      *Service
	tx     *workflow.Tx
	c      *Change
	before *Change // nil when it is being proposed
	reason string
}

func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*Change, error) {
	var c *Change
	cmd := workflow.Command{Name: "change." + name, Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		var err error
		if c, err = s.kind.Get(tx, id); err != nil {
			return err
		}
		st := &step{s: s, tx: tx, c: c, before: c.clone()}
		if err := decide(st); err != nil {
			return err
		}
		return st.finish()
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, id)
	}
	return c, nil
}

// finish tells people, sets the timers and queues the write.
func (st *step) finish() error {
	if err := st.tellApprovers(); err != nil {
		return err
	}
	st.timers()
	return st.s.kind.Put(st.tx, st.c, workflow.Entry{Note: st.reason})
}

// fire takes the change through an action of its lifecycle, and on through every gate
// that lets it pass.
func (st *step) fire(action string) error {
	if st.c.Hold != nil && action != ActionCancel {
		return fmt.Errorf("change: %s is on hold, %s; it can be released or cancelled: %w", st.c.Name(), st.c.Hold.Reason, ErrOnHold)
	}
	m, err := st.s.machine(st.c)
	if err != nil {
		return err
	}
	if roles := m.RolesFor(st.c.State, action); len(roles) > 0 {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	facts, err := st.facts(action)
	if err != nil {
		return err
	}
	to, err := m.Admit(st.c.State, action, facts, func(roles []string) error { return st.authorize(roles...) })
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = st.offered(m, facts)
			if action == ActionImplement {
				err = fmt.Errorf("%w%s", err, st.against())
			}
		}
		return fmt.Errorf("change: %s: %w", st.c.Name(), err)
	}
	if from, next := st.s.Category(st.c), m.Category(to); from == workflow.CategoryNew && next != from && next != workflow.CategoryCancelled {
		if err := st.inForce(true); err != nil {
			return err
		}
		c := *st.c
		c.State = to // from here on the risk has to be known
		if err := st.assess(&c, st.tx.Now()); err != nil {
			return err
		}
		st.c.Risk, st.c.Assessment = c.Risk, c.Assessment
	}
	st.move(to)
	if missing := m.Missing(to, facts); len(missing) > 0 {
		return fmt.Errorf("change: %s: state %s needs %s: %w", st.c.Name(), to, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	if err := st.reach(); err != nil {
		return err
	}
	return st.settle(m)
}

// settle follows the automatic transitions, and asks for approval at every gate that
// is reached. It ends, because a gate that is reached anew is undecided.
func (st *step) settle(m *workflow.Machine[Facts]) error {
	for range workflow.MaxStates {
		facts, err := st.facts("")
		if err != nil {
			return err
		}
		to := m.SettleName(st.c.State, facts)
		if to == st.c.State {
			return nil
		}
		st.move(to)
		if err := st.reach(); err != nil {
			return err
		}
	}
	return nil
}

// move takes the change to a state, and keeps when its work began and ended.
func (st *step) move(to string) {
	implementing := func(state string) bool { return slices.Contains(st.s.models[st.c.Model].Implementation, state) }
	switch now := st.tx.Now(); {
	case implementing(to) && st.c.Started.IsZero():
		st.c.Started = now
	case implementing(st.c.State) && !implementing(to):
		st.c.Ended = now
	}
	st.c.State = to
}

// facts are what the guards look at. What takes a question to others is asked only
// for the action that depends on it.
func (st *step) facts(action string) (Facts, error) {
	f := Facts{Change: st.c, Actor: st.tx.Actor(), Reason: st.reason}
	if action != ActionImplement {
		return f, nil
	}
	var err error
	if f.Approved, err = st.approved(); err != nil {
		return f, err
	}
	conflicts, err := st.conflicts()
	f.Conflicts = len(conflicts)
	return f, err
}

func (st *step) conflicts() ([]schedule.Conflict, error) {
	if st.s.cfg.Conflicts == nil {
		return nil, nil
	}
	found, err := st.s.cfg.Conflicts(st.tx.Context(), st.c.Booking())
	if err != nil {
		return nil, fmt.Errorf("change: %s: conflicts: %w", st.c.Name(), err)
	}
	return found, nil
}

// against lists the conflicts, for somebody who was refused.
func (st *step) against() string {
	found, err := st.conflicts()
	if err != nil || len(found) == 0 {
		return ""
	}
	var all []string
	for _, c := range found[:min(len(found), 10)] {
		all = append(all, c.String())
	}
	return " (" + strings.Join(all, "; ") + ")"
}

func (st *step) offered(m *workflow.Machine[Facts], facts Facts) []string {
	var names []string
	for _, o := range m.Options(st.c.State, workflow.AnyRole, facts) {
		if !slices.Contains(names, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}

func (st *step) authorize(roles ...string) error {
	return st.tx.Authorize(workflow.Access{Ref: st.s.kind.Ref(st.c.ID), State: st.c.State, Roles: roles, Relations: relations(st.c, st.tx.Actor())})
}

// staff asks for the right to work on changes, and that this one is not over.
func (st *step) staff() error {
	if err := st.authorize(RoleManager, RoleAgent, RoleImplementer, workflow.RoleSystem); err != nil {
		return err
	}
	return st.unfinished()
}

func (st *step) unfinished() error {
	if st.s.Category(st.c).Final() {
		return fmt.Errorf("change: %s is %s and does not change any more: %w", st.c.Name(), st.c.State, workflow.ErrTransition)
	}
	return nil
}
