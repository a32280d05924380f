package template

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/itsm-go/itsm/change"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// The roles that templates know.
const (
	RoleManager = change.RoleManager // withdraws and retires
	RoleAgent   = change.RoleAgent   // drafts
)

// Directory tells who people are. It must be safe for concurrent use, and answers with
// an error rather than with a guess.
type Directory interface {
	// Members are the people behind a selector who can act now.
	Members(ctx context.Context, s approval.Selector, t *Template) ([]string, error)
	// Delegations are those in force at an instant that concern a policy.
	Delegations(ctx context.Context, policy string, at time.Time) ([]approval.Delegation, error)
}

// Config sets up a [Service]. Policy and Directory are needed.
type Config struct {
	Policy    approval.Policy // who approves templates
	Directory Directory
	Hours     *calendar.Calendar // working time for the deadlines of approvals; default: elapsed time
	Verify    approval.Verifier  // checks signatures
}

// ErrState: what was asked for is not possible in the state of the template.
var ErrState = errors.New("not in this state")

// Service keeps templates. It is immutable and safe for concurrent use. What its errors
// match is told by incident.Service, which is the same in every practice.
type Service struct {
	desk *workflow.Desk
	cfg  Config
	kind *workflow.Kind[*Template]
}

// New checks the configuration, all of it, and returns the service.
func New(desk *workflow.Desk, cfg Config) (*Service, error) {
	var p workflow.Problems
	if desk == nil {
		p.Addf("no desk")
	}
	if cfg.Directory == nil {
		p.Addf("no directory")
	}
	cfg.Policy = cfg.Policy.Clone()
	p.Add(cfg.Policy.Validate())
	kind, err := workflow.NewKind(workflow.KindConfig[*Template]{
		Name: KindName, Number: workflow.NumberFormat{Prefix: "TPL"}, New: func() *Template { return new(Template) },
		Clone: (*Template).clone, Index: (*Template).index,
	})
	p.Add(err)
	if err := p.Err("template: configuration"); err != nil {
		return nil, err
	}
	return &Service{desk: desk, cfg: cfg, kind: kind}, nil
}

// Kind returns the typed view of templates, for hosts that read a store directly.
func (s *Service) Kind() *workflow.Kind[*Template] { return s.kind }

// Get reads a template by its name. It is an error matching [workflow.ErrNotFound] if
// there is none.
func (s *Service) Get(ctx context.Context, name string) (*Template, error) {
	return s.kind.Load(ctx, s.desk.Store(), idOf(name))
}

// Find yields the templates that a query selects.
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*Template, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// InForce is the version of a template of which changes can be made now, for
// [change.Config]. It is an error matching [change.ErrNoTemplate] if there is none.
func (s *Service) InForce(ctx context.Context, name string) (change.Template, error) {
	t, err := s.Get(ctx, name)
	switch {
	case errors.Is(err, workflow.ErrNotFound):
		return change.Template{}, fmt.Errorf("template: %q does not exist: %w", name, change.ErrNoTemplate)
	case err != nil:
		return change.Template{}, err
	case t.Current == nil:
		return change.Template{}, fmt.Errorf("template: %s %q is %s and was never approved: %w", t.Number, name, t.State, change.ErrNoTemplate)
	case t.Why != "":
		return change.Template{}, fmt.Errorf("template: %s %q holds no more: %s: %w", t.Number, name, t.Why, change.ErrNoTemplate)
	}
	return t.Current.Template, nil
}

// step is a command at work on one template.
type step struct {
	s      *Service
	tx     *workflow.Tx
	t      *Template
	before *Template
	reason string
}

func (s *Service) run(ctx context.Context, actor workflow.Actor, name, command string, decide func(*step) error) (*Template, error) {
	var t *Template
	_, err := s.desk.Do(ctx, workflow.Command{Name: "template." + command, Actor: actor}, func(tx *workflow.Tx) error {
		var err error
		if t, err = s.kind.Get(tx, idOf(name)); err != nil {
			return err
		}
		st := &step{s: s, tx: tx, t: t, before: t.clone()}
		if err := decide(st); err != nil {
			return err
		}
		if err := st.tell(); err != nil {
			return err
		}
		st.timers()
		return s.kind.Put(tx, t, workflow.Entry{Note: st.reason})
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func (st *step) authorize(roles ...string) error {
	return st.tx.Authorize(workflow.Access{Ref: st.s.kind.Ref(st.t.ID), State: st.t.State, Roles: roles})
}

// in makes sure that the template is in one of some states.
func (st *step) in(states ...string) error {
	for _, s := range states {
		if st.t.State == s {
			return nil
		}
	}
	return fmt.Errorf("template: %s %q is %s; that is possible in %q: %w", st.t.Number, st.t.Title, st.t.State, states, ErrState)
}
