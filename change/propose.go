package change

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/itsm-go/itsm/change/risk"
	"github.com/itsm-go/itsm/change/schedule"
	"github.com/itsm-go/itsm/workflow"
	"github.com/shopspring/decimal"
)

// Proposal is what is known when a change is proposed. Model and Title are needed;
// without a requester the actor is the requester, or the person he acts for.
type Proposal struct {
	Model     string          `json:"model"`
	Template  string          `json:"template,omitempty"` // the name of one that is in force
	Title     string          `json:"title"`
	Details   string          `json:"details,omitempty"`
	Requester string          `json:"requester,omitempty"`
	Group     string          `json:"group,omitempty"`
	Assignee  string          `json:"assignee,omitempty"`
	Risk      string          `json:"risk,omitempty"`
	Category  string          `json:"category,omitempty"`
	Service   string          `json:"service,omitempty"`
	Items     []schedule.Item `json:"items,omitempty"`
	Plan      string          `json:"plan,omitempty"`
	Test      string          `json:"test_plan,omitempty"`
	BackOut   string          `json:"back_out_plan,omitempty"`
	Start     time.Time       `json:"planned_start,omitzero"`
	End       time.Time       `json:"planned_end,omitzero"`
	Downtime  time.Duration   `json:"downtime,omitempty"` // elapsed
	Cost      decimal.Decimal `json:"cost,omitzero"`

	Answers    map[string]string `json:"risk_answers,omitempty"` // question and choice, see [Service.Questions]
	Deployment bool              `json:"deployment,omitempty"`   // puts software into production
	Commit     time.Time         `json:"commit,omitzero"`        // when that was committed to version control

	Fields map[string]any `json:"fields,omitempty"`
}

// ParseProposal decodes a proposal from JSON. Unknown fields are refused.
func ParseProposal(data []byte) (Proposal, error) {
	var r Proposal
	if err := workflow.ParseJSON(data, "change: proposal", &r); err != nil {
		return Proposal{}, err
	}
	return r, nil
}

// Clone returns a copy that shares nothing with r.
func (r Proposal) Clone() Proposal {
	r.Items = cloneItems(r.Items)
	r.Fields, r.Answers = maps.Clone(r.Fields), maps.Clone(r.Answers)
	return r
}

// MaxItems is the most configuration items one change lists.
const MaxItems = 1_000

// Propose makes a new change. Nobody is asked before it is submitted.
func (s *Service) Propose(ctx context.Context, actor workflow.Actor, r Proposal) (*Change, error) {
	m, ok := s.models[r.Model]
	if !ok {
		return nil, fmt.Errorf("change: model %q is not one of %q: %w", r.Model, sortedKeys(s.models), workflow.ErrInvalid)
	}
	if m.Retrospective {
		return nil, fmt.Errorf("change: model %q is for what is done already, see Report: %w", r.Model, workflow.ErrInvalid)
	}
	var from *TemplateRef
	if m.Templated || r.Template != "" {
		t, err := s.template(ctx, r.Template)
		if err != nil {
			return nil, err
		}
		if t.Proposal.Model != m.Name {
			return nil, fmt.Errorf("change: template %q is for model %q, not for %q: %w", t.Name, t.Proposal.Model, m.Name, workflow.ErrInvalid)
		}
		if r, err = t.fill(r); err != nil {
			return nil, err
		}
		from = &TemplateRef{Name: t.Name, Version: t.Version, Locked: slices.Clone(t.Locked)}
	}
	c, err := s.propose(actor, m, r)
	if err != nil {
		return nil, err
	}
	c.Template = from
	return s.create(ctx, actor, c, func(*step) error { return nil })
}

// propose makes the change that a proposal describes.
func (s *Service) propose(actor workflow.Actor, m Model, r Proposal) (*Change, error) {
	if r.Requester == "" {
		r.Requester = actor.ID
		if actor.OnBehalfOf != "" {
			r.Requester = actor.OnBehalfOf
		}
	}
	c := made(r)
	c.State, c.Lifecycle = m.Lifecycle.Initial, workflow.LifecycleRef{Name: m.Lifecycle.Name, Version: m.Lifecycle.Version}
	c.Model, c.Type = m.Name, m.Type
	var p workflow.Problems
	fields, err := s.cfg.Fields.Check(r.Fields)
	p.Add(err)
	c.Fields = fields
	c.check(&p)
	if err := p.Err("change: proposal"); err != nil {
		return nil, err
	}
	return c, nil
}

