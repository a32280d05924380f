package survey

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Config sets up a [Service]. Surveys are needed.
type Config struct {
	// Surveys are all versions that invitations live by. Of each name the highest
	// version is in force: it asks. An earlier one only sees its invitations through.
	Surveys []Definition
	// Closed are names of surveys that ask no more.
	Closed []string

	PersonCap *PersonCap // of invitations to one person, to all surveys together

	Lifecycle workflow.Definition              // default: [Lifecycle]
	Earlier   []workflow.Definition            // earlier versions, for the invitations that are pinned to them
	Guards    map[string]workflow.Guard[Facts] // the host's own
	Number    workflow.NumberFormat            // default: SUR0000001
}

// Service asks people, and keeps what they answer. It carries out commands through a
// [workflow.Desk]. It is immutable and safe for concurrent use.
//
// A command returns the invitation as it is afterwards, or an error and no change. An
// error matches [workflow.ErrInvalid], [workflow.ErrNotFound], [workflow.ErrForbidden],
// [workflow.ErrTransition], [workflow.ErrConflict], or [ErrExpired].
type Service struct {
	desk     *workflow.Desk
	cfg      Config
	surveys  map[string][]*Survey // by name, versions ascending
	names    []string             // of those that ask, sorted
	longest  time.Duration        // the longest period of a cap on persons
	current  workflow.LifecycleRef
	machines map[workflow.LifecycleRef]*workflow.Machine[Facts]

	kind      *workflow.Kind[*Invitation]
	responses *workflow.Kind[*Response]
	people    *workflow.Kind[*person]
	threads   *workflow.Kind[*thread]
	quotas    *workflow.Kind[*quota]

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
		cfg.Lifecycle = Lifecycle()
	}
	if cfg.Number.Prefix == "" {
		cfg.Number.Prefix = "SUR"
	}
	s := &Service{desk: desk, cfg: cfg, surveys: map[string][]*Survey{}, machines: map[workflow.LifecycleRef]*workflow.Machine[Facts]{}}
	s.cfg.PersonCap = pointed(cfg.PersonCap)
	s.addSurveys(&p)
	s.compile(&p)
	s.addKinds(&p)
	if err := p.Err("survey: configuration"); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Service) addSurveys(p *workflow.Problems) {
	if len(s.cfg.Surveys) == 0 {
		p.Addf("no surveys")
	}
	if c := s.cfg.PersonCap; c != nil {
		c.validate(p)
		s.longest = time.Duration(c.Within)
	}
	for _, d := range s.cfg.Surveys {
		sv, err := Compile(d)
		p.Add(err)
		if err != nil {
			continue
		}
		same := s.surveys[d.Name]
		if slices.ContainsFunc(same, func(o *Survey) bool { return o.def.Version == d.Version }) {
			p.Addf("survey %s version %d is given twice", d.Name, d.Version)
		}
		if len(same) == 0 && !slices.Contains(s.cfg.Closed, d.Name) {
			s.names = append(s.names, d.Name)
		}
		if c := d.PersonCap; c != nil {
			s.longest = max(s.longest, time.Duration(c.Within))
		}
		same = append(same, sv)
		slices.SortFunc(same, func(a, b *Survey) int { return a.def.Version - b.def.Version })
		s.surveys[d.Name] = same
	}
	slices.Sort(s.names)
	for _, name := range s.cfg.Closed {
		if len(s.surveys[name]) == 0 {
			p.Addf("survey %.64q is closed and not there", name)
		}
	}
}

func (s *Service) compile(p *workflow.Problems) {
	if _, ok := s.cfg.Guards[GuardEditable]; ok {
		p.Addf("guard %q is one of the library's own", GuardEditable)
	}
	s.current = workflow.LifecycleRef{Name: s.cfg.Lifecycle.Name, Version: s.cfg.Lifecycle.Version}
	for _, d := range append(slices.Clone(s.cfg.Earlier), s.cfg.Lifecycle) {
		m, err := workflow.Compile(d, bindings(s.cfg.Guards))
		p.Add(err)
		ref := workflow.LifecycleRef{Name: d.Name, Version: d.Version}
		if s.machines[ref] != nil {
			p.Addf("lifecycle %s version %d is given twice", d.Name, d.Version)
		}
		s.machines[ref] = m
		for _, state := range []string{StateDue, StateSent, StateAnswered, StateExpired, StateDeclined, StateCancelled, StateSkipped} {
			if !slices.ContainsFunc(d.States, func(st workflow.State) bool { return st.Name == state }) {
				p.Addf("lifecycle %s version %d has no state %s", d.Name, d.Version, state)
			}
		}
		for _, action := range []string{ActionSend, ActionSkip, ActionAnswer, ActionExpire, ActionCancel} {
			if !slices.ContainsFunc(d.Actions, func(a workflow.Action) bool { return a.Name == action }) {
				p.Addf("lifecycle %s version %d has no action %s", d.Name, d.Version, action)
			}
		}
		if d.Initial != StateDue {
			p.Addf("lifecycle %s version %d begins in %s, must be %s", d.Name, d.Version, d.Initial, StateDue)
		}
	}
}

