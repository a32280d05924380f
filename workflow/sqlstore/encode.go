package sqlstore

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/itsm-go/itsm/workflow"
)

// Times are kept as integers that sort as the times do: nanoseconds since 1970
// up to nanoSeconds on either side, which is from 1823 to 2116, and whole
// microseconds beyond, for another hundred thousand years. The zero time is
// exact.
const nanoSeconds = 4_611_686_018

func encodeTime(t time.Time) int64 {
	switch s := t.Unix(); {
	case s >= nanoSeconds:
		return t.UnixMicro() + nanoSeconds*(1e9-1e6)
	case s < -nanoSeconds:
		return t.UnixMicro() - nanoSeconds*(1e9-1e6)
	}
	return t.UnixNano()
}

func decodeTime(n int64) time.Time {
	switch {
	case n >= nanoSeconds*1e9:
		return time.UnixMicro(n - nanoSeconds*(1e9-1e6)).UTC()
	case n < -nanoSeconds*1e9:
		return time.UnixMicro(n + nanoSeconds*(1e9-1e6)).UTC()
	}
	return time.Unix(0, n).UTC()
}

// always is ready at any time.
const always = math.MinInt64

var errEntries = errors.New("the stored index of a record is damaged")

// encodeEntries writes an index as field and key in turn, each behind its
// length. It is never nil, because the column is not.
func encodeEntries(ix workflow.Index) []byte {
	b := make([]byte, 0, 32*len(ix)+1)
	b = binary.AppendUvarint(b, uint64(len(ix)))
	for _, e := range ix {
		b = appendText(b, e.Field)
		b = appendText(b, string(e.Key))
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func decodeEntries(b []byte) (workflow.Index, error) {
	n, b, ok := cutUvarint(b)
	if !ok || n > workflow.MaxIndex {
		return nil, errEntries
	}
	text := string(b) // the fields and keys share it
	ix := make(workflow.Index, 0, n)
	for range n {
		var field, key string
		if field, text, ok = cutText(text); !ok {
			return nil, errEntries
		}
		if key, text, ok = cutText(text); !ok {
			return nil, errEntries
		}
		ix = append(ix, workflow.IndexEntry{Field: field, Key: workflow.Key(key)})
	}
	if text != "" {
		return nil, errEntries
	}
	if len(ix) == 0 {
		return nil, nil
	}
	return ix, nil
}

func cutUvarint(b []byte) (uint64, []byte, bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 {
		return 0, nil, false
	}
	return n, b[size:], true
}

// cutText cuts a length of at most two bytes and that much text off.
func cutText(s string) (text, rest string, ok bool) {
	n, size := binary.Uvarint([]byte(s[:min(len(s), 2)]))
	if size <= 0 || n > uint64(len(s)-size) {
		return "", "", false
	}
	return s[size : size+int(n)], s[size+int(n):], true
}
