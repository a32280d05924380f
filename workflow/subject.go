package workflow

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Subject is a person whose records are looked for: to tell him what is kept about
// him, or to redact it.
type Subject struct {
	Person string
	// Fields are the index fields that hold people's ids, by kind: {"incident":
	// {"caller", "assignee"}}.
	Fields map[string][]string
}

// SubjectPage is a part of what was found.
type SubjectPage struct {
	Records []Ref
	Next    string // where to go on; empty = this was all
}

// Find returns up to limit records that have the person in an index field. It costs
// what it finds, however many records there are, and goes on from the Next of the page
// before; a record with the person in several fields is returned once. It does not see
// people who are in no index, such as the author of a comment: see [Subject.Trace].
func (s Subject) Find(ctx context.Context, store Store, next string, limit int) (SubjectPage, error) {
	type place struct{ kind, field string }
	var places []place
	kinds := make([]string, 0, len(s.Fields))
	for kind := range s.Fields {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	for _, kind := range kinds {
		for _, field := range s.Fields[kind] {
			places = append(places, place{kind, field})
		}
	}
	first, cursor, err := 0, Cursor(""), error(nil)
	if number, text, ok := strings.Cut(next, "/"); next != "" {
		first, err = strconv.Atoi(number)
		cursor = Cursor(text)
		if !ok || err != nil || first < 0 || first >= len(places) {
			return SubjectPage{}, fmt.Errorf("workflow: %.64q is not where a search ended: %w", next, ErrInvalid)
		}
	}
	if s.Person == "" || limit < 1 {
		return SubjectPage{}, fmt.Errorf("workflow: search for %.64q, %d records at a time: want a person and a number: %w", s.Person, limit, ErrInvalid)
	}
	var page SubjectPage
	seen := 0
	key := StringKey(s.Person)
	for i := first; i < len(places); i++ {
		q := Query{Kind: places[i].kind, Where: []Condition{Is(places[i].field, key)}, After: cursor, Limit: limit - seen}
		cursor = ""
		for doc, err := range store.Find(ctx, q) {
			if err != nil {
				return page, err
			}
			seen++
			page.Next = strconv.Itoa(i) + "/" + string(q.CursorAt(doc))
			again := slices.ContainsFunc(places[:i], func(p place) bool { return p.kind == doc.Kind && doc.Index.Has(p.field, key) })
			if !again {
				page.Records = append(page.Records, doc.Ref)
			}
		}
		if seen >= limit {
			return page, nil
		}
	}
	page.Next = ""
	return page, nil
}

// Trail is a part of what [Subject.Trace] found.
type Trail struct {
	Records []Ref    // in the order of the first event found
	Next    Position // where to go on
	End     bool     // the feed was read to its end
}

// Trace reads up to limit events of the feed behind a position and returns the records
// in whose history the person appears: as the one who acted or was acted for, or as any
// value that is exactly his id. It is complete, because everything that a record holds
// or held is in its events, and costs the whole feed, once: a host keeps the Next and
// later reads only what is new. A record may be in several parts.
func (s Subject) Trace(ctx context.Context, store Store, after Position, limit int) (Trail, error) {
	t := Trail{Next: after}
	if s.Person == "" || limit < 1 {
		return t, fmt.Errorf("workflow: trace of %.64q, %d events at a time: want a person and a number: %w", s.Person, limit, ErrInvalid)
	}
	m := Mask{Persons: map[string]string{s.Person: "x"}}
	seen := map[Ref]bool{}
	n := 0
	for e, err := range store.Events(ctx, after, Filter{}) {
		if err != nil {
			return t, err
		}
		if n == limit {
			return t, nil
		}
		n++
		t.Next = e.Position
		if !seen[e.Ref] && m.touches(&e) {
			seen[e.Ref] = true
			t.Records = append(t.Records, e.Ref)
		}
	}
	t.End = true
	return t, nil
}

// touches reports whether the mask covers a value of the event.
func (m *Mask) touches(e *Event) bool {
	content, err := e.content()
	if err != nil {
		return false
	}
	ls, _ := findLeaves(content, true)
	return slices.ContainsFunc(ls, func(l leaf) bool {
		as, ok := m.in(e, l.at, content[l.from:l.to])
		return ok && !bytes.Equal(as, content[l.from:l.to])
	})
}
