package sqlstore

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/itsm-go/itsm/workflow"
)

// Find implements [workflow.Store]. A page is up to 200 records, read in one
// transaction. Which index leads through it is decided anew for every page: see
// the package comment.
func (s *Store) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	return func(yield func(workflow.Document, error) bool) {
		if err := q.Validate(); err != nil {
			yield(workflow.Document{}, err)
			return
		}
		left := q.Limit
		for {
			want := pageSize
			if q.Limit > 0 {
				want = min(want, left)
			}
			page, more, err := s.page(ctx, q, want)
			if err != nil {
				yield(workflow.Document{}, err)
				return
			}
			for _, doc := range page {
				if !yield(doc, nil) {
					return
				}
			}
			if left -= len(page); !more || q.Limit > 0 && left <= 0 {
				return
			}
			q.After = q.CursorAt(page[len(page)-1])
		}
	}
}

// page reads the next records, and whether there may be more.
func (s *Store) page(ctx context.Context, q workflow.Query, want int) (page []workflow.Document, more bool, err error) {
	err = s.read(ctx, "find "+q.Kind, func(n *namer) error {
		kind, err := n.kind(s.tenant, q.Kind)
		if err != nil || kind == 0 {
			return err
		}
		p, err := newPlan(n, kind, q, s.db.few)
		if err != nil || p.empty {
			return err
		}
		page, more, err = p.read(want)
		return err
	})
	return page, more, err
}

// read collects a page from the plan's steps: one after the other if they come
// in the query's order, else all together.
func (p *plan) read(want int) (page []workflow.Document, more bool, err error) {
	size := 0
	for _, st := range p.steps {
		full, err := p.readStep(st, &page, &size, want)
		if err != nil {
			return nil, false, err
		}
		if full {
			return page, true, nil
		}
	}
	if p.sorted {
		return page, false, nil
	}
	page = p.sort(page)
	more = len(page) > want
	return page[:min(want, len(page))], more, nil
}

// sort orders what was collected. A record with several matching keys was
// found once by each.
func (p *plan) sort(page []workflow.Document) []workflow.Document {
	slices.SortFunc(page, p.query.Compare)
	return slices.CompactFunc(page, func(a, b workflow.Document) bool { return a.Ref == b.Ref })
}

// readStep appends the records of one step that pass. The index decides which
// rows are looked at, the conditions themselves which of them count.
func (p *plan) readStep(st step, page *[]workflow.Document, size *int, want int) (full bool, err error) {
	rows, err := p.names.query(st.text, st.args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	for rows.Next() {
		doc, err := scanDocument(rows, p.query.Kind)
		if err != nil {
			return false, err
		}
		if st.blank && doc.Index.First(p.query.OrderBy) != "" || !p.passes(doc) {
			continue
		}
		*page = append(*page, doc)
		if p.sorted {
			body, err := doc.Body.Encoded()
			if *size += len(body); len(*page) >= want || *size >= pageBytes || err != nil {
				return true, err
			}
		} else if len(*page) >= 8*want {
			*page = p.sort(*page)
			*page = slices.Clip((*page)[:min(len(*page), want+1)])
		}
	}
	return false, errors.Join(rows.Err(), rows.Close())
}

// passes reports whether the record matches and lies behind the cursor.
func (p *plan) passes(doc workflow.Document) bool {
	for _, c := range p.query.Where {
		if !c.Holds(doc.Index) {
			return false
		}
	}
	if !p.resumed {
		return true
	}
	mark := workflow.Document{Ref: workflow.Ref{ID: p.id}}
	if p.query.OrderBy != "" && p.key != "" {
		mark.Index = workflow.Index{{Field: p.query.OrderBy, Key: p.key}}
	}
	return p.query.Compare(mark, doc) < 0
}
