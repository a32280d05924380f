package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

// Store is one tenant's records in a [DB]. It implements [workflow.Store] and
// [workflow.Queue] and is safe for concurrent use, except when it is bound to a
// transaction: then it is exactly as safe as that.
type Store struct {
	db     *DB
	tenant string
	tx     *sql.Tx // the host's, if bound
}

var (
	_ workflow.Store = (*Store)(nil)
	_ workflow.Queue = (*Store)(nil)
)

// WithTx returns the store bound to a transaction that [DB.Begin] started. What
// it does becomes part of that transaction, beside the host's own statements,
// and happens only if the host commits; it sees what the transaction wrote. A
// call that fails undoes itself alone. A bound store never commits, rolls back
// or retries: after [workflow.ErrConflict] the host decides whether to begin
// again.
func (s *Store) WithTx(tx *sql.Tx) *Store {
	return &Store{db: s.db, tenant: s.tenant, tx: tx}
}

// query runs a single statement outside of a transaction, or in the host's.
func (s *Store) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if s.tx != nil {
		return newSession(ctx, s.tx, s.db.writer).query(text, args...)
	}
	st, err := s.db.reader.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return s.db.reader.db.QueryContext(ctx, text, args...)
	}
	return st.QueryContext(ctx, args...)
}

// read runs f in a transaction that sees one instant.
func (s *Store) read(ctx context.Context, what string, f func(*namer) error) error {
	if s.tx != nil {
		return dbError(ctx, what, f(newNamer(newSession(ctx, s.tx, s.db.writer), &s.db.names)))
	}
	tx, err := s.db.reader.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return dbError(ctx, what, err)
	}
	n := newNamer(newSession(ctx, tx, s.db.reader), &s.db.names)
	err = errors.Join(f(n), rollback(tx))
	if err == nil {
		s.db.names.put(n.found)
		err = n.prepareMissing()
	}
	return dbError(ctx, what, err)
}

// write runs f in a transaction that may write, and commits it. An error of f
// undoes everything, also within the host's transaction.
func (s *Store) write(ctx context.Context, what string, f func(*namer) error) error {
	if s.tx != nil {
		return s.join(ctx, what, f)
	}
	conn, err := s.db.writer.db.Conn(ctx)
	if err != nil {
		return dbError(ctx, what, err)
	}
	defer conn.Close()
	// Cancelling ends the wait for the lock, but not the work once it has
	// begun: interrupting a COMMIT would leave its outcome open.
	whole := context.WithoutCancel(ctx)
	tx, err := beginWriting(ctx, s.db.cfg.BusyTimeout, func() (*sql.Tx, error) { return conn.BeginTx(whole, nil) })
	if err != nil {
		return err
	}
	n := newNamer(newSession(whole, tx, s.db.writer), &s.db.names)
	err = f(n)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return dbError(whole, what, errors.Join(err, rollback(tx)))
	}
	if err := tx.Commit(); err != nil {
		return commitError(err)
	}
	s.db.names.put(n.found)
	return nil
}

// join does what write does inside the host's transaction.
func (s *Store) join(ctx context.Context, what string, f func(*namer) error) error {
	if err := ctx.Err(); err != nil {
		return dbError(ctx, what, err)
	}
	n := newNamer(newSession(context.WithoutCancel(ctx), s.tx, s.db.writer), &s.db.names)
	if _, err := n.exec("SAVEPOINT itsm"); err != nil {
		return dbError(ctx, what, err)
	}
	err := f(n)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_, e := n.exec("ROLLBACK TO itsm")
		err = errors.Join(err, e)
	}
	_, e := n.exec("RELEASE itsm")
	return dbError(ctx, what, errors.Join(err, e))
}

const documentColumns = "r.id, r.version, r.schema, r.created, r.updated, r.head, r.entries, r.body"

// kindNumber finds a tenant's kind within a statement, from their names.
const kindNumber = "(SELECT k.kind FROM itsm_tenants t JOIN itsm_kinds k ON k.tenant = t.tenant WHERE t.name = ? AND k.name = ?)"

const getRecord = "SELECT " + documentColumns + " FROM itsm_records r WHERE r.kind = " + kindNumber + " AND r.id = ?"

// Get implements [workflow.Store].
func (s *Store) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	doc, err := s.get(ctx, ref)
	return doc, dbError(ctx, "get", err)
}

func (s *Store) get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	rows, err := s.query(ctx, getRecord, s.tenant, ref.Kind, ref.ID[:])
	if err != nil {
		return workflow.Document{}, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return workflow.Document{}, err
		}
		return workflow.Document{}, &workflow.NotFoundError{Ref: ref}
	}
	return scanDocument(rows, ref.Kind)
}

// scanDocument reads the row's documentColumns.
func scanDocument(rows *sql.Rows, kind string) (workflow.Document, error) {
	var id, head, entries, body sql.RawBytes
	var created, updated int64
	doc := workflow.Document{Ref: workflow.Ref{Kind: kind}}
	if err := rows.Scan(&id, &doc.Version, &doc.Schema, &created, &updated, &head, &entries, &body); err != nil {
		return workflow.Document{}, err
	}
	if len(id) != len(doc.ID) || len(head) != len(doc.Head) {
		return workflow.Document{}, fmt.Errorf("a record of kind %s has a damaged id or head: %w", kind, workflow.ErrTampered)
	}
	copy(doc.ID[:], id)
	copy(doc.Head[:], head)
	ix, err := decodeEntries(entries)
	if err != nil {
		return workflow.Document{}, fmt.Errorf("%v: %w", doc.Ref, err)
	}
	doc.Index, doc.Body = ix, workflow.RawBody(body)
	doc.Created, doc.Updated = decodeTime(created), decodeTime(updated)
	return doc, nil
}
