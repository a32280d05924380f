package postgres

import (
	"context"
	"iter"

	"github.com/itsm-go/itsm/workflow"
)

var _ workflow.Backlog = (*Store)(nil)

// Backlog implements [workflow.Backlog]: the timers by record and name, then the messages
// in the order of their commits. It reads a page at a time and holds nothing while
// yielding; it costs what waits in the whole database.
func (s *Store) Backlog(ctx context.Context) iter.Seq2[workflow.Waiting, error] {
	return func(yield func(workflow.Waiting, error) bool) {
		var last piece
		for _, list := range []struct {
			text string
			scan func(cursor) (piece, error)
			from func() []any
		}{
			{s.db.sql.backlogTimers, scanTimer, func() []any { return []any{last.kind, last.id, last.name} }},
			{s.db.sql.backlogMessages, scanMessage, func() []any { return []any{last.seq} }},
		} {
			for more := true; more; {
				page, err := s.backlogPage(ctx, list.text, list.from(), list.scan)
				if err != nil {
					yield(workflow.Waiting{}, err)
					return
				}
				for _, w := range page {
					last = w.piece
					if !yield(workflow.Waiting{Timer: w.due.Timer, Message: w.due.Message, Parked: w.parked, Error: w.due.Error}, nil) {
						return
					}
				}
				more = len(page) == pageSize
			}
		}
	}
}

// kept is a piece of work, and whether it is parked.
type kept struct {
	piece
	parked bool
}

func (s *Store) backlogPage(ctx context.Context, text string, from []any, scan func(cursor) (piece, error)) (page []kept, err error) {
	err = s.look(ctx, "backlog", func(n *namer) error {
		page = nil
		if !validText(s.tenant) {
			return nil
		}
		tenant, err := n.tenant(s.tenant, false)
		if err != nil || tenant == 0 {
			return err
		}
		rows, err := n.query(text, append(append([]any{tenant}, from...), pageSize)...)
		if err != nil {
			return err
		}
		page, err = collect(rows, func(rows cursor) (k kept, err error) {
			k.piece, err = scan(andParked{rows, &k.parked})
			return k, err
		})
		return err
	})
	return page, err
}

// andParked reads one column more than it is asked for: whether the work is parked.
type andParked struct {
	cursor
	parked *bool
}

func (r andParked) Scan(dest ...any) error { return r.cursor.Scan(append(dest, r.parked)...) }
