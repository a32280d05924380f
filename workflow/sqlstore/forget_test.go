package sqlstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
	"github.com/itsm-go/itsm/workflow/sqlstore/internal/privacytest"

	"github.com/stretchr/testify/require"
)

// requireAbsent reads the bytes of the database and of its log.
func requireAbsent(t *testing.T, path, text string, absent bool) {
	t.Helper()
	found := false
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		require.NoError(t, err)
		found = found || bytes.Contains(b, []byte(text))
	}
	require.Equal(t, absent, !found, text)
}

func TestPrivacyOfTheKernel(t *testing.T) {
	db, _ := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed})
	privacytest.Run(t, func(tenant string) privacytest.Store { return db.Tenant(tenant) })
	require.NoError(t, db.Check(t.Context()))
}

func TestWhatIsForgottenIsNotInTheFilesAnyMore(t *testing.T) {
	ctx := t.Context()
	db, path := openFile(t, sqlstore.Config{})
	o := privacytest.NewOffice(t, db.Tenant("acme"), 1)
	kept, gone := o.Write(t, "bob", 1), o.Write(t, "bob", 2)
	requireAbsent(t, path, "letter-1-from-bob", false)
	requireAbsent(t, path, "letter-2-from-bob", false)

	require.NoError(t, o.Store.Erase(ctx, workflow.Erasure{Ref: o.Letters.Ref(gone), Version: 1}))
	requireAbsent(t, path, "letter-2-from-bob", true)
	requireAbsent(t, path, "letter-1-from-bob", false)

	_, err := o.Redact(ctx, kept)
	require.NoError(t, err)
	require.NoError(t, db.Scrub(ctx)) // the body before was longer than a page
	for _, text := range []string{"letter-1-from-bob", privacytest.Phone, "bob"} {
		requireAbsent(t, path, text, true)
	}
	requireAbsent(t, path, "person-1", false)
	require.NoError(t, db.Check(ctx))

	o.Write(t, "carl", 3)
	require.NoError(t, db.Tenant("acme").EraseTenant(ctx))
	requireAbsent(t, path, "letter-3-from-bob", true)
	require.NoError(t, db.Check(ctx))
}

