package knownerror

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Config sets up a [Service]. The zero value works: the shipped lifecycle, a review
// twice a year, and no search for duplicates.
type Config struct {
	Lifecycle workflow.Definition              // default: [Lifecycle] with no options
	Earlier   []workflow.Definition            // earlier versions, for the records that are pinned to them
	Guards    map[string]workflow.Guard[Facts] // the host's own, besides those of [Bindings]
	Fields    workflow.Schema                  // custom fields of a [Content]
	Number    workflow.NumberFormat            // default: KE0000001

	// Duplicates finds what looks like a content among other known errors:
	// [Catalogue.Duplicates], or a host's own search. Nothing that it finds may be left
	// unanswered when a known error is published. It must have no effect. Default:
	// nobody looks.
	//
	// Of two that look alike and are published at the same moment one is refused: all
	// publishing goes through one record, of [RegisterKind], so it must find what was
	// committed before it was called. [Catalogue.Duplicates] finds what the store's feed
	// has by then. A feed that waits for older transactions to end, as that of PostgreSQL
	// does, may be behind: there two may still pass if a transaction of the host's is open
	// that began before both.
	Duplicates func(ctx context.Context, self workflow.ID, c Content) ([]Suggestion, error)

	// ReviewAfter is the elapsed time after which a published known error is to be
	// looked at again; RemindEvery how long its owner is left in peace when he was
	// reminded. Default: 180 days, and 14. A negative ReviewAfter is never.
	ReviewAfter, RemindEvery time.Duration

	// Reviewers are the persons or groups that are told when something waits for review.
	Reviewers []string

	DraftRoles []string // who may draft; default: the service desk and all who work on problems
	UseRoles   []string // who may link cases, and say what helped; default: the same
}

// Service is the practice of keeping known errors. It carries out commands through a
// [workflow.Desk]. It is immutable and safe for concurrent use.
//
// Every command names the actor and returns the record as it is afterwards, or an error
// and no change. A command that the lifecycle does not allow is a
// [*workflow.TransitionError] that tells what would have been allowed; one the actor may
// not do matches [workflow.ErrForbidden]; wrong input matches [workflow.ErrInvalid].
// Only when an error matches [workflow.ErrUnsure] the store's answer was lost: a command
// given with [Service.Once] is then given again.
type Service struct {
	desk     *workflow.Desk
	cfg      Config
	kind     *workflow.Kind[*KnownError]
	uses     *workflow.Kind[*Use]
	register *workflow.Kind[*register]
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
	if cfg.ReviewAfter == 0 {
		cfg.ReviewAfter = 180 * 24 * time.Hour
	}
	if cfg.RemindEvery == 0 {
		cfg.RemindEvery = 14 * 24 * time.Hour
	}
	if cfg.RemindEvery < time.Hour {
		p.Addf("reminders every %v, at least an hour apart", cfg.RemindEvery)
	}
	everyone := []string{RoleAgent, RoleAnalyst, RoleCoordinator, RoleManager, workflow.RoleSystem}
	if len(cfg.DraftRoles) == 0 {
		cfg.DraftRoles = everyone
	}
	if len(cfg.UseRoles) == 0 {
		cfg.UseRoles = everyone
	}
	cfg.Reviewers = slices.Clone(cfg.Reviewers)
	cfg.DraftRoles, cfg.UseRoles = slices.Clone(cfg.DraftRoles), slices.Clone(cfg.UseRoles)
	s := &Service{desk: desk, cfg: cfg, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	s.compile(&p)
	var err error
	s.kind, err = newKind(cfg.Number, cfg.Fields)
	p.Add(err)
	s.uses, err = newUses()
	p.Add(err)
	s.register, err = newRegister()
	p.Add(err)
	if err := p.Err("knownerror: configuration"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) compile(p *workflow.Problems) {
	b := Bindings()
	for _, name := range slices.Sorted(maps.Keys(s.cfg.Guards)) {
		if _, ok := b.Guards[name]; ok {
			p.Addf("guard %q is one of the library's own", name)
		}
		b.Guards[name] = s.cfg.Guards[name]
	}
	for _, f := range s.cfg.Fields.Fields() {
		b.Fields["field."+f.Name] = func(x Facts) bool {
			v, ok := x.Content.Fields[f.Name]
			return ok && v != ""
		}
	}
	d := s.cfg.Lifecycle
	s.current = workflow.LifecycleRef{Name: d.Name, Version: d.Version}
	for _, d := range append(slices.Clone(s.cfg.Earlier), d) {
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
// same name and key that was carried out before is not carried out again, and the record
// is returned as it is now.
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

// Kind returns the typed view of known errors, for hosts that read a store directly.
func (s *Service) Kind() *workflow.Kind[*KnownError] { return s.kind }

// Get reads a known error. It is an error matching [workflow.ErrNotFound] if there is
// none.
func (s *Service) Get(ctx context.Context, id workflow.ID) (*KnownError, error) {
	return s.kind.Load(ctx, s.desk.Store(), id)
}

// ByNumber reads the known error with a number such as KE0000042.
func (s *Service) ByNumber(ctx context.Context, number string) (*KnownError, error) {
	return s.kind.ByNumber(ctx, s.desk.Store(), number)
}

// Find yields the known errors a query selects; its kind is set here. See the Index
// constants for what can be asked.
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*KnownError, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// Actions tells what the actor may do with the known error now, and of everything else
// in its state why not.
func (s *Service) Actions(k *KnownError, actor workflow.Actor) ([]workflow.Option, error) {
	m, err := s.machine(k)
	if err != nil {
		return nil, err
	}
	roles := m.Roles(append(relations(k, actor), actor.Roles...)...)
	return m.Options(k.State, roles, Facts{KnownError: k, Content: k.Content(), Actor: actor}), nil
}

func (s *Service) machine(k *KnownError) (*workflow.Machine[Facts], error) {
	m := s.machines[k.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("knownerror: %s lives by lifecycle %s version %d, which is not configured: %w",
			k.Name(), k.Lifecycle.Name, k.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

func (s *Service) category(k *KnownError) workflow.Category {
	if m := s.machines[k.Lifecycle]; m != nil {
		return m.Category(k.State)
	}
	return 0
}

func relations(k *KnownError, actor workflow.Actor) []string {
	if actor.Is(k.Owner) {
		return []string{RoleOwner}
	}
	return nil
}
