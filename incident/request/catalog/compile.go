package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
	"github.com/itsm-go/itsm/workflow"
)

// Limits of one version of a catalogue.
const (
	MaxItems    = 10_000 // and as many bundles, categories, services, families, contracts
	MaxVersions = 1_000
)

// Ref names a version of a catalogue: what requests keep.
type Ref struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

// Catalog is a compiled catalogue with all its versions. It is immutable and safe for
// concurrent use.
type Catalog struct {
	name     string
	versions []*Version // by version
}

// Version is one compiled version of a catalogue.
type Version struct {
	def        Definition
	people     scope // what tests may ask of people
	criteria   map[string]*Criteria
	families   map[string]*Family
	services   map[string]*Service
	categories map[string]*Category
	policies   map[string]int
	items      map[string]*item
	bundles    map[string]*bundle
}

// item is a compiled [Item].
type item struct {
	*Item
	form     *form
	engine   *sla.Engine
	currency string
}

// Compile checks all versions of a catalogue, and returns it or one error that lists every
// fault. The calendars are those that delivery targets name, besides "24x7".
func Compile(calendars []*calendar.Calendar, versions ...Definition) (*Catalog, error) {
	var p workflow.Problems
	known := map[string]*calendar.Calendar{calendar.Always().Name(): calendar.Always()}
	for _, c := range calendars {
		if c == nil || c.Name() == "" || known[c.Name()] != nil && known[c.Name()] != c {
			p.Addf("a calendar has no name, or there are two of one name")
			continue
		}
		known[c.Name()] = c
	}
	if len(versions) == 0 || len(versions) > MaxVersions {
		p.Addf("%d versions, want 1 to %d", len(versions), MaxVersions)
	}
	c := &Catalog{}
	for _, d := range versions {
		v, err := compile(d, known)
		p.Add(err)
		if v != nil {
			c.name = d.Name
			c.versions = append(c.versions, v)
		}
	}
	slices.SortStableFunc(c.versions, func(a, b *Version) int { return cmp.Compare(a.def.Version, b.def.Version) })
	for i := 1; i < len(c.versions); i++ {
		a, b := c.versions[i-1].def, c.versions[i].def
		switch {
		case a.Name != b.Name:
			p.Addf("%.64q and %.64q are two catalogues, not versions of one", a.Name, b.Name)
		case a.Version == b.Version:
			p.Addf("version %d is there twice", a.Version)
		case !b.From.After(a.From):
			p.Addf("version %d does not come into force after version %d", b.Version, a.Version)
		}
	}
	if err := p.Err("catalog"); err != nil {
		return nil, err
	}
	return c, nil
}

// Name returns the catalogue's name.
func (c *Catalog) Name() string { return c.name }

// InForce returns the version that is in force at an instant. The error matches
// [workflow.ErrNotFound] if none is yet.
func (c *Catalog) InForce(at time.Time) (*Version, error) {
	for _, v := range slices.Backward(c.versions) {
		if !at.Before(v.def.From) {
			return v, nil
		}
	}
	return nil, fmt.Errorf("catalog: %s: no version is in force at %v: %w", c.name, at, workflow.ErrNotFound)
}

// Version returns the version that a request is pinned to. The error matches
// [workflow.ErrInvalid] if it is not there any more.
func (c *Catalog) Version(r Ref) (*Version, error) {
	for _, v := range c.versions {
		if v.Ref() == r {
			return v, nil
		}
	}
	return nil, fmt.Errorf("catalog: there is no version %d of %.64q: %w", r.Version, r.Name, workflow.ErrInvalid)
}

// Versions returns all versions, by version.
func (c *Catalog) Versions() []*Version { return slices.Clone(c.versions) }

// Ref names the version.
func (v *Version) Ref() Ref { return Ref{v.def.Name, v.def.Version} }

func checkName(p *workflow.Problems, where, name string) {
	if name == "" || len(name) > 100 {
		p.Addf("%s: a name has 1 to 100 bytes, not %d", where, len(name))
	}
}

func checkText(p *workflow.Problems, where, title, text string) {
	if title == "" || len(title) > workflow.MaxTitle || len(text) > workflow.MaxText {
		p.Addf("%s: a title has 1 to %d bytes, a description at most %d", where, workflow.MaxTitle, workflow.MaxText)
	}
}

