package cmdb_test

import (
	"fmt"
	"testing"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// farm is 100 racks of 100 servers with an application each, and a service on all of
// a rack's applications.
func farm(b *testing.B) (inv *cmdb.Inventory, site, server workflow.ID) {
	b.Helper()
	inv, err := cmdb.NewInventory(workflow.NewDesk(memstore.New(), workflow.DeskConfig{IDs: workflow.SeededIDs(1)}), cmdb.Config{})
	if err != nil {
		b.Fatal(err)
	}
	add := func(class, name string, relations ...cmdb.Relation) workflow.ID {
		d := cmdb.Draft{Class: class, Name: name, State: cmdb.StateInUse, Relations: relations}
		if class == cmdb.ClassService {
			d.Attributes = map[string]any{"criticality": cmdb.LessCritical}
		}
		ci, err := inv.Create(ctx, editor, d)
		if err != nil {
			b.Fatal(err)
		}
		return ci.ID
	}
	site = add(cmdb.ClassLocation, "site")
	for r := range 100 {
		rack := add(cmdb.ClassLocation, fmt.Sprint("rack ", r), cmdb.Relation{Type: cmdb.ContainedIn, To: site})
		var apps []cmdb.Relation
		for s := range 100 {
			server = add(cmdb.ClassServer, fmt.Sprint("server ", r, ".", s), cmdb.Relation{Type: cmdb.LocatedAt, To: rack})
			app := add(cmdb.ClassApplication, fmt.Sprint("app ", r, ".", s), cmdb.Relation{Type: cmdb.RunsOn, To: server})
			apps = append(apps, cmdb.Relation{Type: cmdb.DependsOn, To: app})
		}
		add(cmdb.ClassService, fmt.Sprint("service ", r), apps...)
	}
	return inv, site, server
}

func BenchmarkMap(b *testing.B) {
	inv, site, server := farm(b)
	m := inv.NewMap()
	if err := m.Refresh(ctx); err != nil {
		b.Fatal(err)
	}
	b.Run("read 20,201 items anew", func(b *testing.B) {
		for b.Loop() {
			m = inv.NewMap()
			if err := m.Refresh(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	n := 0
	b.Run("refresh after one change", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			n++
			if _, err := inv.Update(ctx, editor, server, cmdb.Edit{Name: fmt.Sprint("renamed ", n)}); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if err := m.Refresh(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, id := range map[string]workflow.ID{"impact of the site": site, "impact of a server": server} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := m.Topology().Impact(cmdb.Query{Down: []workflow.ID{id}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
