package cmdb

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Merge makes an item a duplicate of another, because they are one and the same: what
// had relations to it has them to the other, its own relations and needs go over, as
// do attributes that the other lacks, and it leaves service. Its history stays. The
// reason is needed.
//
// Where very many items have relations to the duplicate, most of them are led over in
// commands of their own before: if the merge itself then fails they stay there, and it
// can be given again.
func (inv *Inventory) Merge(ctx context.Context, actor workflow.Actor, main, duplicate workflow.ID, reason string) (*CI, error) {
	if reason != "" && main != duplicate {
		if err := inv.RedirectMost(ctx, actor, main, duplicate); err != nil {
			return nil, err
		}
	}
	return inv.do(ctx, actor, "merge", main, func(tx *workflow.Tx) (*CI, error) { return inv.MergeIn(tx, main, duplicate, reason) })
}

// MergeIn merges as part of a command of the host's, see [Inventory.Merge].
func (inv *Inventory) MergeIn(tx *workflow.Tx, main, duplicate workflow.ID, reason string) (*CI, error) {
	kept, dup, err := inv.pair(tx, main, duplicate)
	if err != nil {
		return nil, err
	}
	var p workflow.Problems
	switch {
	case main == duplicate:
		p.Addf("an item is no duplicate of itself")
	case kept.DuplicateOf != (workflow.ID{}):
		p.Addf("%s is a duplicate itself, of item %v", kept.called(), kept.DuplicateOf)
	case inv.cfg.Model.classes[kept.Class] == nil:
		p.Addf("the model has no class %s any more", kept.Class)
	case dup.DuplicateOf != (workflow.ID{}):
		p.Addf("%s is a duplicate of item %v already", dup.called(), dup.DuplicateOf)
	}
	if reason == "" {
		p.Addf("no reason is given")
	}
	if err := p.Err("cmdb: merging " + dup.called() + " into " + kept.called()); err != nil {
		return nil, err
	}
	if err := inv.redirect(tx, dup, kept); err != nil {
		return nil, fmt.Errorf("cmdb: merging %s into %s: %w", dup.called(), kept.called(), err)
	}
	kept, err = inv.kind.Get(tx, main) // the redirection may have changed it
	if err != nil {
		return nil, err
	}
	e := inv.takeOver(kept, dup, reason)
	if kept, err = inv.UpdateIn(tx, main, e); err != nil {
		return nil, err
	}
	if err := inv.checkContainers(tx, kept); err != nil {
		return nil, fmt.Errorf("cmdb: merging %s into %s: %w", dup.called(), kept.called(), err)
	}
	dup.DuplicateOf = main
	dup.Lent = &Loan{Attributes: slices.Sorted(maps.Keys(e.Set)), Relations: e.Relate}
	dup.Relations = nil
	return kept, inv.kind.Put(tx, dup, workflow.Entry{Type: "cmdb.merge", Note: reason})
}

func (inv *Inventory) pair(tx *workflow.Tx, main, duplicate workflow.ID) (kept, dup *CI, err error) {
	if kept, err = inv.kind.Get(tx, main); err != nil {
		return nil, nil, err
	}
	if err = tx.Authorize(workflow.Access{Ref: inv.kind.Ref(main), State: kept.State, Roles: inv.cfg.EditRoles}); err != nil {
		return nil, nil, err
	}
	if dup, err = inv.kind.Get(tx, duplicate); err != nil {
		return nil, nil, err
	}
	err = tx.Authorize(workflow.Access{Ref: inv.kind.Ref(duplicate), State: dup.State, Roles: inv.cfg.EditRoles})
	return kept, dup, err
}

