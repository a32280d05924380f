package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

var findRules = []Rule{
	{"find/conditions", "work lists must show the records they ask for and no others", findConditions},
	{"find/order", "a list sorted by due date must not hide records without one", findOrder},
	{"find/bytewise", "keys must compare alike in every store, whatever the database's collation", findBytewise},
	{"find/like-the-reference", "any combination of conditions, order, limit and cursor must mean what Holds and Compare say", findReference},
	{"find/index-follows-record", "a record must be found by its present keys, not by its former ones", indexFollows},
	{"find/limit-and-cursor", "pages of a list must together be the list", limitAndCursor},
	{"find/cursor-while-others-write", "a record that keeps its place must be seen exactly once, whatever happens around it", cursorWhileWriting},
	{"find/invalid-refused", "a cursor of another list, or a condition without a field, must not silently give something", findInvalid},
	{"find/commit-inside-the-loop", "jobs change what they find; a store that holds a connection while yielding would wait for itself", commitInsideFind},
}

func where(c ...workflow.Condition) []workflow.Condition { return c }

func findConditions(p *probe) {
	one := p.create("ticket", entry("state", "open"), entry("ci", "mail"), entry("ci", "web"), entry("n", workflow.IntKey(9)))
	two := p.create("ticket", entry("state", "open"), entry("ci", "db"), entry("n", workflow.IntKey(10)))
	three := p.create("ticket", entry("state", "closed"), entry("n", workflow.IntKey(-5)), entry("note", ""))
	bare := p.create("ticket")
	p.create("other", entry("state", "open"))

	cases := []struct {
		name  string
		where []workflow.Condition
		want  []workflow.Document
	}{
		{"all of the kind", nil, []workflow.Document{one, two, three, bare}},
		{"equality", where(workflow.Is("state", "open")), []workflow.Document{one, two}},
		{"a key nobody has", where(workflow.Is("state", "ope")), nil},
		{"a field nobody has", where(workflow.Is("nobody", "x")), nil},
		{"in a list, one key twice", where(workflow.In("state", "closed", "open", "open")), []workflow.Document{one, two, three}},
		{"in an empty list", where(workflow.In("state")), nil},
		{"either key of a field", where(workflow.Is("ci", "web")), []workflow.Document{one}},
		{"two keys of one record count once", where(workflow.In("ci", "mail", "web")), []workflow.Document{one}},
		{"two conditions on one field, each by another key", where(workflow.Is("ci", "mail"), workflow.Is("ci", "web")), []workflow.Document{one}},
		{"prefix", where(workflow.HasPrefix("state", "op")), []workflow.Document{one, two}},
		{"the empty prefix asks for the field", where(workflow.HasPrefix("state", "")), []workflow.Document{one, two, three}},
		{"range, half-open", where(workflow.Between("n", workflow.IntKey(9), workflow.IntKey(10))), []workflow.Document{one}},
		{"numbers sort as numbers", where(workflow.AtLeast("n", workflow.IntKey(9))), []workflow.Document{one, two}},
		{"below, without records lacking the field", where(workflow.Below("n", workflow.IntKey(10))), []workflow.Document{one, three}},
		{"empty range", where(workflow.Between("n", workflow.IntKey(10), workflow.IntKey(9))), nil},
		{"the empty key is a key", where(workflow.Is("note", "")), []workflow.Document{three}},
		{"the empty key in a range", where(workflow.Below("note", "a")), []workflow.Document{three}},
		{"all conditions must hold", where(workflow.Is("state", "open"), workflow.AtLeast("n", workflow.IntKey(10))), []workflow.Document{two}},
	}
	for _, c := range cases {
		p.wantFound(c.name, workflow.Query{Kind: "ticket", Where: c.where}, c.want...)
	}
	p.wantFound("a kind nobody has", workflow.Query{Kind: "nobody"})
}

