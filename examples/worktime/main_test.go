package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Every case is answered as the file wants it. Instants are compared as such,
// and numbers to the nanosecond.
func TestEveryCaseIsAnswered(t *testing.T) {
	cases, err := os.ReadFile("../../sla/calendar/testdata/business-time.jsonl")
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, run(bytes.NewReader(cases), &out))
	answers := bufio.NewScanner(&out)
	answers.Buffer(nil, maxLine)
	n := 0
	for line := range strings.Lines(string(cases)) {
		var c struct {
			ID   string
			Want any
		}
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		require.True(t, answers.Scan())
		var got struct {
			ID    string
			Got   any
			Error string
		}
		require.NoError(t, json.Unmarshal(answers.Bytes(), &got))
		require.Equal(t, c.ID, got.ID)
		require.Empty(t, got.Error, c.ID)
		requireAnswer(t, c.ID, c.Want, got.Got)
		n++
	}
	require.Equal(t, 553, n)
}

// requireAnswer asks for everything that is wanted; more may be told.
func requireAnswer(t *testing.T, id string, want, got any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		require.True(t, ok, id)
		for key, v := range w {
			require.Contains(t, g, key, id)
			requireAnswer(t, id+" "+key, v, g[key])
		}
	case []any:
		g, ok := got.([]any)
		require.True(t, ok, id)
		require.Len(t, g, len(w), id)
		for i := range w {
			requireAnswer(t, id, w[i], g[i])
		}
	case float64:
		g, ok := got.(float64)
		require.True(t, ok && math.Abs(w-g) < 1e-9, "%s: want %v, got %v", id, w, got)
	case string:
		at, err := time.Parse(time.RFC3339Nano, w)
		if err != nil {
			require.Equal(t, want, got, id)
			return
		}
		text, _ := got.(string)
		g, err := time.Parse(time.RFC3339Nano, text)
		require.True(t, err == nil && at.Equal(g), "%s: want %v, got %v", id, w, got)
	default:
		require.Equal(t, want, got, id)
	}
}

func TestWhatCannotBeAnsweredIsSaid(t *testing.T) {
	const cal = `"calendar":{"tz":"UTC","weekly":{"mon":[["09:00","17:00"]]}}`
	for question, want := range map[string]string{
		`nonsense`:                          "invalid character",
		`{"id":"x","op":"add",` + cal + `}`: "start is missing",
		`{"id":"x","op":"add","start":"2026-03-02T09:00:00Z",` + cal + `}`:                                         "business_seconds is missing",
		`{"id":"x","op":"add","start":"2026-03-02T09:00:00Z","business_seconds":1e12,` + cal + `}`:                 "more than can be counted",
		`{"id":"x","op":"between","start":"2026-03-02T09:00:00Z",` + cal + `}`:                                     "end is missing",
		`{"id":"x","op":"add_days","start":"2026-03-02T09:00:00Z",` + cal + `}`:                                    "days is missing",
		`{"id":"x","op":"segments","start":"2026-03-02T09:00:00Z","count":-1,` + cal + `}`:                         "not a number from 0",
		`{"id":"x","op":"dance","start":"2026-03-02T09:00:00Z",` + cal + `}`:                                       `unknown operation "dance"`,
		`{"id":"x","op":"is_open","calendar":{"tz":"Mars/Base","weekly":{}}}`:                                      "Mars/Base",
		`{"id":"x","op":"is_open","calendar":{"tz":"UTC","weekly":{"montag":[]}}}`:                                 `"montag" is not one of`,
		`{"id":"x","op":"resolve","local":"2026-03-02 09:00",` + cal + `}`:                                         "not a reading",
		`{"id":"x","op":"resolve","local":"2026-03-02T25:00",` + cal + `}`:                                         "not a time of day",
		`{"id":"x","op":"sla",` + cal + `}`:                                                                        "targets or events are missing",
		`{"id":"x","op":"sla","targets":[{"name":"t"}],"events":[{"type":"start"}],` + cal + `}`:                   "goal 1 needs either",
		`{"id":"x","op":"sla","targets":[{"name":"t","business_days":1}],"events":[{"type":"nap"}],` + cal + `}`:   `unknown event "nap"`,
		`{"id":"x","op":"sla","targets":[{"name":"t","business_days":1}],"events":[{"type":"pause"}],` + cal + `}`: "no event starts it",
	} {
		var out bytes.Buffer
		require.NoError(t, run(strings.NewReader(question+"\n\n"), &out), question)
		var r reply
		require.NoError(t, json.Unmarshal(out.Bytes(), &r))
		require.Nil(t, r.Got, question)
		require.Contains(t, r.Error, want, question)
	}
	require.Error(t, run(strings.NewReader(strings.Repeat("x", maxLine+1)), new(bytes.Buffer)))
}
