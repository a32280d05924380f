package incident

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/incident/major"
	"github.com/itsm-go/itsm/workflow"
)

// Suggestion is what the configuration says of an incident: which services suffer
// from the failure of its configuration items, and which impact follows. It is kept
// with the incident as it was when it was made.
type Suggestion struct {
	Impact   Level              `json:"impact,omitzero"` // none if no service suffers
	At       time.Time          `json:"at"`
	Items    []KnownItem        `json:"items,omitempty"`    // those of the incident that the configuration knows
	Services []SufferingService `json:"services,omitempty"` // the worst first
	More     int                `json:"more,omitempty"`     // services beyond those listed
	Others   int                `json:"others,omitempty"`   // affected items that are no services, those of the incident not counted
	Unknown  []string           `json:"unknown,omitempty"`  // items of the incident that the configuration does not know
}

// SufferingService is a service that is down or degraded, and why.
type SufferingService struct {
	ID          workflow.ID `json:"id"`
	Number      string      `json:"number"`
	Name        string      `json:"name"`
	State       graph.State `json:"state"`
	Criticality string      `json:"criticality,omitempty"`
	Users       int         `json:"users,omitempty"`
	Impact      Level       `json:"impact"` // that follows from it alone
	Path        string      `json:"path"`   // the way from an item of the incident: "disk 7 → database → shop"
}

// KnownItem is a configuration item of the incident, as the configuration knows it.
type KnownItem struct {
	As     string `json:"as"` // as the incident has it
	Number string `json:"number,omitempty"`
	Name   string `json:"name"`
}

// String gives "disk 7 (CI0000007)".
func (k KnownItem) String() string {
	if k.Number == "" || k.Number == k.Name {
		return k.Name
	}
	return k.Name + " (" + k.Number + ")"
}

// MaxSuffering is how many services a suggestion lists.
const MaxSuffering = 20

// Assessor tells what follows from the failure of configuration items, apart from
// some that were found unharmed. It is asked within commands, perhaps several times
// for one, and must be quick and safe for concurrent use. Of what it returns the
// service fills in the time. [FromConfiguration] is one.
type Assessor func(ctx context.Context, failed, unharmed []string) (Suggestion, error)

// ImpactRules say which impact follows when a service is down or degraded, by how
// critical it is.
type ImpactRules struct {
	Down     map[string]Level `json:"down"`
	Degraded map[string]Level `json:"degraded"`
	Unrated  Level            `json:"unrated"` // of a service whose criticality is not known
	// ManyUsers raises the impact by one level for a service with so many users or
	// more; zero: never.
	ManyUsers int `json:"many_users,omitempty"`
}

// StarterImpactRules give a high impact to a critical service that is down, and one
// level less to one that is degraded.
func StarterImpactRules() ImpactRules {
	return ImpactRules{
		Down:     map[string]Level{cmdb.MostCritical: High, cmdb.SomewhatCritical: High, cmdb.LessCritical: Medium, cmdb.NotCritical: Low},
		Degraded: map[string]Level{cmdb.MostCritical: Medium, cmdb.SomewhatCritical: Medium, cmdb.LessCritical: Low, cmdb.NotCritical: Low},
		Unrated:  Medium,
	}
}

// Validate reports levels that are none.
func (r ImpactRules) Validate() error {
	var p workflow.Problems
	check := func(what string, l Level) {
		if l < VeryHigh || l > VeryLow {
			p.Addf("%s: %v is not a level", what, l)
		}
	}
	for _, by := range []map[string]Level{r.Down, r.Degraded} {
		for _, criticality := range sortedKeys(by) {
			check(criticality, by[criticality])
		}
	}
	check("unrated", r.Unrated)
	if r.ManyUsers < 0 {
		p.Addf("%d users", r.ManyUsers)
	}
	return p.Err("incident: impact rules")
}

func (r ImpactRules) impact(a cmdb.Affected) Level {
	by := r.Down
	if a.State == graph.Degraded {
		by = r.Degraded
	}
	l, rated := by[a.Criticality]
	if !rated {
		l = r.Unrated
	}
	if r.ManyUsers > 0 && a.Users >= r.ManyUsers && l > VeryHigh {
		l--
	}
	return l
}

// FromConfiguration returns an assessor that looks items up in a map of the
// configuration, by number or id, and goes by the services that suffer when they
// fail. What is in maintenance counts as working. The host refreshes the map.
func FromConfiguration(m *cmdb.Map, rules ImpactRules) (Assessor, error) {
	var p workflow.Problems
	if m == nil {
		p.Addf("there is no map")
	}
	p.Add(rules.Validate())
	if err := p.Err("incident: assessor"); err != nil {
		return nil, err
	}
	return func(_ context.Context, failed, unharmed []string) (Suggestion, error) {
		top := m.Topology()
		q := cmdb.Query{Maintenance: true}
		var sug Suggestion
		for _, text := range failed {
			item, known := top.Resolve(text)
			if !known {
				sug.Unknown = append(sug.Unknown, text)
			} else {
				q.Down = append(q.Down, item.ID)
				sug.Items = append(sug.Items, KnownItem{As: text, Number: item.Number, Name: item.Name})
			}
		}
		for _, text := range unharmed {
			if item, known := top.Resolve(text); known {
				q.Excluded = append(q.Excluded, item.ID)
			}
		}
		im, err := top.Impact(q)
		if err != nil {
			return Suggestion{}, fmt.Errorf("incident: assessing %q: %w", failed, err)
		}
		sug.add(im, rules)
		return sug, nil
	}, nil
}

