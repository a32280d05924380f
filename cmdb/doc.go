// Package cmdb knows the configuration: which items there are, what depends on what,
// what stops working when something fails, and how all of that has changed.
//
//	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
//	srv, err := inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassServer, Name: "db-01", State: cmdb.StateInUse})
//	db, err := inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassDatabase, Name: "orders",
//		Relations: []cmdb.Relation{{Type: cmdb.RunsOn, To: srv.ID}}})
//
// # The model
//
// A [Model] says which classes of items there are and how items can be related. A
// [Class] inherits the attributes of the one above it. A [RelationType] says which
// end depends on which, whether it does so softly, and how much redundancy there is.
// [Starter] is the model that is shipped; a host extends it:
//
//	model, err := cmdb.NewModel(
//		append(cmdb.StarterClasses(), cmdb.Class{Name: "mri_scanner", Parent: cmdb.ClassHardware}),
//		cmdb.StarterRelations())
//
// # Items
//
// A [CI] is a record like every other: it has a number, a lifecycle, a version and a
// history, and it changes through an [Inventory] alone. Services and their offerings,
// vendors and contracts are items too; [ContractOf] reads a contract's dates. The
// relations that begin at an item are part of its record, so they have its history.
//
// # What depends on what
//
// A [Map] follows the history and keeps a [Topology]: the items in service, as a
// graph that is read without locks while the next one is made.
//
//	m := inv.NewMap()
//	err = m.Refresh(ctx)
//	impact, err := m.Topology().Impact(cmdb.Query{Down: []workflow.ID{srv.ID}})
//	impact.Services()      // those that are down or degraded, the most critical first
//	impact.Explain(db.ID)  // db-01 → orders
//
// [Topology.SinglePoints] and [Topology.CutSets] find what alone, or together, takes
// an item down; [Topology.Causes] what could be behind symptoms;
// [Topology.Availability] how often it works; [Topology.WhatIf] tries things out. Package graph
// defines what down and degraded mean. [Inventory.TopologyAt] is the topology of the
// past.
//
// # Keeping it true
//
//   - [Inventory.TakeBaseline] and [Inventory.Since]: what has changed since.
//   - [Inventory.Propose] and [Inventory.Apply]: what a change is going to do to
//     items, done when it is complete, or told to clash with what happened since.
//   - [Inventory.Drift]: where items are not as they ought to be.
//   - [Inventory.Health]: completeness, orphans, stale and duplicate items, relations
//     that lead nowhere.
//   - Package reconcile brings the words of many sources together, package exchange
//     reads and writes files, and package draw makes pictures, see [Impact.Picture].
package cmdb
