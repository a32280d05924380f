package workflow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// ticket is the smallest record there can be.
type ticket struct {
	workflow.Record
	Count int `json:"count"`
}

func ticketKind(t testing.TB) *workflow.Kind[*ticket] {
	k, err := workflow.NewKind(workflow.KindConfig[*ticket]{
		Name:   "ticket",
		Number: workflow.NumberFormat{Prefix: "TKT"},
		New:    func() *ticket { return new(ticket) },
		Index: func(t *ticket) []workflow.IndexEntry {
			return []workflow.IndexEntry{{Field: "count", Key: workflow.IntKey(int64(t.Count))}}
		},
	})
	require.NoError(t, err)
	return k
}

var (
	ann = workflow.User("ann", "agent")
	t0  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

func newDesk(s workflow.Store) *workflow.Desk {
	return workflow.NewDesk(s, workflow.DeskConfig{
		Clock: func() time.Time { return t0 },
		IDs:   workflow.SeededIDs(1),
	})
}

func open(t testing.TB, d *workflow.Desk, k *workflow.Kind[*ticket], title string) *ticket {
	rec := &ticket{Record: workflow.Record{Title: title, State: "new"}}
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.open", Actor: ann}, func(tx *workflow.Tx) error {
		fresh := *rec
		defer func() { *rec = fresh }()
		return k.Create(tx, &fresh, workflow.Entry{})
	})
	require.NoError(t, err)
	return rec
}

func add(k *workflow.Kind[*ticket], id workflow.ID) func(*workflow.Tx) error {
	return func(tx *workflow.Tx) error {
		rec, err := k.Get(tx, id)
		if err != nil {
			return err
		}
		rec.Count++
		return k.Put(tx, rec, workflow.Entry{})
	}
}

func TestCommandCommitsRecordEventTimerAndMessageTogether(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Printer on fire")
	require.Equal(t, "TKT0000001", rec.Number)
	require.EqualValues(t, 1, rec.Version)

	res, err := d.Do(t.Context(), workflow.Command{Name: "ticket.hold", Actor: ann.For("bob")}, func(tx *workflow.Tx) error {
		rec, err := k.Get(tx, rec.ID)
		if err != nil {
			return err
		}
		rec.State = "on_hold"
		tx.SetTimer(k.Ref(rec.ID), "resume", tx.Now().Add(time.Hour))
		if err := tx.Send(k.Ref(rec.ID), "notify", map[string]string{"to": "bob"}); err != nil {
			return err
		}
		return k.Put(tx, rec, workflow.Entry{Note: "waiting for toner"})
	})
	require.NoError(t, err)
	require.Len(t, res.Events, 1)
	e := res.Events[0]
	require.Equal(t, "ticket.hold", e.Type)
	require.Equal(t, "bob", e.Actor.OnBehalfOf)
	require.Equal(t, "waiting for toner", e.Note)
	require.Equal(t, []workflow.Change{{Path: "/state", Old: json.RawMessage(`"new"`), New: json.RawMessage(`"on_hold"`)}}, e.Changes)

	due, err := s.Claim(t.Context(), t0.Add(time.Hour), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, due, 2, "the message and the timer")

	v, err := workflow.VerifyStore(t.Context(), s, nil, "ticket", "counter")
	require.NoError(t, err)
	require.Equal(t, workflow.Verified{Records: 2, Events: 3}, v)
}

