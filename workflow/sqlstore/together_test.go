package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// assembly holds the writer while calls gather, so that the test says which of
// them meet, and in which order.
type assembly struct {
	t    *testing.T
	db   *sqlstore.DB
	tx   *sql.Tx
	come int
}

func assemble(t *testing.T, db *sqlstore.DB) *assembly {
	tx, err := db.Begin(context.Background())
	require.NoError(t, err)
	return &assembly{t: t, db: db, tx: tx}
}

// call starts f, waits until it has queued, and returns where its outcome will be.
// The first call leads: it waits for the writer and not in the queue.
func (a *assembly) call(f func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	a.come++
	a.waits(a.come - 1)
	return done
}

// waits returns when so many calls wait for the one that leads.
func (a *assembly) waits(n int) {
	for sqlstore.Waiting(a.db) != n || !sqlstore.Led(a.db) {
		runtime.Gosched()
	}
}

func (a *assembly) release() { require.NoError(a.t, a.tx.Rollback()) }

// transactions counts the commits in the write-ahead log: the last page of each
// says how large the database has become.
func transactions(t testing.TB, path string) int {
	log, err := os.ReadFile(path + "-wal")
	require.NoError(t, err)
	const header, frame = 32, 24
	size := int(binary.BigEndian.Uint32(log[8:]))
	n := 0
	for at := header; at+frame+size <= len(log) && string(log[at+8:at+16]) == string(log[16:24]); at += frame + size {
		if binary.BigEndian.Uint32(log[at+4:]) > 0 {
			n++
		}
	}
	return n
}

func TestCommitsThatWaitForEachOtherShareATransaction(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name string
		cfg  sqlstore.Config
		want int
	}{
		{"by default", sqlstore.Config{}, 1},
		{"also relaxed", sqlstore.Config{Durability: sqlstore.Relaxed}, 1},
		{"switched off", sqlstore.Config{Together: 1}, 12},
		{"five at most", sqlstore.Config{Together: 5}, 3},
		{"so many bytes at most", sqlstore.Config{TogetherBytes: 1}, 12},
	} {
		t.Run(test.name, func(t *testing.T) {
			db, path := openFile(t, test.cfg)
			before := transactions(t, path)
			room := assemble(t, db)
			var outcomes []<-chan error
			authors := make([]*author, 12)
			for i := range authors {
				a := newAuthor(uint64(i))
				b := a.step(a.ref("ticket"))
				authors[i] = a
				outcomes = append(outcomes, room.call(func() error { return db.Tenant(fmt.Sprint("tenant ", i%3)).Commit(ctx, b) }))
			}
			room.release()
			for _, done := range outcomes {
				require.NoError(t, <-done)
			}
			require.Equal(t, test.want, transactions(t, path)-before)
			for i, a := range authors {
				for ref, doc := range a.last {
					got, err := db.Tenant(fmt.Sprint("tenant ", i%3)).Get(ctx, ref)
					require.NoError(t, err)
					requireSame(t, doc, got)
				}
			}
		})
	}
}

// TestClaimsAndSettlementsShareToo has workers at the same queue.
func TestClaimsAndSettlementsShareToo(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	d := desk{db.Tenant("acme"), t, workflow.SeededIDs(3)}
	for range 8 {
		d.message(d.ref(), "notify")
	}
	before := transactions(t, path)
	room := assemble(t, db)
	claimed := make([][]workflow.Due, 4)
	var outcomes []<-chan error
	for i := range claimed {
		outcomes = append(outcomes, room.call(func() (err error) {
			claimed[i], err = d.Claim(ctx, monday, 2, time.Minute)
			return err
		}))
	}
	room.release()
	seen := map[workflow.ID]bool{}
	for i, done := range outcomes {
		require.NoError(t, <-done)
		require.Len(t, claimed[i], 2)
		for _, w := range claimed[i] {
			require.False(t, seen[w.Message.ID], "leased to one worker")
			seen[w.Message.ID] = true
		}
	}
	room = assemble(t, db)
	outcomes = nil
	for _, work := range claimed {
		outcomes = append(outcomes, room.call(func() error {
			return d.Settle(ctx, workflow.Settlement{Receipt: work[0].Receipt, Outcome: workflow.Done},
				workflow.Settlement{Receipt: "of nobody", Outcome: workflow.Done})
		}))
	}
	room.release()
	for _, done := range outcomes {
		require.ErrorIs(t, <-done, workflow.ErrLeaseLost, "of the other receipt")
	}
	require.Equal(t, 2, transactions(t, path)-before)
	left, err := d.Claim(ctx, monday.Add(time.Hour), 99, time.Minute)
	require.NoError(t, err)
	require.Len(t, left, 4)
}

