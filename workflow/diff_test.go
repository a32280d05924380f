package workflow_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

func TestDiffNamesWhatChanged(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           []string // path old → new; an empty side is absent
	}{
		{"creation lists every field", ``, `{"a":1,"b":"x"}`, []string{`/a  → 1`, `/b  → "x"`}},
		{"equal values differ in nothing", `{"a":[1,{"b":2}]}`, `{"a":[1,{"b":2}]}`, nil},
		{"a changed field", `{"a":1,"b":2}`, `{"a":1,"b":3}`, []string{`/b 2 → 3`}},
		{"a field within a field", `{"a":{"b":{"c":1}}}`, `{"a":{"b":{"c":2}}}`, []string{`/a/b/c 1 → 2`}},
		{"a field added and one taken away", `{"a":1}`, `{"b":1}`, []string{`/b  → 1`, `/a 1 → `}},
		{"appending is one change", `{"l":[1,2]}`, `{"l":[1,2,3]}`, []string{`/l/2  → 3`}},
		{"surplus places go from the end", `{"l":[1,2,3]}`, `{"l":[1]}`, []string{`/l/2 3 → `, `/l/1 2 → `}},
		{"another type replaces", `{"a":{"b":1}}`, `{"a":[1]}`, []string{`/a {"b":1} → [1]`}},
		{"names are escaped as RFC 6901 says", `{"a/b~c":1}`, `{"a/b~c":2}`, []string{`/a~1b~0c 1 → 2`}},
		{"strings may hold brackets and quotes", `{"a":"]}\",{["}`, `{"a":"[","b":null}`, []string{`/a "]}\",{[" → "["`, `/b  → null`}},
		{"numbers keep their digits", `{"n":12345678901234567890}`, `{"n":12345678901234567891}`, []string{`/n 12345678901234567890 → 12345678901234567891`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes, err := workflow.Diff(json.RawMessage(c.old), json.RawMessage(c.new))
			require.NoError(t, err)
			var got []string
			for _, ch := range changes {
				got = append(got, fmt.Sprintf("%s %s → %s", ch.Path, ch.Old, ch.New))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestReplayingTheDiffsOfARandomHistoryGivesItsEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var events []workflow.Event
		var state json.RawMessage
		for v := range 6 {
			next, err := json.Marshal(randomObject(r, 3))
			require.NoError(t, err)
			changes, err := workflow.Diff(state, next)
			require.NoError(t, err)
			events = append(events, workflow.Event{Version: int64(v + 1), Changes: changes})
			state = next
			replayed, err := workflow.Replay(events)
			require.NoError(t, err)
			if len(changes) > 0 || len(events) > 1 {
				require.JSONEq(t, string(state), stringOr(replayed, "{}"))
			}
		}
	}
}

func stringOr(b []byte, empty string) string {
	if string(b) == "null" {
		return empty
	}
	return string(b)
}

func randomObject(r *rand.Rand, depth int) map[string]any {
	m := map[string]any{}
	for range r.IntN(5) {
		m[string(rune('a'+r.IntN(4)))+[]string{"", "/", "~", `"`}[r.IntN(4)]] = randomValue(r, depth)
	}
	return m
}

func randomValue(r *rand.Rand, depth int) any {
	switch n := r.IntN(6); {
	case n == 0 && depth > 0:
		return randomObject(r, depth-1)
	case n == 1 && depth > 0:
		l := []any{}
		for range r.IntN(4) {
			l = append(l, randomValue(r, depth-1))
		}
		return l
	case n == 2:
		return nil
	case n == 3:
		return []string{"", `}]"\`, "<&>", "ü\x00"}[r.IntN(4)]
	default:
		return r.IntN(3)
	}
}

func TestReplayRefusesEventsThatDoNotFit(t *testing.T) {
	base := workflow.Event{Version: 1, Changes: []workflow.Change{{Path: "/l", New: json.RawMessage(`[1]`)}}}
	for _, c := range []workflow.Change{
		{Path: "/l", New: json.RawMessage(`[2]`)},
		{Path: "/l", Old: json.RawMessage(`[2]`), New: json.RawMessage(`[3]`)},
		{Path: "/x", Old: json.RawMessage(`1`)},
		{Path: "/l/5", New: json.RawMessage(`1`)},
		{Path: "/l/0/y", New: json.RawMessage(`1`)},
		{Path: "/l/1/y", New: json.RawMessage(`1`)},
		{Path: "/x/y", New: json.RawMessage(`1`)},
		{Path: "/l/-1", New: json.RawMessage(`1`)},
	} {
		_, err := workflow.Replay([]workflow.Event{base, {Version: 2, Changes: []workflow.Change{c}}})
		require.ErrorIs(t, err, workflow.ErrTampered, "%+v", c)
	}
}

func FuzzDiff(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"}"}]}`), []byte(`{"a":[]}`))
	f.Add([]byte(`{"a":`), []byte(`[1]`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var x, y any
		if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
			_, _ = workflow.Diff(a, b) // must not panic
			return
		}
		a, _ = json.Marshal(x)
		b, _ = json.Marshal(y)
		if a[0] != '{' || b[0] != '{' {
			return
		}
		first, err := workflow.Diff(nil, a)
		require.NoError(t, err)
		second, err := workflow.Diff(a, b)
		require.NoError(t, err)
		got, err := workflow.Replay([]workflow.Event{{Changes: first}, {Changes: second}})
		require.NoError(t, err)
		require.JSONEq(t, string(b), stringOr(got, "{}"))
	})
}

func FuzzDecodeEvent(f *testing.F) {
	e := workflow.Event{Ref: workflow.Ref{Kind: "ticket"}, Version: 1, Type: "x", Actor: ann, At: t0, Changes: []workflow.Change{}}
	require.NoError(f, e.Seal())
	b, err := e.Encode()
	require.NoError(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := workflow.DecodeEvent(b)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrTampered)
			return
		}
		again, err := e.Encode()
		require.NoError(t, err)
		require.Equal(t, string(b), string(again))
	})
}
