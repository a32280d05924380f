package request_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident/request"
	"github.com/itsm-go/itsm/incident/request/catalog"
	"github.com/itsm-go/itsm/workflow"
)

// Whatever a portal sends is refused with an error of a known class, or makes a request
// that is found as it was written.
func FuzzParseOrder(f *testing.F) {
	for _, s := range []string{
		`{"lines":[{"item":"laptop","quantity":2,"answers":{"data":"public","memory":"32"}}]}`,
		`{"for":"bob","title":"T","begin":"2026-04-01T00:00:00Z","lines":[{"bundle":"new starter","answers":{"role":"sales","data":"public"},"without":["desk"]}]}`,
		`{"lines":[{"id":"1","item":"phone"},{"item":"parking"},{"item":"laptop"}],"fields":{"x":1}}`,
		`{"lines":[{"item":"phone","bundle":"new starter"}]}`,
		`{"begin":"9999-12-31T23:59:59Z"}`, `{}`, `[]`, `null`,
	} {
		f.Add([]byte(s))
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := request.ParseOrder(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		for _, create := range []func() (*request.Request, error){
			func() (*request.Request, error) { return w.Draft(ctx, carl, o) },
			func() (*request.Request, error) { return w.Place(ctx, carl, o) },
		} {
			r, err := create()
			if err != nil {
				require.True(t, errors.Is(err, workflow.ErrInvalid) || errors.Is(err, workflow.ErrNotFound) || errors.Is(err, workflow.ErrForbidden) || errors.Is(err, catalog.ErrNotEntitled), "%v", err)
				continue
			}
			stored, err := w.Get(ctx, r.ID)
			require.NoError(t, err)
			want, err := json.Marshal(r)
			require.NoError(t, err)
			have, err := json.Marshal(stored)
			require.NoError(t, err)
			require.JSONEq(t, string(want), string(have))
		}
	})
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"job":"01890a5d-ac96-774b-bcce-b302099a8057","results":{"login":"ann"}}`))
	f.Add([]byte(`{"job":"00000000-0000-0000-0000-000000000000","failed":"no licence"}`))
	w := newWorld(f)
	r := w.place(one("account"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := request.ParseReport(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		_, err = w.Report(ctx, robo, r.ID, a)
		if err != nil {
			require.True(t, errors.Is(err, workflow.ErrInvalid) || errors.Is(err, request.ErrStaleJob), "%v", err)
		}
	})
}
