package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/itsm-go/itsm/workflow/sqlstore/postgres/pgcluster"

	"github.com/stretchr/testify/require"
)

// figuresOf replays a log and returns all figures, but for the breach that is explained
// as an example: which that is depends on the order in which incidents were numbered.
func figuresOf(t *testing.T, args ...string) (figures map[string]any, progress string, err error) {
	var out, said bytes.Buffer
	if err = run(t.Context(), append(args, "-json", "-verify", "-out", t.TempDir()), &out, &said); err == nil {
		err = json.Unmarshal(out.Bytes(), &figures)
	}
	delete(figures, "explained_breach")
	return figures, said.String(), err
}

func TestFourWorkersOnPostgreSQLFindTheSameFigures(t *testing.T) {
	log := madeLog(t, 300)
	got, said, err := figuresOf(t, "-log", log, "-postgres", privateServer, "-workers", "4")
	if errors.Is(err, pgcluster.ErrNoServer) && os.Getenv("CI") == "" {
		fmt.Fprintln(os.Stderr, "NOT RUN: the replay into PostgreSQL:", err)
		return
	}
	require.NoError(t, err)
	require.Contains(t, said, "4 workers replayed")
	want, _, err := figuresOf(t, "-log", log)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