// A value within a page is gone without a Scrub, in the record, its index and its events.
func TestAShortValueIsOverwrittenAtOnce(t *testing.T) {
	ctx := t.Context()
	db, path := openFile(t, sqlstore.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	r := redactable(t, s, a, ref)
	requireAbsent(t, path, "ann of the third floor", false)
	require.NoError(t, s.Redact(ctx, r))
	requireAbsent(t, path, "ann of the third floor", true)
	_, err := workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
}

// redactable commits two versions of a ticket, the second without what the first says,
// and returns what is to be removed.
func redactable(t *testing.T, s *sqlstore.Store, a *author, ref workflow.Ref) workflow.Redaction {
	t.Helper()
	first, second, r := redaction(a, ref)
	require.NoError(t, s.Commit(t.Context(), first))
	require.NoError(t, s.Commit(t.Context(), second))
	return r
}

func redaction(a *author, ref workflow.Ref) (first, second workflow.Batch, r workflow.Redaction) {
	secret := workflow.IndexEntry{Field: "who", Key: workflow.StringKey("ann of the third floor")}
	first = workflow.Batch{ID: a.ids.NewID(monday)}
	first.Writes = []workflow.Write{a.salted(a.write(first.ID, ref, map[string]any{"who": "ann of the third floor"}, secret))}
	r = workflow.Redaction{Ref: ref, Values: []workflow.Removal{
		{Event: 1, At: "/changes/0/new", As: []byte(`"x"`)}, {Event: 2, At: "/changes/0/old", As: []byte(`"x"`)}}}
	second = workflow.Batch{ID: a.ids.NewID(monday)}
	w := a.write(second.ID, ref, map[string]any{"who": "x"})
	w.Event.Redacts = &workflow.Notice{Rule: "asked", Values: r.Values}
	second.Writes = []workflow.Write{a.salted(w)}
	return first, second, r
}

// salted gives the write's event a salt and seals it anew.
func (a *author) salted(w workflow.Write) workflow.Write {
	w.Event.Salt = workflow.Salt{byte(w.Event.Version), 1}
	if err := w.Event.Seal(); err != nil {
		panic(err)
	}
	w.Document.Head = w.Event.Hash
	a.last[w.Document.Ref] = w.Document
	return w
}

func end(t *testing.T, s *sqlstore.Store) workflow.Position {
	events := all(t, s.Events(t.Context(), "", workflow.Filter{}))
	return events[len(events)-1].Position
}

// A position is never given out twice, whoever erases the end of the feed, how often,
// and through whatever handle.
func TestAPositionIsNotGivenOutTwice(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	ways := map[string]func(f func(*sqlstore.Store)){
		"alone": func(f func(*sqlstore.Store)) { f(db.Tenant("acme")) },
		"in the host's transaction": func(f func(*sqlstore.Store)) {
			tx, err := db.Begin(ctx)
			require.NoError(t, err)
			f(db.Tenant("acme").WithTx(tx))
			require.NoError(t, tx.Commit())
		},
		"in a load": func(f func(*sqlstore.Store)) {
			b, err := db.Bulk(ctx)
			require.NoError(t, err)
			f(b.Tenant("acme"))
			require.NoError(t, b.Close())
		},
	}
	a := newAuthor(1)
	for name, way := range ways {
		for _, whole := range []bool{false, true, false, false} {
			way(func(s *sqlstore.Store) {
				ref := a.ref("ticket")
				require.NoError(t, s.Commit(ctx, a.step(ref)), name)
				require.NoError(t, s.Commit(ctx, a.step(ref)), name)
				before := end(t, s)
				if whole {
					require.NoError(t, s.EraseTenant(ctx), name)
				} else {
					require.NoError(t, s.Erase(ctx, workflow.Erasure{Ref: ref, Version: 2}), name)
				}
				require.NoError(t, s.Commit(ctx, a.step(a.ref("ticket"))), name)
				require.Len(t, all(t, s.Events(ctx, before, workflow.Filter{})), 1, name)
			})
		}
	}
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	var places int
	require.NoError(t, tx.QueryRow("SELECT count(*) FROM itsm_events WHERE record = 0").Scan(&places))
	require.LessOrEqual(t, places, 1, "the place before is taken away")
	require.NoError(t, tx.Rollback())
}

// What a host forgets in its transaction is forgotten when it commits, and not before.
func TestForgettingIsPartOfTheHostsTransaction(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	kept, gone := a.ref("ticket"), a.ref("ticket")
	r := redactable(t, s, a, kept)
	require.NoError(t, s.Commit(ctx, a.step(gone)))
	for _, commit := range []bool{false, true} {
		tx, err := db.Begin(ctx)
		require.NoError(t, err)
		bound := s.WithTx(tx)
		require.NoError(t, bound.Redact(ctx, r))
		var conflict *workflow.ConflictError
		require.ErrorAs(t, bound.Erase(ctx, workflow.Erasure{Ref: gone, Version: 1}, workflow.Erasure{Ref: kept, Version: 1}), &conflict)
		_, err = bound.Get(ctx, gone)
		require.NoError(t, err, "what failed undid itself")
		require.NoError(t, bound.Erase(ctx, workflow.Erasure{Ref: gone, Version: 1}))
		_, err = bound.Get(ctx, gone)
		require.ErrorIs(t, err, workflow.ErrNotFound)
		if !commit {
			require.NoError(t, tx.Rollback())
			require.NotEmpty(t, workflow.PendingRedaction(all(t, s.Events(ctx, "", workflow.Filter{Record: kept}))).Values)
			_, err = s.Get(ctx, gone)
			require.NoError(t, err)
			continue
		}
		require.NoError(t, tx.Commit())
	}
	require.Empty(t, workflow.PendingRedaction(all(t, s.Events(ctx, "", workflow.Filter{Record: kept}))).Values)
	for range 16 { // the log is looked at now and then
		require.NoError(t, s.Commit(ctx, a.step(a.ref("ticket"))))
	}
	requireAbsent(t, path, "ann of the third floor", true)
}

// forgetful redacts and erases until it is killed.
func forgetful(path string) error {
	ctx := context.Background()
	turn, err := strconv.Atoi(os.Getenv(processTurn))
	if err != nil {
		return err
	}
	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	if err != nil {
		return err
	}
	return privacytest.Forget(ctx, db.Tenant("acme"), uint64(turn)+2, func(line string) { fmt.Println(line) })
}

// A process that is killed while it forgets leaves nothing half done.
func TestKilledProcessForgetsWholeOrNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.db")
	r := rand.New(rand.NewPCG(*killSeed, 6))
	var lines []string
	for turn := range *kills {
		lines = append(lines, privacytest.Kill(t, process("forgetful", path, turn), 1+r.IntN(40))...)
		db, err := sqlstore.Open(t.Context(), path, sqlstore.Config{})
		require.NoError(t, err)
		privacytest.CheckForgotten(t, db.Tenant("acme"), lines)
		require.NoError(t, db.Check(t.Context()))
		require.NoError(t, db.Close())
	}
}

