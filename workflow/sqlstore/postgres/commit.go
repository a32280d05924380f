package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/itsm-go/itsm/workflow"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Commit implements [workflow.Store]. It is one call of a function in the database,
// in one round trip, unless a name is new; calls that come while others are on their
// way travel together and share the flush. A bound store makes it part of the host's
// transaction. When the connection is lost it is tried again, which the batch's id
// makes harmless; only when that does not help either does the error match
// [workflow.ErrUnsure]. When the context ends while the server works, for example
// waits for a lock, the error matches that and the context's.
func (s *Store) Commit(ctx context.Context, b workflow.Batch) error {
	if err := s.checkTenant(); err != nil {
		return err
	}
	if err := b.Validate(); err != nil {
		return err
	}
	if err := checkTexts(b); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return dbError(ctx, "commit", err)
	}
	if s.host != nil {
		return s.join(ctx, b)
	}
	// What was sent and not answered may still happen, until the server says of a later
	// try that the batch is known, or cannot be applied.
	unsure, tries := false, 0
	err := s.db.again(ctx, func() error {
		c, err := s.arguments(ctx, b)
		if err != nil {
			return err
		}
		tries++
		err = s.apply(ctx, b, c, tries > 1)
		unsure = unsure && !final(err) || open(err)
		// Those that failed for another's sake, or would have kept others waiting.
		if shared := (*sharedError)(nil); errors.As(err, &shared) {
			err = s.apply(ctx, b, c, true)
			unsure = unsure && !final(err) || open(err)
		}
		return err
	})
	if err != nil && unsure {
		return fmt.Errorf("postgres: commit: %w: %w", workflow.ErrUnsure, err)
	}
	return dbError(ctx, "commit", err)
}

// apply commits the batch in a transaction of its own, or with others in one.
func (s *Store) apply(ctx context.Context, b workflow.Batch, c *columns, alone bool) error {
	t := &traveller{store: s, batch: b, columns: c}
	switch {
	case s.db.cfg.Project != nil:
		return s.applyAndProject(ctx, t)
	case alone || s.db.lanes == 0 || len(b.Writes)+len(b.Timers)+len(b.Messages) > maxCompany:
		s.db.carry(ctx, false, t)
		return t.err
	}
	return s.db.traffic.ride(ctx, s.db, t)
}

var errProject = errors.New("the host's projection failed")

