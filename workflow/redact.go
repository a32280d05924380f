package workflow

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RolePrivacy is the role that may redact records and carry out retention, unless the
// desk's authorization hook says otherwise.
const RolePrivacy = "privacy"

// RedactedText stands where a text was removed.
const RedactedText = "[redacted]"

// Mask says which values of a record are removed, now and in its whole history.
type Mask struct {
	Rule   string      `json:"rule"`             // by which this is done: "gdpr-art-17"
	Reason string      `json:"reason"`           // the note of the event
	Fields []FieldMask `json:"fields,omitempty"` // of the record
	Notes  bool        `json:"notes,omitempty"`  // the reasons given in its history, but for those of redactions

	// Persons are ids of people and what is put in their places: wherever a value is
	// exactly that id, be it a caller, a watcher, the author of a comment or the one
	// who acted. See [Pseudonym].
	Persons map[string]string `json:"persons,omitempty"`
}

// FieldMask names values of a record and what is put in their places.
type FieldMask struct {
	// Path is a JSON pointer into the record, in which "*" is any one name or place:
	// "/details", "/comments/*/text". It covers all that is below it.
	Path string `json:"path"`
	// As is the scalar put there. Default: "[redacted]" for a text, 0 for a number,
	// false for a truth value. A text that must have a form, such as a time or a
	// word of a list, needs an As of that form.
	As json.RawMessage `json:"as,omitempty"`
}

// Validate reports every fault of the mask in one error matching [ErrInvalid].
func (m Mask) Validate() error {
	var p Problems
	if !validName(m.Rule) {
		p.Addf("rule %.64q: want letters, digits, '.', '_' or '-'", m.Rule)
	}
	if m.Reason == "" || len(m.Reason) > MaxText {
		p.Addf("a reason of 1 to %d bytes is needed", MaxText)
	}
	if len(m.Fields)+len(m.Persons) == 0 && !m.Notes {
		p.Addf("nothing is masked")
	}
	if len(m.Fields) > MaxFields || len(m.Persons) > MaxFields {
		p.Addf("at most %d fields and as many persons", MaxFields)
	}
	for i, f := range m.Fields {
		if len(f.Path) < 2 || f.Path[0] != '/' || len(f.Path) > MaxKey {
			p.Addf("field %d: %.64q is not a pointer into the record, such as /comments/*/text", i+1, f.Path)
		}
		for _, fixed := range []string{"/id", "/created_at"} {
			if f.covers(fixed) {
				p.Addf("field %d: %s tells which record it is and since when, and stays", i+1, fixed)
			}
		}
		if len(f.As) > 0 {
			p.Add(checkSubstitute(f.Path, f.As))
		}
	}
	for id, as := range m.Persons {
		if _, again := m.Persons[as]; again || id == "" || as == "" || len(as) > MaxKey {
			p.Addf("person %.64q: the substitute %.64q is empty, too long or a person to be replaced", id, as)
		}
	}
	return p.Err("workflow: mask")
}

// ParseMask reads a mask written as JSON and checks it.
func ParseMask(data []byte) (Mask, error) {
	var m Mask
	if err := ParseJSON(data, "workflow: mask", &m); err != nil {
		return Mask{}, err
	}
	return m, m.Validate()
}

func (f FieldMask) covers(path string) bool {
	want, have := f.Path, path
	for {
		w, deeper, more := strings.Cut(want, "/")
		h, below, has := strings.Cut(have, "/")
		switch {
		case w != "*" && w != h:
			return false
		case !more:
			return true
		case !has:
			return false
		}
		want, have = deeper, below
	}
}

// Pseudonym is what a person is called once his id is removed: the same in all
// records of one key, and telling nothing without it. Keep one key per tenant; when
// it is destroyed nobody can tell any more who was meant, not even by trying ids.
func Pseudonym(key []byte, person string) (string, error) {
	if len(key) < 16 || person == "" {
		return "", fmt.Errorf("workflow: a pseudonym needs a key of at least 16 bytes, and an id: %w", ErrInvalid)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(person))
	return "person-" + hex.EncodeToString(mac.Sum(nil)[:10]), nil
}

