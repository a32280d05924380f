package workflow_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

// fill makes a record that has so many bytes left, which the first write of one may do.
func fill(t *testing.T, d *workflow.Desk, k *workflow.Kind[*ticket], left int) *ticket {
	rec := &ticket{Record: workflow.Record{State: "new", Details: strings.Repeat("x", workflow.MaxBody-left)}}
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.open", Actor: ann}, func(tx *workflow.Tx) error { return k.Create(tx, rec, workflow.Entry{}) })
	require.NoError(t, err)
	return rec
}

// dry refuses every commit once it is on, so that writes leave the record as it is.
type dry struct {
	workflow.Store
	on bool
}

var errDry = errors.New("would have been written")

func (s *dry) Commit(ctx context.Context, b workflow.Batch) error {
	if s.on {
		return errDry
	}
	return s.Store.Commit(ctx, b)
}

// talk is what fills records: comments of the largest size until no more are taken in.
func talk(t *testing.T, d *workflow.Desk, k *workflow.Kind[*ticket], id workflow.ID) *workflow.FullError {
	for range workflow.MaxComments {
		_, err := change(t, d, k, id, func(x *ticket) error { return x.Say(ann, t0, false, strings.Repeat("x", workflow.MaxText)) })
		if err != nil {
			var full *workflow.FullError
			require.True(t, errors.As(err, &full), err)
			return full
		}
	}
	t.Fatal("the record takes in any number of comments")
	return nil
}

func change(t *testing.T, d *workflow.Desk, k *workflow.Kind[*ticket], id workflow.ID, f func(*ticket) error) (workflow.Result, error) {
	return d.Do(t.Context(), workflow.Command{Name: "ticket.change", Actor: ann}, func(tx *workflow.Tx) error {
		rec, err := k.Get(tx, id)
		if err != nil {
			return err
		}
		if err := f(rec); err != nil {
			return err
		}
		return k.Put(tx, rec, workflow.Entry{})
	})
}

func TestTextLeavesRoomForTheEnd(t *testing.T) {
	s, k := &dry{Store: memstore.New()}, ticketKind(t)
	d := newDesk(s)
	rec := fill(t, d, k, workflow.MaxBody-workflow.SoftBody+2*workflow.MaxText)
	full := talk(t, d, k, rec.ID)
	require.Equal(t, k.Ref(rec.ID), full.Ref)
	require.Equal(t, workflow.SoftBody, full.Allowed)
	require.Greater(t, full.Bytes, workflow.SoftBody)
	require.Greater(t, full.Had, workflow.SoftBody-workflow.MaxText-1000)
	_, err := change(t, d, k, rec.ID, func(x *ticket) error { // up to the very limit
		return x.Say(ann, t0, false, strings.Repeat("x", workflow.SoftBody-full.Had-80))
	})
	require.NoError(t, err)
	_, err = change(t, d, k, rec.ID, func(x *ticket) error { x.Title = strings.Repeat("y", 1000); return nil })
	require.NoError(t, err)
	s.on = true
	for _, c := range []struct {
		name  string
		write func(*ticket) error
		ok    bool
	}{
		{"a comment, however short", func(x *ticket) error { return x.Say(ann, t0, false, "!") }, false},
		{"a comment beside another change", func(x *ticket) error { x.Count++; return x.Say(ann, t0, true, "counted") }, false},
		{"a long text", func(x *ticket) error { x.Details += strings.Repeat("x", workflow.MaxText); return nil }, false},
		{"a short one", func(x *ticket) error { x.Details += strings.Repeat("x", 4<<10-50); return nil }, true},
		{"a change that takes nothing", func(x *ticket) error { x.Title = "y"; return nil }, true},
		{"somebody who watches", func(x *ticket) error { return x.Watch("bob") }, true},
		{"the end", func(x *ticket) error { x.State = "closed"; return nil }, true},
		{"the end, with the longest comment", func(x *ticket) error {
			x.State = "closed"
			return x.Say(ann, t0, false, strings.Repeat("x", workflow.MaxText))
		}, true},
		{"the end, with more than half of what is left", func(x *ticket) error {
			x.State, x.Details = "closed", x.Details+strings.Repeat("x", 600<<10)
			return nil
		}, false},
		{"fewer comments", func(x *ticket) error { x.Comments = x.Comments[1:]; return nil }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := change(t, d, k, rec.ID, c.write)
			if c.ok {
				require.ErrorIs(t, err, errDry)
				return
			}
			require.ErrorIs(t, err, workflow.ErrFull)
			require.ErrorIs(t, err, workflow.ErrInvalid)
			require.ErrorContains(t, err, k.Ref(rec.ID).String())
		})
	}
}

// An integration that ends and reopens a record with long comments again and again
// cannot take the room that the last end needs.
func TestThereIsAlwaysRoomForOneMoreEnd(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	rec := fill(t, d, k, 4*workflow.MaxText)
	next, comment := map[string]string{"new": "closed", "closed": "open", "open": "closed"}, workflow.MaxText
	for range 200 {
		_, err := change(t, d, k, rec.ID, func(x *ticket) error {
			x.State = next[x.State]
			return x.Say(ann, t0, false, strings.Repeat("x", comment))
		})
		if err != nil {
			var full *workflow.FullError
			require.True(t, errors.As(err, &full), err)
			require.Greater(t, full.Allowed, full.Had, "a shorter one is taken in")
			comment /= 2
		}
		if comment < 1000 {
			break
		}
	}
	require.Less(t, comment, workflow.MaxText, "it was refused at last")
	for _, state := range []string{"waiting", "open", "closed"} {
		_, err := change(t, d, k, rec.ID, func(x *ticket) error { x.State = state; return x.Say(ann, t0, false, "short") })
		require.NoError(t, err)
	}
}

func TestARecordIsNoLargerThanTheMost(t *testing.T) {
	s, k := memstore.New(), ticketKind(t)
	d := newDesk(s)
	_, err := d.Do(t.Context(), workflow.Command{Name: "ticket.open", Actor: ann}, func(tx *workflow.Tx) error {
		return k.Create(tx, &ticket{Record: workflow.Record{Details: strings.Repeat("x", workflow.MaxBody)}}, workflow.Entry{})
	})
	var full *workflow.FullError
	require.True(t, errors.As(err, &full), err)
	require.Equal(t, workflow.MaxBody, full.Allowed)
	require.Zero(t, full.Had)
	require.ErrorContains(t, err, "at most 4194304")
}
