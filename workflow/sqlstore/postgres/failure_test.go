package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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
