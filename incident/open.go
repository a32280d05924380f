package incident

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Report is what is known when an incident is reported. Title is needed; impact
// and urgency too, unless the template brings them, or the impact follows from the
// configuration items, see [Config.Assess]. Without a caller the actor
// is the caller, or the person the actor acts for.
type Report struct {
	Template string `json:"template,omitempty"` // fills in what is left empty here

	Title       string         `json:"title"`
	Details     string         `json:"details,omitempty"`
	Caller      string         `json:"caller,omitempty"`
	Customer    string         `json:"customer,omitempty"`
	Zone        string         `json:"zone,omitempty"`
	Channel     Channel        `json:"channel,omitempty"`
	VIP         bool           `json:"vip,omitempty"`
	Impact      Level          `json:"impact,omitzero"`
	Urgency     Level          `json:"urgency,omitzero"`
	Category    string         `json:"category,omitempty"`
	Subcategory string         `json:"subcategory,omitempty"`
	Service     string         `json:"service,omitempty"`
	CIs         []string       `json:"cis,omitempty"`
	Group       string         `json:"group,omitempty"`
	Assignee    string         `json:"assignee,omitempty"`
	Parent      workflow.ID    `json:"parent,omitzero"`
	Watchers    []string       `json:"watchers,omitempty"`
	Fields      map[string]any `json:"fields,omitempty"` // custom fields
}

// ParseReport decodes a report from JSON, as a portal or a monitoring system
// sends it. Unknown fields are refused. What the report says is checked by
// [Service.Open].
func ParseReport(data []byte) (Report, error) {
	var r Report
	if err := workflow.ParseJSON(data, "incident: report", &r); err != nil {
		return Report{}, err
	}
	return r, nil
}

// Open reports an incident. It gets a number and a priority, and its service
// levels begin to run. Wrong input is told all at once.
func (s *Service) Open(ctx context.Context, actor workflow.Actor, r Report) (*Incident, error) {
	return s.open(ctx, actor, r, "open", nil, nil)
}

// FollowUp opens a new incident because a closed one came back, as a closed
// incident is never reopened: what, whom and where are copied, or what
// [Config.FollowUp] names, and the two are linked.
func (s *Service) FollowUp(ctx context.Context, actor workflow.Actor, closed workflow.ID, text string) (*Incident, error) {
	old, err := s.Get(ctx, closed)
	if err != nil {
		return nil, err
	}
	if !s.Category(old).Final() {
		return nil, fmt.Errorf("incident: %s is %s, not closed: reopen it, or comment on it: %w", old.Name(), old.State, workflow.ErrTransition)
	}
	return s.open(ctx, actor, s.followUp(old, text), "follow_up", []Link{{LinkRelated, s.kind.Ref(closed)}}, nil)
}

func (s *Service) open(ctx context.Context, actor workflow.Actor, r Report, name string, links []Link, also func(*step) error) (*Incident, error) {
	r, sug, err := s.complete(ctx, r, actor)
	if err != nil {
		return nil, err
	}
	var inc *Incident
	cmd := workflow.Command{Name: "incident." + name, Actor: actor, Key: s.key, At: s.at}
	res, err := s.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
		inc, err = s.draft(tx, r)
		if err != nil {
			return err
		}
		inc.Links = links
		st := &step{s: s, tx: tx, name: name, inc: inc}
		if err := st.route(); err != nil {
			return err
		}
		if err := st.take(sug.clone()); err != nil {
			return err
		}
		return st.open(also)
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		for _, e := range res.Events {
			if e.Kind == KindName && e.Version == 1 {
				return s.Get(ctx, e.ID)
			}
		}
	}
	return inc, nil
}

func (st *step) open(also func(*step) error) error {
	s, inc := st.s, st.inc
	if err := st.tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: s.cfg.OpenRoles}); err != nil {
		return err
	}
	if inc.Parent != (workflow.ID{}) {
		if err := st.authorize(RoleAgent, RoleManager, workflow.RoleSystem); err != nil {
			return err
		}
	}
	if err := st.adopt(inc.Parent); err != nil {
		return err
	}
	return st.begin(also)
}

// begin puts the new incident into the command, in the state in which it begins, and
// does to it what is to be done before anybody hears of it.
func (st *step) begin(also func(*step) error) error {
	s, inc := st.s, st.inc
	if err := s.kind.Create(st.tx, inc, workflow.Entry{}); err != nil {
		return err
	}
	m, err := s.machine(inc)
	if err != nil {
		return err
	}
	inc.State = m.SettleName(inc.State, st.facts())
	if also != nil {
		if err := also(st); err != nil {
			return err
		}
	}
	if err := st.finish(workflow.Entry{}); err != nil {
		return err
	}
	if err := st.notify(TopicOpened, inc.Caller, inc.Group, inc.Assignee); err != nil {
		return err
	}
	return s.kind.Put(st.tx, inc, workflow.Entry{})
}

