package cmdb

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Item is what a topology knows of a configuration item.
type Item struct {
	ID          workflow.ID       `json:"id"`
	Number      string            `json:"number,omitempty"`
	Name        string            `json:"name"`
	Class       string            `json:"class"`
	Category    workflow.Category `json:"category"` // of its state
	Criticality string            `json:"criticality,omitempty"`
	Users       int               `json:"users,omitempty"`

	// Availability is the share of time that the item works by itself, if nothing
	// that it depends on fails: 0 to 1. Zero is not known, and counts as 1.
	Availability float64 `json:"availability,omitempty"`
}

// Topology is what depends on what among the items in service, at one moment. It
// never changes, and is safe for concurrent use. A [Map] makes it, or
// [Inventory.TopologyAt].
//
// Items that are retired or gone, and duplicates, take no part. Redundancy is by
// type of relation: a cluster that needs two of its members needs its storage all
// the same.
type Topology struct {
	model  *Model
	view   *graph.View
	places *places
	pages  []*page
}

type page [256]*entry

// entry is what stands behind a node: an item, or those ends of an item's relations
// of one type of which it needs so many.
type entry struct {
	Item
	state     string
	lifecycle workflow.LifecycleRef
	relations []Relation
	needs     map[string]graph.Gate
	known     bool // an item; otherwise only relations to it have been seen
	duplicate bool
	version   int64

	group string // a type of relation: the node is its owner's redundancy
	owner graph.Node
}

func (e *entry) inService() bool {
	return e != nil && e.known && !e.duplicate && inService(e.Category)
}

// places numbers what stands in the graph. It only grows, so that topologies share
// it; what a topology does not have yet is beyond the nodes of its view.
type places struct {
	mu      sync.RWMutex
	nodes   map[spot]graph.Node
	numbers map[string]workflow.ID
}

type spot struct {
	id    workflow.ID
	group string
}

func (p *places) node(s spot) (graph.Node, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	n, ok := p.nodes[s]
	return n, ok
}

func (t *Topology) entry(n graph.Node) *entry {
	if p := int(n >> 8); p < len(t.pages) && t.pages[p] != nil {
		return t.pages[p][n&255]
	}
	return nil
}

func (t *Topology) node(id workflow.ID) (graph.Node, error) {
	n, ok := t.places.node(spot{id: id})
	if !ok || !t.view.Has(n) || !t.entry(n).inService() {
		return 0, fmt.Errorf("cmdb: there is no item %v in service: %w", id, workflow.ErrNotFound)
	}
	return n, nil
}

// all returns the nodes of items, or one error about all that are not there.
func (t *Topology) all(ids []workflow.ID) ([]graph.Node, error) {
	var p workflow.Problems
	nodes := make([]graph.Node, 0, len(ids))
	for _, id := range ids {
		n, err := t.node(id)
		p.Add(err)
		nodes = append(nodes, n)
	}
	return nodes, p.Err("cmdb: topology")
}

// Item returns an item in service.
func (t *Topology) Item(id workflow.ID) (Item, bool) {
	n, err := t.node(id)
	if err != nil {
		return Item{}, false
	}
	return t.entry(n).Item, true
}

// Resolve returns the item in service that people name by its number, or by its id.
func (t *Topology) Resolve(text string) (Item, bool) {
	id, err := workflow.ParseID(text)
	if err != nil {
		t.places.mu.RLock()
		id = t.places.numbers[text]
		t.places.mu.RUnlock()
	}
	return t.Item(id)
}

// Items returns all items in service of the classes given, or of those below them,
// by name; no classes are all.
func (t *Topology) Items(classes ...string) []Item {
	var items []Item
	for n := range graph.Node(t.view.Nodes()) {
		if e := t.entry(n); e.inService() && t.model.isAny(e.Class, classes) {
			items = append(items, e.Item)
		}
	}
	sortItems(items)
	return items
}

func sortItems(items []Item) {
	slices.SortFunc(items, compareItems)
}

func compareItems(a, b Item) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Number, b.Number), slices.Compare(a.ID[:], b.ID[:]))
}

// Dependencies returns what an item depends on directly, by name. An item that is
// not in service depends on nothing.
func (t *Topology) Dependencies(id workflow.ID) []Item {
	n, err := t.node(id)
	if err != nil {
		return nil
	}
	var found []graph.Node
	for d := range t.view.Dependencies(n) {
		if t.entry(d).group == "" {
			found = append(found, d)
			continue
		}
		for m := range t.view.Dependencies(d) {
			found = append(found, m)
		}
	}
	return t.items(found)
}

