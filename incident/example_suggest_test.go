package incident_test

import (
	"context"
	"fmt"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// An incident on a disk gets its impact from the services that live by it.
func ExampleFromConfiguration() {
	ctx := context.Background()
	eva, ann := workflow.User("eva", cmdb.RoleEditor), workflow.User("ann", incident.RoleAgent)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	if err != nil {
		panic(err)
	}
	disk, _ := inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassStorage, Name: "disk 7", State: cmdb.StateInUse})
	db, _ := inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassDatabase, Name: "orders", State: cmdb.StateInUse,
		Relations: []cmdb.Relation{{Type: cmdb.DependsOn, To: disk.ID}}})
	_, _ = inv.Create(ctx, eva, cmdb.Draft{Class: cmdb.ClassService, Name: "shop", State: cmdb.StateInUse,
		Attributes: map[string]any{"criticality": cmdb.MostCritical}, Relations: []cmdb.Relation{{Type: cmdb.DependsOn, To: db.ID}}})

	live := inv.NewMap()
	if err := live.Refresh(ctx); err != nil {
		panic(err)
	}
	assess, err := incident.FromConfiguration(live, incident.StarterImpactRules())
	if err != nil {
		panic(err)
	}
	incidents, err := incident.NewService(desk, incident.Config{Assess: assess})
	if err != nil {
		panic(err)
	}
	inc, err := incidents.Open(ctx, ann, incident.Report{Title: "A red light", Urgency: incident.High, CIs: []string{disk.Number}})
	if err != nil {
		panic(err)
	}
	fmt.Println(inc.Impact, inc.Priority)
	for _, s := range inc.Suggested.Services {
		fmt.Printf("%s is %s: %s\n", s.Name, s.State, s.Path)
	}
	// Output:
	// high P1
	// shop is down: disk 7 → orders → shop
}
