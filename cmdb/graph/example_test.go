package graph_test

import (
	"fmt"

	"github.com/itsm-go/itsm/cmdb/graph"
)

// The items of the worked example.
const (
	shop graph.Node = iota
	network
	databases // a cluster that needs one of its two
	first
	second
	storage
	newsletter
	items
)

var names = []string{"shop", "network", "databases", "first", "second", "storage", "newsletter"}

func newShop() *graph.Graph {
	g, err := graph.New(int(items), []graph.Edge{
		{From: shop, To: network}, {From: shop, To: databases}, {From: shop, To: newsletter, Soft: true},
		{From: databases, To: first}, {From: databases, To: second},
		{From: first, To: storage}, {From: second, To: storage},
	}, map[graph.Node]graph.Gate{databases: graph.Need(1)})
	if err != nil {
		panic(err)
	}
	return g
}

func ExampleImpact() {
	var impact graph.Impact
	view := newShop().View()
	for _, failed := range [][]graph.Node{{first}, {first, second}, {storage}, {newsletter}, {network}} {
		if err := impact.Of(view, graph.Query{Down: failed}); err != nil {
			panic(err)
		}
		for _, n := range failed {
			fmt.Print(names[n], " ")
		}
		fmt.Println("-> the shop is", impact.State(shop))
	}
	// Output:
	// first -> the shop is degraded
	// first second -> the shop is down
	// storage -> the shop is down
	// newsletter -> the shop is degraded
	// network -> the shop is down
}

// An explanation is a way from the cause to the effect, and says what each step
// has lost.
func ExampleImpact_Explain() {
	var impact graph.Impact
	if err := impact.Of(newShop().View(), graph.Query{Down: []graph.Node{storage}}); err != nil {
		panic(err)
	}
	for _, s := range impact.Explain(shop) {
		fmt.Printf("%s is %s, %d of %d work and it needs %d\n", names[s.Node], s.State, s.Working, s.Requires, s.Needs)
	}
	rescue, _ := impact.Prevent(databases)
	fmt.Print("the databases would be up with ", rescue.Missing, " of ")
	for _, n := range rescue.Of {
		fmt.Print(names[n], " ")
	}
	// Output:
	// storage is down, 0 of 0 work and it needs 0
	// first is down, 0 of 1 work and it needs 1
	// databases is down, 0 of 2 work and it needs 1
	// shop is down, 1 of 2 work and it needs 2
	// the databases would be up with 1 of first second
}

func ExampleView_SinglePoints() {
	view := newShop().View()
	points, err := view.SinglePoints(shop)
	if err != nil {
		panic(err)
	}
	for _, n := range points {
		fmt.Println(names[n])
	}
	sets, err := view.CutSets(shop, 2)
	if err != nil {
		panic(err)
	}
	last := sets[len(sets)-1]
	fmt.Println("or both", names[last[0]], "and", names[last[1]])
	// Output:
	// network
	// databases
	// storage
	// or both first and second
}

// What failed, if the shop and both databases are down?
func ExampleView_Causes() {
	causes, err := newShop().View().Causes(shop, first, second)
	if err != nil {
		panic(err)
	}
	fmt.Println(names[causes[0].Node], "explains", len(causes[0].Explained), "and takes down or degrades", causes[0].Others, "more")
	// Output:
	// storage explains 3 and takes down or degrades 1 more
}

// Would a second storage help? The graph itself stays as it is.
func ExampleView_WhatIf() {
	view, err := newShop().View().WhatIf(func(e *graph.Edit) error {
		another, err := e.AddNode()
		if err == nil {
			err = e.RemoveEdge(second, storage)
		}
		if err == nil {
			err = e.AddEdge(graph.Edge{From: second, To: another})
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	var impact graph.Impact
	if err := impact.Of(view, graph.Query{Down: []graph.Node{storage}}); err != nil {
		panic(err)
	}
	fmt.Println("the shop would be", impact.State(shop))
	// Output:
	// the shop would be degraded
}
