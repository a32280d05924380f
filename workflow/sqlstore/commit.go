package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/itsm-go/itsm/workflow"
)

// What a commit executes. Numbered parameters stand in the order of use.
const (
	addBatch = `INSERT INTO itsm_batches (tenant, id, after, last)
SELECT ?1, ?2, p.after, p.after + ?5 FROM (
	SELECT coalesce((SELECT max(position) FROM itsm_events WHERE position > ?3 AND position < ?4), ?3) AS after
) p WHERE true
ON CONFLICT DO NOTHING RETURNING after`
	addRecord = `INSERT INTO itsm_records (kind, id, version, schema, created, updated, head, shape, entries, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING record`
	versionOf    = "SELECT record, version, shape, entries FROM itsm_records WHERE kind = ? AND id = ?"
	updateRecord = "UPDATE itsm_records SET version = ?, schema = ?, updated = ?, head = ?, entries = ?, body = ? WHERE record = ?"
	reshape      = "UPDATE itsm_records SET shape = ? WHERE record = ?"
	addEntry     = "INSERT INTO itsm_entries (field, key, id, record, first) VALUES (?, ?, ?, ?, ?)"
	dropEntry    = "DELETE FROM itsm_entries WHERE field = ? AND key = ? AND id = ?"
	markEntry    = "UPDATE itsm_entries SET first = ? WHERE field = ? AND key = ? AND id = ?"
	addEvent     = "INSERT INTO itsm_events (position, record, version, encoded) VALUES (?, ?, ?, ?)"
)

// errAgain undoes a batch that was committed before.
var errAgain = errors.New("the batch was committed before")

// Commit implements [workflow.Store]. It makes one transaction of the batch; a
// bound store makes it part of the host's.
func (s *Store) Commit(ctx context.Context, b workflow.Batch) error {
	if err := b.Validate(); err != nil {
		return err
	}
	if err := s.checkTenant(); err != nil {
		return err
	}
	rows, err := encodeWrites(b.Writes)
	if err != nil {
		return err
	}
	var then func(context.Context, *sql.Tx) error
	if project := s.db.cfg.Project; project != nil {
		then = func(ctx context.Context, tx *sql.Tx) error { return project(ctx, tx, b) }
	}
	err = s.write(ctx, "commit", func(n *namer) error {
		c := commit{namer: n}
		return c.apply(s, b, rows)
	}, then)
	if errors.Is(err, errAgain) {
		return nil
	}
	return err
}

func (s *Store) checkTenant() error {
	if len(s.tenant) > workflow.MaxKey {
		return fmt.Errorf("sqlstore: the tenant's name is longer than %d bytes: %w", workflow.MaxKey, workflow.ErrInvalid)
	}
	return nil
}

// row is what is stored of a write. It is encoded before the transaction, which
// others wait for.
type row struct {
	doc                  workflow.Document
	body, event, entries []byte
}

func encodeWrites(writes []workflow.Write) ([]row, error) {
	rows := make([]row, len(writes))
	var p workflow.Problems
	for i, w := range writes {
		body, err := w.Document.Body.Encoded()
		p.Add(err)
		event, err := w.Event.Encode()
		p.Add(err)
		if len(body) > workflow.MaxBody || len(event) > 2*workflow.MaxBody {
			p.Addf("%v: the body has %d bytes, at most %d", w.Document.Ref, len(body), workflow.MaxBody)
		}
		rows[i] = row{w.Document, body, event, encodeEntries(w.Document.Index)}
	}
	return rows, p.Err("sqlstore: batch")
}

// commit is one batch on its way into the database.
type commit struct {
	*namer
	tenant int64
}

// A position has room for the events of a tenant and for the tenants.
const (
	positionBits = 40
	maxTenants   = 1 << (63 - positionBits)
)

func (c *commit) apply(s *Store, b workflow.Batch, rows []row) error {
	var err error
	if c.tenant, err = c.ensure(tenantLevel, 0, s.tenant); err != nil {
		return err
	}
	if c.tenant >= maxTenants {
		return fmt.Errorf("more than %d tenants: %w", maxTenants, workflow.ErrInvalid)
	}
	var position int64
	first := c.tenant << positionBits
	args := []any{c.tenant, b.ID[:], first, first + 1<<positionBits, len(rows)}
	fresh, err := c.one(addBatch, args, &position)
	if err == nil && !fresh {
		err = errAgain
	}
	if err != nil {
		return err
	}
	for i := range rows {
		if err := c.write(&rows[i], position+int64(i)+1); err != nil {
			return err
		}
	}
	if err := c.setTimers(b.Timers); err != nil {
		return err
	}
	return c.send(b.Messages)
}

