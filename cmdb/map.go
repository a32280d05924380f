package cmdb

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Map keeps a [Topology] up to date with the inventory's history. It starts no
// goroutine: the host calls [Map.Refresh] when it wants to catch up, for example
// before each look or once a second. It is safe for concurrent use; readers are
// never held up.
type Map struct {
	inv   *Inventory
	until time.Time // events after it do not count; zero: all do

	mu      sync.Mutex // of those who refresh
	after   workflow.Position
	graph   *graph.Graph
	nodes   graph.Node                  // numbered so far, also those that are in no view yet
	inbound map[graph.Node][]graph.Node // who has a relation to a node, perhaps no more
	size    map[graph.Node]int          // of a group

	head atomic.Pointer[Topology]
}

// NewMap returns a map that knows nothing yet: refresh it.
func (inv *Inventory) NewMap() *Map {
	m := &Map{inv: inv, graph: &graph.Graph{}, inbound: map[graph.Node][]graph.Node{}, size: map[graph.Node]int{}}
	m.head.Store(&Topology{model: inv.cfg.Model, view: m.graph.View(), places: &places{nodes: map[spot]graph.Node{}, numbers: map[string]workflow.ID{}}})
	return m
}

// TopologyAt returns the topology as it was at an instant, from the history. It
// reads all of it up to then.
func (inv *Inventory) TopologyAt(ctx context.Context, at time.Time) (*Topology, error) {
	m := inv.NewMap()
	m.until = at
	err := m.Refresh(ctx)
	return m.Topology(), err
}

// Topology returns the topology as of the last refresh. It costs nothing.
func (m *Map) Topology() *Topology { return m.head.Load() }

// Refresh brings the topology up to date with everything committed before. Readers
// see all of it or nothing. After an error it stands where it stood, and may be
// tried again.
func (m *Map) Refresh(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &weaver{m: m, t: m.head.Load(), next: map[graph.Node]*entry{}}
	after := m.after
	for e, err := range m.inv.desk.Store().Events(ctx, after, workflow.Filter{Kinds: []string{KindName}}) {
		if err != nil {
			return err
		}
		if m.until.IsZero() || !e.At.After(m.until) {
			if err := w.hear(e); err != nil {
				return err
			}
		}
		after = e.Position
	}
	if len(w.next) > 0 {
		if err := w.weave(); err != nil {
			return err
		}
	}
	m.after = after
	return nil
}

// weaver brings one refresh into the graph.
type weaver struct {
	m    *Map
	t    *Topology             // as it was
	next map[graph.Node]*entry // as it will be, where that differs
}

// place numbers something, the first time it is met.
func (w *weaver) place(s spot) graph.Node {
	p := w.t.places
	p.mu.Lock()
	defer p.mu.Unlock()
	n, there := p.nodes[s]
	if !there {
		n = w.m.nodes
		p.nodes[s] = n
		w.m.nodes++
	}
	return n
}

// call notes the number by which people call an item, which never changes.
func (w *weaver) call(e *entry) {
	p := w.t.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Number != "" {
		p.numbers[e.Number] = e.ID
	}
}

// now returns what stands behind a node, as it will be.
func (w *weaver) now(n graph.Node) *entry {
	if e := w.next[n]; e != nil {
		return e
	}
	return w.t.entry(n)
}

// own returns what stands behind a node, for the weaver to change.
func (w *weaver) own(s spot) (graph.Node, *entry) {
	n := w.place(s)
	if e := w.next[n]; e != nil {
		return n, e
	}
	e := &entry{}
	if old := w.t.entry(n); old != nil {
		*e = *old
		e.relations, e.needs = slices.Clone(old.relations), maps.Clone(old.needs)
	}
	e.ID, e.group = s.id, s.group
	w.next[n] = e
	return n, e
}

// hear takes an event in. One that was heard before is left out.
func (w *weaver) hear(ev workflow.Event) error {
	n, e := w.own(spot{id: ev.ID})
	if ev.Version <= e.version {
		return nil
	}
	if ev.Version != e.version+1 {
		return fmt.Errorf("cmdb: map: item %v: event %d follows event %d: %w", ev.ID, ev.Version, e.version, workflow.ErrOutOfOrder)
	}
	e.known, e.version = true, ev.Version
	before := slices.Clone(e.relations)
	for _, c := range ev.Changes {
		if err := e.apply(c); err != nil {
			return fmt.Errorf("cmdb: map: item %v, event %d, change of %s: %w", ev.ID, ev.Version, c.Path, err)
		}
	}
	w.call(e)
	e.Category = w.m.inv.Category(&CI{Record: workflow.Record{State: e.state, Lifecycle: e.lifecycle}})
	for _, r := range e.relations {
		to := w.place(spot{id: r.To})
		if w.now(to) == nil {
			_, _ = w.own(spot{id: r.To})
		}
		if !slices.Contains(before, r) {
			w.m.inbound[to] = append(w.m.inbound[to], n)
		}
	}
	return nil
}

