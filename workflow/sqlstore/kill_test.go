package sqlstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
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
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

var (
	kills    = flag.Int("kills", 6, "how often the writing process is killed")
	killSeed = flag.Uint64("kill-seed", 5, "of the instants at which it is killed")
)

// These tell the test binary to be another process.
const (
	processRole = "SQLSTORE_PROCESS" // victim, holder, squeezed, forgetful
	processPath = "SQLSTORE_PATH"
	processTurn = "SQLSTORE_TURN"
)

func TestMain(m *testing.M) {
	roles := map[string]func(string) error{"victim": victim, "holder": holder, "squeezed": squeezed, "forgetful": forgetful}
	if role := os.Getenv(processRole); role != "" {
		if err := roles[role](os.Getenv(processPath)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func process(role, path string, turn int) *exec.Cmd {
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), processRole+"="+role, processPath+"="+path, processTurn+"="+strconv.Itoa(turn))
	child.Stderr = os.Stderr
	return child
}

// victims is how many write at the same time in the process that is killed.
const victims = 12

// victim lets many commit batches of two records with a timer and a message, and
// two relays deliver those, until it is killed. It prints each batch that was
// acknowledged.
func victim(path string) error {
	ctx := context.Background()
	turn, err := strconv.Atoi(os.Getenv(processTurn))
	if err != nil {
		return err
	}
	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	if err != nil {
		return err
	}
	s := db.Tenant("acme")
	var out sync.Mutex
	failed := make(chan error)
	for i := range victims {
		go func() {
			a := newAuthor(uint64(turn*victims + i + 1))
			one, two := a.ref("ticket"), a.ref("ticket")
			for {
				b := pairBatch(a, one, two)
				if err := s.Commit(ctx, b); err != nil {
					failed <- err
					return
				}
				out.Lock()
				fmt.Println(b.ID, one.ID, b.Writes[0].Document.Version)
				out.Unlock()
			}
		}()
	}
	for range 2 {
		go func() {
			for {
				if _, err := deliver(ctx, s, killTime(turn)); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// killTime is what the clocks of the n-th process show. Leases of the one before
// have run out by then.
func killTime(n int) time.Time { return monday.Add(time.Duration(n+1) * time.Hour) }

// deliver carries out what is due. The consumer's inbox is the command's key:
// each timer and each message opens one record, however often it is delivered.
func deliver(ctx context.Context, s *sqlstore.Store, now time.Time) (int, error) {
	clock := func() time.Time { return now }
	desk := workflow.NewDesk(s, workflow.DeskConfig{Clock: clock})
	deliveries, err := workflow.NewKind(workflow.KindConfig[*delivery]{Name: "delivery", New: func() *delivery { return new(delivery) }})
	if err != nil {
		return 0, err
	}
	relay, err := workflow.NewRelay(s, workflow.HandlerFunc(func(ctx context.Context, d workflow.Due) error {
		_, err := desk.Do(ctx, workflow.Command{Name: "delivery.take", Actor: workflow.User("relay"), Key: d.Key()}, func(tx *workflow.Tx) error {
			return deliveries.Create(tx, &delivery{Record: workflow.Record{Title: d.Key(), State: "taken"}}, workflow.Entry{})
		})
		return err
	}), workflow.RelayConfig{Clock: clock})
	if err != nil {
		return 0, err
	}
	return relay.Drain(ctx)
}

type delivery struct{ workflow.Record }

func pairBatch(a *author, one, two workflow.Ref) workflow.Batch {
	b := a.step(one)
	other := a.step(two)
	other.Writes[0] = rebatch(other.Writes[0], b.ID)
	doc := other.Writes[0].Document
	a.last[two] = doc
	b.Writes = append(b.Writes, other.Writes...)
	b.Timers = []workflow.Timer{{Ref: one, Name: fmt.Sprint("tick ", doc.Version), Due: monday}}
	b.Messages = []workflow.Message{{ID: a.ids.NewID(monday), Ref: two, Topic: fmt.Sprint(doc.Version), At: doc.Updated}}
	return b
}

func rebatch(w workflow.Write, batch workflow.ID) workflow.Write {
	w.Event.Batch = batch
	if err := w.Event.Seal(); err != nil {
		panic(err)
	}
	w.Document.Head = w.Event.Hash
	return w
}

type acknowledged struct {
	batch, id workflow.ID
	version   int64
}

// TestKilledProcessLosesNothingItAcknowledged kills a process with many writers
// at random instants, then reads what it left: every batch that was acknowledged
// is there, every batch is whole, histories verify, and what its timers and
// messages cause happens once each. The instants follow from -kill-seed as far as
// a process can be made to repeat itself; -kills 200 takes a few minutes.
func TestKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "desk.db")
	t.Logf("%d kills, seed %d", *kills, *killSeed)
	r := rand.New(rand.NewPCG(*killSeed, 5))
	commits := 0
	for turn := range *kills {
		last := killOnce(t, path, turn, r.IntN(80))

		db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
		require.NoError(t, err)
		s := db.Tenant("acme")
		for _, ack := range last {
			doc, err := s.Get(ctx, workflow.Ref{Kind: "ticket", ID: ack.id})
			require.NoError(t, err, "kill %d of seed %d", turn, *killSeed)
			require.GreaterOrEqual(t, doc.Version, ack.version)
			require.LessOrEqual(t, doc.Version, ack.version+1, "one may have been on its way")
			require.Len(t, all(t, s.Events(ctx, "", workflow.Filter{Batch: ack.batch})), 2)
		}
		_, err = deliver(ctx, s, killTime(turn).Add(30*time.Minute))
		require.NoError(t, err)
		if turn%20 == 19 || turn < 6 || turn == *kills-1 {
			commits = requireWholeStore(t, db)
		}
		require.NoError(t, db.Close())
	}
	t.Logf("%d commits survived, each with its timer and its message delivered once", commits)
}

// killOnce runs a process until it has acknowledged so many commits, and returns
// the last one of each writer.
func killOnce(t *testing.T, path string, turn, after int) map[workflow.ID]acknowledged {
	child := process("victim", path, turn)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	last := map[workflow.ID]acknowledged{}
	lines := bufio.NewReader(out)
	for n := 0; ; n++ { // also what it wrote before it died
		if n == after {
			require.NoError(t, child.Process.Kill())
		}
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a line that was cut short was not acknowledged
		}
		require.NoError(t, err)
		var batch, id string
		var ack acknowledged
		_, err = fmt.Sscan(line, &batch, &id, &ack.version)
		require.NoError(t, err)
		ack.batch, err = workflow.ParseID(batch)
		require.NoError(t, err)
		ack.id, err = workflow.ParseID(id)
		require.NoError(t, err)
		last[ack.id] = ack
	}
	require.ErrorContains(t, child.Wait(), "killed", "turn %d", turn)
	return last
}

// requireWholeStore counts: a batch has two events, a message and a timer, and
// each of those has had its effect once. It returns the number of batches.
func requireWholeStore(t *testing.T, db *sqlstore.DB) int {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, db.Check(ctx))
	s := db.Tenant("acme")
	tickets, err := workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
	effects, err := workflow.VerifyStore(ctx, s, nil, "delivery")
	require.NoError(t, err)
	require.Zero(t, tickets.Events%2)
	batches := tickets.Events / 2
	require.Equal(t, workflow.Verified{Records: 2 * batches, Events: 2 * batches}, effects)
	seen, ticks := map[string]bool{}, 0
	for _, doc := range all(t, s.Find(ctx, workflow.Query{Kind: "delivery"})) {
		body, err := doc.Body.Encoded()
		require.NoError(t, err)
		var rec delivery
		require.NoError(t, json.Unmarshal(body, &rec))
		require.False(t, seen[rec.Title], "%s happened twice", rec.Title)
		seen[rec.Title] = true
		if strings.Contains(rec.Title, "/tick ") {
			ticks++
		}
	}
	require.Equal(t, batches, ticks, "a timer of each, and so a message of each")
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback()
	var committed, messages, timers int
	require.NoError(t, tx.QueryRow(`SELECT (SELECT count(*) FROM itsm_batches), (SELECT count(*) FROM itsm_messages),
(SELECT count(*) FROM itsm_timers)`).Scan(&committed, &messages, &timers))
	require.Equal(t, []int{3 * batches, 0, 0}, []int{committed, messages, timers})
	return batches
}
