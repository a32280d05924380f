package reconcile_test

import (
	"encoding/json"
	"testing"

	"github.com/itsm-go/itsm/cmdb/reconcile"
	"github.com/itsm-go/itsm/workflow"
	"github.com/stretchr/testify/require"
)

// Whatever a source sends, it gets a decision with a reason; and the same again
// changes nothing.
func FuzzPayloads(f *testing.F) {
	f.Add([]byte(`{"source":"scan","key":"1","at":"2026-03-02T12:00:00Z","class":"server","name":"a","attributes":{"serial_number":"4711","cpus":4},"relations":[{"type":"connects_to","key":"2"}]}`))
	f.Add([]byte(`{"source":"scan","key":"1","at":"2026-03-02T12:00:00Z","class":"application","relations":[{"type":"runs_on","key":"1"}],"gone":true}`))
	f.Add([]byte(`{"source":"","key":"\u0000","class":"item"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p reconcile.Payload
		if json.Unmarshal(data, &p) != nil {
			return
		}
		w := newWorld(t, starter())
		for range 2 {
			ds, err := w.Ingest(ctx, robot, p)
			require.NoError(t, err)
			require.Len(t, ds, 1)
			require.NotEmpty(t, ds[0].Reasons)
		}
		before := w.content()
		_, err := w.Ingest(ctx, robot, p)
		require.NoError(t, err)
		require.Equal(t, before, w.content())
	})
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"rules":[{"class":"server","identifiers":[{"attributes":["serial_number"]}]}],"sources":[{"name":"a","creates":["server"]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := reconcile.ParseConfig(data)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		w := newWorld(t, starter())
		if _, err := reconcile.New(w.desk, w.inv, cfg); err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
		}
	})
}
