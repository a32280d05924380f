package postgres

import (
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// plan is how one page of a query is read: a statement, or two, one after the other,
// which yield the records that match in the query's order, and as many as are wanted.
type plan struct {
	query   workflow.Query
	names   *namer
	kind    int32
	few     int          // see collectFew
	key     workflow.Key // the cursor
	id      workflow.ID
	resumed bool

	order int32  // the number of the field to order by; 0 = by id
	where []span // where each condition's entries lie
	steps []step
	empty bool // nothing can match
}

// step is one statement that yields documentColumns. A limit is to be appended.
type step struct {
	text string
	args []any
}

// span is a part of the index: the entries of one field with certain keys.
type span struct {
	field  int32
	op     workflow.Op
	keys   [][]byte // for OpIn
	lo, hi []byte   // otherwise; no upper end if hi is empty
}

// collectFew is how many records may be collected and sorted for a page. With more
// than that, the page is read from an index in the query's order.
const collectFew = 2000

func newPlan(n *namer, kind int32, q workflow.Query, few int) (*plan, error) {
	p := &plan{query: q, names: n, kind: kind, few: few}
	var err error
	if p.key, p.id, p.resumed, err = q.Resume(); err != nil {
		return nil, err
	}
	if q.OrderBy != "" && validText(q.OrderBy) {
		if p.order, err = n.field(kind, q.OrderBy, false); err != nil {
			return nil, err
		}
	}
	if q.OrderBy != "" && p.order == 0 && p.key != "" { // no record has the field: all come before the cursor, or all behind
		p.empty, p.resumed = !q.Desc, false
	}
	for _, c := range q.Where {
		var field int32
		if validText(c.Field) {
			if field, err = n.field(kind, c.Field, false); err != nil {
				return nil, err
			}
		}
		if field == 0 || c.Op == workflow.OpIn && len(c.Keys) == 0 {
			p.empty = true
			return p, nil
		}
		p.where = append(p.where, newSpan(field, c))
	}
	return p, p.choose()
}

func newSpan(field int32, c workflow.Condition) span {
	s := span{field: field, op: c.Op}
	switch c.Op {
	case workflow.OpIn:
		for _, k := range c.Keys {
			s.keys = append(s.keys, []byte(k))
		}
	case workflow.OpPrefix:
		s.lo, s.hi = []byte(c.Keys[0]), successor(c.Keys[0])
	default:
		s.lo, s.hi = []byte(c.Keys[0]), []byte(c.Keys[1])
	}
	return s
}

// successor is the smallest key above all that begin with the prefix, or empty if
// there is none.
func successor(prefix workflow.Key) []byte {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return b[:i+1]
		}
	}
	return nil
}

// choose picks the steps. A condition that few records meet leads straight to them.
// Otherwise an index that yields the query's order is best: that of the ids, that of
// one key, or that of the field to order by.
func (p *plan) choose() error {
	best, least, ordered := -1, p.few+1, -1
	for i, s := range p.where {
		in, err := p.inOrder(s)
		if err != nil {
			return err
		}
		if in {
			ordered = i
		}
	}
	if len(p.where) > 0 && (ordered < 0 || len(p.where) > 1) {
		counts, err := p.count(least)
		if err != nil {
			return err
		}
		for i, n := range counts {
			if n < least {
				best, least = i, n
			}
		}
	}
	switch {
	case best >= 0 && best != ordered:
		p.steps = []step{p.leadStep(best)}
	case ordered >= 0:
		p.steps = []step{p.entryStep(ordered, p.where[ordered], "", p.resumed)}
	case p.order == 0:
		p.steps = []step{p.recordStep("r.kind = ", p.kind, p.resumed, false)}
	default:
		return p.orderSteps()
	}
	return nil
}

// inOrder reports whether the span's entries are in the query's order: those of one
// key are by id; those of several are by key, which is the record's smallest unless
// it has further ones.
func (p *plan) inOrder(s span) (bool, error) {
	if p.order == 0 {
		return len(s.keys) == 1, nil
	}
	if s.field != p.order || len(s.keys) > 1 {
		return false, nil
	}
	var further bool
	_, err := p.names.one(p.names.db.sql.furtherKeys, []any{s.field}, &further)
	return !further, err
}

