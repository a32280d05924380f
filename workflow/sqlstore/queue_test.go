package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

func after(minutes int) time.Time { return monday.Add(time.Duration(minutes) * time.Minute) }

// desk is a queue with short words for what the tests do to it.
type desk struct {
	*sqlstore.Store
	t   *testing.T
	ids workflow.IDSource
}

func newDesk(t *testing.T) desk {
	db, _ := openFile(t, sqlstore.Config{})
	return desk{db.Tenant("acme"), t, workflow.SeededIDs(3)}
}

func (d desk) ref() workflow.Ref { return workflow.Ref{Kind: "ticket", ID: d.ids.NewID(monday)} }

func (d desk) timer(ref workflow.Ref, name string, due time.Time) {
	d.t.Helper()
	b := workflow.Batch{ID: d.ids.NewID(monday), Timers: []workflow.Timer{{Ref: ref, Name: name, Due: due, Payload: []byte("{}")}}}
	require.NoError(d.t, d.Commit(context.Background(), b))
}

func (d desk) message(ref workflow.Ref, topic string) {
	d.t.Helper()
	m := workflow.Message{ID: d.ids.NewID(monday), Ref: ref, Topic: topic, At: monday}
	require.NoError(d.t, d.Commit(context.Background(), workflow.Batch{ID: d.ids.NewID(monday), Messages: []workflow.Message{m}}))
}

// claim leases for ten minutes, and returns the receipts by name or topic.
func (d desk) claim(minute, n int, want ...string) map[string]workflow.Due {
	d.t.Helper()
	work, err := d.Claim(context.Background(), after(minute), n, 10*time.Minute)
	require.NoError(d.t, err)
	got, by := []string(nil), map[string]workflow.Due{}
	for _, w := range work {
		name := ""
		if w.Timer != nil {
			name = w.Timer.Name
		} else {
			name = w.Message.Topic
		}
		got = append(got, name)
		by[name] = w
	}
	require.Equal(d.t, want, got)
	return by
}

func (d desk) settle(w workflow.Due, o workflow.Outcome, retry time.Time) error {
	return d.Settle(context.Background(), workflow.Settlement{Receipt: w.Receipt, Outcome: o, RetryAt: retry, Error: "no answer"})
}

func TestTimersOfARecordComeOneAtATime(t *testing.T) {
	d := newDesk(t)
	one, two := d.ref(), d.ref()
	d.timer(one, "b", after(5))
	d.timer(one, "a", after(5))
	d.timer(two, "c", after(3))
	d.timer(two, "later", after(60))
	d.claim(2, 9)
	out := d.claim(6, 9, "c", "a")
	d.claim(6, 9)
	require.NoError(t, d.settle(out["a"], workflow.Done, time.Time{}))
	require.ErrorIs(t, d.settle(out["a"], workflow.Done, time.Time{}), workflow.ErrLeaseLost)
	d.claim(6, 9, "b")
	d.claim(70, 1, "c") // its lease ran out, and it was due first
	require.ErrorIs(t, d.settle(out["c"], workflow.Done, time.Time{}), workflow.ErrLeaseLost)
}

func TestAnEarlierTimerWaitsForTheOneThatIsOut(t *testing.T) {
	d := newDesk(t)
	ref := d.ref()
	d.timer(ref, "second", after(5))
	out := d.claim(6, 9, "second")
	d.timer(ref, "first", after(1))
	d.claim(6, 9)
	require.NoError(t, d.settle(out["second"], workflow.Retry, after(30)))
	first := d.claim(7, 9, "first")
	d.claim(40, 0)
	require.NoError(t, d.settle(first["first"], workflow.Done, time.Time{}))
	d.claim(29, 9)
	again := d.claim(30, 9, "second")
	require.Equal(t, 2, again["second"].Attempt)
	require.Equal(t, "no answer", again["second"].Error)
}

