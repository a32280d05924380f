package exchange

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// Mapping says what the columns of a CSV file of items mean. Columns are found by
// the name in the header, whatever its case; one without a name is ignored. A
// Mapping of nothing but a Source reads what [WriteItems] and [WriteRelations] write.
type Mapping struct {
	Source string `json:"source"` // whose word the file is

	Key   string `json:"key,omitempty"`   // the column of the source's own key; default "key"
	Class string `json:"class,omitempty"` // default "class"
	Name  string `json:"name,omitempty"`  // default "name"
	At    string `json:"at,omitempty"`    // of when the source saw it; default "at"
	State string `json:"state,omitempty"` // default "state"
	Gone  string `json:"gone,omitempty"`  // default "gone"

	ItemClass string    `json:"item_class,omitempty"` // where no column says otherwise
	SeenAt    time.Time `json:"seen_at,omitzero"`     // likewise

	// Attributes names the attributes that columns hold. Every other column is the
	// attribute of its own name, unless it is to be ignored.
	Attributes map[string]string `json:"attributes,omitempty"`
	Ignore     []string          `json:"ignore,omitempty"`

	Relations RelationColumns `json:"relations,omitzero"`

	Comma rune           `json:"comma,omitempty"` // between columns; default ','
	Zone  *time.Location `json:"-"`               // of times that do not say it; default UTC

	// Refer finds the record that a cell of a reference means. Without it, a cell
	// holds "ci/" and an item's id.
	Refer func(attribute, text string) (workflow.Ref, error) `json:"-"`
}

// RelationColumns names the columns of a CSV file of relations.
type RelationColumns struct {
	From     string `json:"from,omitempty"`      // the key of one item; default "from"
	To       string `json:"to,omitempty"`        // the key of the other; default "to"
	Type     string `json:"type,omitempty"`      // a type's name, or its inverse, which turns it round; default "type"
	ToSource string `json:"to_source,omitempty"` // whose key To is, if not this source's; default "to_source"; need not be there
}

// ReadCSV reads a file of items and, unless it is nil, one of relations. The
// relations are read first, into memory: those that begin at an item become part of
// its payload. A relation to an item that is not in the file may be to one that is
// known already. One that begins at an item that is not in the file is a
// [*LineError], as is an item that is there twice, and a value that its attribute
// cannot have. A cell that is empty is not set. A column that is no attribute of
// any class, or one that is missing, ends the reading.
func ReadCSV(m *cmdb.Model, c Mapping, items, relations io.Reader) Rows {
	return func(yield func(Row, error) bool) {
		j := newJoin()
		if relations != nil && !c.readRelations(m, j, relations, yield) {
			return
		}
		t, err := openTable(FileItems, items, c.Comma)
		if err != nil {
			yield(Row{}, err)
			return
		}
		r, err := newItemReader(m, c, t, j)
		if err != nil {
			yield(Row{}, err)
			return
		}
		if eachRow(t, r.row, yield) {
			j.rest(yield)
		}
	}
}

func (c Mapping) readRelations(m *cmdb.Model, j *join, r io.Reader, yield yielder) bool {
	t, err := openTable(FileRelations, r, c.Comma)
	if err != nil {
		yield(Row{}, err)
		return false
	}
	var p workflow.Problems
	columns := relationColumns{
		from:     t.need(&p, "item at one end", cmp.Or(c.Relations.From, "from")),
		to:       t.need(&p, "item at the other end", cmp.Or(c.Relations.To, "to")),
		relation: t.need(&p, "type", cmp.Or(c.Relations.Type, "type")),
		source:   t.column(cmp.Or(c.Relations.ToSource, "to_source")),
		meaning:  meanings(m),
	}
	if err := p.Err("cmdb: " + FileRelations + ": the header"); err != nil {
		yield(Row{}, err)
		return false
	}
	return j.read(t, columns, yield)
}

// eachRow yields what read makes of the rows of a table. It reports whether the
// table came to its end.
func eachRow(t *table, read func() (Row, error), yield yielder) bool {
	for {
		err := t.next()
		if errors.Is(err, io.EOF) {
			return true
		}
		row := Row{Line: t.line}
		if err == nil {
			row, err = read()
		}
		var wrong *LineError
		if !yield(row, err) || err != nil && !errors.As(err, &wrong) {
			return false
		}
	}
}

// itemReader reads a table of items.
type itemReader struct {
	Mapping
	*values
	*join
	t                                 *table
	key, class, name, at, state, gone int
	columns                           []attributeColumn
}

type attributeColumn struct {
	place     int
	attribute string
}