// made is a change that says what a proposal says.
func made(r Proposal) *Change {
	return &Change{
		Record: workflow.Record{Title: r.Title, Details: r.Details}, Requester: r.Requester, Group: r.Group, Assignee: r.Assignee, Stated: r.Risk,
		Category: r.Category, Service: r.Service, Items: slices.Clone(r.Items), Plan: r.Plan, Test: r.Test, BackOut: r.BackOut,
		Start: r.Start.UTC(), End: r.End.UTC(), Downtime: r.Downtime, Cost: r.Cost,
		Answers: maps.Clone(r.Answers), Deployment: r.Deployment, Commit: r.Commit.UTC(),
	}
}

// create writes a change that is new, and carries out on it in the same commit what
// follows.
func (s *Service) create(ctx context.Context, actor workflow.Actor, made *Change, follow func(*step) error) (*Change, error) {
	var c *Change
	res, err := s.desk.Do(ctx, workflow.Command{Name: "change.propose", Actor: actor, Key: s.key, At: s.at}, func(tx *workflow.Tx) error {
		c = made.clone()
		if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: s.cfg.OpenRoles}); err != nil {
			return err
		}
		st := &step{s: s, tx: tx, c: c}
		if err := st.assess(c, tx.Now()); err != nil {
			return err
		}
		if err := s.kind.Create(tx, c, workflow.Entry{}); err != nil {
			return err
		}
		created := c.clone()
		if err := follow(st); err != nil {
			return err
		}
		if c.State == created.State {
			return nil
		}
		st.before = created
		return st.finish()
	})
	if err != nil {
		return nil, err
	}
	if res.Duplicate {
		return s.Get(ctx, res.Events[0].ID)
	}
	return c, nil
}

// check tells what is wrong with what a change says.
func (c *Change) check(p *workflow.Problems) {
	if c.Title == "" || len(c.Title) > workflow.MaxTitle {
		p.Addf("the title has 1 to %d bytes, not %d", workflow.MaxTitle, len(c.Title))
	}
	for _, f := range []struct{ name, text string }{{"details", c.Details}, {"plan", c.Plan}, {"test plan", c.Test}, {"back-out plan", c.BackOut}} {
		if len(f.text) > workflow.MaxText {
			p.Addf("the %s has at most %d bytes, not %d", f.name, workflow.MaxText, len(f.text))
		}
	}
	for _, f := range []struct{ name, text string }{{"requester", c.Requester}, {"group", c.Group}, {"assignee", c.Assignee}, {"risk", c.Stated},
		{"category", c.Category}, {"service", c.Service}} {
		if len(f.text) > workflow.MaxKey {
			p.Addf("%s has at most %d bytes, not %d", f.name, workflow.MaxKey, len(f.text))
		}
	}
	if c.Start.IsZero() != c.End.IsZero() || !c.Start.IsZero() && !c.Start.Before(c.End) {
		p.Addf("the planned window needs a start before its end, or neither")
	}
	if len(c.Answers) > risk.MaxQuestions {
		p.Addf("%d answers, at most %d", len(c.Answers), risk.MaxQuestions)
	}
	for _, id := range sortedKeys(c.Answers) {
		if len(id) > workflow.MaxKey || len(c.Answers[id]) > workflow.MaxKey {
			p.Addf("question %.64q and its answer have at most %d bytes", id, workflow.MaxKey)
		}
	}
	if c.Downtime < 0 || c.Cost.IsNegative() {
		p.Addf("downtime and cost are not negative")
	}
	if len(c.Items) > MaxItems {
		p.Addf("%d configuration items, at most %d", len(c.Items), MaxItems)
	}
	for i, it := range c.Items {
		if it.ID == "" || len(it.ID) > workflow.MaxKey {
			p.Addf("configuration item %d: an id has 1 to %d bytes", i+1, workflow.MaxKey)
		}
		if slices.ContainsFunc(c.Items[:i], func(o schedule.Item) bool { return o.ID == it.ID }) {
			p.Addf("configuration item %q is listed twice", it.ID)
		}
	}
}

