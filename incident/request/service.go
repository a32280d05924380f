package request

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/approval"
)

// Directory tells who people are. It is asked within commands, perhaps several times, so it
// is quick, changes nothing and is safe for concurrent use. It answers with an error rather
// than with a guess: then nothing happens.
type Directory interface {
	// Person tells what the catalogue may know of somebody.
	Person(ctx context.Context, id string) (catalog.Person, error)
	// Members are the people behind a selector who can act now, for an item of the
	// request, or for the request as a whole if item is empty. The relation "owner" of an
	// item is answered by the catalogue, where it names one.
	Members(ctx context.Context, s approval.Selector, r *Request, item string) ([]string, error)
	// Delegations are those in force at an instant that concern a policy.
	Delegations(ctx context.Context, policy string, at time.Time) ([]approval.Delegation, error)
}

// Config sets up a [Service]. The catalogue and the directory are needed.
type Config struct {
	Catalog   *catalog.Catalog // all versions that requests are pinned to
	Directory Directory

	Model   Model                 // default: [DefaultModel]
	Earlier []workflow.Definition // earlier versions of its lifecycle
	Guards  map[string]workflow.Guard[Facts]
	Fields  workflow.Schema       // custom fields
	Number  workflow.NumberFormat // default: REQ0000001

	Targets []sla.Target       // the service levels of requests; those of items are in the catalogue
	Hours   *calendar.Calendar // working time, for deadlines of approvals and lead times; default: elapsed time
	Verify  approval.Verifier  // checks signatures

	// AllOrNothing: an item that is rejected takes the others with it, and none begins
	// before all are decided. Otherwise each goes its own way.
	AllOrNothing bool

	// AutoClose closes a request so many business days after its fulfilment, by
	// AutoCloseCalendar, unless it was reopened. Zero: never.
	AutoClose         calendar.Days
	AutoCloseCalendar *calendar.Calendar

	// Children maps the states of child records to those of tasks, see [Service.Observe].
	Children []Mapping
	// ChildState tells the state of a child record, for a task whose turn comes: of what was
	// over before the task was added nobody may have told by [Service.Observe]. It is asked
	// within commands like the directory. An error matching [workflow.ErrNotFound] leaves the
	// task open; with any other nothing happens. Default: what was last observed.
	ChildState func(ctx context.Context, child workflow.Ref) (string, error)

	// MayOrderFor decides whether the actor may order for somebody else. Default: agents,
	// managers and programs, and whoever acts on behalf of him.
	MayOrderFor func(ctx context.Context, actor workflow.Actor, who catalog.Person) error

	OpenRoles []string // who may order; default: anyone
}

// Service is the practice of service request management: it lets people order what the
// catalogue offers them, has it approved and delivered, and tells them where it is. It
// carries out commands on requests through a [workflow.Desk]. It is immutable and safe for
// concurrent use.
//
// Every command names the actor and returns the request as it is afterwards, or an error
// and no change. Only when the error matches [workflow.ErrUnsure] the store's answer was
// lost: a command given with [Service.Once] is then given again, and happens once.
type Service struct {
	desk     *workflow.Desk
	cfg      Config
	kind     *workflow.Kind[*Request]
	machines map[workflow.LifecycleRef]*workflow.Machine[Facts]
	engine   *sla.Engine

	key string    // of the next command
	at  time.Time // of the next command
}

