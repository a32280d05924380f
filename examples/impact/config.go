package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/itsm-go/itsm/cmdb/graph"
)

// config is a configuration: items, and the graph of their dependencies.
type config struct {
	items []item // by node
	nodes map[string]graph.Node
	graph *graph.Graph
}

type item struct{ id, class, name, need string }

// maxErrors bounds what is said about a file that is none.
const maxErrors = 50

// load reads a configuration from files, or the sample.
func load(ciPath, relPath string) (*config, error) {
	var files fs.FS = sample
	if ciPath == "" {
		ciPath, relPath = "sample/ci.csv", "sample/rel.csv"
	} else {
		files = nil
	}
	c := &config{nodes: map[string]graph.Node{}}
	lines := map[graph.Node]int{}
	err := each(files, ciPath, []string{"id", "class", "name"}, "need", func(line int, f []string) error {
		it := item{f[0], f[1], f[2], strings.TrimSpace(f[3])}
		if it.id == "" {
			return errors.New("no id")
		}
		if _, there := c.nodes[it.id]; there {
			return fmt.Errorf("item %q is there twice", it.id)
		}
		n := graph.Node(len(c.items))
		c.nodes[it.id], lines[n] = n, line
		c.items = append(c.items, it)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var edges []graph.Edge
	err = each(files, relPath, []string{"from", "to", "type"}, "", func(_ int, f []string) error {
		from, err1 := c.node(f[0])
		to, err2 := c.node(f[1])
		edges = append(edges, graph.Edge{From: from, To: to})
		return errors.Join(err1, err2)
	})
	if err != nil {
		return nil, err
	}
	gates, err := c.gates(ciPath, lines, edges)
	if err != nil {
		return nil, err
	}
	c.graph, err = graph.New(len(c.items), edges, gates)
	return c, err
}

// gates reads what the items need, each of as many as it depends on.
func (c *config) gates(path string, lines map[graph.Node]int, edges []graph.Edge) (map[graph.Node]graph.Gate, error) {
	plain, err := graph.New(len(c.items), edges, nil)
	if err != nil {
		return nil, err
	}
	gates := map[graph.Node]graph.Gate{}
	var bad []error
	for n, it := range c.items {
		g, err := gate(it.need, plain.View().Requires(graph.Node(n)))
		if err != nil && len(bad) < maxErrors {
			bad = append(bad, fmt.Errorf("%s: line %d: item %q: %w", path, lines[graph.Node(n)], it.id, err))
		}
		if it.need != "" {
			gates[graph.Node(n)] = g
		}
	}
	return gates, errors.Join(bad...)
}

// gate reads a need such as "2" or "60%" of so many dependencies.
func gate(text string, of int) (graph.Gate, error) {
	if text == "" {
		return 0, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	switch {
	case err != nil || n < 0 || percent && n > 100:
		return 0, fmt.Errorf("need %q: want a number, or a percentage from 0%% to 100%%", text)
	case percent && n > 0:
		return graph.NeedPercent(n), nil
	case n > of:
		return 0, fmt.Errorf("need %d of %d dependencies", n, of)
	}
	return graph.Need(n), nil
}

// each calls use for each line of a CSV file, with the columns in the order asked
// for, the optional one last, and gathers what is wrong by line.
func each(files fs.FS, path string, columns []string, optional string, use func(line int, fields []string) error) error {
	var f io.ReadCloser
	var err error
	if files == nil {
		f, err = os.Open(path)
	} else {
		f, err = files.Open(path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: the header: %w", path, err)
	}
	at := make([]int, 0, len(columns)+1)
	for i, h := range head {
		head[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff")))
	}
	for _, name := range columns {
		k := slices.Index(head, name)
		if k < 0 {
			return fmt.Errorf("%s: no column %q in the header %q", path, name, head)
		}
		at = append(at, k)
	}
	at = append(at, slices.Index(head, optional))
	var bad []error
	for len(bad) < maxErrors {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", path, err)) // it names the line
			if !errors.Is(err, csv.ErrFieldCount) {
				break
			}
			continue
		}
		line, _ := r.FieldPos(0)
		fields := make([]string, len(at))
		for i, k := range at {
			if k >= 0 {
				fields[i] = record[k]
			}
		}
		if err := use(line, fields); err != nil {
			bad = append(bad, fmt.Errorf("%s: line %d: %w", path, line, err))
		}
	}
	return errors.Join(bad...)
}

func (c *config) node(id string) (graph.Node, error) {
	n, ok := c.nodes[id]
	if !ok {
		return 0, fmt.Errorf("there is no item %q", id)
	}
	return n, nil
}

func (c *config) impact(ids []string) (*graph.Impact, error) {
	var q graph.Query
	var bad []error
	for _, id := range ids {
		n, err := c.node(id)
		q.Down, bad = append(q.Down, n), append(bad, err)
	}
	if err := errors.Join(bad...); err != nil {
		return nil, err
	}
	im := new(graph.Impact)
	return im, im.Of(c.graph.View(), q)
}

// ids are those of nodes, in their order.
func (c *config) ids(nodes []graph.Node) []string {
	list := make([]string, len(nodes))
	for i, n := range nodes {
		list[i] = c.items[n].id
	}
	slices.Sort(list)
	return list
}

func (c *config) title(n graph.Node) string {
	it := c.items[n]
	return fmt.Sprintf("%s (%s, %s)", it.id, it.name, it.class)
}