// Update changes what the change says, in place, by a function that must have no
// other effect. Only what a [Proposal] can say, besides the model and the requester,
// is taken over. If what was put to the approvers differs, they are asked again; once
// it is being implemented that is an error matching [ErrApproved].
func (s *Service) Update(ctx context.Context, actor workflow.Actor, id workflow.ID, edit func(*Proposal)) (*Change, error) {
	return s.run(ctx, actor, id, "update", func(st *step) error {
		if err := st.authorize(RoleManager, RoleAgent, RoleImplementer, RoleRequester, workflow.RoleSystem); err != nil {
			return err
		}
		if err := st.unfinished(); err != nil {
			return err
		}
		c := st.c
		before := c.proposal()
		r := c.proposal()
		edit(&r)
		if c.Template != nil {
			if err := c.Template.keeps(before, r); err != nil {
				return fmt.Errorf("change: %s: %w", c.Name(), err)
			}
		}
		c.Title, c.Details, c.Group, c.Assignee, c.Stated, c.Category, c.Service = r.Title, r.Details, r.Group, r.Assignee, r.Risk, r.Category, r.Service
		c.Items, c.Plan, c.Test, c.BackOut, c.Downtime, c.Cost = slices.Clone(r.Items), r.Plan, r.Test, r.BackOut, r.Downtime, r.Cost
		c.Start, c.End, c.Commit = r.Start.UTC(), r.End.UTC(), r.Commit.UTC()
		c.Answers, c.Deployment = maps.Clone(r.Answers), r.Deployment
		var p workflow.Problems
		fields, err := s.cfg.Fields.Check(r.Fields)
		p.Add(err)
		c.Fields = fields
		c.check(&p)
		if err := p.Err("change: updating " + c.Name()); err != nil {
			return err
		}
		if err := st.assess(c, st.tx.Now()); err != nil {
			return err
		}
		return st.askAgain()
	})
}

// proposal is what the change says, as it was proposed.
func (c *Change) proposal() Proposal {
	c = c.clone()
	r := Proposal{Model: c.Model, Title: c.Title, Details: c.Details, Requester: c.Requester, Group: c.Group, Assignee: c.Assignee, Risk: c.Stated,
		Category: c.Category, Service: c.Service, Items: c.Items, Plan: c.Plan, Test: c.Test, BackOut: c.BackOut, Start: c.Start, End: c.End,
		Downtime: c.Downtime, Cost: c.Cost, Answers: c.Answers, Deployment: c.Deployment, Commit: c.Commit, Fields: map[string]any{}}
	for name, v := range c.Fields {
		r.Fields[name] = v
	}
	return r
}

// SetModel makes the change one of another model. That is possible while it is new
// and no approval is under way; after a rejection it is new again (ServiceNow).
func (s *Service) SetModel(ctx context.Context, actor workflow.Actor, id workflow.ID, model string) (*Change, error) {
	return s.run(ctx, actor, id, "set_model", func(st *step) error {
		if err := st.authorize(RoleManager, RoleAgent, RoleRequester, workflow.RoleSystem); err != nil {
			return err
		}
		m, ok := s.models[model]
		if !ok {
			return fmt.Errorf("change: model %q is not one of %q: %w", model, sortedKeys(s.models), workflow.ErrInvalid)
		}
		if m.Templated {
			return fmt.Errorf("change: %s: a change of model %q is proposed from a template: %w", st.c.Name(), m.Name, ErrNoTemplate)
		}
		if m.Retrospective || s.models[st.c.Model].Retrospective {
			return fmt.Errorf("change: %s: only what is done already is of a model that is approved afterwards: %w", st.c.Name(), workflow.ErrInvalid)
		}
		if s.Category(st.c) != workflow.CategoryNew {
			return fmt.Errorf("change: %s is %s: its model changes only while it is new: %w", st.c.Name(), st.c.State, workflow.ErrTransition)
		}
		st.c.Model, st.c.Type, st.c.State, st.c.Template = m.Name, m.Type, m.Lifecycle.Initial, nil
		st.c.Lifecycle = workflow.LifecycleRef{Name: m.Lifecycle.Name, Version: m.Lifecycle.Version}
		return nil
	})
}
