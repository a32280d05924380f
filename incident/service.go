package incident

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/routing"
)

// Config sets up a [Service]. The zero value works: the shipped lifecycle, the
// 3×3 matrix, no service levels, closing by hand.
type Config struct {
	Lifecycle workflow.Definition              // default: [Lifecycle]
	Earlier   []workflow.Definition            // earlier versions, for the records that are pinned to them
	Guards    map[string]workflow.Guard[Facts] // the host's own, besides those of [Bindings]

	Matrix    Matrix                // default: [ServiceNowMatrix]
	Targets   []sla.Target          // the service levels
	Fields    workflow.Schema       // custom fields
	Templates map[string]Report     // defaults that a report can name
	Number    workflow.NumberFormat // default: INC0000001

	// Assess tells which services suffer from the failure of configuration items. The
	// impact that follows is that of an incident reported without one, and with
	// RaiseImpact also of one reported with a lesser one. See [FromConfiguration].
	Assess      Assessor
	RaiseImpact bool

	// AutoClose closes an incident so many business days after its resolution,
	// by AutoCloseCalendar. Zero: never.
	AutoClose         calendar.Days
	AutoCloseCalendar *calendar.Calendar

	// Chunk is how many children change in one commit. A family of so many or fewer
	// follows its parent in the parent's own commit, a larger one afterwards, commit by
	// commit: see [Cascade]. Default: 200, or less where there are many targets.
	Chunk int

	// Major says how major incidents are handled; Calendars are those that its paces name.
	Major     major.Policy
	Calendars map[string]*calendar.Calendar

	Related  map[string]Related // records of other practices that can be opened from an incident, by name: "problem"
	FollowUp []string           // what a follow-up takes over, see [Attributes]; default: all but people and notes

	// Monitors tell the group and the assignee of an incident that nobody takes care of
	// it. They know its facts as [WorkFacts] gives them, with "state_category" besides.
	Monitors []routing.Monitor

	// Rules assign an incident for which neither a group nor a person was named when it
	// was opened, as things stand by Situation; without one everybody has nothing to do.
	// The explanation becomes a work note. A host that decides by other means gives a
	// Router instead.
	Rules     *routing.Router
	Situation Situation
	Router    Router

	OnCall OnCall // tells who is on call in the group that takes major incidents; default: nobody
	Ladder Ladder // tells who hears that an update is overdue; default: the manager and the group, once

	ResolutionCodes []string // the codes allowed; empty = any
	OpenRoles       []string // who may report; default: anyone
}

// Service is the practice of incident management: it restores service as
// quickly as possible and keeps people informed. It carries out commands on
// incidents through a [workflow.Desk]. It is immutable and safe for concurrent
// use.
//
// Every command names the actor and returns the incident as it is afterwards, or
// an error and no change. Only when the error matches [workflow.ErrUnsure] the
// store's answer was lost: a command given with [Service.Once] is then given
// again, and happens once. A command that the lifecycle does not allow is a
// [*workflow.TransitionError] that tells what would have been allowed; one the
// actor may not do matches [workflow.ErrForbidden]; wrong input matches
// [workflow.ErrInvalid].
type Service struct {
	desk     *workflow.Desk
	cfg      Config
	kind     *workflow.Kind[*Incident]
	cascades *workflow.Kind[*Cascade]
	turns    *workflow.Kind[*Turns]
	current  workflow.LifecycleRef
	machines map[workflow.LifecycleRef]*workflow.Machine[Facts]
	engine   *sla.Engine
	playbook *major.Playbook
	watchers map[string]*routing.Watcher

	key string    // of the next command
	at  time.Time // of the next command
}