// apply makes one change of a record's JSON, as far as it matters here.
func (e *entry) apply(c workflow.Change) error {
	path := strings.Split(c.Path, "/")[1:]
	rest := path[1:]
	switch path[0] {
	case "class":
		return read(c.New, &e.Class)
	case "title":
		return read(c.New, &e.Name)
	case "number":
		return read(c.New, &e.Number)
	case "state":
		return read(c.New, &e.state)
	case "duplicate_of":
		e.duplicate = c.New != nil
	case "lifecycle":
		return change(&e.lifecycle, rest, c)
	case "needs":
		return change(&e.needs, rest, c)
	case "fields":
		return e.applyField(rest, c)
	case "relations":
		return e.applyRelation(rest, c)
	}
	return nil
}

func read(raw json.RawMessage, v any) error {
	if raw == nil {
		raw = json.RawMessage(`""`)
	}
	return json.Unmarshal(raw, v)
}

// change sets a value, or one field of it.
func change[T any](v *T, rest []string, c workflow.Change) error {
	if len(rest) == 0 {
		var fresh T
		*v = fresh
		if c.New == nil {
			return nil
		}
		return json.Unmarshal(c.New, v)
	}
	whole, err := json.Marshal(*v)
	if err != nil {
		return err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(whole, &fields); err != nil {
		return err
	}
	if fields == nil {
		fields = map[string]json.RawMessage{}
	}
	if fields[rest[0]] = c.New; c.New == nil {
		delete(fields, rest[0])
	}
	if whole, err = json.Marshal(fields); err != nil {
		return err
	}
	var fresh T
	*v = fresh
	return json.Unmarshal(whole, v)
}

func (e *entry) applyField(rest []string, c workflow.Change) error {
	set := func(name string, raw json.RawMessage) error {
		var v any
		if raw != nil {
			if err := json.Unmarshal(raw, &v); err != nil {
				return err
			}
		}
		number, _ := v.(float64)
		switch name {
		case "criticality":
			e.Criticality, _ = v.(string)
		case "users":
			e.Users = int(min(max(number, 0), math.MaxInt32))
		case "availability":
			e.Availability = min(max(number, 0), 1)
		}
		return nil
	}
	if len(rest) > 0 {
		return set(rest[0], c.New)
	}
	e.Criticality, e.Users, e.Availability = "", 0, 0
	all := map[string]json.RawMessage{}
	if c.New != nil {
		if err := json.Unmarshal(c.New, &all); err != nil {
			return err
		}
	}
	for name, raw := range all {
		if err := set(name, raw); err != nil {
			return err
		}
	}
	return nil
}

func (e *entry) applyRelation(rest []string, c workflow.Change) error {
	if len(rest) == 0 {
		return change(&e.relations, nil, c)
	}
	i, err := strconv.Atoi(rest[0])
	if err != nil || i < 0 || i > len(e.relations) || i == len(e.relations) && (len(rest) > 1 || c.New == nil) {
		return fmt.Errorf("there are %d relations: %w", len(e.relations), workflow.ErrTampered)
	}
	if len(rest) == 1 && c.New == nil {
		e.relations = e.relations[:i] // from the end, one by one
		return nil
	}
	if i == len(e.relations) {
		e.relations = append(e.relations, Relation{})
	}
	return change(&e.relations[i], rest[1:], c)
}

// edge is an edge without its softness, which may change.
type edge struct{ from, to graph.Node }

// edges returns what depends on what by the relations of an item. Each is there by
// the relations of that item alone. With fresh, groups that are missing are made.
func (w *weaver) edges(n graph.Node, look func(graph.Node) *entry, fresh bool) map[edge]bool {
	e := look(n)
	if !e.inService() {
		return nil
	}
	out := map[edge]bool{}
	add := func(from, to graph.Node, soft bool) {
		if old, twice := out[edge{from, to}]; twice {
			soft = soft && old
		}
		out[edge{from, to}] = soft
	}
	for _, r := range e.relations {
		t := w.m.inv.cfg.Model.relations[r.Type]
		to, _ := w.t.places.node(spot{id: r.To})
		other := look(to)
		if t.Depends == NoDependence || t.Depends == "" || !other.inService() {
			continue
		}
		switch {
		case t.Depends == ToDependsOnFrom:
			add(w.group(to, r.To, t.Name, fresh), n, t.Soft)
		case t.Soft || e.gate(t) == 0:
			add(n, to, t.Soft)
		default:
			add(w.group(n, e.ID, t.Name, fresh), to, false)
		}
	}
	return out
}

// gate is how many of its relations of a type an item needs.
func (e *entry) gate(t RelationType) graph.Gate {
	if g, ok := e.needs[t.Name]; ok {
		return g
	}
	return t.Need
}

// wanted are the needs of an entry, if there is one.
func (e *entry) wanted() map[string]graph.Gate {
	if e == nil {
		return nil
	}
	return e.needs
}

// group returns the node that stands for an item's relations of one type.
func (w *weaver) group(owner graph.Node, id workflow.ID, relation string, fresh bool) graph.Node {
	if !fresh {
		n, _ := w.t.places.node(spot{id, relation})
		return n
	}
	n := w.place(spot{id, relation})
	if w.now(n) == nil {
		w.next[n] = &entry{Item: Item{ID: id}, group: relation, owner: owner}
	}
	return n
}

// weave works out which edges go and which come, and makes the next topology.
func (w *weaver) weave() error {
	affected := w.affected()
	gone, come := map[edge]bool{}, map[edge]bool{}
	for _, n := range affected {
		old := w.edges(n, w.t.entry, false)
		now := w.edges(n, w.now, true)
		for e, soft := range old {
			if s, stays := now[e]; !stays || s != soft {
				gone[e] = soft
			}
		}
		for e, soft := range now {
			if s, was := old[e]; !was || s != soft {
				come[e] = soft
			}
		}
	}
	size := maps.Clone(w.m.size)
	gates := w.gates(size, gone, come)
	if err := w.draw(gone, come, gates); err != nil {
		return err
	}
	w.m.size = size
	w.m.head.Store(&Topology{model: w.t.model, view: w.m.graph.View(), places: w.t.places, pages: w.pages()})
	return nil
}

// affected lists the nodes whose edges may change: those that changed, and those
// that have a relation to one that came into service or went out of it.
func (w *weaver) affected() []graph.Node {
	set := map[graph.Node]bool{}
	for n, e := range w.next {
		set[n] = true
		if e.inService() != w.t.entry(n).inService() {
			for _, from := range w.m.inbound[n] {
				set[from] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// gates counts the members of groups anew and says what each of them needs: never
// more than there are.
func (w *weaver) gates(size map[graph.Node]int, gone, come map[edge]bool) map[graph.Node]graph.Gate {
	touched := map[graph.Node]bool{}
	count := func(edges map[edge]bool, by int) {
		for e, soft := range edges {
			if w.now(e.from).group != "" {
				touched[e.from] = true
				if !soft {
					size[e.from] += by
				}
			}
		}
	}
	count(gone, -1)
	count(come, 1)
	for n, e := range w.next { // its needs may have changed
		for _, needs := range []map[string]graph.Gate{e.needs, w.t.entry(n).wanted()} {
			for name := range needs {
				if g, there := w.t.places.node(spot{e.ID, name}); there {
					touched[g] = true
				}
			}
		}
	}
	gates := map[graph.Node]graph.Gate{}
	for n := range touched {
		group := w.now(n)
		if group == nil {
			continue
		}
		g := w.now(group.owner).gate(w.t.model.relations[group.group])
		if least, fixed := g.Fixed(); fixed && least > size[n] {
			g = 0
		}
		gates[n] = g
	}
	return gates
}

// draw makes the changes in the graph: all at once when there is none yet.
func (w *weaver) draw(gone, come map[edge]bool, gates map[graph.Node]graph.Gate) error {
	var owners []graph.Edge
	for n, e := range w.next {
		if e.group != "" && w.t.entry(n) == nil {
			owners = append(owners, graph.Edge{From: e.owner, To: n})
		}
	}
	if w.m.graph.View().Nodes() == 0 {
		for e, soft := range come {
			owners = append(owners, graph.Edge{From: e.from, To: e.to, Soft: soft})
		}
		g, err := graph.New(int(w.m.nodes), owners, gates)
		if err == nil {
			w.m.graph = g
		}
		return err
	}
	return w.m.graph.Update(func(ed *graph.Edit) error {
		for n := graph.Node(w.m.graph.View().Nodes()); n < w.m.nodes; n++ {
			if _, err := ed.AddNode(); err != nil {
				return err
			}
		}
		for e := range gone {
			if err := ed.RemoveEdge(e.from, e.to); err != nil {
				return err
			}
		}
		for _, e := range owners {
			if err := ed.AddEdge(e); err != nil {
				return err
			}
		}
		for e, soft := range come {
			if err := ed.AddEdge(graph.Edge{From: e.from, To: e.to, Soft: soft}); err != nil {
				return err
			}
		}
		for n, g := range gates {
			if err := ed.SetGate(n, g); err != nil {
				return err
			}
		}
		return nil
	})
}

// pages returns the entries as they will be; those that stay are shared.
func (w *weaver) pages() []*page {
	pages := slices.Clone(w.t.pages)
	for len(pages) < int(w.m.nodes+255)>>8 {
		pages = append(pages, nil)
	}
	own := map[int]bool{}
	for n, e := range w.next {
		i := int(n >> 8)
		if !own[i] {
			fresh := &page{}
			if pages[i] != nil {
				*fresh = *pages[i]
			}
			pages[i], own[i] = fresh, true
		}
		pages[i][n&255] = e
	}
	return pages
}
