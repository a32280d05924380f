package exchange

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// Sink takes payloads in: a [reconcile.Reconciler], or what a host puts before one.
type Sink interface {
	// Ingest answers what became of each payload, in their order.
	Ingest(ctx context.Context, actor workflow.Actor, payloads ...reconcile.Payload) ([]reconcile.Decision, error)
}

// Options set up an import. The zero value works.
type Options struct {
	Batch    int            // payloads given to the sink at a time; default 200
	Problems int            // that the report keeps, and different notes; default 100
	Strict   bool           // the first line that is wrong ends the import
	Progress func(Progress) // called after each batch
}

// Progress is how far an import has come.
type Progress struct {
	Line     int                       `json:"line"`     // the last one read, of the items
	Items    int                       `json:"items"`    // given to the sink
	Wrong    int                       `json:"wrong"`    // lines that could not be read
	Outcomes map[reconcile.Outcome]int `json:"outcomes"` // of the items
}

// Problem is something that did not come in: a line that is wrong, or an item that was
// rejected or held.
type Problem struct {
	File    string            `json:"file,omitempty"` // of a line that is wrong
	Line    int               `json:"line"`
	Origin  reconcile.Origin  `json:"origin,omitzero"`   // of an item
	Outcome reconcile.Outcome `json:"outcome,omitempty"` // of an item
	Text    string            `json:"text"`
}

// Report is what became of an import.
type Report struct {
	Progress
	Problems []Problem      `json:"problems,omitempty"` // the first ones
	More     int            `json:"more,omitempty"`     // problems and notes that are not listed
	Notes    map[string]int `json:"notes,omitempty"`    // what was left out or taken for something else, and how often
}

// Import gives what a file says to a sink, batch by batch, and reports what became of
// it. Lines that are wrong do not hold the others up, unless the options are strict.
//
// The report is good with an error too: it says how far the import came. What the
// sink has taken in stays, and importing the whole file again does no harm. An error
// is that of the rows, see [Rows], of the sink, or of the context.
func Import(ctx context.Context, sink Sink, actor workflow.Actor, rows Rows, o Options) (Report, error) {
	o.Batch, o.Problems = cmp.Or(max(o.Batch, 0), 200), cmp.Or(max(o.Problems, 0), 100)
	im := &importing{sink: sink, actor: actor, Options: o}
	im.report.Outcomes, im.report.Notes = map[reconcile.Outcome]int{}, map[string]int{}
	for row, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err := im.take(row, err); err != nil {
			return im.report, err
		}
		if len(im.batch) == im.Batch {
			if err := im.flush(ctx); err != nil {
				return im.report, err
			}
		}
	}
	return im.report, im.flush(ctx)
}

// importing is an import at work.
type importing struct {
	Options
	sink   Sink
	actor  workflow.Actor
	report Report
	batch  []reconcile.Payload
	lines  []int // of the batch
}

// take puts a row into the batch. An error ends the import.
func (im *importing) take(row Row, err error) error {
	var wrong *LineError
	switch {
	case errors.As(err, &wrong):
		im.report.Wrong++
		im.problem(Problem{File: wrong.File, Line: wrong.Line, Text: wrong.Error()})
		if im.Strict {
			return err
		}
	case err != nil:
		return err
	default:
		im.batch, im.lines = append(im.batch, row.Payload), append(im.lines, row.Line)
	}
	if wrong == nil || wrong.File != FileRelations {
		im.report.Line = row.Line
	}
	for _, note := range row.Notes {
		im.note(note)
	}
	return nil
}

// flush gives the batch to the sink.
func (im *importing) flush(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	decisions, err := im.sink.Ingest(ctx, im.actor, im.batch...)
	decisions = decisions[:min(len(decisions), len(im.batch))]
	im.report.Items += len(decisions)
	for i, d := range decisions {
		im.report.Outcomes[d.Outcome]++
		if d.Outcome == reconcile.Rejected || d.Outcome == reconcile.Held {
			im.problem(Problem{Line: im.lines[i], Origin: d.Origin, Outcome: d.Outcome, Text: strings.Join(d.Reasons, "; ")})
		}
	}
	im.batch, im.lines = im.batch[:0], im.lines[:0]
	if im.Progress != nil {
		now := im.report.Progress
		now.Outcomes = maps.Clone(now.Outcomes)
		im.Progress(now)
	}
	return err
}

func (im *importing) problem(p Problem) {
	if len(im.report.Problems) == im.Problems {
		im.report.More++
		return
	}
	im.report.Problems = append(im.report.Problems, p)
}

func (im *importing) note(text string) {
	if _, listed := im.report.Notes[text]; !listed && len(im.report.Notes) == im.Problems {
		im.report.More++
		return
	}
	im.report.Notes[text]++
}
