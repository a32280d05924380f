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

// What a commit executes. An INSERT that selects or returns would keep a journal
// of its own for the case that it fails half-way, so none does.
const (
	lastPosition = "SELECT coalesce((SELECT max(position) FROM itsm_events WHERE position > ?1 AND position < ?2), ?1)"
	addBatch     = "INSERT INTO itsm_batches (tenant, id, after, last) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
	addRecord    = `INSERT INTO itsm_records (kind, id, version, schema, created, updated, head, shape, entries, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	versionOf    = "SELECT record, version, shape, entries FROM itsm_records WHERE kind = ? AND id = ?"
	updateRecord = "UPDATE itsm_records SET version = ?, schema = ?, updated = ?, head = ?, entries = ?, body = ? WHERE record = ?"
	reshape      = "UPDATE itsm_records SET shape = ? WHERE record = ?"
	addEntry     = "INSERT INTO itsm_entries (field, key, id, record, first) VALUES (?, ?, ?, ?, ?)"
	dropEntry    = "DELETE FROM itsm_entries WHERE field = ? AND key = ? AND id = ?"
	markEntry    = "UPDATE itsm_entries SET first = ? WHERE field = ? AND key = ? AND id = ?"
	addEvent     = "INSERT INTO itsm_events (position, record, version, encoded) VALUES (?, ?, ?, ?)"
)

// errAgain says that a batch was committed before and has changed nothing.
var errAgain = errors.New("the batch was committed before")

// Commit implements [workflow.Store]. It makes one transaction of the batch; a
// bound store makes it part of the host's.
func (s *Store) Commit(ctx context.Context, b workflow.Batch) error {
	return s.CommitAll(ctx, b)
}

// CommitAll makes one transaction of several batches, in their order: all of
// them happen, or none. It is for imports, which save a flush for each. A batch
// that was committed before is passed over, as by Commit.
func (s *Store) CommitAll(ctx context.Context, batches ...workflow.Batch) error {
	if err := s.checkTenant(); err != nil || len(batches) == 0 {
		return err
	}
	rows, size := make([][]row, len(batches)), 0
	for i, b := range batches {
		if err := b.Validate(); err != nil {
			return err
		}
		var err error
		if rows[i], err = encodeWrites(b.Writes); err != nil {
			return err
		}
		size += batchSize(b, rows[i])
	}
	var fresh []workflow.Batch
	st := &turn{ctx: ctx, what: "commit", size: size, f: func(n *namer) error {
		fresh = fresh[:0]
		for i, b := range batches {
			c := commit{namer: n}
			switch err := c.apply(s, b, rows[i]); {
			case err == nil:
				fresh = append(fresh, b)
			case !errors.Is(err, errAgain):
				return err
			}
		}
		if len(fresh) == 0 {
			return errAgain
		}
		return nil
	}}
	if project := s.db.cfg.Project; project != nil {
		st.then = func(ctx context.Context, tx *sql.Tx) error {
			for _, b := range fresh {
				if err := project(ctx, tx, b); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if err := s.write(st); !errors.Is(err, errAgain) {
		return err
	}
	return nil
}

// batchSize is about how many bytes the batch writes.
func batchSize(b workflow.Batch, rows []row) int {
	size := (len(b.Timers) + len(b.Messages)) * workSize
	for _, r := range rows {
		size += workSize + len(r.body) + len(r.event) + len(r.entries)
	}
	for _, t := range b.Timers {
		size += len(t.Payload)
	}
	for _, m := range b.Messages {
		size += len(m.Payload)
	}
	return size
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
	position, err := c.end()
	if err != nil {
		return err
	}
	fresh, err := c.exec(addBatch, c.tenant, b.ID[:], position, position+int64(len(rows)))
	if err == nil && fresh == 0 {
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
	if c.ends != nil {
		c.ends[c.tenant] = position + int64(len(rows))
	}
	if err := c.setTimers(b.Timers); err != nil {
		return err
	}
	return c.send(b.Messages)
}

// end returns the last position of the tenant's feed.
func (c *commit) end() (int64, error) {
	if position, ok := c.ends[c.tenant]; ok {
		return position, nil
	}
	first := c.tenant << positionBits
	position := first
	_, err := c.one(lastPosition, []any{first, first + 1<<positionBits}, &position)
	return position, err
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
	added, err := c.run(addRecord, []any{kind, d.ID[:], d.Version, d.Schema, encodeTime(d.Created), encodeTime(d.Updated),
		d.Head[:], shape, r.entries, r.body})
	if err != nil {
		return 0, err
	}
	if n, err := added.RowsAffected(); err != nil || n == 0 {
		_, e := c.current(kind, d)
		return 0, errors.Join(err, e)
	}
	if record, err = added.LastInsertId(); err != nil {
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
