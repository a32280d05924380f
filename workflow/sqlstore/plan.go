package sqlstore

import (
	"fmt"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// plan is how one page of a query is read. Conditions are tested on every
// record that the steps yield, so a plan decides only about speed.
type plan struct {
	query   workflow.Query
	names   *namer
	kind    int64
	few     int          // see collectFew
	key     workflow.Key // the cursor
	id      workflow.ID
	resumed bool

	order  int64  // the number of the field to order by; 0 = by id
	where  []span // where each condition's entries lie
	steps  []step
	sorted bool // the steps come in the query's order
	empty  bool // nothing can match
}

// step is one statement that yields documentColumns.
type step struct {
	text  string
	args  []any
	blank bool // it also yields records that have the field to order by
}

// span is a part of the index: the entries of one field with certain keys.
type span struct {
	field  int64
	op     workflow.Op
	keys   []workflow.Key // for OpIn
	lo, hi workflow.Key   // otherwise; no upper end if hi is empty
}

// collectFew is how many records may be collected and sorted for a page. With more
// than that, the page is read in the query's order and stops when it is full.
const collectFew = 2000

func newPlan(n *namer, kind int64, q workflow.Query, few int) (*plan, error) {
	p := &plan{query: q, names: n, kind: kind, few: few}
	var err error
	if p.key, p.id, p.resumed, err = q.Resume(); err != nil {
		return nil, err
	}
	if q.OrderBy != "" {
		if p.order, err = n.number(fieldLevel, kind, q.OrderBy); err != nil {
			return nil, err
		}
	}
	if q.OrderBy != "" && p.order == 0 && p.key != "" { // no record has the field: all come before the cursor, or all behind
		p.empty, p.resumed = !q.Desc, false
	}
	for _, c := range q.Where {
		field, err := n.number(fieldLevel, kind, c.Field)
		if err != nil {
			return nil, err
		}
		if field == 0 || c.Op == workflow.OpIn && len(c.Keys) == 0 {
			p.empty = true
			return p, nil
		}
		p.where = append(p.where, newSpan(field, c))
	}
	return p, p.choose()
}

func newSpan(field int64, c workflow.Condition) span {
	s := span{field: field, op: c.Op}
	switch c.Op {
	case workflow.OpIn:
		s.keys = c.Keys
	case workflow.OpPrefix:
		s.lo, s.hi = c.Keys[0], successor(c.Keys[0])
	default:
		s.lo, s.hi = c.Keys[0], c.Keys[1]
	}
	return s
}

// successor is the smallest key above all that begin with the prefix, or empty
// if there is none.
func successor(prefix workflow.Key) workflow.Key {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return workflow.Key(b[:i+1])
		}
	}
	return ""
}

// choose picks the steps. A condition that few records meet leads straight to
// them. Otherwise an index that yields the query's order is best: that of the
// ids, that of one key, or that of the field to order by.
func (p *plan) choose() error {
	best, least := -1, p.few+1
	ordered := -1
	for i, s := range p.where {
		in, err := p.inOrder(s)
		if err != nil {
			return err
		}
		if in {
			ordered = i
		}
	}
	if ordered < 0 || len(p.where) > 1 {
		for i, s := range p.where {
			n, err := p.count(s, least)
			if err != nil {
				return err
			}
			if n < least {
				best, least = i, n
			}
		}
	}
	switch {
	case best >= 0 && best != ordered:
		p.steps = []step{p.leadStep(best)}
	case ordered >= 0:
		p.sorted = true
		p.steps = []step{p.entryStep(ordered, p.where[ordered], "", p.resumed)}
	case p.order == 0:
		p.sorted = true
		p.steps = []step{p.recordStep("r.kind = ?", p.kind, p.resumed)}
	default:
		p.sorted = true
		return p.orderSteps()
	}
	return nil
}

// inOrder reports whether the span's entries are in the query's order: those of
// one key are by id; those of several are by key, which is the record's
// smallest unless it has further ones.
func (p *plan) inOrder(s span) (bool, error) {
	if p.order == 0 {
		return len(s.keys) == 1, nil
	}
	if s.field != p.order || len(s.keys) > 1 {
		return false, nil
	}
	var further bool
	_, err := p.names.one("SELECT EXISTS (SELECT 1 FROM itsm_entries WHERE field = ? AND first = 0)", []any{s.field}, &further)
	return !further, err
}

// count counts the span's entries, up to a bound.
func (p *plan) count(s span, bound int) (int, error) {
	text, args := s.where()
	var n int
	_, err := p.names.one("SELECT count(*) FROM (SELECT 1 FROM itsm_entries e WHERE "+text+" LIMIT ?)", append(args, bound), &n)
	return n, err
}

