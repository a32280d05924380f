package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// step is a command at work on one problem.
type step struct {
	s      *Service
	tx     *workflow.Tx
	p      *Problem
	before *Problem
	note   string // why, for the history
	idle   bool   // nobody has worked on the problem: a timer has come due, or there was no news
}

func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*Problem, error) {
	var p *Problem
	cmd := workflow.Command{Name: "problem." + name, Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		st, err := s.step(tx, id)
		if err != nil {
			return err
		}
		if err := decide(st); err != nil {
			return err
		}
		p = st.p
		return st.finish()
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, id)
	}
	return p, nil
}

func (s *Service) step(tx *workflow.Tx, id workflow.ID) (*step, error) {
	p, err := s.kind.Get(tx, id)
	if err != nil {
		return nil, err
	}
	return &step{s: s, tx: tx, p: p, before: p.clone()}, nil
}

// finish tells people, sets the timers and queues the write.
func (st *step) finish() error {
	if err := st.checkReadOnly(); err != nil {
		return err
	}
	if !st.idle && len(st.s.cfg.Inactivity) > 0 {
		st.p.ActiveAt, st.p.NudgedAt, st.p.Nudges = st.tx.Now(), time.Time{}, 0
	}
	if err := st.tellChanges(); err != nil {
		return err
	}
	st.timers()
	return st.s.kind.Put(st.tx, st.p, workflow.Entry{Note: st.note})
}

func (st *step) facts() Facts { return Facts{Problem: st.p, Actor: st.tx.Actor(), Note: st.note} }

// fire takes the problem through an action of its lifecycle, with a work note that
// may be empty unless the problem is a major one.
func (st *step) fire(action, note string) error {
	var p workflow.Problems
	checkText(&p, "the work note", note, false)
	if err := p.Err("problem: " + st.p.Name()); err != nil {
		return err
	}
	st.note = note
	m, err := st.s.machine(st.p)
	if err != nil {
		return err
	}
	if roles := m.RolesFor(st.p.State, action); len(roles) > 0 {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	to, err := m.Admit(st.p.State, action, st.facts(), func(roles []string) error { return st.authorize(roles...) })
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = st.offered(m)
			err = &refusal{err, rulesOf(te.Guards)}
		}
		return fmt.Errorf("problem: %s: %w", st.p.Name(), err)
	}
	if st.p.Major && strings.TrimSpace(note) == "" {
		return fmt.Errorf("problem: %s is a major problem: %s: %w: %w", st.p.Name(), action, ErrNote, workflow.ErrInvalid)
	}
	st.p.State = m.SettleName(to, st.facts())
	if err := st.reach(m); err != nil {
		return err
	}
	if note == "" {
		return nil
	}
	return st.p.Say(st.tx.Actor(), st.tx.Now(), false, note)
}

