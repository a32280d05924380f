package knownerror_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/problem/knownerror"
	"github.com/itsm-go/itsm/workflow"
)

// roundTrip checks that what is read can be written and read again, and that what is
// refused is refused as wrong input.
func roundTrip[T any](t *testing.T, data []byte, parse func([]byte) (T, error)) {
	v, err := parse(data)
	if err != nil {
		require.ErrorIs(t, err, workflow.ErrInvalid)
		return
	}
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	again, err := parse(raw)
	require.NoError(t, err)
	other, err := json.Marshal(again)
	require.NoError(t, err)
	require.JSONEq(t, string(raw), string(other))
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"title":"x","codes":["0x80070035"],"versions":{"from":"1","fixed":"2"},"fields":{"a":1}}`))
	f.Add([]byte(`{"title":"x","items":["mail01"],"near":[{"item":"esx7","distance":2}],"products":[{"model":"m"}]}`))
	f.Add([]byte(`{"item":4,"least":1,"most":3}`))
	f.Add([]byte(`{"known_error":"01890a5d-ac96-774b-bcce-b302099a8057","what":["workaround"],"cases":[]}`))
	f.Add([]byte(`{"unknown":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, data, knownerror.ParseContent)
		roundTrip(t, data, knownerror.ParseCase)
		roundTrip(t, data, knownerror.ParseRanking)
		roundTrip(t, data, knownerror.ParseChanged)
	})
}

func TestJSONIsReadStrictly(t *testing.T) {
	_, err := knownerror.ParseContent([]byte(`{"title":"x","colour":"red"}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	r, err := knownerror.ParseRanking([]byte(`{"item": 7}`))
	require.NoError(t, err)
	require.Equal(t, 7.0, r.Item)
	require.Equal(t, knownerror.StarterRanking().Code, r.Code)
	_, err = knownerror.ParseRanking([]byte(`{"most": 99, "least": 0}`))
	require.ErrorContains(t, err, "99")
	require.ErrorContains(t, err, "more than 0")
	_, err = knownerror.ParseCase([]byte(`{"near":[{"item":"a","distance":-1}]}`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
}
