package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/examples/replay/sample"
	"github.com/itsm-go/itsm/examples/replay/snlog"
)

func TestWithoutALogTheSampleIsRead(t *testing.T) {
	c, err := parse(nil, io.Discard)
	require.NoError(t, err)
	log, source, err := c.read()
	require.NoError(t, err)
	require.Equal(t, "the sample log", source.Name)
	require.Len(t, log.Incidents, 2000)
	require.Equal(t, filepath.Join("out", "replay.db"), c.db)
}

func TestTheReportIsWrittenAndPrinted(t *testing.T) {
	var out, progress bytes.Buffer
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, run(context.Background(), []string{"-log", madeLog(t, 40), "-out", dir}, &out, &progress))
	require.Contains(t, out.String(), "Incidents of made.csv, ")
	require.Contains(t, progress.String(), "read 40 incidents of made.csv\n")
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "<!DOCTYPE html>")
}

// madeLog writes a log of so many incidents and returns its path.
func madeLog(t *testing.T, incidents int) string {
	path := filepath.Join(t.TempDir(), "made.csv")
	f, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, sample.Write(f, 7, incidents))
	require.NoError(t, f.Close())
	return path
}

func TestJSONIsTheOnlyThingOnStandardOutput(t *testing.T) {
	var out, progress bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-json", "-log", madeLog(t, 40), "-out", t.TempDir()}, &out, &progress))
	d := json.NewDecoder(&out)
	var got struct {
		Logged  snlog.Logged   `json:"logged"`
		Refused map[string]int `json:"refused"`
	}
	require.NoError(t, d.Decode(&got))
	require.Equal(t, 40, got.Logged.Incidents)
	require.Equal(t, 40, got.Logged.MadeSLA.True+got.Logged.MadeSLA.False)
	require.False(t, d.More())
	require.Empty(t, bytes.TrimSpace(out.Bytes()))
}

func TestALogOfOnesOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.csv")
	require.NoError(t, os.WriteFile(path, []byte(
		"number,incident_state,sys_updated_at,opened_at,priority,made_sla,reassignment_count,reopen_count\n"+
			"INC1,New,1/3/2016 10:00,1/3/2016 10:00,3 - Moderate,true,0,0\n"+
			"INC1,Resolved,someday,1/3/2016 10:00,3 - Moderate,true,0,0\n"), 0o600))
	var out, progress bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-log", path, "-zone", "Europe/Berlin", "-out", t.TempDir()}, &out, &progress))
	require.Contains(t, out.String(), "Incidents of mine.csv, 1 March 2016 to 1 March 2016")
	require.Regexp(t, `rows that cannot be read +1\b`, out.String())
	require.Contains(t, progress.String(), `not read: line 3: sys_updated_at "someday" is not a time`)
}

func TestWhatCannotBeDoneIsSaid(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.csv")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for want, args := range map[string][]string{
		"no such file":            {"-log", "none.csv"},
		"a header was expected":   {"-log", empty},
		"unknown time zone Mars":  {"-zone", "Mars"},
		"a log is given by -log":  {"log.csv"},
		"not a directory":         {"-out", filepath.Join(empty, "under")},
		"flag provided but not d": {"-nonsense"},
	} {
		var out, progress bytes.Buffer
		require.ErrorContains(t, run(context.Background(), args, &out, &progress), want)
		require.Empty(t, out.String())
	}
	var out, progress bytes.Buffer
	require.ErrorIs(t, run(context.Background(), []string{"-h"}, &out, &progress), flag.ErrHelp)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, run(ctx, []string{"-out", t.TempDir()}, &out, &progress), context.Canceled)
}