// takeOver is the edit that brings to an item what its duplicate has and it has not.
func (inv *Inventory) takeOver(kept, dup *CI, reason string) Edit {
	c := inv.cfg.Model.classes[kept.Class]
	e := Edit{Set: map[string]any{}, Note: reason, Report: &Report{Claims: map[string]Claim{}, Sources: kept.Sources}}
	for name, v := range dup.Fields {
		if _, has := c.attribute(name); has && !filled(kept.Fields[name]) {
			e.Set[name] = v
			e.Report.Claims[name] = dup.Claims[name]
		}
	}
	count := map[string]int{}
	for _, r := range kept.Relations {
		count[r.Type]++
	}
	for _, r := range dup.Relations {
		limit := inv.cfg.Model.relations[r.Type].limit()
		if r.To == kept.ID || slices.Contains(kept.Relations, r) || limit > 0 && count[r.Type] >= limit ||
			!inv.cfg.Model.isAny(kept.Class, inv.cfg.Model.relations[r.Type].From) {
			continue
		}
		count[r.Type]++
		e.Relate = append(e.Relate, r)
	}
	for _, s := range dup.Sources {
		if !slices.ContainsFunc(e.Report.Sources, func(k Sighting) bool { return compareSightings(k, s) == 0 }) {
			e.Report.Sources = append(slices.Clone(e.Report.Sources), s)
		}
	}
	e.Needs = maps.Clone(dup.Needs)
	maps.DeleteFunc(e.Needs, func(name string, _ graph.Gate) bool { return kept.Needs[name] != 0 })
	return e
}

// redirectedAtOnce is how many items one command leads over.
const redirectedAtOnce = 500

// RedirectMost leads relations to one item over to another, in commands of their own,
// until few enough are left for [Inventory.MergeIn] to do the rest.
func (inv *Inventory) RedirectMost(ctx context.Context, actor workflow.Actor, main, duplicate workflow.ID) error {
	for {
		n := 0
		for _, err := range inv.RelatedTo(ctx, duplicate) {
			if err != nil {
				return err
			}
			if n++; n > redirectedAtOnce {
				break
			}
		}
		if n <= redirectedAtOnce {
			return nil
		}
		cmd := workflow.Command{Name: "cmdb.redirect", Actor: actor, At: inv.at}
		_, err := inv.desk.Do(ctx, cmd, func(tx *workflow.Tx) error {
			kept, dup, err := inv.pair(tx, main, duplicate)
			if err != nil {
				return err
			}
			return inv.redirectSome(tx, dup, kept, redirectedAtOnce)
		})
		if err != nil {
			return err
		}
	}
}

// redirect leads to one item what has relations to another.
func (inv *Inventory) redirect(tx *workflow.Tx, from, to *CI) error {
	if err := inv.redirectSome(tx, from, to, math.MaxInt); err != nil {
		return err
	}
	return inv.redirectReferences(tx, from, to)
}

func (inv *Inventory) redirectSome(tx *workflow.Tx, from, to *CI, most int) error {
	n := 0
	for ci, err := range inv.relatedIn(tx, from.ID) {
		if err != nil {
			return err
		}
		if n++; n > most {
			break
		}
		if ci, err = inv.kind.Get(tx, ci.ID); err != nil { // so that the commit proves it
			return err
		}
		for i, r := range ci.Relations {
			if r.To != from.ID {
				continue
			}
			if ci.ID != to.ID {
				if err := inv.cfg.Model.Allows(r.Type, ci.Class, to.Class); err != nil {
					return fmt.Errorf("%s: %w", ci.called(), err)
				}
			}
			ci.Relations[i].To = to.ID
		}
		ci.Relations = slices.DeleteFunc(ci.Relations, func(r Relation) bool { return r.To == ci.ID })
		slices.SortFunc(ci.Relations, compareRelations)
		ci.Relations = slices.Compact(ci.Relations)
		if err := inv.kind.Put(tx, ci, workflow.Entry{}); err != nil {
			return err
		}
	}
	return nil
}

// redirectReferences leads attributes that are indexed from one item to another.
func (inv *Inventory) redirectReferences(tx *workflow.Tx, from, to *CI) error {
	for ci, err := range inv.referringIn(tx, from.ID) {
		if err != nil {
			return err
		}
		if ci, err = inv.kind.Get(tx, ci.ID); err != nil {
			return err
		}
		for _, a := range inv.cfg.Model.references(ci.Class) {
			if ci.Fields[a.Name] != inv.kind.Ref(from.ID).String() {
				continue
			}
			if !inv.cfg.Model.isAny(to.Class, a.Classes) {
				return fmt.Errorf("%s refers to it as its %s, which is one of %q and no %s: %w", ci.called(), a.Name, a.Classes, to.Class, workflow.ErrInvalid)
			}
			ci.Fields[a.Name] = inv.kind.Ref(to.ID).String()
		}
		if err := inv.kind.Put(tx, ci, workflow.Entry{}); err != nil {
			return err
		}
	}
	return nil
}

