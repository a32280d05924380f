package workflow

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

// Query selects the records of one kind by their index fields. The zero Where
// selects all. Results come in the order of OrderBy's smallest key and then the
// id, or by id alone (which is by creation) when OrderBy is empty; a record
// without that field sorts first. A Query is a plain value.
type Query struct {
	Kind    string
	Where   []Condition // all must hold
	OrderBy string      // an index field
	Desc    bool
	Limit   int    // at most so many; 0 = all
	After   Cursor // continue behind this place, see [Query.CursorAt]
}

// Op is how a [Condition] compares.
type Op uint8

// The ways to compare.
const (
	OpIn     Op = iota + 1 // one of Keys
	OpPrefix               // begins with Keys[0]
	OpRange                // at least Keys[0] and below Keys[1]; an empty Keys[1] has no upper end
)

// Condition is one test of an index field. It holds when any key of the field
// passes. Use [Is], [In], [HasPrefix], [Between], [AtLeast] and [Below].
type Condition struct {
	Field string
	Op    Op
	Keys  []Key
}

// Is asks for records whose field has the key.
func Is(field string, key Key) Condition { return In(field, key) }

// In asks for records whose field has one of the keys; no keys match nothing.
func In(field string, keys ...Key) Condition { return Condition{field, OpIn, slices.Clone(keys)} }

// HasPrefix asks for records whose field begins with the text.
func HasPrefix(field string, prefix Key) Condition { return Condition{field, OpPrefix, []Key{prefix}} }

// Between asks for records whose field is in the half-open range [lo, hi).
func Between(field string, lo, hi Key) Condition { return Condition{field, OpRange, []Key{lo, hi}} }

// AtLeast asks for records whose field is lo or more.
func AtLeast(field string, lo Key) Condition { return Between(field, lo, "") }

// Below asks for records that have the field, with a key less than hi.
func Below(field string, hi Key) Condition { return Between(field, "", hi) }

// Holds reports whether the index passes the condition: the meaning that every
// store must give it.
func (c Condition) Holds(ix Index) bool {
	for _, e := range ix {
		if e.Field == c.Field && c.matches(e.Key) {
			return true
		}
	}
	return false
}

func (c Condition) matches(k Key) bool {
	switch c.Op {
	case OpIn:
		return slices.Contains(c.Keys, k)
	case OpPrefix:
		return strings.HasPrefix(string(k), string(c.Keys[0]))
	case OpRange:
		return k >= c.Keys[0] && (c.Keys[1] == "" || k < c.Keys[1])
	}
	return false
}

// Limits of a query.
const (
	MaxConditions = 32   // conditions in one query
	MaxInList     = 1000 // keys in one condition
)

// Validate reports every fault of the query in one error matching [ErrInvalid].
// Stores call it first.
func (q Query) Validate() error {
	var p Problems
	if q.Kind == "" {
		p.Addf("no kind")
	}
	if q.Limit < 0 {
		p.Addf("limit %d is negative", q.Limit)
	}
	if len(q.Where) > MaxConditions {
		p.Addf("%d conditions, at most %d", len(q.Where), MaxConditions)
	}
	for i, c := range q.Where {
		c.validate(&p, i)
	}
	if _, _, _, err := q.Resume(); err != nil {
		p.Add(err)
	}
	return p.Err("workflow: query")
}

func (c Condition) validate(p *Problems, i int) {
	want := map[Op]int{OpPrefix: 1, OpRange: 2}[c.Op]
	switch {
	case c.Op < OpIn || c.Op > OpRange:
		p.Addf("condition %d: unknown operation %d", i, c.Op)
	case c.Field == "":
		p.Addf("condition %d: no field", i)
	case want != 0 && len(c.Keys) != want:
		p.Addf("condition %d on %s: %d keys, want %d", i, c.Field, len(c.Keys), want)
	case len(c.Keys) > MaxInList:
		p.Addf("condition %d on %s: %d keys, at most %d", i, c.Field, len(c.Keys), MaxInList)
	}
}

// Cursor is a place in the results of a query: behind one of its documents. It
// is opaque text, safe in a URL, and stays good while others write: no record
// that keeps its order key is skipped or seen twice.
type Cursor string

// CursorAt returns the place behind doc, which the query has returned.
func (q Query) CursorAt(doc Document) Cursor {
	text := q.order() + "\x00" + doc.ID.String() + "\x00" + string(q.orderKey(doc.Index))
	return Cursor(base64.RawURLEncoding.EncodeToString([]byte(text)))
}

// Resume decodes After for a store: the order key and id to continue behind. ok
// is false when the query starts at the beginning. A cursor that is damaged, or
// was made by a query with another order, is an error matching [ErrInvalid].
func (q Query) Resume() (key Key, id ID, ok bool, err error) {
	if q.After == "" {
		return "", ID{}, false, nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(string(q.After))
	if err == nil {
		if parts := strings.SplitN(string(text), "\x00", 3); len(parts) == 3 && parts[0] == q.order() {
			if id, err := ParseID(parts[1]); err == nil {
				return Key(parts[2]), id, true, nil
			}
		}
	}
	return "", ID{}, false, fmt.Errorf("workflow: cursor %.80q does not belong to a query of %s: %w", q.After, q.order(), ErrInvalid)
}

func (q Query) order() string {
	return fmt.Sprintf("%s by %q desc=%t", q.Kind, q.OrderBy, q.Desc)
}

func (q Query) orderKey(ix Index) Key {
	if q.OrderBy == "" {
		return ""
	}
	return ix.First(q.OrderBy)
}

// Compare orders two documents as the query does: negative when a comes first.
func (q Query) Compare(a, b Document) int {
	n := strings.Compare(string(q.orderKey(a.Index)), string(q.orderKey(b.Index)))
	if n == 0 {
		n = strings.Compare(string(a.ID[:]), string(b.ID[:]))
	}
	if q.Desc {
		return -n
	}
	return n
}
