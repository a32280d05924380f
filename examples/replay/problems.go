package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/itsm-go/itsm/examples/replay/report"
	"github.com/itsm-go/itsm/examples/replay/snlog"
	"github.com/itsm-go/itsm/problem/detect"
)

// dimensions are what incidents may have in common; paretos are those that are worth a
// Pareto analysis.
var (
	dimensions = []string{"item", "category", "subcategory", "symptom", "location"}
	paretos    = []string{"category", "symptom", "location"}
)

// facts are the incidents of a log as detection sees them: by what was known of them
// first.
func facts(log *snlog.Log) []detect.Incident {
	list := make([]detect.Incident, 0, len(log.Incidents))
	for _, logged := range log.Incidents {
		first := logged.Rows[0]
		opened := first.Opened
		if opened.IsZero() {
			opened = first.Updated
		}
		inc := detect.Incident{ID: logged.Number, Opened: opened, Caller: first.Caller}
		for i, value := range []string{first.ConfigurationItem, first.Category, first.Subcategory, first.Symptom, first.Location} {
			inc.Attributes = append(inc.Attributes, detect.Attribute{Dimension: dimensions[i], Value: value})
		}
		list = append(list, inc)
	}
	return list
}

// propose looks for problems in the log, and in so many shuffled copies of it.
func (c config) propose(list []detect.Incident, progress io.Writer) (*report.Problems, error) {
	d, err := detect.New(detect.Config{
		Zone: c.zone.String(), Dimensions: dimensions,
		MinCallers: 3, // one person who calls often is not a problem of the service
	})
	if err != nil {
		return nil, err
	}
	found, err := d.Scan(slices.Values(list))
	if err != nil {
		return nil, err
	}
	p := &report.Problems{From: found.From, To: found.To, Days: found.Days, Tests: found.Tests, Level: found.Level, Proposals: []report.Proposal{}}
	for _, x := range found.Proposals {
		p.Proposals = append(p.Proposals, report.Proposal{Kind: x.Kind, Key: x.Key.String(), Found: x.Found, Evenings: x.Runs,
			Observed: x.Observed, Expected: x.Expected, Chance: x.Adjusted, Evidence: x.Evidence})
	}
	for _, dimension := range paretos {
		x, err := detect.NewPareto(slices.Values(list), dimension, detect.ByCount)
		if err != nil {
			return nil, err
		}
		p.Pareto = append(p.Pareto, report.Pareto{Pareto: x})
	}
	if c.shuffles > 0 {
		if p.Shuffled, err = shuffled(d, list, c.shuffles); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(progress, "proposed %d problems\n", len(p.Proposals))
	return p, nil
}

// shuffled looks for problems where there can be none: in copies of the log whose
// incidents have changed their times with each other.
func shuffled(d *detect.Detector, list []detect.Incident, logs int) (*report.Shuffled, error) {
	s := &report.Shuffled{Logs: logs}
	times := make([]time.Time, len(list))
	for i := range list {
		times[i] = list[i].Opened
	}
	for seed := range logs {
		r := rand.New(rand.NewPCG(uint64(seed), 1))
		r.Shuffle(len(times), func(i, j int) { times[i], times[j] = times[j], times[i] })
		mixed := slices.Clone(list)
		for i := range mixed {
			mixed[i].Opened = times[i]
		}
		found, err := d.Scan(slices.Values(mixed))
		if err != nil {
			return nil, err
		}
		if n := len(found.Proposals); n > 0 {
			s.WithAny++
			s.Proposals += n
		}
	}
	return s, nil
}
