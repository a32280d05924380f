package problem

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Config sets up a [Service]. The zero value works: the shipped lifecycle, the 3×3
// matrix, nothing watched.
type Config struct {
	Lifecycle workflow.Definition              // default: [Lifecycle] with no options
	Earlier   []workflow.Definition            // earlier versions, for the records that are pinned to them
	Guards    map[string]workflow.Guard[Facts] // the host's own, besides those of [Bindings]
	Matrix    Matrix                           // default: [ServiceNowMatrix]
	Fields    workflow.Schema                  // custom fields
	Number    workflow.NumberFormat            // default: PRB0000001

	// Incidents is how incidents hear of their problem. Whoever relays [TopicInform] to
	// [Service.Handle] needs it.
	Incidents IncidentResolver
	// Public makes what is told to incidents a comment that their callers read.
	// Default: a work note.
	Public bool
	// ResolvedByProblem is the resolution code of incidents that were waiting for a
	// problem when a fix was applied. Default: "resolved_by_problem".
	ResolvedByProblem string

	// Chunk is how many incidents one commit moves to the surviving problem of a
	// duplicate, and how many one message is for, if that is less than the default:
	// [MaxLinked] and [ChunkSize].
	Chunk int

	// TasksFirst refuses to end a problem while a task is open. Default: ending it
	// cancels its open tasks (ServiceNow). A duplicate gives its tasks away, and
	// cancelling a problem cancels them in either case.
	TasksFirst bool

	// Moves is what a duplicate hands over to the surviving problem. Default: incidents
	// and tasks. Tasks that it does not hand over are cancelled with it.
	Moves []Related

	// CheckAnalysis is what documents are checked by that [Service.SaveAnalysis] keeps;
	// what is wrong should match [workflow.ErrInvalid]. Default: they are analyses of
	// package rca.
	CheckAnalysis func(document []byte) error

	// Inactivity says by state after which time without work on a problem its people
	// are told, and told again, in working time by Hours. Default: nobody is. It takes
	// the place of a service level for the whole problem, which says little: an
	// analysis takes as long as it takes (so advises ServiceNow).
	Inactivity map[string]time.Duration
	Hours      *calendar.Calendar // default: elapsed time

	OpenRoles []string // who may open problems; default: the service desk and all who work on problems
}