// complete fills a report in from its template and checks what can be checked
// without the store.
func (s *Service) complete(ctx context.Context, r Report, actor workflow.Actor) (Report, *Suggestion, error) {
	var p workflow.Problems
	if r.Template != "" {
		t, ok := s.cfg.Templates[r.Template]
		if !ok {
			p.Addf("template %q is not one of %q", r.Template, sortedKeys(s.cfg.Templates))
		}
		r = r.over(t)
	}
	if r.Caller == "" {
		r.Caller = actor.ID
		if actor.OnBehalfOf != "" {
			r.Caller = actor.OnBehalfOf
		}
	}
	if r.Title == "" || len(r.Title) > workflow.MaxTitle {
		p.Addf("the title has 1 to %d bytes, not %d", workflow.MaxTitle, len(r.Title))
	}
	if len(r.Details) > workflow.MaxText {
		p.Addf("the details have at most %d bytes, not %d", workflow.MaxText, len(r.Details))
	}
	if !r.Channel.valid() {
		p.Addf("unknown channel %q", r.Channel)
	}
	for _, f := range []struct{ name, value string }{{"caller", r.Caller}, {"customer", r.Customer}, {"category", r.Category},
		{"subcategory", r.Subcategory}, {"service", r.Service}, {"group", r.Group}, {"assignee", r.Assignee}} {
		checkName(&p, f.name, f.value)
	}
	if _, err := time.LoadLocation(r.Zone); err != nil || r.Zone == "Local" || len(r.Zone) > workflow.MaxKey {
		p.Addf("there is no time zone %.50q", r.Zone)
	}
	if len(r.CIs) > MaxCIs {
		p.Addf("%d affected configuration items, at most %d", len(r.CIs), MaxCIs)
	}
	for _, ci := range r.CIs {
		if ci == "" {
			p.Addf("an affected configuration item has no id")
		}
		checkName(&p, "configuration item", ci)
	}
	cis := make([]AffectedCI, len(r.CIs))
	for i, ci := range r.CIs {
		cis[i] = AffectedCI{ci, CIManual}
	}
	sug, err := s.suggest(ctx, cis)
	p.Add(err)
	if s.raises(sug, r.Impact) {
		r.Impact = sug.Impact
	}
	_, err = s.cfg.Matrix.Priority(r.Impact, r.Urgency)
	p.Add(err)
	_, err = s.cfg.Fields.Check(r.Fields)
	p.Add(err)
	return r, sug, p.Err("incident: report")
}

// MaxCIs is the most configuration items one incident lists.
const MaxCIs = 200

func checkName(p *workflow.Problems, field, v string) {
	if len(v) > workflow.MaxKey {
		p.Addf("%s has at most %d bytes, not %d", field, workflow.MaxKey, len(v))
	}
}

func (r Report) over(t Report) Report {
	fill(&r.Title, t.Title)
	fill(&r.Details, t.Details)
	fill(&r.Caller, t.Caller)
	fill(&r.Customer, t.Customer)
	fill(&r.Zone, t.Zone)
	fill(&r.Channel, t.Channel)
	fill(&r.Impact, t.Impact)
	fill(&r.Urgency, t.Urgency)
	fill(&r.Category, t.Category)
	fill(&r.Subcategory, t.Subcategory)
	fill(&r.Service, t.Service)
	fill(&r.Group, t.Group)
	fill(&r.Assignee, t.Assignee)
	r.VIP = r.VIP || t.VIP
	r.CIs = append(slices.Clone(t.CIs), r.CIs...)
	r.Watchers = append(slices.Clone(t.Watchers), r.Watchers...)
	fields := map[string]any{}
	for _, m := range []map[string]any{t.Fields, r.Fields} {
		for k, v := range m {
			fields[k] = v
		}
	}
	r.Fields = fields
	return r
}

func fill[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// draft makes the incident that a complete report describes.
func (s *Service) draft(tx *workflow.Tx, r Report) (*Incident, error) {
	fields, err := s.cfg.Fields.Check(r.Fields)
	if err != nil {
		return nil, err
	}
	priority, err := s.cfg.Matrix.Priority(r.Impact, r.Urgency)
	if err != nil {
		return nil, err
	}
	inc := &Incident{
		Record: workflow.Record{Title: r.Title, Details: r.Details, Lifecycle: s.current, Fields: fields,
			State: s.machines[s.current].Initial()},
		Caller: r.Caller, Customer: r.Customer, Zone: r.Zone, Channel: r.Channel, VIP: r.VIP,
		AwaitsReply: tx.Actor().Is(r.Caller),
		Impact:      r.Impact, Urgency: r.Urgency, Priority: priority,
		Category: r.Category, Subcategory: r.Subcategory, Service: r.Service,
		Group: r.Group, Assignee: r.Assignee, Parent: r.Parent,
	}
	if r.Assignee != "" || r.Group != "" {
		inc.AssignedAt = tx.Now()
	}
	for _, ci := range r.CIs {
		if !slices.ContainsFunc(inc.CIs, func(a AffectedCI) bool { return a.ID == ci }) {
			inc.CIs = append(inc.CIs, AffectedCI{ci, CIManual})
		}
	}
	for _, w := range r.Watchers {
		if err := inc.Watch(w); err != nil {
			return nil, err
		}
	}
	return inc, nil
}
