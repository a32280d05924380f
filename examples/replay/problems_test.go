package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/examples/replay/snlog"
)

// The sample log with forty incidents of one item, on one of its last days: a problem.
func TestProblemsAreProposedFromTheLogAndNotFromShuffledOnes(t *testing.T) {
	c, err := parse([]string{"-shuffle", "5"}, io.Discard)
	require.NoError(t, err)
	log, _, err := c.read()
	require.NoError(t, err)
	day := log.Incidents[len(log.Incidents)-1].Rows[0].Opened.AddDate(0, 0, -10)
	for i := range 40 {
		log.Incidents = append(log.Incidents, snlog.Incident{Number: "X" + string(rune('A'+i)), Rows: []snlog.Row{{
			Opened: day.Add(time.Duration(i) * time.Minute), Caller: "c" + string(rune('A'+i)), Category: "Network", ConfigurationItem: "switch-7"}}})
	}
	p, err := c.propose(facts(log), io.Discard)
	require.NoError(t, err)
	require.NotEmpty(t, p.Proposals)
	keys := map[string]bool{}
	for _, x := range p.Proposals {
		keys[x.Key] = true
		require.LessOrEqual(t, x.Chance, p.Level)
		require.NotEmpty(t, x.Evidence)
	}
	require.True(t, keys["item switch-7"], "%v", keys)
	require.Equal(t, 5, p.Shuffled.Logs)
	require.Zero(t, p.Shuffled.WithAny)
	rate, most := p.Shuffled.Rate()
	require.Zero(t, rate)
	require.InDelta(t, 0.4507, most, 1e-4, "1 - 0.05^(1/5)")
	require.Len(t, p.Pareto, len(paretos))
	require.Equal(t, "category", p.Pareto[0].Dimension)
}

func TestANegativeNumberOfShuffledLogsIsRefused(t *testing.T) {
	_, err := parse([]string{"-shuffle", "-1"}, io.Discard)
	require.ErrorContains(t, err, "-shuffle")
}
