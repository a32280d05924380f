package sqlstore

import (
	"math"
	"testing"
	"testing/quick"
	"time"

	"github.com/itsm-go/itsm/workflow"

	"github.com/stretchr/testify/require"
)

func TestTimesComeBackAndKeepTheirOrder(t *testing.T) {
	edge := time.Unix(nanoSeconds, 0)
	times := []time.Time{{}, time.Unix(-nanoSeconds-1, 999_999_000), time.Unix(-nanoSeconds, 0), time.Unix(-1, 999_999_999),
		time.Unix(0, 0), time.Unix(0, 1), edge.Add(-1), edge, edge.Add(time.Microsecond), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)}
	for i, at := range times {
		require.True(t, at.Equal(decodeTime(encodeTime(at))), "%v", at)
		require.Equal(t, at.IsZero(), decodeTime(encodeTime(at)).IsZero())
		if i > 0 {
			require.Less(t, encodeTime(times[i-1]), encodeTime(at), "%v", at)
		}
	}
	require.NoError(t, quick.Check(func(seconds int64, nanos uint32) bool {
		at := time.Unix(seconds%(math.MaxInt32*100), int64(nanos%1e9))
		back := decodeTime(encodeTime(at))
		return back.Equal(at) || at.Unix() >= nanoSeconds || at.Unix() < -nanoSeconds && back.Equal(at.Truncate(time.Microsecond))
	}, nil))
}

func FuzzDecodeEntries(f *testing.F) {
	f.Add(encodeEntries(nil))
	f.Add(encodeEntries(workflow.NewIndex(workflow.IndexEntry{Field: "state", Key: "open"}, workflow.IndexEntry{Field: "x\x00", Key: ""})))
	f.Add([]byte{1, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		ix, err := decodeEntries(b)
		if err != nil {
			require.ErrorIs(t, err, errEntries)
			return
		}
		again, err := decodeEntries(encodeEntries(ix))
		require.NoError(t, err)
		require.Equal(t, ix, again)
	})
}
