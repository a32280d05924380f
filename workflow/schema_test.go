package workflow_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/workflow"
)

var building = workflow.Ref{Kind: "location", ID: uuid.MustParse("01890a5d-ac96-774b-bcce-b302099a8057")}

func demoSchema(t testing.TB) workflow.Schema {
	s, err := workflow.NewSchema(
		workflow.Field{Name: "room", Type: workflow.FieldString, Max: 5, Required: true},
		workflow.Field{Name: "seats", Type: workflow.FieldNumber, Indexed: true},
		workflow.Field{Name: "price", Type: workflow.FieldDecimal, Indexed: true},
		workflow.Field{Name: "secret", Type: workflow.FieldBool},
		workflow.Field{Name: "since", Type: workflow.FieldTime, Indexed: true},
		workflow.Field{Name: "size", Type: workflow.FieldEnum, Values: []string{"small", "large"}},
		workflow.Field{Name: "site", Type: workflow.FieldReference, Kinds: []string{"location"}},
	)
	require.NoError(t, err)
	return s
}

func TestSchemaBringsGoValuesAndJSONToTheSameForm(t *testing.T) {
	s := demoSchema(t)
	since := time.Date(2026, 1, 31, 9, 0, 0, 123456789, time.FixedZone("", 3600))
	_, err := s.Check(map[string]any{"room": "4.12", "unset": nil})
	require.ErrorContains(t, err, "unset", "a field that is not declared is refused even when nil")
	fromGo, err := s.Check(map[string]any{
		"room": "4.12", "seats": 6, "price": decimal.RequireFromString("19.90"),
		"secret": true, "since": since, "size": "large", "site": building,
	})
	require.NoError(t, err)
	fromJSON, err := s.ParseFields([]byte(`{"room":"4.12","seats":6,"price":"19.9","secret":true,
		"since":"2026-01-31T09:00:00.123456+01:00","size":"large","site":"` + building.String() + `"}`))
	require.NoError(t, err)
	require.Equal(t, fromGo, fromJSON)
	price, ok := fromJSON.Decimal("price")
	require.True(t, ok)
	require.Equal(t, "19.9", price.String())
	at, ok := fromJSON.Time("since")
	require.True(t, ok)
	require.True(t, at.Equal(since.Truncate(time.Microsecond)))
	site, ok := fromJSON.Reference("site")
	require.True(t, ok)
	require.Equal(t, building, site)
}

func TestSchemaNamesEveryWrongValue(t *testing.T) {
	_, err := demoSchema(t).Check(map[string]any{
		"seats": math.NaN(), "price": "1e1000000000", "secret": "yes", "since": "yesterday",
		"size": "medium", "site": "person/" + building.ID.String(), "colour": "red",
	})
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{"room is required", "seats: NaN", "price: ", "secret: string is not a value of type bool",
		"since: ", `size: "medium" is not one of small, large`, "site: ", `"colour" is not declared`} {
		require.ErrorContains(t, err, want)
	}
}

func TestSchemaDeclarationsAreChecked(t *testing.T) {
	_, err := workflow.NewSchema(
		workflow.Field{Name: "a b", Type: workflow.FieldString},
		workflow.Field{Name: "x", Type: "colour"},
		workflow.Field{Name: "x", Type: workflow.FieldEnum},
		workflow.Field{Name: "y", Type: workflow.FieldBool, Kinds: []string{"z"}, Max: 3},
		workflow.Field{Name: "z", Type: workflow.FieldEnum, Values: []string{"a", "a"}},
	)
	for _, want := range []string{"field 1 (a b): a name", `unknown type "colour"`, `"x" is declared twice`,
		"an enum, and nothing else", "only a reference has kinds", "max is for strings", `value "a" is empty or listed twice`} {
		require.ErrorContains(t, err, want)
	}
	_, err = workflow.ParseSchema([]byte(`[{"name":"a","type":"bool","colour":1}]`))
	require.ErrorContains(t, err, "colour")
}

func TestKeysSortAsTheirValuesDo(t *testing.T) {
	ints := []int64{math.MinInt64, -10, -9, -1, 0, 1, 9, 10, 100, math.MaxInt64}
	require.True(t, slices.IsSortedFunc(ints, func(a, b int64) int {
		x, y := workflow.IntKey(a), workflow.IntKey(b)
		if x < y {
			return -1
		}
		return 1
	}))
	amounts := []string{"-900000000000", "-12.5", "-12.49", "0", "0.000000001", "9", "10", "99999999999"}
	for i := 1; i < len(amounts); i++ {
		a, b := decimal.RequireFromString(amounts[i-1]), decimal.RequireFromString(amounts[i])
		require.Less(t, workflow.DecimalKey(a), workflow.DecimalKey(b))
	}
	require.Less(t, workflow.TimeKey(t0), workflow.TimeKey(t0.Add(time.Nanosecond)))
	require.Less(t, workflow.TimeKey(time.Time{}), workflow.TimeKey(t0))
}

func FuzzParseFields(f *testing.F) {
	f.Add([]byte(`{"room":"1","price":"1.5","site":"location/01890a5d-ac96-774b-bcce-b302099a8057"}`))
	f.Add([]byte(`{"room":1e999}`))
	s := demoSchema(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := s.ParseFields(b)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		again, err := s.Check(v)
		require.NoError(t, err)
		require.Equal(t, v, again, "the normal form is its own normal form")
		s.Index(v)
	})
}

func TestIDsAscendEvenWhenTheClockDoesNot(t *testing.T) {
	ids := workflow.SeededIDs(7)
	last := workflow.ID{}
	for i := range 10_000 {
		at := t0.Add(-time.Duration(i%3) * time.Second)
		id := ids.NewID(at)
		require.Greater(t, id.String(), last.String())
		require.EqualValues(t, 7, id.Version())
		require.Equal(t, uuid.RFC4122, id.Variant())
		last = id
	}
	require.Equal(t, workflow.SeededIDs(3).NewID(t0), workflow.SeededIDs(3).NewID(t0))
}

func TestNothingMayFollowAJSONValue(t *testing.T) {
	for _, tail := range []string{"}", "]", "{}", " x"} {
		_, err := demoSchema(t).ParseFields([]byte(`{"room":"1"}` + tail))
		require.ErrorIs(t, err, workflow.ErrInvalid, tail)
	}
}
