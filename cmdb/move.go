package cmdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Move takes an item through an action of its lifecycle: [ActionDeploy],
// [ActionRetire] and so on. The reason goes into the history; some actions need one.
func (inv *Inventory) Move(ctx context.Context, actor workflow.Actor, id workflow.ID, action, reason string) (*CI, error) {
	return inv.do(ctx, actor, action, id, func(tx *workflow.Tx) (*CI, error) { return inv.MoveIn(tx, id, action, reason) })
}

// MoveIn takes an item through an action of its lifecycle as part of a command of
// the host's.
func (inv *Inventory) MoveIn(tx *workflow.Tx, id workflow.ID, action, reason string) (*CI, error) {
	ci, err := inv.kind.Get(tx, id)
	if err != nil {
		return nil, err
	}
	m, err := inv.machine(ci)
	if err != nil {
		return nil, err
	}
	admit := func(roles []string) error {
		return tx.Authorize(workflow.Access{Ref: inv.kind.Ref(id), State: ci.State, Roles: roles})
	}
	roles := m.RolesFor(ci.State, action)
	if len(roles) == 0 {
		roles = inv.cfg.EditRoles // what is possible instead is not for everybody to know
	}
	if err := admit(roles); err != nil {
		return nil, err
	}
	if ci.DuplicateOf != (workflow.ID{}) {
		return nil, fmt.Errorf("cmdb: %s is a duplicate and does not change any more: %w", ci.called(), workflow.ErrTransition)
	}
	facts, err := inv.facts(tx.Context(), ci, tx.Actor())
	if err != nil {
		return nil, err
	}
	facts.Reason = reason
	to, err := m.Admit(ci.State, action, facts, admit)
	if err != nil {
		var te *workflow.TransitionError
		if errors.As(err, &te) {
			te.Allowed = offered(m, ci.State, facts)
		}
		return nil, fmt.Errorf("cmdb: %s: %w", ci.called(), err)
	}
	ci.State = m.SettleName(to, facts)
	if missing := m.Missing(ci.State, facts); len(missing) > 0 {
		return nil, fmt.Errorf("cmdb: %s: state %s needs %s: %w", ci.called(), ci.State, strings.Join(missing, ", "), workflow.ErrInvalid)
	}
	return ci, inv.kind.Put(tx, ci, workflow.Entry{Type: "cmdb." + action, Note: reason})
}

func offered(m *workflow.Machine[Facts], state string, facts Facts) []string {
	var names []string
	for _, o := range m.Options(state, workflow.AnyRole, facts) {
		if !slices.Contains(names, o.Action) {
			names = append(names, o.Action)
		}
	}
	return names
}

// facts are what guards look at. How many need the item is counted only if a guard
// may ask, for that reads all of them.
func (inv *Inventory) facts(ctx context.Context, ci *CI, actor workflow.Actor) (Facts, error) {
	f := Facts{CI: ci, Actor: actor}
	if !inv.asksNeeded {
		return f, nil
	}
	n, err := inv.needed(ctx, ci)
	f.Needed = n
	return f, err
}

// needed counts the items in service that depend on an item.
func (inv *Inventory) needed(ctx context.Context, ci *CI) (int, error) {
	n := 0
	for other, err := range inv.RelatedTo(ctx, ci.ID) {
		if err != nil {
			return 0, err
		}
		if slices.ContainsFunc(other.Relations, func(r Relation) bool {
			t := inv.cfg.Model.relations[r.Type]
			return r.To == ci.ID && t.Depends == FromDependsOnTo && !t.Soft
		}) && inService(inv.Category(other)) {
			n++
		}
	}
	for _, r := range ci.Relations {
		if t := inv.cfg.Model.relations[r.Type]; t.Depends == ToDependsOnFrom && !t.Soft {
			other, err := inv.Get(ctx, r.To)
			if err != nil {
				return 0, err
			}
			if inService(inv.Category(other)) {
				n++
			}
		}
	}
	return n, nil
}

// ReferringTo yields the items that refer to an item by an attribute that is indexed,
// once each.
func (inv *Inventory) ReferringTo(ctx context.Context, id workflow.ID) iter.Seq2[*CI, error] {
	return inv.referring(id, func(c workflow.Condition) iter.Seq2[*CI, error] {
		return inv.Find(ctx, workflow.Query{Where: []workflow.Condition{c}})
	})
}

// referringIn is ReferringTo as it stands within a command.
func (inv *Inventory) referringIn(tx *workflow.Tx, id workflow.ID) iter.Seq2[*CI, error] {
	return inv.referring(id, func(c workflow.Condition) iter.Seq2[*CI, error] { return inv.kind.FindIn(tx, c) })
}

func (inv *Inventory) referring(id workflow.ID, find func(workflow.Condition) iter.Seq2[*CI, error]) iter.Seq2[*CI, error] {
	names := map[string]bool{}
	for class := range inv.cfg.Model.classes {
		for _, a := range inv.cfg.Model.references(class) {
			names[a.Name] = names[a.Name] || a.Indexed
		}
	}
	return func(yield func(*CI, error) bool) {
		seen := map[workflow.ID]bool{}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			if !names[name] {
				continue
			}
			for ci, err := range find(workflow.Is("field."+name, workflow.StringKey(inv.kind.Ref(id).String()))) {
				if err == nil && seen[ci.ID] {
					continue
				}
				if err == nil {
					seen[ci.ID] = true
				}
				if !yield(ci, err) || err != nil {
					return
				}
			}
		}
	}
}

// RelatedTo yields the items that have a relation to an item.
func (inv *Inventory) RelatedTo(ctx context.Context, id workflow.ID) iter.Seq2[*CI, error] {
	return inv.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(IndexTo, workflow.IDKey(id))}})
}

// relatedIn is RelatedTo as it stands within a command: what the command has written
// so far counts.
func (inv *Inventory) relatedIn(tx *workflow.Tx, id workflow.ID) iter.Seq2[*CI, error] {
	return inv.kind.FindIn(tx, workflow.Is(IndexTo, workflow.IDKey(id)))
}