func findOrder(p *probe) {
	b2 := p.create("ticket", entry("k", "b"))
	a := p.create("ticket", entry("k", "a"), entry("k", "z"))
	none1 := p.create("ticket", entry("x", "1"))
	b1 := p.create("ticket", entry("k", "b"))
	empty := p.create("ticket", entry("k", ""), entry("k", "q"))
	none2 := p.create("ticket")
	by := workflow.Query{Kind: "ticket", OrderBy: "k"}
	ascending := []workflow.Document{none1, empty, none2, a, b2, b1}
	p.wantFound("by smallest key, without key first, ties by id", by, ascending...)
	by.Desc = true
	slices.Reverse(ascending)
	p.wantFound("descending is the exact reverse", by, ascending...)
	p.wantFound("by id", workflow.Query{Kind: "ticket"}, b2, a, none1, b1, empty, none2)
	p.wantFound("by id, descending", workflow.Query{Kind: "ticket", Desc: true}, none2, empty, b1, none1, a, b2)
	p.wantFound("by a field nobody has", workflow.Query{Kind: "ticket", OrderBy: "nobody", Limit: 2}, b2, a)
	p.wantFound("by one field, under a condition on another", workflow.Query{Kind: "ticket", OrderBy: "x", Desc: true,
		Where: where(workflow.HasPrefix("k", ""))}, empty, b1, a, b2)
	p.wantFound("a condition met by a key that is not the smallest", workflow.Query{Kind: "ticket", OrderBy: "k",
		Where: where(workflow.AtLeast("k", "b"))}, empty, a, b2, b1)
}

// awkward keys in bytewise order. They are what StringKey makes of user input,
// which it may cut in the middle of a character.
var awkward = []workflow.Key{"", "\x00", " ", "!", "%", "10", "9", "A", "Z", "_", "a", "a\x00", "a\x00b", "a ", "aB", "ab", "a\xff", "z",
	"\x7f", "\xc3", "Ä", "é", "é\xff", "日本", "\xff", "\xff\xff", "\xff\xff\x01"}

func findBytewise(p *probe) {
	var docs []workflow.Document
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(len(awkward)) {
		docs = append(docs, p.create("ticket", entry("k", awkward[i])))
	}
	q := workflow.Query{Kind: "ticket", OrderBy: "k"}
	slices.SortFunc(docs, q.Compare)
	p.wantFound("in bytewise order", q, docs...)
	for _, key := range awkward {
		for _, c := range where(workflow.Is("k", key), workflow.HasPrefix("k", key), workflow.AtLeast("k", key), workflow.Below("k", key)) {
			q.Where = where(c)
			var want []workflow.Document
			for _, d := range docs {
				if c.Holds(d.Index) {
					want = append(want, d)
				}
			}
			p.wantFound(fmt.Sprintf("key %q", key), q, want...)
		}
	}
}

// findReference compares seeded random queries with the plain meaning of a
// query: filter by Holds, sort by Compare, cut.
func findReference(p *probe) {
	r := rand.New(rand.NewPCG(7, 11))
	key := func() workflow.Key { return workflow.Key("abcdef"[r.IntN(6):][:1] + strings.Repeat("x", r.IntN(3))) }
	fields := []string{"f", "g", "h"}
	var docs []workflow.Document
	for round := range 3 {
		b := p.batch()
		for i := range 120 {
			var entries []workflow.IndexEntry
			for range r.IntN(5) {
				entries = append(entries, entry(fields[r.IntN(len(fields))], key()))
			}
			ix := workflow.NewIndex(entries...)
			if round == 0 {
				docs = append(docs, p.write(&b, p.unborn("ticket"), ix, `{"n":1}`))
			} else if r.IntN(3) == 0 {
				docs[i] = p.write(&b, docs[i], ix, `{"n":1}`)
			}
		}
		p.commit(b)
		for range 80 {
			p.compareQuery(randomQuery(r, fields, key), docs, r.IntN(len(docs)))
		}
	}
}

func randomQuery(r *rand.Rand, fields []string, key func() workflow.Key) workflow.Query {
	q := workflow.Query{Kind: "ticket", Desc: r.IntN(2) == 0, Limit: r.IntN(3) * r.IntN(20)}
	if r.IntN(3) > 0 {
		q.OrderBy = fields[r.IntN(len(fields))]
	}
	for range r.IntN(4) {
		f := fields[r.IntN(len(fields))]
		q.Where = append(q.Where, []workflow.Condition{
			workflow.Is(f, key()), workflow.In(f, key(), key(), key()), workflow.HasPrefix(f, key()[:1]),
			workflow.Between(f, key(), key()), workflow.AtLeast(f, key()), workflow.Below(f, key()),
		}[r.IntN(6)])
	}
	return q
}

