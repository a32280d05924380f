package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func connect(t testing.TB, where string) *pgx.Conn {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, where)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return conn
}

// ledger is what writers know of their records: which batches the store said yes to,
// and of which it could not tell.
type ledger struct {
	mu     sync.Mutex
	noted  chan struct{}
	yes    map[workflow.ID]workflow.Ref
	unsure map[workflow.ID]workflow.Ref
}

func newLedger() *ledger {
	return &ledger{noted: make(chan struct{}, 10_000), yes: map[workflow.ID]workflow.Ref{}, unsure: map[workflow.ID]workflow.Ref{}}
}

func (l *ledger) note(b workflow.Batch, err error) {
	l.noted <- struct{}{}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ref := b.Writes[0].Document.Ref; err == nil {
		l.yes[b.ID] = ref
	} else {
		l.unsure[b.ID] = ref
	}
}

// messageBatch takes a ticket a step further and sends a message.
func messageBatch(a *author, ref workflow.Ref) workflow.Batch {
	b := a.step(ref)
	b.Messages = []workflow.Message{{ID: a.ids.NewID(monday), Ref: ref, Topic: "step", At: monday}}
	return b
}

// write commits steps of a record of its own and notes the outcomes. A commit of which
// the store is not sure is done again, over a connection that is not disturbed.
func (l *ledger) write(ctx context.Context, s, calm *postgres.Store, seed uint64, steps int) error {
	a := newAuthor(seed)
	ref := a.ref("ticket")
	for range steps {
		before := a.last[ref]
		b := messageBatch(a, ref)
		err := s.Commit(ctx, b)
		switch {
		case err == nil:
		case errors.Is(err, workflow.ErrUnsure):
			if err := calm.Commit(ctx, b); err != nil {
				return fmt.Errorf("committing again does not settle it: %w", err)
			}
		default:
			// Nothing happened: the same step is tried another time.
			doc, e := calm.Get(ctx, ref)
			if e != nil && !errors.Is(e, workflow.ErrNotFound) || doc.Version != before.Version {
				return fmt.Errorf("at version %d after %w", doc.Version, err)
			}
			a.last[ref] = before
			continue
		}
		l.note(b, err)
	}
	return nil
}

// check compares the store with what the writers know: every batch that was said yes
// to is there, and each that is there is there once, with its event and message.
func (l *ledger) check(t *testing.T, s *postgres.Store) {
	t.Helper()
	ctx := context.Background()
	verified, err := workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
	events := map[workflow.ID]int{}
	for _, e := range all(t, s.Events(ctx, "", workflow.Filter{})) {
		events[e.Batch]++
	}
	for batch := range l.yes {
		require.Equal(t, 1, events[batch])
	}
	for batch := range l.unsure {
		require.Equal(t, 1, events[batch])
	}
	require.Equal(t, verified.Events, len(events))
	messages := 0
	for {
		due, err := s.Claim(ctx, monday.Add(time.Hour), 1000, time.Minute)
		require.NoError(t, err)
		if len(due) == 0 {
			break
		}
		messages += len(due)
		for _, d := range due {
			require.NoError(t, s.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done}))
		}
	}
	require.Equal(t, verified.Events, messages, "a message for each event")
}