func TestSettingATimerVoidsItsLease(t *testing.T) {
	d := newDesk(t)
	ref := d.ref()
	d.timer(ref, "close", after(5))
	out := d.claim(6, 9, "close")
	d.timer(ref, "close", after(7))
	require.ErrorIs(t, d.settle(out["close"], workflow.Done, time.Time{}), workflow.ErrLeaseLost)
	d.claim(6, 9)
	again := d.claim(7, 9, "close")
	require.Equal(t, 1, again["close"].Attempt)
	d.timer(ref, "close", time.Time{})
	require.ErrorIs(t, d.settle(again["close"], workflow.Park, time.Time{}), workflow.ErrLeaseLost)
	d.claim(99, 9)
}

func TestMessagesOfARecordComeInOrder(t *testing.T) {
	d := newDesk(t)
	one, two := d.ref(), d.ref()
	for _, topic := range []string{"one", "two", "three"} {
		d.message(one, topic)
	}
	d.message(two, "other")
	out := d.claim(0, 9, "one", "other")
	require.NoError(t, d.settle(out["one"], workflow.Retry, after(20)))
	d.claim(5, 9) // two waits behind one, other is leased
	require.NoError(t, d.settle(out["other"], workflow.Done, time.Time{}))
	out = d.claim(20, 9, "one")
	require.NoError(t, d.settle(out["one"], workflow.Park, time.Time{}))
	out = d.claim(21, 9, "two")

	parked := all(t, d.Parked(context.Background()))
	require.Len(t, parked, 1)
	require.Equal(t, "no answer", parked[0].Error)
	require.NoError(t, d.Revive(context.Background(), after(25), parked[0].Receipt))
	require.ErrorIs(t, d.Revive(context.Background(), after(25), parked[0].Receipt), workflow.ErrNotFound)
	d.claim(26, 9)
	require.NoError(t, d.settle(out["two"], workflow.Done, time.Time{}))
	d.claim(24, 9)
	out = d.claim(26, 9, "one")
	require.Equal(t, 1, out["one"].Attempt)
	require.NoError(t, d.settle(out["one"], workflow.Done, time.Time{}))
	d.claim(26, 9, "three")
}

func TestClaimSharesBetweenTimersAndMessages(t *testing.T) {
	d := newDesk(t)
	for range 6 {
		d.message(d.ref(), "m")
		d.timer(d.ref(), "t", monday)
	}
	count := func(n int) (timers, messages int) {
		work, err := d.Claim(context.Background(), monday, n, time.Minute)
		require.NoError(t, err)
		for _, w := range work {
			if w.Timer != nil {
				timers++
			} else {
				messages++
			}
		}
		return timers, messages
	}
	timers, messages := count(5)
	require.Equal(t, []int{3, 2}, []int{timers, messages})
	timers, messages = count(9)
	require.Equal(t, 7, timers+messages)
}

func TestReceiptsOfOthersHoldNothing(t *testing.T) {
	ctx := context.Background()
	db, _ := openFile(t, sqlstore.Config{})
	d := desk{db.Tenant("acme"), t, workflow.SeededIDs(3)}
	d.timer(d.ref(), "close", monday)
	d.message(d.ref(), "notify")
	work, err := d.Claim(ctx, monday, 9, time.Minute)
	require.NoError(t, err)
	require.Len(t, work, 2)
	for _, w := range work {
		done := workflow.Settlement{Receipt: w.Receipt, Outcome: workflow.Done}
		require.ErrorIs(t, db.Tenant("umbrella").Settle(ctx, done), workflow.ErrLeaseLost)
		require.ErrorIs(t, d.Settle(ctx, workflow.Settlement{Receipt: "x" + w.Receipt, Outcome: workflow.Done}), workflow.ErrLeaseLost)
		require.NoError(t, d.Settle(ctx, done))
	}
	require.ErrorIs(t, d.Settle(ctx, workflow.Settlement{Receipt: work[0].Receipt}), workflow.ErrInvalid)
}