// write stores the record's new version over the one before, and its event.
func (c *commit) write(r *row, position int64) error {
	kind, err := c.ensure(kindLevel, c.tenant, r.doc.Kind)
	if err != nil {
		return err
	}
	var record int64
	if r.doc.Version == 1 {
		record, err = c.create(kind, r)
	} else {
		record, err = c.update(kind, r)
	}
	if err != nil {
		return err
	}
	_, err = c.exec(addEvent, position, record, r.doc.Version, r.event)
	return err
}

func (c *commit) create(kind int64, r *row) (record int64, err error) {
	d := &r.doc
	shape, err := c.shape(kind, d.Index)
	if err != nil {
		return 0, err
	}
	args := []any{kind, d.ID[:], d.Version, d.Schema, encodeTime(d.Created), encodeTime(d.Updated), d.Head[:],
		shape, r.entries, r.body}
	ok, err := c.one(addRecord, args, &record)
	if err != nil {
		return 0, err
	}
	if !ok {
		_, err := c.current(kind, d)
		return 0, err
	}
	return record, c.index(kind, record, d, nil)
}

// stored is what a commit must know of the version it replaces.
type stored struct {
	record, version, shape int64
	entries                []byte
}

// current reads the stored version and refuses unless it is the one before.
func (c *commit) current(kind int64, d *workflow.Document) (stored, error) {
	var old stored
	if _, err := c.one(versionOf, []any{kind, d.ID[:]}, &old.record, &old.version, &old.shape, &old.entries); err != nil {
		return old, err
	}
	if old.version != d.Version-1 {
		return old, &workflow.ConflictError{Ref: d.Ref, Expected: d.Version - 1, Actual: old.version}
	}
	return old, nil
}

func (c *commit) update(kind int64, r *row) (int64, error) {
	d := &r.doc
	old, err := c.current(kind, d)
	if err != nil {
		return 0, err
	}
	if _, err := c.exec(updateRecord, d.Version, d.Schema, encodeTime(d.Updated), d.Head[:], r.entries, r.body, old.record); err != nil {
		return 0, err
	}
	if string(old.entries) == string(r.entries) {
		return old.record, nil
	}
	before, err := decodeEntries(old.entries)
	if err != nil {
		return 0, fmt.Errorf("%v: %w", d.Ref, err)
	}
	if err := c.index(kind, old.record, d, before); err != nil {
		return 0, err
	}
	shape, err := c.shape(kind, d.Index)
	if err == nil && shape != old.shape {
		_, err = c.exec(reshape, shape, old.record)
	}
	return old.record, err
}

// index stores the entries that are new and drops those that are gone: few
// commands change more than one or two. Both lists are sorted.
func (c *commit) index(kind, record int64, d *workflow.Document, old workflow.Index) error {
	for i, j := 0, 0; i < len(old) || j < len(d.Index); {
		var order int
		switch {
		case i == len(old):
			order = 1
		case j == len(d.Index):
			order = -1
		default:
			order = compareEntries(old[i], d.Index[j])
		}
		var err error
		switch {
		case order < 0:
			err = c.entry(dropEntry, kind, old[i], d)
			i++
		case order > 0:
			err = c.entry(addEntry, kind, d.Index[j], d, record, isFirst(d.Index, j))
			j++
		default:
			if first := isFirst(d.Index, j); first != isFirst(old, i) {
				err = c.entry(markEntry, kind, d.Index[j], d, first)
			}
			i, j = i+1, j+1
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *commit) entry(statement string, kind int64, e workflow.IndexEntry, d *workflow.Document, more ...any) error {
	field, err := c.ensure(fieldLevel, kind, e.Field)
	if err != nil {
		return err
	}
	args := append([]any{field, []byte(e.Key), d.ID[:]}, more...)
	if statement == markEntry {
		args = slices.Concat(more, args[:3])
	}
	_, err = c.exec(statement, args...)
	return err
}

// isFirst reports whether the entry has the smallest key of its field.
func isFirst(ix workflow.Index, i int) bool { return i == 0 || ix[i-1].Field != ix[i].Field }

func compareEntries(a, b workflow.IndexEntry) int {
	if n := strings.Compare(a.Field, b.Field); n != 0 {
		return n
	}
	return strings.Compare(string(a.Key), string(b.Key))
}