// reach holds what must be true of a problem that comes to a state, whatever the
// lifecycle of its host says.
func (st *step) reach(m *workflow.Machine[Facts]) error {
	p, category := st.p, m.Category(st.p.State)
	ended := over(category)
	if over(m.Category(st.before.State)) && !ended {
		p.reopen()
	}
	if missing := m.Missing(p.State, st.facts()); len(missing) > 0 {
		return fmt.Errorf("problem: %s: state %s needs %s: %w", p.Name(), p.State, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	switch {
	case ended && p.Resolution == nil:
		return fmt.Errorf("problem: %s: state %s needs a resolution: %w", p.Name(), p.State, workflow.ErrInvalid)
	case ended && p.code() == FixApplied && !p.CauseConfirmed() && p.Exception == nil:
		return fmt.Errorf("problem: %s: a fix is applied to a known cause, or to an unknown one by an exception: %w: %w", p.Name(), ErrCauseUnknown, workflow.ErrTransition)
	case ended && p.code() == RiskAccepted && p.Risk == nil:
		return fmt.Errorf("problem: %s: nobody has accepted the risk: %w", p.Name(), workflow.ErrInvalid)
	case category == workflow.CategoryClosed && p.Major && p.Review == nil && p.code() != Duplicate:
		return fmt.Errorf("problem: %s: %w: %w", p.Name(), ErrNotReviewed, workflow.ErrTransition)
	case !category.Final():
		p.ClosedAt = time.Time{}
		return nil
	}
	p.ClosedAt = st.tx.Now()
	if n := p.openTasks(); n > 0 && st.s.cfg.TasksFirst && category == workflow.CategoryClosed {
		return fmt.Errorf("problem: %s: %d tasks are open: %w: %w", p.Name(), n, ErrTasksOpen, workflow.ErrTransition)
	}
	st.cancelTasks()
	return nil
}

// over reports whether problems of a category have a resolution.
func over(c workflow.Category) bool { return c.Final() || c == workflow.CategoryResolved }

// reopen forgets how the problem ended, as it goes on.
func (p *Problem) reopen() {
	p.Resolution, p.Risk, p.Review = nil, nil, nil
	p.DuplicateOf, p.ClosedAt = workflow.ID{}, time.Time{}
}

// offered names what the actor could do instead.
func (st *step) offered(m *workflow.Machine[Facts]) []string {
	var names []string
	for _, o := range st.s.options(m, st.p.State, workflow.AnyRole, st.facts()) {
		if o.Allowed && !slices.Contains(names, o.Action) && st.may(m, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}

// may reports whether the desk would let the actor take an action that the facts allow.
func (st *step) may(m *workflow.Machine[Facts], action string) bool {
	state := st.p.State
	_, err := m.Admit(state, action, st.facts(), func(roles []string) error { return st.authorize(roles...) })
	if errors.Is(err, workflow.ErrTransition) { // it only wants a field filled in
		err = st.authorize(m.RolesFor(state, action)...)
	}
	return err == nil
}

func (st *step) authorize(roles ...string) error {
	return st.authorizeAs(nil, roles...)
}

// authorizeAs asks for one of the roles, of somebody who has further relations to what
// the command is about.
func (st *step) authorizeAs(also []string, roles ...string) error {
	return st.tx.Authorize(workflow.Access{Ref: st.s.kind.Ref(st.p.ID), State: st.p.State, Roles: roles,
		Relations: append(relations(st.p, st.tx.Actor()), also...)})
}

// staff asks for the right to work on problems, and that this one is not over.
func (st *step) staff() error {
	if err := st.authorize(RoleManager, RoleCoordinator, RoleAssignee, workflow.RoleSystem); err != nil {
		return err
	}
	return st.unfinished()
}

// involved asks for the right to add to what is known of problems.
func (st *step) involved() error {
	return st.authorize(RoleManager, RoleCoordinator, RoleAssignee, RoleAnalyst, RoleAgent, workflow.RoleSystem)
}

// relevant asks that the problem is, or was, a problem of its own: also one that is
// closed has a workaround, and incidents that are linked to it.
func (st *step) relevant() error {
	if st.s.Category(st.p) == workflow.CategoryCancelled || st.p.DuplicateOf != (workflow.ID{}) {
		return fmt.Errorf("problem: %s is %s, %s: %w", st.p.Name(), st.p.State, st.p.code(), workflow.ErrTransition)
	}
	return nil
}

func (st *step) unfinished() error {
	if st.s.Category(st.p).Final() {
		return fmt.Errorf("problem: %s is %s and does not change any more: %w", st.p.Name(), st.p.State, workflow.ErrTransition)
	}
	return nil
}

// checkReadOnly refuses changes of what the state before holds fixed. That a problem which
// goes on forgets how it ended is none.
func (st *step) checkReadOnly() error {
	m, err := st.s.machine(st.before)
	if err != nil {
		return err
	}
	before := st.before
	if over(m.Category(before.State)) && !over(m.Category(st.p.State)) {
		before = before.clone()
		before.reopen()
	}
	var p workflow.Problems
	for _, f := range m.ReadOnly(st.before.State) {
		if valueOf(before, f) != valueOf(st.p, f) {
			p.Addf("%s is read-only while the problem is %s", f, st.before.State)
		}
	}
	return p.Err("problem: " + st.p.Name())
}

// valueOf returns a field that a lifecycle can name as text, to see whether it changed.
func valueOf(p *Problem, field string) string {
	if name, ok := strings.CutPrefix(field, "field."); ok {
		return fmt.Sprint(p.Fields[name])
	}
	switch field {
	case "details":
		return p.Details
	case "category":
		return p.Category
	case "subcategory":
		return p.Subcategory
	case "service":
		return p.Service
	case "customer":
		return p.Customer
	case "items":
		return asJSON(p.Items)
	case "group":
		return p.Group
	case "assignee":
		return p.Assignee
	case "cause":
		return asJSON(p.Cause)
	case "analysis":
		if p.Analysis != nil {
			return fmt.Sprint(p.Analysis.Version)
		}
	case "workaround":
		return p.Workaround()
	case "fix_notes":
		return p.FixNotes
	case "fixes":
		return asJSON(p.Fixes)
	case "review":
		return asJSON(p.Review)
	case "risk":
		if p.Risk != nil {
			risk := *p.Risk
			risk.Reminded = time.Time{} // of it, which is no change of it
			return asJSON(risk)
		}
	case "resolution_code":
		return string(p.code())
	case "resolution_notes":
		if p.Resolution != nil {
			return p.Resolution.Notes
		}
	case "duplicate_of":
		return p.DuplicateOf.String()
	}
	return ""
}

// checkText notes a text that is too long, or missing though it is needed.
func checkText(p *workflow.Problems, what, text string, needed bool) {
	switch {
	case len(text) > workflow.MaxText:
		p.Addf("%s has at most %d bytes, not %d", what, workflow.MaxText, len(text))
	case needed && strings.TrimSpace(text) == "":
		p.Addf("%s is missing", what)
	}
}

func checkName(p *workflow.Problems, what, name string) {
	if len(name) > workflow.MaxKey {
		p.Addf("%s has at most %d bytes, not %d", what, workflow.MaxKey, len(name))
	}
}

// asJSON is a value as text, for comparing.
func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
