package sqlstore_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// limitPages says how large the file may become: there is no more room beyond.
func limitPages(t *testing.T, db *sqlstore.DB, more int) {
	tx, err := db.Begin(context.Background())
	require.NoError(t, err)
	var pages int
	require.NoError(t, tx.QueryRow("PRAGMA page_count").Scan(&pages))
	_, err = tx.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+more))
	require.NoError(t, err)
	require.NoError(t, tx.Commit())
}

// large is a batch that needs many pages.
func large(a *author, ref workflow.Ref) workflow.Batch {
	b := workflow.Batch{ID: a.ids.NewID(monday)}
	b.Writes = []workflow.Write{a.write(b.ID, ref, ticket{Title: strings.Repeat("x", 400_000)})}
	return b
}

// When there is no room, the commit that needs it fails with ErrFull and changes
// nothing; those beside it that need none succeed; with room again all is well.
func TestFullDatabaseRefusesWhatHasNoRoom(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	small := make([]workflow.Ref, 5)
	for i := range small {
		small[i] = a.ref("ticket")
		require.NoError(t, s.Commit(ctx, a.step(small[i])))
	}
	big := a.ref("ticket")
	batch := large(a, big)
	limitPages(t, db, 20)
	room := assemble(t, db)
	var outcomes []<-chan error
	for i, ref := range small {
		if i == 2 {
			outcomes = append(outcomes, room.call(func() error { return s.Commit(ctx, batch) }))
		}
		b := a.step(ref)
		outcomes = append(outcomes, room.call(func() error { return s.Commit(ctx, b) }))
	}
	room.release()
	for i, done := range outcomes {
		if i == 2 {
			err := <-done
			require.ErrorIs(t, err, sqlstore.ErrFull)
			require.NotErrorIs(t, err, workflow.ErrUnsure)
			continue
		}
		require.NoError(t, <-done)
	}
	require.ErrorIs(t, s.Commit(ctx, batch), sqlstore.ErrFull, "also alone")
	_, err := s.Get(ctx, big)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.NoError(t, db.Check(ctx))
	limitPages(t, db, 1000)
	require.NoError(t, s.Commit(ctx, batch))
	verified, err := workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)
	require.Equal(t, workflow.Verified{Records: 6, Events: 11}, verified)
}

func TestFullDatabaseEndsALoad(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	a := newAuthor(1)
	kept, undone := a.ref("ticket"), a.ref("ticket")
	limitPages(t, db, 20)
	load, err := db.Bulk(ctx)
	require.NoError(t, err)
	require.NoError(t, load.Tenant("acme").Commit(ctx, a.step(kept)))
	require.NoError(t, load.Flush(ctx))
	require.NoError(t, load.Tenant("acme").Commit(ctx, a.step(undone)))
	require.ErrorIs(t, load.Tenant("acme").Commit(ctx, large(a, a.ref("ticket"))), sqlstore.ErrFull)
	require.ErrorIs(t, load.Close(), sqlstore.ErrFull, "what was not flushed is gone, and Close says so")
	require.Len(t, all(t, db.Tenant("acme").Find(ctx, workflow.Query{Kind: "ticket"})), 1)
}

// SQLite undoes the whole transaction of the host, and its Commit says so.
func TestFullDatabaseEndsTheHostsTransaction(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	s, a := db.Tenant("acme"), newAuthor(1)
	undone := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(a.ref("ticket"))))
	limitPages(t, db, 20)
	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	require.NoError(t, s.WithTx(tx).Commit(ctx, a.step(undone)))
	require.ErrorIs(t, s.WithTx(tx).Commit(ctx, large(a, a.ref("ticket"))), sqlstore.ErrFull)
	require.Error(t, tx.Commit())
	_, err = s.Get(ctx, undone)
	require.ErrorIs(t, err, workflow.ErrNotFound)
	require.NoError(t, s.Commit(ctx, a.step(a.ref("ticket"))), "the writer is free again")
}

// squeezed runs out of room on the way to the disk: its files may not grow, as
// with a quota. Then they may.
func squeezed(path string) error {
	ctx := context.Background()
	signal.Ignore(syscall.SIGXFSZ)
	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	if err != nil {
		return err
	}
	s := db.Tenant("acme")
	a := newAuthor(1)
	if err := s.Commit(ctx, a.step(a.ref("ticket"))); err != nil {
		return err
	}
	var batches []workflow.Batch
	for range 8 {
		batches = append(batches, large(a, a.ref("ticket")))
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	tight := limit
	tight.Cur = 200_000
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &tight); err != nil {
		return err
	}
	commit := func(as error) error {
		outcomes := make([]error, len(batches))
		var callers sync.WaitGroup
		for i, b := range batches {
			callers.Go(func() { outcomes[i] = s.Commit(ctx, b) })
		}
		callers.Wait()
		for i, err := range outcomes {
			if !errors.Is(err, as) {
				return fmt.Errorf("caller %d: %w, want %v", i, err, as)
			}
		}
		return nil
	}
	if err := commit(workflow.ErrUnsure); err != nil {
		return err
	}
	n := 0
	for range s.Events(ctx, "", workflow.Filter{}) {
		n++
	}
	if n != 1 {
		return fmt.Errorf("%d events are there, want 1", n)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := commit(nil); err != nil { // the same batches: that settles it
		return err
	}
	verified, err := workflow.VerifyStore(ctx, s, nil, "ticket")
	if err != nil || verified.Events != 9 {
		return fmt.Errorf("verified %+v: %w", verified, err)
	}
	return errors.Join(db.Check(ctx), db.Close())
}

// A COMMIT that fails on its way to the disk leaves everyone who shares it
// unsure, and committing the same batches again settles it.
func TestEveryoneIsUnsureWhenTheCommitFails(t *testing.T) {
	require.NoError(t, process("squeezed", filepath.Join(t.TempDir(), "desk.db"), 0).Run())
}

// holder holds the lock for writing until its input ends, or it is killed.
func holder(path string) error {
	db, err := sqlstore.Open(context.Background(), path, sqlstore.Config{})
	if err != nil {
		return err
	}
	tx, err := db.Begin(context.Background())
	if err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, tx.Rollback(), db.Close())
}

