package cmdb

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// Query asks what happens when items fail.
type Query struct {
	Down     []workflow.ID // they are down, whatever they depend on
	Excluded []workflow.ID // they stay up, and nothing spreads through them
	// Maintenance leaves out what is in maintenance, as Excluded does: nobody is to
	// be woken up by a failure that is planned.
	Maintenance bool

	Depth   int      // tell of what is at most so many relations away from a cause; 0 = everything
	Classes []string // tell of these classes, and those below them; empty = all
}

// Impact is what happens when items fail. Depth and class of the query limit what
// it tells of, never how failures spread.
type Impact struct {
	topology *Topology
	graph    graph.Impact
	query    Query
	steps    map[graph.Node]int // from the nearest cause; only with a depth
}

// Impact works out what happens when items fail: see package graph for what down
// and degraded mean. An item that is not in service is an error matching
// [workflow.ErrNotFound].
func (t *Topology) Impact(q Query) (*Impact, error) {
	var p workflow.Problems
	down, err := t.all(q.Down)
	p.Add(err)
	excluded, err := t.all(q.Excluded)
	p.Add(err)
	for _, c := range q.Classes {
		if t.model.classes[c] == nil {
			p.Addf("there is no class %q", c)
		}
	}
	if q.Depth < 0 {
		p.Addf("a depth of %d", q.Depth)
	}
	if err := p.Err("cmdb: impact"); err != nil {
		return nil, err
	}
	if q.Maintenance {
		excluded = append(excluded, t.inMaintenance(down)...)
	}
	q.Down, q.Classes = slices.Clone(q.Down), slices.Clone(q.Classes)
	im := &Impact{topology: t, query: q}
	if err := im.graph.Of(t.view, graph.Query{Down: down, Excluded: excluded}); err != nil {
		return nil, err
	}
	if q.Depth > 0 {
		im.measure(down)
	}
	return im, nil
}

// inMaintenance lists the items in maintenance, without those that are named.
func (t *Topology) inMaintenance(named []graph.Node) []graph.Node {
	var list []graph.Node
	for n := range graph.Node(t.view.Nodes()) {
		if e := t.entry(n); e.inService() && e.Category == workflow.CategoryOnHold && !slices.Contains(named, n) {
			list = append(list, n)
		}
	}
	return list
}

// measure finds how far each affected item is from a cause. A group is no step.
func (im *Impact) measure(causes []graph.Node) {
	im.steps = map[graph.Node]int{}
	reach := causes
	for steps := 0; len(reach) > 0; steps++ {
		var next []graph.Node
		for i := 0; i < len(reach); i++ {
			n := reach[i]
			if _, seen := im.steps[n]; seen {
				continue
			}
			im.steps[n] = steps
			for d := range im.topology.view.Dependents(n) {
				switch {
				case im.graph.State(d) == graph.Up:
				case im.topology.entry(n).group != "":
					reach = append(reach, d) // its owner was one step from what is behind it
				default:
					next = append(next, d)
				}
			}
		}
		reach = next
	}
}

// tells reports whether the query asks for a node.
func (im *Impact) tells(n graph.Node) bool {
	e := im.topology.entry(n)
	if e == nil || e.group != "" || !im.topology.model.isAny(e.Class, im.query.Classes) {
		return false
	}
	return im.query.Depth == 0 || im.steps[n] <= im.query.Depth
}

// Affected is an item that does not work as it should.
type Affected struct {
	Item
	State graph.State `json:"state"`
	Cause bool        `json:"cause,omitempty"` // it was said to be down
}

// Affected returns what is down or degraded: what is down first, each by name.
func (im *Impact) Affected() []Affected {
	var out []Affected
	for _, n := range slices.Concat(im.graph.Down(), im.graph.Degraded()) {
		if im.tells(n) {
			e := im.topology.entry(n)
			out = append(out, Affected{e.Item, im.graph.State(n), slices.Contains(im.query.Down, e.ID)})
		}
	}
	slices.SortFunc(out, func(a, b Affected) int { return cmp.Or(cmp.Compare(b.State, a.State), compareItems(a.Item, b.Item)) })
	return out
}

// Services returns the services, offerings among them, that are down or degraded:
// what is down first, then the more critical, each by name.
func (im *Impact) Services() []Affected {
	services := slices.DeleteFunc(im.Affected(), func(a Affected) bool { return !im.topology.model.Is(a.Class, ClassService) })
	slices.SortStableFunc(services, func(a, b Affected) int {
		return cmp.Or(cmp.Compare(b.State, a.State), cmp.Compare(rank(a.Criticality), rank(b.Criticality)))
	})
	return services
}

