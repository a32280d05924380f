package postgres

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// place is where an event stands in a tenant's feed.
type place struct{ place, seq int64 }

func (p place) position() workflow.Position {
	return workflow.Position(strconv.FormatInt(p.place, 10) + "." + strconv.FormatInt(p.seq, 10))
}

func parsePosition(p workflow.Position) (place, error) {
	if p == "" {
		return place{}, nil
	}
	a, b, ok := strings.Cut(string(p), ".")
	n, err1 := strconv.ParseInt(a, 10, 64)
	m, err2 := strconv.ParseInt(b, 10, 64)
	if at := (place{n, m}); ok && err1 == nil && err2 == nil && n > 0 && m > 0 && at.position() == p {
		return at, nil
	}
	return place{}, fmt.Errorf("postgres: position %.40q is not one of this store: %w", p, workflow.ErrInvalid)
}

func (p place) before(q place) bool { return p.place < q.place || p.place == q.place && p.seq < q.seq }

// Events implements [workflow.Store]. The feed ends before the events of which it is
// not known yet that none will come before them: see [Config].Patience. The events of
// one record or of one commit are known at once. An event that does not agree with
// the row it stands in is an error matching [workflow.ErrTampered].
func (s *Store) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	return func(yield func(workflow.Event, error) bool) {
		from, err := parsePosition(after)
		if err != nil {
			yield(workflow.Event{}, err)
			return
		}
		d := &feed{s: s, filter: f, after: from}
		for !d.ended {
			page, err := d.next(ctx)
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				yield(workflow.Event{}, err)
				return
			}
		}
	}
}

// feed is the part of a tenant's events that is still to be read.
type feed struct {
	s       *Store
	filter  workflow.Filter
	after   place
	version int64 // of a single record
	horizon int64 // the feed ends before this place; 0 = not known yet
	ended   bool
}

// filed is an event with the row it stands in.
type filed struct {
	at      place
	version int64
	kind    string
	id      [16]byte
	encoded []byte
}

func scanFiled(rows cursor) (f filed, err error) {
	err = rows.Scan(&f.at.place, &f.at.seq, &f.version, &f.encoded, &f.kind, &f.id)
	return f, err
}

func (d *feed) next(ctx context.Context) (page []workflow.Event, err error) {
	if d.horizon == 0 && d.filter.Record.IsZero() && d.filter.Batch == (workflow.ID{}) {
		if err := d.look(ctx); err != nil || d.ended {
			return nil, err
		}
	}
	var found []filed
	err = d.s.look(ctx, "events", func(n *namer) error {
		text, args, err := d.statement(n)
		if err != nil || text == "" {
			found = nil
			return err
		}
		rows, err := n.query(text, args...)
		if err != nil {
			return err
		}
		found, err = collect(rows, scanFiled)
		return err
	})
	if err != nil {
		return nil, err
	}
	d.ended = len(found) < pageSize || d.filter.Batch != (workflow.ID{})
	for _, f := range found {
		e, err := f.event()
		if err != nil {
			return page, err
		}
		behind := d.after.before(f.at)
		d.version = f.version
		if d.filter.Record.IsZero() && d.filter.Batch == (workflow.ID{}) {
			d.after = f.at
		}
		if behind && d.filter.Matches(e) {
			page = append(page, e)
		}
	}
	return page, nil
}

// statement is what reads the next page, or "" if there is nothing to read.
func (d *feed) statement(n *namer) (string, []any, error) {
	if !validText(d.s.tenant) {
		return "", nil, nil
	}
	tenant, err := n.tenant(d.s.tenant, false)
	if err != nil || tenant == 0 {
		return "", nil, err
	}
	switch r := d.filter.Record; {
	case d.filter.Batch != workflow.ID{}:
		return n.db.sql.feedOfBatch, []any{tenant, [16]byte(d.filter.Batch)}, nil
	case !r.IsZero():
		if !validText(r.Kind) {
			return "", nil, nil
		}
		kind, err := n.kind(d.s.tenant, r.Kind, false)
		if err != nil || kind.kind == 0 {
			return "", nil, err
		}
		return n.db.sql.feedOfRecord, []any{kind.kind, [16]byte(r.ID), d.version}, nil
	case len(d.filter.Kinds) > 0:
		var kinds []int32
		for _, k := range d.filter.Kinds {
			if !validText(k) {
				continue
			}
			kind, err := n.kind(d.s.tenant, k, false)
			if err != nil {
				return "", nil, err
			}
			kinds = append(kinds, kind.kind)
		}
		return n.db.sql.feedOfKinds, []any{tenant, d.after.place, d.after.seq, d.horizon, some(kinds)}, nil
	}
	return n.db.sql.feed, []any{tenant, d.after.place, d.after.seq, d.horizon}, nil
}

// look finds where the feed ends. Events that are there but behind a transaction that
// is still running are waited for, with patience.
func (d *feed) look(ctx context.Context) error {
	pause, waited := time.Millisecond, time.Duration(0)
	var end int64 // of what was committed when the loop began
	for {
		var horizon, last int64
		err := d.s.look(ctx, "events", func(n *namer) error {
			if !validText(d.s.tenant) {
				return nil
			}
			tenant, err := n.tenant(d.s.tenant, false)
			if err != nil || tenant == 0 {
				return err
			}
			_, err = n.one(n.db.sql.feedHorizon, []any{tenant}, &horizon, &last)
			return err
		})
		if err != nil {
			return err
		}
		if horizon == 0 {
			d.ended = true
			return nil
		}
		if end == 0 {
			end = last
		}
		d.horizon = horizon
		if end < horizon || waited >= d.s.db.cfg.Patience || d.s.host != nil {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return dbError(ctx, "events", ctx.Err())
		case <-timer.C:
		}
		waited += pause
		pause = min(2*pause, 50*time.Millisecond)
	}
}

// event decodes the event and checks that its row says the same.
func (f filed) event() (workflow.Event, error) {
	e, err := workflow.DecodeEvent(f.encoded)
	if err != nil {
		return workflow.Event{}, err
	}
	if e.Version != f.version || e.Kind != f.kind || e.ID != workflow.ID(f.id) {
		return workflow.Event{}, fmt.Errorf("postgres: event %d of %v is filed as number %d of %s/%v: %w",
			e.Version, e.Ref, f.version, f.kind, workflow.ID(f.id), workflow.ErrTampered)
	}
	e.Position = f.at.position()
	return e, nil
}
