package cmdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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
}

// Create enters a new item. It gets a number.
func (inv *Inventory) Create(ctx context.Context, actor workflow.Actor, d Draft) (*CI, error) {
	return inv.do(ctx, actor, "create", func(tx *workflow.Tx) (*CI, error) { return inv.CreateIn(tx, d) })
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
		if _, known := m.State(d.State); !known {
			return nil, fmt.Errorf("cmdb: a new %s: there is no state %.64q: %w", d.Class, d.State, workflow.ErrInvalid)
		}
		ci.State = d.State
	}
	e := Edit{Set: d.Attributes, Relate: d.Relations, Needs: d.Needs, Source: d.Source}
	if err := inv.change(tx, c, nil, ci, e); err != nil {
		return nil, err
	}
	ci.claim(ClaimName, Claim{e.source(), tx.Now()})
	return ci, inv.kind.Create(tx, ci, workflow.Entry{})
}

// change makes an edit of an item and checks the outcome, all of it. Before is nil
// for a new item.
func (inv *Inventory) change(tx *workflow.Tx, c *class, before, ci *CI, e Edit) error {
	var p workflow.Problems
	if ci.Title == "" || len(ci.Title) > workflow.MaxTitle {
		p.Addf("a name has 1 to %d bytes, not %d", workflow.MaxTitle, len(ci.Title))
	}
	if len(ci.Details) > workflow.MaxText {
		p.Addf("the details have at most %d bytes, not %d", workflow.MaxText, len(ci.Details))
	}
	checkKey(&p, "source", e.Source)
	p.Add(ci.set(c, e, tx))
	p.Add(inv.checkReferences(tx, c, before, ci))
	p.Add(inv.relate(tx, ci, e))
	for _, name := range slices.Sorted(maps.Keys(e.Needs)) {
		p.Add(inv.checkNeed(name, e.Needs[name]))
	}
	ci.need(e.Needs)
	if m, err := inv.machine(ci); err != nil {
		p.Add(err)
	} else if missing := m.Missing(ci.State, Facts{CI: ci, Actor: tx.Actor(), Reason: e.Note}); len(missing) > 0 {
		p.Addf("state %s needs %q", ci.State, missing)
	}
	if err := p.Err("cmdb: " + c.Name + " " + ci.called()); err != nil {
		return err
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
func (ci *CI) set(c *class, e Edit, tx *workflow.Tx) error {
	values := map[string]any{}
	for name, v := range ci.Fields {
		values[name] = v
	}
	var p workflow.Problems
	for _, name := range slices.Sorted(maps.Keys(e.Set)) {
		v := e.Set[name]
		a, known := c.attribute(name)
		if s, isText := v.(string); known && isText && a.Format != "" {
			normal, err := a.Format.Normal(s)
			if err != nil {
				p.Add(fmt.Errorf("attribute %s: %w", name, err))
			}
			v = normal
		}
		if v == "" {
			v = nil
		}
		values[name] = v
	}
	fields, err := c.schema.Check(values)
	p.Add(err)
	if err := p.Err("attributes"); err != nil {
		return err
	}
	for name := range e.Set {
		switch old, now := ci.Fields[name], fields[name]; {
		case now == nil:
			delete(ci.Claims, name)
		case old != now || e.Source != "":
			ci.claim(name, Claim{e.source(), tx.Now()})
		}
	}
	ci.Fields = fields
	return nil
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
