package cmdb_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// exampleInventory is an inventory at a fixed time, with a web farm of two servers.
func exampleInventory() (inv *cmdb.Inventory, items map[string]*cmdb.CI) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: func() time.Time { return now }, IDs: workflow.SeededIDs(1)})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	if err != nil {
		panic(err)
	}
	items = map[string]*cmdb.CI{}
	add := func(class, name string, attributes map[string]any, relations ...cmdb.Relation) *cmdb.CI {
		ci, err := inv.Create(context.Background(), workflow.User("eva", cmdb.RoleEditor), cmdb.Draft{
			Class: class, Name: name, State: cmdb.StateInUse, Attributes: attributes, Relations: relations})
		if err != nil {
			panic(err)
		}
		items[name] = ci
		return ci
	}
	farm := add(cmdb.ClassCluster, "web farm", nil)
	add(cmdb.ClassServer, "web-1", map[string]any{"availability": 0.99}, cmdb.Relation{Type: cmdb.MemberOf, To: farm.ID})
	add(cmdb.ClassServer, "web-2", map[string]any{"availability": 0.99}, cmdb.Relation{Type: cmdb.MemberOf, To: farm.ID})
	disk := add(cmdb.ClassStorage, "disk", map[string]any{"availability": 0.999})
	shop := add(cmdb.ClassApplication, "shop app", nil, cmdb.Relation{Type: cmdb.RunsOn, To: farm.ID}, cmdb.Relation{Type: cmdb.DependsOn, To: disk.ID})
	add(cmdb.ClassService, "shop", map[string]any{"criticality": cmdb.MostCritical}, cmdb.Relation{Type: cmdb.DependsOn, To: shop.ID})
	return inv, items
}

// What stops working when something fails, and why.
func ExampleTopology_Impact() {
	inv, items := exampleInventory()
	m := inv.NewMap()
	if err := m.Refresh(context.Background()); err != nil {
		panic(err)
	}
	impact, err := m.Topology().Impact(cmdb.Query{Down: []workflow.ID{items["web-1"].ID, items["web-2"].ID}})
	if err != nil {
		panic(err)
	}
	for _, a := range impact.Affected() {
		fmt.Println(a.Name, "is", a.State)
	}
	for _, step := range impact.Explain(items["shop"].ID) {
		fmt.Println(" ", step)
	}
	// Output:
	// shop is down
	// shop app is down
	// web farm is down
	// web-1 is down
	// web-2 is down
	//   web-1 is down: the cause
	//   web farm is down: 0 of 2 member_of work, it needs 1
	//   shop app is down: 1 of 2 work, it needs 2
	//   shop is down: 0 of 1 work, it needs 1
}

// What alone takes a service down, and how often it works.
func ExampleTopology_SinglePoints() {
	inv, items := exampleInventory()
	m := inv.NewMap()
	if err := m.Refresh(context.Background()); err != nil {
		panic(err)
	}
	points, _ := m.Topology().SinglePoints(items["shop"].ID)
	for _, p := range points {
		fmt.Println(p.Name)
	}
	share, _ := m.Topology().Availability(items["shop"].ID)
	fmt.Printf("%.4f %%\n", 100*share)
	// Output:
	// disk
	// shop app
	// web farm
	// 99.8900 %
}

// A new class, with its own attributes.
func ExampleNewModel() {
	scanner := cmdb.Class{Name: "mri_scanner", Label: "MRI Scanner", Parent: cmdb.ClassHardware, Attributes: []cmdb.Attribute{
		{Field: workflow.Field{Name: "field_tesla", Type: workflow.FieldNumber, Required: true}},
	}}
	model, err := cmdb.NewModel(append(cmdb.StarterClasses(), scanner), cmdb.StarterRelations())
	if err != nil {
		panic(err)
	}
	_, err = model.Check("mri_scanner", map[string]any{"serial_number": "4711"})
	fmt.Println(err)
	// Output:
	// attributes: invalid: workflow: custom fields: invalid: field field_tesla is required
}

// What a change is going to do to items is tried at once and done when the change is
// complete.
func ExampleInventory_Propose() {
	ctx, eva := context.Background(), workflow.User("eva", cmdb.RoleEditor)
	inv, items := exampleInventory()
	change := workflow.Ref{Kind: "change", ID: workflow.ID{1}}
	_, err := inv.Propose(ctx, eva, change, "Renew the disk", cmdb.Proposed{CI: items["disk"].ID, Edit: &cmdb.Edit{Set: map[string]any{"capacity_gb": 4000}}})
	if err != nil {
		panic(err)
	}
	before, _ := inv.Get(ctx, items["disk"].ID)
	_, err = inv.Apply(ctx, workflow.System("change"), change)
	after, _ := inv.Get(ctx, items["disk"].ID)
	fmt.Println(before.Fields["capacity_gb"], after.Fields["capacity_gb"], err)
	// Output:
	// <nil> 4000 <nil>
}

// What has changed since a baseline.
func ExampleInventory_TakeBaseline() {
	ctx, eva := context.Background(), workflow.User("eva", cmdb.RoleEditor)
	inv, items := exampleInventory()
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	baseline, err := inv.TakeBaseline(ctx, eva, "Release 1", cmdb.Selection{})
	if err != nil {
		panic(err)
	}
	_, err = inv.At(start.Add(time.Hour)).Update(ctx, eva, items["disk"].ID, cmdb.Edit{Name: "flash", Set: map[string]any{"model": "F900"}})
	if err != nil {
		panic(err)
	}
	changes, err := inv.Since(ctx, baseline, start.Add(2*time.Hour))
	if err != nil {
		panic(err)
	}
	for _, d := range changes {
		for _, f := range d.Fields {
			fmt.Println(d.Number, f.Field, f.Old, "→", f.New)
		}
	}
	// Output:
	// CI0000004 field.model <nil> → F900
	// CI0000004 name disk → flash
}

// How well the configuration is known.
func ExampleInventory_Health() {
	inv, _ := exampleInventory()
	report, err := inv.Health(context.Background(), time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC))
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d of %d items are sound\n", report.Total.Sound, report.Total.Items)
	for _, f := range report.Findings {
		fmt.Println(f.Number, f.Name, f.Ailment, f.Detail)
	}
	// Output:
	// 2 of 6 items are sound
	// CI0000002 web-1 missing_recommended no serial_number
	// CI0000003 web-2 missing_recommended no serial_number
	// CI0000006 shop missing_recommended no owned_by
	// CI0000004 disk missing_recommended no serial_number
}
