package sqlstore

import (
	"errors"
	"math"
	"slices"
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

func TestDamagedEntriesAreErrors(t *testing.T) {
	good := encodeEntries(workflow.NewIndex(workflow.IndexEntry{Field: "state", Key: "open"}, workflow.IndexEntry{Field: "x\x00", Key: ""},
		workflow.IndexEntry{Field: "long", Key: workflow.StringKey(string(make([]byte, 600)))}))
	whole, err := decodeEntries(good)
	require.NoError(t, err)
	require.Len(t, whole, 3)
	for n := range good {
		_, err := decodeEntries(good[:n])
		require.ErrorIs(t, err, errEntries, "cut to %d bytes", n)
	}
	require.NoError(t, quick.Check(func(b []byte, at uint16, flip byte) bool {
		bent := append([]byte(nil), good...)
		bent[int(at)%len(bent)] ^= flip
		return decodesOrFails(b) && decodesOrFails(bent)
	}, &quick.Config{MaxCount: 5000}))
}

// decodesOrFails reports whether the bytes are an index, which then encodes to
// the same index again, or an error.
func decodesOrFails(b []byte) bool {
	ix, err := decodeEntries(b)
	if err != nil {
		return errors.Is(err, errEntries)
	}
	again, err := decodeEntries(encodeEntries(ix))
	return err == nil && slices.Equal(ix, again)
}
