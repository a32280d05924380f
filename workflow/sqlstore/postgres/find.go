package postgres

import (
	"context"
	"iter"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5"
)

// pageSize is how many rows are read at a time, and pageBytes when a page ends early.
const (
	pageSize  = 200
	pageBytes = 8 << 20
)

// Find implements [workflow.Store]. A page is up to 200 records, read at one instant.
// Which index leads through it is decided anew for every page: see the package
// comment.
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
	err = s.look(ctx, "find "+q.Kind, func(n *namer) error {
		page, more = nil, false
		if !validText(s.tenant) || !validText(q.Kind) {
			return nil
		}
		kind, err := n.kind(s.tenant, q.Kind, false)
		if err != nil || kind.kind == 0 {
			return err
		}
		p, err := newPlan(n, kind.kind, q, s.db.few)
		if err != nil || p.empty {
			return err
		}
		if s.host != nil || len(p.steps) == 1 {
			page, more, err = p.read(n.session, want)
			return err
		}
		options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
		return pgx.BeginTxFunc(ctx, s.db.pool, options, func(tx pgx.Tx) error {
			page, more, err = p.read(&session{ctx: ctx, db: s.db, store: s, on: s.db.on(tx, s.tenant)}, want)
			return err
		})
	})
	return page, more, err
}

// read collects a page from the plan's steps, one after the other.
func (p *plan) read(s *session, want int) (page []workflow.Document, more bool, err error) {
	names := &namer{s, p.names.known}
	size := 0
	for _, st := range p.steps {
		// A number that PostgreSQL sees makes for a better plan than a parameter, and few
		// numbers for few statements.
		limit := 1
		for limit < want-len(page) {
			limit *= 2
		}
		rows, err := s.query(st.text+" LIMIT "+itoa(limit), st.args...)
		if err != nil {
			return nil, false, err
		}
		found, err := collect(rows, func(rows cursor) (storedDocument, error) { return scanDocument(rows, p.query.Kind) })
		if err != nil {
			return nil, false, err
		}
		for _, stored := range found {
			doc, err := stored.document(names)
			if err != nil {
				return nil, false, err
			}
			page = append(page, doc)
			size += stored.size
			if len(page) == want || size >= pageBytes {
				return page, true, nil
			}
		}
	}
	return page, false, nil
}
