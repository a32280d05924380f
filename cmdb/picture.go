package cmdb

import (
	"cmp"
	"slices"

	"github.com/itsm-go/itsm/cmdb/draw"
	"github.com/itsm-go/itsm/cmdb/graph"
	"github.com/itsm-go/itsm/workflow"
)

// consumers are the classes of items that stand for those who use services, and for
// where they sit.
var consumers = []string{ClassPerson, ClassTeam, ClassLocation}

// Picture is what the impact tells of, to be drawn as SVG, DOT or Mermaid: the items
// that are down or degraded, and who depends on whom among them. Its items go by their
// numbers, by which people know them; one without a number goes by the end of its id.
//
// Persons, teams and locations that merely suffer are left out: they are no part of what
// fails, and of those who consume a large service there may be thousands. One that is a
// cause, or that something else in the picture depends on, is there; so are all of them
// if the query asks for classes, which then says what is to be seen.
func (im *Impact) Picture(title string) draw.Picture {
	p := draw.Picture{Title: title}
	affected := im.Affected()
	if len(im.query.Classes) == 0 {
		affected = slices.DeleteFunc(affected, im.merelySuffers)
	}
	names := pictured(affected)
	for _, a := range affected {
		p.Items = append(p.Items, draw.Item{ID: names[a.ID], Name: a.Name, Class: a.Class, State: a.State, Cause: a.Cause})
	}
	for _, a := range affected {
		p.Links = append(p.Links, im.links(a.Item, names)...)
	}
	return p
}

// merelySuffers reports whether an item stands for people, and for nothing that others
// depend on.
func (im *Impact) merelySuffers(a Affected) bool {
	t := im.topology
	if a.Cause || !t.model.isAny(a.Class, consumers) {
		return false
	}
	for _, d := range t.Dependents(a.ID) {
		if im.State(d.ID) != graph.Up && !t.model.isAny(d.Class, consumers) {
			return false
		}
	}
	return true
}

// pictured gives each item the shortest name that no other one has: its number, the end
// of its id, which is where ids made at the same time differ, or all of it.
func pictured(items []Affected) map[workflow.ID]string {
	candidates := func(it Item) []string {
		id := it.ID.String()
		list := []string{id[len(id)-8:], id}
		if it.Number != "" {
			list = slices.Insert(list, 0, it.Number)
		}
		return list
	}
	count := map[string]int{}
	for _, a := range items {
		for _, c := range candidates(a.Item) {
			count[c]++
		}
	}
	names := make(map[workflow.ID]string, len(items))
	for _, a := range items {
		list := candidates(a.Item)
		i := slices.IndexFunc(list, func(c string) bool { return count[c] == 1 })
		if i < 0 {
			i = len(list) - 1 // somebody's number is another one's id: the picture will say so
		}
		names[a.ID] = list[i]
	}
	return names
}

// links are those from an item to others that have a name, past its redundancies.
func (im *Impact) links(from Item, names map[workflow.ID]string) []draw.Link {
	t := im.topology
	n, _ := t.places.node(spot{id: from.ID})
	var out []draw.Link
	add := func(on graph.Node, soft bool, label string) {
		if to := names[t.entry(on).ID]; to != "" {
			out = append(out, draw.Link{From: names[from.ID], To: to, Soft: soft, Label: label})
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
