package reconcile_test

import (
	"context"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// Two sources know one machine, and agree by its serial number.
func ExampleReconciler_Ingest() {
	ctx := context.Background()
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	if err != nil {
		panic(err)
	}
	r, err := reconcile.New(desk, inv, reconcile.StarterConfig())
	if err != nil {
		panic(err)
	}
	seen := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	decisions, err := r.Ingest(ctx, workflow.System("discovery"),
		reconcile.Payload{Source: "scan", Key: "host-17", At: seen, Class: cmdb.ClassServer, Name: "db-01",
			Attributes: map[string]any{"serial_number": "PF0ABC12", "os": "Linux"}},
		reconcile.Payload{Source: "assets", Key: "A-204", At: seen, Class: cmdb.ClassServer,
			Attributes: map[string]any{"serial_number": "pf0abc12", "asset_tag": "204"}})
	if err != nil {
		panic(err)
	}
	ci, err := inv.Get(ctx, decisions[0].CI)
	if err != nil {
		panic(err)
	}
	fmt.Println(decisions[0].CI == decisions[1].CI, ci.Title, ci.Fields["os"], "by", ci.Claims["os"].Source, ci.Fields["asset_tag"], "by", ci.Claims["asset_tag"].Source)
	// Output:
	// true db-01 Linux by scan 204 by assets
}

// What would happen, and why, without it happening.
func ExampleReconciler_Preview() {
	ctx := context.Background()
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	if err != nil {
		panic(err)
	}
	r, err := reconcile.New(desk, inv, reconcile.Config{Rules: []reconcile.Rule{
		{Class: cmdb.ClassHardware, Identifiers: []reconcile.Identifier{{Attributes: []string{"serial_number"}}}},
	}})
	if err != nil {
		panic(err)
	}
	decisions, err := r.Preview(ctx, workflow.System("discovery"), reconcile.Payload{
		Source: "scan", Key: "host-17", At: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), Class: cmdb.ClassServer, Name: "db-01",
		Attributes: map[string]any{"serial_number": "To be filled by O.E.M."}})
	if err != nil {
		panic(err)
	}
	fmt.Println(decisions[0].Outcome)
	for _, why := range decisions[0].Reasons {
		fmt.Println("-", why)
	}
	// Output:
	// created
	// - serial_number "To be filled by O.E.M." is dropped: a placeholder
	// - not recognised by serial_number: no serial_number
	// - nothing that is known matches
}
