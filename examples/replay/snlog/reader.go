package snlog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

// Options say how a log is to be read. The zero value is ready for use.
type Options struct {
	// Zone is where the log's wall clocks stand; nil means UTC. A time that
	// carries its own offset keeps it.
	Zone *time.Location
	// MaxRows ends the reading with ErrTooLarge, at 5,000,000 rows when zero.
	MaxRows int
	// MaxRowBytes does the same for the length of one row, at 1 MiB when zero.
	// It stops a file whose open quote would swallow the rest of it.
	MaxRowBytes int
}

// ErrTooLarge is reported when a log goes beyond the limits of its Options.
var ErrTooLarge = errors.New("log is too large")

// A HeaderError says why a header cannot be mapped to the columns of a log.
type HeaderError struct {
	Missing  []string // required columns that are not there
	Repeated []string // columns that are there twice
}

// Error lists what is wrong with the header.
func (e *HeaderError) Error() string {
	var parts []string
	if len(e.Missing) > 0 {
		parts = append(parts, "missing columns: "+strings.Join(e.Missing, ", "))
	}
	if len(e.Repeated) > 0 {
		parts = append(parts, "columns given twice: "+strings.Join(e.Repeated, ", "))
	}
	return "line 1: " + strings.Join(parts, "; ")
}

// A RowError says why one row cannot be read. The rows after it can.
type RowError struct {
	Line     int
	Number   string // of the incident, where the row has one
	Problems []string
}

// Error names the line and lists what is wrong with it.
func (e *RowError) Error() string {
	return fmt.Sprintf("line %d: %s", e.Line, strings.Join(e.Problems, "; "))
}

// A Reader reads rows from a log. It is for one goroutine.
type Reader struct {
	csv     *csv.Reader
	limit   *limitedReader
	parser  parser
	maxRows int
	rows    int
	columns []column // those of the file that a row takes
	at      []int    // where in a record each of them is
	width   int      // fields of the header
}

// NewReader reads the header of a log, which is gunzipped if its first bytes
// say so. The error is a *HeaderError if the header can be read but not mapped.
func NewReader(r io.Reader, opts Options) (*Reader, error) {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.MaxRows <= 0 {
		opts.MaxRows = 5_000_000
	}
	if opts.MaxRowBytes <= 0 {
		opts.MaxRowBytes = 1 << 20
	}
	plain, err := gunzip(r)
	if err != nil {
		return nil, err
	}
	limit := &limitedReader{r: plain, max: opts.MaxRowBytes, left: opts.MaxRowBytes}
	reader := &Reader{
		csv:     csv.NewReader(limit),
		limit:   limit,
		maxRows: opts.MaxRows,
		parser:  parser{zone: opts.Zone, seen: map[string]string{}},
	}
	reader.csv.ReuseRecord = true
	reader.csv.FieldsPerRecord = -1
	header, err := reader.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("line 1: the file is empty, a header was expected")
	case err != nil:
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	return reader, reader.mapColumns(header)
}

func gunzip(r io.Reader) (io.Reader, error) {
	buf := bufio.NewReader(r)
	magic, err := buf.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the log: %w", err)
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return buf, nil
	}
	plain, err := gzip.NewReader(buf)
	if err != nil {
		return nil, fmt.Errorf("unpacking the log: %w", err)
	}
	return plain, nil
}

func (r *Reader) mapColumns(header []string) error {
	var bad HeaderError
	where := map[string]int{}
	for i, name := range header {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), " ", "_")
		if _, twice := where[name]; twice && name != "" {
			bad.Repeated = append(bad.Repeated, name)
		}
		where[name] = i
	}
	r.width = len(header)
	for _, c := range columns() {
		i, ok := where[c.name]
		for _, alias := range c.aliases {
			if !ok {
				i, ok = where[alias]
			}
		}
		switch {
		case ok:
			r.columns, r.at = append(r.columns, c), append(r.at, i)
		case c.required:
			bad.Missing = append(bad.Missing, c.name)
		}
	}
	if len(bad.Missing)+len(bad.Repeated) > 0 {
		return &bad
	}
	return nil
}

// Rows streams the rows that are left. A *RowError concerns one row and the
// stream goes on after it; any other error is the last thing it yields.
func (r *Reader) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			row, err := r.read()
			var bad *RowError
			if errors.Is(err, io.EOF) || !yield(row, err) || err != nil && !errors.As(err, &bad) {
				return
			}
		}
	}
}

func (r *Reader) read() (Row, error) {
	r.limit.left = r.limit.max
	record, err := r.csv.Read()
	var quoting *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return Row{}, io.EOF
	case err != nil && !errors.As(err, &quoting):
		return Row{}, fmt.Errorf("reading row %d: %w", r.rows+1, err)
	}
	if r.rows++; r.rows > r.maxRows {
		return Row{}, fmt.Errorf("%w: more than %d rows", ErrTooLarge, r.maxRows)
	}
	if quoting != nil {
		return Row{}, &RowError{Line: quoting.StartLine, Problems: []string{quoting.Err.Error()}}
	}
	line, _ := r.csv.FieldPos(0)
	return r.parse(line, record)
}

func (r *Reader) parse(line int, record []string) (Row, error) {
	row := Row{Line: line}
	if len(record) != r.width {
		return row, &RowError{Line: line, Problems: []string{fmt.Sprintf("has %d fields, the header has %d", len(record), r.width)}}
	}
	var problems []string
	for i, c := range r.columns {
		value := strings.TrimSpace(record[r.at[i]])
		switch {
		case value != "" && value != "?":
			if why := c.set(&row, &r.parser, value); why != "" {
				problems = append(problems, fmt.Sprintf("%s %.40q %s", c.name, value, why))
			}
		case c.required:
			problems = append(problems, c.name+" is missing")
		}
	}
	if problems != nil {
		return row, &RowError{Line: line, Number: row.Number, Problems: problems}
	}
	return row, nil
}

// A limitedReader ends a file in which one row goes on for too long.
type limitedReader struct {
	r         io.Reader
	max, left int
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("%w: a row of more than %d bytes", ErrTooLarge, l.max)
	}
	n, err := l.r.Read(p)
	l.left -= n
	return n, err
}

// A parser holds what reading one value needs to know of the whole log.
type parser struct {
	zone *time.Location
	seen map[string]string
}

const maxSeen = 1 << 16

// intern keeps one copy of the few values a column has, so that a row does not
// keep the text of its whole line alive.
func (p *parser) intern(v string) string {
	if s, ok := p.seen[v]; ok {
		return s
	}
	s := strings.Clone(v)
	if len(p.seen) < maxSeen {
		p.seen[s] = s
	}
	return s
}

func (p *parser) time(v string) (time.Time, bool) {
	layouts := [...]string{"2/1/2006 15:04", "2/1/2006 15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04", time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04"}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, v, p.zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
