package cmdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// Move takes an item through an action of its lifecycle: [ActionDeploy],
// [ActionRetire] and so on. The reason goes into the history; some actions need one.
func (inv *Inventory) Move(ctx context.Context, actor workflow.Actor, id workflow.ID, action, reason string) (*CI, error) {
	return inv.do(ctx, actor, action, func(tx *workflow.Tx) (*CI, error) { return inv.MoveIn(tx, id, action, reason) })
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
	if roles := m.RolesFor(ci.State, action); len(roles) > 0 {
		if err := tx.Authorize(workflow.Access{Ref: inv.kind.Ref(id), State: ci.State, Roles: roles}); err != nil {
			return nil, err
		}
	}
	facts := Facts{CI: ci, Actor: tx.Actor(), Reason: reason}
	if facts.Needed, err = inv.needed(tx, ci); err != nil {
		return nil, err
	}
	to, err := m.FireName(ci.State, action, workflow.AnyRole, facts)
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

// needed counts the items in service that depend on an item.
func (inv *Inventory) needed(tx *workflow.Tx, ci *CI) (int, error) {
	n := 0
	for other, err := range inv.RelatedTo(tx.Context(), ci.ID) {
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
			other, err := inv.kind.Load(tx.Context(), tx.Store(), r.To)
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

// RelatedTo yields the items that have a relation to an item.
func (inv *Inventory) RelatedTo(ctx context.Context, id workflow.ID) iter.Seq2[*CI, error] {
	return inv.Find(ctx, workflow.Query{Where: []workflow.Condition{workflow.Is(IndexTo, workflow.IDKey(id))}})
}
