// Impact tells what stops working when configuration items fail, and what single
// item can take a service down:
//
//	go run ./examples/impact -down dc1-net
//	go run ./examples/impact -down wan1,wan2 -svg outage.svg
//	go run ./examples/impact -down wan1,wan2 -dot outage.dot -mermaid outage.mmd
//	go run ./examples/impact -spof shop
//	go run ./examples/impact -ci items.csv -rel relations.csv -down db1 -json
//
// Without -ci and -rel it uses a sample: two data centres, and the services of a
// company that runs on them.
//
// # Files
//
// Both are CSV with a header. The items have the columns id, class, name and, if
// one likes, need; the relations from, to and type, where "from" depends on "to".
// Need is how many of an item's direct dependencies must not be down for it to
// work: a number, or a percentage such as 60%, which is rounded up. Empty means
// all of them. A number above that of the dependencies is an error, as is an item
// that is there twice or a relation of one that is not there; errors name the line.
//
// # What it means
//
// An item is down if it is named with -down, or if fewer than its need of its
// dependencies are not down. It is degraded if it is not down and one of its direct
// dependencies is down or degraded. Cycles are allowed.
//
// # Pictures
//
// What is affected is drawn as SVG with -svg, for Graphviz with -dot, and as a
// Mermaid flowchart with -mermaid, each into the file named: causes on the left, and
// what depends on them to the right of them. What stays up is left out.
package main

import (
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/cmdb/graph"
)

//go:embed sample/ci.csv sample/rel.csv
var sample embed.FS

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "impact:", err)
		}
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	ci, rel           string
	svg, dot, mermaid string
	down              []string
	spof              string
	asJSON            bool
}

// draws tells whether a picture is asked for.
func (o options) draws() bool { return o.svg+o.dot+o.mermaid != "" }

func parse(args []string, usage io.Writer) (options, error) {
	var o options
	var down string
	flags := flag.NewFlagSet("impact", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&o.ci, "ci", "", "the items, a CSV `file`: id,class,name[,need] (default: the sample)")
	flags.StringVar(&o.rel, "rel", "", "the relations, a CSV `file`: from,to,type")
	flags.StringVar(&down, "down", "", "the `ids` of the items that fail, separated by commas")
	flags.StringVar(&o.spof, "spof", "", "list what alone takes the item of this `id` down")
	flags.StringVar(&o.svg, "svg", "", "draw what is affected into this `file`")
	flags.StringVar(&o.dot, "dot", "", "write what is affected into this `file`, for Graphviz")
	flags.StringVar(&o.mermaid, "mermaid", "", "write what is affected into this `file`, as a Mermaid flowchart")
	flags.BoolVar(&o.asJSON, "json", false, "print JSON")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	case (o.ci == "") != (o.rel == ""):
		return o, errors.New("-ci and -rel go together")
	case down == "" && o.spof == "":
		return o, errors.New("what fails? Name items with -down, or a service with -spof")
	case down == "" && o.draws():
		return o, errors.New("-svg draws what -down affects, and so do -dot and -mermaid")
	}
	for _, id := range strings.Split(down, ",") {
		if id = strings.TrimSpace(id); id != "" {
			o.down = append(o.down, id)
		}
	}
	return o, nil
}

func run(args []string, out, usage io.Writer) error {
	o, err := parse(args, usage)
	if err != nil {
		return err
	}
	c, err := load(o.ci, o.rel)
	if err != nil {
		return err
	}
	a := answer{}
	if len(o.down) > 0 {
		if a.impact, err = c.impact(o.down); err != nil {
			return err
		}
		a.Down, a.Degraded = c.ids(a.impact.Down()), c.ids(a.impact.Degraded())
	}
	if o.spof != "" {
		n, err := c.node(o.spof)
		if err != nil {
			return err
		}
		points, err := c.graph.View().SinglePoints(n)
		if err != nil {
			return err
		}
		a.SPOF = c.ids(points)
	}
	if a.impact != nil && o.draws() {
		if err := o.write(c.picture(a.impact, o.down)); err != nil {
			return err
		}
	}
	if o.asJSON {
		return a.json(out, o)
	}
	return a.text(out, c, o)
}

// answer is what is printed, by ids in their order.
type answer struct {
	Down     []string
	Degraded []string
	SPOF     []string
	impact   *graph.Impact
}

func (a answer) json(out io.Writer, o options) error {
	fields := map[string]any{}
	if len(o.down) > 0 {
		fields["down"], fields["degraded"] = a.Down, a.Degraded
	}
	if o.spof != "" {
		fields["spof"] = a.SPOF
	}
	text, err := json.Marshal(fields)
	if err == nil {
		_, err = fmt.Fprintf(out, "%s\n", text)
	}
	return err
}

func (a answer) text(out io.Writer, c *config, o options) error {
	var b strings.Builder
	if len(o.down) > 0 {
		fmt.Fprintf(&b, "%d down, %d degraded\n", len(a.Down), len(a.Degraded))
		for _, id := range slices.Concat(a.Down, a.Degraded) {
			fmt.Fprintf(&b, "  %-9s %s\n", a.impact.State(c.nodes[id]), c.story(a.impact, c.nodes[id]))
		}
	}
	if o.spof != "" {
		fmt.Fprintf(&b, "%d single points of failure of %s\n", len(a.SPOF), c.title(c.nodes[o.spof]))
		for _, id := range a.SPOF {
			fmt.Fprintf(&b, "  %s\n", c.title(c.nodes[id]))
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// story tells how it came to an item: from the cause, step by step.
func (c *config) story(im *graph.Impact, n graph.Node) string {
	way := im.Explain(n)
	last := way[len(way)-1]
	text := c.title(n)
	switch {
	case last.Named:
		return text + ": named"
	case last.State == graph.Down:
		text += fmt.Sprintf(": %d of %d work, it needs %d", last.Working, last.Requires, last.Needs)
	}
	var via []string
	for _, s := range slices.Backward(way[:len(way)-1]) {
		via = append(via, c.items[s.Node].id)
	}
	return text + " <- " + strings.Join(via, " <- ")
}
