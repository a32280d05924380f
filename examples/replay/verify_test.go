package main

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
)

func TestVerifyFindsOneChangedByteOfOneEvent(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "desk.db")
	var progress bytes.Buffer
	require.NoError(t, run(ctx, []string{"-json", "-verify", "-log", madeLog(t, 20), "-db", path, "-out", t.TempDir()}, io.Discard, &progress))
	require.Regexp(t, `verified \d+ records and \d+ events: chains whole, replay equals what is stored`, progress.String())

	db, err := sqlstore.Open(ctx, path, sqlstore.Config{})
	require.NoError(t, err)
	defer db.Close()
	desk, err := newServiceDesk(db.Tenant(""), time.UTC, 1)
	require.NoError(t, err)
	require.NoError(t, verify(ctx, desk, io.Discard), "what was written is what is read")

	tx, err := db.Begin(ctx)
	require.NoError(t, err)
	var first, last, events int
	require.NoError(t, tx.QueryRow("SELECT min(position), max(position), count(*) FROM itsm_events").Scan(&first, &last, &events))
	require.NoError(t, tx.Rollback())
	require.Greater(t, events, 100)

	for _, position := range []int{first, (first + last) / 2, last} {
		for part := range 4 {
			original := flip(t, db, position, part)
			require.ErrorIs(t, verify(ctx, desk, io.Discard), workflow.ErrTampered, "event %d, part %d", position, part)
			overwrite(t, db, position, original)
		}
	}
	require.NoError(t, verify(ctx, desk, io.Discard), "put right again")
}

// flip changes one bit of one byte of a stored event, in the first, second,
// third or last quarter of it, and returns what it was.
func flip(t *testing.T, db *sqlstore.DB, position, part int) []byte {
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	var original []byte
	require.NoError(t, tx.QueryRow("SELECT encoded FROM itsm_events WHERE position = ?", position).Scan(&original))
	require.NoError(t, tx.Rollback())
	changed := bytes.Clone(original)
	changed[len(changed)*part/4+len(changed)/8] ^= 1
	overwrite(t, db, position, changed)
	return original
}

func overwrite(t *testing.T, db *sqlstore.DB, position int, encoded []byte) {
	tx, err := db.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec("UPDATE itsm_events SET encoded = ? WHERE position = ?", encoded, position)
	require.NoError(t, err)
	require.NoError(t, tx.Commit())
}
