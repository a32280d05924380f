package cmdb_test

import (
	"context"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

var (
	ctx    = context.Background()
	editor = workflow.User("eva", cmdb.RoleEditor)
	boss   = workflow.User("max", cmdb.RoleManager)
	caller = workflow.User("carl")
)

// world is an inventory with a clock of its own.
type world struct {
	*cmdb.Inventory
	t   *testing.T
	now time.Time
}

func newWorld(t *testing.T, cfg cmdb.Config) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return w.now }, IDs: workflow.SeededIDs(7)})
	inv, err := cmdb.NewInventory(desk, cfg)
	require.NoError(t, err)
	w.Inventory = inv
	return w
}

// add enters an item in use.
func (w *world) add(class, name string, relations ...cmdb.Relation) *cmdb.CI {
	w.t.Helper()
	d := cmdb.Draft{Class: class, Name: name, State: cmdb.StateInUse, Relations: relations}
	switch class {
	case cmdb.ClassService:
		d.Attributes = map[string]any{"criticality": "most_critical"}
	}
	ci, err := w.Create(ctx, editor, d)
	require.NoError(w.t, err)
	return ci
}

func (w *world) topology() *cmdb.Topology {
	w.t.Helper()
	m := w.NewMap()
	require.NoError(w.t, m.Refresh(ctx))
	return m.Topology()
}

func to(relation string, ci *cmdb.CI) cmdb.Relation { return cmdb.Relation{Type: relation, To: ci.ID} }

func names[T interface{ cmdb.Item | cmdb.Affected }](list []T) []string {
	out := []string{}
	for _, x := range list {
		switch x := any(x).(type) {
		case cmdb.Item:
			out = append(out, x.Name)
		case cmdb.Affected:
			out = append(out, x.Name+" "+x.State.String())
		}
	}
	return out
}
