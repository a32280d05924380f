package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/stretchr/testify/require"
)

// The server says disk_full for one record, in the statement that writes it or only
// when its transaction commits.
func TestAFullDiskFailsTheCommitsThatNeedRoomAndNoOther(t *testing.T) {
	ctx := context.Background()
	for when, trigger := range map[string]string{
		"while it writes":   "CREATE TRIGGER no_room AFTER INSERT ON itsm.events FOR EACH ROW EXECUTE FUNCTION no_room()",
		"when it is to end": "CREATE CONSTRAINT TRIGGER no_room AFTER INSERT ON itsm.events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no_room()",
	} {
		t.Run(when, func(t *testing.T) {
			db := openFresh(t, postgres.Config{})
			s := db.Tenant("acme")
			a := newAuthor(1)
			large := a.ref("ticket")
			_, err := db.Pool().Exec(ctx, "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = '"+large.ID.String()+
				"' THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF; RETURN NULL; END $$")
			require.NoError(t, err)
			_, err = db.Pool().Exec(ctx, trigger)
			require.NoError(t, err)

			refused := a.step(large)
			batches := []workflow.Batch{refused}
			for range 40 {
				batches = append(batches, a.step(a.ref("ticket")))
			}
			results := make([]error, len(batches))
			var group sync.WaitGroup
			for i, b := range batches {
				group.Go(func() { results[i] = s.Commit(ctx, b) })
			}
			group.Wait()
			require.ErrorIs(t, results[0], postgres.ErrFull)
			require.NotErrorIs(t, results[0], workflow.ErrUnsure)
			require.NoError(t, errors.Join(results[1:]...))
			_, err = s.Get(ctx, large)
			require.ErrorIs(t, err, workflow.ErrNotFound, "nothing has changed")

			_, err = db.Pool().Exec(ctx, "DROP TRIGGER no_room ON itsm.events")
			require.NoError(t, err)
			require.NoError(t, s.Commit(ctx, refused), "there is room again")
			_, err = workflow.VerifyStore(ctx, s, nil, "ticket")
			require.NoError(t, err)
		})
	}
}

func TestAClockThatJumpsBackLosesAndReordersNothing(t *testing.T) {
	ctx := context.Background()
	s := openFresh(t, postgres.Config{}).Tenant("acme")
	now := monday
	clock := func() time.Time { return now }
	desk := workflow.NewDesk(s, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	kind, err := workflow.NewKind(workflow.KindConfig[*workflow.Record]{Name: "ticket", New: func() *workflow.Record { return new(workflow.Record) }})
	require.NoError(t, err)
	rec := &workflow.Record{Title: "Mail is down", State: "new"}
	step := func(name, timer string, in time.Duration) {
		t.Helper()
		_, err := desk.Do(ctx, workflow.Command{Name: name, Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
			if rec.ID == (workflow.ID{}) {
				if err := kind.Create(tx, rec, workflow.Entry{}); err != nil {
					return err
				}
			} else {
				stored, err := kind.Get(tx, rec.ID)
				if err != nil {
					return err
				}
				stored.Title += "!"
				if err := kind.Put(tx, stored, workflow.Entry{}); err != nil {
					return err
				}
			}
			tx.SetTimer(kind.Ref(rec.ID), timer, tx.Now().Add(in))
			return nil
		})
		require.NoError(t, err)
	}
	step("ticket.open", "response", 10*time.Minute)
	now = now.Add(30 * time.Minute)
	step("ticket.assign", "resolution", time.Hour)
	held, err := s.Claim(ctx, now, 10, time.Minute) // and the worker dies
	require.NoError(t, err)
	require.Len(t, held, 1, "the first timer of the record")

	now = now.Add(-time.Hour)
	step("ticket.note", "warning", 5*time.Minute)
	var last time.Time
	for e, err := range s.Events(ctx, "", workflow.Filter{}) {
		require.NoError(t, err)
		require.False(t, e.At.Before(last), "event %d", e.Version)
		last = e.At
	}
	require.Equal(t, monday.Add(30*time.Minute), last)

	var carried []string
	relay, err := workflow.NewRelay(s, workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
		require.False(t, now.Before(d.Timer.Due))
		carried = append(carried, now.Format("15:04 ")+d.Timer.Name)
		return nil
	}), workflow.RelayConfig{Clock: clock})
	require.NoError(t, err)
	for range 150 {
		_, err := relay.Drain(ctx)
		require.NoError(t, err)
		now = now.Add(time.Minute)
	}
	require.Equal(t, []string{"09:31 response", "09:35 warning", "10:30 resolution"}, carried)
	_, err = workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
}