// compareQuery runs the query twice: from the beginning, and behind one of its
// own results.
func (p *probe) compareQuery(q workflow.Query, docs []workflow.Document, pick int) {
	var want []workflow.Document
	for _, d := range docs {
		if !slices.ContainsFunc(q.Where, func(c workflow.Condition) bool { return !c.Holds(d.Index) }) {
			want = append(want, d)
		}
	}
	slices.SortFunc(want, q.Compare)
	cut := func(from int) []workflow.Document {
		if q.Limit > 0 {
			return want[from:min(len(want), from+q.Limit)]
		}
		return want[from:]
	}
	p.wantFound("random query", q, cut(0)...)
	if len(want) > 0 {
		at := pick % len(want)
		q.After = q.CursorAt(want[at])
		p.wantFound("random query behind a cursor", q, cut(at+1)...)
	}
}

func indexFollows(p *probe) {
	doc := p.create("ticket", entry("state", "new"), entry("ci", "a"), entry("ci", "b"))
	by := func(field string, key workflow.Key) workflow.Query {
		return workflow.Query{Kind: "ticket", Where: where(workflow.Is(field, key))}
	}
	doc = p.put(doc, workflow.NewIndex(entry("state", "open"), entry("ci", "b"), entry("ci", "c")), `{"n":2}`)
	p.wantFound("former key", by("state", "new"))
	p.wantFound("present key", by("state", "open"), doc)
	p.wantFound("key that went", by("ci", "a"))
	p.wantFound("key that stayed", by("ci", "b"), doc)
	p.wantFound("key that came", by("ci", "c"), doc)
	doc = p.put(doc, nil, `{"n":3}`)
	p.wantFound("all keys went", by("ci", "b"))
	p.wantFound("the record is still there", workflow.Query{Kind: "ticket", OrderBy: "state"}, doc)
}

func limitAndCursor(p *probe) {
	var docs []workflow.Document
	b := p.batch()
	for i := range 23 {
		docs = append(docs, p.write(&b, p.unborn("ticket"), workflow.NewIndex(entry("k", workflow.IntKey(int64(i*7%5)))), `{"n":1}`))
	}
	p.commit(b)
	for _, q := range []workflow.Query{
		{Kind: "ticket"}, {Kind: "ticket", Desc: true}, {Kind: "ticket", OrderBy: "k"}, {Kind: "ticket", OrderBy: "k", Desc: true},
		{Kind: "ticket", OrderBy: "k", Where: where(workflow.AtLeast("k", workflow.IntKey(1)))},
	} {
		whole := p.find(q)
		for limit := 1; limit <= 8; limit += 3 {
			var paged []workflow.Document
			q := q
			q.Limit = limit
			for range len(docs) + 1 {
				page := p.find(q)
				if len(page) > limit {
					p.errorf("%d records, limit %d", len(page), limit)
				}
				if len(page) == 0 {
					break
				}
				paged = append(paged, page...)
				q.After = q.CursorAt(page[len(page)-1])
			}
			if refs(paged) != refs(whole) {
				p.errorf("pages of %d of %+v\n give %s\n want %s", limit, q, refs(paged), refs(whole))
			}
		}
	}
}

// cursorWhileWriting walks 600 records by pages and in one long loop, while
// others appear on both sides of the cursor, change, and move.
func cursorWhileWriting(p *probe) {
	for _, paged := range []bool{true, false} {
		for _, desc := range []bool{false, true} {
			kind := fmt.Sprintf("paged%t.desc%t", paged, desc)
			keep := map[workflow.ID]int{}
			var docs []workflow.Document
			b := p.batch()
			for i := range 600 {
				docs = append(docs, p.write(&b, p.unborn(kind), workflow.NewIndex(entry("k", workflow.IntKey(int64(i%50)))), `{"n":1}`))
			}
			p.commit(b)
			for i, d := range docs {
				if i%3 != 0 {
					keep[d.ID] = 0
				}
			}
			p.walkWhileWriting(workflow.Query{Kind: kind, OrderBy: "k", Desc: desc}, paged, docs, keep)
			for id, seen := range keep {
				if seen != 1 {
					p.errorf("%s: record %v kept its place and was seen %d times", kind, id, seen)
					break
				}
			}
		}
	}
}