// rank orders criticalities, the most critical first and an unknown one last.
func rank(criticality string) int {
	if i := slices.Index(criticalities, criticality); i >= 0 {
		return i
	}
	return len(criticalities)
}

// State is how an item is. One that is not in service is up.
func (im *Impact) State(id workflow.ID) graph.State {
	n, err := im.topology.node(id)
	if err != nil {
		return graph.Up
	}
	return im.graph.State(n)
}

// Counts is how many items are down and how many degraded, of those that the query
// asks for.
func (im *Impact) Counts() (down, degraded int) {
	for _, a := range im.Affected() {
		if a.State == graph.Down {
			down++
		} else {
			degraded++
		}
	}
	return down, degraded
}

// Step is an item on the way from a cause to an effect.
type Step struct {
	Item  Item        `json:"item"`
	State graph.State `json:"state"`
	Cause bool        `json:"cause,omitempty"` // it was said to be down
	Soft  bool        `json:"soft,omitempty"`  // it depends softly on the step before

	// Of what it requires, how many work, how many it needs, and how many there are;
	// by the type of relation, if it needs less than all of them.
	Working  int    `json:"working,omitempty"`
	Needs    int    `json:"needs,omitempty"`
	Requires int    `json:"requires,omitempty"`
	Relation string `json:"relation,omitempty"`
}

// Explain returns a way from a cause to an item that is down or degraded, the cause
// first. Nothing comes back for one that is up.
func (im *Impact) Explain(id workflow.ID) []Step {
	n, err := im.topology.node(id)
	if err != nil {
		return nil
	}
	var way []Step
	var group *graph.Step // passed on the way
	for _, s := range im.graph.Explain(n) {
		e := im.topology.entry(s.Node)
		if e.group != "" {
			group = &s
			continue
		}
		step := Step{Item: e.Item, State: s.State, Cause: s.Named, Soft: s.Soft, Working: s.Working, Needs: s.Needs, Requires: s.Requires}
		if group != nil {
			step.Working, step.Needs, step.Requires = group.Working, group.Needs, group.Requires
			step.Soft, step.Relation = group.Soft, im.topology.entry(group.Node).group
			group = nil
		}
		way = append(way, step)
	}
	return way
}

// String tells the step: "mail cluster is degraded: 1 of 2 member_of work, it needs
// 1".
func (s Step) String() string {
	text := fmt.Sprintf("%s is %s", s.Item.Name, s.State)
	of := s.Relation
	if of != "" {
		of += " "
	}
	switch {
	case s.Cause:
		return text + ": the cause"
	case s.Soft:
		return text + ": it does without, less well"
	case s.State == graph.Down, s.Relation != "":
		return text + fmt.Sprintf(": %d of %d %swork, it needs %d", s.Working, s.Requires, of, s.Needs)
	}
	return text + ": something it depends on is"
}

// Path tells the ways of steps in one line, the cause first: "disk 7 → database →
// shop".
func Path(steps []Step) string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.Item.Name
	}
	return strings.Join(names, " → ")
}

// Rescue is what would keep an item from being down: so many of these would have to
// be up, whichever they are.
type Rescue struct {
	Missing  int
	Of       []Item
	Relation string // the type of relation of which it needs so many, if that is less than all
}

// Prevent tells what would have to be up for an item that is down not to be: all of
// what comes back. For a cause that is the item itself; for an item that is not down
// it is nothing.
func (im *Impact) Prevent(id workflow.ID) []Rescue {
	n, err := im.topology.node(id)
	if err != nil {
		return nil
	}
	r, ok := im.graph.Prevent(n)
	if !ok {
		return nil
	}
	var out []Rescue
	var plain []graph.Node
	for _, d := range r.Of {
		e := im.topology.entry(d)
		if e.group == "" {
			plain = append(plain, d)
			continue
		}
		if inner, ok := im.graph.Prevent(d); ok {
			out = append(out, Rescue{inner.Missing, im.topology.items(inner.Of), e.group})
		}
	}
	if len(plain) > 0 {
		out = append([]Rescue{{Missing: len(plain), Of: im.topology.items(plain)}}, out...)
	}
	return out
}
