package main

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the story as it is told now")

const golden = "testdata/story.txt"

func told(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(args, &out, io.Discard))
	return out.String()
}

func TestTheStory(t *testing.T) {
	got := told(t)
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestTheReportAndThePicture(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "outage")
	out := told(t, "-out", dir)
	for name, parts := range map[string][]string{
		"report.html": {"INC0000001: san-02 does not answer", "Harbour Books, reviewed by ron", "time to resolve", "2 h",
			"child incidents: 7 joined, 11 in all", "update 2, identified", "Alarm on the uptime of arrays", "dropped", "Nobody can buy a book.",
			"<td>san-02 (CI0000001)</td>", "Web shop (down), Warehouse (down), Branch tills (degraded)", "san-02 → orders → figures → Reporting",
			"resolver</th><td>stig</td><td class=\"short\">2026-03-10 09:17:00 CET</td><td class=\"short\">2026-03-18 09:30:00 CET"},
		"impact.svg": {"san-02 is down", "INC0000001", "Web shop", "Warehouse", "Branch tills", "Reporting", "cause", "CI0000001, storage"},
	} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Contains(t, out, filepath.Join(dir, name))
		for _, part := range parts {
			require.Contains(t, string(raw), part, name)
		}
		wellFormed(t, name, raw)
	}
	for _, absent := range []string{"san-03", "Olga Olsen", "Branches", "Warehouse crew"} {
		require.NotContains(t, read(t, filepath.Join(dir, "impact.svg")), absent, "it is up, or is no part of what failed")
	}
}

func TestTheFilesAreTheSameTwice(t *testing.T) {
	first, second := t.TempDir(), t.TempDir()
	told(t, "-out", first)
	told(t, "-out", second)
	for _, name := range []string{"report.html", "impact.svg"} {
		require.Equal(t, read(t, filepath.Join(first, name)), read(t, filepath.Join(second, name)))
	}
}

func TestWrongArguments(t *testing.T) {
	require.ErrorContains(t, run([]string{"now"}, io.Discard, io.Discard), `what is "now"?`)
	require.ErrorContains(t, run([]string{"-nothing"}, io.Discard, io.Discard), "nothing")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	var out bytes.Buffer
	require.ErrorContains(t, run([]string{"-out", file}, &out, io.Discard), "-out")
	require.Empty(t, out.String(), "nothing is told for a folder that cannot be")
}

func TestHelpExplains(t *testing.T) {
	var usage bytes.Buffer
	require.ErrorIs(t, run([]string{"-h"}, io.Discard, &usage), flag.ErrHelp)
	require.Contains(t, usage.String(), "-out folder")
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(raw)
}

func wellFormed(t *testing.T, name string, raw []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(raw))
	var err error
	for err == nil {
		_, err = d.Token()
	}
	require.Equal(t, io.EOF, err, "%s is well-formed", name)
}
