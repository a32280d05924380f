package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore/postgres"

	"github.com/stretchr/testify/require"
)

// together is a store whose commits all travel in one lane, the first of which waits
// for a lock, so that others gather behind it.
type together struct {
	t       *testing.T
	db      *postgres.DB
	s       *postgres.Store
	a       *author
	where   string
	held    workflow.Ref
	release func()
	first   chan error
	leave   context.CancelFunc // ends the first one's context
	second  workflow.Document  // the held record before the first one's commit
}

// timed takes the held record a step further and sets its timer, which is what the
// first waits for: for a record it would not, in company.
func (w *together) timed(a *author) workflow.Batch {
	b := a.step(w.held)
	b.Timers = []workflow.Timer{{Ref: w.held, Name: "held", Due: monday.Add(time.Hour)}}
	return b
}

func newTogether(t *testing.T) *together {
	ctx := context.Background()
	where := freshDatabase(t)
	db, err := postgres.Open(ctx, where, postgres.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	postgres.Together(db, 1, 32)
	w := &together{t: t, db: db, s: db.Tenant("acme"), a: newAuthor(1), where: where}
	w.held = w.a.ref("ticket")
	require.NoError(t, w.s.Commit(ctx, w.timed(w.a)))
	w.release = holdRow(t, where, "timers", w.held)
	w.second = w.a.last[w.held]
	first, leave := context.WithCancel(ctx)
	w.leave = leave
	t.Cleanup(leave)
	w.first = w.commit(first, w.timed(w.a))
	look := connect(t, where)
	eventually(t, "the first one waits for the lock", func() bool { return waiting(t, look) == 1 })
	return w
}

func (w *together) commit(ctx context.Context, b workflow.Batch) chan error {
	result := make(chan error, 1)
	go func() { result <- w.s.Commit(ctx, b) }()
	return result
}

// behind commits a batch that has to wait for the first, as number n.
func (w *together) behind(ctx context.Context, n int, b workflow.Batch) chan error {
	result := w.commit(ctx, b)
	eventually(w.t, "it waits", func() bool { return postgres.Queued(w.db) == n })
	return result
}

func TestEachOfManyHasItsOwnOutcome(t *testing.T) {
	ctx := context.Background()
	w := newTogether(t)
	a := w.a
	good, other, third := a.ref("ticket"), a.ref("ticket"), a.ref("ticket")
	fine := w.behind(ctx, 1, messageBatch(a, good))
	stale := newAuthor(2).step(w.held)
	refused := w.behind(ctx, 2, stale)
	pair := a.step(other)
	pair.Writes = append(pair.Writes, newAuthor(3).write(pair.ID, w.held, "stale"))
	half := w.behind(ctx, 3, pair)
	two := a.step(third)
	two.Timers = []workflow.Timer{{Ref: good, Name: "of another", Due: monday}}
	both := w.behind(ctx, 4, two)
	again := w.behind(ctx, 5, two)
	w.release()
	require.NoError(t, <-w.first)
	require.NoError(t, <-fine)
	require.NoError(t, <-both)
	require.NoError(t, <-again, "the same batch again")
	var conflict *workflow.ConflictError
	require.ErrorAs(t, <-refused, &conflict)
	require.Equal(t, workflow.ConflictError{Ref: w.held, Expected: 0, Actual: 2}, *conflict)
	require.ErrorAs(t, <-half, &conflict)
	require.Equal(t, workflow.ConflictError{Ref: w.held, Expected: 0, Actual: 2}, *conflict)
	_, err := w.s.Get(ctx, other)
	require.ErrorIs(t, err, workflow.ErrNotFound, "nothing of a batch that was refused")
	require.Len(t, all(t, w.s.Events(ctx, "", workflow.Filter{})), 4)
	due, err := w.s.Claim(ctx, monday, 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, due, 2, "a timer and a message")
	require.Zero(t, postgres.Travelling(w.db))
}

// What the database itself refuses undoes the transaction that several share.
func TestOneThatTheDatabaseRefusesHarmsNoOther(t *testing.T) {
	ctx := context.Background()
	w := newTogether(t)
	good, far := w.a.ref("ticket"), w.a.ref("ticket")
	b := w.a.step(far)
	b.Timers = []workflow.Timer{{Ref: far, Name: "for ever", Due: time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC)}}
	bad := w.behind(ctx, 1, b)
	fine := w.behind(ctx, 2, w.a.step(good))
	w.release()
	require.NoError(t, <-w.first)
	require.NoError(t, <-fine)
	err := <-bad
	require.Error(t, err)
	require.NotErrorIs(t, err, workflow.ErrUnsure)
	_, err = w.s.Get(ctx, far)
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestWhoWaitsForOthersMayLeave(t *testing.T) {
	ctx := context.Background()
	w := newTogether(t)
	one, two := w.a.ref("ticket"), w.a.ref("ticket")
	short, cancel := context.WithCancel(ctx)
	b := w.a.step(one)
	gone := w.behind(short, 1, b)
	stays := w.behind(ctx, 2, w.a.step(two))
	cancel()
	err := <-gone
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, workflow.ErrUnsure, "nothing was sent")
	w.release()
	require.NoError(t, <-w.first)
	require.NoError(t, <-stays)
	_, err = w.s.Get(ctx, one)
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

// The call that carries the others may leave too: they are tried alone.
func TestWhoCarriesOthersMayLeave(t *testing.T) {
	ctx := context.Background()
	w := newTogether(t)
	// The first leaves; the second carries the third and fourth and waits for the same
	// lock; then it leaves as well, and so does the third.
	second, leaveSecond := context.WithCancel(ctx)
	third, leaveThird := context.WithCancel(ctx)
	one, two := w.a.ref("ticket"), w.a.ref("ticket")
	fifth := newAuthor(5)
	fifth.last[w.held] = w.second
	blocked := w.timed(fifth)
	carrier := w.behind(second, 1, blocked)
	carried := w.behind(third, 2, w.a.step(one))
	kept := w.behind(ctx, 3, w.a.step(two))
	w.leave()
	require.ErrorIs(t, <-w.first, workflow.ErrUnsure)
	eventually(t, "the second carries the others", func() bool { return postgres.Queued(w.db) == 0 })
	leaveThird()
	err := <-carried
	require.ErrorIs(t, err, workflow.ErrUnsure, "it was on its way")
	require.ErrorIs(t, err, context.Canceled)
	leaveSecond()
	require.ErrorIs(t, <-carrier, context.Canceled)
	require.NoError(t, <-kept, "the one that was left behind goes alone")
	w.release()
	doc, err := w.s.Get(ctx, two)
	require.NoError(t, err)
	require.EqualValues(t, 1, doc.Version)
	require.NoError(t, w.s.Commit(ctx, w.a.step(w.a.ref("ticket"))), "and the lane is free")
}

// A record that somebody holds for long keeps only those waiting who want it.
func TestHeldRecordKeepsNobodyElseWaiting(t *testing.T) {
	ctx := context.Background()
	w := newTogether(t)
	one, two, three := w.a.ref("ticket"), w.a.ref("ticket"), w.a.ref("ticket")
	other, err := postgres.Open(ctx, w.where, postgres.Config{})
	require.NoError(t, err)
	defer other.Close()
	require.NoError(t, other.Tenant("acme").Commit(ctx, w.a.step(one)))
	release := holdRow(t, w.where, "records", one)
	simple := w.behind(ctx, 1, w.a.step(one))
	b := w.a.step(two)
	b.Timers = []workflow.Timer{{Ref: one, Name: "t", Due: monday}}
	pair := w.behind(ctx, 2, b)
	free := w.behind(ctx, 3, w.a.step(three))
	w.release()
	require.NoError(t, <-w.first)
	require.NoError(t, <-free, "though it travelled with two that cannot go on")
	look := connect(t, w.where)
	eventually(t, "they wait, alone", func() bool { return waiting(t, look) == 2 && postgres.Travelling(w.db) == 0 })
	require.NoError(t, w.s.Commit(ctx, w.a.step(three)))
	release()
	require.NoError(t, <-simple)
	require.NoError(t, <-pair)
}
