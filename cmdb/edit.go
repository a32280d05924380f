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

// Edit is a change of an item: what is named changes, everything else stays. Empty
// details take them away.
type Edit struct {
	Name     string                `json:"name,omitempty"`
	Details  *string               `json:"details,omitempty"`
	Class    string                `json:"class,omitempty"` // another class; attributes it does not have must be taken away
	Set      map[string]any        `json:"set,omitempty"`   // attributes; nil takes one away
	Relate   []Relation            `json:"relate,omitempty"`
	Unrelate []Relation            `json:"unrelate,omitempty"`
	Needs    map[string]graph.Gate `json:"needs,omitempty"`  // by type of relation; all goes back to that of the type
	Source   string                `json:"source,omitempty"` // who says so; default: [SourceManual]
	Note     string                `json:"note,omitempty"`   // the reason, for the history

	// Report is for programs that bring together what several sources say.
	Report *Report `json:"-"`
}

// Report is what several sources say of an item, beside the values themselves.
type Report struct {
	Claims  map[string]Claim // by attribute and [ClaimName]: who says so, instead of one source for all
	Sources []Sighting       // all who have reported the item, instead of those before
}

func (e Edit) source() string {
	if e.Source == "" {
		return SourceManual
	}
	return e.Source
}

// Update changes an item.
func (inv *Inventory) Update(ctx context.Context, actor workflow.Actor, id workflow.ID, e Edit) (*CI, error) {
	return inv.do(ctx, actor, "update", id, func(tx *workflow.Tx) (*CI, error) { return inv.UpdateIn(tx, id, e) })
}

// Relate adds a relation between two items; one that is there already stays.
func (inv *Inventory) Relate(ctx context.Context, actor workflow.Actor, from workflow.ID, relation string, to workflow.ID) (*CI, error) {
	return inv.Update(ctx, actor, from, Edit{Relate: []Relation{{relation, to}}})
}

// Unrelate takes a relation away.
func (inv *Inventory) Unrelate(ctx context.Context, actor workflow.Actor, from workflow.ID, relation string, to workflow.ID) (*CI, error) {
	return inv.Update(ctx, actor, from, Edit{Unrelate: []Relation{{relation, to}}})
}

// UpdateIn changes an item as part of a command of the host's.
func (inv *Inventory) UpdateIn(tx *workflow.Tx, id workflow.ID, e Edit) (*CI, error) {
	before, err := inv.kind.Get(tx, id)
	if err != nil {
		return nil, err
	}
	if err := tx.Authorize(workflow.Access{Ref: inv.kind.Ref(id), State: before.State, Roles: inv.cfg.EditRoles}); err != nil {
		return nil, err
	}
	if category := inv.Category(before); category.Final() || before.DuplicateOf != (workflow.ID{}) {
		return nil, fmt.Errorf("cmdb: %s is %s and does not change any more: %w", before.called(), before.State, workflow.ErrTransition)
	}
	ci := before.clone()
	if e.Class != "" {
		ci.Class = e.Class
	}
	c, err := inv.cfg.Model.concrete(ci.Class)
	if err != nil {
		return nil, err
	}
	if e.Name != "" {
		ci.Title = e.Name
	}
	if e.Details != nil {
		ci.Details = *e.Details
	}
	if err := inv.change(tx, c, before, ci, e); err != nil {
		return nil, err
	}
	if err := inv.checkReadOnly(before, ci); err != nil {
		return nil, err
	}
	if e.Class != "" && e.Class != before.Class {
		if err := inv.checkReclassified(tx, ci); err != nil {
			return nil, err
		}
	}
	return ci, inv.kind.Put(tx, ci, workflow.Entry{Note: e.Note})
}

// checkReadOnly refuses changes of what the state holds fixed.
func (inv *Inventory) checkReadOnly(before, ci *CI) error {
	m, err := inv.machine(before)
	if err != nil {
		return err
	}
	var p workflow.Problems
	for _, f := range m.ReadOnly(before.State) {
		same := true
		switch f {
		case "name":
			same = before.Title == ci.Title
		case "details":
			same = before.Details == ci.Details
		case "relations":
			same = slices.Equal(before.Relations, ci.Relations)
		default:
			name := f[min(len("field."), len(f)):]
			same = before.Fields[name] == ci.Fields[name]
		}
		if !same {
			p.Addf("%s is read-only while the item is %s", f, before.State)
		}
	}
	return p.Err("cmdb: " + before.called())
}

// checkReclassified makes sure that the relations an item has, from both sides, are
// ones that its new class can have.
func (inv *Inventory) checkReclassified(tx *workflow.Tx, ci *CI) error {
	var p workflow.Problems
	for _, r := range ci.Relations {
		if t := inv.cfg.Model.relations[r.Type]; !inv.cfg.Model.isAny(ci.Class, t.From) {
			p.Addf("a %s does not begin a relation %s, only one of %q", ci.Class, r.Type, t.From)
		}
	}
	for other, err := range inv.relatedIn(tx, ci.ID) {
		if err == nil {
			other, err = inv.kind.Get(tx, other.ID) // so that the commit proves it
		}
		if err != nil {
			return err
		}
		for _, r := range other.Relations {
			if t := inv.cfg.Model.relations[r.Type]; r.To == ci.ID && !inv.cfg.Model.isAny(ci.Class, t.To) {
				p.Addf("%s %s it, which ends at one of %q", other.called(), r.Type, t.To)
			}
		}
	}
	for other, err := range inv.referringIn(tx, ci.ID) {
		if err != nil {
			return err
		}
		for _, a := range inv.cfg.Model.references(other.Class) {
			if other.Fields[a.Name] == inv.kind.Ref(ci.ID).String() && !inv.cfg.Model.isAny(ci.Class, a.Classes) {
				p.Addf("%s refers to it as its %s, which is one of %q", other.called(), a.Name, a.Classes)
			}
		}
	}
	return p.Err("cmdb: " + ci.called() + " as a " + ci.Class)
}

