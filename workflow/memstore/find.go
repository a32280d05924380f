package memstore

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// The sizes of a page. A page that cannot be walked in order costs a look at
// every candidate, so such pages grow: a whole result then costs few looks.
const (
	firstPage = 256
	lastPage  = 1 << 16
)

// Find yields the matching records page by page; see [workflow.Store]. The
// first query that orders the records of a kind by a field builds the set it
// walks, which takes a moment where there are many.
func (s *Store) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	q.Where = slices.Clone(q.Where)
	for i := range q.Where {
		q.Where[i].Keys = slices.Clone(q.Where[i].Keys)
	}
	return func(yield func(workflow.Document, error) bool) {
		q, left, size := q, q.Limit, firstPage
		err := q.Validate()
		for more := true; more && err == nil; {
			if err = ctx.Err(); err != nil {
				break
			}
			n := size
			if q.Limit > 0 {
				n = min(n, left)
			}
			page, walked := s.page(q, n)
			for _, doc := range page {
				if !yield(copyDocument(doc), nil) {
					return
				}
			}
			left -= len(page)
			if more = len(page) == n && (q.Limit == 0 || left > 0); more {
				q.After = q.CursorAt(*page[n-1])
			}
			if !walked {
				size = min(4*size, lastPage)
			}
		}
		if err != nil {
			yield(workflow.Document{}, err)
		}
	}
}

// page reads up to n documents behind the query's cursor at one instant, and
// tells whether it found them by walking in order.
func (t *tenant) page(q workflow.Query, n int) (docs []*workflow.Document, walked bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	k := t.kinds[q.Kind]
	if k == nil {
		return nil, true
	}
	if k.lacksOrder(q.OrderBy) {
		t.mu.RUnlock()
		t.mu.Lock()
		k.buildOrder(q.OrderBy)
		t.mu.Unlock()
		t.mu.RLock()
	}
	f := finder{kind: k, query: q, n: n}
	f.key, f.id, f.resume, _ = q.Resume()
	return f.run()
}

// finder plans and reads one page.
type finder struct {
	kind   *kind
	query  workflow.Query
	n      int
	key    workflow.Key // the place to continue behind, if resume
	id     workflow.ID
	resume bool
}

// source is a run of entries of one set that contains all that can match.
type source struct {
	set      *ordered
	from, to spot
	size     int
}

// run walks in order when that is expected to read fewer entries than looking
// at all candidates of the most selective condition.
func (f *finder) run() ([]*workflow.Document, bool) {
	walk := f.inOrder()
	best, matching := -1, 0
	for i, c := range f.query.Where {
		size := 0
		for _, s := range f.kind.sources(c) {
			size += s.size
		}
		if best < 0 || size < matching {
			best, matching = i, size
		}
	}
	if best < 0 {
		return f.walk(walk), true
	}
	expected := float64(f.n) * float64(walk.size) / float64(max(matching, 1))
	if min(expected, float64(walk.size)) <= float64(2*matching) {
		return f.walk(walk), true
	}
	return f.gather(f.query.Where[best]), false
}

// inOrder returns the shortest run of entries that stand in the query's order.
func (f *finder) inOrder() source {
	set := f.kind.order(f.query.OrderBy)
	best := f.behindCursor(set, spot{}, set.end(), f.key)
	for _, c := range f.query.Where {
		fld := f.kind.fields[c.Field]
		if fld == nil {
			continue
		}
		lo, hi, one := bounds(c)
		var s source
		switch {
		case f.query.OrderBy == "" && one && len(c.Keys) == 1 && c.Op == workflow.OpIn:
			s = f.behindCursor(&fld.entries, fld.entries.at(lo, workflow.ID{}), above(&fld.entries, lo), lo)
		case f.query.OrderBy == c.Field && one && fld.several == 0:
			s = f.behindCursor(set, set.at(lo, workflow.ID{}), hi(set), f.key)
		default:
			continue
		}
		if s.size < best.size {
			best = s
		}
	}
	return best
}

// behindCursor cuts off what the query has returned before. key is the key
// under which the set holds the record the cursor points behind.
func (f *finder) behindCursor(set *ordered, from, to spot, key workflow.Key) source {
	if f.resume && f.query.Desc {
		if s := set.at(key, f.id); s.before(to) {
			to = s
		}
	} else if f.resume {
		if s := set.behind(key, f.id); from.before(s) {
			from = s
		}
	}
	return source{set, from, to, set.count(from, to)}
}

