package change

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Directory tells who people are. It must be safe for concurrent use, and answers
// with an error rather than with a guess: then nothing is decided.
type Directory interface {
	// Members are the people behind a selector who can act now, for the change.
	Members(ctx context.Context, s approval.Selector, c *Change) ([]string, error)
	// Delegations are those in force at an instant that concern a policy.
	Delegations(ctx context.Context, policy string, at time.Time) ([]approval.Delegation, error)
}

// Config sets up a [Service]. A directory is needed as soon as a model has a gate.
type Config struct {
	Models  []Model                          // default: [Models]
	Earlier []workflow.Definition            // earlier versions of their lifecycles; their names are the models'
	Guards  map[string]workflow.Guard[Facts] // the host's own
	Fields  workflow.Schema                  // custom fields
	Number  workflow.NumberFormat            // default: CHG0000001

	Directory Directory
	Hours     *calendar.Calendar // working time for the deadlines of approvals; default: elapsed time
	Verify    approval.Verifier  // checks signatures

	// Conflicts tells what speaks against the window of a change: see
	// [schedule.Schedule.Conflicts]. The shipped lifecycles do not let a change be
	// implemented while there is anything. Default: nothing does.
	Conflicts func(ctx context.Context, c schedule.Change) ([]schedule.Conflict, error)
	// MayExcept tells who may grant an exception from a blackout, by its name.
	// Default: nobody.
	MayExcept func(blackout string, by workflow.Actor) bool

	// MayClose tells who may close the vote on a change at a gate, besides change
	// managers: the chair of the board that is asked there. Default: nobody.
	MayClose func(c *Change, gate string, by workflow.Actor) bool

	// Risk assesses the risk of changes, by what RiskInput says about them besides what
	// they say themselves: history, effects, facts of the host. None is submitted
	// before it is assessed. Default: the risk is what people state.
	Risk      *risk.Assessor
	RiskInput func(ctx context.Context, c *Change) (risk.Input, error)

	// Templates tells the template in force under a name, or an error that matches
	// [ErrNoTemplate]. Without it no change of a templated model is made, and the
	// shipped standard model is one.
	Templates func(ctx context.Context, name string) (Template, error)

	Detection Detection // of changes that nobody has approved

	OpenRoles []string // who may propose changes; default: anyone
}

// Service is the practice of change enablement: it lets changes happen that are worth
// their risk, and none that nobody has approved. It carries out commands on changes
// through a [workflow.Desk]. It is immutable and safe for concurrent use.
//
// Every command names the actor and returns the change as it is afterwards, or an
// error and no change; see incident.Service for what the errors mean, which are the
// same in every practice.
type Service struct {
	desk     *workflow.Desk
	cfg      Config
	kind     *workflow.Kind[*Change]
	models   map[string]Model
	machines map[workflow.LifecycleRef]*workflow.Machine[Facts]

	key string
	at  time.Time
}

