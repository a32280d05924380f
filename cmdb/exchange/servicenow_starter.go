package exchange

import (
	"github.com/itsm-go/itsm/cmdb"
)

// StarterServiceNow returns the translation between ServiceNow as it is delivered and
// the starter model. The host changes it as its own ServiceNow was changed.
//
// The class of what is on no list is application, the plainest there is. A service
// without a criticality is not critical. What is retired, stolen or absent there is
// said to be gone: an item that was reported before is retired, and one that was not
// is held. With no Gone it would come in as retired, and later retirements
// would not be noticed.
func StarterServiceNow() ServiceNow {
	return ServiceNow{
		Source: "servicenow", Key: "sys_id",
		Classes: serviceNowClasses(), Fallback: cmdb.ClassApplication,
		Columns:  serviceNowColumns(),
		Defaults: []Default{{cmdb.ClassService, "criticality", cmdb.NotCritical}},
		InUse:    cmdb.StateInUse, Gone: []string{cmdb.StateRetired, cmdb.StateDisposed},
		Install: []Pair{
			{"1", cmdb.StateInUse}, {"Installed", cmdb.StateInUse},
			{"2", cmdb.StateOnOrder}, {"On Order", cmdb.StateOnOrder},
			{"3", cmdb.StateMaintenance}, {"In Maintenance", cmdb.StateMaintenance},
			{"4", cmdb.StatePlanned}, {"Pending Install", cmdb.StatePlanned},
			{"5", cmdb.StateMaintenance}, {"Pending Repair", cmdb.StateMaintenance},
			{"6", cmdb.StateInStock}, {"In Stock", cmdb.StateInStock},
			{"7", cmdb.StateRetired}, {"Retired", cmdb.StateRetired},
			{"8", cmdb.StateRetired}, {"Stolen", cmdb.StateRetired},
			{"100", cmdb.StateRetired}, {"Absent", cmdb.StateRetired},
			{"7", cmdb.StateDisposed}, {"7", cmdb.StateCancelled}, // ServiceNow has no word for these
		},
		Operational: []Pair{
			{"1", cmdb.StateInUse}, {"Operational", cmdb.StateInUse},
			{"2", cmdb.StateMaintenance}, {"Non-Operational", cmdb.StateMaintenance},
			{"3", cmdb.StateMaintenance}, {"Repair in Progress", cmdb.StateMaintenance},
			{"4", cmdb.StateInUse}, {"DR Standby", cmdb.StateInUse},
			{"5", cmdb.StateInStock}, {"Ready", cmdb.StateInStock},
			{"6", cmdb.StateRetired}, {"Retired", cmdb.StateRetired},
			{"6", cmdb.StateDisposed}, {"6", cmdb.StateCancelled},
		},
		Relations: serviceNowRelations(),
	}
}

