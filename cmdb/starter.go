package cmdb

import (
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Starter returns the model of the shipped classes and types of relation. A host
// that wants more declares it behind [StarterClasses] and [StarterRelations] and
// gives both to [NewModel].
func Starter() (*Model, error) { return NewModel(StarterClasses(), StarterRelations()) }

// The shipped classes.
const (
	ClassItem           = "item" // abstract: every other one inherits from it
	ClassService        = "service"
	ClassOffering       = "service_offering"
	ClassApplication    = "application"
	ClassDatabase       = "database"
	ClassHardware       = "hardware" // abstract: what one can touch
	ClassComputer       = "computer" // abstract: what runs an operating system
	ClassServer         = "server"
	ClassVirtualMachine = "virtual_machine"
	ClassContainer      = "container"
	ClassCluster        = "cluster"
	ClassNetworkDevice  = "network_device"
	ClassStorage        = "storage"
	ClassLocation       = "location"
	ClassContract       = "contract"
	ClassVendor         = "vendor"
	ClassPerson         = "person"
	ClassTeam           = "team"
)

// How much the business needs a service, after ServiceNow's four levels of business
// criticality.
const (
	MostCritical     = "most_critical"
	SomewhatCritical = "somewhat_critical"
	LessCritical     = "less_critical"
	NotCritical      = "not_critical"
)

// criticalities has the most critical first.
var criticalities = []string{MostCritical, SomewhatCritical, LessCritical, NotCritical}

func text(name string) Attribute {
	return Attribute{Field: workflow.Field{Name: name, Type: workflow.FieldString, Max: 500}}
}

func typed(name string, t workflow.FieldType) Attribute {
	return Attribute{Field: workflow.Field{Name: name, Type: t}}
}

func oneOf(name string, values ...string) Attribute {
	return Attribute{Field: workflow.Field{Name: name, Type: workflow.FieldEnum, Values: values}}
}

func refersTo(name string, classes ...string) Attribute {
	return Attribute{Field: workflow.Field{Name: name, Type: workflow.FieldReference}, Classes: classes}
}

func identifier(name string, f Format) Attribute {
	a := text(name)
	a.Format, a.Indexed = f, true
	return a
}

func recommended(a Attribute) Attribute { a.Recommended = true; return a }
func required(a Attribute) Attribute    { a.Required = true; return a }
func unique(a Attribute) Attribute      { a.Unique, a.Indexed = true, true; return a }
func indexed(a Attribute) Attribute     { a.Indexed = true; return a }

// StarterClasses returns the shipped classes, in the words of ServiceNow's CMDB
// where it has one.
func StarterClasses() []Class {
	decimal, instant, number := workflow.FieldDecimal, workflow.FieldTime, workflow.FieldNumber
	return []Class{
		{Name: ClassItem, Label: "Configuration Item", Abstract: true, Attributes: []Attribute{
			indexed(refersTo("owned_by", ClassPerson, ClassTeam)), indexed(refersTo("managed_by", ClassPerson, ClassTeam)),
			indexed(text("support_group")), oneOf("environment", "production", "staging", "test", "development"),
			typed("monthly_cost", decimal), text("currency"),
			typed("availability", number), // the share of time that it works by itself, 0 to 1
		}},

		{Name: ClassService, Label: "Service", Parent: ClassItem, Attributes: []Attribute{
			required(indexed(oneOf("criticality", criticalities...))), recommended(indexed(refersTo("owned_by", ClassPerson, ClassTeam))),
			indexed(oneOf("portfolio", "pipeline", "catalogue", "retired")), typed("users", number), text("business_value"),
		}},
		{Name: ClassOffering, Label: "Service Offering", Parent: ClassService, Attributes: []Attribute{
			required(indexed(refersTo("service", ClassService))), typed("price", decimal), oneOf("price_per", "month", "year", "user", "request"),
			text("agreement"), indexed(oneOf("criticality", criticalities...)),
		}},
		{Name: ClassApplication, Label: "Application", Parent: ClassItem, Attributes: []Attribute{
			text("version"), indexed(text("product")), typed("port", number), indexed(text("instance")),
		}},
		{Name: ClassDatabase, Label: "Database", Parent: ClassApplication, Attributes: []Attribute{typed("size_gb", number)}},

		{Name: ClassHardware, Label: "Hardware", Parent: ClassItem, Abstract: true, Attributes: []Attribute{
			recommended(identifier("serial_number", FormatSerial)), unique(text("asset_tag")), text("manufacturer"), text("model"),
			typed("purchased_at", instant), typed("purchase_cost", decimal), typed("warranty_until", instant),
			identifier("mac_address", FormatMAC), identifier("ip_address", FormatIP), identifier("hostname", FormatHostname),
			identifier("uuid", FormatUUID),
		}},
		{Name: ClassComputer, Label: "Computer", Parent: ClassHardware, Abstract: true, Attributes: []Attribute{
			text("os"), text("os_version"), typed("cpus", number), typed("memory_gb", number),
		}},
		{Name: ClassServer, Label: "Server", Parent: ClassComputer},
		{Name: ClassVirtualMachine, Label: "Virtual Machine", Parent: ClassComputer},
		{Name: ClassContainer, Label: "Container", Parent: ClassItem, StaleDays: 7, Attributes: []Attribute{
			identifier("container_id", ""), text("image"),
		}},
		{Name: ClassCluster, Label: "Cluster", Parent: ClassItem, Attributes: []Attribute{identifier("hostname", FormatHostname), text("product")}},
		{Name: ClassNetworkDevice, Label: "Network Device", Parent: ClassHardware, Attributes: []Attribute{text("firmware"), typed("ports", number)}},
		{Name: ClassStorage, Label: "Storage", Parent: ClassHardware, Attributes: []Attribute{typed("capacity_gb", number)}},

		{Name: ClassLocation, Label: "Location", Parent: ClassItem, StaleDays: 3650, Attributes: []Attribute{
			text("street"), text("city"), text("country"), text("time_zone"),
		}},
		{Name: ClassContract, Label: "Contract", Parent: ClassItem, StaleDays: 3650, Lone: true, Attributes: []Attribute{
			required(indexed(refersTo("vendor", ClassVendor))), identifier("reference", ""),
			required(typed("starts", instant)), indexed(typed("ends", instant)), oneOf("renewal", "none", "manual", "automatic"),
			typed("term_months", number), typed("notice_days", number), typed("cost", decimal),
			oneOf("cost_per", "month", "year", "term"), text("agreements"),
		}},
		{Name: ClassVendor, Label: "Vendor", Parent: ClassItem, StaleDays: 3650, Lone: true, Attributes: []Attribute{
			text("contact"), text("phone"), text("email"), text("customer_number"),
		}},
		{Name: ClassPerson, Label: "Person", Parent: ClassItem, StaleDays: 3650, Lone: true, Attributes: []Attribute{
			identifier("user_id", ""), text("email"), text("phone"),
		}},
		{Name: ClassTeam, Label: "Team", Parent: ClassItem, StaleDays: 3650, Lone: true, Attributes: []Attribute{text("email"), typed("members", number)}},
	}
}

// The shipped types of relation.
const (
	DependsOn   = "depends_on"
	Uses        = "uses" // works less well without it
	RunsOn      = "runs_on"
	HostedOn    = "hosted_on"
	ContainedIn = "contained_in"
	LocatedAt   = "located_at"
	MemberOf    = "member_of"
	ConnectsTo  = "connects_to"
	OfferingOf  = "offering_of"
	Consumes    = "consumes"
	Underpins   = "underpins"
	ManagedBy   = "managed_by"
	OwnedBy     = "owned_by"
)

// StarterRelations returns the shipped types of relation. A cluster needs one of its
// members unless it says otherwise; what runs on something needs all of it.
func StarterRelations() []RelationType {
	computers := []string{ClassComputer, ClassContainer, ClassCluster}
	people := []string{ClassPerson, ClassTeam, ClassVendor}
	return []RelationType{
		{Name: DependsOn, Inverse: "used_by", Depends: FromDependsOnTo},
		{Name: Uses, Inverse: "helps", Depends: FromDependsOnTo, Soft: true},
		{Name: RunsOn, Inverse: "runs", Depends: FromDependsOnTo, Hosts: true,
			From: []string{ClassApplication, ClassContainer, ClassVirtualMachine, ClassCluster}, To: computers},
		{Name: HostedOn, Inverse: "hosts", Depends: FromDependsOnTo, Hosts: true},
		{Name: ContainedIn, Inverse: "contains", Depends: FromDependsOnTo, Contains: true},
		{Name: LocatedAt, Inverse: "location_of", Depends: FromDependsOnTo, Most: 1, To: []string{ClassLocation}},
		{Name: MemberOf, Inverse: "has_member", Depends: ToDependsOnFrom, Need: graph.Need(1)},
		{Name: ConnectsTo, Inverse: "connected_by", Depends: FromDependsOnTo},
		{Name: OfferingOf, Inverse: "offered_as", Depends: FromDependsOnTo, Most: 1, From: []string{ClassOffering}, To: []string{ClassService}},
		{Name: Consumes, Inverse: "consumed_by", Depends: FromDependsOnTo, Soft: true, To: []string{ClassService}},
		{Name: Underpins, Inverse: "underpinned_by", Depends: NoDependence, From: []string{ClassContract}},
		{Name: ManagedBy, Inverse: "manages", Depends: NoDependence},
		{Name: OwnedBy, Inverse: "owns", Depends: NoDependence, To: people},
	}
}