// text collects a statement and its parameters.
type text struct {
	strings.Builder
	args []any
}

// arg adds a parameter and returns its place.
func (t *text) arg(v any) string {
	t.args = append(t.args, v)
	return "$" + itoa(len(t.args))
}

func (t *text) step(schema string) step { return step{text: in(schema, t.String()), args: t.args} }

// count counts each span's entries, up to a bound, in one statement.
func (p *plan) count(bound int) ([]int, error) {
	var t text
	t.WriteString("SELECT ARRAY[")
	for i, s := range p.where {
		if i > 0 {
			t.WriteString(", ")
		}
		t.WriteString("(SELECT count(*) FROM (SELECT 1 FROM itsm.entries e WHERE " + s.where(&t) + " ORDER BY e.key, e.id LIMIT " + itoa(bound) + ") x)")
	}
	t.WriteString("]::int[]")
	var counts []int
	_, err := p.names.one(in(p.names.db.sql.schema, t.String()), t.args, &counts)
	return counts, err
}

// where is the span as SQL over itsm.entries e.
func (s span) where(t *text) string {
	field := "e.field = " + t.arg(s.field)
	switch {
	case s.op == workflow.OpIn && len(s.keys) == 1:
		return field + " AND e.key = " + t.arg(s.keys[0])
	case s.op == workflow.OpIn:
		return field + " AND e.key = ANY (" + t.arg(s.keys) + ")"
	case len(s.hi) > 0:
		return field + " AND e.key >= " + t.arg(s.lo) + " AND e.key < " + t.arg(s.hi)
	}
	return field + " AND e.key >= " + t.arg(s.lo)
}

// others is SQL for the conditions other than the one that leads. A single key is one
// look-up in the index, before the record is read; the rest is seen from the record.
// The offset keeps PostgreSQL, which takes a common key for a rare one, from leading by
// the look-up.
func (p *plan) others(t *text, lead int, id string) string {
	var b strings.Builder
	for i, s := range p.where {
		switch {
		case i == lead:
		case len(s.keys) == 1:
			b.WriteString(" AND EXISTS (SELECT 1 FROM itsm.entries x WHERE x.field = " + t.arg(s.field) +
				" AND x.key = " + t.arg(s.keys[0]) + " AND x.id = " + id + " OFFSET 0)")
		default:
			b.WriteString(" AND EXISTS (SELECT 1 FROM unnest(r.fields, r.keys) e(field, key) WHERE " + s.where(t) + ")")
		}
	}
	return b.String()
}

// direction gives the comparison and the order of the query.
func (p *plan) direction() (after, suffix string) {
	if p.query.Desc {
		return "<", " DESC"
	}
	return ">", ""
}

// recordOf reads the record of an entry. Every entry is of the query's kind, as its
// field is. The limit keeps PostgreSQL from reading all records to join them.
func (p *plan) recordOf(t *text) string {
	return " CROSS JOIN LATERAL (SELECT * FROM itsm.records r WHERE r.kind = " + t.arg(p.kind) + " AND r.id = e.id LIMIT 1) r"
}

// leadStep reads the records that meet one condition, and sorts them.
func (p *plan) leadStep(lead int) step {
	var t text
	after, suffix := p.direction()
	t.WriteString("SELECT " + documentColumns + " FROM (SELECT DISTINCT e.id FROM itsm.entries e WHERE " + p.where[lead].where(&t) +
		") e" + p.recordOf(&t))
	key := "''::bytea"
	if p.order != 0 {
		t.WriteString(" LEFT JOIN LATERAL (SELECT u.key FROM unnest(r.fields, r.keys, r.firsts) u(field, key, first) WHERE u.field = " +
			t.arg(p.order) + " AND u.first) o ON true")
		key = "coalesce(o.key, '')"
	}
	t.WriteString(" WHERE true" + p.others(&t, lead, "e.id"))
	if p.resumed {
		t.WriteString(" AND (" + key + ", r.id) " + after + " (" + t.arg([]byte(p.key)) + "::bytea, " + t.arg([16]byte(p.id)) + ")")
	}
	t.WriteString(" ORDER BY " + key + suffix + ", r.id" + suffix)
	return t.step(p.names.db.sql.schema)
}

