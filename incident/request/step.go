package request

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
)

// step is a command at work on one request.
type step struct {
	s       *Service
	tx      *workflow.Tx
	r       *Request
	v       *catalog.Version // that the request is pinned to
	before  *Request         // nil when it is being made
	comment bool
	reason  string
	placing bool        // the order is being placed: what is mandatory is mandatory
	moved   bool        // something has gone on by itself
	told    workflow.ID // the job that the command is the answer to
}

// run carries out a command on a request.
func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*Request, error) {
	var r *Request
	cmd := workflow.Command{Name: "request." + name, Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		var err error
		if r, err = s.kind.Get(tx, id); err != nil {
			return err
		}
		st := &step{s: s, tx: tx, r: r, before: r.clone()}
		if st.v, err = s.cfg.Catalog.Version(r.Catalog); err != nil {
			return fmt.Errorf("request: %s: %w", r.Name(), err)
		}
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
	return r, nil
}

// finish goes on as far as the request now can, tells people, brings clocks and timers up
// to date, and queues the write.
func (st *step) finish() error {
	if err := st.proceed(); err != nil {
		return err
	}
	if err := st.tellChanges(); err != nil {
		return err
	}
	if err := st.advance(); err != nil {
		return err
	}
	st.timers()
	return st.s.kind.Put(st.tx, st.r, workflow.Entry{Note: st.reason})
}

func (st *step) draft() bool { return slices.Contains(st.s.cfg.Model.Drafts, st.r.State) }

func (st *step) fulfilling(state string) bool {
	return slices.Contains(st.s.cfg.Model.Fulfilment, state)
}

// factsOf are what guards look at.
func factsOf(r *Request, v *catalog.Version, actor workflow.Actor, now time.Time) Facts {
	f := Facts{Request: r, Actor: actor, Now: now, Outcome: r.rollUp()}
	_, f.Asks = v.RequestPolicy()
	for i := range r.Items {
		it := &r.Items[i]
		h := v.Handling(it.Name)
		switch {
		case it.State == ItemApproved || it.State == ItemFulfilment || it.State.worked():
			f.Ready++
		case it.State.open():
			f.Waiting++
		}
		f.Asks = f.Asks || !h.PreApproved
		f.Review = f.Review || h.Review && it.State.worked()
	}
	return f
}

func (st *step) facts() Facts {
	f := factsOf(st.r, st.v, st.tx.Actor(), st.tx.Now())
	f.Reason, f.Comment = st.reason, st.comment
	return f
}

// fire takes the request through an action of its lifecycle.
func (st *step) fire(action string) error {
	m, err := st.s.machine(st.r)
	if err != nil {
		return err
	}
	if roles := m.RolesFor(st.r.State, action); len(roles) > 0 {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	to, err := m.Admit(st.r.State, action, st.facts(), func(roles []string) error { return st.authorize(roles...) })
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = st.offered(m)
		}
		return fmt.Errorf("request: %s: %w", st.r.Name(), err)
	}
	return st.move(m, to)
}

// offered lists the actions there are in the request's state, for somebody who was refused.
func (st *step) offered(m *workflow.Machine[Facts]) []string {
	var names []string
	for _, o := range m.Options(st.r.State, workflow.AnyRole, st.facts()) {
		if !slices.Contains(names, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}

// can reports whether the lifecycle has the action in the request's state.
func (st *step) can(action string) bool {
	m, err := st.s.machine(st.r)
	return err == nil && len(m.RolesFor(st.r.State, action)) > 0
}

// move takes the request to a state, and does what is to be done there.
func (st *step) move(m *workflow.Machine[Facts], to string) error {
	r, from := st.r, st.r.State
	r.State = to
	if missing := m.Missing(to, st.facts()); len(missing) > 0 {
		return fmt.Errorf("request: %s: state %s needs %s: %w", r.Name(), to, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	category := m.Category(to)
	if category != workflow.CategoryOnHold {
		r.HoldReason = ""
	}
	if was := m.Category(from); was.Final() && !category.Final() {
		r.ClosedAt = time.Time{}
		st.unplace()
	}
	switch {
	case category == workflow.CategoryCancelled:
		st.callOff()
		r.ClosedAt = st.tx.Now()
	case category == workflow.CategoryClosed, category == workflow.CategoryResolved:
		if err := st.deliver(); err != nil {
			return err
		}
		if r.FulfilledAt.IsZero() {
			r.FulfilledAt = st.tx.Now()
		}
		if category == workflow.CategoryClosed {
			r.ClosedAt = st.tx.Now()
		}
	case to == st.s.cfg.Model.Gate:
		return st.ask()
	case st.fulfilling(to) && !st.fulfilling(from):
		if err := st.ask(); err != nil {
			return err
		}
		st.judge()
		if st.facts().Ready == 0 {
			return fmt.Errorf("request: %s: work does not begin in %s: %w", r.Name(), to, ErrNotApproved)
		}
	}
	return nil
}

// deliver makes sure that what ends is over.
func (st *step) deliver() error {
	for _, it := range st.r.Items {
		if !it.State.Over() {
			return fmt.Errorf("request: %s is not %s while item %s, %s, is %s: %w", st.r.Name(), st.r.State, it.ID, it.Title, it.State, ErrOpen)
		}
	}
	return nil
}

// proceed goes on until nothing changes by itself any more. It ends, because items and
// tasks only go forward and automatic transitions make no circles.
func (st *step) proceed() error {
	m, err := st.s.machine(st.r)
	if err != nil {
		return err
	}
	for range workflow.MaxStates + 4*MaxItems + 2*MaxTasks {
		if st.draft() {
			return nil
		}
		st.moved = false
		st.judge()
		if st.fulfilling(st.r.State) && m.Category(st.r.State) != workflow.CategoryOnHold {
			if err := st.work(); err != nil {
				return err
			}
		}
		st.r.Outcome = st.r.rollUp()
		to := m.SettleName(st.r.State, st.facts())
		switch {
		case to != st.r.State:
			if err := st.move(m, to); err != nil {
				return err
			}
		case !st.moved:
			return nil
		}
	}
	return nil
}

func (st *step) authorize(roles ...string) error {
	return st.tx.Authorize(workflow.Access{Ref: st.s.kind.Ref(st.r.ID), State: st.r.State, Roles: roles, Relations: relations(st.r, st.tx.Actor())})
}

// staff asks for the right to work on requests, and that this one is under way.
func (st *step) staff() error {
	if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
		return err
	}
	return st.unfinished()
}

func (st *step) unfinished() error {
	if st.s.Category(st.r).Final() {
		return fmt.Errorf("request: %s is %s and does not change any more: %w", st.r.Name(), st.r.State, workflow.ErrTransition)
	}
	return nil
}

// Act takes an action that the host has added to the lifecycle.
func (s *Service) Act(ctx context.Context, actor workflow.Actor, id workflow.ID, action, reason string) (*Request, error) {
	return s.run(ctx, actor, id, action, func(st *step) error {
		switch action {
		case ActionSubmit, ActionReassess, ActionHold, ActionReply, ActionClose, ActionReopen, ActionCancel:
			return fmt.Errorf("request: %s has a method of its own: %w", action, workflow.ErrInvalid)
		}
		st.reason = reason
		return st.fire(action)
	})
}
