package postgres_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"

	"github.com/stretchr/testify/require"
)

var (
	kills    = flag.Int("kills", 10, "how often the kill test kills a process or the server")
	killSeed = flag.Uint64("killseed", 1, "the instants at which it does")
)

// victimAt tells the test binary to be the process that is killed: where the database
// is, and the number of the round.
const victimAt, victimRound = "POSTGRES_VICTIM", "POSTGRES_VICTIM_ROUND"

// victim works until it is killed, and prints what was acknowledged.
func victim(where string) error {
	round, err := strconv.Atoi(os.Getenv(victimRound))
	if err != nil {
		return err
	}
	return desk(context.Background(), where, round, func(a ack) {
		fmt.Println(a.batch, a.one, a.two, a.version)
	})
}

// ack is a commit that was acknowledged: a batch that took two tickets to a version.
type ack struct {
	batch, one, two workflow.ID
	version         int64
}

func scanAcks(r io.Reader, each func(ack)) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var a ack
		var ids [3]string
		if _, err := fmt.Sscan(lines.Text(), &ids[0], &ids[1], &ids[2], &a.version); err != nil {
			return err
		}
		for i, id := range []*workflow.ID{&a.batch, &a.one, &a.two} {
			var err error
			if *id, err = workflow.ParseID(ids[i]); err != nil {
				return err
			}
		}
		each(a)
	}
	return lines.Err()
}

// derived makes an id out of a text.
func derived(text string) workflow.ID {
	sum := sha256.Sum256([]byte(text))
	return workflow.ID(sum[:16])
}

// desk is the load: writers that commit two tickets, a timer and a message at a time,
// and workers that carry the work out, each piece once, by way of an inbox. It ends
// with the first error.
func desk(ctx context.Context, where string, round int, report func(ack)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	db, err := postgres.Open(ctx, where+"&pool_max_conns=8", postgres.Config{Attempts: 1, Patience: patience})
	if err != nil {
		return err
	}
	defer db.Close()
	s := db.Tenant("acme")
	var group sync.WaitGroup
	errs := make(chan error, 8)
	run := func(f func() error) {
		group.Go(func() {
			errs <- f()
			cancel()
		})
	}
	for w := range 6 {
		run(func() error {
			a := newAuthor(uint64(round)<<8 | uint64(w))
			one, two := a.ref("ticket"), a.ref("ticket")
			for {
				b := pairBatch(a, one, two)
				if err := s.Commit(ctx, b); err != nil {
					return err
				}
				report(ack{b.ID, one.ID, two.ID, b.Writes[0].Document.Version})
			}
		})
	}
	for range 2 {
		run(func() error {
			for {
				if _, err := deliver(ctx, s, monday.Add(time.Duration(round)*time.Hour)); err != nil {
					return err
				}
			}
		})
	}
	group.Wait()
	close(errs)
	return <-errs
}

func pairBatch(a *author, one, two workflow.Ref) workflow.Batch {
	id := a.ids.NewID(monday)
	n := a.last[one].Version + 1
	state := workflow.IndexEntry{Field: "state", Key: workflow.IntKey(n % 5)}
	return workflow.Batch{ID: id,
		Writes:   []workflow.Write{a.write(id, one, map[string]any{"step": n}, state), a.write(id, two, map[string]any{"step": n}, state)},
		Timers:   []workflow.Timer{{Ref: one, Name: "tick " + id.String(), Due: monday}},
		Messages: []workflow.Message{{ID: derived("message " + id.String()), Ref: two, Topic: "step", At: monday}},
	}
}

// deliver carries out what is due: the effect is a record with an id made out of that
// of the work, committed by a batch that is the same each time.
func deliver(ctx context.Context, s *postgres.Store, now time.Time) (int, error) {
	due, err := s.Claim(ctx, now, 4, time.Minute)
	if err != nil {
		return 0, err
	}
	for _, d := range due {
		if err := s.Commit(ctx, effect(d)); err != nil {
			return 0, err
		}
		if err := s.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done}); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

func effect(d workflow.Due) workflow.Batch {
	name := "message " + d.Key()
	if d.Timer != nil {
		name = d.Timer.Name
	}
	a, id := newAuthor(0), derived("effect of "+name)
	return workflow.Batch{ID: id, Writes: []workflow.Write{a.write(id, workflow.Ref{Kind: "effect", ID: id}, name)}}
}

// aftermath follows the store over all kills.
type aftermath struct {
	t     *testing.T
	after workflow.Position
	last  map[workflow.Ref]int64
	size  map[workflow.ID]int // events of each batch
}

