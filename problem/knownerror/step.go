package knownerror

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// step is a command at work on one known error.
type step struct {
	s      *Service
	tx     *workflow.Tx
	k      *KnownError
	before *KnownError
	note   string // why, for the history
}

func (s *Service) run(ctx context.Context, actor workflow.Actor, id workflow.ID, name string, decide func(*step) error) (*KnownError, error) {
	var k *KnownError
	cmd := workflow.Command{Name: "known_error." + name, Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		got, err := s.kind.Get(tx, id)
		if err != nil {
			return err
		}
		st := &step{s: s, tx: tx, k: got, before: got.clone()}
		if err := decide(st); err != nil {
			return err
		}
		k = st.k
		return st.finish()
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, id)
	}
	return k, nil
}

// finish tells people, sets the timer and queues the write.
func (st *step) finish() error {
	k := st.k
	k.Title = k.Content().Title
	if err := st.checkReadOnly(); err != nil {
		return err
	}
	if err := st.tellChanges(); err != nil {
		return err
	}
	ref, want := st.s.kind.Ref(k.ID), alarm(k)
	switch have := alarm(st.before); {
	case want.IsZero() && !have.IsZero():
		st.tx.ClearTimer(ref, TimerReview)
	case !want.Equal(have):
		st.tx.SetTimer(ref, TimerReview, want)
	}
	return st.s.kind.Put(st.tx, k, workflow.Entry{Note: st.note})
}

func (st *step) facts() Facts {
	return Facts{KnownError: st.k, Content: st.k.Content(), Actor: st.tx.Actor(), Note: st.note}
}

// fire takes the known error through an action of its lifecycle, with a note that may be
// empty unless the lifecycle asks for it.
func (st *step) fire(action, note string) error {
	var p workflow.Problems
	checkText(&p, "the note", note, false)
	if err := p.Err("knownerror: " + st.k.Name()); err != nil {
		return err
	}
	st.note = strings.TrimSpace(note)
	m, err := st.s.machine(st.k)
	if err != nil {
		return err
	}
	if roles := m.RolesFor(st.k.State, action); len(roles) > 0 {
		if err := st.authorize(roles...); err != nil {
			return err
		}
	}
	to, err := m.Admit(st.k.State, action, st.facts(), func(roles []string) error { return st.authorize(roles...) })
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = st.offered(m)
		}
		return fmt.Errorf("knownerror: %s: %w", st.k.Name(), err)
	}
	st.k.State = m.SettleName(to, st.facts())
	return st.reach(m)
}

// reach does what coming to a state means, and holds what must be true there, whatever
// the lifecycle of the host says.
func (st *step) reach(m *workflow.Machine[Facts]) error {
	k := st.k
	was, now := m.Category(st.before.State), m.Category(k.State)
	if was.Final() && !now.Final() {
		if err := st.unretire(); err != nil {
			return err
		}
	}
	switch {
	case now == workflow.CategoryResolved && k.Draft != nil:
		if err := st.publish(); err != nil {
			return err
		}
	case now == workflow.CategoryResolved && k.Published == nil:
		return fmt.Errorf("knownerror: %s: state %s: %w: %w", k.Name(), k.State, ErrNotPublished, workflow.ErrTransition)
	case now.Final() && !was.Final():
		if err := st.retire(); err != nil {
			return err
		}
	case now != workflow.CategoryResolved && k.Draft == nil:
		c := k.Content()
		k.Draft, k.Authors = &c, nil
	}
	if missing := m.Missing(k.State, st.facts()); len(missing) > 0 {
		return fmt.Errorf("knownerror: %s: state %s needs %s: %w", k.Name(), k.State, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	return nil
}

// offered names what the actor could do instead.
func (st *step) offered(m *workflow.Machine[Facts]) []string {
	var names []string
	for _, o := range m.Options(st.before.State, workflow.AnyRole, st.facts()) {
		if o.Allowed && !slices.Contains(names, o.Action) && st.may(m, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}

// may reports whether the desk would let the actor take an action that the facts allow.
func (st *step) may(m *workflow.Machine[Facts], action string) bool {
	state := st.before.State
	_, err := m.Admit(state, action, st.facts(), func(roles []string) error { return st.authorize(roles...) })
	if errors.Is(err, workflow.ErrTransition) { // it only wants a field filled in
		err = st.authorize(m.RolesFor(state, action)...)
	}
	return err == nil
}

func (st *step) authorize(roles ...string) error {
	return st.tx.Authorize(workflow.Access{Ref: st.s.kind.Ref(st.k.ID), State: st.k.State, Roles: roles,
		Relations: relations(st.k, st.tx.Actor())})
}

// writers asks for the right to write known errors.
func (st *step) writers() error {
	return st.authorize(RoleManager, RoleCoordinator, RoleAnalyst, RoleAgent, RoleOwner)
}

// keepers asks for the right to answer for this one.
func (st *step) keepers() error {
	return st.authorize(RoleManager, RoleCoordinator, RoleOwner)
}

// wrote notes that the actor had a hand in the draft.
func (st *step) wrote() error {
	a := st.tx.Actor()
	for _, person := range []string{a.ID, a.OnBehalfOf} {
		if person != "" && !slices.Contains(st.k.Authors, person) {
			st.k.Authors = append(st.k.Authors, person)
		}
	}
	if len(st.k.Authors) > maxAuthors {
		return fmt.Errorf("knownerror: %s: %d people wrote it, at most %d: %w", st.k.Name(), len(st.k.Authors), maxAuthors, workflow.ErrInvalid)
	}
	return nil
}

// edit changes the draft.
func (st *step) edit(change func(*Content)) error {
	c := st.k.Draft.clone()
	change(&c)
	c, err := st.s.checked(c, "knownerror: "+st.k.Name())
	if err != nil || equal(c, *st.k.Draft) {
		return err
	}
	st.k.Draft = &c
	return st.wrote()
}

// checked returns the content with its custom fields in normal form.
func (s *Service) checked(c Content, what string) (Content, error) {
	c = c.clone()
	var p workflow.Problems
	c.check(&p)
	fields, err := s.cfg.Fields.Check(c.Fields)
	p.Add(err)
	c.Fields = fields
	return c, p.Err(what)
}

func equal(a, b Content) bool { return bytes.Equal(asJSON(a), asJSON(b)) }

func asJSON(v any) []byte {
	raw, _ := json.Marshal(v) // a content always can be
	return raw
}

// checkReadOnly refuses changes of what the state before holds fixed.
func (st *step) checkReadOnly() error {
	m, err := st.s.machine(st.before)
	if err != nil {
		return err
	}
	fixed := m.ReadOnly(st.before.State)
	if len(fixed) == 0 {
		return nil
	}
	var p workflow.Problems
	was, now := valuesOf(st.before), valuesOf(st.k)
	for _, f := range fixed {
		if was[f] != now[f] {
			p.Addf("%s is read-only while it is %s", f, st.before.State)
		}
	}
	return p.Err("knownerror: " + st.k.Name())
}

// valuesOf returns the fields that a lifecycle can name as text.
func valuesOf(k *KnownError) map[string]string {
	c := k.Content()
	raw := map[string]json.RawMessage{}
	_ = json.Unmarshal(asJSON(c), &raw)
	values := map[string]string{"owner": k.Owner}
	for name, v := range raw {
		values[name] = string(v)
	}
	values["cause"] += string(raw["cause_unknown"])
	values["workaround"] += string(raw["no_workaround"])
	for name, v := range c.Fields {
		values["field."+name] = fmt.Sprint(v)
	}
	return values
}