func newItemReader(m *cmdb.Model, c Mapping, t *table, j *join) (*itemReader, error) {
	var p workflow.Problems
	r := &itemReader{Mapping: c, values: newValues(m, c.Zone), join: j, t: t}
	r.refer = c.Refer
	if c.Source == "" {
		p.Addf("the mapping does not say whose word the file is")
	}
	r.key = t.need(&p, "key of items", cmp.Or(c.Key, "key"))
	r.name = t.column(cmp.Or(c.Name, "name"))
	r.state = t.column(cmp.Or(c.State, "state"))
	r.gone = t.column(cmp.Or(c.Gone, "gone"))
	if r.class = t.column(cmp.Or(c.Class, "class")); r.class < 0 && c.ItemClass == "" {
		t.need(&p, "class of items", cmp.Or(c.Class, "class"))
	}
	if r.at = t.column(cmp.Or(c.At, "at")); r.at < 0 && c.SeenAt.IsZero() {
		t.need(&p, "time at which they were seen", cmp.Or(c.At, "at"))
	}
	r.assign(&p)
	return r, p.Err("cmdb: " + FileItems + ": the header")
}

// assign finds out which columns hold attributes.
func (r *itemReader) assign(p *workflow.Problems) {
	known := map[string]string{} // by the name in lower case
	for _, c := range r.model.Classes() {
		for _, a := range c.Attributes {
			known[strings.ToLower(a.Name)] = a.Name
		}
	}
	named := map[string]string{}
	for _, column := range slices.Sorted(maps.Keys(r.Attributes)) {
		named[strings.ToLower(column)] = r.Attributes[column]
		r.t.need(p, "attribute "+r.Attributes[column], column)
	}
	taken := []int{r.key, r.class, r.name, r.at, r.state, r.gone}
	holds := map[string]string{}
	for i, column := range r.t.columns {
		if column == "" || slices.ContainsFunc(r.Ignore, func(s string) bool { return strings.EqualFold(s, column) }) {
			continue
		}
		if slices.Contains(r.t.columns[:i], column) {
			p.Addf("column %q is there twice", column)
			continue
		}
		if slices.Contains(taken, i) {
			continue
		}
		name := cmp.Or(named[column], known[column], column)
		if known[strings.ToLower(name)] != name {
			p.Addf("column %q: no class has an attribute %q; ignore it, or say which attribute it is", column, name)
		}
		if other := holds[name]; other != "" {
			p.Addf("columns %q and %q are both attribute %s", other, column, name)
		}
		holds[name] = column
		r.columns = append(r.columns, attributeColumn{i, name})
	}
}

// row reads the present row of the table.
func (r *itemReader) row() (Row, error) {
	t := r.t
	var p workflow.Problems
	said := reconcile.Payload{Source: r.Source, Key: t.cell(r.key), Class: cmp.Or(t.cell(r.class), r.ItemClass),
		Name: t.cell(r.name), State: t.cell(r.state), At: r.SeenAt}
	if said.Key == "" {
		p.Addf("column %s is empty", t.columns[r.key])
	} else {
		p.Add(r.meet(said.Key, t.line))
	}
	if text := t.cell(r.at); text != "" {
		at, err := parseTime(text, r.zone)
		said.At = at
		r.inColumn(&p, r.at, err)
	} else if said.At.IsZero() {
		p.Addf("column %s is empty", t.columns[r.at])
	}
	if text := t.cell(r.gone); text != "" {
		gone, err := parseBool(text)
		said.Gone = gone
		r.inColumn(&p, r.gone, err)
	}
	said.Attributes = r.readAttributes(&p, said.Class)
	said.Relations = r.of(said.Key)
	if err := lineError(t.file, t.line, &p); err != nil {
		return Row{Line: t.line}, err
	}
	return Row{Line: t.line, Payload: said}, nil
}

func (r *itemReader) inColumn(p *workflow.Problems, column int, err error) {
	if err != nil {
		p.Addf("column %s: %w", r.t.columns[column], err)
	}
}

func (r *itemReader) readAttributes(p *workflow.Problems, class string) map[string]any {
	attributes, err := r.attributes(class)
	if err != nil {
		p.Add(err)
		return nil
	}
	var out map[string]any
	for _, c := range r.columns {
		text := r.t.cell(c.place)
		if text == "" {
			continue
		}
		a := attributes[c.attribute]
		if a == nil {
			p.Addf("column %s: class %s has no such attribute", r.t.columns[c.place], class)
			continue
		}
		v, err := r.parse(a, text)
		r.inColumn(p, c.place, err)
		if out == nil {
			out = map[string]any{}
		}
		out[c.attribute] = v
	}
	return out
}
