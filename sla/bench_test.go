package sla_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/sla"
	"github.com/itsm-go/itsm/sla/calendar"
)

// A record's clocks are advanced with each of its changes, read for each line of
// a list, and asked for their next alarm with each commit.
func BenchmarkClock(b *testing.B) {
	office := officeHours(b)
	e, err := sla.NewEngine(
		sla.Target{Name: "response", Stop: sla.OnResponded, Goals: []sla.Goal{sla.Within(30*time.Minute, office)}},
		sla.Target{Name: "resolution", Stop: sla.OnResolved, Pause: sla.OnHold("vendor"), Thresholds: []sla.Threshold{{Percent: 50}, {Percent: 75}},
			Goals: []sla.Goal{sla.Within(4*time.Hour, calendar.Always(), 1), sla.Within(16*time.Hour, office)}},
	)
	require.NoError(b, err)
	started, _, err := e.Advance(nil, active, monday, "")
	require.NoError(b, err)
	paused, _, err := e.Advance(started, waiting, monday.Add(time.Hour), "vendor")
	require.NoError(b, err)

	b.Run("start two", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = e.Advance(nil, active, monday, "")
		}
	})
	b.Run("nothing new", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = e.Advance(started, active, monday.Add(time.Minute), "")
		}
	})
	b.Run("pause", func(b *testing.B) {
		for b.Loop() {
			_, _, _ = e.Advance(started, waiting, monday.Add(time.Hour), "vendor")
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			_, _ = e.Read(paused[1], monday.Add(48*time.Hour))
		}
	})
	b.Run("alarms", func(b *testing.B) {
		for b.Loop() {
			e.Alarms(started)
		}
	})
	b.Run("explain a month", func(b *testing.B) {
		for b.Loop() {
			_, _ = e.Explain(started[1], monday.AddDate(0, 1, 0))
		}
	})
}