// NewService checks the configuration, all of it, and returns the service.
func NewService(desk *workflow.Desk, cfg Config) (*Service, error) {
	var p workflow.Problems
	if desk == nil {
		p.Addf("no desk")
	}
	if cfg.Catalog == nil || cfg.Directory == nil {
		p.Addf("a catalogue and a directory are needed")
	}
	if cfg.Model.Lifecycle.Name == "" {
		cfg.Model = DefaultModel()
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "REQ"
	}
	if len(cfg.OpenRoles) == 0 {
		cfg.OpenRoles = []string{workflow.Anyone}
	}
	if cfg.MayOrderFor == nil {
		cfg.MayOrderFor = mayOrderFor
	}
	if cfg.AutoClose < 0 || cfg.AutoClose > 0 && cfg.AutoCloseCalendar == nil {
		p.Addf("closing after %d business days needs a calendar and a positive number", cfg.AutoClose)
	}
	s := &Service{desk: desk, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	s.compile(&p, &cfg)
	checkMappings(&p, cfg.Children)
	cfg.Children = slices.Clone(cfg.Children)
	var err error
	s.engine, err = sla.NewEngine(cfg.Targets...)
	p.Add(err)
	s.kind, err = workflow.NewKind(workflow.KindConfig[*Request]{
		Name: KindName, Number: cfg.Number, New: func() *Request { return new(Request) }, Clone: (*Request).clone,
		Index: func(r *Request) []workflow.IndexEntry {
			return append(r.index(s.Category(r)), cfg.Fields.Index(r.Fields)...)
		},
	})
	p.Add(err)
	s.cfg = cfg
	if err := p.Err("request: configuration"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) compile(p *workflow.Problems, cfg *Config) {
	m := &cfg.Model
	m.Drafts, m.Fulfilment = slices.Clone(m.Drafts), slices.Clone(m.Fulfilment)
	states := map[string]workflow.Category{}
	for _, st := range m.Lifecycle.States {
		states[st.Name] = st.Category
	}
	for _, name := range slices.Concat(m.Drafts, m.Fulfilment, []string{m.Gate}) {
		if states[name] == 0 {
			p.Addf("the model names state %.64q, which the lifecycle does not have", name)
		}
	}
	if len(m.Fulfilment) == 0 {
		p.Addf("the model names no state of fulfilment")
	}
	for _, name := range m.Fulfilment {
		if c := states[name]; c != workflow.CategoryActive && c != workflow.CategoryOnHold {
			p.Addf("state %s of fulfilment is of category %v, want active or on_hold", name, c)
		}
	}
	b := Bindings()
	for _, name := range sortedKeys(cfg.Guards) {
		if _, ok := b.Guards[name]; ok {
			p.Addf("guard %q is one of the library's own", name)
		}
		b.Guards[name] = cfg.Guards[name]
	}
	for _, f := range cfg.Fields.Fields() {
		b.Fields["field."+f.Name] = func(x Facts) bool {
			v, ok := x.Request.Fields[f.Name]
			return ok && v != ""
		}
	}
	for _, d := range append(slices.Clone(cfg.Earlier), m.Lifecycle) {
		machine, err := workflow.Compile(d, b)
		p.Add(err)
		ref := workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		if s.machines[ref] != nil {
			p.Addf("lifecycle %s version %d is given twice", d.Name, d.Version)
		}
		s.machines[ref] = machine
	}
}

func mayOrderFor(_ context.Context, actor workflow.Actor, who catalog.Person) error {
	if actor.Is(who.ID) || actor.HasRole(RoleAgent, RoleManager, workflow.RoleSystem) {
		return nil
	}
	return fmt.Errorf("request: %v does not order for %s: %w", actor, who.ID, workflow.ErrForbidden)
}

// Once returns the service for one command with an idempotency key: a command of the same
// name and key that was carried out before is not carried out again.
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

// Kind returns the typed view of requests, for hosts that read a store directly.
func (s *Service) Kind() *workflow.Kind[*Request] { return s.kind }

// Get reads a request. It is an error matching [workflow.ErrNotFound] if there is none.
func (s *Service) Get(ctx context.Context, id workflow.ID) (*Request, error) {
	return s.kind.Load(ctx, s.desk.Store(), id)
}

// ByNumber reads the request with a number such as REQ0000042.
func (s *Service) ByNumber(ctx context.Context, number string) (*Request, error) {
	return s.kind.ByNumber(ctx, s.desk.Store(), number)
}

// Find yields the requests a query selects; its kind is set here. See the Index constants
// for what can be asked.
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*Request, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// Category returns the category of the request's state.
func (s *Service) Category(r *Request) workflow.Category {
	if m := s.machines[r.Lifecycle]; m != nil {
		return m.Category(r.State)
	}
	return 0
}

// Options tells what the actor may do with the request now, by the lifecycle, and of
// everything else in its state why not.
func (s *Service) Options(r *Request, actor workflow.Actor) ([]workflow.Option, error) {
	m, err := s.machine(r)
	if err != nil {
		return nil, err
	}
	v, err := s.cfg.Catalog.Version(r.Catalog)
	if err != nil {
		return nil, err
	}
	roles := m.Roles(append(relations(r, actor), actor.Roles...)...)
	return m.Options(r.State, roles, factsOf(r, v, actor, s.desk.Now())), nil
}

func (s *Service) machine(r *Request) (*workflow.Machine[Facts], error) {
	m := s.machines[r.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("request: %s lives by lifecycle %s version %d, which is not configured: %w", r.Name(), r.Lifecycle.Name, r.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

// relations are the roles the actor has towards this request.
func relations(r *Request, actor workflow.Actor) []string {
	var roles []string
	if actor.Is(r.For.ID) {
		roles = append(roles, RoleRequester)
	}
	if actor.Is(r.CreatedBy.ID) {
		roles = append(roles, RoleOpener)
	}
	if _, t := r.task(func(t *Task) bool { return actor.Is(t.Assignee) }); t != nil {
		roles = append(roles, RoleFulfiller)
	}
	return roles
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
