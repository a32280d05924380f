package faultstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

type note struct {
	workflow.Record
	Lines int `json:"lines"`
}

func (n *note) clone() *note { c := *n; c.Record = n.Record.Clone(); return &c }

var (
	ann = workflow.User("ann")
	t0  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

func noteKind(t testing.TB) *workflow.Kind[*note] {
	k, err := workflow.NewKind(workflow.KindConfig[*note]{
		Name: "note", New: func() *note { return new(note) }, Clone: (*note).clone,
	})
	require.NoError(t, err)
	return k
}

// pad writes one note, line by line, over a store.
type pad struct {
	desk *workflow.Desk
	kind *workflow.Kind[*note]
	id   workflow.ID
}

func newPad(t testing.TB, s workflow.Store) *pad {
	desk := workflow.NewDesk(s, workflow.DeskConfig{Clock: func() time.Time { return t0 }, IDs: workflow.SeededIDs(1)})
	return &pad{desk, noteKind(t), workflow.SeededIDs(2).NewID(t0)}
}

func (p *pad) write(ctx context.Context, key string) error {
	_, err := p.desk.Do(ctx, workflow.Command{Name: "note.write", Actor: ann, Key: key}, func(tx *workflow.Tx) error {
		n, err := p.kind.GetOrCreate(tx, p.id, func() *note { return &note{Record: workflow.Record{Title: "a note", State: "open"}} })
		if err != nil {
			return err
		}
		n.Lines++
		if err := tx.Send(p.kind.Ref(p.id), "written", n.Lines); err != nil {
			return err
		}
		return p.kind.Put(tx, n, workflow.Entry{})
	})
	return err
}

func (p *pad) lines(ctx context.Context, s workflow.Store) (int, error) {
	n, err := p.kind.Load(ctx, s, p.id)
	if err != nil {
		return 0, err
	}
	return n.Lines, nil
}

func openMemory() workflow.Store { return memstore.New() }

func TestEachModeFailsWhereItSays(t *testing.T) {
	for _, test := range []struct {
		mode    faultstore.Mode
		written bool // does the failing commit take effect?
		unsure  bool // does its error say that it may have?
		again   bool // does the next call work?
	}{
		{faultstore.Before, false, false, true},
		{faultstore.After, true, true, true},
		{faultstore.Down, false, false, false},
		{faultstore.Lost, true, true, false},
	} {
		t.Run(test.mode.String(), func(t *testing.T) {
			plain := memstore.New()
			source := memstore.New()
			require.NoError(t, newPad(t, source).write(t.Context(), ""))
			b := batchOf(t, source)

			s := faultstore.New(plain, faultstore.Fault{Call: 1, Mode: test.mode})
			err := s.Commit(t.Context(), b)
			require.ErrorIs(t, err, faultstore.ErrInjected)
			require.Equal(t, test.unsure, errors.Is(err, workflow.ErrUnsure))
			require.Equal(t, faultstore.OpCommit, s.Struck())

			_, err = plain.Get(t.Context(), b.Writes[0].Document.Ref)
			require.Equal(t, test.written, err == nil)
			require.Equal(t, test.again, s.Commit(t.Context(), b) == nil)
			require.Equal(t, 2, s.Calls())
		})
	}
}

// batchOf makes a batch that writes what another store holds.
func batchOf(t *testing.T, s workflow.Store) workflow.Batch {
	var b workflow.Batch
	for e, err := range s.Events(t.Context(), "", workflow.Filter{Kinds: []string{"note"}}) {
		require.NoError(t, err)
		doc, err := s.Get(t.Context(), e.Ref)
		require.NoError(t, err)
		b.ID, b.Writes = e.Batch, append(b.Writes, workflow.Write{Document: doc, Event: e})
	}
	require.Len(t, b.Writes, 1)
	return b
}

func TestReadersAreCutOffBehindTheFirstRecord(t *testing.T) {
	plain := memstore.New()
	p := newPad(t, plain)
	for range 3 {
		require.NoError(t, p.write(t.Context(), ""))
	}
	for mode, want := range map[faultstore.Mode]int{faultstore.Before: 0, faultstore.After: 1, 0: 3} {
		s := faultstore.New(plain, faultstore.Fault{Call: 1, Mode: mode})
		n := 0
		var last error
		for _, err := range s.Events(t.Context(), "", workflow.Filter{}) {
			if last = err; err == nil {
				n++
			}
		}
		require.Equal(t, want, n, mode)
		require.Equal(t, mode != 0, errors.Is(last, faultstore.ErrInjected), mode)
	}
}

func TestQueueFailsLikeTheStore(t *testing.T) {
	plain := memstore.New()
	require.NoError(t, newPad(t, plain).write(t.Context(), ""))
	s := faultstore.New(plain, faultstore.Fault{Call: 1, Mode: faultstore.After})
	_, err := s.Claim(t.Context(), t0, 1, time.Minute)
	require.ErrorIs(t, err, faultstore.ErrInjected)
	due, err := s.Claim(t.Context(), t0, 1, time.Minute)
	require.NoError(t, err)
	require.Empty(t, due, "the claim took effect, so the work is leased until the lease runs out")
	due, err = s.Claim(t.Context(), t0.Add(2*time.Minute), 1, time.Minute)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.NoError(t, s.Settle(t.Context(), workflow.Settlement{Receipt: due[0].Receipt, Outcome: workflow.Park, Error: "no use"}))
	for parked, err := range s.Parked(t.Context()) {
		require.NoError(t, err)
		require.NoError(t, s.Revive(t.Context(), t0.Add(time.Hour), parked.Receipt))
	}
}

func TestStoreWithoutQueueSaysSo(t *testing.T) {
	s := faultstore.New(struct{ workflow.Store }{memstore.New()}, faultstore.Fault{})
	_, err := s.Claim(t.Context(), t0, 1, time.Minute)
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorIs(t, s.Settle(t.Context()), workflow.ErrInvalid)
	require.ErrorIs(t, s.Revive(t.Context(), t0), workflow.ErrInvalid)
	for _, err := range s.Parked(t.Context()) {
		require.ErrorIs(t, err, workflow.ErrInvalid)
	}
}

func TestDriveFindsWhatAKeyWouldHavePrevented(t *testing.T) {
	// A caller who is told of an error asks again, with one key or another.
	asking := func(first, second string) func(*faultstore.Store) error {
		return func(s *faultstore.Store) error {
			p := newPad(t, s)
			if err := p.write(t.Context(), first); err == nil {
				return nil
			}
			return p.write(t.Context(), second)
		}
	}
	oneLine := func(r faultstore.Run) error {
		n, err := newPad(t, r.Plain).lines(t.Context(), r.Plain)
		if errors.Is(err, workflow.ErrNotFound) && r.Err != nil || n == 1 {
			return nil
		}
		return errors.Join(err, errors.New("the line was not written once"))
	}
	calls, err := faultstore.Drive(openMemory, asking("a", "a"), oneLine)
	require.NoError(t, err)
	require.Greater(t, calls, 2)

	_, err = faultstore.Drive(openMemory, asking("a", "b"), oneLine)
	require.ErrorContains(t, err, "the line was not written once")
}

func TestDriveRefusesWhatItCannotDrive(t *testing.T) {
	t.Run("a workflow that fails by itself", func(t *testing.T) {
		_, err := faultstore.Drive(openMemory, func(*faultstore.Store) error { return workflow.ErrForbidden }, nil)
		require.ErrorIs(t, err, workflow.ErrForbidden)
	})
	t.Run("a workflow that takes another course each time", func(t *testing.T) {
		runs := 0
		_, err := faultstore.Drive(openMemory, func(s *faultstore.Store) error {
			if runs++; runs > 1 {
				return nil
			}
			return newPad(t, s).write(t.Context(), "")
		}, func(faultstore.Run) error { return nil })
		require.ErrorIs(t, err, workflow.ErrInvalid)
		require.ErrorContains(t, err, "was not made")
	})
}
