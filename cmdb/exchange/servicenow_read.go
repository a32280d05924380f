package exchange

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// ReadServiceNow reads CSV exports of the tables cmdb_ci and, unless it is nil,
// cmdb_rel_ci, as [ReadCSV] does. Columns may stand there by name or by label
// ("Serial number"), and so may classes and statuses. What a class of ours has no
// place for, and types of relation that are not listed, are left out, with a note; as
// are guesses at a class.
//
// The parent and the child of a relation are found by the column Key of the items. If
// the export has columns parent.sys_id and child.sys_id, these are read.
func ReadServiceNow(m *cmdb.Model, c ServiceNow, items, relations io.Reader) Rows {
	return func(yield func(Row, error) bool) {
		j := newJoin()
		if relations != nil && !c.readRelations(j, relations, yield) {
			return
		}
		t, err := c.open(FileItems, items)
		if err != nil {
			yield(Row{}, err)
			return
		}
		r, err := newServiceNowReader(m, c, t, j)
		if err != nil {
			yield(Row{}, err)
			return
		}
		if eachRow(t, r.row, yield) {
			j.rest(yield)
		}
	}
}

func (c ServiceNow) open(file string, r io.Reader) (*table, error) {
	t, err := openTable(file, r, c.Comma)
	if err != nil {
		return nil, err
	}
	for i, column := range t.columns {
		t.columns[i] = underscored(column)
	}
	return t, nil
}

func (c ServiceNow) readRelations(j *join, r io.Reader, yield yielder) bool {
	t, err := c.open(FileRelations, r)
	if err != nil {
		yield(Row{}, err)
		return false
	}
	var p workflow.Problems
	columns := relationColumns{
		from: t.need(&p, "parent", "parent."+c.Key, "parent"), to: t.need(&p, "child", "child."+c.Key, "child"),
		relation: t.need(&p, "type", "type.name", "type"), source: -1,
		meaning: func(text string) (string, bool, error) {
			name, turned, ok := c.relation(text)
			if !ok {
				return "", false, errLeftOut
			}
			return name, turned, nil
		},
	}
	if err := p.Err("cmdb: " + FileRelations + ": the header"); err != nil {
		yield(Row{}, err)
		return false
	}
	return j.read(t, columns, yield)
}

// serviceNowReader reads a table cmdb_ci.
type serviceNowReader struct {
	ServiceNow
	*values
	*join
	t                                            *table
	key, table, name, install, operational, seen int
	columns                                      []int // of [ServiceNow.Columns]; -1 if there is none
}

func newServiceNowReader(m *cmdb.Model, c ServiceNow, t *table, j *join) (*serviceNowReader, error) {
	var p workflow.Problems
	r := &serviceNowReader{ServiceNow: c, values: newValues(m, c.Zone), join: j, t: t}
	c.check(&p, m)
	r.key = t.need(&p, "key of items", c.Key)
	r.table = t.need(&p, "class of items", "sys_class_name", "class")
	r.name = t.column("name")
	r.install, r.operational = t.column("install_status"), t.column("operational_status")
	if r.seen = t.column("sys_updated_on", "updated"); r.seen < 0 && c.SeenAt.IsZero() {
		t.need(&p, "time at which they were seen", "sys_updated_on")
	}
	for _, column := range c.Columns {
		r.columns = append(r.columns, t.column(column.Name))
	}
	return r, p.Err("cmdb: " + FileItems + ": the header")
}

