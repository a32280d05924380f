package workflow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/memstore"
)

func TestObserverSeesEveryCommandAndHowItEnded(t *testing.T) {
	type key struct{}
	var begun []string
	var endings []workflow.Ending
	k := ticketKind(t)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{
		IDs: workflow.SeededIDs(1),
		Observe: func(ctx context.Context, cmd workflow.Command) (context.Context, func(workflow.Ending)) {
			if cmd.Actor.ID != ann.ID {
				return ctx, func(workflow.Ending) {} // numbers are taken by commands of the desk itself
			}
			begun = append(begun, cmd.Name)
			return context.WithValue(ctx, key{}, cmd.Name), func(e workflow.Ending) { endings = append(endings, e) }
		},
	})
	rec := open(t, desk, k, "Mail is down")
	require.Len(t, endings, 1)
	require.Equal(t, 1, endings[0].Attempts)
	require.Len(t, endings[0].Result.Events, 1)

	refused := errors.New("not today")
	_, err := desk.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, func(tx *workflow.Tx) error {
		require.Equal(t, "ticket.add", tx.Context().Value(key{}), "the command has the observer's context")
		return refused
	})
	require.ErrorIs(t, err, refused)
	require.ErrorIs(t, endings[1].Err, refused)

	_, err = desk.Do(t.Context(), workflow.Command{Name: "not a name", Actor: ann}, add(k, rec.ID))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	require.Zero(t, endings[2].Attempts, "it was not even decided")

	require.Panics(t, func() {
		_, _ = desk.Do(t.Context(), workflow.Command{Name: "ticket.add", Actor: ann}, func(*workflow.Tx) error { panic("a fault of the host") })
	})
	require.Len(t, endings, 4, "also of a command that panics")
	require.Equal(t, []string{"ticket.open", "ticket.add", "not a name", "ticket.add"}, begun)
}

func TestCommandsAreLoggedAtDebugLevel(t *testing.T) {
	var log bytes.Buffer
	k := ticketKind(t)
	desk := workflow.NewDesk(memstore.New(), workflow.DeskConfig{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	open(t, desk, k, "Mail is down")
	require.Contains(t, log.String(), "command=ticket.open actor=ann")
	log.Reset()
	desk = workflow.NewDesk(memstore.New(), workflow.DeskConfig{Log: slog.New(slog.NewTextHandler(&log, nil))})
	open(t, desk, k, "Mail is down")
	require.Empty(t, log.String())
}
