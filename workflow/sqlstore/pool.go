package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// pool is a set of connections with the statements prepared on them.
type pool struct {
	db *sql.DB

	mu         sync.RWMutex
	statements map[string]*sql.Stmt
}

// maxStatements bounds the prepared statements. Queries come in few shapes;
// beyond the bound they are prepared each time.
const maxStatements = 1000

func openPool(dsn string, connections int) (*pool, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return &pool{db: db, statements: map[string]*sql.Stmt{}}, nil
}

func (p *pool) cached(text string) *sql.Stmt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.statements[text]
}

// prepare returns the statement, or nil if there are too many already.
func (p *pool) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := p.cached(text); s != nil {
		return s, nil
	}
	p.mu.RLock()
	full := len(p.statements) >= maxStatements
	p.mu.RUnlock()
	if full {
		return nil, nil
	}
	s, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other := p.statements[text]; other != nil {
		return other, s.Close()
	}
	p.statements[text] = s
	return s, nil
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, s := range p.statements {
		errs = append(errs, s.Close())
	}
	clear(p.statements)
	return errors.Join(append(errs, p.db.Close())...)
}

// session executes statements inside one transaction. It is not safe for
// concurrent use.
type session struct {
	ctx  context.Context
	tx   *sql.Tx
	pool *pool // where tx came from
	used map[string]*sql.Stmt

	missing []string // worth preparing once the transaction has ended
}

func newSession(ctx context.Context, tx *sql.Tx, p *pool) *session {
	return &session{ctx: ctx, tx: tx, pool: p, used: make(map[string]*sql.Stmt, 16)}
}

func (s *session) statement(text string) *sql.Stmt {
	if st := s.used[text]; st != nil {
		return st
	}
	st := s.pool.cached(text)
	if st != nil {
		st = s.tx.StmtContext(s.ctx, st)
		s.used[text] = st
	} else {
		s.missing = append(s.missing, text)
	}
	return st
}

// prepareMissing is for after the transaction: preparing takes a connection of
// the pool, which may have no other than that of the transaction.
func (s *session) prepareMissing() error {
	for _, text := range s.missing {
		if _, err := s.pool.prepare(s.ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// exec returns how many rows the statement changed.
func (s *session) exec(text string, args ...any) (int64, error) {
	var result sql.Result
	var err error
	if st := s.statement(text); st != nil {
		result, err = st.ExecContext(s.ctx, args...)
	} else {
		result, err = s.tx.ExecContext(s.ctx, text, args...)
	}
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *session) query(text string, args ...any) (*sql.Rows, error) {
	if st := s.statement(text); st != nil {
		return st.QueryContext(s.ctx, args...)
	}
	return s.tx.QueryContext(s.ctx, text, args...)
}

// one reads the first row into dest, and reports whether there was one.
func (s *session) one(text string, args []any, dest ...any) (bool, error) {
	rows, err := s.query(text, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(dest...); err != nil {
		return false, err
	}
	return true, rows.Close()
}