func serviceNowClasses() []Pair {
	return []Pair{
		{"cmdb_ci_service", cmdb.ClassService}, {"Business Service", cmdb.ClassService}, {"cmdb_ci_service_*", cmdb.ClassService},
		{"cmdb_ci_service_auto", cmdb.ClassService}, {"Application Service", cmdb.ClassService},
		{"cmdb_ci_service_discovered", cmdb.ClassService}, {"Mapped Application Service", cmdb.ClassService},
		{"cmdb_ci_service_technical", cmdb.ClassService}, {"Technical Service", cmdb.ClassService},
		{"cmdb_ci_service_business", cmdb.ClassService},

		{"cmdb_ci_appl", cmdb.ClassApplication}, {"Application", cmdb.ClassApplication}, {"cmdb_ci_appl_*", cmdb.ClassApplication},
		{"cmdb_ci_app_server", cmdb.ClassApplication}, {"cmdb_ci_app_server_*", cmdb.ClassApplication},
		{"cmdb_ci_web_server", cmdb.ClassApplication}, {"cmdb_ci_business_app", cmdb.ClassApplication},
		{"Business Application", cmdb.ClassApplication}, {"cmdb_ci_web_service", cmdb.ClassApplication},
		{"cmdb_ci_database", cmdb.ClassDatabase}, {"cmdb_ci_db_instance", cmdb.ClassDatabase},
		{"cmdb_ci_db_mssql_instance", cmdb.ClassDatabase}, {"MSFT SQL Instance", cmdb.ClassDatabase},
		{"cmdb_ci_db_ora_instance", cmdb.ClassDatabase}, {"Oracle Instance", cmdb.ClassDatabase},
		{"cmdb_ci_db_mysql_instance", cmdb.ClassDatabase}, {"MySQL Instance", cmdb.ClassDatabase},
		{"cmdb_ci_db_postgresql_instance", cmdb.ClassDatabase}, {"PostgreSQL Instance", cmdb.ClassDatabase},
		{"cmdb_ci_db_*", cmdb.ClassDatabase},

		{"cmdb_ci_server", cmdb.ClassServer}, {"cmdb_ci_linux_server", cmdb.ClassServer}, {"cmdb_ci_win_server", cmdb.ClassServer},
		{"Windows Server", cmdb.ClassServer}, {"cmdb_ci_unix_server", cmdb.ClassServer}, {"cmdb_ci_aix_server", cmdb.ClassServer},
		{"cmdb_ci_solaris_server", cmdb.ClassServer}, {"cmdb_ci_hpux_server", cmdb.ClassServer}, {"cmdb_ci_esx_server", cmdb.ClassServer},
		{"cmdb_ci_hyper_v_server", cmdb.ClassServer}, {"cmdb_ci_mainframe", cmdb.ClassServer}, {"cmdb_ci_computer*", cmdb.ClassServer},
		{"cmdb_ci_vm_instance", cmdb.ClassVirtualMachine}, {"Virtual Machine Instance", cmdb.ClassVirtualMachine},
		{"cmdb_ci_vmware_instance", cmdb.ClassVirtualMachine}, {"VMware Virtual Machine Instance", cmdb.ClassVirtualMachine},
		{"cmdb_ci_vm", cmdb.ClassVirtualMachine}, {"cmdb_ci_hyper_v_instance", cmdb.ClassVirtualMachine},
		{"cmdb_ci_docker_container", cmdb.ClassContainer}, {"cmdb_ci_kubernetes_pod", cmdb.ClassContainer},
		{"cmdb_ci_cluster", cmdb.ClassCluster}, {"cmdb_ci_cluster_*", cmdb.ClassCluster}, {"cmdb_ci_vcenter_cluster", cmdb.ClassCluster},
		{"VMware vCenter Cluster", cmdb.ClassCluster}, {"cmdb_ci_kubernetes_cluster", cmdb.ClassCluster},
		{"cmdb_ci_win_cluster", cmdb.ClassCluster}, {"Windows Cluster", cmdb.ClassCluster},

		{"cmdb_ci_netgear", cmdb.ClassNetworkDevice}, {"Network Gear", cmdb.ClassNetworkDevice},
		{"cmdb_ci_ip_switch", cmdb.ClassNetworkDevice}, {"cmdb_ci_ip_router", cmdb.ClassNetworkDevice},
		{"cmdb_ci_ip_firewall", cmdb.ClassNetworkDevice}, {"cmdb_ci_wap_network", cmdb.ClassNetworkDevice},
		{"Wireless Access Point", cmdb.ClassNetworkDevice}, {"cmdb_ci_ip_*", cmdb.ClassNetworkDevice}, {"cmdb_ci_lb*", cmdb.ClassNetworkDevice},
		{"cmdb_ci_storage_server", cmdb.ClassStorage}, {"cmdb_ci_storage_device", cmdb.ClassStorage},
		{"cmdb_ci_msd", cmdb.ClassStorage}, {"Mass Storage Device", cmdb.ClassStorage},
		{"cmdb_ci_vcenter_datastore", cmdb.ClassStorage}, {"VMware vCenter Datastore", cmdb.ClassStorage}, {"cmdb_ci_storage_*", cmdb.ClassStorage},
		{"cmdb_ci_datacenter", cmdb.ClassLocation}, {"Data Center", cmdb.ClassLocation}, {"cmdb_ci_rack", cmdb.ClassLocation},
		{"cmdb_ci_zone", cmdb.ClassLocation}, {"cmdb_ci_availability_zone", cmdb.ClassLocation},
		// Behind all of those that begin alike: the offering is a service only by name.
		{"service_offering", cmdb.ClassOffering}, {"Service Offering", cmdb.ClassOffering},
	}
}

