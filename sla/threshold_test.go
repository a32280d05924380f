package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/workflow"
)

func TestEscalation(t *testing.T) {
	targets, err := sla.ParseTargets([]byte(`[{"name":"resolution","stop":{"category":["resolved"]},"pause":{"category":["on_hold"]},
		"goals":[{"within":"8h","calendar":"office hours"}],
		"thresholds":[{"percent":50},{"before":"1h","do":["notify:assignee"]},{"percent":100,"do":["page:manager"]},{"after":"30m","do":["call:manager","post:status page"]},{"percent":150}]}]`), officeHours(t))
	require.NoError(t, err)
	e := engine(t, targets...)
	clocks, _, err := e.Advance(nil, active, monday, "")
	require.NoError(t, err)
	var told []sla.Alert
	for alarms := e.Alarms(clocks); len(alarms) > 0; alarms = e.Alarms(clocks) {
		var alerts []sla.Alert
		clocks, alerts, err = e.Advance(clocks, active, alarms[0].Due, "")
		require.NoError(t, err)
		require.Len(t, alerts, 1, "an alarm for each")
		told = append(told, alerts...)
	}
	day := func(n, hour, minute int) time.Time { return time.Date(2026, 3, n, hour, minute, 0, 0, time.UTC) }
	require.Equal(t, []sla.Alert{
		{Target: "resolution", Kind: sla.AlertWarning, Threshold: "50 %", Percent: 50, At: day(2, 14, 0)},
		{Target: "resolution", Kind: sla.AlertWarning, Threshold: "1h0m0s before due", At: day(3, 9, 0).Add(-16 * time.Hour), Do: []string{"notify:assignee"}},
		{Target: "resolution", Kind: sla.AlertBreach, Threshold: "100 %", Percent: 100, At: day(3, 10, 0), Do: []string{"page:manager"}},
		{Target: "resolution", Kind: sla.AlertOverdue, Threshold: "30m0s after due", At: day(3, 10, 30), Do: []string{"call:manager", "post:status page"}},
		{Target: "resolution", Kind: sla.AlertOverdue, Threshold: "150 %", Percent: 150, At: day(3, 15, 0)},
	}, told)
	// A pause holds up what lies beyond the goal as well.
	paused, _, err := e.Advance(nil, active, monday, "")
	require.NoError(t, err)
	paused, _, err = e.Advance(paused, waiting, day(3, 10, 20), "")
	require.NoError(t, err)
	paused, alerts, err := e.Advance(paused, active, day(4, 9, 0), "")
	require.NoError(t, err)
	require.Empty(t, alerts)
	require.Equal(t, day(4, 9, 10), e.Alarms(paused)[0].Due)
}

func TestThresholdsAreChecked(t *testing.T) {
	_, err := sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: always(time.Hour), Thresholds: []sla.Threshold{
		{Percent: 1001}, {Percent: 50, Before: time.Hour}, {Before: -1}, {After: time.Hour}, {After: time.Hour}}})
	for _, want := range []string{"threshold 1: want", "threshold 2: want", "threshold 3: want", "1h0m0s after due is there twice"} {
		require.ErrorContains(t, err, want)
	}
	_, err = sla.NewEngine(sla.Target{Name: "x", Stop: sla.OnResolved, Goals: always(time.Hour), Thresholds: make([]sla.Threshold, 51)})
	require.ErrorContains(t, err, "51 thresholds, at most 50")
	_, err = sla.ParseTargets([]byte(`[{"name":"x","stop":{"responded":true},"goals":[{"days":1,"by":"25:00","calendar":"24x7"}],"thresholds":[{"before":"soon"},{"after":"-1h"}]}]`))
	require.ErrorIs(t, err, workflow.ErrInvalid)
	for _, want := range []string{`by "25:00"`, `before "soon"`, `after "-1h"`} {
		require.ErrorContains(t, err, want)
	}
}
