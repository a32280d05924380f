package workflow

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/shopspring/decimal"
)

// Limits that every [Store] may rely on; [Batch.Validate] enforces them.
const (
	MaxKey   = 512     // bytes of an index key, a name, a kind
	MaxBody  = 4 << 20 // bytes of an encoded record or a payload
	MaxBatch = 2000    // records, timers or messages in one batch
	MaxIndex = 500     // index entries of one record
)

// Document is a record as a [Store] sees it: who it is, its version, the keys
// it can be found by, and a body that only its [Kind] understands.
type Document struct {
	Ref
	Version int64     // 1 after the first commit, and one more with each
	Schema  int       // the version of the body's layout
	Created time.Time // when the first event happened
	Updated time.Time // when the last event happened
	Head    Hash      // the hash of the last event: the end of the chain
	Index   Index
	Body    Body
}

// Key is an index value. Keys compare bytewise, alike in every store. Build
// them with [StringKey], [IntKey], [BoolKey], [TimeKey] or [IDKey], so that
// numbers and times sort as such. A store keeps keys of up to [MaxKey] bytes.
type Key string

// StringKey indexes text. A text longer than [MaxKey] bytes is cut there, in
// the record and in the query alike.
func StringKey(s string) Key {
	return Key(s[:min(len(s), MaxKey)])
}

// IntKey indexes a whole number; keys sort as numbers do.
func IntKey(n int64) Key {
	return Key(fmt.Sprintf("%020d", uint64(n)^1<<63))
}

// BoolKey indexes a truth value; false sorts first.
func BoolKey(b bool) Key {
	return Key(strconv.FormatBool(b))
}

// TimeKey indexes an instant to the nanosecond; keys sort by time. The zero
// time gives the empty key, which sorts first.
func TimeKey(t time.Time) Key {
	if t.IsZero() {
		return ""
	}
	return Key(t.UTC().Format("2006-01-02T15:04:05.000000000Z"))
}

// IDKey indexes a reference to another record.
func IDKey(id ID) Key {
	if id == (ID{}) {
		return ""
	}
	return Key(id.String())
}

// DecimalKey indexes an amount; keys sort as numbers do, to nine decimal places
// and up to nine hundred thousand million. Amounts beyond sort as the largest.
func DecimalKey(d decimal.Decimal) Key {
	limit := decimal.New(9e11, 0)
	if d.Abs().GreaterThan(limit) {
		d = limit.Mul(decimal.NewFromInt(int64(d.Sign())))
	}
	// shifted by 5·10^12 every amount is positive and has as many digits
	return Key(d.Truncate(9).Add(decimal.New(5, 12)).StringFixed(9))
}

// floatKey turns the bits of a number so that they sort as the number does.
func floatKey(f float64) Key {
	bits := math.Float64bits(f)
	if bits>>63 == 1 {
		bits = ^bits
	} else {
		bits |= 1 << 63
	}
	return Key(fmt.Sprintf("%016x", bits))
}

// IndexEntry says that a record can be found by a field's key.
type IndexEntry struct {
	Field string
	Key   Key
}

// Index is the sorted set of a document's entries. A field may have several
// keys, for example every affected configuration item.
type Index []IndexEntry

// NewIndex returns the entries sorted, without duplicates.
func NewIndex(entries ...IndexEntry) Index {
	ix := slices.Clone(entries)
	slices.SortFunc(ix, compareEntries)
	return slices.Compact(ix)
}

// Has reports whether the field has the key.
func (ix Index) Has(field string, key Key) bool {
	_, ok := slices.BinarySearchFunc(ix, IndexEntry{field, key}, compareEntries)
	return ok
}

// First returns the smallest key of the field, or the empty key.
func (ix Index) First(field string) Key {
	i, _ := slices.BinarySearchFunc(ix, IndexEntry{Field: field}, compareEntries)
	if i < len(ix) && ix[i].Field == field {
		return ix[i].Key
	}
	return ""
}

// Keys returns all keys of the field in order.
func (ix Index) Keys(field string) []Key {
	var keys []Key
	for _, e := range ix {
		if e.Field == field {
			keys = append(keys, e.Key)
		}
	}
	return keys
}

func compareEntries(a, b IndexEntry) int {
	return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Key, b.Key))
}

// Body is the immutable content of a document. It holds a live value, its JSON
// encoding, or both, and makes the one from the other when first asked: an
// in-process store never encodes, an SQL store encodes once. The zero Body is
// empty. A Body is safe for concurrent use and may be shared freely, because
// nobody can reach what is inside without a copy being made.
type Body struct{ c *content }

type content struct {
	live any // never handed out: a Kind clones it first

	once   sync.Once
	encode func() ([]byte, error)
	raw    []byte
	err    error
}

// RawBody returns a body that holds the JSON encoding, which it copies.
func RawBody(encoded []byte) Body {
	return Body{&content{raw: bytes.Clone(encoded)}}
}

// Encoded returns a copy of the body's JSON encoding.
func (b Body) Encoded() ([]byte, error) {
	raw, err := b.encoded()
	return bytes.Clone(raw), err
}

// IsZero reports whether the body is empty.
func (b Body) IsZero() bool { return b.c == nil }

func (b Body) encoded() ([]byte, error) {
	if b.c == nil {
		return nil, fmt.Errorf("workflow: the document has no body: %w", ErrInvalid)
	}
	b.c.once.Do(func() {
		if b.c.encode != nil {
			b.c.raw, b.c.err = b.c.encode()
		}
	})
	return b.c.raw, b.c.err
}

// liveBody returns a body around a value that nobody else may touch. raw may be
// nil; then the value is encoded when somebody asks.
func liveBody(value any, raw []byte) Body {
	c := &content{live: value, raw: raw}
	if raw == nil {
		c.encode = func() ([]byte, error) { return json.Marshal(value) }
	}
	return Body{c}
}
