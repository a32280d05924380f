package projection_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

var errCrash = errors.New("the power is out")

// database is a host's own, with transactions: tables of text, positions, and a fault
// to be struck by.
type database struct {
	mu        sync.Mutex
	tables    map[string]map[string]string
	positions map[string]workflow.Position
	calls     int
	fail      int // the call that fails, counted from 1; 0 = none
}

// tx is a transaction: what the tables will be.
type tx struct {
	db        *database
	tables    map[string]map[string]string
	positions map[string]workflow.Position
}

func newDatabase() *database {
	return &database{tables: map[string]map[string]string{}, positions: map[string]workflow.Position{}}
}

func (d *database) call() error {
	if d.calls++; d.calls == d.fail {
		return errCrash
	}
	return nil
}

func (d *database) InTx(_ context.Context, f func(*tx) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.call(); err != nil {
		return err
	}
	t := &tx{d, map[string]map[string]string{}, maps.Clone(d.positions)}
	for name, rows := range d.tables {
		t.tables[name] = maps.Clone(rows)
	}
	if err := f(t); err != nil {
		return err
	}
	if err := d.call(); err != nil { // before the commit
		return err
	}
	d.tables, d.positions = t.tables, t.positions
	return d.call() // the answer is lost
}

func (d *database) Load(_ context.Context, t *tx, name string) (workflow.Position, error) {
	return t.positions[name], d.call()
}

func (d *database) Save(_ context.Context, t *tx, name string, at workflow.Position) error {
	t.positions[name] = at
	return d.call()
}

func (t *tx) set(table, key, value string) error {
	if t.tables[table] == nil {
		t.tables[table] = map[string]string{}
	}
	t.tables[table][key] = value
	return t.db.call()
}

type ticket struct {
	workflow.Record
	Priority int `json:"priority"`
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// shop is a store in which tickets are opened and worked on.
type shop struct {
	t     testing.TB
	store *memstore.Store
	kinds map[string]*workflow.Kind[*ticket]
	desk  *workflow.Desk
	ids   []workflow.Ref
}

func newShop(t testing.TB) *shop {
	s := &shop{t: t, store: memstore.New(), kinds: map[string]*workflow.Kind[*ticket]{}}
	for _, name := range []string{"ticket", "task"} {
		k, err := workflow.NewKind(workflow.KindConfig[*ticket]{Name: name, New: func() *ticket { return new(ticket) }})
		require.NoError(t, err)
		s.kinds[name] = k
	}
	s.desk = workflow.NewDesk(s.store, workflow.DeskConfig{Clock: func() time.Time { return start }, IDs: workflow.SeededIDs(1)})
	return s
}

func (s *shop) open(kind string) {
	s.do("open", func(tx *workflow.Tx) error {
		rec := &ticket{Record: workflow.Record{ID: tx.NewID(), Title: "Broken", State: "new"}}
		ref := s.kinds[kind].Ref(rec.ID)
		s.ids = append(s.ids, ref)
		return s.kinds[kind].Create(tx, rec, workflow.Entry{})
	})
}

func (s *shop) move(i int, state string) {
	ref := s.ids[i]
	s.do("move", func(tx *workflow.Tx) error {
		rec, err := s.kinds[ref.Kind].Get(tx, ref.ID)
		if err != nil {
			return err
		}
		rec.State = state
		rec.Priority++
		return s.kinds[ref.Kind].Put(tx, rec, workflow.Entry{})
	})
}

func (s *shop) do(name string, f func(*workflow.Tx) error) {
	_, err := s.desk.Do(context.Background(), workflow.Command{Name: name, Actor: workflow.User("ann")}, f)
	require.NoError(s.t, err)
}

// count adds one for every event of a record: repeating it would be seen.
func count(table string) func(context.Context, *tx, workflow.Event) error {
	return func(_ context.Context, t *tx, e workflow.Event) error {
		n := 0
		_, _ = fmt.Sscan(t.tables[table][e.Ref.String()], &n)
		if int64(n+1) != e.Version {
			return fmt.Errorf("event %d of %v after %d others", e.Version, e.Ref, n)
		}
		return t.set(table, e.Ref.String(), fmt.Sprint(n+1))
	}
}
