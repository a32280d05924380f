package draw

import (
	"cmp"
	"slices"
)

// The layout is that of Sugiyama: the arcs that close a cycle are turned round, the
// nodes put into columns, long arcs led through the columns between by way of bends,
// each column sorted so that few lines cross, and at last everything moved to where
// the lines are straight.

// web is one connected part of a picture while it is laid out.
type web struct {
	nodes   []node // the items, then the bends
	arcs    []arc
	columns [][]int // nodes, from the top
}

// node is a box, or a bend: the place where lines pass a column.
type node struct {
	item        int // in the picture, of a box
	cause, bend bool
	column, row int
	y           float64 // the middle of it
	left, right []int   // what it is joined with in the column before and after
}

// arc is a line from an item to one in a later column.
type arc struct {
	left, right int
	back        bool // it points to the left
	line        line
	path        []int // its nodes, once it has been led
}

// line is what is drawn for the links between two items, in one direction.
type line struct {
	fails, suffers int // items
	soft           bool
	labels         []string
}

// lines are those of a picture, each once.
func (p Picture) lines(at map[string]int) []line {
	var lines []line
	known := map[[2]int]int{}
	for _, l := range p.Links {
		ends := [2]int{at[l.To], at[l.From]}
		k, again := known[ends]
		if !again {
			k = len(lines)
			known[ends] = k
			lines = append(lines, line{fails: ends[0], suffers: ends[1], soft: true})
		}
		lines[k].soft = lines[k].soft && l.Soft
		if l.Label != "" && !slices.Contains(lines[k].labels, l.Label) {
			lines[k].labels = append(lines[k].labels, l.Label)
		}
	}
	return lines
}

// webs takes a picture apart into what is connected, the parts with a cause first
// and larger ones before smaller ones.
func webs(items []Item, lines []line) []*web {
	near := make([][]int, len(items))
	for _, l := range lines {
		near[l.fails] = append(near[l.fails], l.suffers)
		near[l.suffers] = append(near[l.suffers], l.fails)
	}
	var parts []*web
	part, place := make([]*web, len(items)), make([]int, len(items))
	for first := range items {
		if part[first] != nil {
			continue
		}
		w := &web{}
		parts = append(parts, w)
		part[first] = w
		for found := []int{first}; len(found) > 0; found = found[1:] {
			i := found[0]
			place[i] = len(w.nodes)
			w.nodes = append(w.nodes, node{item: i, cause: items[i].Cause})
			for _, j := range near[i] {
				if part[j] == nil {
					part[j] = w
					found = append(found, j)
				}
			}
		}
	}
	for _, l := range lines {
		if l.fails != l.suffers {
			w := part[l.fails]
			w.arcs = append(w.arcs, arc{left: place[l.fails], right: place[l.suffers], line: l})
		}
	}
	slices.SortStableFunc(parts, func(a, b *web) int {
		return cmp.Or(len(b.causes())-len(a.causes()), len(b.nodes)-len(a.nodes))
	})
	return parts
}

// causes are the nodes from which the rest follows.
func (w *web) causes() []int {
	var list []int
	for n := range w.nodes {
		if w.nodes[n].cause {
			list = append(list, n)
		}
	}
	return list
}

// layOut gives every node its column, row and height.
func (w *web) layOut() {
	w.layer(w.turn())
	w.bend()
	w.order()
	w.place()
}
