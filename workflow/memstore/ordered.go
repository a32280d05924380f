package memstore

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"sort"

	"github.com/itsm-go/itsm/workflow"
)

// entry is one place in an ordered set: a record under a key. It repeats the
// record's id, because a search compares many entries and what it must not do
// is to visit a record for each.
type entry struct {
	key workflow.Key
	id  workflow.ID
	rec *record
}

func entryOf(key workflow.Key, rec *record) entry { return entry{key, rec.ref.ID, rec} }

// compare orders the entry against a key and an id.
func (e *entry) compare(key workflow.Key, id workflow.ID) int {
	if n := cmp.Compare(e.key, key); n != 0 {
		return n
	}
	return bytes.Compare(e.id[:], id[:])
}

// chunkSize bounds what one insertion moves. With it, a set of a million
// entries has a few thousand chunks.
const chunkSize = 512

// ordered is a set of entries sorted by key and id: a list of sorted chunks,
// none of them empty. Insertion and removal move at most one chunk.
type ordered struct {
	chunks [][]entry
	tops   []entry // the last entry of each chunk, side by side for the search
	size   int
}

// spot is a place between two entries: before chunks[chunk][i].
type spot struct{ chunk, i int }

// search returns the spot before the first entry for which the test holds; the
// test must not hold for any entry before one for which it does.
func (o *ordered) search(holds func(*entry) bool) spot {
	c := sort.Search(len(o.tops), func(c int) bool { return holds(&o.tops[c]) })
	if c == len(o.chunks) {
		return spot{c, 0}
	}
	chunk := o.chunks[c]
	return spot{c, sort.Search(len(chunk), func(i int) bool { return holds(&chunk[i]) })}
}

// at returns the spot before the first entry that is not below key and id.
func (o *ordered) at(key workflow.Key, id workflow.ID) spot {
	return o.search(func(e *entry) bool { return e.compare(key, id) >= 0 })
}

// behind returns the spot after key and id.
func (o *ordered) behind(key workflow.Key, id workflow.ID) spot {
	return o.search(func(e *entry) bool { return e.compare(key, id) > 0 })
}

func (o *ordered) end() spot { return spot{len(o.chunks), 0} }

func (s spot) before(t spot) bool {
	return s.chunk < t.chunk || s.chunk == t.chunk && s.i < t.i
}

// count returns how many entries lie between the spots.
func (o *ordered) count(from, to spot) int {
	if !from.before(to) {
		return 0
	}
	n := to.i - from.i
	for _, chunk := range o.chunks[from.chunk:to.chunk] {
		n += len(chunk)
	}
	return n
}

// between yields the entries between the spots, backwards if desc.
func (o *ordered) between(from, to spot, desc bool) iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for from.before(to) {
			var e entry
			if desc {
				if to.i == 0 {
					to = spot{to.chunk - 1, len(o.chunks[to.chunk-1])}
				}
				to.i--
				e = o.chunks[to.chunk][to.i]
			} else {
				e = o.chunks[from.chunk][from.i]
				if from.i++; from.i == len(o.chunks[from.chunk]) {
					from = spot{from.chunk + 1, 0}
				}
			}
			if !yield(e) {
				return
			}
		}
	}
}

// insert adds the entry, which must not be there yet.
func (o *ordered) insert(e entry) {
	s := o.at(e.key, e.id)
	if s == o.end() {
		o.append(e)
		return
	}
	o.size++
	chunk := o.chunks[s.chunk]
	if next := chunk[s.i].key; next == e.key {
		e.key = next // equal keys share their bytes, which makes comparing them cheap
	}
	chunk = slices.Insert(chunk, s.i, e)
	o.chunks[s.chunk] = chunk
	if len(chunk) > chunkSize {
		half := len(chunk) / 2
		o.chunks[s.chunk] = chunk[:half:half]
		o.chunks = slices.Insert(o.chunks, s.chunk+1, slices.Clone(chunk[half:]))
		o.tops = slices.Insert(o.tops, s.chunk, chunk[half-1])
	}
}

// append adds an entry above all others. It fills chunks to the brim, because
// ids ascend and most new records come here.
func (o *ordered) append(e entry) {
	o.size++
	last := len(o.chunks) - 1
	if last >= 0 && o.tops[last].key == e.key {
		e.key = o.tops[last].key
	}
	if last < 0 || len(o.chunks[last]) >= chunkSize {
		o.chunks, o.tops = append(o.chunks, []entry{e}), append(o.tops, e)
		return
	}
	o.chunks[last] = append(o.chunks[last], e)
	o.tops[last] = e
}

// remove takes the entry away, which must be there.
func (o *ordered) remove(e entry) {
	o.size--
	s := o.at(e.key, e.id)
	chunk := slices.Delete(o.chunks[s.chunk], s.i, s.i+1)
	o.chunks[s.chunk] = chunk
	switch {
	case len(chunk) == 0:
		o.drop(s.chunk)
	case s.chunk+1 < len(o.chunks) && len(chunk)+len(o.chunks[s.chunk+1]) <= chunkSize/2:
		o.chunks[s.chunk+1] = append(chunk, o.chunks[s.chunk+1]...)
		o.drop(s.chunk)
	default:
		o.tops[s.chunk] = chunk[len(chunk)-1]
	}
}

// drop takes a chunk away whose entries are gone or in the next one.
func (o *ordered) drop(c int) {
	o.chunks, o.tops = slices.Delete(o.chunks, c, c+1), slices.Delete(o.tops, c, c+1)
}
