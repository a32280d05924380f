package exchange

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/itsm-go/itsm/cmdb"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
)

// WriteServiceNow writes payloads as the tables cmdb_ci and cmdb_rel_ci, in CSV files
// that [ReadServiceNow] reads. The columns are those that an attribute is found in
// first. Notes tell what ServiceNow has no place for, and how often it was left out:
// classes, attributes, types of relation, relations to items of other sources. Errors
// are those of [WriteItems].
func WriteServiceNow(m *cmdb.Model, c ServiceNow, items, relations io.Writer, payloads []reconcile.Payload, s Style) (notes map[string]int, err error) {
	if _, err := attributeNames(payloads); err != nil {
		return nil, err
	}
	w := &serviceNowWriter{ServiceNow: c, values: newValues(m, c.Zone), notes: map[string]int{}, left: map[string]bool{}}
	for _, p := range payloads {
		if _, ok := theirs(c.Classes, p.Class); !ok {
			w.note("there is no table for class %s", p.Class)
			w.left[p.Key] = true
		}
	}
	if err := w.items(newTableWriter(items, FileItems, s), payloads); err != nil {
		return w.notes, err
	}
	return w.notes, w.relations(newTableWriter(relations, FileRelations, s), payloads)
}

// serviceNowWriter counts what it leaves out.
type serviceNowWriter struct {
	ServiceNow
	*values
	notes map[string]int
	left  map[string]bool // the keys of items that are left out
}

func (w *serviceNowWriter) note(format string, args ...any) { w.notes[fmt.Sprintf(format, args...)]++ }

func (w *serviceNowWriter) items(t *tableWriter, payloads []reconcile.Payload) error {
	columns := w.columns(payloads)
	header := []string{w.Key, "sys_class_name", "name", "install_status", "operational_status", "sys_updated_on"}
	if w.Key == "name" {
		header[0] = "sys_id" // ours have a key besides their name
	}
	for _, c := range columns {
		header = append(header, c.Name)
	}
	t.write(header...)
	for _, p := range payloads {
		if w.left[p.Key] {
			continue
		}
		table, _ := theirs(w.Classes, p.Class)
		install, operational := w.status(p)
		row := []string{p.Key, table, p.Name, install, operational, w.instant(p.At)}
		for _, c := range columns {
			row = append(row, w.columnText(t, p, c))
		}
		t.write(row...)
	}
	return t.close()
}

// columns are those that payloads have something for, in the order of the list.
func (w *serviceNowWriter) columns(payloads []reconcile.Payload) []Column {
	used, held := map[string]bool{}, map[string]bool{}
	for _, p := range payloads {
		for name, v := range p.Attributes {
			used[name] = used[name] || v != nil && !w.left[p.Key]
		}
	}
	var list []Column
	for _, c := range w.Columns {
		if used[c.Attribute] && !held[c.Attribute] {
			held[c.Attribute] = true
			list = append(list, c)
		}
	}
	for _, p := range payloads {
		for name, v := range p.Attributes {
			if v != nil && !held[name] && !w.left[p.Key] {
				w.note("there is no column for %s", name)
			}
		}
	}
	return list
}

func (w *serviceNowWriter) columnText(t *tableWriter, p reconcile.Payload, c Column) string {
	text := t.value(p, c.Attribute)
	if n, isNumber := p.Attributes[c.Attribute].(float64); isNumber && c.Per > 0 {
		text, _ = formatValue(n * c.Per)
	}
	if text != "" && len(c.Values) > 0 {
		word, ok := theirs(c.Values, text)
		if !ok {
			w.note("%s has no word for %.64q", c.Name, text)
		}
		return word
	}
	attributes, _ := w.attributes(p.Class)
	if a := attributes[c.Attribute]; a != nil && a.Type == workflow.FieldTime {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return w.instant(at)
		}
	}
	return text
}

// status are the two words for a state.
func (w *serviceNowWriter) status(p reconcile.Payload) (install, operational string) {
	state := p.State
	if state == "" && p.Gone && len(w.Gone) > 0 {
		state = w.Gone[0]
	}
	install, known := theirs(w.Install, state)
	operational, also := theirs(w.Operational, state)
	if state != "" && !known && !also {
		w.note("there is no status for state %s", state)
	}
	return install, operational
}

// instant is how ServiceNow writes it, in full only if that would lose something.
func (w *serviceNowWriter) instant(t time.Time) string {
	text := t.In(w.zone).Format(plainTime)
	if back, err := parseTime(text, w.zone); err != nil || !back.Equal(t) {
		return t.UTC().Format(time.RFC3339Nano)
	}
	return text
}

func (w *serviceNowWriter) relations(t *tableWriter, payloads []reconcile.Payload) error {
	t.write("parent", "type", "child")
	for _, p := range payloads {
		for _, l := range p.Relations {
			i := slices.IndexFunc(w.Relations, func(r RelationPair) bool { return r.Ours == l.Type })
			switch {
			case w.left[p.Key]:
			case i < 0:
				w.note("there is no type for relation %s", l.Type)
			case l.Source != "" && l.Source != p.Source:
				w.note("a relation to an item of %s has no place", l.Source)
			case w.left[l.Key]:
				w.note("relation %s leads to an item that is left out", l.Type)
			case w.Relations[i].Turned:
				t.write(l.Key, w.Relations[i].Theirs, p.Key)
			default:
				t.write(p.Key, w.Relations[i].Theirs, l.Key)
			}
		}
	}
	return t.close()
}