// Dependents returns what depends on an item directly, by name.
func (t *Topology) Dependents(id workflow.ID) []Item {
	n, err := t.node(id)
	if err != nil {
		return nil
	}
	var found []graph.Node
	for d := range t.view.Dependents(n) {
		if e := t.entry(d); e.group != "" {
			d = e.owner
		}
		found = append(found, d)
	}
	return t.items(found)
}

// items returns the items among nodes, once each.
func (t *Topology) items(nodes []graph.Node) []Item {
	slices.Sort(nodes)
	var items []Item
	for _, n := range slices.Compact(nodes) {
		if e := t.entry(n); e != nil && e.group == "" {
			items = append(items, e.Item)
		}
	}
	sortItems(items)
	return items
}

// SinglePoints returns the single points of failure of an item: every other item
// whose failure alone takes it down.
func (t *Topology) SinglePoints(id workflow.ID) ([]Item, error) {
	n, err := t.node(id)
	if err != nil {
		return nil, err
	}
	found, err := t.view.SinglePoints(n)
	return t.items(found), err
}

// CutSets returns the smallest sets of other items, of up to so many members, whose
// failure together takes an item down, and without any one of them would not. A
// search that would be too long matches [graph.ErrTooMany].
func (t *Topology) CutSets(id workflow.ID, members int) ([][]Item, error) {
	n, err := t.node(id)
	if err != nil {
		return nil, err
	}
	found, err := t.view.CutSets(n, members)
	var sets [][]Item
	for _, set := range found {
		if !slices.ContainsFunc(set, func(n graph.Node) bool { return t.entry(n).group != "" }) {
			sets = append(sets, t.items(set))
		}
	}
	slices.SortFunc(sets, func(a, b []Item) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), slices.CompareFunc(a, b, compareItems))
	})
	return sets, err
}

// Candidate is an item whose failure alone would explain symptoms.
type Candidate struct {
	Item      Item
	Explained []Item // the symptoms that it would cause
	Others    int    // nodes that it would take down or degrade besides
}

// Causes returns the items whose failure alone explains some of the symptoms, which
// are items known to be down or degraded: those that explain most first.
func (t *Topology) Causes(symptoms ...workflow.ID) ([]Candidate, error) {
	nodes, err := t.all(symptoms)
	if err != nil {
		return nil, err
	}
	found, err := t.view.Causes(nodes...)
	var out []Candidate
	for _, c := range found {
		if e := t.entry(c.Node); e.group == "" {
			out = append(out, Candidate{e.Item, t.items(c.Explained), c.Others})
		}
	}
	return out, err
}

// Availability is the share of time that an item works, from the availability of
// each item that it needs and how they are put together: exact, if items fail
// independently of each other. One that would take too long matches
// [graph.ErrTooMany].
func (t *Topology) Availability(id workflow.ID) (float64, error) {
	n, err := t.node(id)
	if err != nil {
		return 0, err
	}
	return t.view.Availability(n, func(n graph.Node) float64 {
		if e := t.entry(n); e != nil && e.Availability > 0 {
			return e.Availability
		}
		return 1
	})
}

// WhatIf returns the topology as it would be if items depended on others that they
// do not depend on, or no longer on some. The topology itself stays as it is.
func (t *Topology) WhatIf(add, remove []Dependency) (*Topology, error) {
	view, err := t.view.WhatIf(func(e *graph.Edit) error {
		var p workflow.Problems
		for _, d := range remove {
			ends, err := t.all([]workflow.ID{d.From, d.On})
			if err == nil {
				err = t.cut(e, ends[0], ends[1])
			}
			p.Add(err)
		}
		for _, d := range add {
			ends, err := t.all([]workflow.ID{d.From, d.On})
			if err == nil {
				err = e.AddEdge(graph.Edge{From: ends[0], To: ends[1], Soft: d.Soft})
			}
			p.Add(err)
		}
		return p.Err("cmdb: what if")
	})
	if err != nil {
		return nil, err
	}
	next := *t
	next.view = view
	return &next, nil
}

// Dependency says that one item depends on another.
type Dependency struct {
	From, On workflow.ID
	Soft     bool
}

// cut takes away every way in which one item depends on another directly.
func (t *Topology) cut(e *graph.Edit, from, on graph.Node) error {
	err := fmt.Errorf("cmdb: %s does not depend on %s: %w", t.entry(from).Name, t.entry(on).Name, workflow.ErrInvalid)
	for d := range t.view.Dependencies(from) {
		switch {
		case d == on:
			err = e.RemoveEdge(from, on)
		case t.entry(d).group != "":
			for m := range t.view.Dependencies(d) {
				if m == on {
					err = e.RemoveEdge(d, on)
				}
			}
		}
	}
	return err
}
