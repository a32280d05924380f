// Cab tells a week in the life of a change advisory board:
//
//	go run ./examples/cab
//	go run ./examples/cab -out /tmp/week
//
// A standard change goes its way, an emergency is approved at night, a normal change
// meets a freeze, a conflict of interest and an absent member, another one has to find
// a time of its own, and one fails and is backed out. With -out it writes the forward
// schedule as a picture (schedule.svg) and as a page (schedule.html).
//
// Everything happens through the library, with time under the program's control: it
// tells the same story whenever it is run.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/itsm-go/itsm/change/forward"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "cab:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out, usage io.Writer) error {
	flags := flag.NewFlagSet("cab", flag.ContinueOnError)
	flags.SetOutput(usage)
	dir := flags.String("out", "", "a `folder` for the pictures of the schedule")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q? See -h", flags.Arg(0))
	}
	h, err := newHouse(out)
	if err != nil {
		return err
	}
	if err := h.week(); err != nil {
		return err
	}
	plan, err := h.forward()
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "\n== The forward schedule")
	if err := plan.Text(out); err != nil {
		return err
	}
	if *dir == "" {
		return nil
	}
	return draw(plan, *dir, out)
}

// draw writes the pictures of the schedule.
func draw(plan *forward.Schedule, dir string, out io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, picture := range []struct {
		name  string
		write func(io.Writer) error
	}{{"schedule.svg", plan.SVG}, {"schedule.html", plan.HTML}} {
		path := filepath.Join(dir, picture.name)
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := errors.Join(picture.write(f), f.Close()); err != nil {
			return err
		}
		fmt.Fprintln(out, "wrote", path)
	}
	return nil
}
