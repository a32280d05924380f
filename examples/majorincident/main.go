// Majorincident tells an outage of two hours, from the alert to the day on which its
// cause is gone:
//
//	go run ./examples/majorincident
//	go run ./examples/majorincident -out /tmp/outage
//
// Monitoring opens an incident, callers who suffer are grouped under it, the
// configuration says which services are down, and a rule proposes a major incident. The
// first manager on call does not answer, the second accepts. People are told on time,
// and once not; a workaround is found, an emergency change removes the fault, and the
// resolution reaches every caller although a process dies meanwhile. Then come the
// review, the problem behind it, and a known error that helps two weeks later.
//
// With -out it writes the report after the major incident (report.html) and what the
// outage did to the services as a picture (impact.svg).
//
// Everything happens through the library, with time under the program's control: it
// tells the same story whenever it is run. How the practices are wired to each other is
// in house.go and hooks.go.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/draw"
	"github.com/itsm-go/itsm/workflow"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "majorincident:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, usage io.Writer) error {
	flags := flag.NewFlagSet("majorincident", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.Usage = func() {
		fmt.Fprint(usage, "majorincident tells an outage of two hours, and what is learnt from it.\n\n")
		flags.PrintDefaults()
	}
	dir := flags.String("out", "", "a `folder` for the report (report.html) and the picture of the impact (impact.svg)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q? See -h", flags.Arg(0))
	}
	if *dir != "" {
		if err := os.MkdirAll(*dir, 0o755); err != nil {
			return fmt.Errorf("-out: %w", err)
		}
	}
	h, err := newHouse(out)
	if err != nil {
		return err
	}
	if err := h.tell(); err != nil {
		return err
	}
	if *dir == "" {
		return nil
	}
	return h.write(*dir)
}

// write puts the report and the picture into a folder.
func (h *house) write(dir string) error {
	report, err := h.incidents.MajorReport(ctx, h.outage.ID, h.zone)
	if err != nil {
		return err
	}
	picture, err := h.picture()
	if err != nil {
		return err
	}
	fmt.Fprintln(h.out)
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{{"report.html", report.HTML}, {"impact.svg", picture.SVG}} {
		path := filepath.Join(dir, file.name)
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := errors.Join(file.write(f), f.Close()); err != nil {
			return err
		}
		fmt.Fprintln(h.out, "wrote", path)
	}
	return nil
}

// picture shows what the failed array has done to the services.
func (h *house) picture() (draw.Picture, error) {
	impact, err := h.configuration.Topology().Impact(cmdb.Query{Down: []workflow.ID{h.item("san-02").ID}})
	if err != nil {
		return draw.Picture{}, err
	}
	p := impact.Picture("san-02 is down")
	p.Subtitle = h.outage.Number + ": " + h.outage.Title
	return p, nil
}
