package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// session executes statements, each prepared once: on one of the store's
// connections, or in a transaction of the host. It is not safe for concurrent
// use.
type session struct {
	ctx  context.Context
	conn *connection // either this
	host *hostTx     // or this
}

// hostTx is a transaction of the host with what was prepared in it.
type hostTx struct {
	*sql.Tx
	statements map[string]*sql.Stmt
}

func (h *hostTx) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := h.statements[text]; s != nil {
		return s, nil
	}
	s, err := h.PrepareContext(ctx, text)
	if err == nil {
		h.statements[text] = s
	}
	return s, err
}

// rows is what [sql.Rows] and cursor have in common.
type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// exec returns how many rows the statement changed.
func (s *session) exec(text string, args ...any) (int64, error) {
	result, err := s.run(text, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *session) run(text string, args []any) (driver.Result, error) {
	if s.host != nil {
		st, err := s.host.prepared(s.ctx, text)
		if err != nil {
			return nil, err
		}
		return st.ExecContext(s.ctx, args...)
	}
	st, err := s.conn.prepared(s.ctx, text)
	if err != nil {
		return nil, err
	}
	values, err := named(args)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(s.ctx, values)
}

func (s *session) query(text string, args ...any) (rows, error) {
	if s.host != nil {
		st, err := s.host.prepared(s.ctx, text)
		if err != nil {
			return nil, err
		}
		r, err := st.QueryContext(s.ctx, args...)
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	st, err := s.conn.prepared(s.ctx, text)
	if err != nil {
		return nil, err
	}
	values, err := named(args)
	if err != nil {
		return nil, err
	}
	r, err := st.QueryContext(s.ctx, values)
	if err != nil {
		return nil, err
	}
	return &cursor{ctx: s.ctx, rows: r, values: make([]driver.Value, len(r.Columns()))}, nil
}

// one reads the first row into dest, and reports whether there was one.
func (s *session) one(text string, args []any, dest ...any) (bool, error) {
	r, err := s.query(text, args...)
	if err != nil {
		return false, err
	}
	defer r.Close()
	if !r.Next() {
		return false, r.Err()
	}
	if err := r.Scan(dest...); err != nil {
		return false, err
	}
	return true, r.Close()
}

// named gives the arguments the types that a driver takes.
func named(args []any) ([]driver.NamedValue, error) {
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		switch v := a.(type) {
		case int:
			a = int64(v)
		case bool, int64, string, []byte:
		default:
			return nil, fmt.Errorf("sqlstore: parameter %d is a %T", i+1, a)
		}
		values[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	return values, nil
}

// cursor reads a driver's rows. The driver copies every value, so what was
// scanned may be kept.
type cursor struct {
	ctx    context.Context
	rows   driver.Rows
	values []driver.Value
	err    error
	closed bool
}

func (c *cursor) Next() bool {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err == nil {
		c.err = c.rows.Next(c.values)
	}
	return c.err == nil
}

func (c *cursor) Err() error {
	if errors.Is(c.err, io.EOF) {
		return nil
	}
	return c.err
}

func (c *cursor) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	return c.rows.Close()
}

func (c *cursor) Scan(dest ...any) error {
	if len(dest) != len(c.values) {
		return fmt.Errorf("sqlstore: %d columns, scanned into %d", len(c.values), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, c.values[i]); err != nil {
			return fmt.Errorf("sqlstore: column %d: %w", i+1, err)
		}
	}
	return nil
}

func assign(dest any, v driver.Value) error {
	switch d := dest.(type) {
	case *[]byte:
		b, ok := v.([]byte)
		*d = b
		if ok || v == nil {
			return nil
		}
	case *string:
		if s, ok := v.(string); ok {
			*d = s
			return nil
		}
	case *int64:
		if n, ok := v.(int64); ok {
			*d = n
			return nil
		}
	case *int:
		if n, ok := v.(int64); ok {
			*d = int(n)
			return nil
		}
	case *bool:
		if n, ok := v.(int64); ok {
			*d = n != 0
			return nil
		}
	}
	return fmt.Errorf("a %T does not go into a %T", v, dest)
}