// NewService checks the configuration, all of it, and returns the service.
func NewService(desk *workflow.Desk, cfg Config) (*Service, error) {
	var p workflow.Problems
	if desk == nil {
		p.Addf("no desk")
	}
	if cfg.Lifecycle.Name == "" {
		cfg.Lifecycle = Lifecycle()
	}
	if cfg.Matrix.Cells == nil {
		cfg.Matrix = ServiceNowMatrix()
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "INC"
	}
	if len(cfg.OpenRoles) == 0 {
		cfg.OpenRoles = []string{workflow.Anyone}
	}
	if cfg.AutoClose < 0 || cfg.AutoClose > 0 && cfg.AutoCloseCalendar == nil {
		p.Addf("closing after %d business days needs a calendar and a positive number", cfg.AutoClose)
	}
	checkRelated(&p, cfg)
	cfg.Chunk = chunkSize(&p, cfg)
	p.Add(cfg.Matrix.Validate())
	cfg.Matrix = cfg.Matrix.clone()
	s := &Service{desk: desk, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	s.compile(&p, cfg)
	var err error
	s.engine, err = sla.NewEngine(cfg.Targets...)
	p.Add(err)
	s.kind, err = workflow.NewKind(workflow.KindConfig[*Incident]{
		Name:   KindName,
		Number: cfg.Number,
		New:    func() *Incident { return new(Incident) },
		Clone:  (*Incident).clone,
		Index:  s.index,
	})
	p.Add(err)
	s.playbook, err = major.Compile(cfg.Major, cfg.Calendars)
	p.Add(err)
	if err == nil {
		cfg.Major = s.playbook.Policy() // a copy of our own
	}
	s.watchers = compileMonitors(&p, cfg.Monitors)
	cfg.Related, cfg.FollowUp = maps.Clone(cfg.Related), slices.Clone(cfg.FollowUp)
	s.cascades, err = newCascades()
	p.Add(err)
	s.turns, err = newTurns()
	p.Add(err)
	if cfg.Rules != nil && cfg.Router != nil || cfg.Rules == nil && cfg.Situation != nil {
		p.Addf("either rules, perhaps with a situation, or a router assign incidents")
	}
	s.cfg = cfg
	for _, name := range sortedKeys(cfg.Templates) {
		if cfg.Templates[name].Template != "" {
			p.Addf("template %q names another template", name)
		}
	}
	if err := p.Err("incident: configuration"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) compile(p *workflow.Problems, cfg Config) {
	b := Bindings()
	for _, name := range sortedKeys(cfg.Guards) {
		if _, ok := b.Guards[name]; ok {
			p.Addf("guard %q is one of the library's own", name)
		}
		b.Guards[name] = cfg.Guards[name]
	}
	for _, f := range cfg.Fields.Fields() {
		b.Fields["field."+f.Name] = func(x Facts) bool {
			v, ok := x.Incident.Fields[f.Name]
			return ok && v != ""
		}
	}
	s.current = workflow.LifecycleRef{Name: cfg.Lifecycle.Name, Version: cfg.Lifecycle.Version}
	for _, d := range append(slices.Clone(cfg.Earlier), cfg.Lifecycle) {
		m, err := workflow.Compile(d, b)
		p.Add(err)
		ref := workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		if s.machines[ref] != nil {
			p.Addf("lifecycle %s version %d is given twice", d.Name, d.Version)
		}
		s.machines[ref] = m
	}
}

// Once returns the service for one command with an idempotency key: a command of
// the same name and key that was carried out before is not carried out again,
// and the incident is returned as it is now.
func (s *Service) Once(key string) *Service {
	c := *s
	c.key = key
	return &c
}

// At returns the service for commands that happened at an instant, for imports
// and replays, instead of now.
func (s *Service) At(t time.Time) *Service {
	c := *s
	c.at = t
	return &c
}

// Kind returns the typed view of incidents, for hosts that read a store
// directly.
func (s *Service) Kind() *workflow.Kind[*Incident] { return s.kind }

// Get reads an incident. It is an error matching [workflow.ErrNotFound] if there
// is none.
func (s *Service) Get(ctx context.Context, id workflow.ID) (*Incident, error) {
	return s.kind.Load(ctx, s.desk.Store(), id)
}

// ByNumber reads the incident with a number such as INC0000042.
func (s *Service) ByNumber(ctx context.Context, number string) (*Incident, error) {
	return s.kind.ByNumber(ctx, s.desk.Store(), number)
}

// Find yields the incidents a query selects; its kind is set here. See the Index
// constants for what can be asked.
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*Incident, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// Options tells what the actor may do with the incident now, and of everything
// else in its state why not.
func (s *Service) Options(inc *Incident, actor workflow.Actor) ([]workflow.Option, error) {
	m, err := s.machine(inc)
	if err != nil {
		return nil, err
	}
	roles := m.Roles(append(relations(inc, actor), actor.Roles...)...)
	options := m.Options(inc.State, roles, Facts{Incident: inc, Actor: actor})
	for i := range options {
		s.withhold(&options[i], inc, actor)
	}
	return options, nil
}

// Category returns the category of the incident's state, by which reports and
// service levels go: it stays when a host adds states of its own.
func (s *Service) Category(inc *Incident) workflow.Category {
	m, err := s.machine(inc)
	if err != nil {
		return 0
	}
	return m.Category(inc.State)
}

// Reading tells how the clock of a target stands at an instant.
func (s *Service) Reading(inc *Incident, target string, at time.Time) (sla.Reading, error) {
	c := inc.Clock(target)
	if c == nil {
		return sla.Reading{}, fmt.Errorf("incident: %s has no clock %q: %w", inc.Name(), target, workflow.ErrNotFound)
	}
	return s.engine.Read(*c, at)
}

// ServiceLevels tells of every target how it stands for the incident at an
// instant, also of those that have no clock, and why.
func (s *Service) ServiceLevels(inc *Incident, at time.Time) ([]sla.Status, error) {
	return s.engine.Status(inc.Clocks, s.slaFacts(inc), at)
}

// Engine returns the engine that runs the service levels, for reports: see
// [sla.Engine.Attainment] and [sla.Engine.Forecast].
func (s *Service) Engine() *sla.Engine { return s.engine }

// Cases returns the incident's clocks with what reports on service levels ask of
// it.
func (s *Service) Cases(inc *Incident) []sla.Case {
	cases := make([]sla.Case, len(inc.Clocks))
	for i, c := range inc.Clocks {
		cases[i] = sla.Case{Record: inc.Number, Clock: c.Clone(), Priority: int(inc.Priority), Group: inc.Group, Service: inc.Service, Customer: inc.Customer}
	}
	return cases
}

// Explain tells, interval by interval, how the clock of a target came to stand
// as it does at an instant.
func (s *Service) Explain(inc *Incident, target string, at time.Time) (sla.Explanation, error) {
	c := inc.Clock(target)
	if c == nil {
		return sla.Explanation{}, fmt.Errorf("incident: %s has no clock %q: %w", inc.Name(), target, workflow.ErrNotFound)
	}
	return s.engine.Explain(*c, at)
}

func (s *Service) machine(inc *Incident) (*workflow.Machine[Facts], error) {
	m := s.machines[inc.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("incident: %s lives by lifecycle %s version %d, which is not configured: %w",
			inc.Name(), inc.Lifecycle.Name, inc.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

func (s *Service) index(inc *Incident) []workflow.IndexEntry {
	return append(inc.index(s.Category(inc)), s.cfg.Fields.Index(inc.Fields)...)
}

// relations are the roles the actor has towards this incident.
func relations(inc *Incident, actor workflow.Actor) []string {
	var roles []string
	if actor.Is(inc.Caller) {
		roles = append(roles, RoleCaller)
	}
	if actor.Is(inc.CreatedBy.ID) {
		roles = append(roles, RoleOpener)
	}
	if inc.Major.Is(major.StateAccepted) && slices.Contains(managers(inc), actor.ID) {
		roles = append(roles, RoleMajorManager)
	}
	return roles
}
