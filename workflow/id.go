package workflow

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// ID identifies a record, a commit or a message. New ids are UUIDs of version 7
// (RFC 9562), so sorting by id sorts by creation time.
type ID = uuid.UUID

// ParseID reads the text form of an ID, such as
// "01890a5d-ac96-774b-bcce-b302099a8057".
func ParseID(s string) (ID, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return ID{}, fmt.Errorf("workflow: %.64q is not an id: %w", s, ErrInvalid)
	}
	return id, nil
}

// Ref names one record within a tenant: what kind of record it is, and which.
// It is comparable and can be a map key.
type Ref struct {
	Kind string `json:"kind"` // "incident", "change", …
	ID   ID     `json:"id"`
}

// IsZero reports whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// String gives "incident/01890a5d-ac96-774b-bcce-b302099a8057".
func (r Ref) String() string { return r.Kind + "/" + r.ID.String() }

// ParseRef reads what [Ref.String] wrote.
func ParseRef(s string) (Ref, error) {
	kind, text, ok := strings.Cut(s, "/")
	id, err := ParseID(text)
	if !ok || kind == "" || err != nil {
		return Ref{}, fmt.Errorf("workflow: %.64q is not a record reference, want kind/id: %w", s, ErrInvalid)
	}
	return Ref{Kind: kind, ID: id}, nil
}

// IDSource makes new ids. It is given the instant of the command, so an id
// needs no clock of its own. Implementations are safe for concurrent use.
type IDSource interface {
	NewID(at time.Time) ID
}

// RandomIDs returns the source used outside tests: version 7 ids whose random
// part comes from entropy, for example crypto/rand.Reader. Ids made in the same
// millisecond by one source still ascend. An error of the reader is an error of
// the operating system's randomness; the source then mixes in its own counter
// so that ids stay distinct. It is a [SaltSource] over the same reader, whose
// salts are refused when the reader fails.
func RandomIDs(entropy io.Reader) IDSource {
	return &idSource{fill: readFull(entropy), salt: func(b []byte) error {
		_, err := io.ReadFull(entropy, b)
		return err
	}}
}

// SeededIDs returns a source whose ids depend only on the seed, the instants it
// is given and their order: the same test run makes the same ids. Its salts depend
// on the seed alone, so they hide nothing from who knows it: it is for tests.
func SeededIDs(seed uint64) IDSource {
	r := rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15))
	salts := rand.New(rand.NewPCG(^seed, seed))
	return &idSource{fill: func(b []byte) { binary.BigEndian.PutUint64(b, r.Uint64()) }, salt: func(b []byte) error {
		binary.BigEndian.PutUint64(b, salts.Uint64())
		binary.BigEndian.PutUint64(b[8:], salts.Uint64())
		return nil
	}}
}

func readFull(r io.Reader) func([]byte) {
	return func(b []byte) { _, _ = io.ReadFull(r, b) }
}

// idSource lays an id out as RFC 9562 section 5.7 with the monotonic counter of
// its section 6.2, method 1: 48 bits of milliseconds, 12 bits of counter, 62
// random bits. A clock that stands still or goes back borrows from the future.
type idSource struct {
	mu    sync.Mutex
	fill  func([]byte)
	salt  func([]byte) error
	milli int64
	count uint16
}

func (s *idSource) NewID(at time.Time) ID {
	var id ID
	s.mu.Lock()
	defer s.mu.Unlock()
	switch milli := at.UnixMilli(); {
	case milli > s.milli:
		s.milli, s.count = milli, 0
	case s.count == 1<<12-1:
		s.milli, s.count = s.milli+1, 0
	default:
		s.count++
	}
	s.fill(id[8:])
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(s.milli))
	copy(id[:6], stamp[2:])
	binary.BigEndian.PutUint16(id[6:], s.count)
	id[6] |= 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// NewSalt implements [SaltSource].
func (s *idSource) NewSalt() (salt Salt, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	err = s.salt(salt[:])
	return salt, err
}

// derivedID makes the id that name always has within space (RFC 9562, version
// 5): the same command key or message ordinal gives the same id on every try.
func derivedID(space ID, name string) ID { return uuid.NewSHA1(space, []byte(name)) }