// on returns what is put in place of a value of the record.
func (m *Mask) on(path string, v []byte) (json.RawMessage, bool) {
	for _, f := range m.Fields {
		if !f.covers(path) || string(v) == "null" {
			continue
		}
		switch {
		case len(f.As) > 0:
			return f.As, true
		case v[0] == '"':
			return json.RawMessage(`"` + RedactedText + `"`), true
		case v[0] == 't' || v[0] == 'f':
			return json.RawMessage("false"), true
		}
		return json.RawMessage("0"), true
	}
	return m.person(v)
}

func (m *Mask) person(v []byte) (json.RawMessage, bool) {
	if len(m.Persons) == 0 || v[0] != '"' {
		return nil, false
	}
	id, err := unquote(v)
	if err != nil {
		return nil, false
	}
	as, ok := m.Persons[id]
	if !ok {
		return nil, false
	}
	text, err := json.Marshal(as)
	return text, err == nil
}

// in returns what is put in place of a value of an event.
func (m *Mask) in(e *Event, at string, v []byte) (json.RawMessage, bool) {
	kind, rest, _ := strings.Cut(at[1:], "/")
	switch kind {
	case "note":
		if m.Notes && e.Redacts == nil {
			return json.RawMessage(`"` + RedactedText + `"`), true
		}
	case "actor":
		return m.person(v)
	case "changes":
		place, rest, _ := strings.Cut(rest, "/")
		i, err := strconv.Atoi(place)
		if err != nil || i >= len(e.Changes) {
			return nil, false
		}
		_, below, deeper := strings.Cut(rest, "/") // behind old or new
		if deeper {
			below = "/" + below
		}
		return m.on(e.Changes[i].Path+below, v)
	}
	return nil, false
}

// masked is a mask on its way into an event.
type masked struct {
	mask    Mask
	earlier []Removal
}

// history lists what the mask removes from the events that are there.
func (m Mask) history(events []Event) ([]Removal, error) {
	var all []Removal
	again := map[placeOf]json.RawMessage{} // removed before, and now once more
	for i := range events {
		e := &events[i]
		content, err := e.content()
		if err != nil {
			return nil, err
		}
		ls, _ := findLeaves(content, true)
		gone := e.Redacted
		for _, l := range ls {
			dead := len(gone) > 0 && gone[0].At == l.at
			if dead {
				gone = gone[1:]
			}
			v := content[l.from:l.to]
			as, ok := m.in(e, l.at, v)
			if !ok || bytes.Equal(as, v) && (dead || e.Redacts != nil) {
				continue
			}
			if !e.salted() {
				return nil, fmt.Errorf("workflow: event %d of %v was sealed without a salt, and none of its values can be removed; the record can be erased: %w", e.Version, e.Ref, ErrInvalid)
			}
			all = append(all, Removal{e.Version, l.at, as})
			if dead {
				again[placeOf{e.Version, l.at}] = as
			}
		}
	}
	// What an earlier notice put in a value's place stands in that notice too.
	for i := range events {
		if len(again) == 0 || events[i].Redacts == nil {
			continue
		}
		for n, v := range events[i].Redacts.Values {
			if as, ok := again[placeOf{v.Event, v.At}]; ok && !bytes.Equal(as, v.As) {
				all = append(all, Removal{events[i].Version, fmt.Sprintf("/redacts/values/%d/as", n), as})
			}
		}
	}
	return all, nil
}

// notice adds what the event itself still holds: the values that it replaces.
func (w *masked) notice(e Event) (*Notice, error) {
	own, err := w.own(e)
	if err != nil {
		return nil, err
	}
	n := &Notice{Rule: w.mask.Rule, Values: slices.Concat(w.earlier, own)}
	if len(n.Values) > MaxRemovals {
		return nil, fmt.Errorf("workflow: %v has %d values to remove, at most %d can be: %w", e.Ref, len(n.Values), MaxRemovals, ErrInvalid)
	}
	return n, nil
}

func (w *masked) own(e Event) ([]Removal, error) {
	e.Redacts = &Notice{}
	return w.mask.history([]Event{e})
}

