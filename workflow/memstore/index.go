package memstore

import (
	"cmp"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// record is the place of one document. The document is replaced as a whole and
// never changed, so a reader may keep the pointer after the lock is gone.
type record struct {
	ref    workflow.Ref
	doc    *workflow.Document
	events []int // places in the log, in order
}

// kind holds the records of one kind and the sets they are found by.
type kind struct {
	records map[workflow.ID]*record
	byID    ordered // under the empty key
	fields  map[string]*field
	orders  map[string]*ordered // every record under its smallest key of the field
}

// field is the set of all keys of one index field.
type field struct {
	entries ordered
	several int // records with more than one key
}

func newKind() *kind {
	return &kind{
		records: map[workflow.ID]*record{},
		fields:  map[string]*field{},
		orders:  map[string]*ordered{},
	}
}

// put makes doc the record's present version and moves its index entries.
func (k *kind) put(doc *workflow.Document) *record {
	rec, known := k.records[doc.ID]
	var before workflow.Index
	if known {
		before = rec.doc.Index
		rec.doc = doc
	} else {
		rec = &record{ref: doc.Ref, doc: doc}
		k.records[doc.ID] = rec
		k.byID.insert(entryOf("", rec))
	}
	for name, o := range k.orders {
		old, now := before.First(name), doc.Index.First(name)
		if known && old != now {
			o.remove(entryOf(old, rec))
		}
		if !known || old != now {
			o.insert(entryOf(now, rec))
		}
	}
	if !slices.Equal(before, doc.Index) {
		k.reindex(rec, before, doc.Index)
	}
	return rec
}

// reindex merges the two sorted indexes and touches only what differs.
func (k *kind) reindex(rec *record, before, after workflow.Index) {
	k.countSeveral(before, -1)
	for i, j := 0, 0; i < len(before) || j < len(after); {
		switch n := compareAt(before, i, after, j); {
		case n < 0:
			k.field(before[i].Field).entries.remove(entryOf(before[i].Key, rec))
			i++
		case n > 0:
			k.field(after[j].Field).entries.insert(entryOf(after[j].Key, rec))
			j++
		default:
			i, j = i+1, j+1
		}
	}
	k.countSeveral(after, 1)
}

func compareAt(a workflow.Index, i int, b workflow.Index, j int) int {
	switch {
	case i == len(a):
		return 1
	case j == len(b):
		return -1
	}
	return cmp.Or(cmp.Compare(a[i].Field, b[j].Field), cmp.Compare(a[i].Key, b[j].Key))
}

// countSeveral adds step for every field that has more than one key.
func (k *kind) countSeveral(ix workflow.Index, step int) {
	for i := 1; i < len(ix); i++ {
		second := ix[i].Field == ix[i-1].Field && (i == 1 || ix[i].Field != ix[i-2].Field)
		if second {
			k.field(ix[i].Field).several += step
		}
	}
}

func (k *kind) field(name string) *field {
	f := k.fields[name]
	if f == nil {
		f = &field{}
		k.fields[name] = f
	}
	return f
}

// lacksOrder reports whether the set that a query by this field walks is yet to
// be built. A field that no record has needs none: all its keys are missing.
func (k *kind) lacksOrder(name string) bool {
	return k.fields[name] != nil && k.orders[name] == nil
}

// buildOrder makes the set of all records in the order of the field.
func (k *kind) buildOrder(name string) {
	if !k.lacksOrder(name) {
		return
	}
	all := make([]entry, 0, k.byID.size)
	for e := range k.byID.between(spot{}, k.byID.end(), false) {
		all = append(all, entryOf(e.rec.doc.Index.First(name), e.rec))
	}
	slices.SortFunc(all, func(a, b entry) int { return a.compare(b.key, b.id) })
	o := &ordered{}
	for _, e := range all {
		o.append(e)
	}
	k.orders[name] = o
}

// order returns the set that holds every record in the order of the field.
func (k *kind) order(name string) *ordered {
	if o := k.orders[name]; o != nil {
		return o
	}
	return &k.byID
}
