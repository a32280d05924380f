package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
	"github.com/itsm-go/itsm/workflow/sqlstore"
)

// TestMain lets the test program be the replay, so that a test can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("REPLAY_AS_PROGRAM") == "" {
		os.Exit(m.Run())
	}
	c, err := parse(os.Args[1:], os.Stderr)
	c.flush = 20 // so that there is half a database when it is killed
	if err == nil {
		err = c.run(context.Background(), io.Discard, lockstep{})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// lockstep writes progress and waits for a byte in answer, so that the replay
// is no further than what was read of it.
type lockstep struct{}

func (lockstep) Write(line []byte) (int, error) {
	n, err := os.Stderr.Write(line)
	if err == nil {
		_, err = io.ReadFull(os.Stdin, make([]byte, 1))
	}
	return n, err
}

func jsonOf(t *testing.T, args ...string) string {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), append(args, "-json"), &out, io.Discard))
	return out.String()
}

func TestAKilledReplayRunAgainGivesTheSameReport(t *testing.T) {
	log, dir := madeLog(t, 60), t.TempDir()
	want := jsonOf(t, "-log", log, "-out", t.TempDir())

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-log", log, "-out", dir)
	child.Env = append(os.Environ(), "REPLAY_AS_PROGRAM=yes")
	progress, err := child.StderrPipe()
	require.NoError(t, err)
	answer, err := child.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	in := bufio.NewScanner(progress)
	for lines := 0; lines < 8; { // of twenty
		require.True(t, in.Scan(), "it ended before it was killed")
		if strings.HasPrefix(in.Text(), "replayed ") {
			lines++
		}
		if lines < 8 {
			_, err = answer.Write([]byte{'\n'})
			require.NoError(t, err)
		}
	}
	require.NoError(t, child.Process.Kill())
	var died *exec.ExitError
	require.ErrorAs(t, child.Wait(), &died)
	require.Equal(t, -1, died.ExitCode(), "it was killed, and did not exit")
	left := incidentsIn(t, filepath.Join(dir, "replay.db"))
	require.Positive(t, left, "some of it was flushed")
	require.NoFileExists(t, filepath.Join(dir, "report.html"))

	require.Equal(t, want, jsonOf(t, "-log", log, "-out", dir))
	require.Equal(t, 60, incidentsIn(t, filepath.Join(dir, "replay.db")))
	require.Less(t, left, 60, "only half of it was there")
	require.FileExists(t, filepath.Join(dir, "report.html"))
	require.Equal(t, want, jsonOf(t, "-log", log, "-out", dir), "a finished replay is begun anew as well")
}

func incidentsIn(t *testing.T, path string) int {
	db, err := sqlstore.Open(t.Context(), path, sqlstore.Config{})
	require.NoError(t, err)
	defer db.Close()
	n := 0
	for _, err := range db.Tenant("").Find(t.Context(), workflow.Query{Kind: incident.KindName}) {
		require.NoError(t, err)
		n++
	}
	return n
}

func TestAForeignDatabaseIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "precious.db")
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	err := run(t.Context(), []string{"-log", madeLog(t, 1), "-db", path, "-out", t.TempDir()}, io.Discard, io.Discard)
	require.ErrorContains(t, err, "is not the database of a replay")
	left, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious", string(left))
}

func TestTheDatabaseMayBeInMemory(t *testing.T) {
	log := madeLog(t, 20)
	require.Equal(t, jsonOf(t, "-log", log, "-out", t.TempDir()), jsonOf(t, "-log", log, "-db", ":memory:", "-out", t.TempDir()))
}
