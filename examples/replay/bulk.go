package main

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
)

const (
	perFlush = 20_000 // so many commits of the library go into one of the database
	perWrite = 100    // and at most so many are written at a time
)

// bulkStore is a store for a program that is alone with its database and begins
// again if it dies: it queues commits, writes them behind the back of the next
// decision, and flushes them every so often. Everything that reads waits for
// what is queued. An error of a queued commit ends the load, and comes out of
// every call from then on.
type bulkStore struct {
	*sqlstore.Store
	load    *sqlstore.Bulk
	flush   int // after so many commits
	queue   chan workflow.Batch
	pending sync.WaitGroup
	ended   chan struct{}

	mu     sync.Mutex
	failed error
}

func newBulkStore(ctx context.Context, db *sqlstore.DB, flush int) (*bulkStore, error) {
	load, err := db.Bulk(ctx)
	if err != nil {
		return nil, err
	}
	s := &bulkStore{Store: load.Tenant(""), load: load, flush: flush, queue: make(chan workflow.Batch, 256), ended: make(chan struct{})}
	go s.write(ctx)
	return s, nil
}

func (s *bulkStore) write(ctx context.Context) {
	defer close(s.ended)
	unflushed := 0
	for b := range s.queue {
		batches := s.more(b)
		if s.err() == nil {
			err := s.CommitAll(ctx, batches...)
			if unflushed += len(batches); err == nil && unflushed >= s.flush {
				err, unflushed = s.load.Flush(ctx), 0
			}
			s.fail(err)
		}
		s.pending.Add(-len(batches))
	}
}

// more returns a batch and those that are queued behind it.
func (s *bulkStore) more(b workflow.Batch) []workflow.Batch {
	batches := []workflow.Batch{b}
	for len(batches) < perWrite {
		select {
		case next, ok := <-s.queue:
			if !ok {
				return batches
			}
			batches = append(batches, next)
		default:
			return batches
		}
	}
	return batches
}

func (s *bulkStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func (s *bulkStore) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// settled waits until everything queued is written.
func (s *bulkStore) settled() error {
	s.pending.Wait()
	return s.err()
}

// close writes what is queued and ends the load.
func (s *bulkStore) close() error {
	close(s.queue)
	<-s.ended
	return errors.Join(s.err(), s.load.Close())
}

// Commit queues the batch. It is as good as done: nobody else writes, so there
// is nothing it could conflict with.
func (s *bulkStore) Commit(ctx context.Context, b workflow.Batch) error {
	if err := errors.Join(ctx.Err(), s.err()); err != nil {
		return err
	}
	s.pending.Add(1)
	s.queue <- b
	return nil
}

func (s *bulkStore) Get(ctx context.Context, ref workflow.Ref) (workflow.Document, error) {
	if err := s.settled(); err != nil {
		return workflow.Document{}, err
	}
	return s.Store.Get(ctx, ref)
}

func (s *bulkStore) Find(ctx context.Context, q workflow.Query) iter.Seq2[workflow.Document, error] {
	if err := s.settled(); err != nil {
		return func(yield func(workflow.Document, error) bool) { yield(workflow.Document{}, err) }
	}
	return s.Store.Find(ctx, q)
}

func (s *bulkStore) Events(ctx context.Context, after workflow.Position, f workflow.Filter) iter.Seq2[workflow.Event, error] {
	if err := s.settled(); err != nil {
		return func(yield func(workflow.Event, error) bool) { yield(workflow.Event{}, err) }
	}
	return s.Store.Events(ctx, after, f)
}

func (s *bulkStore) Claim(ctx context.Context, now time.Time, n int, lease time.Duration) ([]workflow.Due, error) {
	if err := s.settled(); err != nil {
		return nil, err
	}
	return s.Store.Claim(ctx, now, n, lease)
}

func (s *bulkStore) Settle(ctx context.Context, settlements ...workflow.Settlement) error {
	if err := s.settled(); err != nil {
		return err
	}
	return s.Store.Settle(ctx, settlements...)
}