// where is the span as SQL over itsm_entries e.
func (s span) where() (string, []any) {
	args := []any{s.field}
	if s.op == workflow.OpIn {
		for _, k := range s.keys {
			args = append(args, []byte(k))
		}
		if len(s.keys) == 1 {
			return "e.field = ? AND e.key = ?", args
		}
		return "e.field = ? AND e.key IN (" + strings.Repeat(", ?", len(s.keys))[2:] + ")", args
	}
	text := "e.field = ? AND e.key >= ?"
	args = append(args, []byte(s.lo))
	if s.hi != "" {
		text += " AND e.key < ?"
		args = append(args, []byte(s.hi))
	}
	return text, args
}

// filters is SQL that sorts records out before they are read, by the conditions
// on a single key, which are one look-up each. It leaves out the one that leads.
func (p *plan) filters(lead int, table string) (text string, args []any) {
	for i, s := range p.where {
		if i != lead && len(s.keys) == 1 {
			text += " AND EXISTS (SELECT 1 FROM itsm_entries x WHERE x.field = ? AND x.key = ? AND x.id = " + table + ".id)"
			args = append(args, s.field, []byte(s.keys[0]))
		}
	}
	return text, args
}

// direction gives the comparison and the order of the query.
func (p *plan) direction() (after, suffix string) {
	if p.query.Desc {
		return "<", " DESC"
	}
	return ">", ""
}

const fromEntries = "SELECT " + documentColumns + " FROM itsm_entries e CROSS JOIN itsm_records r ON r.record = e.record WHERE "

// leadStep reads the records that meet one condition, in no order.
func (p *plan) leadStep(lead int) step {
	where, args := p.where[lead].where()
	filters, more := p.filters(lead, "e")
	return step{text: fromEntries + where + filters, args: append(args, more...)}
}

// entryStep reads the records behind a span's entries in order.
func (p *plan) entryStep(lead int, s span, extra string, resumed bool) step {
	where, args := s.where()
	after, suffix := p.direction()
	if resumed && len(s.keys) == 1 {
		where += " AND e.id " + after + " ?"
		args = append(args, p.id[:])
	} else if resumed {
		where += " AND (e.key, e.id) " + after + " (?, ?)"
		args = append(args, []byte(p.key), p.id[:])
	}
	filters, more := p.filters(lead, "e")
	text := fromEntries + where + extra + filters + " ORDER BY e.key" + suffix + ", e.id" + suffix
	return step{text: text, args: append(args, more...)}
}

const fromRecords = "SELECT " + documentColumns + " FROM itsm_records r WHERE "

// recordStep reads records by id.
func (p *plan) recordStep(where string, arg any, resumed bool) step {
	after, suffix := p.direction()
	args := []any{arg}
	if resumed {
		where += " AND r.id " + after + " ?"
		args = append(args, p.id[:])
	}
	filters, more := p.filters(-1, "r")
	return step{text: fromRecords + where + filters + " ORDER BY r.id" + suffix, args: append(args, more...)}
}

// orderSteps reads by the field to order by: the records that lack it, by id,
// and the others by their smallest key; the other way round if descending.
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
	s := span{field: p.order, op: workflow.OpRange, lo: "\x00"}
	keyed := p.entryStep(-1, s, " AND e.first = 1", keyMark)
	if p.query.Desc {
		p.steps = append([]step{keyed}, p.steps...)
	} else {
		p.steps = append(p.steps, keyed)
	}
	return nil
}

// maxShapes is how many shapes are merged; with more, all records are read.
const maxShapes = 64

// blankStep reads the records without a key of the field to order by. They are
// those of certain shapes; each shape yields them by id, and SQLite merges.
func (p *plan) blankStep(resumed bool) ([]step, error) {
	shapes, err := p.shapesWithout(p.order)
	if err != nil || len(shapes) == 0 {
		return nil, err
	}
	if len(shapes) > maxShapes {
		st := p.recordStep("r.kind = ?", p.kind, resumed)
		st.blank = true
		return []step{st}, nil
	}
	var st step
	var order string
	for i, shape := range shapes {
		one := p.recordStep("r.shape = ?", shape, resumed)
		text, suffix, _ := strings.Cut(one.text, " ORDER BY r.id")
		if i > 0 {
			st.text += " UNION ALL "
		}
		st.text += text
		st.args = append(st.args, one.args...)
		order = " ORDER BY id" + suffix
	}
	st.text += order
	return []step{st}, nil
}

func (p *plan) shapesWithout(field int64) ([]int64, error) {
	rows, err := p.names.query("SELECT shape FROM itsm_shapes WHERE kind = ? AND instr(name, ?) = 0", p.kind, fmt.Sprintf(",%d,", field))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var shapes []int64
	for rows.Next() {
		var shape int64
		if err := rows.Scan(&shape); err != nil {
			return nil, err
		}
		shapes = append(shapes, shape)
	}
	return shapes, rows.Err()
}