// entryStep reads the records behind a span's entries in order.
func (p *plan) entryStep(lead int, s span, extra string, resumed bool) step {
	var t text
	after, suffix := p.direction()
	t.WriteString("SELECT " + documentColumns + " FROM itsm.entries e" + p.recordOf(&t) + " WHERE " + s.where(&t))
	if resumed && len(s.keys) == 1 {
		t.WriteString(" AND e.id " + after + " " + t.arg([16]byte(p.id)))
	} else if resumed {
		t.WriteString(" AND (e.key, e.id) " + after + " (" + t.arg([]byte(p.key)) + ", " + t.arg([16]byte(p.id)) + ")")
	}
	t.WriteString(extra)
	t.WriteString(p.others(&t, lead, "e.id"))
	t.WriteString(" ORDER BY e.key" + suffix + ", e.id" + suffix)
	return t.step(p.names.db.sql.schema)
}

// recordStep reads records by id.
func (p *plan) recordStep(where string, arg any, resumed, blank bool) step {
	var t text
	_, suffix := p.direction()
	t.WriteString(p.records(&t, where, arg, resumed))
	if blank {
		t.WriteString(" AND NOT EXISTS (SELECT 1 FROM unnest(r.fields, r.keys, r.firsts) u(field, key, first) WHERE u.field = " +
			t.arg(p.order) + " AND u.first AND u.key <> ''::bytea)")
	}
	t.WriteString(" ORDER BY r.id" + suffix)
	return t.step(p.names.db.sql.schema)
}

func (p *plan) records(t *text, where string, arg any, resumed bool) string {
	after, _ := p.direction()
	s := "SELECT " + documentColumns + " FROM itsm.records r WHERE " + where + t.arg(arg) + " AND r.version > 0"
	if resumed {
		s += " AND r.id " + after + " " + t.arg([16]byte(p.id))
	}
	return s + p.others(t, -1, "r.id")
}

// orderSteps reads by the field to order by: the records that lack it, by id, and the
// others by their smallest key; the other way round if descending.
func (p *plan) orderSteps() error {
	blankMark := p.resumed && p.key == ""
	keyMark := p.resumed && p.key != ""
	if !keyMark || p.query.Desc {
		blank, err := p.blankStep(blankMark)
		if err != nil {
			return err
		}
		p.steps = append(p.steps, blank...)
	}
	if blankMark && p.query.Desc {
		return nil
	}
	s := span{field: p.order, op: workflow.OpRange, lo: []byte{0}}
	keyed := p.entryStep(-1, s, " AND e.first", keyMark)
	if p.query.Desc {
		p.steps = append([]step{keyed}, p.steps...)
	} else {
		p.steps = append(p.steps, keyed)
	}
	return nil
}

// maxShapes is how many shapes are merged; with more, all records are read.
const maxShapes = 64

// blankStep reads the records without a key of the field to order by. They are those
// of certain shapes; each shape yields them by id, and PostgreSQL merges.
func (p *plan) blankStep(resumed bool) ([]step, error) {
	rows, err := p.names.query(p.names.db.sql.shapes, p.kind, p.order)
	if err != nil {
		return nil, err
	}
	shapes, err := collect(rows, func(rows cursor) (shape int32, err error) { return shape, rows.Scan(&shape) })
	if err != nil || len(shapes) == 0 {
		return nil, err
	}
	switch {
	case len(shapes) == 1:
		return []step{p.recordStep("r.shape = ", shapes[0], resumed, false)}, nil
	case len(shapes) > maxShapes:
		return []step{p.recordStep("r.kind = ", p.kind, resumed, true)}, nil
	}
	var t text
	_, suffix := p.direction()
	for i, shape := range shapes {
		if i > 0 {
			t.WriteString(" UNION ALL ")
		}
		t.WriteString("(" + p.records(&t, "r.shape = ", shape, resumed) + " ORDER BY r.id" + suffix + ")")
	}
	t.WriteString(" ORDER BY id" + suffix)
	return []step{t.step(p.names.db.sql.schema)}, nil
}
