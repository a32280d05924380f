package incident

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Related says how a record of another practice is opened from an incident: a problem, a
// change, a request (ServiceNow, iTop, GLPI).
type Related struct {
	Link LinkType // by which the incident is related to it: [LinkProblem], [LinkChange], …
	// Copy lists the attributes that are handed over, see [Attributes]. Default: those
	// that ServiceNow copies into a problem. Of the configuration items these are the
	// ones that failed, "cis", without the services that suffer from them.
	Copy []string
	// Open opens the record, for the actor, in the practice it belongs to, and relates it
	// to the incident in its turn. The same key again must return the same record.
	Open func(ctx context.Context, actor workflow.Actor, key string, from Origin) (workflow.Ref, error)
}

// Origin is the incident that a record is opened from.
type Origin struct {
	Incident workflow.Ref
	Number   string
	Values   map[string]any // by the attribute's name: strings, lists of strings, whole numbers, custom fields as they are
}

// attributes are what can be copied from an incident, besides custom fields. "cis" are
// the configuration items that people have named: those that failed. "affected_cis" are
// these and the services that suffer from their failure, as the configuration says.
var attributes = map[string]func(*Incident) any{
	"number":      func(inc *Incident) any { return inc.Number },
	"title":       func(inc *Incident) any { return inc.Title },
	"details":     func(inc *Incident) any { return inc.Details },
	"caller":      func(inc *Incident) any { return inc.Caller },
	"customer":    func(inc *Incident) any { return inc.Customer },
	"impact":      func(inc *Incident) any { return inc.Impact.String() },
	"urgency":     func(inc *Incident) any { return inc.Urgency.String() },
	"priority":    func(inc *Incident) any { return int(inc.Priority) },
	"category":    func(inc *Incident) any { return inc.Category },
	"subcategory": func(inc *Incident) any { return inc.Subcategory },
	"service":     func(inc *Incident) any { return inc.Service },
	"group":       func(inc *Incident) any { return inc.Group },
	"assignee":    func(inc *Incident) any { return inc.Assignee },
	"cis":         func(inc *Incident) any { return inc.Items(CIManual) },

	"affected_cis": func(inc *Incident) any { return inc.Items(CIManual, CIComputed) },
}

var copiedByDefault = []string{"number", "title", "details", "cis", "impact", "urgency", "priority", "customer", "service", "category", "subcategory"}

// Attributes returns the names of what can be copied from an incident. Custom fields are
// named with "field." before their name. "cis" are the configuration items that people
// have named, "affected_cis" also the services that suffer from them.
func Attributes() []string { return sortedKeys(attributes) }

func checkRelated(p *workflow.Problems, cfg Config) {
	custom := map[string]bool{}
	for _, f := range cfg.Fields.Fields() {
		custom["field."+f.Name] = true
	}
	for _, name := range sortedKeys(cfg.Related) {
		r := cfg.Related[name]
		if r.Open == nil || !slices.Contains(linkTypes, r.Link) {
			p.Addf("related record %q: link type %q, want one of %q, and a way to open it", name, r.Link, linkTypes)
		}
		for _, a := range r.Copy {
			if attributes[a] == nil && !custom[a] {
				p.Addf("related record %q: there is no attribute %q, but %q and custom fields", name, a, Attributes())
			}
		}
	}
	for _, a := range cfg.FollowUp {
		if !slices.Contains(followedUp, a) && !custom[a] {
			p.Addf("a follow-up has no attribute %q, but %q and custom fields", a, followedUp)
		}
	}
}

// OpenRelated opens a problem, a change or a request from the incident, by one of
// [Config.Related], and links the two. For one name that happens once: doing so again
// returns the incident with the link that it has. The record is opened first; if linking
// it fails, the command is given again and finds the same record. The incident may be
// closed by then: problems are often seen later.
func (s *Service) OpenRelated(ctx context.Context, actor workflow.Actor, id workflow.ID, name string) (*Incident, error) {
	r, known := s.cfg.Related[name]
	if !known {
		return nil, fmt.Errorf("incident: related record %.64q is not one of %q: %w", name, sortedKeys(s.cfg.Related), workflow.ErrInvalid)
	}
	asked := *s
	asked.key, asked.at = "", time.Time{} // asking changes nothing, and bears repetition at any time
	inc, err := asked.run(ctx, actor, id, "open_related", func(st *step) error {
		return st.authorize(RoleAgent, RoleManager, workflow.RoleSystem)
	})
	if err != nil {
		return nil, err
	}
	copied := r.Copy
	if copied == nil {
		copied = copiedByDefault
	}
	from := Origin{Incident: s.kind.Ref(id), Number: inc.Number, Values: map[string]any{}}
	for _, a := range copied {
		if get := attributes[a]; get != nil {
			from.Values[a] = get(inc)
		} else if v, ok := inc.Fields[strings.TrimPrefix(a, "field.")]; ok {
			from.Values[a] = v
		}
	}
	ref, err := r.Open(ctx, actor, "incident/"+id.String()+"/"+name, from)
	if err != nil {
		return nil, fmt.Errorf("incident: opening %s from %s: %w", name, inc.Name(), err)
	}
	return s.Link(ctx, actor, id, Link{r.Link, ref})
}

// followedUp are the attributes that a follow-up takes over unless [Config.FollowUp]
// names fewer. The title, the caller, impact and urgency it has in any case.
var followedUp = []string{"customer", "zone", "channel", "vip", "category", "subcategory", "service", "group", "cis"}

// followUp is the report of a follow-up.
func (s *Service) followUp(old *Incident, text string) Report {
	keep := func(name string) bool { return s.cfg.FollowUp == nil || slices.Contains(s.cfg.FollowUp, name) }
	r := Report{Title: old.Title, Details: text, Caller: old.Caller, Impact: old.Impact, Urgency: old.Urgency, Fields: map[string]any{}}
	for _, c := range []struct {
		name string
		to   *string
		from string
	}{{"customer", &r.Customer, old.Customer}, {"zone", &r.Zone, old.Zone}, {"channel", (*string)(&r.Channel), string(old.Channel)},
		{"category", &r.Category, old.Category}, {"subcategory", &r.Subcategory, old.Subcategory},
		{"service", &r.Service, old.Service}, {"group", &r.Group, old.Group}} {
		if keep(c.name) {
			*c.to = c.from
		}
	}
	r.VIP = old.VIP && keep("vip")
	if keep("cis") {
		r.CIs = old.Items(CIManual)
	}
	for _, name := range sortedKeys(old.Fields) {
		if keep("field." + name) {
			r.Fields[name] = old.Fields[name]
		}
	}
	return r
}
