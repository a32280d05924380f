package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// session executes statements for one call of a store: on any connection of the pool,
// or in a transaction. It is not safe for concurrent use.
type session struct {
	ctx   context.Context
	db    *DB
	store *Store // whose
	on    executor
	bound *bound // if in a transaction of the host
}

// executor runs one statement.
type executor interface {
	query(ctx context.Context, text string, args []any) (cursor, error)
}

// cursor is what [pgx.Rows] and [sql.Rows] have in common.
type cursor interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// bound is a transaction of the host.
type bound struct{ executor }

// querier is what pools, connections and transactions of pgx have in common.
type querier interface {
	batcher
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// batcher sends several statements in one round trip and, outside a transaction, as one.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// onPgx executes on a pool, connection or transaction of pgx.
type onPgx struct{ querier }

func (x onPgx) query(ctx context.Context, text string, args []any) (cursor, error) {
	r, err := x.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return pgxRows{r}, nil
}

type pgxRows struct{ pgx.Rows }

func (r pgxRows) Close() error {
	r.Rows.Close()
	return r.Err()
}

// asTenant executes for one tenant, whom it names to the policies in the transaction of
// each statement.
type asTenant struct {
	batcher
	set    string
	tenant string
}

func (x asTenant) query(ctx context.Context, text string, args []any) (cursor, error) {
	var b pgx.Batch
	b.Queue(x.set, x.tenant)
	b.Queue(text, args...)
	results := x.SendBatch(ctx, &b)
	if _, err := results.Exec(); err != nil {
		return nil, errors.Join(err, results.Close())
	}
	r, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return batchRows{r, results}, nil
}

type batchRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r batchRows) Close() error {
	r.Rows.Close()
	return errors.Join(r.Err(), r.results.Close())
}

// on executes for the tenant on a pool, connection or transaction.
func (db *DB) on(q querier, tenant string) executor {
	if db.cfg.RowSecurity {
		return asTenant{q, db.sql.setTenant, tenant}
	}
	return onPgx{q}
}

// onSQL executes in a transaction of database/sql, whose driver must be that of pgx.
type onSQL struct {
	tx     *sql.Tx
	types  *pgtype.Map
	set    string // names the tenant, if not empty
	tenant string
}

func (x onSQL) query(ctx context.Context, text string, args []any) (cursor, error) {
	if x.set != "" {
		if _, err := x.tx.ExecContext(ctx, x.set, x.tenant); err != nil {
			return nil, err
		}
	}
	r, err := x.tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return sqlRows{r, x.types}, nil
}

type sqlRows struct {
	*sql.Rows
	types *pgtype.Map
}

// Scan lets pgx read what database/sql does not know.
func (r sqlRows) Scan(dest ...any) error {
	into := make([]any, len(dest))
	for i, d := range dest {
		switch d := d.(type) {
		case *[16]byte:
			into[i] = (*uuidText)(d)
		case *[]int, *[]int32, *[][]byte:
			into[i] = r.types.SQLScanner(d)
		default:
			into[i] = d
		}
	}
	return r.Rows.Scan(into...)
}

// uuidText is an id as the driver gives it to database/sql: as text.
type uuidText [16]byte

// Scan implements [sql.Scanner].
func (u *uuidText) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("postgres: a uuid came as a %T", v)
	}
	id, err := workflow.ParseID(text)
	*u = uuidText(id)
	return err
}

func (s *session) query(text string, args ...any) (cursor, error) {
	return s.on.query(s.ctx, text, args)
}

// one reads the first row into dest, and reports whether there was one.
func (s *session) one(text string, args []any, dest ...any) (bool, error) {
	r, err := s.query(text, args...)
	if err != nil {
		return false, err
	}
	if !r.Next() {
		return false, errors.Join(r.Err(), r.Close())
	}
	if err := r.Scan(dest...); err != nil {
		return false, errors.Join(err, r.Close())
	}
	return true, r.Close()
}
