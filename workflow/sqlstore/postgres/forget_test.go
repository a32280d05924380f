package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/internal/privacytest"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

func TestPrivacyOfTheKernel(t *testing.T) {
	t.Parallel()
	owner, app, _ := openSecure(t, freshDatabase(t), "itsm")
	defer owner.Close()
	defer app.Close()
	for name, db := range map[string]*postgres.DB{"plain": openFresh(t, postgres.Config{}), "with row security": app} {
		t.Run(name, func(t *testing.T) {
			privacytest.Run(t, func(tenant string) privacytest.Store { return db.Tenant(tenant) })
		})
	}
	require.NoError(t, owner.Check(t.Context()))
}

// redactable commits two versions of a ticket, the second without what the first says,
// and returns what is to be removed.
func redactable(t testing.TB, s *postgres.Store, a *author, ref workflow.Ref) workflow.Redaction {
	t.Helper()
	r := workflow.Redaction{Ref: ref, Values: []workflow.Removal{
		{Event: 1, At: "/changes/0/new", As: []byte(`"x"`)}, {Event: 2, At: "/changes/0/old", As: []byte(`"x"`)}}}
	for _, who := range []string{"ann of the third floor", "x"} {
		b := workflow.Batch{ID: a.ids.NewID(monday)}
		w := a.write(b.ID, ref, map[string]any{"who": who}, workflow.IndexEntry{Field: "who", Key: workflow.StringKey(who)})
		if w.Event.Version == 2 {
			w.Event.Redacts = &workflow.Notice{Rule: "asked", Values: r.Values}
		}
		w.Event.Salt = workflow.Salt{byte(w.Event.Version), 1}
		require.NoError(t, w.Event.Seal())
		w.Document.Head = w.Event.Hash
		a.last[ref] = w.Document
		b.Writes = []workflow.Write{w}
		require.NoError(t, s.Commit(context.Background(), b))
	}
	return r
}

func pending(t testing.TB, s *postgres.Store, ref workflow.Ref) int {
	return len(workflow.PendingRedaction(all(t, s.Events(context.Background(), "", workflow.Filter{Record: ref}))).Values)
}