// Service is the practice of problem management: it finds what is behind incidents,
// and has it removed or lived with knowingly. It carries out commands on problems
// through a [workflow.Desk]. It is immutable and safe for concurrent use.
//
// Every command names the actor and returns the problem as it is afterwards, or an
// error and no change. A command that the lifecycle does not allow is a
// [*workflow.TransitionError] that tells what would have been allowed; one the actor
// may not do matches [workflow.ErrForbidden]; wrong input matches
// [workflow.ErrInvalid]. Only when an error matches [workflow.ErrUnsure] the store's
// answer was lost: a command given with [Service.Once] is then given again.
type Service struct {
	desk     *workflow.Desk
	cfg      Config
	kind     *workflow.Kind[*Problem]
	links    *workflow.Kind[*Link]
	current  workflow.LifecycleRef
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
	if cfg.Lifecycle.Name == "" {
		cfg.Lifecycle = Lifecycle(Options{})
	}
	if cfg.Matrix.Cells == nil {
		cfg.Matrix = ServiceNowMatrix()
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "PRB"
	}
	if cfg.ResolvedByProblem == "" {
		cfg.ResolvedByProblem = "resolved_by_problem"
	}
	if len(cfg.OpenRoles) == 0 {
		cfg.OpenRoles = []string{RoleAgent, RoleAnalyst, RoleCoordinator, RoleManager, workflow.RoleSystem}
	}
	if cfg.Chunk < 0 {
		p.Addf("chunks of %d incidents", cfg.Chunk)
	}
	if cfg.Chunk == 0 {
		cfg.Chunk = MaxLinked
	}
	if cfg.Moves == nil {
		cfg.Moves = []Related{RelatedIncidents, RelatedTasks}
	}
	for _, m := range cfg.Moves {
		if m != RelatedIncidents && m != RelatedTasks && m != RelatedFixes {
			p.Addf("a duplicate hands over %q, want %s, %s or %s", m, RelatedIncidents, RelatedTasks, RelatedFixes)
		}
	}
	if cfg.CheckAnalysis == nil {
		cfg.CheckAnalysis = checkAnalysis
	}
	p.Add(cfg.Matrix.Validate())
	cfg.Matrix, cfg.Inactivity = cfg.Matrix.clone(), maps.Clone(cfg.Inactivity)
	cfg.OpenRoles, cfg.Moves = slices.Clone(cfg.OpenRoles), slices.Clone(cfg.Moves)
	s := &Service{desk: desk, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	s.compile(&p, cfg)
	s.checkInactivity(&p, cfg)
	var err error
	s.kind, err = workflow.NewKind(workflow.KindConfig[*Problem]{
		Name: KindName, Number: cfg.Number, New: func() *Problem { return new(Problem) }, Clone: (*Problem).clone,
		Index: func(x *Problem) []workflow.IndexEntry {
			return append(x.index(s.Category(x)), cfg.Fields.Index(x.Fields)...)
		},
	})
	p.Add(err)
	s.links, err = newLinks()
	p.Add(err)
	s.cfg = cfg
	if err := p.Err("problem: configuration"); err != nil {
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
			v, ok := x.Problem.Fields[f.Name]
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

// Once returns the service for one command with an idempotency key: a command of the
// same name and key that was carried out before is not carried out again, and the
// problem is returned as it is now.
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

// Kind returns the typed view of problems, for hosts that read a store directly.
func (s *Service) Kind() *workflow.Kind[*Problem] { return s.kind }

// Get reads a problem. It is an error matching [workflow.ErrNotFound] if there is none.
func (s *Service) Get(ctx context.Context, id workflow.ID) (*Problem, error) {
	return s.kind.Load(ctx, s.desk.Store(), id)
}

// ByNumber reads the problem with a number such as PRB0000042.
func (s *Service) ByNumber(ctx context.Context, number string) (*Problem, error) {
	return s.kind.ByNumber(ctx, s.desk.Store(), number)
}

// Find yields the problems a query selects; its kind is set here. See the Index
// constants for what can be asked.
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*Problem, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// Category returns the category of the problem's state, by which reports go: it stays
// when a host adds states of its own.
func (s *Service) Category(p *Problem) workflow.Category {
	if m := s.machines[p.Lifecycle]; m != nil {
		return m.Category(p.State)
	}
	return 0
}

// Actions tells what the actor may do with the problem now, and of everything else in
// its state why not.
func (s *Service) Actions(p *Problem, actor workflow.Actor) ([]workflow.Option, error) {
	m, err := s.machine(p)
	if err != nil {
		return nil, err
	}
	roles := m.Roles(append(relations(p, actor), actor.Roles...)...)
	return s.options(m, p.State, roles, Facts{Problem: p, Actor: actor}), nil
}

// options are those of the lifecycle, less what the rules of problems would refuse.
func (s *Service) options(m *workflow.Machine[Facts], state string, roles workflow.RoleSet, f Facts) []workflow.Option {
	options := m.Options(state, roles, f)
	for i := range options {
		o := &options[i]
		if m.Category(o.To) != workflow.CategoryClosed {
			continue
		}
		duplicate := o.Action == ActionDuplicate
		if f.Problem.Major && f.Problem.Review == nil && !duplicate {
			o.Allowed, o.Reasons = false, append(o.Reasons, ErrNotReviewed.Error())
		}
		if s.cfg.TasksFirst && f.Problem.openTasks() > 0 && !(duplicate && s.moves(RelatedTasks)) {
			o.Allowed, o.Reasons = false, append(o.Reasons, ErrTasksOpen.Error())
		}
	}
	return options
}

func (s *Service) machine(p *Problem) (*workflow.Machine[Facts], error) {
	m := s.machines[p.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("problem: %s lives by lifecycle %s version %d, which is not configured: %w",
			p.Name(), p.Lifecycle.Name, p.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

func relations(p *Problem, actor workflow.Actor) []string {
	if actor.Is(p.Assignee) {
		return []string{RoleAssignee}
	}
	return nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
