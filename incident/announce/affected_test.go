package announce_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/incident/announce"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// office is a configuration: mail and the shop run on one cluster of two, and people
// consume them.
type office struct {
	*cmdb.Inventory
	t   *testing.T
	ids map[string]workflow.ID
}

func newOffice(t *testing.T) *office {
	w := newWorld(t)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Clock: w.clock, IDs: workflow.SeededIDs(4)})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	require.NoError(t, err)
	o := &office{inv, t, map[string]workflow.ID{}}
	o.add(cmdb.ClassServer, "srv-1")
	o.add(cmdb.ClassApplication, "postfix", cmdb.RunsOn, "srv-1")
	o.add(cmdb.ClassService, "mail", cmdb.DependsOn, "postfix")
	o.add(cmdb.ClassService, "shop", cmdb.Uses, "mail")
	o.add(cmdb.ClassService, "wiki")
	o.add(cmdb.ClassPerson, "carl", cmdb.Consumes, "mail", cmdb.Consumes, "shop")
	o.add(cmdb.ClassTeam, "sales", cmdb.Consumes, "mail")
	o.add(cmdb.ClassLocation, "Hamburg", cmdb.Consumes, "shop")
	return o
}

func (o *office) add(class, name string, relations ...string) {
	d := cmdb.Draft{Class: class, Name: name, State: cmdb.StateInUse, Attributes: map[string]any{}}
	if class == cmdb.ClassService {
		d.Attributes["criticality"] = cmdb.MostCritical
	}
	if class == cmdb.ClassPerson {
		d.Name, d.Attributes["user_id"] = "Mr "+name, name
	}
	for i := 0; i < len(relations); i += 2 {
		d.Relations = append(d.Relations, cmdb.Relation{Type: relations[i], To: o.ids[relations[i+1]]})
	}
	ci, err := o.Create(ctx, workflow.User("eva", cmdb.RoleEditor), d)
	require.NoError(o.t, err)
	o.ids[name] = ci.ID
}

func (o *office) impact(q cmdb.Query) *cmdb.Impact {
	m := o.NewMap()
	require.NoError(o.t, m.Refresh(ctx))
	im, err := m.Topology().Impact(q)
	require.NoError(o.t, err)
	return im
}

func TestTheHarmOfAFailureHasItsPath(t *testing.T) {
	o := newOffice(t)
	var texts []string
	for _, h := range announce.Affected(o.impact(cmdb.Query{Down: []workflow.ID{o.ids["srv-1"]}})) {
		texts = append(texts, h.String())
	}
	require.Equal(t, []string{
		"mail is down (srv-1 → postfix → mail)",
		"shop is degraded (srv-1 → postfix → mail → shop)",
		"postfix is down (srv-1 → postfix)",
		"srv-1 is down",
	}, texts, "services first, and no people")
	harms := announce.Affected(o.impact(cmdb.Query{Down: []workflow.ID{o.ids["srv-1"]}, Classes: []string{cmdb.ClassService}}))
	require.Len(t, harms, 2)
	require.Equal(t, graph.Degraded, harms[1].State)
	require.Empty(t, announce.Affected(o.impact(cmdb.Query{})))
}

func TestConsumersComeFromTheConfiguration(t *testing.T) {
	o := newOffice(t)
	snap, err := o.Snapshot(ctx, monday, cmdb.Selection{})
	require.NoError(t, err)
	c := announce.NewConsumption(snap)
	for name, want := range map[string][]announce.Party{
		"mail": {person("carl"), group("sales")},
		"shop": {person("carl"), {Kind: announce.Site, Name: "Hamburg"}},
		"wiki": nil,
	} {
		got, err := c.Consumers(ctx, o.ids[name])
		require.NoError(t, err)
		require.ElementsMatch(t, want, got, name)
	}
}

func TestWhoConsumesWhatFailsIsTold(t *testing.T) {
	o := newOffice(t)
	snap, err := o.Snapshot(ctx, monday, cmdb.Selection{})
	require.NoError(t, err)
	w := newWorld(t, func(c *announce.Config) { c.Consumers = announce.NewConsumption(snap) })
	w.report(announce.Report{Kind: announce.Outage, Severity: announce.High, Words: words("Down"), Harms: announce.Affected(o.impact(cmdb.Query{Down: []workflow.ID{o.ids["srv-1"]}}))})
	w.pass(0)
	for _, l := range w.letters {
		if l.person == "gus" {
			require.Equal(t, []string{"consumes as site Hamburg: shop is degraded (srv-1 → postfix → mail → shop)"}, l.why)
		}
	}
	require.Equal(t, []string{"carl reported", "dora reported", "gus reported"}, w.told())
}