func (p *probe) walkWhileWriting(q workflow.Query, paged bool, docs []workflow.Document, seen map[workflow.ID]int) {
	r := rand.New(rand.NewPCG(3, 5))
	disturb := func() {
		b := p.batch()
		p.write(&b, p.unborn(q.Kind), workflow.NewIndex(entry("k", workflow.IntKey(r.Int64N(50)))), `{"n":1}`)
		i := r.IntN(len(docs))
		ix := docs[i].Index
		if i%3 == 0 {
			ix = workflow.NewIndex(entry("k", workflow.IntKey(r.Int64N(50))))
		}
		docs[i] = p.write(&b, docs[i], ix, `{"n":2}`)
		p.commit(b)
	}
	count := func(d workflow.Document) {
		if _, ok := seen[d.ID]; ok {
			seen[d.ID]++
		}
	}
	if !paged {
		n := 0
		for d, err := range p.store.Find(p.ctx, q) {
			p.must(err, "find")
			count(d)
			if n++; n%20 == 0 && n < 1000 {
				disturb()
			}
		}
		return
	}
	q.Limit = 37
	for range 100 {
		page := p.find(q)
		if len(page) == 0 {
			return
		}
		for _, d := range page {
			count(d)
		}
		q.After = q.CursorAt(page[len(page)-1])
		disturb()
	}
	p.errorf("the walk does not end")
}

func findInvalid(p *probe) {
	doc := p.create("ticket", entry("k", "a"))
	good := workflow.Query{Kind: "ticket", OrderBy: "k"}
	cases := map[string]workflow.Query{
		"cursor of another order": {Kind: "ticket", After: good.CursorAt(doc)},
		"cursor of another sense": {Kind: "ticket", OrderBy: "k", Desc: true, After: good.CursorAt(doc)},
		"cursor of another kind":  {Kind: "incident", OrderBy: "k", After: good.CursorAt(doc)},
		"damaged cursor":          {Kind: "ticket", OrderBy: "k", After: good.CursorAt(doc)[1:]},
		"no kind":                 {},
		"negative limit":          {Kind: "ticket", Limit: -1},
		"condition of no kind":    {Kind: "ticket", Where: where(workflow.Condition{Field: "k"})},
		"condition without field": {Kind: "ticket", Where: where(workflow.Is("", "a"))},
		"range with one end":      {Kind: "ticket", Where: where(workflow.Condition{Field: "k", Op: workflow.OpRange, Keys: []workflow.Key{"a"}})},
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		docs, err := all(p.store.Find(p.ctx, cases[name]))
		p.wantError(err, workflow.ErrInvalid, "query with %s", name)
		if len(docs) > 0 {
			p.errorf("query with %s gave %d records", name, len(docs))
		}
	}
}

func commitInsideFind(p *probe) {
	for range 5 {
		p.create("ticket", entry("state", "open"))
	}
	q := workflow.Query{Kind: "ticket", Where: where(workflow.Is("state", "open"))}
	closed := 0
	for doc, err := range p.store.Find(p.ctx, q) {
		p.must(err, "find")
		p.put(doc, workflow.NewIndex(entry("state", "closed")), `{"n":2}`)
		if closed++; closed == 3 {
			break
		}
	}
	if n := len(p.find(q)); n != 2 {
		p.errorf("%d records still open after 3 of 5 were closed and the loop was left, want 2", n)
	}
	for doc, err := range p.store.Find(p.ctx, q) {
		p.must(err, "find")
		for range p.store.Find(p.ctx, q) {
			break
		}
		p.put(doc, nil, `{"n":2}`)
	}
	p.wantFound("after all were changed", q)
}