// index keeps things by name.
func index[T any](p *workflow.Problems, what string, list []T, name func(*T) string) map[string]*T {
	if len(list) > MaxItems {
		p.Addf("%d times %s, at most %d", len(list), what, MaxItems)
	}
	m := make(map[string]*T, len(list))
	for i := range list {
		n := name(&list[i])
		checkName(p, fmt.Sprintf("%s %d", what, i+1), n)
		if m[n] != nil {
			p.Addf("%s %.64q is there twice", what, n)
		}
		m[n] = &list[i]
	}
	return m
}

func compile(d Definition, calendars map[string]*calendar.Calendar) (*Version, error) {
	raw, err := json.Marshal(bounded(d))
	if err != nil {
		return nil, fmt.Errorf("catalog: %.64q version %d: %w: %w", d.Name, d.Version, err, workflow.ErrInvalid)
	}
	var own Definition // shares nothing with what was given
	if err := workflow.ParseJSON(raw, "catalog: definition", &own); err != nil {
		return nil, err
	}
	var p workflow.Problems
	v := &Version{def: own, people: scope{"for.customer": {}}}
	checkName(&p, "the catalogue", d.Name)
	if d.Version < 1 {
		p.Addf("version %d, versions count from 1", d.Version)
	}
	for _, a := range own.Attributes {
		checkName(&p, "attribute", a)
		if a == "customer" || v.people["for."+a].many {
			p.Addf("attribute %.64q is there twice", a)
		}
		v.people["for."+a] = subject{many: true}
	}
	v.criteria = index(&p, "criteria", own.Criteria, func(c *Criteria) string { return c.Name })
	v.families = index(&p, "family", own.Families, func(f *Family) string { return f.Name })
	v.services = index(&p, "service", own.Services, func(s *Service) string { return s.Name })
	v.categories = index(&p, "category", own.Categories, func(c *Category) string { return c.Name })
	v.tree(&p)
	v.approvals(&p)
	engines := v.engines(&p, calendars)
	v.items = map[string]*item{}
	index(&p, "item", own.Items, func(it *Item) string { return it.Name })
	for i := range own.Items {
		it := &item{Item: &own.Items[i]}
		v.item(&p, it, engines)
		v.items[it.Name] = it
	}
	v.bundles = map[string]*bundle{}
	index(&p, "bundle", own.Bundles, func(b *Bundle) string { return b.Name })
	for i := range own.Bundles {
		v.bundle(&p, &own.Bundles[i])
	}
	if err := p.Err(fmt.Sprintf("catalog: %.64q version %d", d.Name, d.Version)); err != nil {
		return nil, err
	}
	return v, nil
}

// bounded replaces amounts that cannot be written by some that are refused just as well.
func bounded(d Definition) Definition {
	d.Items = slices.Clone(d.Items)
	for i := range d.Items {
		it := &d.Items[i]
		it.Pricing = it.Pricing.bounded()
	}
	return d
}

// tree checks families, services, categories, criteria and contracts.
func (v *Version) tree(p *workflow.Problems) {
	for _, c := range v.def.Criteria {
		where := "criteria " + c.Name
		v.people.check(p, where, c.When)
		if len(c.When) == 0 {
			p.Addf("%s: no test: everybody would meet them", where)
		}
	}
	for _, f := range v.def.Families {
		checkText(p, "family "+f.Name, f.Title, "")
	}
	for _, s := range v.def.Services {
		where := "service " + s.Name
		checkText(p, where, s.Title, s.Description)
		if s.Family != "" && v.families[s.Family] == nil {
			p.Addf("%s: there is no family %.64q", where, s.Family)
		}
		v.access(p, where, s.Access, s.Status, s.Owner)
	}
	for _, c := range v.def.Categories {
		where := "category " + c.Name
		checkText(p, where, c.Title, c.Description)
		if v.services[c.Service] == nil {
			p.Addf("%s: there is no service %.64q", where, c.Service)
		}
		if c.Type != ServiceRequest && c.Type != Incident {
			p.Addf("%s: type %.32q, want %s or %s", where, c.Type, ServiceRequest, Incident)
		}
		v.access(p, where, c.Access, c.Status, "")
	}
	if len(v.def.Contracts) > 0 && !v.def.ByContract {
		p.Addf("there are contracts, and by_contract is not set: nobody would be kept to them")
	}
	index(p, "contract", v.def.Contracts, func(c *Contract) string { return c.Name })
	for _, c := range v.def.Contracts {
		where := "contract " + c.Name
		if len(c.Customers) == 0 || len(c.Services) == 0 || slices.Contains(c.Customers, "") || !c.Until.IsZero() && !c.From.Before(c.Until) {
			p.Addf("%s: needs customers, services, and an end behind its beginning", where)
		}
		for _, s := range c.Services {
			if v.services[s] == nil {
				p.Addf("%s: there is no service %.64q", where, s)
			}
		}
	}
}

