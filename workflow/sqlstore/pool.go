package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// openPool opens up to so many connections, which stay open. Each keeps the
// statements that were prepared on it: going through [sql.Conn.Raw] to those
// costs a fraction of what database/sql asks for a statement and a transaction.
func openPool(dsn string, connections int) (*sql.DB, error) {
	base, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{base})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	base, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := base.(driverConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqlstore: the driver's connection is a %T", base), base.Close())
	}
	return &connection{driverConn: full, statements: map[string]statement{}}, nil
}

// driverConn is what the driver's connections can do.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// connection is a driver's connection with its prepared statements.
type connection struct {
	driverConn
	statements map[string]statement
	joined     bool // in a transaction that the store began
}

// maxStatements bounds what is prepared. Queries come in few shapes.
const maxStatements = 1000

func (c *connection) prepared(ctx context.Context, text string) (statement, error) {
	if s := c.statements[text]; s != nil {
		return s, nil
	}
	if len(c.statements) >= maxStatements {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	s, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare %.200s: %w", text, err)
	}
	full, ok := s.(statement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's statement is a %T", s), s.Close())
	}
	c.statements[text] = full
	return full, nil
}

func (c *connection) forget() error {
	var errs []error
	for _, s := range c.statements {
		errs = append(errs, s.Close())
	}
	clear(c.statements)
	return errors.Join(errs...)
}

// Close finalizes the statements first, as SQLite asks.
func (c *connection) Close() error { return errors.Join(c.forget(), c.driverConn.Close()) }

// BeginTx gives the host a transaction. Within one of the store's own, that is
// a view of it, which ends without ending it.
func (c *connection) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.joined {
		return joinedTx{}, nil
	}
	return c.driverConn.BeginTx(ctx, opts)
}

type joinedTx struct{}

func (joinedTx) Commit() error   { return nil }
func (joinedTx) Rollback() error { return nil }

// raw calls f with the connection below conn.
func raw(conn *sql.Conn, f func(*connection) error) error {
	return conn.Raw(func(dc any) error {
		c, ok := dc.(*connection)
		if !ok {
			return fmt.Errorf("sqlstore: the connection is a %T", dc)
		}
		return f(c)
	})
}
