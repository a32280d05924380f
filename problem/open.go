package problem

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Report is what is known when a problem is opened. Only Title is needed; without
// impact and urgency the problem gets the least severe there is. To open a problem from
// an incident see [Service.OpenFrom].
type Report struct {
	Title       string   `json:"title"`
	Details     string   `json:"details,omitempty"`
	Impact      Level    `json:"impact,omitzero"`
	Urgency     Level    `json:"urgency,omitzero"`
	Category    string   `json:"category,omitempty"`
	Subcategory string   `json:"subcategory,omitempty"`
	Service     string   `json:"service,omitempty"`
	Customer    string   `json:"customer,omitempty"`
	Items       []string `json:"items,omitempty"` // configuration items
	Group       string   `json:"group,omitempty"`
	Assignee    string   `json:"assignee,omitempty"`
	Origin      string   `json:"origin,omitempty"` // the number of the incident it is opened from, say

	Incidents []workflow.ID  `json:"incidents,omitempty"` // to be linked, at most [MaxLinked]
	Fields    map[string]any `json:"fields,omitempty"`
}

// ParseReport decodes a report from JSON. Unknown fields are refused.
func ParseReport(data []byte) (Report, error) {
	var r Report
	if err := workflow.ParseJSON(data, "problem: report", &r); err != nil {
		return Report{}, err
	}
	return r, nil
}

// MaxItems is the most configuration items of one problem.
const MaxItems = 200

// Open makes a new problem, and links incidents to it in the same commit.
func (s *Service) Open(ctx context.Context, actor workflow.Actor, r Report) (*Problem, error) {
	return s.open(ctx, actor, r, "", (*step).link)
}

// Detection is what a search for patterns among incidents has found.
type Detection struct {
	Title     string        `json:"title"`
	Evidence  string        `json:"evidence"` // why these incidents have something in common
	Source    string        `json:"source,omitempty"`
	Impact    Level         `json:"impact,omitzero"`
	Urgency   Level         `json:"urgency,omitzero"`
	Category  string        `json:"category,omitempty"`
	Service   string        `json:"service,omitempty"`
	Items     []string      `json:"items,omitempty"`
	Incidents []workflow.ID `json:"incidents"`
}

// ParseDetection decodes a detection from JSON. Unknown fields are refused.
func ParseDetection(data []byte) (Detection, error) {
	var d Detection
	if err := workflow.ParseJSON(data, "problem: detection", &d); err != nil {
		return Detection{}, err
	}
	return d, nil
}

// Propose opens a problem for what was detected. Incidents that belong to a problem
// already stay there; if all of them do, nothing is new and the error matches
// [ErrLinked].
func (s *Service) Propose(ctx context.Context, actor workflow.Actor, d Detection) (*Problem, error) {
	var p workflow.Problems
	checkText(&p, "the evidence", d.Evidence, true)
	if len(d.Incidents) == 0 {
		p.Addf("a detection names its incidents")
	}
	if err := p.Err("problem: detection"); err != nil {
		return nil, err
	}
	r := Report{Title: d.Title, Impact: d.Impact, Urgency: d.Urgency, Category: d.Category, Service: d.Service, Items: d.Items, Origin: d.Source, Incidents: d.Incidents}
	if r.Origin == "" {
		r.Origin = "detection"
	}
	return s.open(ctx, actor, r, d.Evidence, (*step).linkFree)
}

func (s *Service) open(ctx context.Context, actor workflow.Actor, r Report, evidence string, link func(*step, []workflow.ID) error) (*Problem, error) {
	made, err := s.draft(r)
	if err != nil {
		return nil, err
	}
	made.Evidence = evidence
	var p *Problem
	res, err := s.desk.Do(ctx, workflow.Command{Name: "problem.open", Actor: actor, Key: s.key, At: s.at}, func(tx *workflow.Tx) error {
		p = made.clone()
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: s.cfg.OpenRoles}); err != nil {
			return err
		}
		if err := s.kind.Create(tx, p, workflow.Entry{}); err != nil {
			return err
		}
		st := &step{s: s, tx: tx, p: p, before: p.clone()}
		if len(r.Incidents) > 0 {
			if err := link(st, r.Incidents); err != nil {
				return err
			}
		}
		if err := st.tell(TopicOpened, "", p.Group, p.Assignee); err != nil {
			return err
		}
		return st.finish()
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.opened(ctx, res.Events)
	}
	return p, nil
}

// opened reads the problem that a command made earlier.
func (s *Service) opened(ctx context.Context, events []workflow.Event) (*Problem, error) {
	for _, e := range events {
		if e.Kind == KindName {
			return s.Get(ctx, e.ID)
		}
	}
	return nil, fmt.Errorf("problem: the command made no problem: %w", workflow.ErrNotFound)
}