func serviceNowColumns() []Column {
	return []Column{
		{Name: "serial_number", Attribute: "serial_number"}, {Name: "asset_tag", Attribute: "asset_tag"},
		{Name: "ip_address", Attribute: "ip_address"}, {Name: "mac_address", Attribute: "mac_address"},
		{Name: "fqdn", Attribute: "hostname"}, {Name: "host_name", Attribute: "hostname"},
		{Name: "manufacturer", Attribute: "manufacturer"}, {Name: "model_id", Attribute: "model"}, {Name: "model_number", Attribute: "model"},
		{Name: "os", Attribute: "os"}, {Name: "os_version", Attribute: "os_version"},
		{Name: "cpu_count", Attribute: "cpus"}, {Name: "ram", Attribute: "memory_gb", Per: 1024},
		{Name: "disk_space", Attribute: "capacity_gb"},
		{Name: "firmware_version", Attribute: "firmware"}, {Name: "ports", Attribute: "ports"},
		{Name: "purchase_date", Attribute: "purchased_at"}, {Name: "warranty_expiration", Attribute: "warranty_until"},
		{Name: "support_group", Attribute: "support_group"},
		{Name: "version", Attribute: "version"}, {Name: "tcp_port", Attribute: "port"},
		{Name: "container_id", Attribute: "container_id"},
		{Name: "street", Attribute: "street"}, {Name: "city", Attribute: "city"}, {Name: "country", Attribute: "country"},
		{Name: "environment", Attribute: "environment", Values: environments()},
		{Name: "used_for", Attribute: "environment", Values: environments()},
		{Name: "busines_criticality", Attribute: "criticality", Values: []Pair{ // as ServiceNow spells it
			{"1 - most critical", cmdb.MostCritical}, {"2 - somewhat critical", cmdb.SomewhatCritical},
			{"3 - less critical", cmdb.LessCritical}, {"4 - not critical", cmdb.NotCritical},
		}},
	}
}

func environments() []Pair {
	return []Pair{{"Production", "production"}, {"Staging", "staging"}, {"Test", "test"}, {"QA", "test"}, {"Development", "development"}}
}

// serviceNowRelations has the first of each of ours as the one that is written.
// "Cluster of::Cluster" is not among them: some have the cluster as the parent, some
// the member.
func serviceNowRelations() []RelationPair {
	return []RelationPair{
		{Theirs: "Depends on::Used by", Ours: cmdb.DependsOn},
		{Theirs: "Powered by::Powers", Ours: cmdb.DependsOn},
		{Theirs: "Provided by::Provides", Ours: cmdb.DependsOn},
		{Theirs: "Impacts::Impacted by", Ours: cmdb.DependsOn, Turned: true},
		{Theirs: "Provides storage for::Stored on", Ours: cmdb.DependsOn, Turned: true},
		{Theirs: "Uses::Used by", Ours: cmdb.Uses},
		{Theirs: "Runs on::Runs", Ours: cmdb.RunsOn},
		{Theirs: "Hosted on::Hosts", Ours: cmdb.HostedOn},
		{Theirs: "Virtualized by::Virtualizes", Ours: cmdb.HostedOn},
		{Theirs: "Registered on::Has registered", Ours: cmdb.HostedOn},
		{Theirs: "Instantiates::Instantiated by", Ours: cmdb.HostedOn},
		{Theirs: "Contains::Contained by", Ours: cmdb.ContainedIn, Turned: true},
		{Theirs: "In Rack::Rack contains", Ours: cmdb.ContainedIn},
		{Theirs: "Located in::Houses", Ours: cmdb.LocatedAt},
		{Theirs: "Members::Member of", Ours: cmdb.MemberOf, Turned: true},
		{Theirs: "Connects to::Connected by", Ours: cmdb.ConnectsTo},
		{Theirs: "Connects::Connected by", Ours: cmdb.ConnectsTo},
		{Theirs: "Consumes::Consumed by", Ours: cmdb.Consumes},
		{Theirs: "Managed by::Manages", Ours: cmdb.ManagedBy},
		{Theirs: "Owned by::Owns", Ours: cmdb.OwnedBy},
	}
}
