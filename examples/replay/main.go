// Replay drives a service desk's incident log through the library and reports
// what came of it: on the terminal, as report.html and, with -json, as one JSON
// object.
//
//	go run ./examples/replay
//	go run ./examples/replay -log events.csv.gz -out /tmp/report
//	go run ./examples/replay -postgres private -workers 4
//
// Every incident goes through incident.Service at the logged times, into an
// embedded SQLite database; what the lifecycle refuses is reported. With -verify
// the database is read again and checked, event by event. The report proposes
// problems: what was unusual against its own past, with the evidence; with -shuffle it
// says how many would be proposed by chance.
//
// With -postgres the records go to PostgreSQL, by many workers: an incident is one
// worker's at a time, and the figures are the same.
//
// Without -log it reads the sample log that comes with it. A log of one's own is
// a CSV file, gzipped or not, with ServiceNow's columns and a row for each update
// of an incident; package snlog says which columns it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/itsm-go/itsm/examples/replay/report"
	"github.com/itsm-go/itsm/examples/replay/sample"
	"github.com/itsm-go/itsm/examples/replay/snlog"
	"github.com/itsm-go/itsm/workflow"
)

func main() {
	// A batch program trades memory for speed, within reason.
	debug.SetGCPercent(600)
	debug.SetMemoryLimit(700 << 20)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "replay:", err)
		os.Exit(1)
	}
}

// A config is what the flags say.
type config struct {
	log      string
	zone     *time.Location
	db       string
	out      string
	json     bool
	verify   bool
	shuffles int
	postgres string // instead of db
	workers  int
	flush    int // commits of the library that go into one of the database
}

func parse(args []string, stderr io.Writer) (config, error) {
	c := config{flush: perFlush}
	var zone string
	flags := flag.NewFlagSet("replay", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.log, "log", "", "the log to read, ServiceNow-style `FILE`.csv or .csv.gz (default the sample log)")
	flags.StringVar(&zone, "zone", "UTC", "the time `ZONE` of the log's wall clocks, like Europe/Berlin")
	flags.StringVar(&c.out, "out", "out", "the `DIR` for report.html, made when it is not there")
	flags.StringVar(&c.db, "db", "", "the SQLite database to write, a `PATH` or :memory: (default replay.db in the -out directory)")
	flags.StringVar(&c.postgres, "postgres", "", "replay into PostgreSQL instead, a `CONNECTION` string whose schema "+replaySchema+" is made anew, or \""+privateServer+"\" for a server that is started for it")
	flags.IntVar(&c.workers, "workers", 0, "so many (`N`) work at a time, with -postgres alone (default 4)")
	flags.BoolVar(&c.verify, "verify", false, "read everything again: check the hash chains, and that the events give the records")
	flags.IntVar(&c.shuffles, "shuffle", 0, "look for problems in so many (`N`) shuffled copies of the log too, where there can be none")
	flags.BoolVar(&c.json, "json", false, "print one JSON object on standard output, and nothing else there")
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	if flags.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q: a log is given by -log", flags.Arg(0))
	}
	if c.workers == 0 {
		if c.workers = 1; c.postgres != "" {
			c.workers = 4
		}
	}
	if c.workers < 1 || c.workers > 64 || c.workers > 1 && c.postgres == "" {
		return c, fmt.Errorf("-workers is %d: from 1 to 64, and SQLite has one", c.workers)
	}
	if c.shuffles < 0 || c.shuffles > 10_000 {
		return c, fmt.Errorf("-shuffle is %d: from 0 to 10000", c.shuffles)
	}
	var err error
	if c.db == "" {
		c.db = filepath.Join(c.out, "replay.db")
	}
	c.zone, err = time.LoadLocation(zone)
	return c, err
}

// run is the whole program: figures go to stdout, progress to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	return c.run(ctx, stdout, stderr)
}

func (c config) run(ctx context.Context, stdout, stderr io.Writer) error {
	log, source, err := c.read()
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "read %d incidents of %s\n", len(log.Incidents), source.Name)
	for _, bad := range log.Bad[:min(20, len(log.Bad))] {
		fmt.Fprintln(stderr, "not read:", bad)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	list := facts(log) // before the rows are let go of
	figures, err := c.replay(ctx, log, source, stderr)
	if err != nil {
		return err
	}
	if figures.Problems, err = c.propose(list, stderr); err != nil {
		return err
	}
	path, err := c.writePage(figures)
	if err != nil {
		return err
	}
	fmt.Fprintln(stderr, "wrote", path)
	if !c.json {
		return figures.WriteText(stdout)
	}
	object, err := figures.JSON()
	if err != nil {
		return err
	}
	_, err = stdout.Write(append(object, '\n'))
	return err
}

// replay takes the log through the library and collects the figures.
func (c config) replay(ctx context.Context, log *snlog.Log, source report.Source, progress io.Writer) (figures report.Figures, err error) {
	store, closed, err := c.openStore(ctx)
	if err != nil {
		return figures, err
	}
	defer func() { err = errors.Join(err, closed()) }()
	desk, err := newServiceDesk(store, c.zone, c.workers)
	if err != nil {
		return figures, err
	}
	source.Calendar = hoursInWords + ", " + c.zone.String()
	source.Goals = goalsInWords()
	logged := log.Logged() // before the rows are let go of
	d := &driver{desk: desk, tally: &report.Tally{Zone: c.zone}, refused: map[string]int{},
		holds: map[workflow.ID][]report.Spell{}, progress: progress}
	begun := time.Now()
	if err := d.run(ctx, log.Incidents); err != nil {
		return figures, err
	}
	who := "1 worker"
	if c.workers > 1 {
		who = fmt.Sprint(c.workers, " workers")
	}
	fmt.Fprintf(progress, "%s replayed %.0f events a second\n", who, float64(d.total)/time.Since(begun).Seconds())
	if c.verify {
		if err := verify(ctx, desk, progress); err != nil {
			return figures, err
		}
	}
	breach, err := (&collector{desk, d.tally, d.holds, desk.now()}).run(ctx)
	if err != nil {
		return figures, err
	}
	replayed := d.tally.Replayed()
	replayed.Messages = desk.told
	return report.Figures{Source: source, Logged: logged, Replayed: replayed, Refused: d.refused, Breach: breach}, nil
}

// read reads the log the flags name, or the sample.
func (c config) read() (*snlog.Log, report.Source, error) {
	source := report.Source{Name: "the sample log"}
	opts := snlog.Options{Zone: c.zone}
	var log *snlog.Log
	var err error
	if c.log != "" {
		source.Name = filepath.Base(c.log)
		log, err = snlog.Open(c.log, opts)
	} else {
		var r *snlog.Reader
		if r, err = snlog.NewReader(sample.Log(), opts); err == nil {
			log, err = snlog.Collect(r)
		}
	}
	if err != nil {
		return nil, source, err
	}
	source.From, source.To = log.Period()
	return log, source, nil
}

func (c config) writePage(figures report.Figures) (string, error) {
	if err := os.MkdirAll(c.out, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(c.out, "report.html")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	err = figures.WriteHTML(f)
	return path, errors.Join(err, f.Close())
}
