package eventbus_test

import (
	"context"
	"errors"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/eventbus"
	"github.com/itsm-go/itsm/workflow/memstore"

	"github.com/stretchr/testify/require"
)

func TestAnEffectHappensOnceAndWithItsMarkOrNotAtAll(t *testing.T) {
	var inbox eventbus.MemoryInbox
	e := envelope(t, "incident.resolved", "1")
	effects := 0
	deliver := func(fails error) (first bool, err error) {
		err = inbox.Transact(func(in eventbus.Inbox) error {
			first, err = eventbus.Once(ctx, in, e, func(context.Context) error {
				if fails == nil {
					effects++
				}
				return fails
			})
			return err
		})
		return first, err
	}
	_, err := deliver(errors.New("no"))
	require.Error(t, err)
	require.Zero(t, inbox.Len(), "a failure leaves no mark")
	first, err := deliver(nil)
	require.NoError(t, err)
	require.True(t, first)
	first, err = deliver(nil)
	require.NoError(t, err)
	require.False(t, first)
	require.Equal(t, 1, effects)
	require.Error(t, inbox.Transact(func(in eventbus.Inbox) error { return in.Mark(ctx, e.Key()) }), "as a primary key would")
	require.Equal(t, 1, inbox.Len())
}

func TestADeskAnswersAnEnvelopeOnce(t *testing.T) {
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{})
	kind := tickets(t)
	e := envelope(t, "incident.resolved", "1")
	for n := range 3 {
		res, err := desk.Do(ctx, eventbus.Command("ticket.open", workflow.System("bus"), e), func(tx *workflow.Tx) error {
			return kind.Create(tx, &ticket{}, workflow.Entry{Note: string(e.Data)})
		})
		require.NoError(t, err)
		require.Equal(t, n > 0, res.Duplicate)
		require.Len(t, res.Events, 1)
	}
	other := e
	other.Source = "//itsm.example.com/globex"
	res, err := desk.Do(ctx, eventbus.Command("ticket.open", workflow.System("bus"), other), func(tx *workflow.Tx) error {
		return kind.Create(tx, &ticket{}, workflow.Entry{})
	})
	require.NoError(t, err)
	require.False(t, res.Duplicate, "the same id of another source is another envelope")
}