// NewService checks the configuration, all of it, and returns the service.
func NewService(desk *workflow.Desk, cfg Config) (*Service, error) {
	var p workflow.Problems
	if desk == nil {
		p.Addf("no desk")
	}
	if len(cfg.Models) == 0 {
		cfg.Models = Models()
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "CHG"
	}
	if cfg.Detection.Model == "" {
		cfg.Detection.Model = "retrospective"
	}
	if cfg.Detection.Slack < 0 || cfg.Detection.Quiet < 0 {
		p.Addf("detection: slack and quiet are not negative")
	}
	if len(cfg.OpenRoles) == 0 {
		cfg.OpenRoles = []string{workflow.Anyone}
	}
	s := &Service{desk: desk, cfg: cfg, models: map[string]Model{}, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	for _, m := range cfg.Models {
		s.add(&p, m)
	}
	var err error
	s.kind, err = workflow.NewKind(workflow.KindConfig[*Change]{
		Name: KindName, Number: cfg.Number, New: func() *Change { return new(Change) }, Clone: (*Change).clone,
		Index: func(c *Change) []workflow.IndexEntry {
			return append(c.index(s.Category(c)), cfg.Fields.Index(c.Fields)...)
		},
	})
	p.Add(err)
	if err := p.Err("change: configuration"); err != nil {
		return nil, err
	}
	return s, nil
}

// add compiles a model and the earlier versions of its lifecycle.
func (s *Service) add(p *workflow.Problems, m Model) {
	m = m.clone()
	m.validate(p)
	if _, twice := s.models[m.Name]; twice {
		p.Addf("model %q is given twice", m.Name)
	}
	if len(m.Gates) > 0 && s.cfg.Directory == nil {
		p.Addf("model %q has gates, which need a directory", m.Name)
	}
	s.models[m.Name] = m
	b := m.bindings(s.cfg.Guards)
	for _, f := range s.cfg.Fields.Fields() {
		b.Fields["field."+f.Name] = func(x Facts) bool {
			v, ok := x.Change.Fields[f.Name]
			return ok && v != ""
		}
	}
	for _, d := range append(slices.Clone(s.cfg.Earlier), m.Lifecycle) {
		if d.Name != m.Lifecycle.Name {
			continue
		}
		machine, err := workflow.Compile(d, b)
		p.Add(err)
		ref := workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		if s.machines[ref] != nil {
			p.Addf("lifecycle %s version %d is given twice", d.Name, d.Version)
		}
		s.machines[ref] = machine
	}
}

// Once returns the service for one command with an idempotency key: a command of
// the same name and key that was carried out before is not carried out again.
func (s *Service) Once(key string) *Service {
	c := *s
	c.key = key
	return &c
}

// At returns the service for commands that happened at an instant, for imports and
// replays, instead of now.
func (s *Service) At(t time.Time) *Service {
	c := *s
	c.at = t
	return &c
}

// Kind returns the typed view of changes, for hosts that read a store directly.
func (s *Service) Kind() *workflow.Kind[*Change] { return s.kind }

// Get reads a change. It is an error matching [workflow.ErrNotFound] if there is none.
func (s *Service) Get(ctx context.Context, id workflow.ID) (*Change, error) {
	return s.kind.Load(ctx, s.desk.Store(), id)
}

// ByNumber reads the change with a number such as CHG0000042.
func (s *Service) ByNumber(ctx context.Context, number string) (*Change, error) {
	return s.kind.ByNumber(ctx, s.desk.Store(), number)
}

// Find yields the changes a query selects. Who has to vote is found by
// [IndexApprover].
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*Change, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// Category returns the category of the change's state.
func (s *Service) Category(c *Change) workflow.Category {
	if m := s.machines[c.Lifecycle]; m != nil {
		return m.Category(c.State)
	}
	return 0
}

// Fill puts every change that has a planned window and is not over into a schedule.
func (s *Service) Fill(ctx context.Context, into *schedule.Schedule) error {
	for c, err := range s.Find(ctx, workflow.Query{}) {
		if err != nil {
			return err
		}
		if err := s.Keep(into, c); err != nil {
			return err
		}
	}
	return nil
}

// Keep brings a schedule up to date with a change: it is planned there from when it
// is submitted until its work is done.
func (s *Service) Keep(in *schedule.Schedule, c *Change) error {
	switch category := s.Category(c); {
	case c.Start.IsZero() || category == workflow.CategoryNew || category == workflow.CategoryResolved || category.Final():
		in.Remove(c.Number)
		return nil
	}
	return in.Put(c.Booking())
}

func (s *Service) machine(c *Change) (*workflow.Machine[Facts], error) {
	m := s.machines[c.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("change: %s lives by lifecycle %s version %d, which is not configured: %w", c.Name(), c.Lifecycle.Name, c.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

func relations(c *Change, actor workflow.Actor) []string {
	var roles []string
	if actor.Is(c.Requester) || actor.Is(c.CreatedBy.ID) {
		roles = append(roles, RoleRequester)
	}
	if actor.Is(c.Assignee) {
		roles = append(roles, RoleImplementer)
	}
	return roles
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
