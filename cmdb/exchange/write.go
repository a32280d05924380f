package exchange

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// Style is how CSV files are written.
type Style struct {
	Comma rune // between columns; default ','

	// Guard puts an apostrophe in front of every cell that a spreadsheet would take
	// for a formula: one that begins with = + - @, a tab or a carriage return, and is
	// no number. Such a file is for people: reading it does not take the apostrophes
	// away again.
	Guard bool
}

// The columns of written items, before those of their attributes.
var itemColumns = [...]string{"key", "class", "name", "state", "at", "gone"}

// WriteItems writes payloads as a CSV file of items that [ReadCSV] reads with a
// [Mapping] of their source alone: a row for each, in their order, and a column for
// each attribute that one of them has, by name. Relations are for [WriteRelations].
// Space around a text is lost when it is read again.
//
// It is an error matching [workflow.ErrInvalid] if payloads are of different sources,
// have a value that does not fit in a cell, or an attribute that is called like
// another column. Other errors are the writer's.
func WriteItems(w io.Writer, payloads []reconcile.Payload, s Style) error {
	attributes, err := attributeNames(payloads)
	if err != nil {
		return err
	}
	t := newTableWriter(w, FileItems, s)
	t.write(append(itemColumns[:], attributes...)...)
	for _, p := range payloads {
		gone := ""
		if p.Gone {
			gone = "true"
		}
		row := []string{p.Key, p.Class, p.Name, p.State, p.At.UTC().Format(time.RFC3339Nano), gone}
		for _, name := range attributes {
			row = append(row, t.value(p, name))
		}
		t.write(row...)
	}
	return t.close()
}

// attributeNames returns the names of all attributes that payloads have, sorted.
func attributeNames(payloads []reconcile.Payload) ([]string, error) {
	var bad workflow.Problems
	names := map[string]bool{}
	for _, p := range payloads {
		for name := range p.Attributes {
			names[name] = true
		}
		if p.Source != payloads[0].Source {
			bad.Addf("items of the sources %q and %q: a file is the word of one", payloads[0].Source, p.Source)
			break
		}
	}
	sorted := slices.Sorted(maps.Keys(names))
	columns := map[string]bool{}
	for _, name := range slices.Concat(itemColumns[:], sorted) {
		if lower := strings.ToLower(name); columns[lower] {
			bad.Addf("attribute %q is called like another column", name)
		} else {
			columns[lower] = true
		}
	}
	return sorted, bad.Err("cmdb: " + FileItems)
}

// WriteRelations writes the relations of payloads as a CSV file that [ReadCSV] reads
// together with the items. Errors are the writer's.
func WriteRelations(w io.Writer, payloads []reconcile.Payload, s Style) error {
	t := newTableWriter(w, FileRelations, s)
	t.write("from", "to", "type", "to_source")
	for _, p := range payloads {
		for _, l := range p.Relations {
			t.write(p.Key, l.Key, l.Type, l.Source)
		}
	}
	return t.close()
}

// tableWriter writes a CSV file, and remembers what goes wrong.
type tableWriter struct {
	csv   *csv.Writer
	file  string
	guard bool
	bad   workflow.Problems
	err   error
}

func newTableWriter(w io.Writer, file string, s Style) *tableWriter {
	t := &tableWriter{csv: csv.NewWriter(w), file: file, guard: s.Guard}
	if s.Comma != 0 {
		t.csv.Comma = s.Comma
	}
	return t
}

func (t *tableWriter) write(cells ...string) {
	if t.guard {
		cells = slices.Clone(cells)
		for i, c := range cells {
			cells[i] = guarded(c)
		}
	}
	if err := t.csv.Write(cells); err != nil && t.err == nil {
		t.err = fmt.Errorf("cmdb: %s: %w", t.file, err)
	}
}

// value is the text of an attribute.
func (t *tableWriter) value(p reconcile.Payload, attribute string) string {
	v := p.Attributes[attribute]
	if v == nil {
		return ""
	}
	text, err := formatValue(v)
	if err != nil {
		t.bad.Addf("item %s: attribute %s: %w", p.Key, attribute, err)
	}
	return text
}

func (t *tableWriter) close() error {
	t.csv.Flush()
	if err := t.csv.Error(); err != nil && t.err == nil {
		t.err = fmt.Errorf("cmdb: %s: %w", t.file, err)
	}
	if t.err != nil {
		return t.err
	}
	return t.bad.Err("cmdb: " + t.file)
}

// guarded makes sure that a spreadsheet does not take a cell for a formula.
func guarded(cell string) string {
	if cell == "" || !strings.Contains("=+-@\t\r", cell[:1]) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}