// Another process that holds the lock for longer than the busy timeout makes
// everyone who waits fail with ErrBusy, not one after the other. Readers notice
// nothing. The death of the process frees the lock.
func TestLockHeldByAnotherProcess(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{BusyTimeout: 300 * time.Millisecond})
	s, a := db.Tenant("acme"), newAuthor(1)
	known := a.ref("ticket")
	require.NoError(t, s.Commit(ctx, a.step(known)))

	child := process("holder", path, 0)
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "held\n", line)

	var outcomes []chan error
	var batches []workflow.Batch
	for range 10 {
		b := a.step(a.ref("ticket"))
		batches = append(batches, b)
		done := make(chan error)
		outcomes = append(outcomes, done)
		go func() { done <- s.Commit(ctx, b) }()
	}
	for _, done := range outcomes {
		require.ErrorIs(t, <-done, sqlstore.ErrBusy)
	}
	_, err = s.Get(ctx, known)
	require.NoError(t, err)
	require.Len(t, all(t, s.Find(ctx, workflow.Query{Kind: "ticket"})), 1)

	require.NoError(t, child.Process.Kill())
	require.Error(t, child.Wait())
	for _, b := range batches {
		require.NoError(t, s.Commit(ctx, b))
	}
}

// A clock that jumps back an hour: a record's history stays in the order of time,
// because a command on it happens no earlier than its last change. No timer and
// no message is lost: what is due is due again when the clock gets there, and so
// is what a worker held that has died.
func TestClockThatJumpsBack(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	s := db.Tenant("acme")
	now := monday
	clock := func() time.Time { return now }
	desk := workflow.NewDesk(s, workflow.DeskConfig{Clock: clock, IDs: workflow.SeededIDs(1)})
	kind, err := workflow.NewKind(workflow.KindConfig[*delivery]{Name: "ticket", New: func() *delivery { return new(delivery) }})
	require.NoError(t, err)
	var id workflow.ID
	step := func(name, timer string, in time.Duration) {
		_, err := desk.Do(ctx, workflow.Command{Name: name, Actor: workflow.User("ann")}, func(tx *workflow.Tx) error {
			rec := &delivery{Record: workflow.Record{Title: "Mail is down", State: "new"}}
			if id == (workflow.ID{}) {
				err := kind.Create(tx, rec, workflow.Entry{})
				id = rec.ID
				tx.SetTimer(kind.Ref(id), timer, tx.Now().Add(in))
				return err
			}
			rec, err := kind.Get(tx, id)
			if err != nil {
				return err
			}
			rec.Title += "!"
			tx.SetTimer(kind.Ref(id), timer, tx.Now().Add(in))
			if err := tx.Send(kind.Ref(id), name, nil); err != nil {
				return err
			}
			return kind.Put(tx, rec, workflow.Entry{})
		})
		require.NoError(t, err)
	}
	step("ticket.open", "response", 10*time.Minute)
	now = now.Add(30 * time.Minute)
	step("ticket.assign", "resolution", time.Hour)
	held, err := s.Claim(ctx, now, 10, time.Minute) // and the worker dies
	require.NoError(t, err)
	require.Len(t, held, 2, "the first timer and the message")

	now = now.Add(-time.Hour)
	step("ticket.note", "warning", 5*time.Minute)
	var last time.Time
	for _, e := range all(t, s.Events(ctx, "", workflow.Filter{})) {
		require.False(t, e.At.Before(last), "event %d", e.Version)
		last = e.At
	}
	require.Equal(t, monday.Add(30*time.Minute), last)
	_, err = workflow.VerifyStore(ctx, s, nil, "ticket")
	require.NoError(t, err)

	var carried []string
	relay, err := workflow.NewRelay(s, workflow.HandlerFunc(func(_ context.Context, d workflow.Due) error {
		what := ""
		if d.Timer != nil {
			what = d.Timer.Name
			require.False(t, now.Before(d.Timer.Due))
		} else {
			what = d.Message.Topic
		}
		carried = append(carried, now.Format("15:04 ")+what)
		return nil
	}), workflow.RelayConfig{Clock: clock})
	require.NoError(t, err)
	for range 150 {
		_, err := relay.Drain(ctx)
		require.NoError(t, err)
		now = now.Add(time.Minute)
	}
	require.Equal(t, []string{"09:31 response", "09:31 ticket.assign", "09:31 ticket.note", "09:35 warning", "10:30 resolution"}, carried)
}

