package cab

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Config sets up a [Service]. Boards and Docket are needed.
type Config struct {
	Boards []Board
	Docket Docket
	// ChangeKind is the kind of the records that boards decide on. Default:
	// "change".
	ChangeKind string

	Lifecycle workflow.Definition              // default: [Lifecycle]
	Earlier   []workflow.Definition            // earlier versions, for the meetings that are pinned to them
	Guards    map[string]workflow.Guard[Facts] // the host's own
	Number    workflow.NumberFormat            // default: CAB0000001

	// OfficeRoles are the roles, besides the chair and the vice chairs of a board,
	// whose holders prepare its meetings: schedule and convene them and see to their
	// agendas. Default: [RoleManager].
	OfficeRoles []string
}

// Service holds the meetings of change advisory boards. It carries out commands on
// meetings through a [workflow.Desk]. It is immutable and safe for concurrent use.
//
// Every command names the actor and returns the meeting as it is afterwards, or an
// error and no change of the meeting; see incident.Service for what the errors mean,
// which are the same in every practice. A command that asks the [Docket] may have
// changed a change when it fails: given again it goes on from there.
type Service struct {
	desk     *workflow.Desk
	cfg      Config
	boards   map[string]*Board
	kind     *workflow.Kind[*Meeting]
	current  workflow.LifecycleRef
	machines map[workflow.LifecycleRef]*workflow.Machine[Facts]

	key string
	at  time.Time
}

// New checks the configuration, all of it, and returns the service.
func New(desk *workflow.Desk, cfg Config) (*Service, error) {
	var p workflow.Problems
	if desk == nil {
		p.Addf("no desk")
	}
	if cfg.Docket == nil {
		p.Addf("no docket: a board decides on something")
	}
	if cfg.Lifecycle.Name == "" {
		cfg.Lifecycle = Lifecycle()
	}
	if cfg.ChangeKind == "" {
		cfg.ChangeKind = "change"
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "CAB"
	}
	if len(cfg.OfficeRoles) == 0 {
		cfg.OfficeRoles = []string{RoleManager}
	}
	cfg.OfficeRoles = slices.Clone(cfg.OfficeRoles)
	s := &Service{desk: desk, cfg: cfg, boards: map[string]*Board{}, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	s.add(&p)
	s.compile(&p)
	var err error
	s.kind, err = workflow.NewKind(workflow.KindConfig[*Meeting]{Name: KindName, Number: cfg.Number,
		New: func() *Meeting { return new(Meeting) }, Clone: (*Meeting).clone,
		Index: func(m *Meeting) []workflow.IndexEntry { return m.index(s.Category(m)) }})
	p.Add(err)
	if err := p.Err("cab: configuration"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) add(p *workflow.Problems) {
	if len(s.cfg.Boards) == 0 {
		p.Addf("no boards")
	}
	for _, b := range s.cfg.Boards {
		p.Add(b.Validate())
		if s.boards[b.Name] != nil {
			p.Addf("board %q is given twice", b.Name)
		}
		b = b.Clone()
		s.boards[b.Name] = &b
	}
}

func (s *Service) compile(p *workflow.Problems) {
	s.current = workflow.LifecycleRef{Name: s.cfg.Lifecycle.Name, Version: s.cfg.Lifecycle.Version}
	for _, d := range append(slices.Clone(s.cfg.Earlier), s.cfg.Lifecycle) {
		m, err := workflow.Compile(d, bindings(s.cfg.Guards))
		p.Add(err)
		ref := workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		if s.machines[ref] != nil {
			p.Addf("lifecycle %s version %d is given twice", d.Name, d.Version)
		}
		s.machines[ref] = m
		for _, state := range []string{StateScheduled, StateInSession, StateClosed, StatePublished, StateCancelled} {
			if !slices.ContainsFunc(d.States, func(st workflow.State) bool { return st.Name == state }) {
				p.Addf("lifecycle %s version %d has no state %s", d.Name, d.Version, state)
			}
		}
		if d.Initial != StateScheduled {
			p.Addf("lifecycle %s version %d begins in %s, must be %s", d.Name, d.Version, d.Initial, StateScheduled)
		}
	}
}

// Once returns the service for one command with an idempotency key: a command of the
// same name and key that was carried out before is not carried out again.
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

// Boards are the names of the boards, sorted.
func (s *Service) Boards() []string { return slices.Sorted(maps.Keys(s.boards)) }

// Board returns a copy of a board. It is an error matching [workflow.ErrNotFound] if
// there is none of that name.
func (s *Service) Board(name string) (Board, error) {
	b := s.boards[name]
	if b == nil {
		return Board{}, fmt.Errorf("cab: board %.64q is not one of %q: %w", name, s.Boards(), workflow.ErrNotFound)
	}
	return b.Clone(), nil
}

// Kind returns the typed view of meetings, for hosts that read a store directly.
func (s *Service) Kind() *workflow.Kind[*Meeting] { return s.kind }

// Get reads a meeting. It is an error matching [workflow.ErrNotFound] if there is
// none.
func (s *Service) Get(ctx context.Context, id workflow.ID) (*Meeting, error) {
	return s.kind.Load(ctx, s.desk.Store(), id)
}

// ByNumber reads the meeting with a number such as CAB0000042.
func (s *Service) ByNumber(ctx context.Context, number string) (*Meeting, error) {
	return s.kind.ByNumber(ctx, s.desk.Store(), number)
}

// Find yields the meetings a query selects; its kind is set here. See the Index
// constants for what can be asked.
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*Meeting, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// Category returns the category of the meeting's state.
func (s *Service) Category(m *Meeting) workflow.Category {
	if machine := s.machines[m.Lifecycle]; machine != nil {
		return machine.Category(m.State)
	}
	return 0
}

// Options tells what steps of the lifecycle the actor may take with the meeting now,
// and of the others why not.
func (s *Service) Options(m *Meeting, actor workflow.Actor) ([]workflow.Option, error) {
	machine, err := s.machine(m)
	if err != nil {
		return nil, err
	}
	roles := machine.Roles(append(relations(m, actor), actor.Roles...)...)
	return machine.Options(m.State, roles, Facts{Meeting: m, Actor: actor}), nil
}

func (s *Service) machine(m *Meeting) (*workflow.Machine[Facts], error) {
	machine := s.machines[m.Lifecycle]
	if machine == nil {
		return nil, fmt.Errorf("cab: %s lives by lifecycle %s version %d, which is not configured: %w", m.Name(), m.Lifecycle.Name, m.Lifecycle.Version, workflow.ErrInvalid)
	}
	return machine, nil
}

// boardRelations are the roles that the actor has towards a board. They are the
// person's own: who acts on behalf of the chair does not chair.
func boardRelations(b *Board, actor workflow.Actor) []string {
	if actor.Type != workflow.ActorUser || actor.OnBehalfOf != "" {
		return nil
	}
	var roles []string
	if actor.ID == b.Chair {
		roles = append(roles, RoleChair)
	}
	if slices.Contains(b.ViceChairs, actor.ID) {
		roles = append(roles, RoleViceChair)
	}
	if b.seats(actor.ID) {
		roles = append(roles, RoleMember)
	}
	return roles
}

func relations(m *Meeting, actor workflow.Actor) []string {
	roles := boardRelations(&m.Board, actor)
	if actor.Type == workflow.ActorUser && actor.OnBehalfOf == "" && actor.ID == m.Chair() {
		roles = append(roles, RolePresiding)
	}
	return roles
}
