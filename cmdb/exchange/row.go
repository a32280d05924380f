package exchange

import (
	"fmt"
	"iter"

	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// The files, as errors and problems call them.
const (
	FileItems     = "items"
	FileRelations = "relations"
	FilePayloads  = "payloads" // JSON lines
)

// Row is what one place of a file says about one item.
type Row struct {
	Line    int               `json:"line"` // where it begins; the first line is 1
	Payload reconcile.Payload `json:"payload"`
	Notes   []string          `json:"notes,omitempty"` // what was left out, or taken for something else
}

// Rows yields what a file says, item after item, while it is read: once. An error
// that is a [*LineError] stands for one line, and the next line follows. Any other
// error is the last thing that is yielded: it matches [workflow.ErrInvalid] if the
// file is not built as it has to be, and is the reader's own if it could not be read.
type Rows = iter.Seq2[Row, error]

// LineError is everything that is wrong with one line. It matches
// [workflow.ErrInvalid].
type LineError struct {
	File string // one of the File constants
	Line int    // where the row begins; the first line is 1
	Err  error
}

// Error names the file, the line, and everything that is wrong with it, by column.
func (e *LineError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// lineError makes one error of the problems of a line; nil if there are none.
func lineError(file string, line int, p *workflow.Problems) error {
	if err := p.Err(fmt.Sprintf("cmdb: %s line %d", file, line)); err != nil {
		return &LineError{file, line, err}
	}
	return nil
}

// yielder is the loop that rows go to.
type yielder = func(Row, error) bool
