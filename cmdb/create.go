package cmdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Draft is a new item. Class and name are needed, and the attributes that the class
// requires.
type Draft struct {
	ID         workflow.ID           `json:"id,omitzero"` // default: a new one
	Class      string                `json:"class"`
	Name       string                `json:"name"`
	Details    string                `json:"details,omitempty"`
	State      string                `json:"state,omitempty"` // default: the lifecycle's initial one; what is found running is in use
	Attributes map[string]any        `json:"attributes,omitempty"`
	Relations  []Relation            `json:"relations,omitempty"`
	Needs      map[string]graph.Gate `json:"needs,omitempty"`
	Source     string                `json:"source,omitempty"` // who says so; default: [SourceManual]

	Report *Report `json:"-"` // see [Edit]
}

// Create enters a new item. It gets a number.
func (inv *Inventory) Create(ctx context.Context, actor workflow.Actor, d Draft) (*CI, error) {
	return inv.do(ctx, actor, "create", workflow.ID{}, func(tx *workflow.Tx) (*CI, error) { return inv.CreateIn(tx, d) })
}

// CreateIn enters a new item as part of a command of the host's.
func (inv *Inventory) CreateIn(tx *workflow.Tx, d Draft) (*CI, error) {
	if err := tx.Authorize(workflow.Access{Ref: workflow.Ref{Kind: KindName}, Roles: inv.cfg.EditRoles}); err != nil {
		return nil, err
	}
	c, err := inv.cfg.Model.concrete(d.Class)
	if err != nil {
		return nil, err
	}
	m := inv.machines[inv.current]
	ci := &CI{Class: d.Class, Record: workflow.Record{ID: d.ID, Title: d.Name, Details: d.Details, State: m.Initial(), Lifecycle: inv.current}}
	if ci.ID == (workflow.ID{}) {
		ci.ID = tx.NewID()
	} else if _, err := inv.kind.Get(tx, ci.ID); !errors.Is(err, workflow.ErrNotFound) {
		if err == nil {
			err = fmt.Errorf("cmdb: there is an item %v already: %w", ci.ID, workflow.ErrInvalid)
		}
		return nil, err
	}
	if d.State != "" {
		ci.State = d.State
	}
	e := Edit{Name: d.Name, Set: d.Attributes, Relate: d.Relations, Needs: d.Needs, Source: d.Source, Report: d.Report}
	if err := inv.change(tx, c, nil, ci, e); err != nil {
		return nil, err
	}
	return ci, inv.kind.Create(tx, ci, workflow.Entry{})
}

// change makes an edit of an item and checks the outcome, all of it. Before is nil
// for a new item.
func (inv *Inventory) change(tx *workflow.Tx, c *class, before, ci *CI, e Edit) error {
	var p workflow.Problems
	if ci.Title == "" || len(ci.Title) > workflow.MaxTitle {
		p.Addf("a name has 1 to %d bytes, not %d", workflow.MaxTitle, len(ci.Title))
	}
	if !utf8.ValidString(ci.Title) || !utf8.ValidString(ci.Details) {
		p.Addf("the name or the details are not UTF-8")
	}
	if len(ci.Details) > workflow.MaxText {
		p.Addf("the details have at most %d bytes, not %d", workflow.MaxText, len(ci.Details))
	}
	checkKey(&p, "source", e.Source)
	p.Add(ci.set(c, e, tx.Now()))
	p.Add(inv.checkReferences(tx, c, before, ci))
	p.Add(inv.relate(tx, ci, e))
	for _, name := range slices.Sorted(maps.Keys(e.Needs)) {
		p.Add(inv.checkNeed(name, e.Needs[name]))
	}
	ci.need(e.Needs)
	if m, err := inv.machine(ci); err != nil {
		p.Add(err)
	} else if _, known := m.State(ci.State); !known {
		p.Addf("there is no state %.64q", ci.State)
	} else if missing := m.Missing(ci.State, Facts{CI: ci, Actor: tx.Actor(), Reason: e.Note}); len(missing) > 0 {
		p.Addf("state %s needs %q", ci.State, missing)
	}
	if err := p.Err("cmdb: " + c.Name + " " + ci.called()); err != nil {
		return err
	}
	if e.Report != nil {
		return nil // two items that are reported with one value show in the health report
	}
	return inv.claimUnique(tx, c, before, ci)
}