// Redactable is a [Kind], whatever its records are.
type Redactable interface {
	Name() string
	Ref(id ID) Ref
	redact(tx *Tx, id ID, m Mask) error
}

// redact puts the record without the masked values into the command, if there are
// any, now or in its history.
func (k *Kind[T]) redact(tx *Tx, id ID, m Mask) error {
	rec, err := k.Get(tx, id)
	if err != nil {
		return err
	}
	ref := k.Ref(id)
	base := rec.Base()
	if err := tx.Authorize(Access{Ref: ref, State: base.State, Roles: []string{RolePrivacy}}); err != nil {
		return err
	}
	d := tx.open[ref]
	events, err := History(tx.ctx, tx.Store(), ref)
	if err != nil {
		return err
	}
	// Those behind the version read make the commit fail, and this is done again.
	events = events[:min(len(events), int(d.before.Version))]
	if events, err = settled(events); err != nil {
		return err
	}
	removals, err := m.history(events)
	if err != nil {
		return err
	}
	fresh, changed, err := k.mask(rec, m)
	if err != nil || !changed && len(removals) == 0 {
		return err
	}
	d.masked = &masked{m, removals}
	return k.Put(tx, fresh, Entry{Note: m.Reason})
}

// mask returns the record without the masked values.
func (k *Kind[T]) mask(rec T, m Mask) (fresh T, changed bool, err error) {
	base := rec.Base()
	version, updated := base.Version, base.UpdatedAt
	base.Version, base.UpdatedAt = 0, time.Time{}
	raw, err := json.Marshal(rec)
	if err != nil {
		return rec, false, fmt.Errorf("workflow: %v: %w: %w", k.Ref(base.ID), err, ErrInvalid)
	}
	ls, _ := scalarsOf(raw)
	var text []byte
	at := 0
	for _, l := range ls {
		if as, ok := m.on(l.at, raw[l.from:l.to]); ok && !bytes.Equal(as, raw[l.from:l.to]) {
			text, at, changed = append(append(text, raw[at:l.from]...), as...), l.to, true
		}
	}
	fresh = k.cfg.New()
	if err := strictJSON(append(text, raw[at:]...), fresh); err != nil {
		return rec, false, fmt.Errorf("workflow: %v has no place for what the mask puts there: %w", k.Ref(base.ID), err)
	}
	fresh.Base().Version, fresh.Base().UpdatedAt = version, updated
	return fresh, changed, nil
}

// Redacted is what [Redact] did.
type Redacted struct {
	Ref     Ref
	Version int64 // of the event that says so; 0 if there was nothing to remove
	Removed int   // values taken out of the history
}

// Redact removes what the mask covers from a record and from its whole history. The
// record changes by an ordinary command, "<kind>.redact", whose event says by whom,
// why and by which rule, and lists every value removed; then the values are taken out
// of the store. The actor needs [RolePrivacy].
//
// It may be called again after any failure and goes on where it ended; once all is
// removed it changes nothing. In between the history says more than is done, and
// verifies all the same. Every event concerned must have a salt, which those have that
// a [Desk] makes; otherwise the error matches [ErrInvalid] and nothing has changed.
// A store that is no [Redactor] gives an error matching [errors.ErrUnsupported].
//
// It covers the record, its index and its events. Timers and messages that wait to be
// delivered, and parked ones, keep what they carry until they are settled.
func Redact(ctx context.Context, d *Desk, k Redactable, id ID, by Actor, m Mask) (Redacted, error) {
	ref := k.Ref(id)
	out := Redacted{Ref: ref}
	if err := m.Validate(); err != nil {
		return out, err
	}
	if _, ok := d.store.(Redactor); !ok {
		return out, fmt.Errorf("workflow: %T cannot remove values from history: %w", d.store, errors.ErrUnsupported)
	}
	res, err := d.Do(ctx, Command{Name: k.Name() + ".redact", Actor: by}, func(tx *Tx) error { return k.redact(tx, id, m) })
	if err != nil {
		return out, err
	}
	for _, e := range res.Events {
		out.Version = e.Version
	}
	out.Removed, err = FinishRedaction(ctx, d.store, ref)
	return out, err
}
