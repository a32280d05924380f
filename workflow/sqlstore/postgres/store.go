package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// Store is one tenant's records in a [DB]. It implements [workflow.Store] and
// [workflow.Queue], and beside them [workflow.Redactor], [workflow.Eraser] and
// [workflow.Backlog]. It is safe for concurrent use, except when it is bound to a
// transaction: then it is exactly as safe as that.
type Store struct {
	db     *DB
	tenant string
	host   *bound // if bound
}

var (
	_ workflow.Store = (*Store)(nil)
	_ workflow.Queue = (*Store)(nil)
)

// WithTx returns the store bound to a transaction of the host, at the isolation level
// "read committed". What it does becomes part of that transaction, beside the host's
// own statements, and happens only if the host commits; it sees what the transaction
// wrote, except in the event feed. A call that fails undoes itself alone. A bound
// store never commits, rolls back or retries: after [workflow.ErrConflict] the host
// decides whether to begin again.
func (s *Store) WithTx(tx pgx.Tx) *Store {
	return &Store{db: s.db, tenant: s.tenant, host: &bound{s.db.on(tx, s.tenant)}}
}

// WithSQL does the same for a transaction of package [database/sql], opened with the
// driver of pgx.
func (s *Store) WithSQL(tx *sql.Tx) *Store {
	on := onSQL{tx: tx, types: pgtype.NewMap(), tenant: s.tenant}
	if s.db.cfg.RowSecurity {
		on.set = s.db.sql.setTenant
	}
	return &Store{db: s.db, tenant: s.tenant, host: &bound{on}}
}

// session returns where the store's statements are executed.
func (s *Store) session(ctx context.Context) *session {
	if s.host != nil {
		return &session{ctx: ctx, db: s.db, store: s, on: s.host, bound: s.host}
	}
	return &session{ctx: ctx, db: s.db, store: s, on: s.db.on(s.db.pool, s.tenant)}
}

// look runs f, which only reads, and again if the connection was lost.
func (s *Store) look(ctx context.Context, what string, f func(*namer) error) error {
	if err := ctx.Err(); err != nil {
		return dbError(ctx, what, err)
	}
	if s.host != nil {
		return dbError(ctx, what, f(s.session(ctx).namer()))
	}
	return dbError(ctx, what, s.db.again(ctx, func() error { return f(s.session(ctx).namer()) }))
}

func (s *Store) checkTenant() error {
	if len(s.tenant) > workflow.MaxKey || !validText(s.tenant) {
		return fmt.Errorf("postgres: the tenant's name is longer than %d bytes or no text: %w", workflow.MaxKey, workflow.ErrInvalid)
	}
	if s.tenant == "" && s.db.cfg.RowSecurity {
		return fmt.Errorf("postgres: with row security a tenant needs a name: %w", workflow.ErrInvalid)
	}
	return nil
}

// Get implements [workflow.Store].
func (s *Store) Get(ctx context.Context, ref workflow.Ref) (doc workflow.Document, err error) {
	found := false
	err = s.look(ctx, "get", func(n *namer) error {
		if !validText(ref.Kind) || !validText(s.tenant) {
			return nil
		}
		kind, err := n.kind(s.tenant, ref.Kind, false)
		if err != nil || kind.kind == 0 {
			return err
		}
		rows, err := n.query(n.db.sql.get, kind.kind, [16]byte(ref.ID))
		if err != nil {
			return err
		}
		docs, err := collect(rows, func(rows cursor) (storedDocument, error) { return scanDocument(rows, ref.Kind) })
		if err != nil || len(docs) == 0 {
			return err
		}
		found = true
		doc, err = docs[0].document(n)
		return err
	})
	if err == nil && !found {
		err = dbError(ctx, "get", &workflow.NotFoundError{Ref: ref})
	}
	return doc, err
}

// storedDocument is a record whose fields are still numbers.
type storedDocument struct {
	doc    workflow.Document
	fields []int32
	keys   [][]byte
	size   int
}

// scanDocument reads the row's documentColumns.
func scanDocument(rows cursor, kind string) (storedDocument, error) {
	d := storedDocument{doc: workflow.Document{Ref: workflow.Ref{Kind: kind}}}
	var id [16]byte
	var created, updated time.Time
	var head, body []byte
	var layout int32
	if err := rows.Scan(&id, &d.doc.Version, &layout, &created, &updated, &head, &d.fields, &d.keys, &body); err != nil {
		return d, err
	}
	d.doc.ID, d.doc.Schema, d.size = id, int(layout), len(body)
	if len(head) != len(d.doc.Head) || len(d.fields) != len(d.keys) {
		return d, fmt.Errorf("record %v has a damaged head or index: %w", d.doc.Ref, workflow.ErrTampered)
	}
	copy(d.doc.Head[:], head)
	d.doc.Created, d.doc.Updated, d.doc.Body = created.UTC(), updated.UTC(), workflow.RawBody(body)
	return d, nil
}

// document gives the fields their names. It may ask for them, so no rows may be open.
func (d storedDocument) document(n *namer) (workflow.Document, error) {
	for i, f := range d.fields {
		name, err := n.fieldName(f)
		if err != nil {
			return workflow.Document{}, err
		}
		d.doc.Index = append(d.doc.Index, workflow.IndexEntry{Field: name, Key: workflow.Key(d.keys[i])})
	}
	return d.doc, nil
}

// collect reads and closes rows.
func collect[T any](rows cursor, scan func(cursor) (T, error)) (all []T, err error) {
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