// TestCutConnectionsDoubleNothing cuts every connection after some bytes: each commit
// has happened once, or the store says that it is not sure.
func TestCutConnectionsDoubleNothing(t *testing.T) {
	for _, lanes := range []int{0, 2} {
		t.Run(fmt.Sprintf("lanes %d", lanes), func(t *testing.T) {
			ctx := context.Background()
			where := freshDatabase(t)
			calm, err := postgres.Open(ctx, where, postgres.Config{})
			require.NoError(t, err)
			defer calm.Close()
			c := newCutter(t, cluster, 11, 12_000, 50_000)
			db, err := postgres.Open(ctx, c.through(where), postgres.Config{Attempts: 2})
			require.NoError(t, err)
			defer db.Close()
			postgres.Together(db, lanes, 4)
			l := newLedger()
			var group sync.WaitGroup
			for w := range 8 {
				group.Go(func() {
					if err := l.write(ctx, db.Tenant("acme"), calm.Tenant("acme"), uint64(w), 40); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			l.check(t, calm.Tenant("acme"))
			require.Greater(t, c.cuts.Load(), int64(10))
			t.Logf("%d connections cut; %d commits acknowledged, %d unsure", c.cuts.Load(), len(l.yes), len(l.unsure))
		})
	}
}

// TestTerminatedBackendsDoubleNothing ends the store's sessions on the server.
func TestTerminatedBackendsDoubleNothing(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	calm, err := postgres.Open(ctx, where+"&application_name=calm", postgres.Config{})
	require.NoError(t, err)
	defer calm.Close()
	db, err := postgres.Open(ctx, where+"&application_name=victim", postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	l := newLedger()
	var group sync.WaitGroup
	for w := range 8 {
		group.Go(func() {
			if err := l.write(ctx, db.Tenant("acme"), calm.Tenant("acme"), uint64(w), 60); err != nil {
				t.Error(err)
			}
		})
	}
	go func() { group.Wait(); close(l.noted) }()
	killer, ended, commits := connect(t, where), 0, 0
	for range l.noted {
		if commits++; commits%15 == 0 {
			var n int
			require.NoError(t, killer.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = 'victim' AND state = 'active'`).Scan(&n))
			ended += n
		}
	}
	l.check(t, calm.Tenant("acme"))
	t.Logf("%d sessions ended; %d commits acknowledged, %d unsure", ended, len(l.yes), len(l.unsure))
	require.Positive(t, ended)
}

// TestLostAnswersLoseNoLease lets workers claim and settle over connections that are
// cut. Nobody else can have their work, so whoever is told that a lease was lost was
// told wrong; and what a lost answer leased is there again when the lease ends.
func TestLostAnswersLoseNoLease(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	calm, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer calm.Close()
	a, want := newAuthor(1), map[string]bool{}
	for range 60 {
		ref := a.ref("ticket")
		b := messageBatch(a, ref)
		b.Timers = []workflow.Timer{{Ref: ref, Name: "t", Due: monday}}
		require.NoError(t, calm.Tenant("acme").Commit(ctx, b))
		want[workflow.Due{Timer: &b.Timers[0]}.Key()], want[b.Messages[0].ID.String()] = true, true
	}
	c := newCutter(t, cluster, 21, 5_000, 15_000)
	db, err := postgres.Open(ctx, c.through(where), postgres.Config{Attempts: 20})
	require.NoError(t, err)
	defer db.Close()
	queue := db.Tenant("acme")
	r := rand.New(rand.NewPCG(3, 3))
	done, parked := map[string]bool{}, map[string]bool{}
	now := monday
	for len(done) < len(want) {
		due, err := queue.Claim(ctx, now, 4, time.Hour)
		require.NoError(t, err)
		if len(due) == 0 {
			now = now.Add(time.Hour) // what was leased to nobody is free again
		}
		for _, d := range due {
			require.False(t, done[d.Key()], "done is done")
			x := workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done}
			switch r.IntN(4) {
			case 0:
				x.Outcome, x.RetryAt = workflow.Retry, now
			case 1:
				if !parked[d.Key()] {
					x.Outcome, parked[d.Key()] = workflow.Park, true
				}
			}
			require.NoError(t, queue.Settle(ctx, x))
			if x.Outcome == workflow.Done {
				done[d.Key()] = true
			}
			if x.Outcome == workflow.Park {
				require.NoError(t, queue.Revive(ctx, now, d.Receipt))
			}
		}
		require.Less(t, now.Sub(monday), 1000*time.Hour)
	}
	require.Equal(t, want, done)
	t.Logf("%d connections cut", c.cuts.Load())
	require.Greater(t, c.cuts.Load(), int64(10))
}

// eventually looks again and again; the deadline is only there to end a test that
// fails.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, time.Minute, time.Millisecond, what)
}

// holdRow begins a transaction that holds a record's row, and returns what ends it.
func holdRow(t *testing.T, where string, ref workflow.Ref) (release func()) {
	t.Helper()
	ctx := context.Background()
	conn := connect(t, where)
	tx, err := conn.Begin(ctx)
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "SELECT 1 FROM itsm.records WHERE id = $1 FOR UPDATE", [16]byte(ref.ID))
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Rollback(ctx)) }
}

// waiting counts the sessions of the database that wait for a lock.
func waiting(t *testing.T, conn *pgx.Conn) (n int) {
	t.Helper()
	require.NoError(t, conn.QueryRow(context.Background(),
		"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&n))
	return n
}

func TestContextThatEndsWhileTheCommitWaitsForALock(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a, look := db.Tenant("acme"), newAuthor(1), connect(t, where)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	for _, lanes := range []int{0, 4} {
		postgres.Together(db, lanes, 32)
		release := holdRow(t, where, ref)
		b := a.step(ref)
		short, cancel := context.WithCancel(ctx)
		result := make(chan error, 1)
		go func() { result <- s.Commit(short, b) }()
		eventually(t, "the commit waits", func() bool { return waiting(t, look) == 1 })
		cancel()
		err := <-result
		require.ErrorIs(t, err, workflow.ErrUnsure, "it was sent, and nobody has heard what became of it")
		require.ErrorIs(t, err, context.Canceled)
		release()
		require.NoError(t, s.Commit(ctx, b), "committing again settles it")
		doc, err := s.Get(ctx, ref)
		require.NoError(t, err)
		require.Equal(t, b.Writes[0].Document.Version, doc.Version)
	}
	_, err = workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
}

// A connection may be gone for us while the server still works for it.
func TestCommitThatWasCutOffMayStillHappen(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	calm, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	defer calm.Close()
	c := newCutter(t, cluster, 1, 1<<40, 1<<41)
	db, err := postgres.Open(ctx, c.through(where), postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a, look := db.Tenant("acme"), newAuthor(1), connect(t, where)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	release := holdRow(t, where, ref)
	b := a.step(ref)
	short, cancel := context.WithCancel(ctx)
	result := make(chan error, 1)
	go func() { result <- s.Commit(short, b) }()
	eventually(t, "the commit waits", func() bool { return waiting(t, look) == 1 })
	c.leaveServerBehind()
	eventually(t, "a second try waits for the first", func() bool { return waiting(t, look) == 2 })
	c.orphans.Store(false)
	cancel()
	err = <-result
	require.ErrorIs(t, err, workflow.ErrUnsure)
	eventually(t, "the second try was called off", func() bool { return waiting(t, look) == 1 })
	doc, err := calm.Tenant("acme").Get(ctx, ref)
	require.NoError(t, err)
	require.EqualValues(t, 1, doc.Version)
	release()
	eventually(t, "the first try happens", func() bool {
		doc, err := calm.Tenant("acme").Get(ctx, ref)
		return err == nil && doc.Version == 2
	})
	require.NoError(t, calm.Tenant("acme").Commit(ctx, b), "and is known")
}

func TestContextThatEndsBeforeAnythingIsSentIsSure(t *testing.T) {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where+"&pool_max_conns=1", postgres.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(ref)))
	taken, err := db.Pool().Acquire(ctx)
	require.NoError(t, err)
	short, cancel := context.WithCancel(ctx)
	result := make(chan error, 1)
	b := a.step(ref)
	go func() { result <- s.Commit(short, b) }()
	eventually(t, "the commit has begun", func() bool { return postgres.Travelling(db) == 1 })
	cancel()
	err = <-result
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, workflow.ErrUnsure, "there was no connection")
	taken.Release()
	require.NoError(t, s.Commit(ctx, b))
}

// Two batches over the same records in opposite order both end, alone and among
// others, over one handle or several, also when the records are new, and also where the
// host's connections ask for more isolation than the store needs: what PostgreSQL then
// refuses is tried again.
func TestBatchesInOppositeOrderAllEnd(t *testing.T) {
	for _, isolation := range []string{"read committed", "serializable"} {
		t.Run(isolation, func(t *testing.T) {
			oppositeOrder(t, freshDatabase(t)+"&default_transaction_isolation="+url.PathEscape(isolation))
		})
	}
}

func oppositeOrder(t *testing.T, where string) {
	ctx := context.Background()
	var handles []*postgres.DB
	for range 3 {
		db, err := postgres.Open(ctx, where, postgres.Config{Attempts: 50})
		require.NoError(t, err)
		defer db.Close()
		handles = append(handles, db)
	}
	const clients, rounds = 9, 15
	refs := make([]workflow.Ref, 6)
	for i := range refs {
		refs[i] = newAuthor(uint64(50 + i)).ref("ticket")
	}
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			s, a := handles[client%len(handles)].Tenant("acme"), newAuthor(uint64(client))
			r := rand.New(rand.NewPCG(5, uint64(client)))
			for range rounds {
				for done := false; !done; {
					b := workflow.Batch{ID: a.ids.NewID(monday)}
					for _, i := range r.Perm(len(refs))[:1+r.IntN(4)] {
						doc, err := s.Get(ctx, refs[i])
						if err != nil && !errors.Is(err, workflow.ErrNotFound) {
							t.Error(err)
							return
						}
						a.last[refs[i]] = doc
						b.Writes = append(b.Writes, a.write(b.ID, refs[i], map[string]any{"by": client},
							workflow.IndexEntry{Field: "by", Key: workflow.IntKey(int64(client))}))
					}
					b.Timers = []workflow.Timer{{Ref: refs[r.IntN(len(refs))], Name: fmt.Sprint(client), Due: monday}}
					err := s.Commit(ctx, b)
					if err != nil && !errors.Is(err, workflow.ErrConflict) {
						t.Error(err)
						return
					}
					done = err == nil
				}
			}
		})
	}
	group.Wait()
	_, err := workflow.VerifyStore(ctx, handles[0].Tenant("acme"), nil, "ticket")
	require.NoError(t, err)
}