// SQLite finds damage of its own structure, and the history damage of what it
// keeps: every page is wiped once, and a byte of every event is flipped.
func TestDamagedPageIsFound(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{})
	a := newAuthor(1)
	refs := []workflow.Ref{a.ref("ticket"), a.ref("ticket")}
	for i := range 12 {
		require.NoError(t, db.Tenant("acme").Commit(ctx, a.step(refs[i%2])))
	}
	copied := path + ".copy"
	require.NoError(t, db.Backup(ctx, copied))
	whole, err := os.ReadFile(copied)
	require.NoError(t, err)
	const size = 4096
	require.Greater(t, len(whole), 15*size)
	examine := func(file []byte) (check, verify error) {
		name := filepath.Join(t.TempDir(), "damaged.db")
		require.NoError(t, os.WriteFile(name, file, 0o600))
		db, err := sqlstore.Open(ctx, name, sqlstore.Config{})
		if err != nil {
			return err, err
		}
		defer db.Close()
		_, verify = workflow.VerifyStore(ctx, db.Tenant("acme"), nil, "ticket")
		return db.Check(ctx), verify
	}
	check, verify := examine(whole)
	require.NoError(t, check)
	require.NoError(t, verify)
	for page := range len(whole) / size {
		damaged := bytes.Clone(whole)
		clear(damaged[page*size : (page+1)*size])
		check, _ := examine(damaged)
		require.ErrorIs(t, check, sqlstore.ErrDamaged, "page %d", page+1)
	}
	found := 0
	for at, note := 0, []byte("a note of two words"); bytes.Contains(whole[at:], note); {
		at += bytes.Index(whole[at:], note) + 1
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1
		if _, verify := examine(damaged); verify != nil { // else it stood in space that is free
			require.ErrorIs(t, verify, workflow.ErrTampered, "byte %d", at)
			found++
		}
	}
	require.Equal(t, 12, found, "one in each event")
}

// A loop over Find or Events that stops half-way holds nothing: others commit,
// and the log of their commits is begun anew as ever.
func TestSlowReaderHoldsNothing(t *testing.T) {
	ctx := context.Background()
	db, path := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed})
	s, a := db.Tenant("acme"), newAuthor(1)
	refs := make([]workflow.Ref, 500)
	b := workflow.Batch{ID: a.ids.NewID(monday)}
	for i := range refs {
		refs[i] = a.ref("ticket")
		b.Writes = append(b.Writes, a.write(b.ID, refs[i], ticket{Title: "Mail is down"}, workflow.IndexEntry{Field: "number", Key: workflow.IDKey(refs[i].ID)}))
	}
	require.NoError(t, s.Commit(ctx, b))
	found, read := 0, 0
	for _, err := range s.Find(ctx, workflow.Query{Kind: "ticket", OrderBy: "number"}) {
		require.NoError(t, err)
		if found++; found != 100 {
			continue
		}
		for _, err := range s.Events(ctx, "", workflow.Filter{}) {
			require.NoError(t, err)
			if read++; read == 100 {
				writeMuch(t, s, a, refs, 3000)
				requireLog(t, path, 32<<20)
			}
		}
	}
	require.Equal(t, 500, found)
	require.Equal(t, 500, read, "up to the end that the feed had when the loop began")
}

// Where somebody reads at every moment, SQLite would never begin the log anew. It
// is cut when it has grown too long.
func TestLogStaysShortWhileOthersAlwaysRead(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	db, path := openFile(t, sqlstore.Config{Durability: sqlstore.Relaxed})
	sqlstore.LimitLog(db, 2<<20)
	s, a := db.Tenant("acme"), newAuthor(1)
	refs := make([]workflow.Ref, 100)
	for i := range refs {
		refs[i] = a.ref("ticket")
	}
	writeMuch(t, s, a, refs, len(refs))
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				for _, err := range s.Find(ctx, workflow.Query{Kind: "ticket"}) {
					if err != nil && ctx.Err() == nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for range 6 {
		writeMuch(t, s, a, refs, 200)
		requireLog(t, path, 6<<20) // SQLite by itself lets it come to 16 MiB at least
	}
	cancel()
	readers.Wait()
}

func writeMuch(t *testing.T, s workflow.Store, a *author, refs []workflow.Ref, n int) {
	for i := range n {
		if err := s.Commit(context.Background(), a.step(refs[i%len(refs)])); err != nil {
			require.NoError(t, err)
		}
	}
}

func requireLog(t *testing.T, path string, most int64) {
	log, err := os.Stat(path + "-wal")
	require.NoError(t, err)
	require.Less(t, log.Size(), most)
}