func (s *Service) addKinds(p *workflow.Problems) {
	var errs [5]error
	s.kind, errs[0] = workflow.NewKind(workflow.KindConfig[*Invitation]{Name: KindName, Number: s.cfg.Number, New: func() *Invitation { return new(Invitation) },
		Clone: (*Invitation).clone, Index: func(inv *Invitation) []workflow.IndexEntry { return inv.index(s.Category(inv)) }})
	s.responses, errs[1] = workflow.NewKind(workflow.KindConfig[*Response]{Name: KindResponse, New: func() *Response { return new(Response) }, Clone: (*Response).clone,
		Index: func(r *Response) []workflow.IndexEntry {
			return []workflow.IndexEntry{{Field: IndexSurvey, Key: workflow.StringKey(r.Survey)}, {Field: IndexAnswered, Key: workflow.TimeKey(r.CreatedAt)}}
		}})
	s.people, errs[2] = workflow.NewKind(workflow.KindConfig[*person]{Name: kindPerson, New: func() *person { return new(person) }, Clone: (*person).clone})
	s.threads, errs[3] = workflow.NewKind(workflow.KindConfig[*thread]{Name: kindThread, New: func() *thread { return new(thread) }})
	s.quotas, errs[4] = workflow.NewKind(workflow.KindConfig[*quota]{Name: kindQuota, New: func() *quota { return new(quota) }})
	for _, err := range errs {
		p.Add(err)
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

// Survey returns the version of a survey that is in force. It is an error matching
// [workflow.ErrNotFound] if there is none of that name.
func (s *Service) Survey(name string) (*Survey, error) {
	versions := s.surveys[name]
	if len(versions) == 0 {
		return nil, fmt.Errorf("survey: %.64q is not one of %s: %w", name, strings.Join(s.names, ", "), workflow.ErrNotFound)
	}
	return versions[len(versions)-1], nil
}

// SurveyOf returns the survey in the version that an invitation was made by.
func (s *Service) SurveyOf(inv *Invitation) (*Survey, error) {
	return s.version(inv.Survey, inv.SurveyVersion)
}

func (s *Service) version(name string, version int) (*Survey, error) {
	for _, sv := range s.surveys[name] {
		if sv.def.Version == version {
			return sv, nil
		}
	}
	return nil, fmt.Errorf("survey: %.64s version %d is not configured: %w", name, version, workflow.ErrInvalid)
}

// Kind returns the typed view of invitations, for hosts that read a store directly.
func (s *Service) Kind() *workflow.Kind[*Invitation] { return s.kind }

// Get reads an invitation. It is an error matching [workflow.ErrNotFound] if there is
// none.
func (s *Service) Get(ctx context.Context, id workflow.ID) (*Invitation, error) {
	return s.kind.Load(ctx, s.desk.Store(), id)
}

// Find yields the invitations a query selects; its kind is set here. See the Index
// constants for what can be asked.
func (s *Service) Find(ctx context.Context, q workflow.Query) iter.Seq2[*Invitation, error] {
	return s.kind.Find(ctx, s.desk.Store(), q)
}

// Category returns the category of the invitation's state.
func (s *Service) Category(inv *Invitation) workflow.Category {
	if m := s.machines[inv.Lifecycle]; m != nil {
		return m.Category(inv.State)
	}
	return 0
}

// Options tells what steps of the lifecycle the actor may take with the invitation now,
// and of the others why not.
func (s *Service) Options(inv *Invitation, actor workflow.Actor) ([]workflow.Option, error) {
	m, err := s.machine(inv)
	if err != nil {
		return nil, err
	}
	sv, err := s.SurveyOf(inv)
	if err != nil {
		return nil, err
	}
	roles := m.Roles(append(relations(inv, actor), actor.Roles...)...)
	return m.Options(inv.State, roles, Facts{Invitation: inv, Actor: actor, Editable: sv.def.Editable}), nil
}

func (s *Service) machine(inv *Invitation) (*workflow.Machine[Facts], error) {
	m := s.machines[inv.Lifecycle]
	if m == nil {
		return nil, fmt.Errorf("survey: %s lives by lifecycle %s version %d, which is not configured: %w", inv.Name(), inv.Lifecycle.Name, inv.Lifecycle.Version, workflow.ErrInvalid)
	}
	return m, nil
}

// relations are the roles that the actor has towards the invitation. They are the
// person's own: nobody answers on behalf of another.
func relations(inv *Invitation, actor workflow.Actor) []string {
	if actor.Type == workflow.ActorUser && actor.OnBehalfOf == "" && actor.ID == inv.Person {
		return []string{RoleInvited}
	}
	return nil
}