// Work is forgotten with its record in whatever lane it is, and nobody else's.
func TestErasedRecordLeavesNoWork(t *testing.T) {
	ctx := t.Context()
	db, _ := openFile(t, sqlstore.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	refs := []workflow.Ref{a.ref("ticket"), a.ref("ticket")}
	for _, ref := range refs {
		b := a.step(ref)
		for i := range 3 {
			b.Timers = append(b.Timers, workflow.Timer{Ref: ref, Name: fmt.Sprint("t", i), Due: monday})
			b.Messages = append(b.Messages, workflow.Message{ID: a.ids.NewID(monday), Ref: ref, Topic: "m", At: monday})
		}
		require.NoError(t, s.Commit(ctx, b))
	}
	due, err := s.Claim(ctx, monday, 100, time.Minute)
	require.NoError(t, err)
	for _, d := range due {
		require.NoError(t, s.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Park, Error: "no"}))
	}
	leased, err := s.Claim(ctx, monday, 100, time.Minute)
	require.NoError(t, err)
	require.Len(t, leased, 4)
	require.NoError(t, s.Erase(ctx, workflow.Erasure{Ref: refs[0], Version: 1}))
	waiting := all(t, s.Backlog(ctx))
	require.Len(t, waiting, 6)
	for _, w := range waiting {
		require.Equal(t, refs[1], workflow.Due{Timer: w.Timer, Message: w.Message}.Ref())
	}
	for _, d := range leased {
		err := s.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done})
		if d.Ref() == refs[0] {
			require.ErrorIs(t, err, workflow.ErrLeaseLost)
		} else {
			require.NoError(t, err)
		}
	}
}

// Another program that reads in the log keeps it from being cut; Scrub says so.
func TestAReaderElsewhereKeepsTheLog(t *testing.T) {
	ctx := t.Context()
	db, path := openFile(t, sqlstore.Config{BusyTimeout: 1})
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	r := redactable(t, s, a, ref)
	other, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer other.Close()
	reading, err := other.Begin()
	require.NoError(t, err)
	var n int
	require.NoError(t, reading.QueryRow("SELECT count(*) FROM itsm_events").Scan(&n))
	require.NoError(t, s.Redact(ctx, r), "the values are gone for every reader to come")
	requireAbsent(t, path, "ann of the third floor", false)
	require.ErrorIs(t, db.Scrub(ctx), sqlstore.ErrBusy)
	require.NoError(t, reading.Rollback())
	require.NoError(t, db.Scrub(ctx))
	requireAbsent(t, path, "ann of the third floor", true)
}