// draft makes the problem that a report describes.
func (s *Service) draft(r Report) (*Problem, error) {
	if r.Impact == 0 && r.Urgency == 0 {
		r.Impact, r.Urgency = slices.Max(s.cfg.Matrix.Impacts), slices.Max(s.cfg.Matrix.Urgencies)
	}
	x := &Problem{
		Record: workflow.Record{Title: r.Title, Details: r.Details, State: s.machines[s.current].Initial(), Lifecycle: s.current},
		Impact: r.Impact, Urgency: r.Urgency, Category: r.Category, Subcategory: r.Subcategory, Service: r.Service, Customer: r.Customer,
		Items: slices.Clone(r.Items), Group: r.Group, Assignee: r.Assignee, Origin: r.Origin,
	}
	var p workflow.Problems
	var err error
	x.Priority, err = s.cfg.Matrix.Priority(r.Impact, r.Urgency)
	p.Add(err)
	x.Fields, err = s.cfg.Fields.Check(r.Fields)
	p.Add(err)
	x.check(&p)
	return x, p.Err("problem: report")
}

// check notes everything that is wrong with what a problem says.
func (p *Problem) check(faults *workflow.Problems) {
	if p.Title == "" || len(p.Title) > workflow.MaxTitle {
		faults.Addf("the title has 1 to %d bytes, not %d", workflow.MaxTitle, len(p.Title))
	}
	checkText(faults, "the details", p.Details, false)
	checkName(faults, "category", p.Category)
	checkName(faults, "subcategory", p.Subcategory)
	checkName(faults, "service", p.Service)
	checkName(faults, "customer", p.Customer)
	checkName(faults, "group", p.Group)
	checkName(faults, "assignee", p.Assignee)
	checkName(faults, "origin", p.Origin)
	if len(p.Items) > MaxItems {
		faults.Addf("%d configuration items, at most %d", len(p.Items), MaxItems)
	}
	for i, id := range p.Items {
		if id == "" || len(id) > workflow.MaxKey || slices.Contains(p.Items[:min(i, MaxItems)], id) {
			faults.Addf("configuration item %d: an id has 1 to %d bytes and is listed once", i+1, workflow.MaxKey)
		}
	}
}

// Update changes what the problem says, in place, by a function that must have no
// other effect. Impact, urgency, incidents and origin stay as they are; see
// [Service.Prioritize] and [Service.Link].
func (s *Service) Update(ctx context.Context, actor workflow.Actor, id workflow.ID, edit func(*Report)) (*Problem, error) {
	return s.run(ctx, actor, id, "update", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		x := st.p
		r := Report{Title: x.Title, Details: x.Details, Impact: x.Impact, Urgency: x.Urgency, Category: x.Category, Subcategory: x.Subcategory,
			Service: x.Service, Customer: x.Customer, Items: slices.Clone(x.Items), Group: x.Group, Assignee: x.Assignee, Origin: x.Origin, Fields: map[string]any{}}
		maps.Copy(r.Fields, x.Fields)
		edit(&r)
		x.Title, x.Details, x.Category, x.Subcategory, x.Service, x.Customer = r.Title, r.Details, r.Category, r.Subcategory, r.Service, r.Customer
		x.Items, x.Group, x.Assignee = slices.Clone(r.Items), r.Group, r.Assignee
		var p workflow.Problems
		var err error
		x.Fields, err = s.cfg.Fields.Check(r.Fields)
		p.Add(err)
		x.check(&p)
		return p.Err("problem: updating " + x.Name())
	})
}

// Assign gives the problem to a group, a person or both; an empty one is taken away.
// The person is the coordinator of the problem.
func (s *Service) Assign(ctx context.Context, actor workflow.Actor, id workflow.ID, group, person string) (*Problem, error) {
	return s.run(ctx, actor, id, "assign", func(st *step) error {
		if err := st.staff(); err != nil {
			return err
		}
		var p workflow.Problems
		if group == "" && person == "" {
			p.Addf("neither a group nor a person")
		}
		checkName(&p, "group", group)
		checkName(&p, "assignee", person)
		st.p.Group, st.p.Assignee = group, person
		return p.Err("problem: assigning " + st.p.Name())
	})
}

// Note adds a work note.
func (s *Service) Note(ctx context.Context, actor workflow.Actor, id workflow.ID, text string) (*Problem, error) {
	return s.run(ctx, actor, id, "note", func(st *step) error {
		if err := st.involved(); err != nil {
			return err
		}
		return st.p.Say(actor, st.tx.Now(), false, text)
	})
}

// Watch keeps a person informed of what becomes of the problem, or no longer.
func (s *Service) Watch(ctx context.Context, actor workflow.Actor, id workflow.ID, person string, watch bool) (*Problem, error) {
	return s.run(ctx, actor, id, "watch", func(st *step) error {
		if err := st.involved(); err != nil {
			return err
		}
		st.idle = true
		if !watch {
			st.p.Unwatch(person)
			return nil
		}
		return st.p.Watch(person)
	})
}
