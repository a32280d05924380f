package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Notice is the statement of an event that it has removed values from the history of
// its record. By whom, when and why is said by the event itself; the rule by which
// is said here. It is under the event's hash, so no value can be removed in silence.
type Notice struct {
	Rule   string    `json:"rule"`
	Values []Removal `json:"values"`
}

// Removal names a value in a record's history and what stands in its place.
type Removal struct {
	Event int64           `json:"event"` // the version it belongs to
	At    string          `json:"at"`    // JSON pointer into the encoded event: "/changes/0/new/phone", "/note", "/actor/id"
	As    json.RawMessage `json:"as"`    // a scalar
}

// Tombstone is what is left of a removed value.
type Tombstone struct {
	At   string `json:"at"`   // JSON pointer into the encoded event
	Seal Hash   `json:"seal"` // its commitment, which the event's hash covers
}

// MaxRemovals is the most values that one redaction removes.
const MaxRemovals = 50_000

// Redaction is values of one record that a [Redactor] is to remove.
type Redaction struct {
	Ref    Ref
	Values []Removal
}

// Redactor is what a [Store] may implement beside its contract: it removes values
// from events for good. [Redact] and [FinishRedaction] are the ones to call it.
type Redactor interface {
	// Redact replaces each event named by what [Redaction.Apply] makes of it, all or
	// nothing, without changing its place in the feed. Doing it again changes nothing.
	// An event that is not there is an error matching [ErrNotFound].
	//
	// The store reads and writes each event in one transaction, so that two
	// redactions of one event cannot undo each other. After it nothing of the values
	// may be left where the store's own code reads; backups, logs and free pages are
	// for the operator.
	Redact(ctx context.Context, r Redaction) error
}

// Events returns the versions whose events hold the values, ascending.
func (r Redaction) Events() []int64 {
	var versions []int64
	for _, v := range r.Values {
		versions = append(versions, v.Event)
	}
	slices.Sort(versions)
	return slices.Compact(versions)
}

// Apply returns the event without the values that the redaction removes from it: in
// their places stand the substitutes, and their commitments are kept. The event's
// hash stays and holds. Its other values keep their salts and stay provable. An
// event without a salt is an error matching [ErrInvalid]: its hash would betray
// what was removed.
func (r Redaction) Apply(e Event) (Event, error) {
	as := map[string]json.RawMessage{}
	for _, v := range r.Values {
		if v.Event == e.Version {
			as[v.At] = v.As
		}
	}
	fault := func(format string, args ...any) (Event, error) {
		return Event{}, fmt.Errorf("workflow: redaction of event %d of %v: %s: %w", e.Version, e.Ref, fmt.Sprintf(format, args...), ErrInvalid)
	}
	switch {
	case e.Ref != r.Ref:
		return fault("it is of another record than %v", r.Ref)
	case len(as) == 0:
		return e, nil
	case !e.salted():
		return fault("it has no salt, so its hash would betray a short value to anybody who tries: erase the whole record instead")
	}
	content, err := e.content()
	if err != nil {
		return Event{}, err
	}
	ls, ok := findLeaves(content, true)
	if !ok || e.Salt.IsZero() && len(e.Salts) != len(ls) {
		return fault("it is damaged")
	}
	next := Event{Salts: make([]Salt, len(ls))}
	var text []byte
	at, old := 0, e.Redacted
	for n, l := range ls {
		next.Salts[n] = e.Salt.of(n / 2)[n%2]
		if e.Salt.IsZero() {
			next.Salts[n] = e.Salts[n]
		}
		if len(old) > 0 && old[0].At == l.at {
			next.Redacted, old = append(next.Redacted, old[0]), old[1:]
		}
		substitute, ok := as[l.at]
		if !ok {
			continue
		}
		if err := checkSubstitute(l.at, substitute); err != nil {
			return fault("%v", err)
		}
		delete(as, l.at)
		if salt := next.Salts[n]; !salt.IsZero() {
			next.Redacted = append(next.Redacted, Tombstone{l.at, salt.commit(content[l.from:l.to])})
			next.Salts[n] = Salt{}
		}
		text = append(append(text, content[at:l.from]...), substitute...)
		at = l.to
	}
	for missing := range as {
		return fault("it has no value at %q", missing)
	}
	salts, tombstones := next.Salts, next.Redacted
	if next, err = readEvent(append(text, content[at:]...)); err != nil {
		return fault("%v", err)
	}
	next.Salts, next.Redacted, next.Hash, next.Position = salts, tombstones, e.Hash, e.Position
	if digest, err := next.digest(); err != nil || digest != e.Hash {
		return fault("its hash does not match its content, before or after")
	}
	return next, nil
}