// relate takes relations away and adds others, and checks those.
func (inv *Inventory) relate(tx *workflow.Tx, ci *CI, e Edit) error {
	var p workflow.Problems
	for _, r := range e.Unrelate {
		i, there := slices.BinarySearchFunc(ci.Relations, r, compareRelations)
		if !there {
			p.Addf("there is no relation %v", r)
			continue
		}
		ci.Relations = slices.Delete(ci.Relations, i, i+1)
	}
	for _, r := range e.Relate {
		i, there := slices.BinarySearchFunc(ci.Relations, r, compareRelations)
		if there {
			continue
		}
		if err := inv.checkRelation(tx, ci, r); err != nil {
			p.Add(err)
			continue
		}
		ci.Relations = slices.Insert(ci.Relations, i, r)
	}
	if len(ci.Relations) > MaxRelations {
		p.Addf("%d relations begin at the item, at most %d may", len(ci.Relations), MaxRelations)
	}
	count := map[string]int{}
	for _, r := range ci.Relations {
		count[r.Type]++
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		most := inv.cfg.Model.relations[name].limit()
		if most > 0 && count[name] > most {
			p.Addf("%d relations %s, at most %d", count[name], name, most)
		}
	}
	return p.Err("relations")
}

// checkRelation makes sure that a relation may be.
func (inv *Inventory) checkRelation(tx *workflow.Tx, ci *CI, r Relation) error {
	t, known := inv.cfg.Model.relations[r.Type]
	if !known {
		return fmt.Errorf("there is no type of relation %.64q: %w", r.Type, workflow.ErrInvalid)
	}
	if r.To == ci.ID {
		return fmt.Errorf("relation %s: an item has none to itself: %w", r.Type, workflow.ErrInvalid)
	}
	to, err := inv.kind.Get(tx, r.To)
	if errors.Is(err, workflow.ErrNotFound) {
		return fmt.Errorf("relation %s: there is no item %v: %w", r.Type, r.To, workflow.ErrInvalid)
	}
	if err != nil {
		return err
	}
	var p workflow.Problems
	p.Add(inv.cfg.Model.Allows(r.Type, ci.Class, to.Class))
	if to.DuplicateOf != (workflow.ID{}) {
		p.Addf("%s is a duplicate of item %v", to.called(), to.DuplicateOf)
	}
	if t.Contains {
		// Of two at the same time that together would close a circle one has to see the
		// other.
		p.Add(inv.touch(tx, "inside\x00"+t.Name))
		p.Add(inv.checkInside(tx, ci, to, t))
	}
	return p.Err("relation " + r.Type)
}

// maxInside bounds how deep items are inside one another.
const maxInside = 100

// checkInside makes sure that an item does not come to lie inside of itself.
func (inv *Inventory) checkInside(tx *workflow.Tx, ci, to *CI, t RelationType) error {
	for range maxInside {
		up := to.Related(t.Name)
		if len(up) == 0 {
			return nil
		}
		if up[0] == ci.ID {
			return fmt.Errorf("%s is itself inside of the item: %w", to.called(), workflow.ErrInvalid)
		}
		var err error
		if to, err = inv.kind.Get(tx, up[0]); err != nil {
			return err
		}
	}
	return fmt.Errorf("more than %d items inside one another: %w", maxInside, workflow.ErrInvalid)
}

// checkContainers makes sure that an item does not lie inside of itself.
func (inv *Inventory) checkContainers(tx *workflow.Tx, ci *CI) error {
	for _, r := range ci.Relations {
		t := inv.cfg.Model.relations[r.Type]
		if !t.Contains {
			continue
		}
		up, err := inv.kind.Get(tx, r.To)
		if err == nil {
			err = inv.checkInside(tx, ci, up, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (inv *Inventory) checkNeed(name string, g graph.Gate) error {
	t, known := inv.cfg.Model.relations[name]
	switch {
	case !known:
		return fmt.Errorf("need: there is no type of relation %.64q: %w", name, workflow.ErrInvalid)
	case t.Soft || t.Depends == NoDependence:
		return fmt.Errorf("need: nothing is needed by a relation %s: %w", name, workflow.ErrInvalid)
	}
	return nil
}

// need sets how many of its relations an item needs.
func (ci *CI) need(needs map[string]graph.Gate) {
	for name, g := range needs {
		if g == 0 {
			delete(ci.Needs, name)
			continue
		}
		if ci.Needs == nil {
			ci.Needs = map[string]graph.Gate{}
		}
		ci.Needs[name] = g
	}
}
