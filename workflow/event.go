package workflow

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
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
	Redacts *Notice  // the values it has removed from the record's history, if any
	Hash    Hash     // over everything above, with a commitment in each value's place

	// Salt hides values that are removed later. An event without one has its values
	// themselves under its hash, and none of them can be removed.
	Salt Salt
	// Salts and Redacted take the place of Salt once a value was removed: the salts of
	// the values that are left, in their order, and what is left of the others.
	Salts    []Salt
	Redacted []Tombstone

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
// covers them, so a field may be added only behind Redacts and omitempty.
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
	Redacts *Notice   `json:"redacts,omitempty"`

	Salt     Salt        `json:"salt,omitzero"`
	Salts    []Salt      `json:"salts,omitempty"`
	Redacted []Tombstone `json:"redacted,omitempty"`
	Hash     *Hash       `json:"hash,omitempty"`
}

// content is the canonical encoding without salts and hash.
func (e *Event) content() ([]byte, error) {
	b, err := json.Marshal(eventJSON{Kind: e.Kind, ID: e.ID, Version: e.Version, Batch: e.Batch, Type: e.Type, At: e.At.UTC(),
		Actor: e.Actor, Note: e.Note, Changes: e.Changes, Prev: e.Prev, Redacts: e.Redacts})
	if err != nil {
		return nil, fmt.Errorf("workflow: event %d of %v: %w: %w", e.Version, e.Ref, err, ErrInvalid)
	}
	return b, nil
}

// salted reports whether the hash covers commitments and not the values.
func (e *Event) salted() bool { return !e.Salt.IsZero() || len(e.Salts)+len(e.Redacted) > 0 }

// digest is the SHA-256 of the canonical encoding without the hash itself: of its
// sealed form if it is salted. Prev is inside, which makes the events a chain.
func (e *Event) digest() (Hash, error) {
	b, err := e.content()
	if err != nil {
		return Hash{}, err
	}
	return e.digestOf(b)
}

func (e *Event) digestOf(content []byte) (Hash, error) {
	if e.salted() {
		return e.digestSalted(content)
	}
	return sha256.Sum256(content), nil
}

// Seal sets the event's hash. Only code that makes events without a [Desk] needs
// it. An event whose values may have to be removed one day is given a random Salt
// before.
func (e *Event) Seal() error {
	h, err := e.digest()
	e.Hash = h
	return err
}

// Encode returns the canonical encoding, which is what a store keeps. It does
// not contain the position.
func (e Event) Encode() ([]byte, error) {
	b, err := e.content()
	if err != nil {
		return nil, err
	}
	seal, err := e.sealText()
	return append(b[:len(b)-1], seal...), err
}

// DecodeEvent reads what [Event.Encode] wrote, and nothing else: the event's own
// hash must be that of the very bytes given, so no edit of a stored event goes
// unseen, not even one that would read the same. Anything else is an error
// matching [ErrTampered]. That the event belongs where it stands in its chain, and
// that what was removed from it was removed for a reason that is on record, is for
// [VerifyChain] to tell.
func DecodeEvent(encoded []byte) (Event, error) {
	e, err := readEvent(encoded)
	if err != nil {
		return Event{}, err
	}
	// The salts and the hash stand last, and the hash covers everything before them.
	seal, err := e.sealText()
	content, found := bytes.CutSuffix(encoded, seal)
	var digest Hash
	if err == nil && found {
		digest, err = e.digestOf(append(bytes.Clone(content), '}'))
	}
	canonical := found
	if len(e.Redacted) > 0 && found {
		// The hash does not cover what stands in for a removed value.
		text, err := e.Encode()
		canonical = err == nil && utf8.Valid(encoded) && bytes.Equal(text, encoded)
	}
	if err != nil || !canonical || digest != e.Hash {
		return Event{}, fmt.Errorf("workflow: stored event %d of %v is not what was stored: its hash does not match its bytes: %w", e.Version, e.Ref, ErrTampered)
	}
	return e, nil
}

// readEvent reads an encoded event and believes it.
func readEvent(encoded []byte) (Event, error) {
	var w eventJSON
	d := json.NewDecoder(bytes.NewReader(encoded))
	d.DisallowUnknownFields()
	if err := d.Decode(&w); err != nil {
		return Event{}, fmt.Errorf("workflow: stored event: %w: %w", err, ErrTampered)
	}
	e := Event{Ref: Ref{w.Kind, w.ID}, Version: w.Version, Batch: w.Batch, Type: w.Type, At: w.At, Actor: w.Actor, Note: w.Note,
		Changes: w.Changes, Prev: w.Prev, Redacts: w.Redacts, Salt: w.Salt, Salts: w.Salts, Redacted: w.Redacted}
	if w.Hash != nil {
		e.Hash = *w.Hash
	}
	return e, nil
}
