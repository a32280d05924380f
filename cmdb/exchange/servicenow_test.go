package exchange_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

func readServiceNow(t testing.TB, items, relations string) ([]reconcile.Payload, []string, []error) {
	t.Helper()
	return read(exchange.ReadServiceNow(starter(t), exchange.StarterServiceNow(), strings.NewReader(items), strings.NewReader(relations)))
}

// A relation in ServiceNow's words, and where ours begins and ends.
func TestWhichWayServiceNowRelationsLead(t *testing.T) {
	const parent, child = "parent", "child"
	for _, c := range []struct{ theirs, from, ours, to string }{
		{"Depends on::Used by", parent, cmdb.DependsOn, child}, // the parent fails with the child
		{"Used by::Depends on", child, cmdb.DependsOn, parent},
		{"Impacts::Impacted by", child, cmdb.DependsOn, parent},
		{"Powered by::Powers", parent, cmdb.DependsOn, child},
		{"Provided By::Provides", parent, cmdb.DependsOn, child},
		{"Provides storage for::Stored on", child, cmdb.DependsOn, parent}, // a datastore and its virtual machine
		{"Uses::Used by", parent, cmdb.Uses, child},
		{"Used by::Uses", child, cmdb.Uses, parent},
		{"Runs on::Runs", parent, cmdb.RunsOn, child},
		{"runs::runs on", child, cmdb.RunsOn, parent},
		{"Hosted on::Hosts", parent, cmdb.HostedOn, child},
		{"Virtualized by::Virtualizes", parent, cmdb.HostedOn, child},   // a guest and its hypervisor
		{"Registered on::Has registered", parent, cmdb.HostedOn, child}, // an instance and its hypervisor
		{"Instantiates::Instantiated by", parent, cmdb.HostedOn, child}, // a guest and its instance
		{"Contains::Contained by", child, cmdb.ContainedIn, parent},     // a rack and its server
		{"Contained by::Contains", parent, cmdb.ContainedIn, child},     // a server and its rack
		{"In Rack::Rack contains", parent, cmdb.ContainedIn, child},     // likewise
		{"Located in::Houses", parent, cmdb.LocatedAt, child},           // a server and its data centre
		{"Members::Member of", child, cmdb.MemberOf, parent},            // a cluster and its node
		{"Member of::Members", parent, cmdb.MemberOf, child},            // a node and its cluster
		{"Connects to::Connected by", parent, cmdb.ConnectsTo, child},
		{"Connected by::Connects", child, cmdb.ConnectsTo, parent},
		{"Consumes::Consumed by", parent, cmdb.Consumes, child},
		{"Managed by::Manages", parent, cmdb.ManagedBy, child},
		{"Manages::Managed by", child, cmdb.ManagedBy, parent},
		{"Owned by::Owns", parent, cmdb.OwnedBy, child},
		{"Owns::Owned by", child, cmdb.OwnedBy, parent},
	} {
		t.Run(c.theirs, func(t *testing.T) {
			got, notes, wrong := readServiceNow(t,
				"sys_id,sys_class_name,sys_updated_on\nparent,cmdb_ci_server,2026-03-02\nchild,cmdb_ci_server,2026-03-02\n",
				"parent,type,child\nparent,"+c.theirs+",child\n")
			require.Empty(t, wrong)
			require.Empty(t, notes)
			require.Len(t, got, 2)
			for _, p := range got {
				var want []reconcile.Link
				if p.Key == c.from {
					want = []reconcile.Link{{Type: c.ours, Key: c.to}}
				}
				require.Equal(t, want, p.Relations, p.Key)
			}
		})
	}
}