// A batch given twice at the same time is a success for both only if it happened.
func TestTheSameBatchTwiceInOneTransactionHappensOnce(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	a := newAuthor(1)
	b := a.step(a.ref("ticket"))
	room := assemble(t, db)
	first := room.call(func() error { return db.Tenant("acme").Commit(ctx, b) })
	second := room.call(func() error { return db.Tenant("acme").Commit(ctx, b) })
	room.release()
	require.NoError(t, <-first)
	require.NoError(t, <-second)
	require.Len(t, all(t, db.Tenant("acme").Events(ctx, "", workflow.Filter{})), 1)
}

// A refusal that rests on a commit which did not last would be a rumour.
func TestNobodyIsToldOfAWriteThatDidNotLast(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{Project: projection})
	execute(t, db, shelves)
	ref := newAuthor(1).ref("ticket")
	bad, good := newAuthor(2).step(ref), newAuthor(3).step(ref)
	room := assemble(t, db)
	first := room.call(func() error { return db.Tenant("acme").Commit(ctx, fault(bad, orphans)) })
	second := room.call(func() error { return db.Tenant("acme").Commit(ctx, good) })
	room.release()
	require.ErrorContains(t, <-first, "FOREIGN KEY")
	require.NoError(t, <-second, "it is no conflict with what never was")
	doc, err := db.Tenant("acme").Get(ctx, ref)
	require.NoError(t, err)
	require.Equal(t, good.Writes[0].Document.Head, doc.Head)
}

func TestWhoLeavesTheQueueHasChangedNothing(t *testing.T) {
	db, _ := openFile(t, sqlstore.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	room := assemble(t, db)
	var outcomes []<-chan error
	var leave []context.CancelFunc
	var refs []workflow.Ref
	for range 6 {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ref := a.ref("ticket")
		b := a.step(ref)
		refs, leave = append(refs, ref), append(leave, cancel)
		outcomes = append(outcomes, room.call(func() error { return s.Commit(ctx, b) }))
	}
	leave[3]()
	require.ErrorIs(t, <-outcomes[3], context.Canceled)
	room.waits(4)
	leave[0]() // it leads: the next one does
	require.ErrorIs(t, <-outcomes[0], context.Canceled)
	room.waits(3)
	room.release()
	for i, ref := range refs {
		_, err := s.Get(context.Background(), ref)
		if i == 0 || i == 3 {
			require.ErrorIs(t, err, workflow.ErrNotFound)
			continue
		}
		require.NoError(t, <-outcomes[i])
		_, err = s.Get(context.Background(), ref)
		require.NoError(t, err)
	}
}

// A projection that ends its goroutine, as a test's FailNow does, ends the call
// that it runs in; nobody waits for ever.
func TestProjectionThatEndsTheGoroutineHoldsNobodyUp(t *testing.T) {
	ctx := context.Background()
	leaves := true
	db, _ := openFile(t, sqlstore.Config{Project: func(context.Context, *sql.Tx, workflow.Batch) error {
		if leaves {
			leaves = false
			runtime.Goexit()
		}
		return nil
	}})
	a := newAuthor(1)
	one, two := a.step(a.ref("ticket")), a.step(a.ref("ticket"))
	room := assemble(t, db)
	room.call(func() error { return db.Tenant("acme").Commit(ctx, one) })
	second := room.call(func() error { return db.Tenant("acme").Commit(ctx, two) })
	room.release()
	require.Error(t, <-second)
	require.Empty(t, all(t, db.Tenant("acme").Find(ctx, workflow.Query{Kind: "ticket"})))
	require.NoError(t, db.Tenant("acme").Commit(ctx, one))
	require.NoError(t, db.Tenant("acme").Commit(ctx, two))
}

func TestBulkLoadSaysThatItIsLost(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{Project: projection})
	execute(t, db, shelves)
	a := newAuthor(1)
	kept, undone, bad, late := a.ref("ticket"), a.ref("ticket"), a.ref("ticket"), a.ref("ticket")
	load, err := db.Bulk(ctx)
	require.NoError(t, err)
	s := load.Tenant("acme")
	require.NoError(t, s.Commit(ctx, a.step(kept)))
	require.NoError(t, load.Flush(ctx))
	require.NoError(t, s.Commit(ctx, a.step(undone)))
	require.Error(t, s.Commit(ctx, fault(a.step(bad), wrecks)))
	require.ErrorContains(t, s.Commit(ctx, a.step(late)), "since its last flush")
	require.ErrorContains(t, load.Flush(ctx), "since its last flush")
	require.ErrorContains(t, load.Close(), "since its last flush")
	for ref, want := range map[workflow.Ref]error{kept: nil, undone: workflow.ErrNotFound, bad: workflow.ErrNotFound, late: workflow.ErrNotFound} {
		_, err := db.Tenant("acme").Get(ctx, ref)
		require.ErrorIs(t, err, want)
	}
	require.NoError(t, db.Tenant("acme").Commit(ctx, newAuthor(9).step(late)), "the writer is free again")
}