// check reads what a kill left: all that was acknowledged is there, no batch is there
// by half, and the feed has everything once and in order.
func (m *aftermath) check(db *postgres.DB, acks []ack) {
	ctx, t := context.Background(), m.t
	s := db.Tenant("acme")
	for e, err := range s.Events(ctx, m.after, workflow.Filter{}) {
		require.NoError(t, err)
		require.Equal(t, m.last[e.Ref]+1, e.Version, "in order, once, and none left out")
		m.last[e.Ref], m.after = e.Version, e.Position
		m.size[e.Batch]++
	}
	for ref, version := range m.last {
		if ref.Kind == "effect" {
			require.EqualValues(t, 1, version, "an effect is had once")
		}
	}
	for _, a := range acks {
		require.Equal(t, 2, m.size[a.batch], "an acknowledged batch is whole")
		for _, id := range []workflow.ID{a.one, a.two} {
			require.GreaterOrEqual(t, m.last[workflow.Ref{Kind: "ticket", ID: id}], a.version)
		}
		require.Len(t, all(t, s.Events(ctx, "", workflow.Filter{Batch: a.batch})), 2)
	}
	var half int
	require.NoError(t, db.Pool().QueryRow(ctx, `SELECT count(*) FROM itsm.batches b WHERE cardinality(kinds) <>
(SELECT count(*) FROM unnest(b.kinds, b.ids, b.versions) u(k, i, v) JOIN itsm.events e ON e.kind = k AND e.id = i AND e.version = v)`).Scan(&half))
	require.Zero(t, half)
}

// finish carries out what is left and counts: each batch of two tickets has had the
// effects of its timer and its message.
func (m *aftermath) finish(db *postgres.DB) {
	ctx, t := context.Background(), m.t
	for n := 1; n > 0; {
		var err error
		n, err = deliver(ctx, db.Tenant("acme"), monday.Add(100_000*time.Hour))
		require.NoError(t, err)
	}
	m.check(db, nil)
	pairs, effects := 0, 0
	for batch, n := range m.size {
		if n == 2 {
			pairs++
			for _, name := range []string{"tick " + batch.String(), "message " + derived("message "+batch.String()).String()} {
				require.Equal(t, 1, m.size[derived("effect of "+name)], "%s", name)
			}
		} else {
			effects++
		}
	}
	require.Equal(t, 2*pairs, effects)
	verified, err := workflow.VerifyStore(ctx, db.Tenant("acme"), nil, "ticket", "effect")
	require.NoError(t, err)
	require.Equal(t, 2*pairs+effects, verified.Events)
	t.Logf("%d batches of two tickets, %d effects", pairs, effects)
}

// TestKillAtAnyInstant kills a working process, and the server below one, by turns. A
// process that is killed does not take from the operating system what it has written,
// so the server need not flush here.
func TestKillAtAnyInstant(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "itsm-kill-")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	server, err := pgcluster.Start(filepath.Join(dir, "c"), "fsync = off")
	require.NoError(t, err)
	defer server.Stop()
	where := server.Connection("postgres")
	t.Logf("%d kills, seed %d", *kills, *killSeed)
	r := rand.New(rand.NewPCG(*killSeed, *killSeed))
	m := &aftermath{t, "", map[workflow.Ref]int64{}, map[workflow.ID]int{}}
	for round := range *kills {
		instant := 1 + r.IntN(80)
		var acks []ack
		if r.IntN(2) == 0 {
			acks = killProcess(t, where, round, instant)
		} else {
			acks = killServer(t, server, where, round, instant)
		}
		db, err := postgres.Open(ctx, where, postgres.Config{Patience: patience})
		require.NoError(t, err, "round %d", round)
		m.check(db, acks)
		require.NoError(t, db.Check(ctx))
		require.NoError(t, db.Close())
	}
	db, err := postgres.Open(ctx, where, postgres.Config{Patience: patience})
	require.NoError(t, err)
	defer db.Close()
	m.finish(db)
	require.NoError(t, db.Check(ctx))
}

func killProcess(t *testing.T, where string, round, instant int) (acks []ack) {
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), victimAt+"="+where, victimRound+"="+strconv.Itoa(round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	require.NoError(t, scanAcks(out, func(a ack) { // also what it wrote before it died
		if acks = append(acks, a); len(acks) == instant {
			require.NoError(t, child.Process.Kill())
		}
	}))
	var exit *exec.ExitError
	require.ErrorAs(t, child.Wait(), &exit)
	require.False(t, exit.Exited(), "it was killed")
	return acks
}

func killServer(t *testing.T, server *pgcluster.Cluster, where string, round, instant int) (acks []ack) {
	var mu sync.Mutex
	err := desk(context.Background(), where, round, func(a ack) {
		mu.Lock()
		defer mu.Unlock()
		if acks = append(acks, a); len(acks) == instant {
			if err := server.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
	require.Error(t, err)
	require.NotErrorIs(t, err, workflow.ErrConflict)
	require.False(t, errors.Is(err, workflow.ErrInvalid), "%v", err)
	require.NoError(t, server.Restart())
	return acks
}