// bounds returns the lowest key that passes and the end of the run of keys that
// can. one is false when the condition is not one run.
func bounds(c workflow.Condition) (lo workflow.Key, hi func(*ordered) spot, one bool) {
	switch {
	case c.Op == workflow.OpPrefix:
		prefix := string(c.Keys[0])
		return c.Keys[0], func(o *ordered) spot {
			return o.search(func(e *entry) bool { return string(e.key) > prefix && !strings.HasPrefix(string(e.key), prefix) })
		}, true
	case c.Op == workflow.OpRange && c.Keys[1] == "":
		return c.Keys[0], (*ordered).end, true
	case c.Op == workflow.OpRange:
		return c.Keys[0], func(o *ordered) spot { return o.at(c.Keys[1], workflow.ID{}) }, true
	case len(c.Keys) == 1:
		return c.Keys[0], func(o *ordered) spot { return above(o, c.Keys[0]) }, true
	}
	return "", nil, false
}

// above returns the spot behind all entries of the key.
func above(o *ordered, key workflow.Key) spot {
	return o.search(func(e *entry) bool { return e.key > key })
}

// sources returns the entries whose keys pass the condition.
func (k *kind) sources(c workflow.Condition) []source {
	fld := k.fields[c.Field]
	if fld == nil {
		return nil
	}
	set := &fld.entries
	if lo, hi, one := bounds(c); one {
		from, to := set.at(lo, workflow.ID{}), hi(set)
		return []source{{set, from, to, set.count(from, to)}}
	}
	keys := slices.Clone(c.Keys)
	slices.Sort(keys)
	var all []source
	for _, key := range slices.Compact(keys) {
		from, to := set.at(key, workflow.ID{}), above(set, key)
		all = append(all, source{set, from, to, set.count(from, to)})
	}
	return all
}

func (f *finder) holds(doc *workflow.Document) bool {
	for _, c := range f.query.Where {
		if !c.Holds(doc.Index) {
			return false
		}
	}
	return true
}

// walk takes the first n that match, in order.
func (f *finder) walk(s source) []*workflow.Document {
	var page []*workflow.Document
	for e := range s.set.between(s.from, s.to, f.query.Desc) {
		if f.holds(e.rec.doc) {
			if page = append(page, e.rec.doc); len(page) == f.n {
				break
			}
		}
	}
	return page
}

// candidate is a matching document with its order key.
type candidate struct {
	key workflow.Key
	doc *workflow.Document
}

func (f *finder) compare(a, b candidate) int {
	n := cmp.Or(cmp.Compare(a.key, b.key), bytes.Compare(a.doc.ID[:], b.doc.ID[:]))
	if f.query.Desc {
		return -n
	}
	return n
}

// gather looks at every candidate of the condition and keeps the first n behind
// the cursor. It lets the best of them pile up to 2n before it sorts.
func (f *finder) gather(c workflow.Condition) []*workflow.Document {
	var kept []candidate
	full := false // kept[n-1] is the worst that can still be wanted
	trim := func() {
		slices.SortFunc(kept, f.compare)
		if full = len(kept) >= f.n; full {
			kept = kept[:f.n]
		}
	}
	several := f.kind.fields[c.Field] != nil && f.kind.fields[c.Field].several > 0
	cursor := candidate{f.key, &workflow.Document{Ref: workflow.Ref{ID: f.id}}}
	for _, s := range f.kind.sources(c) {
		for e := range s.set.between(s.from, s.to, false) {
			x := candidate{doc: e.rec.doc}
			if f.query.OrderBy != "" {
				x.key = x.doc.Index.First(f.query.OrderBy)
			}
			behind := !f.resume || f.compare(x, cursor) > 0
			if !behind || full && f.compare(x, kept[f.n-1]) > 0 || !f.holds(x.doc) || several && !firstPass(c, x.doc.Index, e.key) {
				continue
			}
			if kept = append(kept, x); len(kept) == 2*f.n {
				trim()
			}
		}
	}
	trim()
	page := make([]*workflow.Document, len(kept))
	for i, x := range kept {
		page[i] = x.doc
	}
	return page
}

// firstPass reports whether key is the smallest of the record's keys that
// passes the condition: a record found under several keys counts once.
func firstPass(c workflow.Condition, ix workflow.Index, key workflow.Key) bool {
	for _, x := range ix {
		if x.Field == c.Field && x.Key < key && c.Holds(workflow.Index{x}) {
			return false
		}
	}
	return true
}