func TestServiceNowTablesAreReadAsOurClasses(t *testing.T) {
	for _, c := range []struct{ table, class, note string }{
		{"cmdb_ci_linux_server", cmdb.ClassServer, ""},
		{"Linux Server", cmdb.ClassServer, ""},
		{"Windows Server", cmdb.ClassServer, ""},
		{"cmdb_ci_service", cmdb.ClassService, ""},
		{"Business Service", cmdb.ClassService, ""},
		{"service_offering", cmdb.ClassOffering, ""},
		{"cmdb_ci_app_server", cmdb.ClassApplication, ""},
		{"cmdb_ci_app_server_tomcat", cmdb.ClassApplication, `sys_class_name "cmdb_ci_app_server_tomcat" is taken for class application`},
		{"cmdb_ci_db_mssql_instance", cmdb.ClassDatabase, ""},
		{"cmdb_ci_db_hana_instance", cmdb.ClassDatabase, `sys_class_name "cmdb_ci_db_hana_instance" is taken for class database`},
		{"cmdb_ci_vmware_instance", cmdb.ClassVirtualMachine, ""},
		{"cmdb_ci_docker_container", cmdb.ClassContainer, ""},
		{"VMware vCenter Cluster", cmdb.ClassCluster, ""},
		{"IP Switch", cmdb.ClassNetworkDevice, ""},
		{"cmdb_ci_lb_f5_ltm", cmdb.ClassNetworkDevice, `sys_class_name "cmdb_ci_lb_f5_ltm" is taken for class network_device`},
		{"cmdb_ci_storage_server", cmdb.ClassStorage, ""},
		{"Data Center", cmdb.ClassLocation, ""},
		{"u_cmdb_ci_coffee_machine", cmdb.ClassApplication, `sys_class_name "u_cmdb_ci_coffee_machine" is taken for class application`},
		{"", cmdb.ClassApplication, `sys_class_name "" is taken for class application`},
	} {
		got, notes, wrong := readServiceNow(t, "Sys ID,Class,Updated,busines_criticality\n1,"+c.table+",2026-03-02,\n", "parent,type,child\n")
		require.Empty(t, wrong, c.table)
		require.Equal(t, c.class, got[0].Class, c.table)
		if c.note != "" {
			require.Contains(t, notes, c.note)
		} else if c.class != cmdb.ClassService && c.class != cmdb.ClassOffering {
			require.Empty(t, notes, c.table)
		}
	}
}

func TestServiceNowStatusesAreReadAsStates(t *testing.T) {
	for _, c := range []struct {
		install, operational, state string
		gone                        bool
	}{
		{"1", "1", cmdb.StateInUse, false},
		{"Installed", "", cmdb.StateInUse, false},
		{"", "Operational", cmdb.StateInUse, false},
		{"1", "2", cmdb.StateMaintenance, false},
		{"Installed", "Repair in Progress", cmdb.StateMaintenance, false},
		{"1", "4", cmdb.StateInUse, false},
		{"1", "5", cmdb.StateInStock, false},
		{"1", "6", cmdb.StateRetired, true},
		{"2", "2", cmdb.StateOnOrder, false},
		{"3", "1", cmdb.StateMaintenance, false},
		{"4", "2", cmdb.StatePlanned, false},
		{"6", "1", cmdb.StateInStock, false},
		{"7", "1", cmdb.StateRetired, true},
		{"Stolen", "1", cmdb.StateRetired, true},
		{"100", "", cmdb.StateRetired, true},
		{"", "", "", false},
	} {
		got, notes, wrong := readServiceNow(t, "sys_id,sys_class_name,sys_updated_on,install_status,operational_status\n1,cmdb_ci_server,2026-03-02,"+
			c.install+","+c.operational+"\n", "parent,type,child\n")
		require.Empty(t, wrong)
		require.Empty(t, notes)
		require.Equal(t, c.state, got[0].State, "%s and %s", c.install, c.operational)
		require.Equal(t, c.gone, got[0].Gone, "%s and %s", c.install, c.operational)
	}
}

func TestServiceNowColumnsAreReadAsAttributes(t *testing.T) {
	got, notes, wrong := readServiceNow(t,
		`sys_id,sys_class_name,name,Serial number,ip_address,mac_address,fqdn,host_name,model_id,os,cpu_count,ram,warranty_expiration,used_for,sys_updated_on,short_description,u_extra
1,cmdb_ci_linux_server,db-01,PF0ABC12,10.1.0.7,00:1B:44:11:3A:B7,DB-01.example.com.,db-01,PowerEdge R750,Linux,16,65536,2027-01-01,QA,2026-03-02 12:00:00,the first,x
2,cmdb_ci_service,Shop,4711,,,,,,,,,,Disaster recovery,2026-03-02 12:00:00,,
`, "parent,type,child\n1,Cluster of::Cluster,2\n")
	require.Empty(t, wrong)
	require.Equal(t, []reconcile.Payload{
		{Source: "servicenow", Key: "1", At: noon, Class: cmdb.ClassServer, Name: "db-01", Attributes: map[string]any{
			"serial_number": "PF0ABC12", "ip_address": "10.1.0.7", "mac_address": "00:1b:44:11:3a:b7", "hostname": "db-01.example.com",
			"model": "PowerEdge R750", "os": "Linux", "cpus": 16.0, "memory_gb": 64.0, "warranty_until": "2027-01-01T00:00:00Z", "environment": "test"}},
		{Source: "servicenow", Key: "2", At: noon, Class: cmdb.ClassService, Name: "Shop", Attributes: map[string]any{"criticality": cmdb.NotCritical}},
	}, got)
	require.Equal(t, []string{
		`relation type "Cluster of::Cluster" is not known: left out`,
		"serial_number is left out: class service has no such attribute",
		`used_for "Disaster recovery" is not listed: left out`,
		`criticality of class service is not given: "not_critical" is taken`,
	}, notes)
}

