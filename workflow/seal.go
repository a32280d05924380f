package workflow

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Salt is the secret that hides what is taken out of an event: without it, a short
// value could be found again by trying all there are. Its text form is 32
// hexadecimal digits, and that of the zero Salt is empty.
type Salt [16]byte

// IsZero reports whether the salt is unset.
func (s Salt) IsZero() bool { return s == Salt{} }

// String gives the salt in lower-case hexadecimal.
func (s Salt) String() string {
	if s.IsZero() {
		return ""
	}
	return hex.EncodeToString(s[:])
}

// MarshalText implements [encoding.TextMarshaler].
func (s Salt) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Salt) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*s = Salt{}
		return nil
	}
	if len(b) != 2*len(s) {
		return fmt.Errorf("workflow: salt of %d digits, want %d: %w", len(b), 2*len(s), ErrInvalid)
	}
	if _, err := hex.Decode(s[:], b); err != nil {
		return fmt.Errorf("workflow: salt: %w: %w", err, ErrInvalid)
	}
	return nil
}

// SaltSource is an [IDSource] that also makes the salts of events. Salts must not be
// foreseeable. A desk whose source is none takes them from crypto/rand.
type SaltSource interface {
	// NewSalt fails rather than return a salt that can be guessed.
	NewSalt() (Salt, error)
}

func newSalt(ids IDSource) (s Salt, err error) {
	if source, ok := ids.(SaltSource); ok {
		s, err = source.NewSalt()
	} else {
		_, err = rand.Read(s[:])
	}
	if err == nil && s.IsZero() {
		err = fmt.Errorf("the salt is zero: %w", ErrInvalid)
	}
	if err != nil {
		return Salt{}, fmt.Errorf("workflow: no salt for an event: %w", err)
	}
	return s, nil
}

// of returns the salts of the event's values 2n and 2n+1: the halves of one SHA-256
// over the event's salt and n.
func (s Salt) of(n int) (pair [2]Salt) {
	var in [len(s) + 4]byte
	copy(in[:], s[:])
	binary.BigEndian.PutUint32(in[len(s):], uint32(n))
	sum := sha256.Sum256(in[:])
	copy(pair[0][:], sum[:len(s)])
	copy(pair[1][:], sum[len(s):])
	return pair
}

// commit is what stands for a value in the sealed form of its event.
func (s Salt) commit(value []byte) Hash {
	var short [256]byte
	return sha256.Sum256(append(append(short[:0], s[:]...), value...))
}

// sealedForm begins what the hash of a salted event covers, so that such an event can
// never be passed off as one without a salt.
const sealedForm = "itsm event 2\n"

// digestSalted is the SHA-256 of the canonical encoding in which every value has
// given way to its commitment. content ends with its closing brace.
func (e *Event) digestSalted(content []byte) (Hash, error) {
	fault := func(problem string) (Hash, error) {
		return Hash{}, &ChainError{e.Ref, e.Version, problem}
	}
	ls, ok := findLeaves(content, len(e.Redacted) > 0)
	switch {
	case !ok:
		return fault("is not canonical JSON")
	case e.Salt.IsZero() && (len(e.Salts) != len(ls) || len(e.Redacted) == 0):
		return fault("has not the salts of its values")
	case !e.Salt.IsZero() && len(e.Salts)+len(e.Redacted) > 0:
		return fault("says that values were removed, but has the salt of all")
	}
	form := make([]byte, 0, len(sealedForm)+len(content)+64*len(ls))
	form = append(form, sealedForm...)
	at, gone := 0, 0
	var pair [2]Salt
	for n, l := range ls {
		if n%2 == 0 && !e.Salt.IsZero() {
			pair = e.Salt.of(n / 2)
		}
		form = append(form, content[at:l.from]...)
		at = l.to
		var h Hash
		switch {
		case !e.Salt.IsZero():
			h = pair[n%2].commit(content[l.from:l.to])
		case !e.Salts[n].IsZero():
			h = e.Salts[n].commit(content[l.from:l.to])
		case gone < len(e.Redacted) && e.Redacted[gone].At == l.at:
			h = e.Redacted[gone].Seal
			gone++
		default:
			return fault("lacks the salt of " + l.at)
		}
		form = append(form, '"')
		form = hex.AppendEncode(form, h[:])
		form = append(form, '"')
	}
	if gone != len(e.Redacted) {
		return fault("has tombstones of values that it never had, or of ones that are there")
	}
	return sha256.Sum256(append(form, content[at:]...)), nil
}

