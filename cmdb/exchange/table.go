package exchange

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itsm-go/itsm/workflow"
)

// table reads a CSV file with a header, row by row.
type table struct {
	file    string
	csv     *csv.Reader
	bytes   *bounded
	columns []string // in lower case
	line    int      // where the present row begins
	cells   []string // of the present row
}

// MaxRow is the most bytes that a line of JSON may have, and, roughly, a row of a
// CSV file. A quotation mark that is never closed ends there, and not in memory.
const MaxRow = workflow.MaxBody

// openTable reads the header.
func openTable(file string, r io.Reader, comma rune) (*table, error) {
	t := &table{file: file, bytes: &bounded{r: r, left: MaxRow}}
	t.csv = csv.NewReader(withoutMark(t.bytes))
	t.csv.ReuseRecord = true
	if comma != 0 {
		t.csv.Comma = comma
	}
	header, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("cmdb: %s: there is no header: %w", file, workflow.ErrInvalid)
	}
	if err != nil {
		return nil, t.broken(err)
	}
	for _, h := range header {
		t.columns = append(t.columns, strings.ToLower(strings.TrimSpace(h)))
	}
	return t, nil
}

// withoutMark skips the byte order mark that spreadsheets put in front.
func withoutMark(r io.Reader) io.Reader {
	b := bufio.NewReader(r)
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		_, _ = b.Discard(3)
	}
	return b
}

// column returns the place of the first of the names that there is, or -1.
func (t *table) column(names ...string) int {
	for _, name := range names {
		if i := slices.Index(t.columns, strings.ToLower(name)); i >= 0 && name != "" {
			return i
		}
	}
	return -1
}

// need is column for one that has to be there.
func (t *table) need(p *workflow.Problems, what string, names ...string) int {
	i := t.column(names...)
	if i < 0 {
		p.Addf("there is no column %q, which is the %s; there are %q", names[0], what, t.columns)
	}
	return i
}

// next reads a row. It is io.EOF at the end of the file, and a [*LineError] if only
// this row is wrong.
func (t *table) next() error {
	t.bytes.left = MaxRow
	cells, err := t.csv.Read()
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	if err != nil && !errors.Is(err, csv.ErrFieldCount) {
		return t.broken(err)
	}
	t.line, _ = t.csv.FieldPos(0)
	t.cells = cells
	var p workflow.Problems
	if err != nil {
		p.Addf("%d columns, and %d in the header", len(cells), len(t.columns))
	}
	for i, c := range cells {
		if !utf8.ValidString(c) {
			name := "behind the last"
			if i < len(t.columns) {
				name = t.columns[i]
			}
			p.Addf("column %s: the text is not UTF-8", name)
		}
	}
	return lineError(t.file, t.line, &p)
}

// broken is an error behind which nothing can be read: a quotation mark in the wrong
// place leaves open where the next row begins.
func (t *table) broken(err error) error {
	if t.bytes.err != nil {
		err = t.bytes.err
		if !errors.Is(err, errTooLong) {
			return fmt.Errorf("cmdb: %s: %w", t.file, err)
		}
	}
	return fmt.Errorf("cmdb: %s: %w: %w", t.file, err, workflow.ErrInvalid)
}

// cell returns the text in a column of the present row, without space around it;
// "" if there is no such column. All ends of lines are "\n".
func (t *table) cell(column int) string {
	if column < 0 {
		return ""
	}
	text := t.cells[column]
	if strings.Contains(text, "\r") {
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	}
	return strings.TrimSpace(text)
}

// bounded stops when more is read at a time than there is left.
type bounded struct {
	r    io.Reader
	left int
	err  error // the reader's, other than its end
}

var errTooLong = fmt.Errorf("a row has more than %d bytes", MaxRow)

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.err = errTooLong
		return 0, b.err
	}
	n, err := b.r.Read(p)
	b.left -= n
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