func (s *Store) applyAndProject(ctx context.Context, t *traveller) error {
	conn, err := s.db.pool.Acquire(ctx)
	if err != nil {
		return &unsentError{err}
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return &unsentError{err}
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // does nothing after a commit
	m := s.db.manifest(false, t)
	if err := m.send(ctx, tx); err != nil {
		return &unsentError{err} // without COMMIT nothing happens
	}
	if t.err != nil || t.known {
		return t.err
	}
	if err := s.db.cfg.Project(ctx, tx, t.batch); conn.Conn().IsClosed() {
		return &unsentError{errors.Join(net.ErrClosed, err)}
	} else if err != nil {
		return fmt.Errorf("%w: %w", errProject, err)
	}
	return tx.Commit(ctx)
}

// join makes the batch part of the host's transaction; if it fails it undoes itself
// alone.
func (s *Store) join(ctx context.Context, b workflow.Batch) error {
	c, err := s.arguments(ctx, b)
	if err != nil {
		return dbError(ctx, "commit", err)
	}
	se := s.session(ctx)
	var outcome, code, reason string
	if _, err := se.one(s.db.sql.tryCommit, c.list(), &outcome, &code, &reason); err != nil {
		return dbError(ctx, "commit", err)
	}
	known, err := answer(b, outcome, code, reason)
	if err == nil && !known && s.db.cfg.Notify && leavesWork(b) {
		var none string
		_, err = se.one(s.db.sql.notify, []any{s.db.cfg.Schema, s.tenant}, &none)
	}
	return dbError(ctx, "commit", err)
}

// leavesWork reports whether the batch sets a timer or sends a message.
func leavesWork(b workflow.Batch) bool { return len(b.Timers)+len(b.Messages) > 0 }

// answer turns what the functions return into the contract's error, and whether the
// batch was there before.
func answer(b workflow.Batch, outcome, code, reason string) (known bool, err error) {
	switch {
	case code == conflictState:
		return false, conflict(b, reason)
	case code != "":
		return false, &pgconn.PgError{Severity: "ERROR", Code: code, Message: reason}
	case outcome == "" || outcome == "known":
		return outcome != "", nil
	case outcome == "busy":
		return false, &sharedError{errBusy}
	}
	return false, conflict(b, outcome)
}

// refusal does so for what the function raises.
func refusal(b workflow.Batch, err error) error {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == conflictState {
		return conflict(b, e.Message)
	}
	return err
}

// conflict reads "3 17": the third write met version 17.
func conflict(b workflow.Batch, text string) error {
	at, version, _ := strings.Cut(text, " ")
	i, err1 := strconv.Atoi(at)
	actual, err2 := strconv.ParseInt(version, 10, 64)
	if err1 != nil || err2 != nil || i < 1 || i > len(b.Writes) {
		return fmt.Errorf("the database answered %.80q", text)
	}
	d := b.Writes[i-1].Document
	return &workflow.ConflictError{Ref: d.Ref, Expected: d.Version - 1, Actual: actual}
}

// manifest is what goes to the server in one round trip and is one transaction there.
type manifest struct {
	travellers []*traveller
	batch      pgx.Batch
	answers    []*traveller // whose answer each statement brings; nil = of no interest
}

// manifest lists the statements for batches, which together wait for nobody's records.
func (db *DB) manifest(together bool, travellers ...*traveller) *manifest {
	m := &manifest{travellers: travellers}
	tenant, woken := "", map[string]bool{}
	for i, t := range travellers {
		if db.cfg.RowSecurity && (i == 0 || t.store.tenant != tenant) {
			m.queue(nil, db.sql.setTenant, t.store.tenant)
			tenant = t.store.tenant
		}
		text := db.sql.commit
		if together {
			text = db.sql.commitAmong
		}
		m.queue(t, text, t.columns.list()...)
		if db.cfg.Notify && leavesWork(t.batch) && !woken[t.store.tenant] {
			woken[t.store.tenant] = true
			m.queue(nil, db.sql.notify, db.cfg.Schema, t.store.tenant)
		}
	}
	return m
}

func (m *manifest) queue(t *traveller, text string, args ...any) {
	m.batch.Queue(text, args...)
	m.answers = append(m.answers, t)
}

// send brings every traveller its answer, or returns why the whole failed. The answers
// count only if it returns nil: the server commits after the last of them.
func (m *manifest) send(ctx context.Context, on batcher) error {
	results := on.SendBatch(ctx, &m.batch)
	err := func() error {
		for _, t := range m.answers {
			if t == nil {
				if _, err := results.Exec(); err != nil {
					return err
				}
				continue
			}
			var outcome, code, reason string
			if err := results.QueryRow().Scan(&outcome, &code, &reason); err != nil {
				if len(m.travellers) == 1 {
					return refusal(t.batch, err)
				}
				return err
			}
			t.known, t.err = answer(t.batch, outcome, code, reason)
		}
		return nil
	}()
	if e := results.Close(); err == nil {
		err = e
	}
	return err
}

// carry commits the batches in one transaction and leaves each its outcome.
func (db *DB) carry(ctx context.Context, together bool, travellers ...*traveller) {
	conn, err := db.pool.Acquire(ctx)
	if err == nil {
		err = db.manifest(together, travellers...).send(ctx, conn)
		conn.Release()
	} else {
		err = &unsentError{err}
	}
	if err != nil && len(travellers) > 1 {
		err = &sharedError{err}
	}
	if err != nil {
		for _, t := range travellers {
			t.err = err
		}
	}
}