func TestServiceNowLinesThatAreWrong(t *testing.T) {
	c := exchange.StarterServiceNow()
	c.Fallback = ""
	_, _, wrong := read(exchange.ReadServiceNow(starter(t), c, lines(
		"sys_id,sys_class_name,sys_updated_on,cpu_count",
		",cmdb_ci_coffee_machine,yesterday,",
		"1,cmdb_ci_server,,x",
		"1,cmdb_ci_server,2026-03-02,",
	), lines("parent,type,child", "9,Uses::Used by,1", "1,Contains::Contained by,9")))
	require.Len(t, wrong, 5)
	for i, want := range []string{
		"items line 2: invalid: column sys_id is empty\ncolumn sys_updated_on: \"yesterday\" is not a time",
		"items line 3: invalid: column sys_updated_on is empty\ncolumn cpu_count: \"x\" is not a number",
		`items line 4: invalid: item "1" is on line 3 already`,
		`relations line 2: invalid: it begins at item "9"`,
		`relations line 3: invalid: it begins at item "9"`,
	} {
		require.ErrorContains(t, wrong[i], want)
	}
	require.ErrorContains(t, wrong[0], `column sys_class_name: no class is listed for "cmdb_ci_coffee_machine"`)
}

func TestRelationsMayNameItemsInSeveralWays(t *testing.T) {
	c := exchange.StarterServiceNow()
	const items = "sys_id,name,sys_class_name,sys_updated_on\n1,Shop,cmdb_ci_appl,2026-03-02\n2,db-01,cmdb_ci_server,2026-03-02\n"
	got := reads(t, exchange.ReadServiceNow(starter(t), c, strings.NewReader(items),
		strings.NewReader("parent,parent.sys_id,type,child,child.sys_id\nShop,1,Runs on::Runs,db-01,2\n")))
	require.Equal(t, []reconcile.Link{{Type: cmdb.RunsOn, Key: "2"}}, got[0].Relations)

	c.Key = "name"
	got = reads(t, exchange.ReadServiceNow(starter(t), c, strings.NewReader(items), strings.NewReader("parent,type,child\nShop,Runs on::Runs,db-01\n")))
	require.Equal(t, []reconcile.Link{{Type: cmdb.RunsOn, Key: "db-01"}}, got[0].Relations)
}

func TestATranslationFitsItsModel(t *testing.T) {
	c := exchange.StarterServiceNow()
	c.Source = ""
	c.Classes = append(c.Classes, exchange.Pair{Theirs: "u_robot", Ours: "robot"}, exchange.Pair{Theirs: "cmdb_ci_hardware", Ours: cmdb.ClassHardware})
	c.Relations = append(c.Relations, exchange.RelationPair{Theirs: "Likes", Ours: "likes"})
	_, _, wrong := read(exchange.ReadServiceNow(starter(t), c, lines("name"), nil))
	require.Len(t, wrong, 1)
	require.ErrorIs(t, wrong[0], workflow.ErrInvalid)
	for _, want := range []string{`class "robot", which is unknown or abstract`, `class "hardware"`, `relation "likes", which is unknown`, `relation "Likes": want what`,
		`source ""`, `no column "sys_id"`, `no column "sys_class_name"`, `no column "sys_updated_on"`} {
		require.ErrorContains(t, wrong[0], want)
	}
}

func TestWhatServiceNowHoldsIsReadAgain(t *testing.T) {
	said := []reconcile.Payload{
		{Source: "servicenow", Key: "1", At: noon, Class: cmdb.ClassApplication, Name: "Shop", State: cmdb.StateInUse, Attributes: map[string]any{"version": "3", "port": 8443.0},
			Relations: []reconcile.Link{{Type: cmdb.RunsOn, Key: "2"}, {Type: cmdb.DependsOn, Key: "9"}}},
		{Source: "servicenow", Key: "2", At: noon.Add(time.Nanosecond), Class: cmdb.ClassServer, Name: "db-01", State: cmdb.StateMaintenance,
			Attributes: map[string]any{"memory_gb": 1.5, "environment": "test", "warranty_until": "2027-01-01T00:00:00Z"},
			Relations:  []reconcile.Link{{Type: cmdb.ContainedIn, Key: "3"}, {Type: cmdb.MemberOf, Key: "4"}}},
		{Source: "servicenow", Key: "3", At: noon, Class: cmdb.ClassLocation, Name: "rack"},
		{Source: "servicenow", Key: "4", At: noon, Class: cmdb.ClassCluster, Name: "cluster", State: cmdb.StateRetired, Gone: true},
		{Source: "servicenow", Key: "5", At: noon, Class: cmdb.ClassService, Name: "Shop", Attributes: map[string]any{"criticality": cmdb.MostCritical}},
	}
	items, relations, notes := writeServiceNow(t, said)
	require.Empty(t, notes)
	got, _, wrong := readServiceNow(t, items, relations)
	require.Empty(t, wrong)
	require.Equal(t, said, got)
	require.Contains(t, items, "2,cmdb_ci_server,db-01,3,2,2026-03-02T12:00:00.000000001Z")
	require.Contains(t, items, "1536,2027-01-01 00:00:00")
	require.Contains(t, relations, "3,Contains::Contained by,2\n4,Members::Member of,2\n")
}

