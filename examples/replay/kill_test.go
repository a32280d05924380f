package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test program be the replay, so that a test can kill it.
func TestMain(m *testing.M) {
	if os.Getenv("REPLAY_AS_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func jsonOf(t *testing.T, args ...string) string {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), append(args, "-json"), &out, io.Discard))
	return out.String()
}

func TestAKilledReplayRunAgainGivesTheSameReport(t *testing.T) {
	log, dir := madeLog(t, 120), t.TempDir()
	want := jsonOf(t, "-log", log, "-out", t.TempDir())

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-log", log, "-out", dir)
	child.Env = append(os.Environ(), "REPLAY_AS_PROGRAM=yes")
	progress, err := child.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	lines := 0
	for in := bufio.NewScanner(progress); in.Scan(); {
		if strings.HasPrefix(in.Text(), "replayed ") {
			if lines++; lines == 8 { // of twenty
				require.NoError(t, child.Process.Kill())
			}
		}
	}
	require.Error(t, child.Wait(), "it was killed")
	require.NoFileExists(t, filepath.Join(dir, "report.html"))

	require.Equal(t, want, jsonOf(t, "-log", log, "-out", dir))
	require.FileExists(t, filepath.Join(dir, "report.html"))
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
