package draw_test

import (
	"bytes"
	"fmt"
	"os"

	"github.com/itsm-go/itsm/cmdb/draw"
	"github.com/itsm-go/itsm/cmdb/graph"
)

func outage() draw.Picture {
	return draw.Picture{
		Title: "The storage fails",
		Items: []draw.Item{
			{ID: "san", Name: "Storage", Class: "storage", State: graph.Down, Cause: true},
			{ID: "db", Name: "Database", Class: "server", State: graph.Down},
			{ID: "shop", Name: "Online shop", Class: "service", State: graph.Degraded},
		},
		Links: []draw.Link{
			{From: "db", To: "san", Label: "stores on"},
			{From: "shop", To: "db", Soft: true},
		},
	}
}

func ExamplePicture_SVG() {
	var image bytes.Buffer
	if err := outage().SVG(&image); err != nil {
		panic(err)
	}
	fmt.Println(bytes.Count(image.Bytes(), []byte("<g>")), "boxes")
	fmt.Println(bytes.Contains(image.Bytes(), []byte("<title>Storage → Database: stores on</title>")))
	// Output:
	// 3 boxes
	// true
}

func ExamplePicture_DOT() {
	if err := outage().DOT(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// digraph {
	// 	graph [rankdir=LR, labelloc=t, labeljust=l, fontname="Helvetica", label="The storage fails"]
	// 	node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11]
	// 	edge [color="#6b7a8a", fontname="Helvetica", fontsize=9]
	// 	"san" [label="Storage\nsan, storage\ncause", fillcolor="#8f1d14", color="#5c110b", fontcolor="#ffffff"]
	// 	"db" [label="Database\ndb, server\ndown", fillcolor="#c8443a", color="#8f1d14", fontcolor="#ffffff"]
	// 	"shop" [label="Online shop\nshop, service\ndegraded", fillcolor="#f4c979", color="#b07a16", fontcolor="#17202b"]
	// 	"san" -> "db" [label="stores on"]
	// 	"db" -> "shop" [style=dashed]
	// }
}

func ExamplePicture_Mermaid() {
	if err := outage().Mermaid(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// ---
	// title: "The storage fails"
	// ---
	// flowchart LR
	//   n0["Storage<br/>san, storage<br/>cause"]:::cause
	//   n1["Database<br/>db, server<br/>down"]:::down
	//   n2["Online shop<br/>shop, service<br/>degraded"]:::degraded
	//   n0 -->|"stores on"| n1
	//   n1 -.-> n2
	//   classDef cause fill:#8f1d14,stroke:#5c110b,color:#ffffff
	//   classDef down fill:#c8443a,stroke:#8f1d14,color:#ffffff
	//   classDef degraded fill:#f4c979,stroke:#b07a16,color:#17202b
	//   classDef up fill:#eef1f4,stroke:#9aa7b5,color:#17202b
}
