package sqlstore_test

import (
	"context"
	"testing"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"

	"github.com/stretchr/testify/require"
)

// TestEveryFlippedByteOfAnEventIsSeen goes through every byte of a stored
// event: keys, white space, digits of the hash.
func TestEveryFlippedByteOfAnEventIsSeen(t *testing.T) {
	ctx := context.Background()
	db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{})
	require.NoError(t, err)
	defer db.Close()
	s, a := db.Tenant("acme"), newAuthor(1)
	ref := a.ref("ticket")
	for range 3 {
		require.NoError(t, s.Commit(ctx, a.step(ref)))
	}
	event := all(t, s.Events(ctx, "", workflow.Filter{}))[1]
	encoded, err := event.Encode()
	require.NoError(t, err)

	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	defer tx.Rollback()
	bound := s.WithTx(tx)
	store := func(b []byte) {
		result, err := tx.Exec("UPDATE itsm_events SET encoded = ? WHERE version = 2", b)
		require.NoError(t, err)
		n, _ := result.RowsAffected()
		require.EqualValues(t, 1, n)
	}
	for i := range encoded {
		for _, bit := range []byte{1 << (i % 8), 0x20} {
			edited := append([]byte(nil), encoded...)
			edited[i] ^= bit
			store(edited)
			_, err := workflow.VerifyStore(ctx, bound, nil, "ticket")
			require.ErrorIs(t, err, workflow.ErrTampered, "byte %d, %q for %q", i, edited[i], encoded[i])
		}
	}
	for _, edited := range []string{string(encoded) + " ", " " + string(encoded), string(encoded) + string(encoded), "{}", ""} {
		store([]byte(edited))
		_, err := workflow.VerifyStore(ctx, bound, nil, "ticket")
		require.ErrorIs(t, err, workflow.ErrTampered)
	}
	store(encoded)
	_, err = workflow.VerifyStore(ctx, bound, nil, "ticket")
	require.NoError(t, err)
}

func TestEditsOfRowsAreSeen(t *testing.T) {
	ctx := context.Background()
	for name, edit := range map[string]string{
		"event removed":        "DELETE FROM itsm_events WHERE version = 2",
		"last event removed":   "DELETE FROM itsm_events WHERE version = 3",
		"event renumbered":     "UPDATE itsm_events SET version = 7 WHERE version = 2",
		"event moved":          "UPDATE itsm_events SET position = position + 100 WHERE version = 2",
		"event of another":     "UPDATE itsm_events SET record = record + 1 WHERE version = 2 AND record = 1",
		"body edited":          `UPDATE itsm_records SET body = CAST(replace(CAST(body AS TEXT), 'down', 'up') AS BLOB)`,
		"record set back":      "UPDATE itsm_records SET version = 2",
		"head edited":          "UPDATE itsm_records SET head = zeroblob(32)",
		"head cut":             "UPDATE itsm_records SET head = zeroblob(3)",
		"time of update moved": "UPDATE itsm_records SET updated = updated + 1",
		"record renamed":       "UPDATE itsm_kinds SET name = 'ticket' WHERE name = 'other'",
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sqlstore.Open(ctx, ":memory:", sqlstore.Config{})
			require.NoError(t, err)
			defer db.Close()
			s, a := db.Tenant("acme"), newAuthor(1)
			one, two := a.ref("ticket"), a.ref("ticket")
			if name == "record renamed" {
				one, two = a.ref("other"), a.ref("other")
			}
			for range 3 {
				require.NoError(t, s.Commit(ctx, a.step(one)))
				require.NoError(t, s.Commit(ctx, a.step(two)))
			}
			execute(t, db, edit)
			_, err = workflow.VerifyStore(ctx, s, nil, "ticket")
			require.ErrorIs(t, err, workflow.ErrTampered)
		})
	}
}