// called is how messages call an item that may not have a number yet.
func (ci *CI) called() string {
	switch {
	case ci.Number == "":
		return fmt.Sprintf("%.64q", ci.Title)
	case ci.Title == "":
		return ci.Number
	}
	return fmt.Sprintf("%s (%.64s)", ci.Number, ci.Title)
}

// set gives attributes their values, in normal form, and notes who says so.
func (ci *CI) set(c *class, e Edit, now time.Time) error {
	values := map[string]any{}
	maps.Copy(values, ci.Fields)
	for name, v := range e.Set {
		values[name] = v
	}
	fields, err := c.check(values)
	if err != nil {
		return err
	}
	if e.Name != "" {
		ci.claim(ClaimName, e.claim(ClaimName, now))
	}
	for name := range e.Set {
		switch old, value := ci.Fields[name], fields[name]; {
		case value == nil:
			delete(ci.Claims, name)
		case old != value || e.Source != "" || e.Report != nil:
			ci.claim(name, e.claim(name, now))
		}
	}
	ci.Fields = fields
	if e.Report != nil {
		ci.Sources = slices.Clone(e.Report.Sources)
		slices.SortFunc(ci.Sources, compareSightings)
		ci.SeenAt = time.Time{}
		for _, s := range ci.Sources {
			if s.At.After(ci.SeenAt) {
				ci.SeenAt = s.At
			}
		}
	}
	return nil
}

// claim is who says what an edit sets.
func (e Edit) claim(name string, now time.Time) Claim {
	if e.Report != nil {
		if c, ok := e.Report.Claims[name]; ok {
			return c
		}
	}
	return Claim{e.source(), now}
}

// check returns attributes in normal form, or an error that lists all that is wrong.
func (c *class) check(values map[string]any) (workflow.Fields, error) {
	return c.normal(values, c.schema)
}

func (c *class) normal(values map[string]any, s workflow.Schema) (workflow.Fields, error) {
	var p workflow.Problems
	normal := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := values[name]
		a, known := c.attribute(name)
		if !known && v == nil {
			continue // to be taken away, and not there
		}
		if text, isText := v.(string); known && isText {
			text, err := a.Format.Normal(text)
			if err != nil {
				p.Add(fmt.Errorf("attribute %s: %w", name, err))
			}
			v = text
		}
		if v == "" {
			v = nil
		}
		normal[name] = v
	}
	fields, err := s.Check(normal)
	p.Add(err)
	return fields, p.Err("attributes")
}

func (ci *CI) claim(attribute string, c Claim) {
	if ci.Claims == nil {
		ci.Claims = map[string]Claim{}
	}
	ci.Claims[attribute] = c
}

// checkReferences makes sure that references to items that are new point at items
// of the right class.
func (inv *Inventory) checkReferences(tx *workflow.Tx, c *class, before, ci *CI) error {
	var p workflow.Problems
	for _, a := range c.Attributes {
		if a.Type != workflow.FieldReference {
			continue
		}
		ref, set := ci.Fields.Reference(a.Name)
		if !set || ref.Kind != KindName || before != nil && before.Fields[a.Name] == ci.Fields[a.Name] {
			continue
		}
		to, err := inv.kind.Get(tx, ref.ID)
		switch {
		case errors.Is(err, workflow.ErrNotFound):
			p.Addf("attribute %s: there is no item %v", a.Name, ref.ID)
		case err != nil:
			return err
		case !inv.cfg.Model.isAny(to.Class, a.Classes):
			p.Addf("attribute %s: %s is a %s, want one of %q", a.Name, to.called(), to.Class, a.Classes)
		}
	}
	return p.Err("references")
}

func checkKey(p *workflow.Problems, what, value string) {
	if len(value) > workflow.MaxKey {
		p.Addf("the %s has %d bytes, at most %d", what, len(value), workflow.MaxKey)
	}
}
