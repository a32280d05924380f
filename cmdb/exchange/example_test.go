package exchange_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// An asset list comes in; one of its lines is wrong, and does not hold the others up.
func ExampleImport() {
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	inv, err := cmdb.NewInventory(desk, cmdb.Config{})
	if err != nil {
		panic(err)
	}
	reconciler, err := reconcile.New(desk, inv, reconcile.StarterConfig())
	if err != nil {
		panic(err)
	}
	items := strings.NewReader(`Asset;Kind;Label;serial_number;cpus;Room
A-17;server;db-01;PF0ABC12;16;1.04
A-18;server;db-02;PF0ABC13;many;1.04
A-19;database;Orders;;;
`)
	relations := strings.NewReader("from;to;type\nA-17;A-19;runs\n")
	mapping := exchange.Mapping{Source: "assets", Key: "Asset", Class: "Kind", Name: "Label", Ignore: []string{"Room"}, Comma: ';',
		SeenAt: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	rows := exchange.ReadCSV(inv.Model(), mapping, items, relations)
	report, err := exchange.Import(context.Background(), reconciler, workflow.System("import"), rows, exchange.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Outcomes)
	fmt.Println(report.Problems[0].Text)
	// Output:
	// map[created:2]
	// cmdb: items line 3: invalid: column cpus: "many" is not a number such as 2.5
}

// A file is read by the names of its columns; a relation comes with the item that it
// begins at, here turned round.
func ExampleReadCSV() {
	model, err := cmdb.Starter()
	if err != nil {
		panic(err)
	}
	items := strings.NewReader("key,class,name,at,ip_address\nsw-1,network_device,Core switch,2026-03-02,10.0.0.1\nr-1,location,Rack 7,2026-03-02,\n")
	relations := strings.NewReader("from,to,type\nr-1,sw-1,contains\n")
	for row, err := range exchange.ReadCSV(model, exchange.Mapping{Source: "cabling"}, items, relations) {
		if err != nil {
			panic(err)
		}
		fmt.Println(row.Line, row.Payload.Name, row.Payload.Attributes, row.Payload.Relations)
	}
	// Output:
	// 2 Core switch map[ip_address:10.0.0.1] [{contained_in  r-1}]
	// 3 Rack 7 map[] []
}

func ExampleReadJSONL() {
	lines := strings.NewReader(`{"source":"scan","key":"host-17","at":"2026-03-02T12:00:00Z","class":"server","name":"db-01","attributes":{"cpus":16}}
{"source":"scan","key":"host-18","at":"2026-03-02T12:00:00Z","class":"server","colour":"grey"}
`)
	for row, err := range exchange.ReadJSONL(lines) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(row.Line, row.Payload.Key, row.Payload.Attributes["cpus"])
	}
	// Output:
	// 1 host-17 16
	// cmdb: payloads line 2: invalid: payload: json: unknown field "colour": invalid
}

// In ServiceNow a rack contains its server, and a host adds a class of its own.
func ExampleReadServiceNow() {
	model, err := cmdb.Starter()
	if err != nil {
		panic(err)
	}
	c := exchange.StarterServiceNow()
	c.Classes = append(c.Classes, exchange.Pair{Theirs: "u_sensor", Ours: cmdb.ClassNetworkDevice})
	items := strings.NewReader(`sys_id,sys_class_name,name,install_status,operational_status,ram,sys_updated_on
a1,Linux Server,db-01,1,1,65536,2026-03-02 12:00:00
a2,cmdb_ci_rack,Rack 7,1,1,,2026-03-02 12:00:00
a3,u_sensor,Smoke,6,2,,2026-03-02 12:00:00
a4,u_kiosk,Hall,1,3,,2026-03-02 12:00:00
`)
	relations := strings.NewReader("parent,type,child\na2,Contains::Contained by,a1\na1,Connects to::Connected by,a3\n")
	for row, err := range exchange.ReadServiceNow(model, c, items, relations) {
		if err != nil {
			panic(err)
		}
		p := row.Payload
		fmt.Println(p.Name, p.Class, p.State, p.Attributes, p.Relations, row.Notes)
	}
	// Output:
	// db-01 server in_use map[memory_gb:64] [{contained_in  a2} {connects_to  a3}] []
	// Rack 7 location in_use map[] [] []
	// Smoke network_device in_stock map[] [] []
	// Hall application maintenance map[] [] [sys_class_name "u_kiosk" is taken for class application]
}

// What one format says is written in another.
func ExampleWriteItems() {
	var said []reconcile.Payload
	lines := strings.NewReader(`{"source":"scan","key":"1","at":"2026-03-02T12:00:00Z","class":"server","name":"db-01","attributes":{"cpus":16}}
{"source":"scan","key":"2","at":"2026-03-02T12:00:00Z","class":"server","name":"=HYPERLINK(x)","attributes":{"os":"Linux"}}
`)
	for row, err := range exchange.ReadJSONL(lines) {
		if err != nil {
			panic(err)
		}
		said = append(said, row.Payload)
	}
	if err := exchange.WriteItems(os.Stdout, said, exchange.Style{Guard: true}); err != nil {
		panic(err)
	}
	// Output:
	// key,class,name,state,at,gone,cpus,os
	// 1,server,db-01,,2026-03-02T12:00:00Z,,16,
	// 2,server,'=HYPERLINK(x),,2026-03-02T12:00:00Z,,,Linux
}
