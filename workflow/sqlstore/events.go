package sqlstore

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

const (
	tenantNumber = "(SELECT tenant FROM itsm_tenants WHERE name = ?1)"

	feedEnd = `SELECT t.tenant, coalesce((SELECT max(position) FROM itsm_events
	WHERE position > t.tenant << 40 AND position < (t.tenant + 1) << 40), t.tenant << 40)
FROM itsm_tenants t WHERE t.name = ?1`
	batchEvents = "SELECT after, last FROM itsm_batches WHERE tenant = " + tenantNumber + " AND id = ?2"

	eventColumns = "SELECT e.position, e.version, e.encoded, k.name, r.id FROM itsm_events e "
	eventOwner   = "CROSS JOIN itsm_records r ON r.record = e.record CROSS JOIN itsm_kinds k ON k.kind = r.kind "

	feedOfAll    = eventColumns + eventOwner + "WHERE e.position > ?1 AND e.position <= ?2 ORDER BY e.position LIMIT ?3"
	feedOfKinds  = eventColumns + eventOwner + "WHERE e.position > ? AND e.position <= ? AND k.name IN (%s) ORDER BY e.position LIMIT ?"
	feedOfRecord = eventColumns + "INDEXED BY itsm_events_by_record " + eventOwner +
		`WHERE e.record = (SELECT record FROM itsm_records WHERE kind = (
	SELECT kind FROM itsm_kinds WHERE tenant = ?4 AND name = ?5) AND id = ?6)
AND e.position > ?1 AND e.position <= ?2 ORDER BY e.position LIMIT ?3`
)

// pageSize is how many rows are read at a time, and pageBytes when a page ends
// early.
const (
	pageSize  = 200
	pageBytes = 8 << 20
)

// Events implements [workflow.Store]. Positions ascend in the order of the
// commits. An event that does not agree with the row it stands in is an error
// matching [workflow.ErrTampered].
func (s *Store) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	return func(yield func(workflow.Event, error) bool) {
		feed, err := s.feed(ctx, after, f)
		for err == nil && feed.after < feed.last {
			var page []workflow.Event
			page, err = feed.next(ctx)
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(workflow.Event{}, err)
		}
	}
}

// feed is the part of a tenant's events that is still to be read.
type feed struct {
	s           *Store
	filter      workflow.Filter
	tenant      int64
	after, last int64
}

func (s *Store) feed(ctx context.Context, after workflow.Position, f workflow.Filter) (*feed, error) {
	offset, err := parsePosition(after)
	if err != nil {
		return nil, err
	}
	d := &feed{s: s, filter: f}
	known, err := s.scanOne(ctx, feedEnd, []any{s.tenant}, &d.tenant, &d.last)
	if err != nil || !known {
		return d, err
	}
	d.after = d.tenant<<positionBits + offset
	if f.Batch == (workflow.ID{}) {
		return d, nil
	}
	var from, to int64
	known, err = s.scanOne(ctx, batchEvents, []any{s.tenant, f.Batch[:]}, &from, &to)
	if !known {
		d.last = 0
		return d, err
	}
	d.after, d.last = max(d.after, from), min(d.last, to)
	return d, nil
}

func (s *Store) scanOne(ctx context.Context, text string, args []any, dest ...any) (found bool, err error) {
	err = s.look(ctx, "events", func(n *session) error {
		found, err = n.one(text, args, dest...)
		return err
	})
	return found, err
}

func parsePosition(p workflow.Position) (int64, error) {
	if p == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(string(p), 10, 64)
	if err != nil || n < 1 || n >= 1<<positionBits {
		return 0, fmt.Errorf("sqlstore: position %.40q is not one of this store: %w", p, workflow.ErrInvalid)
	}
	return n, nil
}

func (d *feed) next(ctx context.Context) ([]workflow.Event, error) {
	text, args := feedOfAll, []any{d.after, d.last, pageSize}
	if r := d.filter.Record; !r.IsZero() {
		text, args = feedOfRecord, append(args, d.tenant, r.Kind, r.ID[:])
	} else if kinds := d.filter.Kinds; len(kinds) > 0 {
		text = fmt.Sprintf(feedOfKinds, strings.Repeat(", ?", len(kinds))[2:])
		args = []any{d.after, d.last}
		for _, k := range kinds {
			args = append(args, k)
		}
		args = append(args, pageSize)
	}
	var page []workflow.Event
	err := d.s.look(ctx, "events", func(n *session) error {
		rows, err := n.query(text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		page, err = d.scan(rows)
		return err
	})
	return page, err
}

func (d *feed) scan(rows rows) (page []workflow.Event, err error) {
	seen, size := 0, 0
	for size < pageBytes && rows.Next() {
		e, n, position, err := scanEvent(rows)
		if err != nil {
			return page, err
		}
		d.after, seen, size = position, seen+1, size+n
		if d.filter.Matches(e) {
			page = append(page, e)
		} else if !d.filter.Record.IsZero() && d.filter.Record != e.Ref {
			return page, fmt.Errorf("event %d of %v is filed under %v: %w", e.Version, e.Ref, d.filter.Record, workflow.ErrTampered)
		}
	}
	if size < pageBytes && seen < pageSize {
		d.after = d.last
	}
	return page, rows.Err()
}

// scanEvent reads eventColumns, checks that they say the same as the event, and
// also returns the event's size and position.
func scanEvent(rows rows) (workflow.Event, int, int64, error) {
	var position, version int64
	var encoded, id []byte
	var kind string
	if err := rows.Scan(&position, &version, &encoded, &kind, &id); err != nil {
		return workflow.Event{}, 0, 0, err
	}
	e, err := workflow.DecodeEvent(encoded)
	if err != nil {
		return workflow.Event{}, 0, 0, err
	}
	if e.Version != version || e.Kind != kind || string(e.ID[:]) != string(id) {
		return workflow.Event{}, 0, 0, fmt.Errorf("event %d of %v is filed as number %d of %s/%x: %w",
			e.Version, e.Ref, version, kind, id, workflow.ErrTampered)
	}
	e.Position = workflow.Position(strconv.FormatInt(position&(1<<positionBits-1), 10))
	return e, len(encoded), position, nil
}
