package incident_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/incident"
	"github.com/itsm-go/itsm/workflow"
)

func TestParsingIsStrict(t *testing.T) {
	for _, bad := range []string{``, `{`, `[]`, `{"impacts":["high"],"rows":1}`, `{"impacts":["tall"]}`, `{} {}`, `{}]`, `null`} {
		_, err := incident.ParseMatrix([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
	for _, bad := range []string{``, `[]`, `{"titel":"x"}`, `{"impact":"tall"}`, `{"vip":"yes"}`, `{} {}`, `{}]`, `{"parent":"x"}`} {
		_, err := incident.ParseReport([]byte(bad))
		require.ErrorIs(t, err, workflow.ErrInvalid, bad)
	}
	r, err := incident.ParseReport([]byte(`{"title":"Disk full","impact":"high","urgency":"low","cis":["db1"],"fields":{"rack":"7"}}`))
	require.NoError(t, err)
	require.Equal(t, incident.Report{Title: "Disk full", Impact: incident.High, Urgency: incident.Low,
		CIs: []string{"db1"}, Fields: map[string]any{"rack": "7"}}, r)
}

func FuzzParseMatrix(f *testing.F) {
	for _, m := range []incident.Matrix{incident.ServiceNowMatrix(), incident.GLPIMatrix()} {
		b, err := json.Marshal(m)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := incident.ParseMatrix(b)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		for _, impact := range m.Impacts {
			for _, urgency := range m.Urgencies {
				_, err := m.Priority(impact, urgency)
				require.NoError(t, err, "a matrix that is accepted has an answer to everything")
			}
		}
		again, err := json.Marshal(m)
		require.NoError(t, err)
		same, err := incident.ParseMatrix(again)
		require.NoError(t, err)
		require.Equal(t, m, same)
	})
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"title":"Mail is down","caller":"carl","impact":"high","urgency":"low","channel":"mail","fields":{"n":1}}`))
	f.Add([]byte(`{"template":"printer"}`))
	f.Add([]byte(`{"title":"\u0000","cis":["",""],"watchers":[""],"parent":"00000000-0000-0000-0000-000000000001"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := incident.ParseReport(b)
		if err != nil {
			require.ErrorIs(t, err, workflow.ErrInvalid)
			return
		}
		// Whatever was read, opening it either works, and the incident verifies,
		// or is refused in full.
		w := newWorld(t, incident.Config{})
		if inc, err := w.Open(t.Context(), ann, r); err != nil {
			require.Nil(t, inc)
		}
	})
}

func TestDiagramOfTheLifecycle(t *testing.T) {
	for name, draw := range map[string]func(workflow.Definition) string{"lifecycle.mmd": workflow.Mermaid, "lifecycle.dot": workflow.DOT} {
		file := filepath.Join("testdata", name)
		got := draw(incident.Lifecycle())
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got)
	}
}
