package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// What can be wrong with a batch, beside being stale.
var (
	errRefused  = errors.New("the projection refuses")
	errPanicked = errors.New("the call panicked")
)

const (
	refuse  = "refuse"  // the projection fails
	panics  = "panics"  // the projection panics
	orphans = "orphans" // the projection leaves a row without its parent: the COMMIT fails
	wrecks  = "wrecks"  // the projection ends the transaction that it was lent
)

// projection keeps a count of what was committed, and fails as the note of the
// first event asks.
func projection(ctx context.Context, tx *sql.Tx, b workflow.Batch) error {
	for _, w := range b.Writes {
		if _, err := tx.ExecContext(ctx, "INSERT INTO shelf VALUES (?, ?)", w.Document.ID.String(), w.Document.Version); err != nil {
			return err
		}
	}
	if len(b.Writes) == 0 {
		return nil
	}
	switch b.Writes[0].Event.Note {
	case refuse:
		return errRefused
	case panics:
		panic(b.ID)
	case orphans:
		_, err := tx.ExecContext(ctx, "INSERT INTO child VALUES (4711)")
		return err
	case wrecks:
		_, err := tx.ExecContext(ctx, "ROLLBACK")
		return err
	}
	return nil
}

const shelves = `CREATE TABLE shelf (id TEXT, version INTEGER);
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)`

// fault makes the batch fail in the projection.
func fault(b workflow.Batch, how string) workflow.Batch {
	b.Writes[0].Event.Note = how
	b.Writes[0] = rebatch(b.Writes[0], b.ID)
	return b
}

// TestEveryCallerHasItsOwnOutcome lets random calls meet in one transaction:
// steps of few records, so that many are stale, batches given twice, invalid
// ones, projections that refuse, panic, break the COMMIT or the transaction, and
// callers who leave. The same calls one after the other in a store in memory say
// what each must be told, and what must be there in the end.
func TestEveryCallerHasItsOwnOutcome(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed, Project: projection})
	execute(t, db, shelves)
	model, a, r := memstore.New(), newAuthor(1), rand.New(rand.NewPCG(11, 11))
	tenants := []string{"acme", "umbrella"}
	refs := []workflow.Ref{a.ref("ticket"), a.ref("ticket"), a.ref("ticket")}
	authors := map[string]*author{"acme": newAuthor(2), "umbrella": newAuthor(3)}
	var past []workflow.Batch
	met := map[string]int{}
	for range 80 {
		room := assemble(t, db)
		type told struct {
			done <-chan error
			want error
			what string
		}
		var calls []told
		for range 1 + r.IntN(12) {
			tenant := tenants[r.IntN(2)]
			s, m := db.Tenant(tenant), model.Tenant(tenant)
			a, ref := authors[tenant], refs[r.IntN(len(refs))]
			doc, err := m.Get(ctx, ref)
			require.True(t, err == nil || errors.Is(err, workflow.ErrNotFound))
			what := []string{"step", "step", "step", "stale", "again", "invalid", "leaves", refuse, panics, orphans, wrecks}[r.IntN(11)]
			if what == "stale" {
				doc = workflow.Document{}
			}
			a.last[ref] = doc
			b := a.step(ref)
			b.Timers = []workflow.Timer{{Ref: ref, Name: fmt.Sprint(r.IntN(3)), Due: monday}}
			b.Messages = []workflow.Message{{ID: a.ids.NewID(monday), Ref: ref, Topic: b.ID.String(), At: monday}}
			var want error
			switch what {
			case "again":
				if len(past) > 0 {
					b = past[r.IntN(len(past))]
				}
			case "invalid":
				b.Writes[0].Document.Schema = 0
			case "leaves":
				want = context.Canceled
			case refuse, orphans, wrecks:
				b, want = fault(b, what), errors.New(what)
			case panics:
				b, want = fault(b, what), errPanicked
			}
			if want == nil {
				want = m.Commit(ctx, b)
				if what != "invalid" {
					past = append(past, b)
				}
			} else if what != "leaves" && doc.Version != a.last[ref].Version-1 {
				want = workflow.ErrConflict
			}
			own, cancel := context.WithCancel(ctx)
			defer cancel()
			call := func() (err error) {
				defer func() {
					if v := recover(); v != nil {
						err = errPanicked
						if v != b.ID {
							err = fmt.Errorf("the panic of another call: %v", v)
						}
					}
				}()
				return s.Commit(own, b)
			}
			if what == "invalid" { // refused before it queues
				require.ErrorIs(t, call(), workflow.ErrInvalid)
				continue
			}
			done := room.call(call)
			if what == "leaves" {
				if cancel(); room.come > 1 {
					room.come--
					room.waits(room.come - 1)
				} else { // the first waits for the writer
					require.ErrorIs(t, <-done, want)
					room.come--
					continue
				}
			}
			calls = append(calls, told{done, want, what})
		}
		room.release()
		for i, c := range calls {
			err := <-c.done
			met[c.what]++
			switch {
			case c.what == orphans:
				require.ErrorContains(t, err, "FOREIGN KEY", i)
			case c.what == wrecks:
				require.ErrorContains(t, err, "SQL logic error", i)
			case c.what == refuse:
				require.ErrorIs(t, err, errRefused, i)
			case c.want == nil:
				require.NoError(t, err, "%d %s", i, c.what)
			default:
				requireSameRefusal(t, c.want, err)
			}
		}
	}
	require.Len(t, met, 8)
	for _, tenant := range tenants {
		requireSameStore(t, model.Tenant(tenant), db.Tenant(tenant))
	}
	require.NoError(t, db.Check(ctx))
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback()
	var shelf, events int
	require.NoError(t, tx.QueryRow("SELECT (SELECT count(*) FROM shelf), (SELECT count(*) FROM itsm_events)").Scan(&shelf, &events))
	require.Equal(t, events, shelf, "the projection is exact")
}

func requireSameRefusal(t *testing.T, want, got error) {
	t.Helper()
	var w, g *workflow.ConflictError
	if errors.As(want, &w) {
		require.ErrorAs(t, got, &g)
		require.Equal(t, *w, *g)
		return
	}
	require.ErrorIs(t, got, want)
}

// requireSameStore compares records, feeds and work.
func requireSameStore(t *testing.T, want, got interface {
	workflow.Store
	workflow.Queue
}) {
	ctx := context.Background()
	w, g := all(t, want.Find(ctx, workflow.Query{Kind: "ticket"})), all(t, got.Find(ctx, workflow.Query{Kind: "ticket"}))
	require.Len(t, g, len(w))
	for i := range w {
		requireSame(t, w[i], g[i])
	}
	hashes := func(s workflow.Store) (hashes []workflow.Hash) {
		for _, e := range all(t, s.Events(ctx, "", workflow.Filter{})) {
			hashes = append(hashes, e.Hash)
		}
		return hashes
	}
	require.Equal(t, hashes(want), hashes(got))
	work := func(q workflow.Queue) (work []string) {
		for at := monday; ; at = at.Add(time.Hour) {
			due, err := q.Claim(ctx, at, 100, time.Minute)
			require.NoError(t, err)
			if len(due) == 0 {
				return work
			}
			for _, d := range due {
				key := d.Key()
				if d.Message != nil {
					key += d.Message.Topic
				}
				work = append(work, key)
				require.NoError(t, q.Settle(ctx, workflow.Settlement{Receipt: d.Receipt, Outcome: workflow.Done}))
			}
		}
	}
	require.ElementsMatch(t, work(want), work(got))
}
