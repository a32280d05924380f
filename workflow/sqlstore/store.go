package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/workflow"
)

// Store is one tenant's records in a [DB]. It implements [workflow.Store] and
// [workflow.Queue], and beside them [workflow.Redactor], [workflow.Eraser] and
// [workflow.Backlog]. It is safe for concurrent use, except when it is bound to a
// transaction: then it is exactly as safe as that.
type Store struct {
	db     *DB
	tenant string
	host   *hostTx // if bound
	bulk   *Bulk   // if part of a load
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
	return &Store{db: s.db, tenant: s.tenant, host: &hostTx{tx, map[string]*sql.Stmt{}}}
}

// look runs f, which executes single statements.
func (s *Store) look(ctx context.Context, what string, f func(*session) error) error {
	if s.host != nil {
		return dbError(ctx, what, f(&session{ctx: ctx, host: s.host}))
	}
	if s.bulk != nil {
		return s.bulk.look(ctx, what, f)
	}
	conn, err := s.db.reader.Conn(ctx)
	if err != nil {
		return dbError(ctx, what, err)
	}
	defer conn.Close()
	err = raw(conn, func(c *connection) error { return f(&session{ctx: ctx, conn: c}) })
	return dbError(ctx, what, err)
}

// read runs f in a transaction, so that it sees one instant.
func (s *Store) read(ctx context.Context, what string, f func(*namer) error) error {
	return s.look(ctx, what, func(session *session) error {
		if s.bulk != nil {
			return f(newNamer(session, &s.bulk.names))
		}
		n := newNamer(session, &s.db.names)
		if s.host != nil {
			return f(n)
		}
		if _, err := n.exec("BEGIN"); err != nil {
			return err
		}
		err := f(n)
		n.ctx = context.WithoutCancel(ctx)
		_, e := n.exec("ROLLBACK")
		if err == nil && e == nil {
			s.db.names.put(n.found)
		}
		return errors.Join(err, e)
	})
}

// write carries out the turn in a transaction that may write, and commits it. An error
// undoes the whole turn, also within the host's transaction.
func (s *Store) write(st *turn) error {
	switch {
	case s.host != nil:
		return s.join(st)
	case s.bulk != nil:
		return s.bulk.write(st)
	}
	return s.db.together(st)
}

// join does what write does inside the host's transaction.
func (s *Store) join(st *turn) error {
	ctx := st.ctx
	if err := ctx.Err(); err != nil {
		return dbError(ctx, st.what, err)
	}
	n := newNamer(&session{ctx: context.WithoutCancel(ctx), host: s.host}, &s.db.names)
	if _, err := n.exec("SAVEPOINT itsm"); err != nil {
		return dbError(ctx, st.what, err)
	}
	err := st.f(n)
	if err == nil && st.then != nil {
		err = st.then(n.ctx, s.host.Tx)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_, e := n.exec("ROLLBACK TO itsm")
		err = errors.Join(err, e)
	}
	_, e := n.exec("RELEASE itsm")
	return dbError(ctx, st.what, errors.Join(err, e))
}

const documentColumns = "r.id, r.version, r.schema, r.created, r.updated, r.head, r.entries, r.body"

// kindNumber finds a tenant's kind within a statement, from their names.
const kindNumber = "(SELECT k.kind FROM itsm_tenants t JOIN itsm_kinds k ON k.tenant = t.tenant WHERE t.name = ? AND k.name = ?)"

const getRecord = "SELECT " + documentColumns + " FROM itsm_records r WHERE r.kind = " + kindNumber + " AND r.id = ?"

// Get implements [workflow.Store].
func (s *Store) Get(ctx context.Context, ref workflow.Ref) (doc workflow.Document, err error) {
	if err := ctx.Err(); err != nil {
		return doc, dbError(ctx, "get", err)
	}
	err = s.look(context.WithoutCancel(ctx), "get", func(n *session) error {
		rows, err := n.query(getRecord, s.tenant, ref.Kind, ref.ID[:])
		if err != nil {
			return err
		}
		defer rows.Close()
		if rows.Next() {
			doc, err = scanDocument(rows, ref.Kind)
			return err
		}
		if err := rows.Err(); err != nil {
			return err
		}
		return &workflow.NotFoundError{Ref: ref}
	})
	return doc, err
}

// scanDocument reads the row's documentColumns.
func scanDocument(rows rows, kind string) (workflow.Document, error) {
	var id, head, entries, body []byte
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