// checkSubstitute refuses what would not take exactly the value's place.
func checkSubstitute(at string, as json.RawMessage) error {
	canonical, err := json.Marshal(as)
	switch {
	case err != nil || len(as) == 0 || !bytes.Equal(canonical, as):
		return fmt.Errorf("the substitute %.40q is not JSON as it is stored", as)
	case as[0] == '{' || as[0] == '[':
		return fmt.Errorf("the substitute %.40q is not a scalar", as)
	case (at == "/note" || strings.HasPrefix(at, "/actor/")) && (as[0] != '"' || len(as) == 2):
		return fmt.Errorf("the substitute at %s is a text, and not empty", at)
	}
	return nil
}

type placeOf struct {
	event int64
	at    string
}

// announced returns what the notices of a history remove, the last word on each value
// last, and every substitute that was ever announced for it.
func announced(events []Event) ([]Removal, map[placeOf][]json.RawMessage) {
	var all []Removal
	said := map[placeOf][]json.RawMessage{}
	for _, e := range events {
		if e.Redacts == nil {
			continue
		}
		for _, v := range e.Redacts.Values {
			all = append(all, v)
			said[placeOf{v.Event, v.At}] = append(said[placeOf{v.Event, v.At}], v.As)
		}
	}
	return all, said
}

// checkTombstones checks that every value that is gone was removed by a notice of the
// same history, and that what stands in its place is what that notice says.
func checkTombstones(events []Event) error {
	var said map[placeOf][]json.RawMessage
	for i := range events {
		e := &events[i]
		if len(e.Redacted) == 0 {
			continue
		}
		if said == nil {
			_, said = announced(events)
		}
		content, err := e.content()
		if err != nil {
			return err
		}
		ls, _ := findLeaves(content, true)
		gone := e.Redacted
		for _, l := range ls {
			if len(gone) == 0 || gone[0].At != l.at {
				continue
			}
			gone = gone[1:]
			stands := func(as json.RawMessage) bool { return bytes.Equal(as, content[l.from:l.to]) }
			switch words := said[placeOf{e.Version, l.at}]; {
			case len(words) == 0:
				return &ChainError{e.Ref, e.Version, "its value at " + l.at + " was removed, and no event says so"}
			case !slices.ContainsFunc(words, stands):
				return &ChainError{e.Ref, e.Version, "in place of its value at " + l.at + " stands another than the event that removed it says"}
			}
		}
	}
	return nil
}

// PendingRedaction returns what a record's history says is removed and is still there:
// the program ended in between. The events must be the whole history.
func PendingRedaction(events []Event) Redaction {
	var r Redaction
	all, said := announced(events)
	if len(all) == 0 {
		return r
	}
	r.Ref = events[0].Ref
	present := map[placeOf][]byte{}
	for i := range events {
		e := &events[i]
		content, err := e.content()
		if err != nil {
			continue
		}
		ls, _ := findLeaves(content, true)
		gone := e.Redacted
		for _, l := range ls {
			if len(gone) > 0 && gone[0].At == l.at {
				gone = gone[1:]
				present[placeOf{e.Version, l.at}] = content[l.from:l.to]
			}
		}
	}
	for _, v := range all {
		p := placeOf{v.Event, v.At}
		words := said[p]
		if len(words) == 0 {
			continue // answered before
		}
		v.As = words[len(words)-1]
		delete(said, p)
		if !bytes.Equal(present[p], v.As) {
			r.Values = append(r.Values, v)
		}
	}
	return r
}

// settled returns the history as it is when all that is announced is removed.
func settled(events []Event) ([]Event, error) {
	r := PendingRedaction(events)
	if len(r.Values) == 0 {
		return events, nil
	}
	by := map[int64][]Removal{}
	for _, v := range r.Values {
		by[v.Event] = append(by[v.Event], v)
	}
	out := slices.Clone(events)
	for i := range out {
		var err error
		if out[i], err = (Redaction{r.Ref, by[out[i].Version]}).Apply(out[i]); err != nil {
			return nil, &ChainError{out[i].Ref, out[i].Version, err.Error()}
		}
	}
	return out, nil
}

// removalsAtATime bounds one call of a [Redactor].
const removalsAtATime = 500

// FinishRedaction removes from the store what the record's history says is removed
// and is still there, a bounded part at a time. It may be called again after any
// failure, and when nothing is left changes nothing. It returns how many values it
// removed. A store that is no [Redactor] gives an error matching
// [errors.ErrUnsupported].
func FinishRedaction(ctx context.Context, s Store, ref Ref) (int, error) {
	redactor, ok := s.(Redactor)
	if !ok {
		return 0, fmt.Errorf("workflow: %T cannot remove values from history: %w", s, errors.ErrUnsupported)
	}
	events, err := History(ctx, s, ref)
	if err != nil {
		return 0, err
	}
	r := PendingRedaction(events)
	done := 0
	for part := range slices.Chunk(r.Values, removalsAtATime) {
		if err := redactor.Redact(ctx, Redaction{ref, part}); err != nil {
			return done, fmt.Errorf("workflow: removing values from the history of %v: %w", ref, err)
		}
		done += len(part)
	}
	return done, nil
}
