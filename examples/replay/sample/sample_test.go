package sample_test

import (
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/itsm-go/itsm/examples/replay/sample"
	"github.com/itsm-go/itsm/examples/replay/snlog"
)

var update = flag.Bool("update", false, "write the embedded log anew")

func TestTheEmbeddedLogIsWhatTheGeneratorWrites(t *testing.T) {
	var want bytes.Buffer
	require.NoError(t, sample.Write(&want, sample.Seed, sample.Incidents))
	if *update {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		require.NoError(t, err)
		_, err = w.Write(want.Bytes())
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, os.WriteFile("incidents.csv.gz", packed.Bytes(), 0o644))
		return
	}
	plain, err := gzip.NewReader(sample.Log())
	require.NoError(t, err)
	got, err := io.ReadAll(plain)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want.Bytes(), got), "run go generate")
}

func logged(t *testing.T) *snlog.Log {
	t.Helper()
	r, err := snlog.NewReader(sample.Log(), snlog.Options{})
	require.NoError(t, err)
	log, err := snlog.Collect(r)
	require.NoError(t, err)
	require.Empty(t, log.Bad)
	return log
}

// The shares are those of the published log, in per cent of the incidents or of
// the events, within what 2,000 draws may miss them by.
func TestTheSharesAreThoseOfThePublishedLog(t *testing.T) {
	f := logged(t).Logged()
	ofIncidents := func(n int) float64 { return 100 * float64(n) / float64(f.Incidents) }
	ofEvents := func(state string) float64 { return 100 * float64(f.EventsByState[state]) / float64(f.Events) }

	require.Equal(t, sample.Incidents, f.Incidents)
	require.InDelta(t, 5.69, float64(f.Events)/float64(f.Incidents), 0.3)
	require.InDelta(t, 25.7, ofEvents("New"), 2)
	require.InDelta(t, 27.3, ofEvents("Active"), 2)
	require.InDelta(t, 10.3, ofEvents("Awaiting User Info"), 2)
	require.InDelta(t, 0.5, ofEvents("Awaiting Vendor"), 0.4)
	require.InDelta(t, 0.3, ofEvents("Awaiting Problem"), 0.3)
	require.InDelta(t, 18.2, ofEvents("Resolved"), 1)
	require.InDelta(t, 1.1, ofIncidents(f.Reopened), 0.6)
	require.InDelta(t, 45.6, ofIncidents(f.Reassigned), 3)
	require.InDelta(t, 1.1, ofIncidents(f.ByPriority["1"]), 0.5)
	require.InDelta(t, 1.6, ofIncidents(f.ByPriority["2"]), 0.5)
	require.InDelta(t, 94.2, ofIncidents(f.ByPriority["3"]), 1.5)
	require.InDelta(t, 3.1, ofIncidents(f.ByPriority["4"]), 1)
	require.InDelta(t, 63.4, ofIncidents(f.MadeSLA.True), 3)
}

func TestTheLogIsAsDirtyAsARealOne(t *testing.T) {
	var unknown, back, fromClosed, unresolved, unowned, noResolution, sameMinute, late int
	for _, inc := range logged(t).Incidents {
		resolved := false
		for i, row := range inc.Rows {
			if row.State == "-100" {
				unknown++
			}
			if row.State == "Active" && row.AssignmentGroup == "" && row.AssignedTo == "" {
				unowned++
			}
			resolved = resolved || row.State == "Resolved"
			if i == 0 {
				continue
			}
			before := inc.Rows[i-1]
			if row.Updated.Before(before.Updated) {
				back++
			}
			if row.Updated.Equal(before.Updated) {
				sameMinute++
			}
			if before.State == "Closed" && row.State != "Closed" {
				fromClosed++
			}
		}
		if !resolved {
			unresolved++
		}
		if inc.Last().Resolved.IsZero() {
			noResolution++
		}
		if inc.Rows[0].State != "New" {
			late++
		}
		require.Equal(t, "Closed", inc.Last().State, inc.Number)
		require.Equal(t, inc.Last().Closed, inc.Last().Updated, inc.Number)
	}
	require.Equal(t, 2, unknown)
	require.Equal(t, 1, back)
	require.GreaterOrEqual(t, fromClosed, 2)
	require.Positive(t, unresolved)
	require.Positive(t, unowned)
	require.InDelta(t, 1140, sameMinute, 400)
	require.InDelta(t, 125, noResolution, 40)
	require.InDelta(t, 684, late, 70)
}

func TestOtherSeedsGiveOtherLogs(t *testing.T) {
	var a, b, c bytes.Buffer
	require.NoError(t, sample.Write(&a, 1, 50))
	require.NoError(t, sample.Write(&b, 1, 50))
	require.NoError(t, sample.Write(&c, 2, 50))
	require.Equal(t, a.String(), b.String())
	require.NotEqual(t, a.String(), c.String())
}

func TestAFailingWriterIsReported(t *testing.T) {
	r, w := io.Pipe()
	require.NoError(t, r.Close())
	require.ErrorIs(t, sample.Write(w, 1, 500), io.ErrClosedPipe)
}
