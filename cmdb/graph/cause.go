package graph

import (
	"cmp"
	"slices"
)

// Candidate is a node whose failure alone would explain symptoms.
type Candidate struct {
	Node      Node
	Explained []Node // the symptoms that it would cause, ascending
	Others    int    // what it would take down or degrade besides, itself not counted
}

// Causes returns the nodes whose failure alone explains some of the symptoms, nodes
// that are known to be down or degraded: those that explain most first, of these
// those that would do least besides. Only what the symptoms depend on is tried,
// hard or soft; it takes as long as the impact of each of these. Symptoms that do
// not exist are an error matching [ErrInvalid].
func (v *View) Causes(symptoms ...Node) ([]Candidate, error) {
	if err := v.check(symptoms); err != nil {
		return nil, err
	}
	symptoms = slices.Compact(slices.Sorted(slices.Values(symptoms)))
	seen := map[uint32]bool{}
	var upstream []uint32
	visit := func(i uint32) {
		if !seen[i] {
			seen[i] = true
			upstream = append(upstream, i)
		}
	}
	for _, s := range symptoms {
		visit(v.inner(s))
	}
	for next := 0; next < len(upstream); next++ {
		for _, e := range v.out(upstream[next]) {
			visit(e &^ soft)
		}
	}
	var im Impact
	var found []Candidate
	for _, i := range upstream {
		c := Candidate{Node: v.outer(i)}
		if err := im.Of(v, Query{Down: []Node{c.Node}}); err != nil {
			return nil, err
		}
		for _, s := range symptoms {
			if im.State(s) != Up {
				c.Explained = append(c.Explained, s)
			}
		}
		c.Others = len(im.order) - len(c.Explained)
		if !slices.Contains(c.Explained, c.Node) {
			c.Others--
		}
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(len(b.Explained), len(a.Explained)), cmp.Compare(a.Others, b.Others), cmp.Compare(a.Node, b.Node))
	})
	return found, nil
}