func TestConcurrentCommandsLoseNoUpdate(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := workflow.NewDesk(s, workflow.DeskConfig{Attempts: 1000})
	rec := open(t, d, k, "Counter")
	var wg sync.WaitGroup
	errs := make(chan error, 8*25)
	for range 8 {
		wg.Go(func() {
			for range 25 {
				_, err := d.Do(context.Background(), workflow.Command{Name: "ticket.add", Actor: ann}, add(k, rec.ID))
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	got, err := k.Load(t.Context(), s, rec.ID)
	require.NoError(t, err)
	require.Equal(t, 200, got.Count)
	require.EqualValues(t, 201, got.Version)
	events, err := workflow.History(t.Context(), s, k.Ref(rec.ID))
	require.NoError(t, err)
	again, err := k.Replay(events)
	require.NoError(t, err)
	require.Equal(t, got, again)
}

func TestKeyMakesACommandHappenOnce(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Once")
	cmd := workflow.Command{Name: "ticket.add", Actor: ann, Key: "delivery-7"}
	first, err := d.Do(t.Context(), cmd, add(k, rec.ID))
	require.NoError(t, err)
	require.False(t, first.Duplicate)
	second, err := d.Do(t.Context(), cmd, add(k, rec.ID))
	require.NoError(t, err)
	require.True(t, second.Duplicate)
	require.Equal(t, first.Events[0].Hash, second.Events[0].Hash)
	got, err := k.Load(t.Context(), s, rec.ID)
	require.NoError(t, err)
	require.Equal(t, 1, got.Count)
}

// unsure is a store whose answers get lost: the commit happens, the caller is
// told that nobody knows.
type unsure struct {
	workflow.Store
	lose int
}

func (u *unsure) Commit(ctx context.Context, b workflow.Batch) error {
	err := u.Store.Commit(ctx, b)
	if err == nil && u.lose > 0 {
		u.lose--
		return fmt.Errorf("connection lost: %w", workflow.ErrUnsure)
	}
	return err
}

func TestLostAnswerDoesNotApplyTwice(t *testing.T) {
	s, k := &unsure{Store: memstore.New()}, ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Unsure")
	s.lose = 3
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, add(k, rec.ID))
	require.NoError(t, err)
	got, err := k.Load(t.Context(), s, rec.ID)
	require.NoError(t, err)
	require.Equal(t, 1, got.Count)
}

func TestConflictIsReturnedWhenAttemptsAreUsedUp(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d, other := workflow.NewDesk(s, workflow.DeskConfig{Attempts: 3}), workflow.NewDesk(s, workflow.DeskConfig{})
	rec := open(t, d, k, "Contended")
	tries := 0
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.slow", Actor: ann}, func(tx *workflow.Tx) error {
		tries++
		if err := add(k, rec.ID)(tx); err != nil {
			return err
		}
		_, err := other.Do(t.Context(), workflow.Command{Name: "ticket.fast", Actor: ann}, add(k, rec.ID))
		return err
	})
	require.ErrorIs(t, err, workflow.ErrConflict)
	var conflict *workflow.ConflictError
	require.True(t, errors.As(err, &conflict))
	require.Equal(t, k.Ref(rec.ID), conflict.Ref)
	require.Equal(t, 3, tries)
}

func TestFailedCommandChangesNothingAndGivesItsNumberBack(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	boom := errors.New("boom")
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.open", Actor: ann}, func(tx *workflow.Tx) error {
		if err := k.Create(tx, &ticket{}, workflow.Entry{}); err != nil {
			return err
		}
		return boom
	})
	require.ErrorIs(t, err, boom)
	for range k.Find(t.Context(), s, workflow.Query{}) {
		t.Fatal("a record was left behind")
	}
	require.Equal(t, "TKT0000001", open(t, d, k, "First").Number)
	require.Equal(t, "TKT0000002", open(t, d, k, "Second").Number)
	byNumber, err := k.ByNumber(t.Context(), s, "TKT0000002")
	require.NoError(t, err)
	require.Equal(t, "Second", byNumber.Title)
}

func TestBadCommandsAreRefusedWithEveryProblem(t *testing.T) {
	d := newDesk(memstore.New())
	_, err := d.Do(t.Context(), workflow.Command{Name: "no spaces"}, func(*workflow.Tx) error { return nil })
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.ErrorContains(t, err, "no spaces")
	require.ErrorContains(t, err, "actor needs an id")

	k := ticketKind(t)
	_, err = d.Do(t.Context(), workflow.Command{Name: "ticket.put", Actor: ann}, func(tx *workflow.Tx) error {
		return k.Put(tx, &ticket{Record: workflow.Record{ID: tx.NewID()}}, workflow.Entry{})
	})
	require.ErrorContains(t, err, "without having been read")
	_, err = d.Do(t.Context(), workflow.Command{Name: "ticket.get", Actor: ann}, func(tx *workflow.Tx) error {
		_, err := k.Get(tx, tx.NewID())
		return err
	})
	require.ErrorIs(t, err, workflow.ErrNotFound)
}

