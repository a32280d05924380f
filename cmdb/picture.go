package cmdb

import (
	"cmp"
	"slices"

	"github.com/itsm-go/itsm/cmdb/draw"
	"github.com/itsm-go/itsm/cmdb/graph"
)

// Picture is what the impact tells of, to be drawn as SVG, DOT or Mermaid: the items
// that are down or degraded, and who depends on whom among them.
func (im *Impact) Picture(title string) draw.Picture {
	p := draw.Picture{Title: title}
	shown := map[graph.Node]bool{}
	for _, a := range im.Affected() {
		n, err := im.topology.node(a.ID)
		if err != nil {
			continue // it was there when the impact was worked out: a topology never changes
		}
		shown[n] = true
		p.Items = append(p.Items, draw.Item{ID: a.ID.String(), Name: a.Name, Class: a.Class, State: a.State, Cause: a.Cause})
	}
	for _, a := range im.Affected() {
		p.Links = append(p.Links, im.links(a.Item, shown)...)
	}
	return p
}

// links are those from an item to others that are shown, past its redundancies.
func (im *Impact) links(from Item, shown map[graph.Node]bool) []draw.Link {
	t := im.topology
	n, _ := t.places.node(spot{id: from.ID})
	var out []draw.Link
	add := func(on graph.Node, soft bool, label string) {
		if shown[on] {
			out = append(out, draw.Link{From: from.ID.String(), To: t.entry(on).ID.String(), Soft: soft, Label: label})
		}
	}
	for on, soft := range t.view.Dependencies(n) {
		group := t.entry(on).group
		if group == "" {
			add(on, soft, "")
			continue
		}
		for member, soft := range t.view.Dependencies(on) {
			add(member, soft, group)
		}
	}
	slices.SortFunc(out, func(a, b draw.Link) int { return cmp.Or(cmp.Compare(a.To, b.To), cmp.Compare(a.Label, b.Label)) })
	return out
}