// Archived events are redacted and erased like the others, also while they are moved.
func TestWhatIsMovedIsForgottenAllTheSame(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := openFresh(t, postgres.Config{Attempts: 100})
	s, a := db.Tenant("acme"), newAuthor(1)
	moving, stop := context.WithCancel(ctx)
	defer stop()
	moved := make(chan error, 1)
	go func() {
		for moving.Err() == nil {
			_, err := s.Archive(ctx, monday.Add(time.Hour))
			if _, e := s.Unarchive(ctx, time.Time{}); err != nil || e != nil {
				moved <- errors.Join(err, e)
				return
			}
		}
		moved <- nil
	}()
	var group sync.WaitGroup
	for w := range 3 {
		group.Go(func() {
			a := newAuthor(uint64(w) + 2)
			for range 25 {
				kept, gone := a.ref("ticket"), a.ref("ticket")
				r := redactable(t, s, a, kept)
				redactable(t, s, a, gone)
				if err := errors.Join(s.Redact(ctx, r), s.Erase(ctx, workflow.Erasure{Ref: gone, Version: 2})); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	stop()
	require.NoError(t, <-moved)
	docs := all(t, s.Find(ctx, workflow.Query{Kind: "ticket"}))
	require.Len(t, docs, 75)
	for _, doc := range docs {
		require.Zero(t, pending(t, s, doc.Ref))
	}
	require.NoError(t, db.Check(ctx))
	_, err := workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)

	ref := a.ref("ticket")
	r := redactable(t, s, a, ref)
	_, err = s.Archive(ctx, monday.Add(time.Hour))
	require.NoError(t, err)
	require.NoError(t, s.Redact(ctx, r))
	require.Zero(t, pending(t, s, ref))
	require.NoError(t, s.Erase(ctx, workflow.Erasure{Ref: ref, Version: 2}))
	require.Empty(t, all(t, s.Events(ctx, "", workflow.Filter{Record: ref})))
	require.NoError(t, db.Check(ctx))
}

// What a host forgets in its transaction is forgotten when it commits, and a call that
// fails undoes itself alone.
func TestForgettingIsPartOfTheHostsTransaction(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	where := freshDatabase(t)
	owner, app, asApp := openSecure(t, where, "itsm")
	defer owner.Close()
	defer app.Close()
	for kind, begin := range hostTransactions(t, asApp) {
		s, a := app.Tenant("acme "+kind), newAuthor(1)
		kept, gone := a.ref("ticket"), a.ref("ticket")
		r := redactable(t, s, a, kept)
		require.NoError(t, s.Commit(ctx, a.step(gone)))
		for _, commit := range []bool{false, true} {
			tx := begin()
			bound := tx.bind(s)
			require.NoError(t, bound.Redact(ctx, r), kind)
			var conflict *workflow.ConflictError
			require.ErrorAs(t, bound.Erase(ctx, workflow.Erasure{Ref: gone, Version: 1}, workflow.Erasure{Ref: kept, Version: 1}), &conflict)
			require.Equal(t, workflow.ConflictError{Ref: kept, Expected: 1, Actual: 2}, *conflict)
			_, err := bound.Get(ctx, gone)
			require.NoError(t, err, "what failed undid itself")
			require.NoError(t, bound.Erase(ctx, workflow.Erasure{Ref: gone, Version: 1}))
			_, err = bound.Get(ctx, gone)
			require.ErrorIs(t, err, workflow.ErrNotFound)
			require.Empty(t, all(t, bound.Backlog(ctx)))
			if commit {
				require.NoError(t, tx.commit())
				break
			}
			require.NoError(t, tx.rollback())
			require.Equal(t, 2, pending(t, s, kept), kind)
			_, err = s.Get(ctx, gone)
			require.NoError(t, err)
		}
		require.Zero(t, pending(t, s, kept), kind)
		_, err := s.Get(ctx, gone)
		require.ErrorIs(t, err, workflow.ErrNotFound)
	}
	require.NoError(t, owner.Check(ctx))
}

// With row security the functions that forget work for the transaction's tenant alone.
func TestRoleForgetsNothingOfAnotherTenant(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	owner, app, asApp := openSecure(t, freshDatabase(t), "itsm")
	defer owner.Close()
	defer app.Close()
	a := newAuthor(1)
	ref := a.ref("ticket")
	redactable(t, app.Tenant("umbrella"), a, ref)
	require.NoError(t, app.Tenant("acme").Commit(ctx, a.step(a.ref("ticket"))))
	var mine, tenant, kind int32
	require.NoError(t, owner.Pool().QueryRow(ctx, "SELECT tenant FROM itsm.tenants WHERE name = 'acme'").Scan(&mine))
	require.NoError(t, owner.Pool().QueryRow(ctx, "SELECT tenant, kind FROM itsm.records WHERE id = $1", [16]byte(ref.ID)).Scan(&tenant, &kind))
	conn := connect(t, asApp)
	for _, set := range []string{"", "SELECT itsm.use_tenant('acme')"} {
		for _, text := range []string{
			"SELECT state FROM itsm.erase($1, ARRAY[$2::int], ARRAY[$3::uuid], ARRAY[2::bigint])",
			"SELECT state FROM itsm.redact($1, $2, $3, ARRAY[1::bigint], ARRAY['a'::bytea], ARRAY['b'::bytea])",
			"SELECT state FROM itsm.erase_tenant($1) WHERE $2::int > 0 AND $3::uuid IS NOT NULL",
		} {
			tx, err := conn.Begin(ctx)
			require.NoError(t, err)
			_, err = tx.Exec(ctx, set)
			require.NoError(t, err)
			var state string
			require.NoError(t, tx.QueryRow(ctx, text, tenant, kind, [16]byte(ref.ID)).Scan(&state))
			require.Equal(t, "42501", state, text)
			require.NoError(t, tx.Rollback(ctx))
		}
	}
	// Even under its own number it reaches no record of another.
	tx, err := conn.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "SELECT itsm.use_tenant('acme')")
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "SELECT itsm.erase($1, ARRAY[$2::int], ARRAY[$3::uuid], ARRAY[2::bigint])", mine, kind, [16]byte(ref.ID))
	require.NoError(t, err)
	require.NoError(t, tx.Commit(ctx))
	doc, err := app.Tenant("umbrella").Get(ctx, ref)
	require.NoError(t, err)
	require.NoError(t, workflow.VerifyDocument(doc, all(t, app.Tenant("umbrella").Events(ctx, "", workflow.Filter{Record: ref}))))
	require.NoError(t, app.Tenant("acme").EraseTenant(ctx))
	require.NoError(t, owner.Tenant("umbrella").EraseTenant(ctx), "the owner may")
	require.NoError(t, owner.Check(ctx))
}

// A dump that is restored into a younger cluster goes on behind what was erased: a
// reader may have got that far.
func TestFeedGoesOnBehindWhatWasErased(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	where := freshDatabase(t)
	for _, whole := range []bool{false, true} {
		db, err := postgres.Open(ctx, where, postgres.Config{Schema: fmt.Sprint("desk_", whole), Patience: patience})
		require.NoError(t, err)
		s, a := db.Tenant("acme"), newAuthor(1)
		ref := a.ref("ticket")
		require.NoError(t, s.Commit(ctx, a.step(ref)))
		move := strings.ReplaceAll("UPDATE s.events SET place = place + 1000000; UPDATE s.records SET place = place + 1000000", "s.", fmt.Sprintf("desk_%v.", whole))
		_, err = db.Pool().Exec(ctx, move)
		require.NoError(t, err)
		require.NoError(t, db.Close())
		cfg := postgres.Config{Schema: fmt.Sprint("desk_", whole), Patience: patience}
		db, err = postgres.Open(ctx, where, cfg)
		require.NoError(t, err)
		s = db.Tenant("acme")
		end := all(t, s.Events(ctx, "", workflow.Filter{}))[0].Position
		if whole {
			require.NoError(t, s.EraseTenant(ctx))
		} else {
			require.NoError(t, s.Erase(ctx, workflow.Erasure{Ref: ref, Version: 1}))
		}
		_, err = db.Pool().Exec(ctx, fmt.Sprintf("UPDATE desk_%v.state SET shift = 0", whole)) // another cluster
		require.NoError(t, err)
		require.NoError(t, db.Close())
		db, err = postgres.Open(ctx, where, cfg)
		require.NoError(t, err)
		s = db.Tenant("acme")
		require.NoError(t, s.Commit(ctx, a.step(a.ref("ticket"))))
		require.Len(t, all(t, s.Events(ctx, end, workflow.Filter{})), 1)
		require.NoError(t, db.Close())
	}
}

// Commits that come while a tenant is erased leave no part of a record.
func TestTenantIsErasedUnderLoad(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := openFresh(t, postgres.Config{Attempts: 100})
	s := db.Tenant("acme")
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			a := newAuthor(uint64(w) + 1)
			for range 40 {
				ref := a.ref("ticket")
				for range 3 {
					if err := s.Commit(ctx, messageBatch(a, ref)); err != nil && !errors.Is(err, workflow.ErrConflict) {
						t.Error(err)
					}
				}
			}
		})
	}
	for range 10 {
		require.NoError(t, s.EraseTenant(ctx))
		require.NoError(t, db.Check(ctx))
	}
	group.Wait()
	require.NoError(t, db.Check(ctx))
	require.NoError(t, s.EraseTenant(ctx))
	for _, table := range []string{"records", "entries", "events", "archive", "batches", "timers", "messages"} {
		var n int
		require.NoError(t, db.Pool().QueryRow(ctx, "SELECT count(*) FROM itsm."+table).Scan(&n))
		require.Zero(t, n, table)
	}
}