func TestWriteWithoutChangeLeavesNoTrace(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Still")
	res, err := d.Do(t.Context(), workflow.Command{Name: "ticket.touch", Actor: ann}, func(tx *workflow.Tx) error {
		rec, err := k.Get(tx, rec.ID)
		if err != nil {
			return err
		}
		return k.Put(tx, rec, workflow.Entry{})
	})
	require.NoError(t, err)
	require.Empty(t, res.Events)
}

func TestAuthorizeByRole(t *testing.T) {
	for _, c := range []struct {
		name  string
		actor workflow.Actor
		roles []string
		ok    bool
	}{
		{"holds the role", ann, []string{"manager", "agent"}, true},
		{"does not hold it", ann, []string{"manager"}, false},
		{"anyone may", workflow.User("guest"), []string{workflow.Anyone}, true},
		{"nobody may: fails closed", ann, nil, false},
		{"a system is a system", workflow.System("autoclose"), []string{workflow.RoleSystem}, true},
		{"acting for somebody gives no rights", workflow.User("eve").For("ann"), []string{"agent"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := workflow.AuthorizeByRole(t.Context(), workflow.Access{Actor: c.actor, Command: "x", Roles: c.roles})
			require.Equal(t, c.ok, err == nil, err)
			if err != nil {
				require.ErrorIs(t, err, workflow.ErrForbidden)
			}
		})
	}
}

func TestAWriteThatChangesNothingLeavesTheVersion(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := open(t, d, k, "Printer on fire")
	write := func(change func(*ticket), note string) *ticket {
		var got *ticket
		_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.touch", Actor: ann}, func(tx *workflow.Tx) (err error) {
			if got, err = k.Get(tx, rec.ID); err != nil {
				return err
			}
			change(got)
			return k.Put(tx, got, workflow.Entry{Note: note})
		})
		require.NoError(t, err)
		stored, err := k.Load(t.Context(), s, rec.ID)
		require.NoError(t, err)
		require.Equal(t, stored.Version, got.Version, "what is returned is what is stored")
		return got
	}
	require.Equal(t, int64(1), write(func(*ticket) {}, "").Version)
	require.Equal(t, int64(2), write(func(*ticket) {}, "looked at it").Version)
	require.Equal(t, int64(3), write(func(x *ticket) { x.Count++ }, "").Version)
}

// A search within a command sees what the command has written, and nothing of those
// records that is stored.
func TestSearchingWithinACommand(t *testing.T) {
	d, k := newDesk(memstore.New()), ticketKind(t)
	one, two := open(t, d, k, "one"), open(t, d, k, "two")
	titles := func(tx *workflow.Tx, count int64) (found []string) {
		for rec, err := range k.FindIn(tx, workflow.Is("count", workflow.IntKey(count))) {
			require.NoError(t, err)
			found = append(found, rec.Title)
		}
		return found
	}
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.count", Actor: ann}, func(tx *workflow.Tx) error {
		require.Equal(t, []string{"one", "two"}, titles(tx, 0))
		rec, err := k.Get(tx, one.ID)
		require.NoError(t, err)
		rec.Count = 7
		require.NoError(t, k.Put(tx, rec, workflow.Entry{}))
		require.NoError(t, k.Create(tx, &ticket{Record: workflow.Record{Title: "three", State: "new"}, Count: 7}, workflow.Entry{}))
		require.Equal(t, []string{"two"}, titles(tx, 0))
		require.Equal(t, []string{"one", "three"}, titles(tx, 7))
		seen := 0
		for rec, err := range k.FindIn(tx) { // writing meanwhile
			require.NoError(t, err)
			seen++
			rec.Count++
			if _, err := k.Get(tx, rec.ID); err != nil {
				return err
			}
			require.NoError(t, k.Put(tx, rec, workflow.Entry{}))
		}
		require.Equal(t, 3, seen)
		return nil
	})
	require.NoError(t, err)
	two, err = k.Load(t.Context(), d.Store(), two.ID)
	require.NoError(t, err)
	require.Equal(t, 1, two.Count)
}