// leaf is one value in the canonical encoding of an event that can be removed.
type leaf struct {
	from, to int
	at       string // JSON pointer into the event, if asked for
}

// room says what a part of an event is, which decides about the parts within.
type room uint8

const (
	plain    room = iota // nothing in it is a value
	value                // every scalar in it is
	whole                // the event
	actor                // who did it
	changes              // the list of them
	change               // one of them
	notice               // what the event has removed
	removals             // the list of it
	removal              // one of them
)

func (r room) within(name []byte) room {
	switch r {
	case whole:
		switch string(name) {
		case "actor":
			return actor
		case "note":
			return value
		case "changes":
			return changes
		case "redacts":
			return notice
		}
	case actor:
		if string(name) == "id" || string(name) == "on_behalf_of" {
			return value
		}
	case change:
		if string(name) == "old" || string(name) == "new" {
			return value
		}
	case notice:
		if string(name) == "values" {
			return removals
		}
	case removal:
		if string(name) == "as" {
			return value
		}
	case changes:
		return change
	case removals:
		return removal
	case value:
		return value
	}
	return plain
}

// findLeaves finds the values of an event in its canonical encoding, in their order.
func findLeaves(content []byte, named bool) ([]leaf, bool) {
	w := leafFinder{b: content, named: named, found: make([]leaf, 0, 48)}
	return w.found, w.walk(0, whole) == len(content)
}

// scalarsOf finds every scalar of a JSON value, with pointers.
func scalarsOf(v []byte) ([]leaf, bool) {
	w := leafFinder{b: v, named: true}
	end := w.walk(0, value)
	return w.found, end == len(v)
}

type leafFinder struct {
	b     []byte
	named bool
	path  []byte
	found []leaf
}

// walk goes through the JSON value at i and returns the index behind it, or -1.
func (w *leafFinder) walk(i int, r room) int {
	if i < 0 || i >= len(w.b) {
		return -1
	}
	object := w.b[i] == '{'
	if r == plain || !object && w.b[i] != '[' {
		end := skipValue(w.b, i)
		if w.b[i] == '"' {
			end = skipString(w.b, i)
		}
		if end <= i {
			return -1
		}
		if r == value {
			w.found = append(w.found, leaf{from: i, to: end, at: string(w.path)})
		}
		return end
	}
	closing := w.b[i] + 2
	if i++; i < len(w.b) && w.b[i] == closing {
		return i + 1
	}
	above := len(w.path)
	for place := 0; ; place++ {
		var name []byte
		if object {
			end := skipString(w.b, i)
			if end < 0 || end >= len(w.b) || w.b[end] != ':' {
				return -1
			}
			name, i = w.b[i+1:end-1], end+1
		}
		if w.named && !w.enter(name, object, place) {
			return -1
		}
		i = w.walk(i, r.within(name))
		w.path = w.path[:above]
		if i < 0 || i >= len(w.b) || w.b[i] != ',' && w.b[i] != closing {
			return -1
		}
		if i++; w.b[i-1] == closing {
			return i
		}
	}
}

func (w *leafFinder) enter(name []byte, object bool, place int) bool {
	w.path = append(w.path, '/')
	if !object {
		w.path = strconv.AppendInt(w.path, int64(place), 10)
		return true
	}
	text, err := unquote(slices.Concat([]byte{'"'}, name, []byte{'"'}))
	w.path = append(w.path, pointerEscape.Replace(text)...)
	return err == nil
}

// sealText is what stands behind the content of an encoded event: the salts, what is
// left of removed values, and the hash.
func (e *Event) sealText() ([]byte, error) {
	b := []byte{}
	if !e.Salt.IsZero() {
		b = append(b, `,"salt":"`...)
		b = hex.AppendEncode(b, e.Salt[:])
		b = append(b, '"')
	}
	if len(e.Salts)+len(e.Redacted) > 0 {
		text, err := json.Marshal(struct {
			Salts    []Salt      `json:"salts,omitempty"`
			Redacted []Tombstone `json:"redacted,omitempty"`
		}{e.Salts, e.Redacted})
		if err != nil {
			return nil, err
		}
		b = append(append(b, ','), text[1:len(text)-1]...)
	}
	b = append(b, `,"hash":"`...)
	b = hex.AppendEncode(b, e.Hash[:])
	return append(b, `"}`...), nil
}
