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

const told = "testdata/week.txt"

func TestTheWeek(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(nil, &out, io.Discard))
	if *update {
		require.NoError(t, os.WriteFile(told, out.Bytes(), 0o644))
	}
	want, err := os.ReadFile(told)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String())
}

func TestThePictures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "week")
	var out bytes.Buffer
	require.NoError(t, run([]string{"-out", dir}, &out, io.Discard))
	for _, name := range []string{"schedule.svg", "schedule.html"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Contains(t, out.String(), name)
		for _, number := range []string{"CHG0000001", "CHG0000002", "CHG0000003", "CHG0000004", "CHG0000005"} {
			require.Contains(t, string(raw), number, name)
		}
		d := xml.NewDecoder(bytes.NewReader(raw))
		for {
			if _, err = d.Token(); err != nil {
				break
			}
		}
		require.Equal(t, io.EOF, err, "%s is well-formed", name)
	}
}

func TestWrongArguments(t *testing.T) {
	require.ErrorContains(t, run([]string{"monday"}, io.Discard, io.Discard), "monday")
	require.Error(t, run([]string{"-nothing"}, io.Discard, io.Discard))
}
