package change

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Template is an approved way in which changes are made, such as a standard change:
// what they say unless somebody says otherwise, and what nobody may say otherwise
// (ServiceNow: standard change catalog). Package template keeps them, with their
// approval and their versions.
type Template struct {
	Name     string   `json:"name"`
	Version  int      `json:"version"`
	Proposal Proposal `json:"proposal"`
	// Locked are the fields of a proposal, as JSON names them, that are as the template
	// has them: "plan", "items". A locked field that it does not have stays empty.
	Locked []string `json:"locked,omitempty"`
}

// TemplateRef names the template that a change was made from.
type TemplateRef struct {
	Name    string   `json:"name"`
	Version int      `json:"version"`
	Locked  []string `json:"locked,omitempty"`
}

// Lockable lists the fields that a template can lock.
func Lockable() []string {
	return []string{"title", "details", "group", "assignee", "risk", "category", "service", "items", "plan", "test_plan", "back_out_plan",
		"downtime", "cost", "risk_answers", "deployment", "fields"}
}

// template reads the template in force.
func (s *Service) template(ctx context.Context, name string) (Template, error) {
	if s.cfg.Templates == nil {
		return Template{}, fmt.Errorf("change: there are no templates: %w", ErrNoTemplate)
	}
	t, err := s.cfg.Templates(ctx, name)
	if err != nil {
		return Template{}, fmt.Errorf("change: template %q: %w", name, err)
	}
	return t, nil
}

// fill completes a proposal by its template. What is locked may be left out, and must
// not differ.
func (t Template) fill(r Proposal) (Proposal, error) {
	said, given := said(r), said(t.Proposal)
	delete(given, "model")
	delete(given, "template")
	if err := t.differs(said, given, true); err != nil {
		return r, err
	}
	for name, v := range given {
		if _, own := said[name]; !own {
			said[name] = v
		}
	}
	raw, err := json.Marshal(said)
	if err != nil {
		return r, fmt.Errorf("change: template %q: %w: %w", t.Name, err, workflow.ErrInvalid)
	}
	var full Proposal
	if err := json.Unmarshal(raw, &full); err != nil {
		return r, fmt.Errorf("change: template %q: %w: %w", t.Name, err, workflow.ErrInvalid)
	}
	if r.Fields != nil {
		full.Fields = r.Fields
	}
	return full, nil
}

// keeps tells whether an edit leaves alone what the change's template locks.
func (ref TemplateRef) keeps(before, after Proposal) error {
	return Template{Name: ref.Name, Version: ref.Version, Locked: ref.Locked}.differs(said(after), said(before), false)
}

func (t Template) differs(have, want map[string]json.RawMessage, mayLack bool) error {
	var other []string
	for _, name := range t.Locked {
		v, ok := have[name]
		if bytes.Equal(v, want[name]) || !ok && mayLack {
			continue
		}
		other = append(other, name+" is locked")
	}
	if len(other) > 0 {
		return fmt.Errorf("change: template %q version %d: %s: %w", t.Name, t.Version, strings.Join(other, ", "), ErrLocked)
	}
	return nil
}

// said is what a proposal says, by field, as canonical JSON.
func said(r Proposal) map[string]json.RawMessage {
	all := map[string]json.RawMessage{}
	raw, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(raw, &all)
	}
	if err != nil {
		return map[string]json.RawMessage{"fields": json.RawMessage("null")} // fields that are no JSON are told when they are checked
	}
	maps.DeleteFunc(all, func(_ string, v json.RawMessage) bool { return string(v) == `""` })
	return all
}

// inForce makes sure that what approved the change beforehand still does: to be
// submitted, its template has the version it was made from; to be implemented, it has
// not been withdrawn since.
func (st *step) inForce(sameVersion bool) error {
	if !st.s.models[st.c.Model].Templated {
		return nil
	}
	if st.c.Template == nil {
		return fmt.Errorf("change: %s: changes of model %q are made from templates: %w", st.c.Name(), st.c.Model, ErrNoTemplate)
	}
	t, err := st.s.template(st.tx.Context(), st.c.Template.Name)
	if err != nil {
		return fmt.Errorf("change: %s: %w", st.c.Name(), err)
	}
	if sameVersion && t.Version != st.c.Template.Version {
		return fmt.Errorf("change: %s was made from version %d of template %q, and version %d is in force: propose it anew: %w",
			st.c.Name(), st.c.Template.Version, t.Name, t.Version, ErrNoTemplate)
	}
	return nil
}

// Validate tells what is wrong with a template, all of it: fields that cannot be
// locked, and what a proposal could not say.
func (t Template) Validate() error {
	var p workflow.Problems
	if t.Name == "" || len(t.Name) > workflow.MaxKey {
		p.Addf("a template has a name of 1 to %d bytes", workflow.MaxKey)
	}
	for _, name := range t.Locked {
		if !slices.Contains(Lockable(), name) {
			p.Addf("%.64q cannot be locked: one of %q can", name, Lockable())
		}
	}
	if t.Proposal.Template != "" {
		p.Addf("a template is not made from another")
	}
	if t.Proposal.Requester != "" {
		p.Addf("a template has no requester")
	}
	c := made(t.Proposal)
	if c.Title == "" {
		c.Title = t.Name
	}
	c.check(&p)
	return p.Err(fmt.Sprintf("change: template %.64q", t.Name))
}
