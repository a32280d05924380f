package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/stretchr/testify/require"
)

func TestArchivedEventsAreStillThere(t *testing.T) {
	ctx := context.Background()
	db := openFresh(t, postgres.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	count := func(table string) (n int) {
		require.NoError(t, db.Pool().QueryRow(ctx, "SELECT count(*) FROM itsm."+table).Scan(&n))
		return n
	}
	var refs []workflow.Ref
	var batch workflow.ID
	for i := range 40 {
		ref := a.ref([]string{"ticket", "change"}[i%2])
		for range 1 + i%7 { // a step takes a minute
			b := a.step(ref)
			require.NoError(t, s.Commit(ctx, b))
			batch = b.ID
		}
		refs = append(refs, ref)
	}
	other := newAuthor(2)
	require.NoError(t, db.Tenant("umbrella").Commit(ctx, other.step(other.ref("ticket"))))
	whole := all(t, s.Events(ctx, "", workflow.Filter{}))
	ofBatch := all(t, s.Events(ctx, "", workflow.Filter{Batch: batch}))
	requireWhole := func() {
		t.Helper()
		require.Equal(t, whole, all(t, s.Events(ctx, "", workflow.Filter{})), "the feed from the beginning")
		middle := len(whole) / 2
		require.Equal(t, whole[middle+1:], all(t, s.Events(ctx, whole[middle].Position, workflow.Filter{})), "and from anywhere")
		require.Equal(t, ofBatch, all(t, s.Events(ctx, "", workflow.Filter{Batch: batch})))
		tickets := all(t, s.Events(ctx, "", workflow.Filter{Kinds: []string{"ticket"}}))
		require.NotEmpty(t, tickets)
		verified, err := workflow.VerifyStore(ctx, s, nil, "ticket", "change")
		require.NoError(t, err)
		require.Equal(t, workflow.Verified{Records: 40, Events: len(whole)}, verified)
		require.NoError(t, db.Check(ctx))
	}

	rest := monday.Add(4 * time.Minute)
	moved, err := s.Archive(ctx, rest)
	require.NoError(t, err)
	require.EqualValues(t, count("archive"), moved)
	require.Positive(t, moved)
	require.Equal(t, len(whole)+1, count("archive")+count("events"), "the other tenant's stays")
	requireWhole()
	moved, err = s.Archive(ctx, rest)
	require.NoError(t, err)
	require.Zero(t, moved, "again: nothing is left to move")

	// A record at rest is changed: its history lies in both tables.
	require.NoError(t, s.Commit(ctx, a.step(refs[0])))
	history, err := workflow.History(ctx, s, refs[0])
	require.NoError(t, err)
	require.Len(t, history, 2)
	whole = append(whole, history[1])
	requireWhole()

	back, err := s.Unarchive(ctx, rest.Add(-time.Minute))
	require.NoError(t, err)
	require.Positive(t, back)
	requireWhole()
	_, err = s.Unarchive(ctx, time.Time{})
	require.NoError(t, err)
	require.Zero(t, count("archive"))
	requireWhole()
	moved, err = db.Tenant("nobody").Archive(ctx, rest)
	require.NoError(t, err)
	require.Zero(t, moved)
}

// A reader that follows the feed while events are moved to and fro misses none.
func TestFeedIsWholeWhileEventsAreMoved(t *testing.T) {
	ctx := context.Background()
	db := openFresh(t, postgres.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	for range 30 {
		b := workflow.Batch{ID: a.ids.NewID(monday)}
		for range 40 {
			b.Writes = append(b.Writes, a.write(b.ID, a.ref("ticket"), "x"))
		}
		require.NoError(t, s.Commit(ctx, b))
	}
	moving, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		for moving.Err() == nil {
			if _, err := s.Archive(ctx, monday.Add(time.Hour)); err != nil {
				done <- err
				return
			}
			if _, err := s.Unarchive(ctx, time.Time{}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for range 10 {
		seen := map[workflow.Hash]bool{}
		for e, err := range s.Events(ctx, "", workflow.Filter{}) {
			require.NoError(t, err)
			require.False(t, seen[e.Hash])
			seen[e.Hash] = true
		}
		require.Len(t, seen, 1200)
	}
	stop()
	require.NoError(t, <-done)
}

func TestPruneForgetsOldBatches(t *testing.T) {
	ctx := context.Background()
	db := openFresh(t, postgres.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	var steps []workflow.Batch
	for range 5 {
		b := a.step(ref) // a minute each
		require.NoError(t, s.Commit(ctx, b))
		steps = append(steps, b)
	}
	n, err := db.Prune(ctx, monday.Add(3*time.Minute))
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
	for i, b := range steps {
		err := s.Commit(ctx, b)
		if i < 3 {
			require.ErrorIs(t, err, workflow.ErrConflict, "it is not known any more")
		} else {
			require.NoError(t, err)
		}
	}
	require.Len(t, all(t, s.Events(ctx, "", workflow.Filter{})), 5)
	require.NoError(t, db.Check(ctx))
}

func TestCheckFindsWhatContradictsItself(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	faults := map[string]string{
		"index entry is missing":      "DELETE FROM itsm.entries WHERE ctid = (SELECT ctid FROM itsm.entries LIMIT 1)",
		"leads to a record that has":  "UPDATE itsm.entries SET key = 'x' WHERE ctid = (SELECT ctid FROM itsm.entries LIMIT 1)",
		"smallest key":                "UPDATE itsm.records SET firsts = ARRAY[false, true]; UPDATE itsm.entries SET first = false",
		"lead to its version":         "DELETE FROM itsm.events WHERE version = 1",
		"event has no record":         "DELETE FROM itsm.records WHERE version > 0",
		"in another order":            "UPDATE itsm.events SET place = place + 100 WHERE version = 1",
		"what is another's":           "UPDATE itsm.records SET tenant = 3 - tenant",
		"timer has no record":         "UPDATE itsm.timers SET id = gen_random_uuid()",
		"message has no record":       "UPDATE itsm.messages SET id = gen_random_uuid()",
		"one timer of a record leads": "UPDATE itsm.timers SET lane = 1",
		"one message of a record":     "UPDATE itsm.messages SET lane = 0",
		"timer leads before one":      "UPDATE itsm.timers SET lane = 1 - lane WHERE lane < 2",
		"message leads before":        "UPDATE itsm.messages SET lane = 1 - lane WHERE lane < 2",
		"leased by nobody":            "UPDATE itsm.timers SET out = true WHERE lane = 1",
	}
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{Patience: patience})
	require.NoError(t, err)
	defer db.Close()
	a := newAuthor(1)
	for _, tenant := range []string{"acme", "umbrella"} {
		ref := a.ref("ticket")
		for i := range 3 {
			b := messageBatch(a, ref)
			b.Timers = []workflow.Timer{{Ref: ref, Name: fmt.Sprint(i), Due: monday.Add(time.Duration(i) * time.Minute)}}
			require.NoError(t, db.Tenant(tenant).Commit(ctx, b))
		}
	}
	require.NoError(t, db.Check(ctx))
	for what, text := range faults {
		t.Run(what, func(t *testing.T) {
			whole := connect(t, where)
			_, err := whole.Exec(ctx, "CREATE SCHEMA backup; SET session_replication_role = replica")
			require.NoError(t, err)
			tables := []string{"records", "entries", "events", "timers", "messages", "kinds"}
			for _, table := range tables {
				_, err := whole.Exec(ctx, "CREATE TABLE backup."+table+" AS TABLE itsm."+table)
				require.NoError(t, err)
			}
			_, err = whole.Exec(ctx, text)
			require.NoError(t, err)
			err = db.Check(ctx)
			require.ErrorIs(t, err, workflow.ErrTampered)
			require.ErrorContains(t, err, what)
			for _, table := range tables {
				_, err := whole.Exec(ctx, "DELETE FROM itsm."+table+"; INSERT INTO itsm."+table+" OVERRIDING SYSTEM VALUE SELECT * FROM backup."+table)
				require.NoError(t, err)
			}
			_, err = whole.Exec(ctx, "DROP SCHEMA backup CASCADE")
			require.NoError(t, err)
			require.NoError(t, db.Check(ctx))
		})
	}
}