// row reads the present row of the table.
func (r *serviceNowReader) row() (Row, error) {
	t := r.t
	var p workflow.Problems
	row := Row{Line: t.line, Payload: reconcile.Payload{Source: r.Source, Key: t.cell(r.key), Name: t.cell(r.name), At: r.SeenAt}}
	said := &row.Payload
	if said.Key == "" {
		p.Addf("column %s is empty", t.columns[r.key])
	} else {
		p.Add(r.meet(said.Key, t.line))
	}
	if text := t.cell(r.seen); text != "" {
		at, err := parseTime(text, r.zone)
		if said.At = at; err != nil {
			p.Addf("column %s: %w", t.columns[r.seen], err)
		}
	} else if said.At.IsZero() {
		p.Addf("column %s is empty", t.columns[r.seen])
	}
	r.readClass(&p, &row)
	r.readState(&row)
	r.readAttributes(&p, &row)
	said.Relations = r.of(said.Key)
	row.Notes = append(row.Notes, r.notes[said.Key]...)
	if err := lineError(t.file, t.line, &p); err != nil {
		return Row{Line: t.line}, err
	}
	return row, nil
}

func (r *serviceNowReader) readClass(p *workflow.Problems, row *Row) {
	text := r.t.cell(r.table)
	class, guess := r.class(text)
	if class == "" {
		p.Addf("column %s: no class is listed for %.64q", r.t.columns[r.table], text)
	} else if guess {
		row.note("sys_class_name %.64q is taken for class %s", text, class)
	}
	row.Payload.Class = class
}

func (r *serviceNowReader) readState(row *Row) {
	install, operational := r.t.cell(r.install), r.t.cell(r.operational)
	if _, _, ok := ours(r.Install, install); !ok && install != "" {
		row.note("install_status %.64q is not listed: left out", install)
	}
	if _, _, ok := ours(r.Operational, operational); !ok && operational != "" {
		row.note("operational_status %.64q is not listed: left out", operational)
	}
	row.Payload.State = r.state(install, operational)
	row.Payload.Gone = row.Payload.State != "" && slices.Contains(r.ServiceNow.Gone, row.Payload.State)
}

func (r *serviceNowReader) readAttributes(p *workflow.Problems, row *Row) {
	said := &row.Payload
	if said.Class == "" {
		return
	}
	attributes, err := r.attributes(said.Class)
	if err != nil {
		p.Add(err)
		return
	}
	said.Attributes = map[string]any{}
	for i, column := range r.Columns {
		text := r.t.cell(r.columns[i])
		if text == "" || said.Attributes[column.Attribute] != nil {
			continue
		}
		a := attributes[column.Attribute]
		if a == nil {
			row.note("%s is left out: class %s has no such attribute", column.Name, said.Class)
			continue
		}
		v, err := r.columnValue(a, column, text)
		switch {
		case err != nil:
			p.Addf("column %s: %w", column.Name, err)
		case v == nil:
			row.note("%s %.64q is not listed: left out", column.Name, text)
		default:
			said.Attributes[column.Attribute] = v
		}
	}
	r.complete(p, row, attributes)
}

// columnValue is nil for a word that is not listed.
func (r *serviceNowReader) columnValue(a *attribute, c Column, text string) (any, error) {
	if len(c.Values) > 0 {
		our, _, ok := ours(c.Values, text)
		if !ok {
			return nil, nil
		}
		text = our
	}
	v, err := r.parse(a, text)
	if n, isNumber := v.(float64); err == nil && isNumber && c.Per > 0 {
		return n / c.Per, nil
	}
	return v, err
}

// complete sets what ServiceNow does not say and the host knows.
func (r *serviceNowReader) complete(p *workflow.Problems, row *Row, attributes map[string]*attribute) {
	said := &row.Payload
	for _, d := range r.Defaults {
		a := attributes[d.Attribute]
		if a == nil || said.Attributes[d.Attribute] != nil || !r.model.Is(said.Class, d.Class) {
			continue
		}
		v, err := r.parse(a, d.Value)
		if err != nil {
			p.Addf("the default of %s: %w", d.Attribute, err)
			continue
		}
		said.Attributes[d.Attribute] = v
		row.note("%s of class %s is not given: %s is taken", d.Attribute, said.Class, strconv.Quote(d.Value))
	}
	if len(said.Attributes) == 0 {
		said.Attributes = nil
	}
}

func (r *Row) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}