// Work is forgotten with its record in whatever lane it is, and nobody else's.
func TestErasedRecordLeavesNoWork(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := openFresh(t, postgres.Config{})
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
	require.NoError(t, db.Check(ctx))
}

const victimForgets = "POSTGRES_VICTIM_FORGETS"

// forgetful redacts and erases until it is killed, or its server is.
func forgetful(where string) error {
	ctx := context.Background()
	round, err := strconv.Atoi(os.Getenv(victimRound))
	if err != nil {
		return err
	}
	db, err := postgres.Open(ctx, where, postgres.Config{Attempts: 1, Patience: patience})
	if err != nil {
		return err
	}
	return privacytest.Forget(ctx, db.Tenant("acme"), uint64(round)+2, func(line string) { fmt.Println(line) })
}

// A process, or the server, that is killed while it forgets leaves nothing half done.
func TestKilledWhileForgetting(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir, err := os.MkdirTemp("", "itsm-forget-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	server, err := pgcluster.Start(filepath.Join(dir, "c"), "fsync = off")
	require.NoError(t, err)
	defer server.Stop()
	where := server.Connection("postgres")
	r := rand.New(rand.NewPCG(*killSeed, 6))
	var lines []string
	for round := range *kills {
		if round%2 == 0 {
			child := exec.Command(os.Args[0], "-test.run=^$")
			child.Env = append(os.Environ(), victimAt+"="+where, victimRound+"="+strconv.Itoa(round), victimForgets+"=1")
			child.Stderr = os.Stderr
			lines = append(lines, privacytest.Kill(t, child, 1+r.IntN(30))...)
		} else {
			db, err := postgres.Open(ctx, where, postgres.Config{Attempts: 1, Patience: patience})
			require.NoError(t, err)
			left := 1 + r.IntN(30)
			err = privacytest.Forget(ctx, db.Tenant("acme"), uint64(round)+2, func(line string) {
				lines = append(lines, line)
				if left--; left == 0 {
					require.NoError(t, server.Kill())
				}
			})
			var refused *pgconn.PgError
			require.Error(t, err)
			require.False(t, errors.As(err, &refused) && refused.Code[:2] != "57", "%v", err)
			require.NoError(t, db.Close())
			require.NoError(t, server.Restart())
		}
		db, err := postgres.Open(ctx, where, postgres.Config{Patience: patience})
		require.NoError(t, err)
		privacytest.CheckForgotten(t, db.Tenant("acme"), lines)
		require.NoError(t, db.Check(ctx))
		require.NoError(t, db.Close())
	}
}