func TestWhatServiceNowHasNoPlaceForIsTold(t *testing.T) {
	items, relations, notes := writeServiceNow(t, []reconcile.Payload{
		{Source: "a", Key: "1", At: noon, Class: cmdb.ClassServer, State: "asleep", Attributes: map[string]any{"uuid": "x", "environment": "moon"}, Relations: []reconcile.Link{
			{Type: cmdb.OwnedBy, Key: "2"}, {Type: "likes", Key: "1"}, {Type: cmdb.ConnectsTo, Source: "vcenter", Key: "3"}}},
		{Source: "a", Key: "2", At: noon, Class: cmdb.ClassPerson, Attributes: map[string]any{"email": "eva@example.com"},
			Relations: []reconcile.Link{{Type: cmdb.Uses, Key: "1"}}},
	})
	require.Equal(t, "sys_id,sys_class_name,name,install_status,operational_status,sys_updated_on,environment\n1,cmdb_ci_server,,,,2026-03-02 12:00:00,\n", items)
	require.Equal(t, "parent,type,child\n", relations)
	require.Equal(t, map[string]int{
		"there is no table for class person": 1, "there is no column for uuid": 1, "there is no status for state asleep": 1,
		`environment has no word for "moon"`: 1, "relation owned_by leads to an item that is left out": 1,
		"there is no type for relation likes": 1, "a relation to an item of vcenter has no place": 1,
	}, notes)
}

func writeServiceNow(t testing.TB, payloads []reconcile.Payload) (items, relations string, notes map[string]int) {
	t.Helper()
	var i, r bytes.Buffer
	notes, err := exchange.WriteServiceNow(starter(t), exchange.StarterServiceNow(), &i, &r, payloads, exchange.Style{})
	require.NoError(t, err)
	return i.String(), r.String(), notes
}

func TestServiceNowFilesThatAreBuiltWrongAreNotRead(t *testing.T) {
	const items = "sys_id,sys_class_name,sys_updated_on\n1,cmdb_ci_server,2026-03-02\n"
	for want, files := range map[string][2]string{
		"items: there is no header":        {"", "parent,type,child"},
		"relations: there is no header":    {items, ""},
		`no column "parent.sys_id"`:        {items, "child,type"},
		`no column "sys_updated_on"`:       {"sys_id,sys_class_name", "parent,type,child"},
		`relations: parse error on line 2`: {items, "parent,type,child\na\"b,c,d"},
		`items: parse error on line 2`:     {"sys_id,sys_class_name,sys_updated_on\n\"1,cmdb_ci_server", "parent,type,child"},
	} {
		got, _, wrong := readServiceNow(t, files[0], files[1])
		require.Empty(t, got, want)
		require.Len(t, wrong, 1, want)
		require.ErrorIs(t, wrong[0], workflow.ErrInvalid)
		require.ErrorContains(t, wrong[0], want)
	}
}

func TestStatusesThatAreNotListedAreLeftOut(t *testing.T) {
	got, notes, wrong := readServiceNow(t, "sys_id,sys_class_name,sys_updated_on,install_status,operational_status\n1,cmdb_ci_server,2026-03-02,99,Dancing\n", "parent,type,child\n")
	require.Empty(t, wrong)
	require.Empty(t, got[0].State)
	require.Equal(t, []string{`install_status "99" is not listed: left out`, `operational_status "Dancing" is not listed: left out`}, notes)
}

func TestADefaultHasToFitItsAttribute(t *testing.T) {
	c := exchange.StarterServiceNow()
	c.Defaults = []exchange.Default{{Class: cmdb.ClassService, Attribute: "criticality", Value: "vital"}}
	_, _, wrong := read(exchange.ReadServiceNow(starter(t), c, lines("sys_id,sys_class_name,sys_updated_on", "1,cmdb_ci_service,2026-03-02"), nil))
	require.Len(t, wrong, 1)
	require.ErrorContains(t, wrong[0], `items line 2: invalid: the default of criticality: "vital" is not one of most_critical`)
}
