package sqlstore_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// victimPath tells the test binary to be the process that is killed.
const victimPath = "SQLSTORE_VICTIM_PATH"

func TestMain(m *testing.M) {
	if path := os.Getenv(victimPath); path != "" {
		if err := victim(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// victim commits batches of two records with a timer and a message until it is
// killed, and prints each batch that was acknowledged.
func victim(path string) error {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	if err != nil {
		return err
	}
	a := newAuthor(uint64(os.Getpid()))
	one, two := a.ref("ticket"), a.ref("ticket")
	for {
		b := pairBatch(a, one, two)
		if err := db.Tenant("acme").Commit(ctx, b); err != nil {
			return err
		}
		fmt.Println(b.ID, one.ID, b.Writes[0].Document.Version)
	}
}

func pairBatch(a *author, one, two workflow.Ref) workflow.Batch {
	b := a.step(one)
	other := a.step(two)
	other.Writes[0] = rebatch(other.Writes[0], b.ID)
	doc := other.Writes[0].Document
	a.last[two] = doc
	b.Writes = append(b.Writes, other.Writes...)
	b.Timers = []workflow.Timer{{Ref: one, Name: "tick", Due: doc.Updated}}
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

// TestKilledProcessLosesNothingItAcknowledged kills a writing process at
// different moments, then reads what it left.
func TestKilledProcessLosesNothingItAcknowledged(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "desk.db")
	r := rand.New(rand.NewPCG(5, 5))
	type acknowledged struct {
		batch, id workflow.ID
		version   int64
	}
	var last []acknowledged
	for round := range 6 {
		kill := 1 + r.IntN(60)
		child := exec.Command(os.Args[0], "-test.run=^$")
		child.Env = append(os.Environ(), victimPath+"="+path)
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, child.Start())
		var ack acknowledged
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ { // also what it wrote before it died
			var batch, id string
			_, err := fmt.Sscan(lines.Text(), &batch, &id, &ack.version)
			require.NoError(t, err)
			ack.batch, err = workflow.ParseID(batch)
			require.NoError(t, err)
			ack.id, err = workflow.ParseID(id)
			require.NoError(t, err)
			if n == kill {
				require.NoError(t, child.Process.Kill())
			}
		}
		require.Error(t, child.Wait(), "round %d: it was killed", round)
		last = append(last, ack)

		db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
		require.NoError(t, err)
		require.NoError(t, db.Check(ctx))
		s := db.Tenant("acme")
		verified, err := workflow.VerifyStore(ctx, s, nil, "ticket")
		require.NoError(t, err)
		require.Equal(t, 2*(round+1), verified.Records)
		for _, ack := range last {
			doc, err := s.Get(ctx, workflow.Ref{Kind: "ticket", ID: ack.id})
			require.NoError(t, err)
			require.GreaterOrEqual(t, doc.Version, ack.version)
			require.LessOrEqual(t, doc.Version, ack.version+1, "one may have been on its way")
			require.Len(t, all(t, s.Events(ctx, "", workflow.Filter{Batch: ack.batch})), 2)
		}
		requireWholeBatches(t, path, verified.Events)
		require.NoError(t, db.Close())
	}
}

// requireWholeBatches counts: a batch has two events, a message and a timer,
// which replaces the one before.
func requireWholeBatches(t *testing.T, path string, events int) {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	require.NoError(t, err)
	defer db.Close()
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback()
	var batches, messages, timers, records int
	require.NoError(t, tx.QueryRow(`SELECT (SELECT count(*) FROM itsm_batches), (SELECT count(*) FROM itsm_messages),
(SELECT count(*) FROM itsm_timers), (SELECT count(*) FROM itsm_records)`).Scan(&batches, &messages, &timers, &records))
	require.Equal(t, []int{events / 2, events / 2, records / 2}, []int{batches, messages, timers})
}
