package exchange_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/itsm-go/itsm/cmdb/exchange"
	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

func TestALineIsAPayload(t *testing.T) {
	got := reads(t, exchange.ReadJSONL(lines(
		"\ufeff"+`{"source":"scan","key":"1","at":"2026-03-02T12:00:00Z","class":"server","name":"a","state":"in_use","attributes":{"cpus":4},"relations":[{"type":"connects_to","source":"vcenter","key":"2"}]}`,
		"", "   ",
		`{"source":"scan","key":"2","at":"2026-03-02T12:00:00Z","class":"server","attributes":{},"relations":[],"gone":true}`,
	)))
	require.Equal(t, []reconcile.Payload{
		{Source: "scan", Key: "1", At: noon, Class: "server", Name: "a", State: "in_use", Attributes: map[string]any{"cpus": 4.0},
			Relations: []reconcile.Link{{Type: "connects_to", Source: "vcenter", Key: "2"}}},
		{Source: "scan", Key: "2", At: noon, Class: "server", Gone: true},
	}, got)
}

func TestALineThatIsNoPayloadIsToldWithItsNumber(t *testing.T) {
	for text, want := range map[string]string{
		`{"source":"scan","colour":"red"}`: `unknown field "colour"`,
		`{"source":"scan"} {}`:             "more follows",
		`{"source":`:                       "unexpected EOF",
		`null`:                             "want a JSON object",
		`[]`:                               "want a JSON object",
		`{"at":"yesterday"}`:               "parsing time",
		"{\"source\":\"\xff\"}":            "the text is not UTF-8",
	} {
		got, _, wrong := read(exchange.ReadJSONL(lines("", text, `{"source":"scan","key":"2"}`)))
		require.Len(t, got, 1, "%s: the next line is read", text)
		require.Len(t, wrong, 1, text)
		var e *exchange.LineError
		require.ErrorAs(t, wrong[0], &e)
		require.Equal(t, exchange.LineError{File: exchange.FilePayloads, Line: 2, Err: e.Err}, *e)
		require.ErrorIs(t, e, workflow.ErrInvalid)
		require.ErrorContains(t, e, "payloads line 2: invalid: ")
		require.ErrorContains(t, e, want)
	}
}

func TestALineHasItsLimit(t *testing.T) {
	got, _, wrong := read(exchange.ReadJSONL(lines(`{"source":"scan"}`, strings.Repeat("x", exchange.MaxRow+1), `{"source":"scan"}`)))
	require.Len(t, got, 1)
	require.Len(t, wrong, 1)
	require.ErrorIs(t, wrong[0], workflow.ErrInvalid)
	require.ErrorContains(t, wrong[0], "payloads line 2: more than 4194304 bytes")
}

func TestJSONLinesHoldEverything(t *testing.T) {
	said := []reconcile.Payload{
		{Source: "a", Key: "<1>", At: noon, Class: "server", Name: " two\r\nlines ", State: "in_use", Gone: true,
			Attributes: map[string]any{"cpus": 2.5, "os": "=1+1", "odd": []any{"x", nil}},
			Relations:  []reconcile.Link{{Type: "connects_to", Source: "b", Key: "2"}}},
		{Source: "b", Key: "2", At: noon, Class: "server"},
	}
	text := written(t, func(b *bytes.Buffer) error { return exchange.WriteJSONL(b, said) })
	require.Equal(t, said, reads(t, exchange.ReadJSONL(strings.NewReader(text))))
}