// add takes in what the configuration says.
func (sug *Suggestion) add(im *cmdb.Impact, rules ImpactRules) {
	services := im.Services()
	for _, a := range services {
		l := rules.impact(a)
		if sug.Impact == 0 || l < sug.Impact {
			sug.Impact = l
		}
		sug.Services = append(sug.Services, SufferingService{ID: a.ID, Number: a.Number, Name: a.Name, State: a.State,
			Criticality: a.Criticality, Users: a.Users, Impact: l})
	}
	slices.SortStableFunc(sug.Services, func(a, b SufferingService) int { return int(a.Impact) - int(b.Impact) })
	if len(sug.Services) > MaxSuffering {
		sug.More = len(sug.Services) - MaxSuffering
		sug.Services = slices.Clone(sug.Services[:MaxSuffering])
	}
	for i := range sug.Services {
		sug.Services[i].Path = cmdb.Path(im.Explain(sug.Services[i].ID))
	}
	for _, a := range im.Affected() {
		if !a.Cause && !slices.ContainsFunc(services, func(s cmdb.Affected) bool { return s.ID == a.ID }) {
			sug.Others++
		}
	}
}

// Reassess asks again what the configuration says of the incident. Services that
// suffer are listed as computed configuration items, in place of those before.
func (s *Service) Reassess(ctx context.Context, actor workflow.Actor, id workflow.ID) (*Incident, error) {
	return s.run(ctx, actor, id, "reassess", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		if s.cfg.Assess == nil {
			return fmt.Errorf("incident: %s: no assessor is configured: %w", st.inc.Name(), workflow.ErrInvalid)
		}
		return st.assess()
	})
}

// suggest asks the assessor, if there is one and anything to ask about.
func (s *Service) suggest(ctx context.Context, cis []AffectedCI) (*Suggestion, error) {
	var failed, unharmed []string
	for _, ci := range cis {
		switch ci.Source {
		case CIManual:
			failed = append(failed, ci.ID)
		case CINotAffected:
			unharmed = append(unharmed, ci.ID)
		}
	}
	if s.cfg.Assess == nil || len(failed) == 0 {
		return nil, nil
	}
	sug, err := s.cfg.Assess(ctx, failed, unharmed)
	if err != nil {
		return nil, err
	}
	sug.Impact = s.cfg.Matrix.nearest(sug.Impact)
	return &sug, nil
}

// nearest is the level among the matrix's impacts that is as severe as another, or
// else the next less severe; the least severe if there is none.
func (m Matrix) nearest(l Level) Level {
	if l == 0 {
		return 0
	}
	best := slices.Max(m.Impacts)
	for _, have := range m.Impacts {
		if have >= l {
			best = min(best, have)
		}
	}
	return best
}

// raises reports whether a suggested impact is to take the place of another.
func (s *Service) raises(sug *Suggestion, impact Level) bool {
	return sug != nil && sug.Impact != 0 && (impact == 0 || s.cfg.RaiseImpact && sug.Impact < impact)
}

// assess brings the suggestion, and what follows from it, up to date.
func (st *step) assess() error {
	sug, err := st.s.suggest(st.tx.Context(), st.inc.CIs)
	if err != nil {
		return err
	}
	if err := st.take(sug); err != nil {
		return err
	}
	if !st.s.raises(sug, st.inc.Impact) {
		return nil
	}
	p, err := st.s.cfg.Matrix.Priority(sug.Impact, st.inc.Urgency)
	if err != nil {
		return err
	}
	st.inc.Impact = sug.Impact
	if st.inc.Override == nil {
		st.inc.Priority = p
	}
	return nil
}

// take keeps a suggestion with the incident, and lists the services that suffer.
func (st *step) take(sug *Suggestion) error {
	var computed []string
	if sug != nil {
		if old := st.inc.Suggested; old != nil && old.same(sug) {
			sug.At = old.At // nothing new
		} else {
			sug.At = st.tx.Now()
		}
		listed := slices.DeleteFunc(slices.Clone(st.inc.CIs), func(a AffectedCI) bool { return a.Source == CIComputed })
		for _, s := range sug.Services {
			named := slices.ContainsFunc(listed, func(a AffectedCI) bool { return a.ID == s.ID.String() })
			if !named && len(computed)+len(listed) < MaxCIs {
				computed = append(computed, s.Number)
			}
		}
	}
	st.inc.Suggested = sug
	return st.setCIs(CIComputed, computed)
}

// same reports whether two suggestions say the same.
func (sug *Suggestion) same(other *Suggestion) bool {
	return sug.Impact == other.Impact && sug.More == other.More && sug.Others == other.Others &&
		slices.Equal(sug.Services, other.Services) && slices.Equal(sug.Items, other.Items) && slices.Equal(sug.Unknown, other.Unknown)
}

// suffering is what a major incident has to know of the services, and how many more there
// are. There may be no suggestion.
func (sug *Suggestion) suffering() (services []major.Suffering, more int) {
	if sug == nil {
		return nil, 0
	}
	for _, s := range sug.Services {
		services = append(services, major.Suffering{ID: s.ID.String(), Number: s.Number, Name: s.Name, State: s.State.String(),
			Criticality: s.Criticality, Users: s.Users, Path: s.Path})
	}
	return services, sug.More
}

// named gives items the names that the configuration has for them, where it has one.
func (sug *Suggestion) named(items []string) []string {
	if sug == nil {
		return items
	}
	names := slices.Clone(items)
	for i := range names {
		if k := slices.IndexFunc(sug.Items, func(k KnownItem) bool { return k.As == names[i] }); k >= 0 {
			names[i] = sug.Items[k].String()
		}
	}
	return names
}

func (sug *Suggestion) clone() *Suggestion {
	if sug == nil {
		return nil
	}
	c := *sug
	c.Items, c.Services, c.Unknown = slices.Clone(sug.Items), slices.Clone(sug.Services), slices.Clone(sug.Unknown)
	return &c
}
