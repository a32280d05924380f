package main

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
)

// perTransaction is how many commits of the library go into one of the database.
const perTransaction = 1000

// bulkStore is a store for one goroutine that loads a lot: each commit of the
// library stays all or nothing, and many of them share a transaction of the
// database, which costs one write-ahead instead of as many.
type bulkStore struct {
	db    *sqlstore.DB
	tx    *sql.Tx
	bound *sqlstore.Store
	count int // of commits in the transaction
}

// begin starts the next transaction.
func (s *bulkStore) begin(ctx context.Context) error {
	tx, err := s.db.Begin(ctx)
	if err != nil {
		return err
	}
	s.tx, s.bound, s.count = tx, s.db.Tenant("").WithTx(tx), 0
	return nil
}

// flush makes what was done until now last.
func (s *bulkStore) flush(ctx context.Context) error {
	if err := s.tx.Commit(); err != nil {
		return err
	}
	return s.begin(ctx)
}

// close ends the last transaction and keeps it, unless the work has failed.
func (s *bulkStore) close(failed error) error {
	if s.tx == nil {
		return failed
	}
	if failed != nil {
		return errors.Join(failed, s.tx.Rollback())
	}
	return s.tx.Commit()
}

func (s *bulkStore) Commit(ctx context.Context, b workflow.Batch) error {
	if err := s.bound.Commit(ctx, b); err != nil {
		return err
	}
	if s.count++; s.count < perTransaction {
		return nil
	}
	return s.flush(ctx)
}

func (s *bulkStore) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	return s.bound.Get(ctx, ref)
}

func (s *bulkStore) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	return s.bound.Find(ctx, q)
}

func (s *bulkStore) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	return s.bound.Events(ctx, after, f)
}

func (s *bulkStore) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	return s.bound.Claim(ctx, now, n, lease)
}

func (s *bulkStore) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	return s.bound.Settle(ctx, settlements...)
}

func (s *bulkStore) Parked(ctx context.Context) iter.Seq2[workflow.Due, error] {
	return s.bound.Parked(ctx)
}

func (s *bulkStore) Revive(ctx context.Context, at time.Time, receipts ...workflow.Receipt) error {
	return s.bound.Revive(ctx, at, receipts...)
}
