package workflow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// Event is one step in a record's history: what changed, when, by whom and on
// whose behalf. Every commit of a record adds exactly one, numbered by the
// version it makes, so a record at version n has n events.
type Event struct {
	Ref
	Version int64  // the record's version after the event
	Batch   ID     // the commit it happened in; events of one commit share it
	Type    string // what happened: "incident.resolve"
	At      time.Time
	Actor   Actor
	Note    string   // the reason given, if any
	Changes []Change // field by field, in the order of the record's fields
	Prev    Hash     // the hash of the record's previous event; zero for the first
	Hash    Hash     // over Prev and everything above

	// Position is the event's place in the store's feed. The store mints it; it
	// is empty before the commit and not part of the hash.
	Position Position
}

// Change is one field before and after an event.
type Change struct {
	Path string          `json:"path"`          // JSON pointer (RFC 6901) into the record
	Old  json.RawMessage `json:"old,omitempty"` // absent: the field was not there
	New  json.RawMessage `json:"new,omitempty"` // absent: the field was taken away
}

// Position is a place in a store's event feed, opaque to everybody but the
// store that minted it. The empty position is the beginning.
type Position string

// Hash is a SHA-256 digest. Its text form is 64 hexadecimal digits.
type Hash [sha256.Size]byte

// IsZero reports whether the hash is unset.
func (h Hash) IsZero() bool { return h == Hash{} }

// String gives the digest in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements [encoding.TextMarshaler].
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (h *Hash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return fmt.Errorf("workflow: hash of %d digits, want %d: %w", len(b), 2*len(h), ErrInvalid)
	}
	if _, err := hex.Decode(h[:], b); err != nil {
		return fmt.Errorf("workflow: hash: %w: %w", err, ErrInvalid)
	}
	return nil
}

// eventJSON fixes the names and the order of the canonical encoding. The hash
// covers these bytes, so a field may be added only at the end and omitempty.
type eventJSON struct {
	Kind    string    `json:"kind"`
	ID      ID        `json:"id"`
	Version int64     `json:"version"`
	Batch   ID        `json:"batch"`
	Type    string    `json:"type"`
	At      time.Time `json:"at"`
	Actor   Actor     `json:"actor"`
	Note    string    `json:"note,omitempty"`
	Changes []Change  `json:"changes"`
	Prev    Hash      `json:"prev"`
	Hash    *Hash     `json:"hash,omitempty"`
}

func (e *Event) wire() eventJSON {
	return eventJSON{e.Kind, e.ID, e.Version, e.Batch, e.Type, e.At.UTC(), e.Actor, e.Note, e.Changes, e.Prev, nil}
}

// digest is the SHA-256 of the canonical encoding without the hash itself. Prev
// is inside, which makes the events a chain.
func (e *Event) digest() (Hash, error) {
	b, err := json.Marshal(e.wire())
	if err != nil {
		return Hash{}, fmt.Errorf("workflow: event %d of %v: %w: %w", e.Version, e.Ref, err, ErrInvalid)
	}
	return sha256.Sum256(b), nil
}

// Seal sets the event's hash. Only code that makes events without a [Desk]
// needs it.
func (e *Event) Seal() error {
	h, err := e.digest()
	e.Hash = h
	return err
}

// Encode returns the canonical encoding, which is what a store keeps. It does
// not contain the position.
func (e Event) Encode() ([]byte, error) {
	w := e.wire()
	w.Hash = &e.Hash
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("workflow: event %d of %v: %w: %w", e.Version, e.Ref, err, ErrInvalid)
	}
	return b, nil
}

// DecodeEvent reads what [Event.Encode] wrote, and nothing else: the event's own
// hash must be that of the very bytes given, so no edit of a stored event goes
// unseen, not even one that would read the same. Anything else is an error
// matching [ErrTampered]. That the event belongs where it stands in its chain is
// for [VerifyChain] to tell.
func DecodeEvent(encoded []byte) (Event, error) {
	var w eventJSON
	d := json.NewDecoder(bytes.NewReader(encoded))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return Event{}, fmt.Errorf("workflow: stored event: %w: %w", err, ErrTampered)
	}
	e := Event{Ref: Ref{w.Kind, w.ID}, Version: w.Version, Batch: w.Batch, Type: w.Type, At: w.At,
		Actor: w.Actor, Note: w.Note, Changes: w.Changes, Prev: w.Prev}
	if w.Hash != nil {
		e.Hash = *w.Hash
	}
	// The hash stands last, and covers everything before it.
	content, found := bytes.CutSuffix(encoded, []byte(`,"hash":"`+e.Hash.String()+`"}`))
	if !found || hashOf(content, []byte("}")) != e.Hash {
		return Event{}, fmt.Errorf("workflow: stored event %d of %v is not what was stored: its hash does not match its bytes: %w", e.Version, e.Ref, ErrTampered)
	}
	return e, nil
}

func hashOf(parts ...[]byte) (h Hash) {
	s := sha256.New()
	for _, p := range parts {
		s.Write(p)
	}
	s.Sum(h[:0])
	return h
}
