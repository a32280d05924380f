package sqlstore

import (
	"context"
	"iter"

	"github.com/itsm-go/itsm/workflow"
)

const (
	backlogTimers = "SELECT " + timerColumns + `, m.lane = 3 FROM itsm_timers m CROSS JOIN itsm_kinds k ON k.kind = m.kind
WHERE m.tenant = (SELECT tenant FROM itsm_tenants WHERE name = ?1) AND (m.kind, m.id, m.name) > (?2, ?3, ?4)
ORDER BY m.kind, m.id, m.name LIMIT ?5`
	backlogMessages = "SELECT " + messageColumns + `, m.lane = 3 FROM itsm_messages m CROSS JOIN itsm_kinds k ON k.kind = m.kind
WHERE m.tenant = (SELECT tenant FROM itsm_tenants WHERE name = ?1) AND m.seq > ?2
ORDER BY m.seq LIMIT ?3`
)

var _ workflow.Backlog = (*Store)(nil)

// Backlog implements [workflow.Backlog]: the timers by record and name, then the
// messages in the order of their commits. It reads a page at a time and holds nothing
// while yielding; it costs what waits in the whole database.
func (s *Store) Backlog(ctx context.Context) iter.Seq2[workflow.Waiting, error] {
	return func(yield func(workflow.Waiting, error) bool) {
		last := piece{rawID: []byte{}}
		for _, list := range []struct {
			text string
			scan func(rows) (piece, error)
			from func() []any
		}{
			{backlogTimers, scanTimer, func() []any { return []any{last.kind, last.rawID, last.name} }},
			{backlogMessages, scanMessage, func() []any { return []any{last.seq} }},
		} {
			for more := true; more; {
				var page []piece
				var parked []bool
				err := s.look(ctx, "backlog", func(n *session) (err error) {
					args := append(append([]any{s.tenant}, list.from()...), pageSize)
					page, err = collect(n.query(list.text, args...))(func(r rows) (piece, error) {
						parked = append(parked, false)
						return list.scan(andParked{r, &parked[len(parked)-1]})
					})
					return err
				})
				if err != nil {
					yield(workflow.Waiting{}, err)
					return
				}
				for i, p := range page {
					if !yield(workflow.Waiting{Timer: p.due.Timer, Message: p.due.Message, Parked: parked[i], Error: p.due.Error}, nil) {
						return
					}
					last = p
				}
				more = len(page) == pageSize
			}
		}
	}
}

// andParked reads one column more than it is asked for: whether the work is parked.
type andParked struct {
	rows
	parked *bool
}

func (r andParked) Scan(dest ...any) error { return r.rows.Scan(append(dest, r.parked)...) }
