package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/faultstore"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// shift opens two tickets, counts one of them up, and tells the world: all in
// commands with keys.
func shift(ctx context.Context, s workflow.Store, k *workflow.Kind[*ticket], seed uint64, cache int) error {
	d := workflow.NewDesk(s, workflow.DeskConfig{Clock: func() time.Time { return t0 }, IDs: workflow.SeededIDs(seed), Cache: cache})
	var id workflow.ID
	for _, key := range []string{"first", "second"} {
		res, err := d.Do(ctx, workflow.Command{Name: "ticket.open", Actor: ann, Key: key}, func(tx *workflow.Tx) error {
			rec := &ticket{Record: workflow.Record{Title: key, State: "new"}}
			return k.Create(tx, rec, workflow.Entry{})
		})
		if err != nil {
			return err
		}
		id = res.Events[0].ID
	}
	for i := range 3 {
		_, err := d.Do(ctx, workflow.Command{Name: "ticket.add", Actor: ann, Key: fmt.Sprint(i)}, func(tx *workflow.Tx) error {
			if err := tx.Send(k.Ref(id), "added", i); err != nil {
				return err
			}
			return add(k, id)(tx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// With keys, commands that are given again after any failure happen once: no
// update is lost or doubled, and no number is given to two records.
func TestCommandsWithKeysHappenOnceWhateverFails(t *testing.T) {
	k := ticketKind(t)
	for _, cache := range []int{0, 8} {
		check := func(r faultstore.Run) error {
			if r.Err != nil {
				if !errors.Is(r.Err, faultstore.ErrInjected) {
					return r.Err
				}
				if err := shift(t.Context(), r.Plain, k, 2, cache); err != nil {
					return err
				}
			}
			numbers := map[string]string{}
			for rec, err := range k.Find(t.Context(), r.Plain, workflow.Query{}) {
				require.NoError(t, err)
				require.Equal(t, map[string]int{"first": 0, "second": 3}[rec.Title], rec.Count, rec.Title)
				require.Empty(t, numbers[rec.Number], "%s and %s have the same number", numbers[rec.Number], rec.Title)
				numbers[rec.Number] = rec.Title
			}
			require.Len(t, numbers, 2)
			due, err := r.Plain.(workflow.Queue).Claim(t.Context(), t0, 10, time.Minute)
			require.NoError(t, err)
			require.Len(t, due, 1, "one record's messages come one by one")
			_, err = workflow.VerifyStore(t.Context(), r.Plain, nil, "ticket", "counter")
			return err
		}
		run := func(s *faultstore.Store) error { return shift(t.Context(), s, k, 1, cache) }
		calls, err := faultstore.Drive(func() workflow.Store { return memstore.New() }, run, check)
		require.NoError(t, err)
		require.GreaterOrEqual(t, calls, 15)
	}
}

// A relay over a failing queue delivers everything at least once, in order.
func TestRelayDeliversInOrderWhateverFails(t *testing.T) {
	k := ticketKind(t)
	now := t0
	var delivered []string
	deliver := func(s workflow.Store, rounds int) error {
		relay, err := workflow.NewRelay(s.(workflow.Queue), workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
			delivered = append(delivered, string(d.Message.Payload))
			return nil
		}), workflow.RelayConfig{Clock: func() time.Time { return now }, Batch: 2})
		require.NoError(t, err)
		for range rounds {
			if _, err := relay.Drain(t.Context()); err != nil {
				return err
			}
			now = now.Add(time.Hour)
		}
		return nil
	}
	open := func() workflow.Store {
		s := memstore.New()
		require.NoError(t, shift(t.Context(), s, k, 1, 0))
		now, delivered = t0, nil
		return s
	}
	_, err := faultstore.Drive(open, func(s *faultstore.Store) error { return deliver(s, 1) }, func(r faultstore.Run) error {
		now = now.Add(time.Hour) // a lease that was lost runs out
		if err := deliver(r.Plain, 1); err != nil {
			return err
		}
		var once []string
		for _, text := range delivered {
			if len(once) == 0 || once[len(once)-1] != text {
				once = append(once, text)
			}
		}
		require.Equal(t, []string{"0", "1", "2"}, once)
		return nil
	})
	require.NoError(t, err)
}
