package reconcile_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/stretchr/testify/require"
)

var (
	ctx   = context.Background()
	robot = workflow.System("discovery")
	eva   = workflow.User("eva", cmdb.RoleEditor)
	noon  = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
)

// world is a reconciler with a clock of its own.
type world struct {
	*reconcile.Reconciler
	desk *workflow.Desk
	inv  *cmdb.Inventory
	t    testing.TB
	now  time.Time
}

func newWorld(t testing.TB, cfg reconcile.Config) *world {
	t.Helper()
	w := &world{t: t, now: noon}
	w.desk = workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return w.now }, IDs: workflow.SeededIDs(7)})
	var err error
	w.inv, err = cmdb.NewInventory(w.desk, cmdb.Config{})
	require.NoError(t, err)
	w.Reconciler, err = reconcile.New(w.desk, w.inv, cfg)
	require.NoError(t, err)
	return w
}

// starter is the shipped configuration with precedences to decide by.
func starter() reconcile.Config {
	cfg := reconcile.StarterConfig()
	cfg.Precedence = []reconcile.Precedence{
		{Class: cmdb.ClassItem, Sources: []reconcile.Ranked{{Source: "scan", FreshHours: 48}, {Source: "vcenter"}}},
		{Class: cmdb.ClassHardware, Attributes: []string{"asset_tag", "purchase_cost"}, Sources: []reconcile.Ranked{{Source: "assets"}}},
	}
	cfg.Sources = []reconcile.Source{{Name: "assets", Creates: []string{cmdb.ClassHardware}}}
	return cfg
}

// says is a payload about a server.
func says(source, key string, attributes map[string]any) reconcile.Payload {
	return reconcile.Payload{Source: source, Key: key, At: noon, Class: cmdb.ClassServer, Name: key, Attributes: attributes}
}

// take gives payloads one by one, and returns the last decision.
func (w *world) take(payloads ...reconcile.Payload) reconcile.Decision {
	w.t.Helper()
	var last reconcile.Decision
	for _, p := range payloads {
		ds, err := w.Ingest(ctx, robot, p)
		require.NoError(w.t, err)
		require.Len(w.t, ds, 1)
		require.NotEmpty(w.t, ds[0].Reasons, "every decision has its reason")
		last = ds[0]
	}
	return last
}

func (w *world) item(id workflow.ID) *cmdb.CI {
	w.t.Helper()
	ci, err := w.inv.Get(ctx, id)
	require.NoError(w.t, err)
	return ci
}

// items are those that are no duplicates.
func (w *world) items() []*cmdb.CI {
	w.t.Helper()
	var list []*cmdb.CI
	for ci, err := range w.inv.Find(ctx, workflow.Query{}) {
		require.NoError(w.t, err)
		if ci.DuplicateOf == (workflow.ID{}) {
			list = append(list, ci)
		}
	}
	return list
}

// content is the configuration without ids, numbers and history: what is known,
// whoever came first.
func (w *world) content() string {
	w.t.Helper()
	items := w.items()
	title := map[workflow.ID]string{}
	for _, ci := range items {
		var keys []string
		for _, s := range ci.Sources {
			keys = append(keys, s.Source+"/"+s.Key)
		}
		slices.Sort(keys)
		title[ci.ID] = strings.Join(keys, " ")
		if len(keys) == 0 {
			title[ci.ID] = "by hand " + ci.Title
		}
	}
	slices.SortFunc(items, func(a, b *cmdb.CI) int { return cmp.Compare(title[a.ID], title[b.ID]) })
	var b strings.Builder
	for _, ci := range items {
		var relations []string
		for _, r := range ci.Relations {
			relations = append(relations, r.Type+" "+title[r.To])
		}
		slices.Sort(relations)
		text, err := json.Marshal(map[string]any{"class": ci.Class, "name": ci.Title, "state": ci.State, "fields": ci.Fields,
			"claims": ci.Claims, "sources": ci.Sources, "seen": ci.SeenAt, "relations": relations})
		require.NoError(w.t, err)
		fmt.Fprintf(&b, "%s: %s\n", title[ci.ID], text)
	}
	var held []string
	for o, err := range w.Held(ctx) {
		require.NoError(w.t, err)
		held = append(held, fmt.Sprintf("held %s: %s\n", o.Origin(), o.Held))
	}
	slices.Sort(held)
	return b.String() + strings.Join(held, "")
}