// Loan is what an item got from one that was merged into it, and gives back when the
// merge is undone.
type Loan struct {
	Attributes []string   `json:"attributes,omitempty"`
	Relations  []Relation `json:"relations,omitempty"`
}

// giveBack takes from the main item what it had from a duplicate and has still.
func (inv *Inventory) giveBack(tx *workflow.Tx, dup *CI) error {
	main, err := inv.kind.Get(tx, dup.DuplicateOf)
	if err != nil || dup.Lent == nil {
		return err
	}
	for _, name := range dup.Lent.Attributes {
		if main.Fields[name] == dup.Fields[name] {
			delete(main.Fields, name)
			delete(main.Claims, name)
		}
	}
	main.Relations = slices.DeleteFunc(main.Relations, func(r Relation) bool { return slices.Contains(dup.Lent.Relations, r) })
	main.Sources = slices.DeleteFunc(main.Sources, func(s Sighting) bool {
		return slices.ContainsFunc(dup.Sources, func(d Sighting) bool { return compareSightings(s, d) == 0 })
	})
	return inv.kind.Put(tx, main, workflow.Entry{Type: "cmdb.unmerge"})
}

// Unmerge takes a merge back: the item is one of its own again, with the state and
// the relations it had, and the other one gives back what it had from it. What had
// relations to it and was led to the other one stays there, for nobody can tell which
// it was meant for. The reason is needed.
func (inv *Inventory) Unmerge(ctx context.Context, actor workflow.Actor, duplicate workflow.ID, reason string) (*CI, error) {
	return inv.do(ctx, actor, "unmerge", duplicate, func(tx *workflow.Tx) (*CI, error) { return inv.UnmergeIn(tx, duplicate, reason) })
}

// UnmergeIn takes a merge back as part of a command of the host's, see
// [Inventory.Unmerge].
func (inv *Inventory) UnmergeIn(tx *workflow.Tx, duplicate workflow.ID, reason string) (*CI, error) {
	ci, err := inv.kind.Get(tx, duplicate)
	if err != nil {
		return nil, err
	}
	if err := tx.Authorize(workflow.Access{Ref: inv.kind.Ref(duplicate), State: ci.State, Roles: inv.cfg.EditRoles}); err != nil {
		return nil, err
	}
	if ci.DuplicateOf == (workflow.ID{}) || reason == "" {
		return nil, fmt.Errorf("cmdb: %s: only a duplicate is taken back, and with a reason: %w", ci.called(), workflow.ErrInvalid)
	}
	had, err := inv.beforeMerge(tx, ci)
	if err != nil {
		return nil, err
	}
	if err := inv.giveBack(tx, ci); err != nil {
		return nil, err
	}
	ci.DuplicateOf, ci.Lent = workflow.ID{}, nil
	for _, r := range had {
		if err := inv.checkRelation(tx, ci, r); err == nil {
			ci.Relations = append(ci.Relations, r)
		}
	}
	if c := inv.cfg.Model.classes[ci.Class]; c != nil {
		if err := inv.claimUnique(tx, c, nil, ci); err != nil {
			return nil, err
		}
	}
	return ci, inv.kind.Put(tx, ci, workflow.Entry{Type: "cmdb.unmerge", Note: reason})
}

// beforeMerge returns the relations that an item had when it was merged.
func (inv *Inventory) beforeMerge(tx *workflow.Tx, ci *CI) ([]Relation, error) {
	var past []workflow.Event
	last := 0
	for e, err := range tx.Store().Events(tx.Context(), "", workflow.Filter{Record: inv.kind.Ref(ci.ID)}) {
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(e.Changes, func(c workflow.Change) bool { return c.Path == "/duplicate_of" && c.New != nil }) {
			last = len(past)
		}
		past = append(past, e)
	}
	if last == 0 {
		return nil, nil
	}
	then, err := inv.kind.Replay(past[:last])
	if err != nil {
		return nil, err
	}
	return then.Relations, nil
}