func (v *Version) access(p *workflow.Problems, where string, a Access, s Status, owner string) {
	for _, name := range slices.Concat(a.AvailableFor, a.NotAvailableFor) {
		if v.criteria[name] == nil {
			p.Addf("%s: there are no criteria %.64q", where, name)
		}
	}
	if s != Live && s != Planning && s != Retired {
		p.Addf("%s: status %.32q, want %s, %s or nothing", where, s, Planning, Retired)
	}
	if len(owner) > workflow.MaxKey {
		p.Addf("%s: an owner has at most %d bytes", where, workflow.MaxKey)
	}
}

func (v *Version) approvals(p *workflow.Problems) {
	v.policies = map[string]int{}
	for i, policy := range v.def.Policies {
		p.Add(policy.Validate())
		if _, twice := v.policies[policy.Name]; twice {
			p.Addf("policy %.64q is there twice", policy.Name)
		}
		v.policies[policy.Name] = i
	}
	if _, ok := v.policies[v.def.Approval]; v.def.Approval != "" && !ok {
		p.Addf("approval of requests: there is no policy %.64q", v.def.Approval)
	}
}

// engines makes the engine of each list of targets that items name.
func (v *Version) engines(p *workflow.Problems, calendars map[string]*calendar.Calendar) func(where string, names []string) *sla.Engine {
	targets := map[string]sla.Target{}
	for _, d := range v.def.Targets {
		t, err := d.Target(calendars)
		p.Add(err)
		if _, twice := targets[d.Name]; twice {
			p.Addf("target %.64q is there twice: a new version of the catalogue is a new version of its targets", d.Name)
		}
		targets[d.Name] = t
		if err == nil {
			_, err = sla.NewEngine(t)
			p.Add(err)
		}
	}
	made := map[string]*sla.Engine{}
	return func(where string, names []string) *sla.Engine {
		key, err := json.Marshal(names)
		p.Add(err)
		if e := made[string(key)]; e != nil {
			return e
		}
		var own []sla.Target
		for _, n := range names {
			t, ok := targets[n]
			if !ok {
				p.Addf("%s: there is no target %.64q", where, n)
				return nil
			}
			own = append(own, t)
		}
		e, err := sla.NewEngine(own...)
		if err != nil {
			if len(slices.Compact(slices.Sorted(slices.Values(names)))) < len(names) {
				p.Addf("%s: a target is there twice", where)
			}
			return nil // each target was checked before
		}
		made[string(key)] = e
		return e
	}
}

func (v *Version) item(p *workflow.Problems, it *item, engines func(string, []string) *sla.Engine) {
	where := "item " + it.Name
	checkText(p, where, it.Title, it.Description)
	switch c := v.categories[it.Category]; {
	case c == nil:
		p.Addf("%s: there is no category %.64q", where, it.Category)
	case c.Type == Incident:
		p.Addf("%s: category %s is for incidents, and has no items", where, c.Name)
	}
	v.access(p, where, it.Access, it.Status, it.Owner)
	it.form = compileForm(p, where, it.Form, v.people)
	s := v.people.answered(it.Form)
	it.currency = it.Pricing.check(p, where, s)
	if it.MaxQuantity == 0 {
		it.MaxQuantity = 1
	}
	if it.MaxQuantity < 1 || it.MaxQuantity > MaxQuantity {
		p.Addf("%s: max_quantity %d, want 1 to %d", where, it.MaxQuantity, MaxQuantity)
	}
	if _, ok := v.policies[it.Policy]; it.Policy != "" && !ok {
		p.Addf("%s: there is no policy %.64q", where, it.Policy)
	}
	if (it.Policy == "") != it.PreApproved {
		p.Addf("%s: either a policy, or pre_approved", where)
	}
	it.Plan.check(p, where, s)
	it.engine = engines(where, it.Targets)
	switch it.Cancel.Until {
	case UntilFulfilment, UntilApproval, UntilDelivery, Never:
	default:
		p.Addf("%s: cancelled until %.32q, want %s, %s, %s or nothing", where, it.Cancel.Until, UntilApproval, UntilDelivery, Never)
	}
	for _, role := range it.Cancel.By {
		checkName(p, where+": cancelled by", role)
	}
}

// MarshalJSON writes the version as [Parse] reads it, defaults filled in.
func (v *Version) MarshalJSON() ([]byte, error) { return json.Marshal(v.def) }
